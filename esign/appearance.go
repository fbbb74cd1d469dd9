package esign

import (
	"fmt"
	"maps"
	"slices"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// Bounds of an appearance: a seal and a few lines of text, not a document.
const (
	maxAppearance        = 8 << 20
	maxAppearanceObjects = 2000
)

// appearance brings the first page of a PDF into an update, as the form XObject that a signature's widget shows.
type appearance struct {
	from   *pdf.Document
	update *pdf.Update
	copied map[pdf.Ref]pdf.Ref
	count  int
}

// addAppearance returns the reference of the new form XObject. Only what draws is taken over: content and resources; a
// document that needs more (annotations, layers) is refused, since it would look different from what was seen.
func addAppearance(u *pdf.Update, file []byte) (pdf.Ref, error) {
	d, err := pdf.Open(file, &pdf.Limits{Size: maxAppearance, Pages: 1})
	if err != nil {
		return pdf.Ref{}, fmt.Errorf("the appearance cannot be read: %w", err)
	}
	pages, err := d.Pages()
	if err != nil {
		return pdf.Ref{}, fmt.Errorf("the appearance is no PDF of one page: %w", err)
	}
	if len(pages) != 1 {
		return pdf.Ref{}, fmt.Errorf("the appearance is no PDF of one page")
	}
	page := pages[0]
	if page.Rotate != 0 || page.UserUnit != 1 || page.Dict["Annots"] != nil {
		return pdf.Ref{}, fmt.Errorf("the appearance's page is turned, scaled or has annotations")
	}
	a := &appearance{from: d, update: u, copied: map[pdf.Ref]pdf.Ref{}}
	form, err := a.content(page.Dict["Contents"])
	if err != nil {
		return pdf.Ref{}, err
	}
	resources, err := a.value(page.Resources, 0)
	if err != nil {
		return pdf.Ref{}, err
	}
	if resources == nil {
		resources = pdf.Dict{}
	}
	form.Dict["Type"], form.Dict["Subtype"] = pdf.Name("XObject"), pdf.Name("Form")
	box := page.CropBox
	form.Dict["BBox"] = pdf.Array{box[0], box[1], box[2], box[3]}
	form.Dict["Resources"] = resources
	// A transparency group keeps its meaning: a seal over a signature shines through.
	if group, err := d.Dict(page.Dict["Group"]); err != nil {
		return pdf.Ref{}, err
	} else if group != nil {
		if form.Dict["Group"], err = a.value(group, 0); err != nil {
			return pdf.Ref{}, err
		}
	}
	return u.Add(form), nil
}

// content returns the page's content as one stream.
func (a *appearance) content(o pdf.Object) (*pdf.Stream, error) {
	o, err := a.from.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case *pdf.Stream:
		return a.stream(v, 0)
	case pdf.Array:
		var raw []byte
		for _, part := range v {
			part, err := a.from.Resolve(part)
			if err != nil {
				return nil, err
			}
			s, ok := part.(*pdf.Stream)
			if !ok {
				return nil, fmt.Errorf("a part of the appearance's content is no stream")
			}
			b, err := a.from.Decode(s)
			if err != nil {
				return nil, err
			}
			raw = append(append(raw, b...), '\n')
		}
		return &pdf.Stream{Dict: pdf.Dict{}, Raw: raw}, nil
	default:
		return nil, fmt.Errorf("the appearance's page has no content")
	}
}

// value copies what an object reaches; keys in order, so that equal input gives equal bytes.
func (a *appearance) value(o pdf.Object, depth int) (pdf.Object, error) {
	if depth > 50 {
		return nil, fmt.Errorf("the appearance nests too deep")
	}
	switch v := o.(type) {
	case pdf.Ref:
		return a.ref(v, depth)
	case pdf.Array:
		out := make(pdf.Array, 0, len(v))
		for _, e := range v {
			c, err := a.value(e, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	case pdf.Dict:
		return a.dict(v, depth)
	case *pdf.Stream:
		return a.stream(v, depth)
	default:
		return o, nil
	}
}

func (a *appearance) stream(s *pdf.Stream, depth int) (*pdf.Stream, error) {
	if s.Dict["F"] != nil {
		return nil, fmt.Errorf("a stream of the appearance lies in another file")
	}
	d := s.Dict.Clone()
	delete(d, "Length") // the writer knows it
	d, err := a.dict(d, depth)
	if err != nil {
		return nil, err
	}
	return &pdf.Stream{Dict: d, Raw: s.Raw}, nil
}

func (a *appearance) dict(d pdf.Dict, depth int) (pdf.Dict, error) {
	if d["Type"] == pdf.Name("OCG") || d["Type"] == pdf.Name("OCMD") {
		return nil, fmt.Errorf("the appearance has layers")
	}
	out := make(pdf.Dict, len(d))
	for _, k := range slices.Sorted(maps.Keys(d)) {
		switch k {
		case "OC", "Ref", "OPI", "AF":
			return nil, fmt.Errorf("the appearance has layers or refers to other files")
		case "StructParent", "StructParents", "Metadata", "PieceInfo", "LastModified":
			continue // about the document it came from
		}
		v, err := a.value(d[k], depth+1)
		if err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, nil
}

func (a *appearance) ref(r pdf.Ref, depth int) (pdf.Object, error) {
	if to, ok := a.copied[r]; ok {
		return to, nil
	}
	if a.count++; a.count > maxAppearanceObjects {
		return nil, fmt.Errorf("the appearance has over %d objects", maxAppearanceObjects)
	}
	o, err := a.from.Get(r)
	if err != nil {
		return nil, err
	}
	if d, ok := o.(pdf.Dict); ok && (d["Type"] == pdf.Name("Page") || d["Type"] == pdf.Name("Catalog")) {
		return nil, fmt.Errorf("the appearance draws with its own page")
	}
	to := a.update.Reserve()
	a.copied[r] = to
	c, err := a.value(o, depth+1)
	if err != nil {
		return nil, err
	}
	a.update.Set(to, c)
	return to, nil
}
