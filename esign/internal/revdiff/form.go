package revdiff

import (
	"fmt"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// form compares the interactive forms. A form that was a dictionary of its own must keep its object number: another
// number could be that of something else.
func (j *judge) form(x, y pdf.Object) (bool, error) {
	a, err := j.a.Dict(x)
	if err != nil {
		return false, err
	}
	b, err := j.b.Dict(y)
	if err != nil {
		return false, err
	}
	if b == nil {
		return x == nil && y == nil, nil
	}
	if r, ok := y.(pdf.Ref); ok && pdf.Equal(x, y) {
		j.anchored[r.Num] = true
	}
	ok, err := j.dict(a, b, map[pdf.Name]rule{
		"Fields": j.fields, "SigFlags": sigFlags, "DA": j.whenNew, "DR": j.resources, "NeedAppearances": needAppearances,
	}, seed{area: AreaField})
	return ok, err
}

func sigFlags(x, y pdf.Object) (bool, error) {
	n, ok := y.(int64)
	return pdf.Equal(x, y) || ok && n >= 0 && n <= 3, nil
}

// needAppearances may be dropped or cleared; set, it would let viewers redraw what was signed.
func needAppearances(x, y pdf.Object) (bool, error) {
	return pdf.Equal(x, y) || y == nil || y == false, nil
}

// resources lets default resources come or grow. What a default appearance string can name (ISO 32000-1 12.7.3.3) and was
// there stays; other entries, where signing programs keep copies of their pictures, paint nothing.
func (j *judge) resources(x, y pdf.Object) (bool, error) {
	if x == nil {
		return true, nil
	}
	a, err := j.a.Dict(x)
	if err != nil {
		return false, err
	}
	b, err := j.b.Dict(y)
	if err != nil {
		return false, err
	}
	for _, k := range []pdf.Name{"Font", "Encoding", "ColorSpace", "ExtGState", "Pattern", "Shading"} {
		if a[k] == nil {
			continue
		}
		if ok, err := j.grown(a[k], b[k], 1); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (j *judge) grown(x, y pdf.Object, depth int) (bool, error) {
	if r, ok := y.(pdf.Ref); ok && pdf.Equal(x, y) && !j.changed[r.Num] {
		j.seeds = append(j.seeds, seed{value: y, area: AreaField})
		return true, nil
	}
	a, err := j.a.Dict(x)
	if err != nil {
		return false, err
	}
	b, err := j.b.Dict(y)
	if err != nil || a == nil || b == nil || depth == 2 {
		j.seeds = append(j.seeds, seed{value: y, area: AreaField})
		return j.same(x, y), err
	}
	for _, k := range keys(a, nil) {
		if ok, err := j.grown(a[k], b[k], depth+1); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// fields compares the field trees of both revisions, then looks at what was added.
func (j *judge) fields(x, y pdf.Object) (bool, error) {
	old, err := j.a.Array(x)
	if err != nil {
		return false, err
	}
	now, err := j.b.Array(y)
	if err != nil {
		return false, err
	}
	had := map[pdf.Ref]bool{}
	for _, o := range old {
		r, ok := o.(pdf.Ref)
		if !ok {
			j.seeds = append(j.seeds, seed{value: y, area: AreaField})
			return j.same(x, y), nil
		}
		had[r] = true
		if err := j.field(r, inherited{}, 0); err != nil {
			return false, err
		}
	}
	for _, o := range now {
		r, ok := o.(pdf.Ref)
		switch {
		case !ok:
			return false, nil
		case had[r]:
			delete(had, r)
		case j.fresh[r], j.anchored[r.Num]: // listed twice, or a kid listed at the top
			return false, nil
		default:
			if err := j.newField(r); err != nil {
				return false, err
			}
		}
	}
	return len(had) == 0, nil
}

// inherited is what a field has from its parents (ISO 32000-1 12.7.3.1).
type inherited struct {
	name  string
	kind  pdf.Object
	flags int64
	// filled: a parent's value changed, so its widgets may look different.
	filled, signed bool
}

const flagReadOnly = 1

// field compares one node of the field tree and its kids.
func (j *judge) field(ref pdf.Ref, in inherited, depth int) error {
	if err := j.visit(); err != nil {
		return err
	}
	if depth > 32 {
		return fmt.Errorf("%w: the fields nest deeper than 32", pdf.ErrMalformed)
	}
	if j.anchored[ref.Num] {
		return nil
	}
	x, err := j.a.Dict(ref)
	if err != nil {
		return err
	}
	y, err := j.b.Dict(ref)
	if err != nil {
		return err
	}
	if x == nil || y == nil {
		if x != nil {
			j.forbid(AreaField, 0, in.name, ref.Num)
		}
		return nil
	}
	j.anchored[ref.Num] = true
	if in, err = in.with(j.a, x); err != nil {
		return err
	}
	page := j.widgets[ref]
	s := seed{area: AreaField, page: page, field: in.name, num: ref.Num}
	rules, report := j.fieldRules(&in, x, y)
	if old, ok := x["AP"].(pdf.Ref); ok && rules["AP"] != nil && !pdf.Equal(x["AP"], y["AP"]) {
		j.owned = append(j.owned, Change{Area: AreaField, Page: page, Field: in.name, Object: old.Num})
	}
	ok, err := j.dict(x, y, rules, s)
	if err != nil {
		return err
	}
	if in.signed && rules["AP"] != nil {
		if report, err = j.shown(report, ref, x, y, page); err != nil {
			return err
		}
	}
	if !ok {
		j.forbid(AreaField, page, in.name, ref.Num)
	} else if report != nil {
		report.Page, report.Field, report.Object = page, in.name, ref.Num
		j.allow(*report)
	}
	return j.kids(x, in, depth)
}

// with adds what a node of the tree says itself.
func (in inherited) with(d *pdf.Document, x pdf.Dict) (inherited, error) {
	if t, ok := x["T"]; ok {
		t, err := d.Resolve(t)
		if err != nil {
			return in, err
		}
		s, _ := t.(pdf.String)
		if in.name != "" {
			in.name += "."
		}
		in.name += pdf.DecodeText(s)
		in.filled, in.signed = false, false
	}
	if v, ok := x["FT"]; ok {
		in.kind = v
	}
	if v, ok := x["Ff"].(int64); ok {
		in.flags = v
	}
	return in, nil
}

func (j *judge) kids(x pdf.Dict, in inherited, depth int) error {
	kids, err := j.a.Array(x["Kids"])
	if err != nil {
		return err
	}
	for _, k := range kids {
		if r, ok := k.(pdf.Ref); ok {
			if err := j.field(r, in, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldRules says which keys of a field may differ and, when they do, what to report.
func (j *judge) fieldRules(in *inherited, x, y pdf.Dict) (map[pdf.Name]rule, *Change) {
	differs := !j.same(x["V"], y["V"])
	switch {
	case in.kind == pdf.Name("Sig"):
		if x["V"] != nil {
			return nil, nil
		}
		ready := in.signed || y["V"] != nil
		if !ready {
			return nil, nil
		}
		in.signed = true
		rules := map[pdf.Name]rule{
			"V": j.signature, "AP": anything, "F": anything, "M": anything, "P": j.whenNew, "Lock": j.whenNew,
		}
		if y["V"] == nil {
			delete(rules, "V")
			return rules, nil
		}
		return rules, &Change{Kind: Filled}
	case in.flags&flagReadOnly != 0 || in.kind == nil:
		return nil, nil
	case in.kind == pdf.Name("Btn"):
		in.filled = in.filled || differs
		if !in.filled {
			return nil, nil
		}
		rules := map[pdf.Name]rule{"V": anything, "AS": anything, "M": anything}
		return rules, reportIf(differs)
	}
	in.filled = in.filled || differs
	if !in.filled {
		// A new look without a new value is how a shadow attack swaps what is shown.
		return nil, nil
	}
	rules := map[pdf.Name]rule{"V": anything, "AP": anything, "RV": anything, "I": anything, "M": anything}
	return rules, reportIf(differs)
}

func reportIf(differs bool) *Change {
	if differs {
		return &Change{Kind: FormFilled}
	}
	return nil
}

// signature wants the value of a signature field to be a signature dictionary of its own; the verifier judges it.
func (j *judge) signature(x, y pdf.Object) (bool, error) {
	if x != nil {
		return j.same(x, y), nil
	}
	d, err := j.newSignature(y)
	return d != nil, err
}

// newSignature returns the signature dictionary a value refers to when the earlier revision does not have it.
func (j *judge) newSignature(o pdf.Object) (pdf.Dict, error) {
	r, ok := o.(pdf.Ref)
	if !ok || !j.changed[r.Num] {
		return nil, nil
	}
	d, err := j.b.Dict(r)
	if d["ByteRange"] == nil || d["Contents"] == nil {
		return nil, err
	}
	return d, err
}

// newField looks at a field that the earlier revision does not have: only signed signature fields without actions.
func (j *judge) newField(ref pdf.Ref) error {
	d, err := j.b.Dict(ref)
	if err != nil {
		return err
	}
	s, err := inherited{}.with(j.b, d)
	if err != nil {
		return err
	}
	sig, err := j.newSignature(d["V"])
	if err != nil {
		return err
	}
	widgets, err := j.newWidgets(ref, d)
	if err != nil {
		return err
	}
	if d["FT"] != pdf.Name("Sig") || sig == nil || d["Parent"] != nil || len(widgets) == 0 {
		j.forbid(AreaField, 0, s.name, ref.Num)
		return nil
	}
	c := Change{Kind: Added, Field: s.name, Object: ref.Num}
	hidden := true
	for r, w := range widgets {
		j.fresh[r] = true
		if p, ok := w["P"].(pdf.Ref); ok && (c.Page == 0 || j.pages[p] < c.Page) {
			c.Page = j.pages[p]
		}
		unseen, err := j.invisible(w)
		if err != nil {
			return err
		}
		hidden = hidden && unseen
	}
	j.fresh[ref] = true
	switch {
	case hidden && sig["SubFilter"] == pdf.Name("ETSI.RFC3161"):
		j.add(c) // a document time stamp may follow any signature (ISO 32000-2 12.8.2.2.2)
		return nil
	case !hidden:
		c.Kind = AddedVisible
		if j.opts.Permission != 0 {
			c.Kind, c.Area = Forbidden, AreaAnnotation
		}
	}
	j.allow(c)
	return nil
}

// newWidgets returns a new field and its widgets, which may be the same object. None when one of them could do more than
// show something.
func (j *judge) newWidgets(ref pdf.Ref, d pdf.Dict) (map[pdf.Ref]pdf.Dict, error) {
	out := map[pdf.Ref]pdf.Dict{ref: d}
	kids, err := j.b.Array(d["Kids"])
	if err != nil {
		return nil, err
	}
	for _, k := range kids {
		r, ok := k.(pdf.Ref)
		w, err := j.b.Dict(k)
		if err != nil {
			return nil, err
		}
		if !ok || w["T"] != nil || w["Kids"] != nil || !j.changed[r.Num] {
			return nil, nil
		}
		out[r] = w
	}
	for _, w := range out {
		if w["A"] != nil || w["AA"] != nil || w["PMD"] != nil {
			return nil, nil
		}
	}
	return out, nil
}

// shown corrects what is reported about a field that stood ready: it may be larger than it seemed, or no page listed its
// widget before, which is as good as a new field.
func (j *judge) shown(report *Change, ref pdf.Ref, x, y pdf.Dict, page int) (*Change, error) {
	if page == 0 && x["Rect"] != nil {
		j.fresh[ref] = true
		if unseen, err := j.invisible(y); unseen || err != nil {
			return report, err
		}
		if j.opts.Permission != 0 {
			return &Change{Kind: Forbidden, Area: AreaAnnotation}, nil
		}
		return &Change{Kind: AddedVisible}, nil
	}
	if large, err := j.large(x, y, page); !large || err != nil {
		return report, err
	}
	return &Change{Kind: FilledLarge}, nil
}

// invisible says that a widget has no area or is hidden.
func (j *judge) invisible(d pdf.Dict) (bool, error) {
	if d["Rect"] == nil {
		return true, nil
	}
	if h, err := hidden(j.b, d); h || err != nil {
		return h, err
	}
	r, err := j.b.Rect(d["Rect"])
	return r[0] == r[2] || r[1] == r[3], err
}

// hidden reads the annotation flag (ISO 32000-1 table 165, bit 2).
func hidden(doc *pdf.Document, d pdf.Dict) (bool, error) {
	f, err := doc.Resolve(d["F"])
	n, _ := f.(int64)
	return n&2 != 0, err
}

// large says that a field which stood ready could show more than whoever signed before had reason to expect: an empty
// field paints nothing, so a wide one is a sheet of glass over the page until it is filled.
func (j *judge) large(x, y pdf.Dict, page int) (bool, error) {
	if x["Rect"] == nil || page == 0 {
		return false, nil
	}
	r, err := j.a.Rect(x["Rect"])
	if err != nil {
		return false, err
	}
	area := (r[2] - r[0]) * (r[3] - r[1])
	if area == 0 {
		return false, nil
	}
	before, err := hidden(j.a, x)
	if err != nil {
		return false, err
	}
	after, err := hidden(j.b, y)
	box := j.order[page-1].CropBox
	return before && !after || 4*area > (box[2]-box[0])*(box[3]-box[1]), err
}
