package procedures

import (
	"slices"
	"strings"
)

// Layer says who speaks: each later layer lies over the earlier ones.
type Layer string

// The layers, which are also the folders a catalogue is read from.
const (
	NationalLayer Layer = "national"
	MinistryLayer Layer = "ministry"
	ProvinceLayer Layer = "province"
	CommuneLayer  Layer = "commune"
)

var layers = []Layer{NationalLayer, MinistryLayer, ProvinceLayer, CommuneLayer}

// Overlay is a patch over a procedure: it says only what differs, in a period.
// It keeps the file and line of every value it sets.
type Overlay struct {
	Extends string // the procedure's code
	Layer   Layer
	Unit    string // of a commune overlay: the unit's code
	Valid   Period

	node *node // the patch alone
	drop map[string][]string
}

var overlayOwnKeys = []string{"format", "extends", "valid_from", "valid_to", "drop"}

// newOverlay reads the head of an overlay document; the patch itself is checked
// when it meets its base.
func newOverlay(n *node, layer Layer, unit string, f *findings) *Overlay {
	o := object{f, n, "overlay"}
	o.need("format", "extends", "valid_from")
	checkFormat(o)
	ov := &Overlay{Extends: o.str("extends"), Layer: layer, Unit: unit, Valid: o.period("valid_from", "valid_to"),
		drop: map[string][]string{}}
	if e := n.get("extends"); e != nil && !codePattern.MatchString(ov.Extends) {
		f.at(e, "code-form", `write "2.000815" in quotes`, "%q is no procedure code", e.value)
	}
	if d := n.get("drop"); d != nil {
		do := f.object(d, "drop", "states", "steps")
		ov.drop["states"], ov.drop["steps"] = do.strings("states"), do.strings("steps")
	}
	patch := *n
	patch.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e entry) bool { return slices.Contains(overlayOwnKeys, e.key) })
	ov.node = &patch
	return ov
}

// permission says what an overlay may do at a path; * stands for one key.
type permission struct {
	path  string
	check func(*overlaying, []string, entry)
}

// permissions is the whole of what the law leaves to a lower layer. What no row
// matches is refused.
var permissions = []permission{
	{"short_name.*", nil},
	{"published_by", nil},
	{"level", nil},
	{"to_confirm", nil},
	{"units.**", nil},
	{"channels", (*overlaying).superset},
	{"applicants.assurance.*", (*overlaying).assurance},
	{"legal_basis.*.**", (*overlaying).onlyNew},
	{"retention.*.**", (*overlaying).onlyNew},
	{"form.fields.*.name.*", (*overlaying).existing},
	{"form.fields.*.hint.*", (*overlaying).existing},
	{"form.fields.*.options.*.*", (*overlaying).existing},
	{"components.*.name.*", (*overlaying).component},
	{"components.*.hint.*", (*overlaying).component},
	{"components.*.required", (*overlaying).optional},
	{"components.*.mode", (*overlaying).mode},
	{"components.*.replaced_by", (*overlaying).supersetOf},
	{"fees.*.**", (*overlaying).fee},
	{"terms.*.name.*", (*overlaying).existing},
	{"terms.*.kind", (*overlaying).existing}, // the new term is compared as a whole
	{"terms.*.amount", (*overlaying).existing},
	{"terms.*.cutoff", (*overlaying).existing},
	{"extension.working_days", nil}, // compared as a whole, too
	{"results.*.name.*", (*overlaying).existing},
	{"states.*.**", (*overlaying).stateKey},
	{"steps.*.**", (*overlaying).stepKey},
}

// overlaying checks one overlay against the base it meets.
type overlaying struct {
	f    *findings
	ov   *Overlay
	base *Procedure
}

func (c *overlaying) allowed() {
	c.walk(c.ov.node, nil)
}

func (c *overlaying) walk(n *node, path []string) {
	for _, e := range n.entries {
		at := append(slices.Clone(path), e.key)
		p, deeper := match(at)
		switch {
		case p != nil && p.check != nil:
			p.check(c, at, e)
		case p != nil:
		case deeper && e.value.kind == mappingNode:
			c.walk(e.value, at)
		default:
			c.refuse(e, "overlay-forbidden", "leave it out; see docs/format.md for what an overlay may say",
				"an overlay may not set %s", strings.Join(at, "."))
		}
	}
}

func (c *overlaying) refuse(e entry, rule, remedy, format string, args ...any) {
	c.f.at(e.at(), rule, remedy, format, args...)
}

// match finds the permission for a path, or says that one may match deeper.
func match(path []string) (p *permission, deeper bool) {
	for i := range permissions {
		parts := strings.Split(permissions[i].path, ".")
		n := 0
		for n < len(parts) && n < len(path) && (parts[n] == "*" || parts[n] == path[n]) {
			n++
		}
		switch {
		case n == len(path) && n == len(parts), n < len(parts) && parts[n] == "**" && n == len(path),
			n < len(parts) && parts[n] == "**" && n < len(path):
			return &permissions[i], false
		case n == len(path):
			deeper = true
		}
	}
	return nil, deeper
}
