package scan

import (
	"bytes"
	"compress/zlib"
	"errors"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// dirty says whether the file has to be normalised.
func (in *inspection) dirty() bool { return in.layered() || in.form }

// normalise returns the update that takes layers away and keeps what they draw. It takes every trace, because readers
// stumble over what is left in different ways (one draws no image whose layer is null). An AcroForm without fields goes
// too if it says something about fields: NeedAppearances would have viewers redraw the signatures that come later.
func (in *inspection) normalise() ([]byte, error) {
	n := &normaliser{in: in, update: pdf.NewUpdate(in.doc), content: map[string]pdf.Ref{}}
	in.left = in.opts.MaxDecoded
	if in.layered() {
		if err := n.unlayer(); err != nil {
			return nil, err
		}
	}
	catalog, err := n.update.Dict(in.root)
	if err != nil {
		return nil, err
	}
	delete(catalog, "OCProperties")
	if in.form {
		delete(catalog, "AcroForm")
	}
	n.update.Set(in.root, catalog)
	return n.update.Bytes()
}

type normaliser struct {
	in      *inspection
	update  *pdf.Update
	content map[string]pdf.Ref // rewritten content of pages
}

// unlayer removes the layers, all that leads to them and the marks in content that name them.
func (n *normaliser) unlayer() error {
	if err := n.in.each(n.object); err != nil {
		return err
	}
	for _, p := range n.in.pages {
		if err := n.page(p); err != nil {
			return err
		}
	}
	return nil
}

func (n *normaliser) object(o pdf.Object, ref pdf.Ref) error {
	if n.in.layers.groups[ref] {
		n.update.Set(ref, nil)
		return nil
	}
	with, changed := o, n.leads(o)
	if changed {
		with = n.without(o)
	}
	if s, ok := o.(*pdf.Stream); ok && n.in.draws(s) {
		raw, marked, err := n.unmark(s)
		if err != nil {
			return err
		}
		if marked {
			with, changed = packed(n.in.dict(with), raw), true
		}
	}
	if changed {
		n.update.Set(ref, with)
	}
	return nil
}

// leads says whether anything in o is a layer or a reference to one.
func (n *normaliser) leads(o pdf.Object) bool {
	switch v := o.(type) {
	case *pdf.Stream:
		return n.leads(v.Dict)
	case pdf.Dict:
		for _, e := range v {
			if n.layer(e) || n.leads(e) {
				return true
			}
		}
	case pdf.Array:
		for _, e := range v {
			if n.layer(e) || n.leads(e) {
				return true
			}
		}
	}
	return false
}

// without returns o without what leads to a layer.
func (n *normaliser) without(o pdf.Object) pdf.Object {
	switch v := o.(type) {
	case *pdf.Stream:
		d, _ := n.without(v.Dict).(pdf.Dict)
		return &pdf.Stream{Dict: d, Raw: v.Raw}
	case pdf.Dict:
		out := make(pdf.Dict, len(v))
		for k, e := range v {
			if !n.layer(e) {
				out[k] = n.without(e)
			}
		}
		return out
	case pdf.Array:
		out := make(pdf.Array, 0, len(v))
		for _, e := range v {
			if !n.layer(e) {
				out = append(out, n.without(e))
			}
		}
		return out
	}
	return o
}

func (n *normaliser) layer(o pdf.Object) bool {
	switch v := o.(type) {
	case pdf.Ref:
		return n.in.layers.groups[v]
	case pdf.Dict:
		t := n.in.name(v["Type"])
		return t == "OCG" || t == "OCMD"
	}
	return false
}

// page rewrites the content of a page if it names layers. Several streams become one, because an operator's operands may
// stand in another stream than itself.
func (n *normaliser) page(p pdf.Page) error {
	parts, err := n.in.parts(p)
	if err != nil {
		return err
	}
	raw, marked, err := n.unmark(parts...)
	if err != nil || !marked {
		return err
	}
	page, err := n.update.Dict(p.Ref)
	if err != nil {
		return err
	}
	ref, known := n.content[string(raw)]
	if !known {
		ref = n.update.Add(packed(pdf.Dict{}, raw))
		n.content[string(raw)] = ref
	}
	page["Contents"] = ref
	n.update.Set(p.Ref, page)
	return nil
}

// unmark turns marks that name a layer into marks that don't, and packs the result. Beginnings and ends stay paired.
func (n *normaliser) unmark(parts ...*pdf.Stream) (raw []byte, marked bool, err error) {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	err = rewrite(&joined{in: n.in, parts: parts}, z, func(op string, operands [2]pdf.Name) string {
		with := map[string]string{"BDC": "/Layer BMC", "DP": "/Layer MP"}[op]
		if operands[0] != "OC" || operands[1] == "" || with == "" {
			return ""
		}
		marked = true
		return with
	})
	err = errors.Join(err, z.Close())
	return out.Bytes(), marked, err
}

func packed(d pdf.Dict, raw []byte) *pdf.Stream {
	d = d.Clone()
	delete(d, "DecodeParms")
	d["Filter"] = pdf.Name("FlateDecode")
	return &pdf.Stream{Dict: d, Raw: raw}
}
