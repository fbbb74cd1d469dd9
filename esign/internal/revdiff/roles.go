package revdiff

import (
	"regexp"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// trailer compares the trailers and from there the document information and the catalog. The keys that say how a
// section is stored belong to the section alone.
func (j *judge) trailer() error {
	rules := map[pdf.Name]rule{"Info": j.info, "Root": j.root}
	for _, k := range []pdf.Name{
		"Size", "Prev", "XRefStm", "ID", "Type", "W", "Index", "Filter", "DecodeParms", "Length",
	} {
		rules[k] = anything
	}
	ok, err := j.dict(j.a.Trailer, j.b.Trailer, rules, seed{area: AreaDocument})
	if err == nil && !ok {
		j.forbid(AreaDocument, 0, "", 0)
	}
	return err
}

// info lets the two entries change that every program rewrites.
func (j *judge) info(x, y pdf.Object) (bool, error) {
	a, err := j.a.Dict(x)
	if err != nil {
		return false, err
	}
	b, err := j.b.Dict(y)
	if err != nil {
		return false, err
	}
	if b == nil || pdf.Equal(a, b) {
		return true, nil
	}
	if r, ok := y.(pdf.Ref); ok && pdf.Equal(x, y) {
		j.anchored[r.Num] = true
	}
	ok, err := j.dict(a, b, map[pdf.Name]rule{"ModDate": anything, "Producer": anything}, seed{area: AreaDocument})
	j.add(Change{Kind: Metadata})
	return ok || a == nil, err
}

func (j *judge) root(_, _ pdf.Object) (bool, error) {
	a, ra, err := j.a.Catalog()
	if err != nil {
		return false, err
	}
	b, rb, err := j.b.Catalog()
	if err != nil {
		return false, err
	}
	if ra == rb {
		j.anchored[rb.Num] = true
	} else if _, _, had, err := j.a.ByNumber(rb.Num); had || err != nil {
		// A new number is a copy and judged like the old one; the number of something else could be anything.
		return false, err
	}
	return j.dict(a, b, map[pdf.Name]rule{
		"AcroForm": j.form, "DSS": j.dss, "Metadata": j.metadata, "Version": j.version, "Extensions": j.extensions,
	}, seed{area: AreaDocument})
}

// dss lets validation data come, grow and be renewed: it is judged where it is used.
func (j *judge) dss(x, y pdf.Object) (bool, error) {
	if !j.same(x, y) {
		j.add(Change{Kind: Validation})
	}
	if y == nil {
		return x == nil, nil
	}
	d, err := j.b.Dict(y)
	return d != nil, err
}

func (j *judge) metadata(x, y pdf.Object) (bool, error) {
	if j.same(x, y) {
		return true, nil
	}
	j.add(Change{Kind: Metadata})
	o, err := j.b.Resolve(y)
	s, _ := o.(*pdf.Stream)
	return s != nil && s.Dict["Type"] == pdf.Name("Metadata"), err
}

var versionName = regexp.MustCompile(`^(1\.[0-7]|2\.0)$`)

func (j *judge) version(x, y pdf.Object) (bool, error) {
	n, ok := y.(pdf.Name)
	return pdf.Equal(x, y) || ok && versionName.MatchString(string(n)), nil
}

// extensions lets developer extensions be named: names and numbers that show nothing.
func (j *judge) extensions(x, y pdf.Object) (bool, error) {
	if j.same(x, y) {
		return true, nil
	}
	return j.plain(y, 0)
}

func (j *judge) plain(o pdf.Object, depth int) (bool, error) {
	o, err := j.b.Resolve(o)
	if err != nil || depth > 3 {
		return false, err
	}
	switch o.(type) {
	case pdf.Name, int64, pdf.String:
		return true, nil
	case pdf.Dict, pdf.Array:
	default:
		return false, nil
	}
	for _, e := range children(o) {
		if ok, err := j.plain(e.value, depth+1); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (j *judge) findPages() error {
	pages, err := j.a.Pages()
	if err != nil {
		return err
	}
	j.order = pages
	for i, p := range pages {
		j.pages[p.Ref] = i + 1
		annots, err := j.a.Array(p.Dict["Annots"])
		if err != nil {
			return err
		}
		for _, o := range annots {
			if err := j.visit(); err != nil {
				return err
			}
			if r, ok := o.(pdf.Ref); ok && j.widgets[r] == 0 {
				j.widgets[r] = i + 1
			}
		}
	}
	return nil
}

// comparePages looks at the pages whose dictionary or list of annotations differs; the others are walked as they are.
func (j *judge) comparePages() error {
	for i, p := range j.order {
		ref, n := p.Ref, i+1
		x, err := j.a.Dict(ref)
		if err != nil {
			return err
		}
		list, _ := x["Annots"].(pdf.Ref)
		if !j.changed[ref.Num] && !j.changed[list.Num] {
			j.seeds = append(j.seeds, seed{value: ref, area: AreaPage, page: n})
			continue
		}
		y, err := j.b.Dict(ref)
		if err != nil {
			return err
		}
		j.anchored[ref.Num] = true
		annots := func(x, y pdf.Object) (bool, error) { return true, j.annots(x, y, n) }
		ok, err := j.dict(x, y, map[pdf.Name]rule{"Annots": annots}, seed{area: AreaPage, page: n})
		if err != nil {
			return err
		}
		if !ok {
			j.forbid(AreaPage, n, "", ref.Num)
		}
	}
	return nil
}

// annots lets widgets of new signature fields join the annotations of a page.
func (j *judge) annots(x, y pdf.Object, page int) error {
	a, err := j.a.Array(x)
	if err != nil {
		return err
	}
	b, err := j.b.Array(y)
	if err != nil {
		return err
	}
	for _, o := range b {
		if err := j.visit(); err != nil {
			return err
		}
		r, isRef := o.(pdf.Ref)
		switch {
		case len(a) > 0 && pdf.Equal(a[0], o):
			a = a[1:]
			j.seeds = append(j.seeds, seed{value: o, area: AreaAnnotation, page: page})
		case isRef && j.fresh[r]:
		default:
			j.forbid(AreaAnnotation, page, "", r.Num)
		}
	}
	if len(a) > 0 { // one is gone or the order is another
		r, _ := a[0].(pdf.Ref)
		j.forbid(AreaAnnotation, page, "", r.Num)
	}
	return nil
}
