package procedures

import (
	"fmt"
	"slices"
	"strings"
)

// Extend lays overlays over a procedure in the order given and checks what the
// law leaves to them: a term may shrink and never grow, no paper is asked for
// that the base does not list, no step of legal weight is dropped or walked
// around. The result holds on the days all of them hold. With findings the
// result is nil; the error is for overlays of another procedure.
func Extend(base *Procedure, overlays ...*Overlay) (*Procedure, []Finding, error) {
	p := base
	for _, ov := range overlays {
		if ov.Extends != base.Code {
			return nil, nil, &Error{CodeInvalid, fmt.Sprintf("the overlay extends %s, not %s", ov.Extends, base.Code)}
		}
		next, found := extendOne(p, ov)
		if len(found) > 0 {
			return nil, found, nil
		}
		p = next
	}
	return p, nil, nil
}

func extendOne(base *Procedure, ov *Overlay) (*Procedure, []Finding) {
	var f findings
	c := &overlaying{&f, ov, base}
	c.allowed()
	root := c.dropped()
	if len(f.list) > 0 {
		return nil, f.sorted()
	}
	for _, t := range base.Terms { // a term of another kind brings its own amount
		if kind := ov.node.path("terms", t.ID, "kind"); kind != nil && kind.value != t.Kind {
			root = root.without("terms", t.ID, "amount").without("terms", t.ID, "cutoff")
		}
	}
	p, found := build(merge(root, ov.node), base.opts)
	if len(found) > 0 {
		return nil, found
	}
	p.Valid = intersect(base.Valid, ov.Valid)
	c.longer(p)
	c.bypassed(p)
	return p, f.sorted()
}

func intersect(a, b Period) Period {
	if b.From.After(a.From) {
		a.From = b.From
	}
	if a.To.IsZero() || !b.To.IsZero() && b.To.Before(a.To) {
		a.To = b.To
	}
	return a
}

// dropped removes what the overlay drops, if the law lets it.
func (c *overlaying) dropped() *node {
	root := c.base.root
	if c.ov.Layer == CommuneLayer && len(c.ov.drop["states"])+len(c.ov.drop["steps"]) > 0 {
		c.f.at(c.ov.node, "overlay-commune", "say it in the province's overlay", "a commune's overlay may not drop states or steps")
		return root
	}
	for _, kind := range []string{"states", "steps"} {
		for _, id := range c.ov.drop[kind] {
			switch n := root.path(kind, id); {
			case n == nil:
				c.f.at(c.ov.node, "overlay-drop", "name what the base has", "%s %s: the base has none of that name", kind, id)
			case n.get("law") != nil:
				c.f.at(c.ov.node, "overlay-legal", "keep it", "%s %s carries legal weight (%s) and can't be dropped", kind, id,
					strings.Join(n.get("law").strings(), ", "))
			default:
				root = root.without(kind, id)
			}
		}
	}
	return root
}

// longer compares each term with the base's, and the extension.
func (c *overlaying) longer(p *Procedure) {
	for i, old := range c.base.Terms {
		now := p.Terms[i]
		at := c.ov.node.key("terms", now.ID)
		if at == nil {
			continue
		}
		shorter, known := notLonger(now, old)
		switch {
		case !known:
			c.f.at(at, "term-incomparable", "use the base's kind of term with a smaller amount",
				"term %s: %s can't be compared with %s", now.ID, now.Kind, old.Kind)
		case !shorter:
			c.f.at(at, "term-longer", "keep the term or shorten it", "term %s is longer than the base's", now.ID)
		}
	}
	if at := c.ov.node.key("extension"); at != nil && (c.base.Extension == nil || p.Extension.WorkingDays > c.base.Extension.WorkingDays) {
		c.f.at(at, "term-longer", "keep the extension or shorten it", "the extension is longer than the base's")
	}
}

// notLonger says whether a never ends after b, whatever the hour of reception,
// and whether that can be told.
func notLonger(a, b Term) (shorter, known bool) {
	switch {
	case a.Kind == SameDay && b.Kind == SameDay:
		return a.Cutoff >= b.Cutoff, true // a later cut-off keeps more dossiers on their day
	case a.Kind == b.Kind:
		return a.Amount <= b.Amount, true
	case a.Kind == SameDay && (b.Kind == WorkingDays || b.Kind == Days):
		return true, true // at the latest the end of the next working day
	case a.Kind == WorkingHours && b.Kind == WorkingDays:
		return a.Amount <= 8*b.Amount, true
	case a.Kind == ClockHours && b.Kind == Days:
		return a.Amount <= 24*b.Amount, true
	}
	return false, false
}

// bypassed finds steps of legal weight that every result needed in the base and
// that the overlay's own steps walk around, whatever modules run.
func (c *overlaying) bypassed(p *Procedure) {
	at := c.ov.node
	if n := at.key("steps"); n != nil {
		at = n
	}
	for _, on := range p.combinations() {
		before, after := c.base.With(on...), p.With(on...)
		for _, s := range before.Steps {
			for _, st := range before.States {
				if len(s.Law) > 0 && st.Outcome != "" && !before.reaches(st.ID, s.ID) && after.reaches(st.ID, s.ID) {
					c.f.at(at, "overlay-legal", "lead the new way through it",
						"%s can now be reached without the step %s, which carries legal weight", st.ID, s.ID)
				}
			}
		}
	}
}

// reaches says whether a dossier can get to the state without the step.
func (p *Procedure) reaches(state, without string) bool {
	m := &model{p: p}
	i := slices.IndexFunc(p.States, func(s State) bool { return s.Start })
	return i >= 0 && m.reach(p.States[i].ID, func(s Step, _ string) bool { return s.ID != without })[state]
}
