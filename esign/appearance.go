package esign

import (
	"fmt"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// Bounds of an appearance: a seal and a few lines of text, not a document.
const (
	maxAppearance        = 8 << 20
	maxAppearanceObjects = 2000
)

// addAppearance brings the one page of a PDF into an update, as the form XObject
// that a signature's widget shows, and returns its reference. Only what draws is
// taken over: content and resources; a document that needs more (annotations,
// layers) is refused, since it would look different from what was seen.
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
	form, err := appearanceForm(pdf.NewCopier(d, u, maxAppearanceObjects), d, page)
	if err != nil {
		return pdf.Ref{}, fmt.Errorf("the appearance cannot be taken over: %w", err)
	}
	return u.Add(form), nil
}

func appearanceForm(c *pdf.Copier, d *pdf.Document, page pdf.Page) (*pdf.Stream, error) {
	form, err := c.Content(page.Dict["Contents"])
	if err != nil {
		return nil, err
	}
	resources, err := c.Object(page.Resources)
	if err != nil {
		return nil, err
	}
	if resources == nil {
		resources = pdf.Dict{}
	}
	form.Dict["Type"], form.Dict["Subtype"] = pdf.Name("XObject"), pdf.Name("Form")
	box := page.CropBox
	form.Dict["BBox"] = pdf.Array{box[0], box[1], box[2], box[3]}
	form.Dict["Resources"] = resources
	// A transparency group keeps its meaning: a seal over a signature shines through.
	group, err := d.Dict(page.Dict["Group"])
	if err != nil || group == nil {
		return form, err
	}
	form.Dict["Group"], err = c.Object(group)
	return form, err
}
