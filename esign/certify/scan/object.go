package scan

import "github.com/motcua/motcua/esign/internal/pdf"

// object looks at one indirect object and all that lies directly in it.
func (in *inspection) object(o pdf.Object, ref pdf.Ref) error {
	if d := in.direct(o); d != nil && (d["Type"] == pdf.Name("OCG") || d["Type"] == pdf.Name("OCMD")) {
		in.layers.groups[ref] = true
	}
	in.value(o, true)
	return nil
}

// direct returns the dictionary that o is, without following a reference.
func (in *inspection) direct(o pdf.Object) pdf.Dict {
	if _, isRef := o.(pdf.Ref); isRef {
		return nil
	}
	return in.dict(o)
}

func (in *inspection) value(o pdf.Object, indirect bool) {
	switch v := o.(type) {
	case pdf.Ref:
		in.get(v) // leads to nothing or to something that can be read
	case pdf.Array:
		for _, e := range v {
			in.value(e, false)
		}
	case *pdf.Stream:
		in.look(v.Dict, true, indirect)
	case pdf.Dict:
		in.look(v, false, indirect)
	}
}

// look finds what any dictionary can be.
func (in *inspection) look(d pdf.Dict, stream, indirect bool) {
	typ, subtype := in.name(d["Type"]), in.name(d["Subtype"])
	_, contents := in.get(d["Contents"]).(pdf.String)
	switch {
	case typ == "Sig", typ == "DocTimeStamp", contents && in.array(d["ByteRange"]) != nil:
		in.findings.add(Signed, 0, nil)
	case in.name(d["FT"]) == "Sig" && in.dict(d["V"]) != nil:
		in.findings.add(Signed, 0, nil)
	}
	in.actions(d)
	if in.embeds(d, typ, stream) {
		in.embedded = true
		in.findings.add(EmbeddedFile, 0, nil)
	}
	if stream {
		in.paints(d, subtype)
	}
	for _, g := range in.entries(d["CharProcs"]) {
		if s, ok := in.get(g).(*pdf.Stream); ok {
			in.glyphs[s] = true
		}
	}
	in.noteLayer(d, typ, subtype, indirect)
	for _, v := range d {
		in.value(v, false)
	}
}

// embeds finds embedded files, by what they are and not by what leads to them.
func (in *inspection) embeds(d pdf.Dict, typ pdf.Name, stream bool) bool {
	if stream {
		return typ == "EmbeddedFile" || typ == "3D"
	}
	for _, v := range in.entries(d["EF"]) {
		if _, ok := in.get(v).(*pdf.Stream); ok {
			return true
		}
	}
	// Associated files (ISO 32000-2 14.13). A resource may be called AF as well.
	associated := in.list(d["AF"])
	if associated == nil {
		associated = pdf.Array{d["AF"]}
	}
	for _, a := range associated {
		if f, ok := in.get(a).(pdf.Dict); ok && (in.name(f["Type"]) == "Filespec" || f["EF"] != nil || f["UF"] != nil) {
			return true
		}
	}
	return false
}

// paints finds objects that paint on paper what they don't on screen, or the content of other files.
func (in *inspection) paints(d pdf.Dict, subtype pdf.Name) {
	switch subtype {
	case "Image":
		if in.array(d["Alternates"]) != nil || in.dict(d["OPI"]) != nil {
			in.findings.add(Layers, 0, nil)
		}
		if in.pixelBytes(d) > maxImageBytes {
			in.findings.add(Bomb, 0, nil)
		}
	case "PS":
		in.findings.add(Layers, 0, nil)
	case "Form":
		for _, x := range in.entries(in.dict(d["Resources"])["XObject"]) {
			in.nested = in.nested || in.name(in.dict(x)["Subtype"]) == "Form"
		}
		if in.name(d["Subtype2"]) == "PS" || in.get(d["PS"]) != nil || in.dict(d["OPI"]) != nil {
			in.findings.add(Layers, 0, nil)
		}
		if in.dict(d["Ref"]) != nil {
			in.findings.add(Launch, 0, nil)
		}
	}
}
