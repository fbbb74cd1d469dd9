package directory

import (
	"cmp"
	"slices"
	"time"

	"github.com/motcua/motcua/identity"
)

// check checks what the files say together and builds the directory.
func (b *builder) check() *Directory {
	d := newDirectory(b.units)
	b.checkVersions(d)
	for i := range b.units {
		b.checkUnit(d, &b.units[i])
	}
	b.checkRoles(d)
	b.checkOfficials(d)
	b.checkGrants(d)
	b.checkDelegations(d)
	return d
}

// checkVersions refuses two versions of a code that are in force on one day.
func (b *builder) checkVersions(d *Directory) {
	for _, versions := range d.versions {
		for i := 1; i < len(versions); i++ {
			before, u := versions[i-1], versions[i]
			if before.To.IsZero() || u.From.Before(before.To) {
				b.add(u.File, u.Line, "unit/overlap", "let the earlier version end (to) when this one begins (from)",
					"unit %s has another version on the same day, at %s:%d", u.Code, before.File, before.Line)
			}
		}
	}
}

func (b *builder) checkUnit(d *Directory, u *Unit) {
	if u.Parent != "" {
		if gap, ok := d.covers(u.Parent, u.From, u.To); !ok {
			b.add(u.File, u.Line, "unit/parent", "list the parent for the whole time, or begin another version under the new parent",
				"the unit above, %s, is not listed on %s", u.Parent, gap.Format(time.DateOnly))
		} else if d.ring(u.Code, u.From) {
			b.add(u.File, u.Line, "unit/parent-ring", "correct one of the parents", "unit %s is above itself", u.Code)
		}
	}
	if u.To.IsZero() {
		if len(u.Successors) > 0 {
			b.add(u.File, u.Line, "unit/successor", "write to: with the day, or leave the successors out",
				"unit %s has successors and no end", u.Code)
		}
		return
	}
	_, renamed := d.Unit(u.Code, u.To)
	if len(u.Successors) == 0 && !renamed {
		b.warn(u.File, u.Line, "unit/heir", "name who takes over its work (successors)", "unit %s ends and leaves its work to nobody", u.Code)
	}
	for _, s := range u.Successors {
		switch _, ok := d.Unit(s.Code, u.To); {
		case s.Code == "": // found before
		case s.Code == u.Code:
			b.add(u.File, u.Line, "unit/successor", "leave it out: a next version needs no link", "unit %s succeeds itself", u.Code)
		case !ok:
			b.add(u.File, u.Line, "unit/successor", "list the successor from that day on",
				"the successor %s is not listed on %s", s.Code, u.To.Format(time.DateOnly))
		}
	}
}

func (b *builder) checkRoles(d *Directory) {
	for _, r := range b.roles {
		if r.v.ID == "" {
			continue
		}
		if r.v.ID == identity.RoleCitizen {
			b.add(r.file, r.line, "role/id", "use another id", "%q is the role every citizen has", r.v.ID)
		}
		if _, twice := d.roles[r.v.ID]; twice {
			b.add(r.file, r.line, "role/twice", "remove one of them", "role %q stands twice", r.v.ID)
		}
		d.roles[r.v.ID] = r.v
	}
}

func (b *builder) knownRole(rule, file string, line int, d *Directory, role string) {
	if _, ok := d.roles[role]; !ok {
		b.add(file, line, rule, "list it under roles, or correct the name", "role %q is not listed", role)
	}
}

func (b *builder) checkOfficials(d *Directory) {
	logins := map[string]string{}
	for i := range b.officials {
		o := &b.officials[i]
		if o.ID == "" {
			continue
		}
		if first := d.officials[o.ID]; first != nil {
			b.add(o.File, o.Line, "official/twice", "put all posts under one entry; never give an id to another person",
				"official %s is listed already, at %s:%d", o.ID, first.File, first.Line)
			continue
		}
		d.officials[o.ID] = o
		if o.Subject != "" {
			key := o.Issuer + "\x00" + o.Subject
			if other, twice := logins[key]; twice {
				b.add(o.File, o.Line, "official/login", "give each person an account of their own", "%s and %s have the same login", other, o.ID)
			}
			logins[key] = o.ID
			d.logins[key] = o
		}
		for j := range o.Posts {
			b.checkPost(d, o, &o.Posts[j], b.posts[i][j])
		}
	}
}

func (b *builder) checkPost(d *Directory, o *Official, p *identity.Post, line int) {
	for _, r := range p.Roles {
		b.knownRole("post/role", o.File, line, d, r)
	}
	if p.Unit == "" || p.From.IsZero() {
		return
	}
	if gap, ok := d.covers(p.Unit, p.From, p.To); !ok {
		b.add(o.File, line, "post/unit", "end the post with the unit (to) and list the new post with its decision",
			"the unit of the post, %s, is not listed on %s", p.Unit, gap.Format(time.DateOnly))
	}
}

func (b *builder) checkGrants(d *Directory) {
	for _, g := range b.grants {
		if g.v.Role == identity.RoleCitizen {
			if g.v.Reach != identity.Anywhere {
				b.add(g.file, g.line, "grant/scope", "write scope: all; a citizen sees only their own dossiers anyway",
					"a citizen belongs to no unit")
			}
		} else if g.v.Role != "" {
			b.knownRole("grant/role", g.file, g.line, d, g.v.Role)
		}
		d.table.Grants = append(d.table.Grants, g.v)
	}
}

func (b *builder) checkDelegations(d *Directory) {
	seen := map[string]bool{}
	for _, l := range b.delegations {
		v := l.v
		if seen[v.ID] && v.ID != "" {
			b.add(l.file, l.line, "delegation/twice", "give each its own id", "delegation %q stands twice", v.ID)
		}
		seen[v.ID] = true
		for _, who := range []string{v.Principal, v.Deputy} {
			if who != "" && d.officials[who] == nil {
				b.add(l.file, l.line, "delegation/official", "list the official, or correct the id", "official %q is not listed", who)
			}
		}
		if v.Principal == v.Deputy && v.Deputy != "" {
			b.add(l.file, l.line, "delegation/self", "name two people", "%s stands in for themself", v.Deputy)
		}
		for _, r := range v.Roles {
			b.knownRole("delegation/role", l.file, l.line, d, r)
		}
		if by := d.officials[v.Principal]; by != nil && v.Unit != "" &&
			!slices.ContainsFunc(by.Posts, func(p identity.Post) bool { return p.Unit == v.Unit }) {
			b.add(l.file, l.line, "delegation/unit", "name a unit of the principal's posts", "%s has no post in %s", v.Principal, v.Unit)
		}
		d.table.Delegations = append(d.table.Delegations, v)
	}
	for _, o := range d.officials {
		d.table.Holders = append(d.table.Holders, identity.Holder{ID: o.ID, Name: o.Name, Posts: o.Posts})
	}
	slices.SortFunc(d.table.Holders, func(a, b identity.Holder) int { return cmp.Compare(a.ID, b.ID) })
	d.table.Units = d
}
