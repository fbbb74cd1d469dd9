package identity

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Policy decides who may do what by a dated table: role × step × reach. A decision
// is exact: it names the grant, the post and the delegation it rests on, and
// WhoCan(a) lists exactly the officials for whom Can(p, a) is allowed.
//
// A Policy may be used concurrently, while Replace gives it another table.
type Policy struct{ at atomic.Pointer[index] }

type index struct {
	units   Units
	grants  map[string][]Grant // by step
	holders map[string]*Holder
	byRole  map[string][]*Holder
	inTurn  map[string][]Delegation // by who acts
}

// NewPolicy makes a policy of a table. A nil table denies everything.
func NewPolicy(t *Table) *Policy {
	p := &Policy{}
	p.Replace(t)
	return p
}

// Replace puts another table in force at once; decisions under way finish by the
// former one.
func (p *Policy) Replace(t *Table) {
	if t == nil {
		t = &Table{}
	}
	ix := &index{
		units:   t.Units,
		grants:  make(map[string][]Grant),
		holders: make(map[string]*Holder, len(t.Holders)),
		byRole:  make(map[string][]*Holder),
		inTurn:  make(map[string][]Delegation),
	}
	for _, g := range t.Grants {
		ix.grants[g.Step] = append(ix.grants[g.Step], g)
	}
	for i := range t.Holders {
		h := &t.Holders[i]
		ix.holders[h.ID] = h
		for j := range h.Posts {
			for _, r := range h.Posts[j].Roles {
				if l := ix.byRole[r]; len(l) == 0 || l[len(l)-1] != h {
					ix.byRole[r] = append(l, h)
				}
			}
		}
	}
	for _, d := range t.Delegations {
		ix.inTurn[d.Deputy] = append(ix.inTurn[d.Deputy], d)
	}
	p.at.Store(ix)
}

// Official returns the official with the posts held at t, or false when the table
// has none of that id or no post is held then: a removed official is nobody.
func (p *Policy) Official(id string, t time.Time) (*Person, bool) {
	ix := p.at.Load()
	h := ix.holders[id]
	if h == nil {
		return nil, false
	}
	person := ix.person(h, t)
	return person, len(person.Posts) > 0
}

func (ix *index) person(h *Holder, t time.Time) *Person {
	p := &Person{ID: h.ID, Kind: Official, Name: h.Name}
	for i := range h.Posts {
		if !ix.held(&h.Posts[i], t) {
			continue
		}
		p.Posts = append(p.Posts, h.Posts[i])
		if !slices.Contains(p.Units, h.Posts[i].Unit) {
			p.Units = append(p.Units, h.Posts[i].Unit)
		}
	}
	return p
}

// held reports whether the post counts at t. A post in a unit that has ended does
// not: its holder got a new one by decision, or none.
func (ix *index) held(post *Post, t time.Time) bool {
	if !post.At(t) || ix.units == nil {
		return false
	}
	heir, ok := ix.units.Heir(post.Unit, t)
	return ok && heir == post.Unit
}

// Can decides whether the person may do the act. For an official only the table
// counts, not the posts the value carries, so that it may be older than the table.
func (p *Policy) Can(who *Person, a Act) Decision { return p.at.Load().can(who, a) }

func (ix *index) can(who *Person, a Act) Decision {
	if who == nil || who.ID == "" {
		return denied(reasonNobody)
	}
	grants := ix.inForce(a)
	if len(grants) == 0 {
		return denied(reasonNoGrant(a.Step))
	}
	if who.Kind == Citizen {
		return citizenCan(who, grants)
	}
	h := ix.holders[who.ID]
	if who.Kind != Official || h == nil || !ix.serves(h, a.At) {
		return denied(reasonUnknownOfficial)
	}
	unit, ok := ix.target(a)
	if !ok {
		return denied(reasonUnknownUnit(a.Unit))
	}
	worst := missRole
	for _, look := range [2]looker{ix.byPost, ix.byDelegation} {
		for i := range grants {
			d, m := look(h, &grants[i], unit, a.At, who.Assurance)
			if d != nil {
				return *d
			}
			worst = max(worst, m)
		}
	}
	return denied(worst.reason(grants))
}

// looker looks for what lets h use the grant; without it, how near h came.
type looker func(h *Holder, g *Grant, unit string, t time.Time, level int) (*Decision, miss)

// serves reports whether h holds any post at t; without one a delegation is void.
func (ix *index) serves(h *Holder, t time.Time) bool {
	for i := range h.Posts {
		if ix.held(&h.Posts[i], t) {
			return true
		}
	}
	return false
}

// inForce returns the grants of the step that are in force at the moment.
func (ix *index) inForce(a Act) []Grant {
	var out []Grant
	if a.Step == "" || a.Step == AnyStep { // a pattern is no step
		return nil
	}
	for _, step := range [2]string{a.Step, AnyStep} {
		for _, g := range ix.grants[step] {
			if within(g.From, g.To, a.At) {
				out = append(out, g)
			}
		}
	}
	return out
}

// target returns the unit that is responsible at the moment.
func (ix *index) target(a Act) (string, bool) {
	if a.Unit == "" {
		return "", true
	}
	if ix.units == nil {
		return "", false
	}
	return ix.units.Heir(a.Unit, a.At)
}

func citizenCan(who *Person, grants []Grant) Decision {
	low := false
	for i := range grants {
		g := &grants[i]
		if g.Role != RoleCitizen || g.Reach != Anywhere {
			continue
		}
		if who.Assurance < g.Assurance {
			low = true
			continue
		}
		return Decision{Allowed: true, Grant: g.ID, Role: g.Role}
	}
	if low {
		return denied(missAssurance.reason(grants))
	}
	return denied(missRole.reason(grants))
}

// byPost looks for a post of h that carries the grant's role and reaches the unit.
func (ix *index) byPost(h *Holder, g *Grant, unit string, t time.Time, level int) (*Decision, miss) {
	worst := missRole
	for i := range h.Posts {
		post := &h.Posts[i]
		if !slices.Contains(post.Roles, g.Role) {
			continue
		}
		switch {
		case !ix.held(post, t):
			worst = max(worst, missDate)
		case !ix.reaches(g.Reach, post.Unit, unit, t):
			worst = max(worst, missUnit)
		case level < g.Assurance:
			worst = max(worst, missAssurance)
		default:
			return &Decision{Allowed: true, Grant: g.ID, Role: g.Role, Unit: post.Unit, Decision: post.Decision}, 0
		}
	}
	return nil, worst
}

// byDelegation does the same for the posts of those whom h stands in for.
func (ix *index) byDelegation(h *Holder, g *Grant, unit string, t time.Time, level int) (*Decision, miss) {
	worst := missRole
	for i := range ix.inTurn[h.ID] {
		d := &ix.inTurn[h.ID][i]
		by := ix.holders[d.Principal]
		if by == nil || len(d.Roles) > 0 && !slices.Contains(d.Roles, g.Role) {
			continue
		}
		if !within(d.From, d.To, t) {
			worst = max(worst, missDate)
			continue
		}
		posts := by
		if d.Unit != "" {
			posts = &Holder{ID: by.ID, Posts: postsIn(by.Posts, d.Unit)}
		}
		got, m := ix.byPost(posts, g, unit, t, level)
		if got != nil {
			got.Delegation, got.OnBehalf, got.Form = d.ID, d.Principal, d.Form
			return got, 0
		}
		worst = max(worst, m)
	}
	return nil, worst
}

func postsIn(posts []Post, unit string) []Post {
	var out []Post
	for _, p := range posts {
		if p.Unit == unit {
			out = append(out, p)
		}
	}
	return out
}

// maxDepth bounds the walk up the tree, so that a ring of parents ends.
const maxDepth = 16

func (ix *index) reaches(r Reach, post, unit string, t time.Time) bool {
	switch {
	case r == Anywhere:
		return true
	case unit == "":
		return false
	case r == OwnUnit:
		return post == unit
	case r != Subtree:
		return false
	}
	for range maxDepth {
		if unit == post {
			return true
		}
		if unit = ix.units.Parent(unit, t); unit == "" {
			return false
		}
	}
	return false
}

// WhoCan lists the officials who may do the act, sorted by ID, each with the posts
// held at the moment. A sign-in of a lower assurance than a grant asks for may
// still be refused by Can: WhoCan assumes the highest. Citizens are not listed.
func (p *Policy) WhoCan(a Act) []Person {
	ix := p.at.Load()
	seen := make(map[string]bool)
	var out []Person
	try := func(h *Holder) {
		if seen[h.ID] {
			return
		}
		seen[h.ID] = true
		person := ix.person(h, a.At)
		person.Assurance = highestAssurance
		if ix.can(person, a).Allowed {
			person.Assurance = 0
			out = append(out, *person)
		}
	}
	for _, g := range ix.inForce(a) {
		for _, h := range ix.byRole[g.Role] {
			try(h)
		}
	}
	for to := range ix.inTurn {
		if h := ix.holders[to]; h != nil {
			try(h)
		}
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.ID, b.ID) })
	return out
}

const highestAssurance = 1 << 30
