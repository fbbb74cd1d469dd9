package scan

import "github.com/motcua/motcua/esign/internal/pdf"

// document looks at what the catalog leads to: form, scripts, attached files.
func (in *inspection) document() error {
	c := in.catalog
	if f := in.dict(c["AcroForm"]); f != nil {
		if len(in.array(f["Fields"])) > 0 || in.get(f["XFA"]) != nil {
			in.findings.add(Form, 0, nil)
		}
		flags, _ := in.get(f["SigFlags"]).(int64)
		in.form = in.get(f["NeedAppearances"]) == true || flags != 0
	}
	if in.get(c["NeedsRendering"]) == true { // XFA
		in.findings.add(Form, 0, nil)
	}
	names := in.dict(c["Names"])
	if in.filled(names["JavaScript"], map[pdf.Ref]bool{}) {
		in.findings.add(JavaScript, 0, nil)
	}
	if in.dict(c["Collection"]) != nil || in.filled(names["EmbeddedFiles"], map[pdf.Ref]bool{}) {
		in.findings.add(EmbeddedFile, 0, nil)
	}
	return nil
}

// filled says whether a name tree holds any name. Scanners' software leaves empty ones.
func (in *inspection) filled(node pdf.Object, seen map[pdf.Ref]bool) bool {
	if r, ok := node.(pdf.Ref); ok {
		if seen[r] {
			return false
		}
		seen[r] = true
	}
	d := in.dict(node)
	if len(in.array(d["Names"])) > 0 {
		return true
	}
	for _, k := range in.list(d["Kids"]) {
		if _, isRef := k.(pdf.Ref); isRef && in.filled(k, seen) {
			return true
		}
	}
	return false
}
