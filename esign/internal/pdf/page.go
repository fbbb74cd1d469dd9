package pdf

import "fmt"

// Page is one page with what it inherits.
type Page struct {
	Ref  Ref
	Dict Dict
	// MediaBox and CropBox in default user space units, lower left and upper right sorted; CropBox is MediaBox when absent.
	MediaBox, CropBox [4]float64
	Rotate            int // 0, 90, 180, 270, clockwise
	UserUnit          float64
	Resources         Object
}

// Pages walks the page tree. It refuses rings, nodes of no type, and more than Limits.Pages pages.
func (d *Document) Pages() ([]Page, error) {
	cat, _, err := d.Catalog()
	if err != nil {
		return nil, err
	}
	root, ok := cat["Pages"].(Ref)
	if !ok {
		return nil, fmt.Errorf("%w: the catalog names no page tree", ErrMalformed)
	}
	w := pageWalk{doc: d, seen: map[Ref]bool{}}
	err = w.node(root, Page{UserUnit: 1}, nil, 0)
	return w.pages, err
}

type pageWalk struct {
	doc   *Document
	seen  map[Ref]bool
	pages []Page
}

func (w *pageWalk) node(ref Ref, p Page, crop *[4]float64, depth int) error {
	limits := w.doc.file.budget.limits
	if w.seen[ref] || depth > limits.Depth {
		return fmt.Errorf("%w: the page tree forms a ring or is too deep at object %d", ErrMalformed, ref.Num)
	}
	if w.seen[ref] = true; len(w.seen) > 2*limits.Pages {
		return overLimit("page tree nodes", int64(2*limits.Pages))
	}
	dict, err := w.doc.Dict(ref)
	if err != nil {
		return err
	}
	if dict == nil {
		return fmt.Errorf("%w: page tree node %d is no dictionary", ErrMalformed, ref.Num)
	}
	if crop, err = w.inherit(dict, &p, crop); err != nil {
		return err
	}
	switch dict["Type"] {
	case Name("Page"):
		return w.page(ref, dict, p, crop)
	case Name("Pages"):
	default:
		return fmt.Errorf("%w: page tree node %d has no type", ErrMalformed, ref.Num)
	}
	kids, err := w.doc.Array(dict["Kids"])
	if err != nil {
		return err
	}
	for _, k := range kids {
		r, ok := k.(Ref)
		if !ok {
			return fmt.Errorf("%w: page tree node %d has a kid that is no reference", ErrMalformed, ref.Num)
		}
		if err := w.node(r, p, crop, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// inherit takes over the attributes that page tree nodes hand down (ISO 32000-1 7.7.3.4).
func (w *pageWalk) inherit(dict Dict, p *Page, crop *[4]float64) (*[4]float64, error) {
	if v, ok := dict["MediaBox"]; ok {
		box, err := w.doc.Rect(v)
		if err != nil {
			return nil, err
		}
		p.MediaBox = box
	}
	if v, ok := dict["CropBox"]; ok {
		box, err := w.doc.Rect(v)
		if err != nil {
			return nil, err
		}
		crop = &box
	}
	if v, ok := dict["Resources"]; ok {
		p.Resources = v
	}
	if v, ok := dict["Rotate"]; ok {
		v, err := w.doc.Resolve(v)
		if err != nil {
			return nil, err
		}
		n, ok := v.(int64)
		if !ok || n%90 != 0 {
			return nil, fmt.Errorf("%w: a page's Rotate is no multiple of 90", ErrMalformed)
		}
		p.Rotate = int((n%360 + 360) % 360)
	}
	return crop, nil
}

func (w *pageWalk) page(ref Ref, dict Dict, p Page, crop *[4]float64) error {
	if len(w.pages) >= w.doc.file.budget.limits.Pages {
		return overLimit("pages", int64(w.doc.file.budget.limits.Pages))
	}
	p.Ref, p.Dict = ref, dict
	if p.CropBox = p.MediaBox; crop != nil {
		p.CropBox = *crop
	}
	if v, ok := dict["UserUnit"]; ok {
		v, err := w.doc.Resolve(v)
		if err != nil {
			return err
		}
		if p.UserUnit, ok = number(v); !ok || p.UserUnit <= 0 {
			return fmt.Errorf("%w: a page's UserUnit is wrong", ErrMalformed)
		}
	}
	w.pages = append(w.pages, p)
	return nil
}

// Rect resolves a rectangle and sorts its corners.
func (d *Document) Rect(o Object) ([4]float64, error) {
	var r [4]float64
	a, err := d.Array(o)
	if err != nil {
		return r, err
	}
	if len(a) != 4 {
		return r, fmt.Errorf("%w: a rectangle without four numbers", ErrMalformed)
	}
	for i, v := range a {
		v, err := d.Resolve(v)
		if err != nil {
			return r, err
		}
		n, ok := number(v)
		if !ok {
			return r, fmt.Errorf("%w: a rectangle without four numbers", ErrMalformed)
		}
		r[i] = n
	}
	r[0], r[2] = min(r[0], r[2]), max(r[0], r[2])
	r[1], r[3] = min(r[1], r[3]), max(r[1], r[3])
	return r, nil
}

func number(o Object) (float64, bool) {
	switch v := o.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
