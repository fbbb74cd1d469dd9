package certify

import (
	"errors"
	"fmt"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// maxStatementObjects bounds what one statement page may consist of.
const maxStatementObjects = 500

// appendPage appends a page drawn elsewhere after the last page of a scan, as an
// incremental update: not one byte of the scan changes, so each of its pages
// draws as it was compared. It returns the whole file and the new page's number.
func appendPage(scan, statement []byte) ([]byte, int, error) {
	d, err := pdf.Open(scan, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("scan: %w", err)
	}
	pages, err := d.Pages()
	if err != nil {
		return nil, 0, fmt.Errorf("scan: %w", err)
	}
	s, err := pdf.Open(statement, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("statement page: %w", err)
	}
	drawn, err := s.Pages()
	if err != nil || len(drawn) != 1 {
		return nil, 0, errors.Join(errors.New("the statement is not one page"), err)
	}
	u := pdf.NewUpdate(d)
	c := pdf.NewCopier(s, u, maxStatementObjects)
	content, err := c.Content(drawn[0].Dict["Contents"])
	if err != nil {
		return nil, 0, fmt.Errorf("statement page: %w", err)
	}
	resources, err := c.Object(drawn[0].Resources)
	if err != nil {
		return nil, 0, fmt.Errorf("statement page: %w", err)
	}
	box := pdf.Array{0, 0, pageWidth, pageHeight}
	if err := addKid(d, u, pdf.Dict{"Type": pdf.Name("Page"), "MediaBox": box, "CropBox": box, "Rotate": 0,
		"Resources": resources, "Contents": u.Add(content)}); err != nil {
		return nil, 0, err
	}
	more, err := u.Bytes()
	if err != nil {
		return nil, 0, err
	}
	return append(append([]byte{}, scan...), more...), len(pages) + 1, nil
}

// addKid hangs a page under the root of the page tree. It states everything a
// page could inherit there, so nothing of the scan reaches into it.
func addKid(d *pdf.Document, u *pdf.Update, page pdf.Dict) error {
	cat, _, err := d.Catalog()
	if err != nil {
		return err
	}
	root, ok := cat["Pages"].(pdf.Ref)
	if !ok {
		return fmt.Errorf("scan: %w: the page tree is no object of its own", pdf.ErrMalformed)
	}
	tree, err := u.Dict(root)
	if err != nil {
		return err
	}
	kids, err := d.Array(tree["Kids"])
	if err != nil {
		return err
	}
	count, ok := tree["Count"].(int64)
	if !ok {
		return fmt.Errorf("scan: %w: the page tree has no count", pdf.ErrMalformed)
	}
	page["Parent"] = root
	tree["Kids"] = append(append(pdf.Array{}, kids...), u.Add(page))
	tree["Count"] = count + 1
	u.Set(root, tree)
	return nil
}
