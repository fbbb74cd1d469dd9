package scan

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// limits bound what the structure of a scan may cost. A scan of 300 pages has some 4,000 objects and 40,000 values; these
// have room for 100,000 pages, so that too many pages are named as such.
func limits(o Options) *pdf.Limits {
	return &pdf.Limits{
		Size:    4*o.MaxBytes + 64<<20, // a normalised scan is longer than the upload
		Entries: 400_000, Values: 1_000_000, Memory: 72 << 20, Decoded: 32 << 20, Pages: 200_000,
	}
}

// maxSteps bounds how often lists are walked: many dictionaries may share one long list.
const maxSteps = 3_000_000

var errSteps = fmt.Errorf("%w: its lists lead to each other too often", pdf.ErrLimit)

// inspection is one reading of one file. Every object that the cross-reference table lists is read and looked at, whether
// or not something leads to it, because programs differ in what they look up.
type inspection struct {
	ctx  context.Context
	data []byte
	opts Options

	findings findings
	doc      *pdf.Document
	catalog  pdf.Dict
	root     pdf.Ref
	pages    []pdf.Page
	numbers  []uint32
	left     int64       // bytes that streams may still put out
	idle     []io.Reader // inflaters to use again
	steps    int
	measured map[*pdf.Stream]bool
	glyphs   map[*pdf.Stream]bool // content of Type 3 fonts
	nested   bool                 // a form draws with forms
	embedded bool                 // a file is inside
	layers   layering
	form     bool  // an AcroForm says something about the fields it does not have
	failed   error // the first error of get
}

func inspect(ctx context.Context, data []byte, o Options) *inspection {
	return &inspection{
		ctx: ctx, data: data, opts: o, left: o.MaxDecoded,
		measured: map[*pdf.Stream]bool{}, glyphs: map[*pdf.Stream]bool{}, layers: layering{groups: map[pdf.Ref]bool{}},
	}
}

// all looks at the whole file. The error is a *Refused or the context's.
func (in *inspection) all() error {
	c, looseZIP := envelope(in.data[:min(len(in.data), headBytes)], in.data)
	if c != "" {
		in.findings.add(c, 0, nil)
		return in.findings.err()
	}
	err := in.read()
	switch {
	case in.ctx.Err() != nil:
		return in.ctx.Err()
	case errors.Is(err, pdf.ErrLimit):
		in.findings.add(Bomb, 0, err)
	case err != nil:
		in.findings.add(Broken, 0, err)
	case looseZIP && !in.embedded:
		in.findings.add(Polyglot, 0, nil)
	}
	return in.findings.err()
}

func (in *inspection) read() error {
	var err error
	in.doc, err = pdf.Open(in.data, limits(in.opts))
	encrypted := errors.Is(err, pdf.ErrEncrypted)
	if err != nil && !encrypted {
		return err
	}
	if err := in.frame(); err != nil {
		return err
	}
	if encrypted {
		in.findings.add(Encrypted, 0, nil)
	}
	in.numbers = in.doc.Numbers()
	if err := in.each(func(pdf.Object, pdf.Ref) error { return nil }); err != nil {
		return err
	}
	if err := in.pageTree(); err != nil || encrypted {
		return unlessEncrypted(err) // what streams hold can't be known
	}
	for _, step := range []func() error{
		func() error { return in.each(in.object) }, in.document, in.eachPage, in.judgeLayers,
		func() error { return in.each(in.expand) }, in.drawing,
	} {
		if err := errors.Join(step(), in.failed); err != nil {
			return err
		}
	}
	return nil
}

// frame checks what the reader does not need: version and size.
func (in *inspection) frame() error {
	v := in.data[len(header):]
	if len(v) < 3 || v[0] < '1' || v[0] > '2' || v[1] != '.' || v[2] < '0' || v[2] > '9' {
		return fmt.Errorf("%w: the header has no version", pdf.ErrMalformed)
	}
	// ISO 32000-1 table 15: objects from Size on are missing, yet many viewers show them.
	if size, ok := in.doc.Trailer["Size"].(int64); !ok || size != int64(in.doc.NextNum()) {
		return fmt.Errorf("%w: Size of the trailer is wrong", pdf.ErrMalformed)
	}
	return nil
}

// each reads one object after the other.
func (in *inspection) each(look func(pdf.Object, pdf.Ref) error) error {
	for _, n := range in.numbers {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		o, ref, _, err := in.doc.ByNumber(n)
		if err := unlessEncrypted(err); err != nil {
			return err
		}
		if err := errors.Join(look(o, ref), in.failed); err != nil {
			return err
		}
	}
	return nil
}

func unlessEncrypted(err error) error {
	if errors.Is(err, pdf.ErrEncrypted) {
		return nil
	}
	return err
}

// get resolves o; an error is kept for later, and the value is then nil.
func (in *inspection) get(o pdf.Object) pdf.Object {
	v, err := in.doc.Resolve(o)
	if err != nil && in.failed == nil {
		in.failed = err
	}
	return v
}

// dict resolves o to a dictionary, that of a stream included; nil when it is none.
func (in *inspection) dict(o pdf.Object) pdf.Dict {
	switch v := in.get(o).(type) {
	case pdf.Dict:
		return v
	case *pdf.Stream:
		return v.Dict
	}
	return nil
}

func (in *inspection) array(o pdf.Object) pdf.Array {
	a, _ := in.get(o).(pdf.Array)
	return a
}

// list resolves o to an array that will be walked; nil once that was done too often.
func (in *inspection) list(o pdf.Object) pdf.Array {
	a := in.array(o)
	if !in.walk(len(a)) {
		return nil
	}
	return a
}

// entries resolves o to a dictionary whose values will be walked.
func (in *inspection) entries(o pdf.Object) pdf.Dict {
	d := in.dict(o)
	if !in.walk(len(d)) {
		return nil
	}
	return d
}

func (in *inspection) walk(n int) bool {
	if in.steps += n; in.steps > maxSteps && in.failed == nil {
		in.failed = errSteps
	}
	return in.failed == nil
}

func (in *inspection) name(o pdf.Object) pdf.Name {
	n, _ := in.get(o).(pdf.Name)
	return n
}
