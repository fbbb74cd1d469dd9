package scan

import (
	"strings"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// actions looks at the actions that a dictionary leads to or is (ISO 32000-1 12.6). GoTo and URI are ordinary, and so is
// a destination where an action may stand.
func (in *inspection) actions(d pdf.Dict) {
	for _, key := range []pdf.Name{"A", "PA", "OpenAction", "Next"} {
		in.action(d[key])
	}
	for _, a := range in.entries(d["AA"]) {
		in.action(a)
	}
	// Objects that nothing leads to, or that something else leads to, such as a name tree.
	_, js := d["JS"]
	if s := in.name(d["S"]); in.name(d["Type"]) == "Action" || s == "JavaScript" && js || s == "Launch" && launches(d) {
		in.action(d)
	}
}

func launches(d pdf.Dict) bool {
	for _, key := range []pdf.Name{"F", "Win", "Mac", "Unix"} {
		if d[key] != nil {
			return true
		}
	}
	return false
}

func (in *inspection) action(o pdf.Object) {
	switch v := in.get(o).(type) {
	case pdf.Array: // several, or a destination
		for _, e := range in.list(v) {
			if a, ok := in.get(e).(pdf.Dict); ok {
				in.one(a)
			}
		}
	case pdf.Dict:
		in.one(v)
	}
}

func (in *inspection) one(a pdf.Dict) {
	if c := in.actionClass(a); c != "" {
		in.findings.add(c, 0, nil)
	}
}

func (in *inspection) actionClass(a pdf.Dict) Class {
	switch in.name(a["S"]) {
	case "JavaScript":
		return JavaScript
	case "Rendition":
		if a["JS"] != nil {
			return JavaScript
		}
		return EmbeddedFile
	case "Sound", "Movie", "GoTo3DView", "RichMediaExecute":
		return EmbeddedFile
	case "Launch", "GoToR", "GoToE", "ImportData", "SubmitForm", "ResetForm":
		return Launch
	case "Thread":
		if a["F"] != nil {
			return Launch
		}
	case "Named":
		switch in.name(a["N"]) {
		case "NextPage", "PrevPage", "FirstPage", "LastPage":
		default: // a menu command of the viewer, such as Print or SaveAs
			return Launch
		}
	case "SetOCGState":
		return Layers
	case "URI":
		return in.uri(a["URI"])
	}
	return ""
}

// uri tells links to the web from code and programs dressed as one.
func (in *inspection) uri(o pdf.Object) Class {
	s, _ := in.get(o).(pdf.String)
	scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(pdf.DecodeText(s))), ":")
	switch scheme {
	case "javascript", "vbscript", "data":
		return JavaScript
	case "file":
		return Launch
	}
	return ""
}
