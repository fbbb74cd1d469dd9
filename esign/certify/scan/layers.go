package scan

import "github.com/motcua/motcua/esign/internal/pdf"

// layering is what a file says about optional content (ISO 32000-1 8.11).
type layering struct {
	groups map[pdf.Ref]bool // groups and memberships, which are objects of their own
	direct []pdf.Dict       // memberships written in place
}

// layered says whether the file has layers, or traces of them.
func (in *inspection) layered() bool {
	return in.dict(in.catalog["OCProperties"]) != nil || len(in.layers.groups) > 0 || len(in.layers.direct) > 0
}

// noteLayer notes what a dictionary has to do with layers.
func (in *inspection) noteLayer(d pdf.Dict, typ, subtype pdf.Name, indirect bool) {
	if !indirect && (typ == "OCMD" || typ == "OCG") {
		in.layers.direct = append(in.layers.direct, d)
	}
	// What an XObject or an annotation calls its layer is one, whatever type it says. A resource may be called OC too.
	if ref, ok := d["OC"].(pdf.Ref); ok && subtype != "" {
		if in.dict(ref) != nil {
			in.layers.groups[ref] = true
		}
	}
}

// judgeLayers refuses layers unless everyone sees all of them: each on for screen, print and export, in the one
// configuration, with no usage that could switch it off. Readers differ in which of the rules they follow, so each rule
// alone must say on.
func (in *inspection) judgeLayers() error {
	if !in.layered() {
		return nil
	}
	p := in.dict(in.catalog["OCProperties"])
	for _, g := range in.list(p["OCGs"]) {
		if ref, ok := g.(pdf.Ref); ok && in.dict(ref) != nil {
			in.layers.groups[ref] = true
		}
	}
	ok := len(in.array(p["Configs"])) == 0 && in.allOn(in.dict(p["D"]))
	for ref := range in.layers.groups {
		ok = ok && in.shows(in.dict(ref))
	}
	for _, d := range in.layers.direct {
		ok = ok && in.shows(d)
	}
	if !ok {
		in.findings.add(Layers, 0, nil)
	}
	return nil
}

// allOn says whether a configuration leaves every group on.
func (in *inspection) allOn(config pdf.Dict) bool {
	on := map[pdf.Ref]bool{}
	for _, g := range in.list(config["ON"]) {
		if ref, ok := g.(pdf.Ref); ok {
			on[ref] = true
		}
	}
	switch in.name(config["BaseState"]) {
	case "", "ON":
	case "OFF":
		for ref := range in.layers.groups {
			if in.name(in.dict(ref)["Type"]) != "OCMD" && !on[ref] {
				return false
			}
		}
	default: // Unchanged: as the reader had it before
		return false
	}
	for _, g := range in.list(config["OFF"]) {
		if in.get(g) != nil {
			return false
		}
	}
	return true
}

// shows says whether content of a group or membership is seen while all groups are on.
func (in *inspection) shows(d pdf.Dict) bool {
	if in.name(d["Type"]) == "OCMD" {
		switch in.name(d["P"]) {
		case "AnyOff", "AllOff":
			return in.get(d["OCGs"]) == nil && d["VE"] == nil
		}
		return d["VE"] == nil || in.visible(d["VE"])
	}
	usage := in.dict(d["Usage"])
	for event, state := range map[pdf.Name]pdf.Name{"View": "ViewState", "Print": "PrintState", "Export": "ExportState"} {
		if s := in.dict(usage[event])[state]; s != nil && in.name(s) != "ON" {
			return false
		}
	}
	// These depend on who looks and how.
	return in.get(usage["Zoom"]) == nil && in.get(usage["User"]) == nil && in.get(usage["Language"]) == nil
}

const maxExpression = 20

// visible works out a visibility expression while all groups are on. What can't be worked out is not visible, and neither
// is its negation.
func (in *inspection) visible(o pdf.Object) bool {
	e := expression{in: in}
	return e.value(o, 0) && !e.failed
}

type expression struct {
	in     *inspection
	failed bool
}

func (e *expression) fail() bool {
	e.failed = true
	return false
}

func (e *expression) value(o pdf.Object, depth int) bool {
	a := e.in.list(o)
	if len(a) == 0 {
		return e.in.dict(o) != nil || e.fail() // a group
	}
	if depth > maxExpression {
		return e.fail()
	}
	op := e.in.name(a[0])
	if op == "Not" && len(a) == 2 {
		return !e.value(a[1], depth+1)
	}
	if op != "And" && op != "Or" || len(a) < 2 {
		return e.fail()
	}
	for _, x := range a[1:] {
		if v := e.value(x, depth+1); v == (op == "Or") || e.failed {
			return v
		}
	}
	return op == "And"
}
