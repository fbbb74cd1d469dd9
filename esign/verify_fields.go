package esign

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// signatureField is a signature dictionary and the field that holds it.
type signatureField struct {
	name string
	ref  pdf.Ref  // zero when the dictionary is no object of its own
	dict pdf.Dict // nil when the value is no dictionary
	lock pdf.Dict // of the field (ISO 32000-1 12.7.4.5), nil without
}

const (
	maxFields     = 20_000
	maxFieldDepth = 32
)

// signatureFields lists the filled signature fields of a document, a dictionary that several fields share once.
func signatureFields(d *pdf.Document, most int) ([]signatureField, error) {
	cat, _, err := d.Catalog()
	if err != nil {
		return nil, err
	}
	form, err := d.Dict(cat["AcroForm"])
	if err != nil {
		return nil, err
	}
	w := fieldWalk{doc: d, most: most, seen: map[pdf.Ref]bool{}, held: map[pdf.Ref]bool{}}
	if err := w.list(form["Fields"], "", nil, 0); err != nil {
		return nil, err
	}
	return w.found, nil
}

type fieldWalk struct {
	doc   *pdf.Document
	most  int
	nodes int
	seen  map[pdf.Ref]bool
	held  map[pdf.Ref]bool
	found []signatureField
}

func (w *fieldWalk) list(o pdf.Object, name string, kind pdf.Object, depth int) error {
	a, err := w.doc.Array(o)
	if err != nil {
		return err
	}
	if depth > maxFieldDepth {
		return fmt.Errorf("%w: form fields nest too deep", pdf.ErrLimit)
	}
	for _, e := range a {
		if r, ok := e.(pdf.Ref); ok {
			if w.seen[r] {
				continue
			}
			w.seen[r] = true
		}
		if w.nodes++; w.nodes > maxFields {
			return fmt.Errorf("%w: more than %d form fields", pdf.ErrLimit, maxFields)
		}
		f, err := w.doc.Dict(e)
		if err != nil {
			return err
		}
		if err := w.field(f, name, kind, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *fieldWalk) field(f pdf.Dict, name string, kind pdf.Object, depth int) error {
	if t, err := w.doc.Resolve(f["T"]); err != nil {
		return err
	} else if s, ok := t.(pdf.String); ok {
		if name != "" {
			name += "."
		}
		name += pdf.DecodeText(s)
	}
	if len(name) > 4096 {
		return fmt.Errorf("%w: a form field's name is too long", pdf.ErrLimit)
	}
	if v, err := w.doc.Resolve(f["FT"]); err != nil {
		return err
	} else if v != nil {
		kind = v
	}
	if value := f["V"]; kind == pdf.Name("Sig") && value != nil {
		if err := w.value(value, name, f); err != nil {
			return err
		}
	}
	return w.list(f["Kids"], name, kind, depth+1)
}

func (w *fieldWalk) value(value pdf.Object, name string, f pdf.Dict) error {
	s := signatureField{name: name}
	var err error
	if s.lock, err = w.doc.Dict(f["Lock"]); err != nil {
		return err
	}
	if s.dict, err = w.doc.Dict(value); err != nil {
		return err
	}
	if r, ok := value.(pdf.Ref); ok {
		if w.held[r] {
			return nil
		}
		w.held[r] = true
		s.ref = r
	}
	if len(w.found) == w.most {
		return fmt.Errorf("%w: more than %d signatures", pdf.ErrLimit, w.most)
	}
	w.found = append(w.found, s)
	return nil
}

// looseSignature says whether an object looks like a signature dictionary although no field holds one.
func looseSignature(d *pdf.Document) (bool, error) {
	for _, n := range d.Numbers() {
		o, _, _, err := d.ByNumber(n)
		if errors.Is(err, pdf.ErrLimit) {
			return false, err
		}
		// An object that can't be read and that nothing needed so far is no signature.
		s, _ := o.(pdf.Dict)
		if s["ByteRange"] != nil || s["Type"] == pdf.Name("Sig") && s["Contents"] != nil {
			return true, nil
		}
	}
	return false, nil
}

const maxDSS = 256

// dssCertificates reads the certificates of the validation data. What can't be read there is left out: it can only be
// missed, not believed.
func dssCertificates(d *pdf.Document) []*x509.Certificate {
	cat, _, err := d.Catalog()
	if err != nil {
		return nil
	}
	dss, err := d.Dict(cat["DSS"])
	if err != nil {
		return nil
	}
	list, err := d.Array(dss["Certs"])
	if err != nil {
		return nil
	}
	var out []*x509.Certificate
	for _, o := range list[:min(len(list), maxDSS)] {
		o, err := d.Resolve(o)
		s, ok := o.(*pdf.Stream)
		if err != nil || !ok || len(s.Raw) > 1<<16 {
			continue
		}
		raw, err := d.Decode(s)
		if err != nil || len(raw) > 1<<16 {
			continue
		}
		if c, err := x509.ParseCertificate(raw); err == nil {
			out = append(out, c)
		}
	}
	return out
}
