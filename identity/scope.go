package identity

import (
	"slices"
	"time"
)

// Scope says what a person may read. The zero Scope sees nothing. A module that
// keeps a Scope type of its own is given one with the same content.
type Scope struct {
	// Person is the pseudonym whose own things are seen; "" for none.
	Person string
	// Units are the codes whose work is seen, former codes included; sorted.
	Units []string
	// Everything sees all units and all people. It is for an auditor and for the
	// program's own passes, never for a person by default.
	Everything bool
}

// IsZero reports whether the scope sees nothing.
func (s Scope) IsZero() bool { return s.Person == "" && len(s.Units) == 0 && !s.Everything }

// Unit reports whether the work of the unit is seen.
func (s Scope) Unit(code string) bool {
	if s.Everything {
		return true
	}
	_, found := slices.BinarySearch(s.Units, code)
	return found && code != ""
}

// Owner reports whether things of the person are seen for being that person.
func (s Scope) Owner(person string) bool {
	return s.Everything || person != "" && s.Person == person
}

// Scope returns what the person may read at t: one's own things and, for an
// official, the units that grants of StepRead reach, by own posts and by
// delegation. Nobody sees nothing.
func (p *Policy) Scope(who *Person, t time.Time) Scope { return p.ScopeOf(who, StepRead, t) }

// ScopeOf is Scope for another step: the units for which Can would allow it.
func (p *Policy) ScopeOf(who *Person, step string, t time.Time) Scope {
	if who == nil || who.ID == "" {
		return Scope{}
	}
	s := Scope{Person: who.ID}
	ix := p.at.Load()
	h := ix.holders[who.ID]
	if who.Kind != Official || h == nil || !ix.serves(h, t) {
		return s
	}
	for _, g := range ix.inForce(Act{Step: step, At: t}) {
		if who.Assurance < g.Assurance || g.Reach < OwnUnit || g.Reach > Anywhere {
			continue
		}
		for _, unit := range ix.unitsOf(h, &g, t) {
			if g.Reach == Anywhere {
				return Scope{Person: who.ID, Everything: true}
			}
			s.Units = append(s.Units, ix.units.Covered(unit, g.Reach == Subtree, t)...)
		}
	}
	slices.Sort(s.Units)
	s.Units = slices.Compact(s.Units)
	return s
}

// unitsOf returns the units of the posts through which h has the grant's role.
func (ix *index) unitsOf(h *Holder, g *Grant, t time.Time) []string {
	var out []string
	add := func(posts []Post, unit string) {
		for i := range posts {
			if ix.held(&posts[i], t) && slices.Contains(posts[i].Roles, g.Role) && (unit == "" || posts[i].Unit == unit) {
				out = append(out, posts[i].Unit)
			}
		}
	}
	add(h.Posts, "")
	for _, d := range ix.inTurn[h.ID] {
		by := ix.holders[d.Principal]
		if by != nil && within(d.From, d.To, t) && (len(d.Roles) == 0 || slices.Contains(d.Roles, g.Role)) {
			add(by.Posts, d.Unit)
		}
	}
	return out
}
