package esign

import (
	"errors"
	"math"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// pdfLimits bound what a document to be signed may cost to read.
func pdfLimits(most int64) *pdf.Limits { return &pdf.Limits{Size: most} }

// widgetFlags are Print and Locked (ISO 32000-1 12.5.3): it shows on paper and is not moved by hand.
const widgetFlags = 4 | 128

// withFields appends to a document one update that makes the fields of a plan. A document that has signatures is
// refused: whatever is added after the first signature is a change of what was signed.
func withFields(doc []byte, p *Plan, limits *pdf.Limits) ([]byte, error) {
	d, err := pdf.Open(doc, limits)
	if err != nil {
		return nil, documentError(err)
	}
	f := &fieldMaker{doc: d, update: pdf.NewUpdate(d)}
	if err := f.make(p); err != nil {
		return nil, documentError(err)
	}
	more, err := f.update.Bytes()
	if err != nil {
		return nil, documentError(err)
	}
	return more, nil
}

// documentError calls a document that cannot be read invalid; errors of this package stay as they are.
func documentError(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return failWith(CodeInvalid, err, "the document cannot be signed")
}

type fieldMaker struct {
	doc    *pdf.Document
	update *pdf.Update
	pages  []pdf.Page
	names  map[string]bool
}

func (f *fieldMaker) make(p *Plan) error {
	signed, err := signatureFields(f.doc, maxSignatures)
	if err != nil {
		return err
	}
	loose, err := looseSignature(f.doc)
	if err != nil {
		return err
	}
	if len(signed) > 0 || loose {
		return fail(CodeInvalid, "the document has a signature already; all fields are made before the first one")
	}
	if f.pages, err = f.doc.Pages(); err != nil {
		return err
	}
	if len(f.pages) == 0 {
		return fail(CodeInvalid, "the document has no pages")
	}
	cat, root, err := f.doc.Catalog()
	if err != nil {
		return err
	}
	form, err := f.update.Dict(cat["AcroForm"])
	if err != nil {
		return err
	}
	if form == nil {
		form = pdf.Dict{}
	}
	if form["XFA"] != nil {
		return fail(CodeInvalid, "the document is an XFA form, which viewers show in different ways")
	}
	fields, err := f.doc.Array(form["Fields"])
	if err != nil {
		return err
	}
	if err := f.knowNames(fields); err != nil {
		return err
	}
	fields = append(pdf.Array{}, fields...)
	for i := range p.Signatures {
		ref, err := f.field(&p.Signatures[i])
		if err != nil {
			return err
		}
		fields = append(fields, ref)
	}
	form["Fields"] = fields
	// Signatures exist, and only appending keeps them: set now, so that no signature changes the form.
	form["SigFlags"] = 3
	// A viewer that draws appearances anew would change what is signed.
	delete(form, "NeedAppearances")
	if ref, ok := cat["AcroForm"].(pdf.Ref); ok {
		f.update.Set(ref, form)
		return nil
	}
	cat = cat.Clone()
	cat["AcroForm"] = f.update.Add(form)
	f.update.Set(root, cat)
	return nil
}

// knowNames collects the names of the fields at the top, where those of a plan will stand.
func (f *fieldMaker) knowNames(fields pdf.Array) error {
	f.names = map[string]bool{}
	if len(fields) > maxFields {
		return fail(CodeInvalid, "the document has over %d form fields", maxFields)
	}
	for _, o := range fields {
		d, err := f.doc.Dict(o)
		if err != nil {
			return err
		}
		t, err := f.doc.Resolve(d["T"])
		if err != nil {
			return err
		}
		if s, ok := t.(pdf.String); ok {
			f.names[pdf.DecodeText(s)] = true
		}
	}
	return nil
}

// field adds a signature field that is its own widget.
func (f *fieldMaker) field(s *PlannedSignature) (pdf.Ref, error) {
	if f.names[s.Field] {
		return pdf.Ref{}, fail(CodeInvalid, "the document has a field %q already; choose another name", quoted(s.Field))
	}
	number := max(s.Page, 1)
	if number > len(f.pages) {
		return pdf.Ref{}, fail(CodeInvalid, "field %q: page %d of %d", quoted(s.Field), number, len(f.pages))
	}
	page := f.pages[number-1]
	rect, err := placed(s.Rect, page)
	if err != nil {
		return pdf.Ref{}, fail(CodeInvalid, "field %q: %v", quoted(s.Field), err)
	}
	ref := f.update.Add(pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Sig"), "T": pdf.Text(s.Field),
		"F": widgetFlags, "P": page.Ref, "Rect": rect,
	})
	return ref, f.annotate(page.Ref, ref)
}

// placed turns a rectangle measured from the visible page's corner into the page's own coordinates.
func placed(r Rect, page pdf.Page) (pdf.Array, error) {
	if r == (Rect{}) {
		return pdf.Array{0, 0, 0, 0}, nil
	}
	box := page.CropBox
	if page.Rotate != 0 || page.UserUnit != 1 {
		return nil, errors.New("its page is turned or scaled; normalise it before it is signed")
	}
	x1, y1, x2, y2 := box[0]+r.X1, box[1]+r.Y1, box[0]+r.X2, box[1]+r.Y2
	if x1 < box[0] || y1 < box[1] || x2 > box[2]+0.01 || y2 > box[3]+0.01 {
		return nil, errors.New("the rectangle reaches over the page's edge")
	}
	out := pdf.Array{}
	for _, v := range []float64{x1, y1, x2, y2} {
		out = append(out, math.Round(v*1000)/1000)
	}
	return out, nil
}

// annotate adds a widget to its page's annotations, once for each widget of the same page.
func (f *fieldMaker) annotate(page, widget pdf.Ref) error {
	d, err := f.update.Dict(page)
	if err != nil {
		return err
	}
	if ref, ok := d["Annots"].(pdf.Ref); ok {
		o, err := f.update.Get(ref)
		if err != nil {
			return err
		}
		list, ok := o.(pdf.Array)
		if !ok {
			return fail(CodeInvalid, "the annotations of a page are no list")
		}
		f.update.Set(ref, append(append(pdf.Array{}, list...), widget))
		return nil
	}
	list, ok := d["Annots"].(pdf.Array)
	if !ok && d["Annots"] != nil {
		return fail(CodeInvalid, "the annotations of a page are no list")
	}
	d["Annots"] = append(append(pdf.Array{}, list...), widget)
	f.update.Set(page, d)
	return nil
}
