package scan

import (
	"errors"
	"fmt"
	"io"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// maxDrawn bounds how often XObjects are drawn in all: ten forms that each draw the next one ten times are ten billion.
const maxDrawn = 2_000_000

var errDrawn = fmt.Errorf("%w: its forms draw each other too often", pdf.ErrLimit)

// drawing works out how often XObjects are drawn, where forms draw forms. A form that draws itself is malformed.
func (in *inspection) drawing() error {
	if !in.nested || len(in.pages) > in.opts.MaxPages {
		return nil
	}
	in.left = in.opts.MaxDecoded // the content is read a second time
	c := counter{in: in, times: map[*pdf.Stream]int64{}, open: map[*pdf.Stream]bool{}}
	var sum int64
	for _, p := range in.pages {
		parts, err := in.parts(p)
		if err != nil {
			return err
		}
		n, err := c.count(parts, p.Resources, 0)
		if err != nil {
			return err
		}
		if sum += n; sum > maxDrawn {
			return errDrawn
		}
	}
	return nil
}

type counter struct {
	in    *inspection
	times map[*pdf.Stream]int64 // what drawing a form once draws
	open  map[*pdf.Stream]bool
}

const maxFormDepth = 100

// count reads content and adds up what it draws.
func (c *counter) count(parts []*pdf.Stream, resources pdf.Object, depth int) (int64, error) {
	if depth > maxFormDepth {
		return 0, errDrawn
	}
	xobjects := c.in.dict(c.in.dict(resources)["XObject"])
	names := map[pdf.Name]int64{}
	err := rewrite(&joined{in: c.in, parts: parts}, io.Discard, func(op string, operands [2]pdf.Name) string {
		if _, known := xobjects[operands[1]]; known && op == "Do" {
			names[operands[1]]++
		}
		return ""
	})
	if err != nil && !errors.Is(err, errUnclear) {
		return 0, err
	}
	var sum int64
	for name, n := range names {
		inside, err := c.form(xobjects[name], resources, depth)
		if err != nil {
			return 0, err
		}
		if sum += n * (1 + inside); sum > maxDrawn {
			return 0, errDrawn
		}
	}
	return sum, c.in.failed
}

func (c *counter) form(o, resources pdf.Object, depth int) (int64, error) {
	s, ok := c.in.get(o).(*pdf.Stream)
	if !ok || c.in.name(s.Dict["Subtype"]) != "Form" {
		return 0, nil
	}
	if n, known := c.times[s]; known {
		return n, nil
	}
	if c.open[s] {
		return 0, fmt.Errorf("%w: a form draws itself", pdf.ErrMalformed)
	}
	c.open[s] = true
	defer delete(c.open, s)
	if r := s.Dict["Resources"]; r != nil {
		resources = r
	}
	n, err := c.count([]*pdf.Stream{s}, resources, depth+1)
	c.times[s] = n
	return n, err
}
