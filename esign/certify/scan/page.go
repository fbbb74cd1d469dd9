package scan

import (
	"errors"
	"fmt"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// pageTree counts the pages, of which all nodes must say the same number: viewers differ in which number they go by.
func (in *inspection) pageTree() error {
	var err error
	if in.catalog, in.root, err = in.doc.Catalog(); err != nil {
		return err
	}
	if in.pages, err = in.doc.Pages(); err != nil {
		return err
	}
	for _, p := range in.pages {
		if p.MediaBox[0] >= p.MediaBox[2] || p.MediaBox[1] >= p.MediaBox[3] {
			return fmt.Errorf("%w: a page without size", pdf.ErrMalformed)
		}
	}
	if _, err := in.leaves(in.catalog["Pages"]); err != nil {
		return err
	}
	if n := len(in.pages); n == 0 || n > in.opts.MaxPages {
		in.findings.add(PageCount, 0, fmt.Errorf("%d pages, %d are allowed", n, in.opts.MaxPages))
	}
	return nil
}

// leaves counts the pages under a node of a tree that Pages has walked, so it has no rings.
func (in *inspection) leaves(node pdf.Object) (int, error) {
	d, err := in.doc.Dict(node)
	if err != nil {
		return 0, err
	}
	if d["Type"] == pdf.Name("Page") {
		return 1, nil
	}
	kids, err := in.doc.Array(d["Kids"])
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, k := range kids {
		n, err := in.leaves(k)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	if count, err := in.doc.Resolve(d["Count"]); err != nil || count != int64(sum) {
		return 0, errors.Join(fmt.Errorf("%w: a node of the page tree miscounts its pages", pdf.ErrMalformed), err)
	}
	return sum, nil
}

// eachPage looks at what lies over the pages and measures what draws them.
func (in *inspection) eachPage() error {
	if len(in.pages) > in.opts.MaxPages {
		return nil // refused anyway
	}
	for i, p := range in.pages {
		for _, a := range in.list(p.Dict["Annots"]) {
			if d := in.dict(a); d != nil {
				in.annotation(d, i+1)
			}
		}
		parts, err := in.parts(p)
		if err != nil {
			return err
		}
		for _, s := range parts {
			if err := in.measure(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts lists the streams that make up a page's content; a page may have none.
func (in *inspection) parts(p pdf.Page) ([]*pdf.Stream, error) {
	list := pdf.Array{p.Dict["Contents"]}
	if a := in.list(p.Dict["Contents"]); a != nil {
		list = a
	}
	var out []*pdf.Stream
	for _, o := range list {
		switch s := in.get(o).(type) {
		case *pdf.Stream:
			out = append(out, s)
		case nil:
		default:
			return nil, fmt.Errorf("%w: a page's content is no stream", pdf.ErrMalformed)
		}
	}
	return out, in.failed
}

// maxBorder is the widest frame of a link, in points, that can't pass for a bar over the text.
const maxBorder = 3

// annotation accepts links that draw nothing but a thin frame. Anything else paints, can be made to paint, or covers.
func (in *inspection) annotation(d pdf.Dict, page int) {
	switch in.name(d["Subtype"]) {
	case "Widget":
		in.findings.add(Form, page, nil)
	case "FileAttachment", "Sound", "Movie", "Screen", "3D", "RichMedia":
		in.findings.add(EmbeddedFile, page, nil)
	case "Link":
		if in.dict(d["AP"]) != nil || in.border(d) > maxBorder {
			in.findings.add(Annotation, page, nil)
		}
		if a, ok := in.get(d["A"]).(pdf.Dict); ok {
			if c := in.actionClass(a); c != "" {
				in.findings.add(c, page, nil)
			}
		}
	default:
		in.findings.add(Annotation, page, nil)
	}
}

func (in *inspection) border(d pdf.Dict) float64 {
	var w pdf.Object = int64(1)
	if b := in.array(d["Border"]); len(b) > 2 {
		w = in.get(b[2])
	}
	if b := in.dict(d["BS"]); b["W"] != nil {
		w = in.get(b["W"])
	}
	switch v := w.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
