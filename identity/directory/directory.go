package directory

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/motcua/motcua/identity"
)

// Directory is one checked state of the files. It does not change and may be used
// concurrently; what it returns must not be changed either.
type Directory struct {
	versions  map[string][]*Unit // by code, in order of time
	bounds    []time.Time        // days on which anything about units changes
	epochs    []func() *epoch    // epochs[i] holds from bounds[i] on
	roles     map[string]Role
	officials map[string]*Official
	logins    map[string]*Official
	table     identity.Table
}

func newDirectory(units []Unit) *Directory {
	d := &Directory{
		versions: map[string][]*Unit{}, roles: map[string]Role{},
		officials: map[string]*Official{}, logins: map[string]*Official{},
	}
	for i := range units {
		u := &units[i]
		d.versions[u.Code] = append(d.versions[u.Code], u)
		d.bounds = append(d.bounds, u.From)
		if !u.To.IsZero() {
			d.bounds = append(d.bounds, u.To)
		}
	}
	for _, v := range d.versions {
		slices.SortStableFunc(v, func(a, b *Unit) int { return a.From.Compare(b.From) })
	}
	slices.SortFunc(d.bounds, time.Time.Compare)
	d.bounds = slices.CompactFunc(d.bounds, time.Time.Equal)
	for _, t := range d.bounds {
		d.epochs = append(d.epochs, sync.OnceValue(func() *epoch { return d.newEpoch(t) }))
	}
	return d
}

// Unit returns the version of a unit that is in force at t.
func (d *Directory) Unit(code string, t time.Time) (*Unit, bool) {
	for _, u := range d.versions[code] {
		if u.At(t) {
			return u, true
		}
	}
	return nil, false
}

// Resolve returns what a code means on a paper of the day t, for ever: the version
// in force then, else the last one before, else the first there is.
func (d *Directory) Resolve(code string, t time.Time) (*Unit, bool) {
	versions := d.versions[code]
	if len(versions) == 0 {
		return nil, false
	}
	best := versions[0]
	for _, u := range versions {
		if !u.From.After(t) {
			best = u
		}
	}
	return best, true
}

// Units returns the units in force at t, sorted by code.
func (d *Directory) Units(t time.Time) []*Unit {
	e := d.at(t)
	out := slices.Collect(maps.Values(e.units))
	slices.SortFunc(out, func(a, b *Unit) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

// Children returns the codes of the units directly below at t, sorted.
func (d *Directory) Children(code string, t time.Time) []string { return d.at(t).children[code] }

// Official returns an official by ID, whether in office or not.
func (d *Directory) Official(id string) (*Official, bool) {
	o, ok := d.officials[id]
	return o, ok
}

// Officials returns everybody ever listed, sorted by ID.
func (d *Directory) Officials() []*Official {
	out := slices.Collect(maps.Values(d.officials))
	slices.SortFunc(out, func(a, b *Official) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Login returns the official a provider's subject means.
func (d *Directory) Login(issuer, subject string) (*Official, bool) {
	if subject == "" {
		return nil, false
	}
	if o, ok := d.logins[issuer+"\x00"+subject]; ok {
		return o, true
	}
	o, ok := d.logins["\x00"+subject]
	return o, ok
}

// Roles returns the roles, sorted by ID.
func (d *Directory) Roles() []Role {
	out := slices.Collect(maps.Values(d.roles))
	slices.SortFunc(out, func(a, b Role) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Table returns the permission table, for a Policy.
func (d *Directory) Table() *identity.Table { return &d.table }

// covers reports whether the code is in force from from to to without a gap, and
// if not the first day it is missing.
func (d *Directory) covers(code string, from, to time.Time) (time.Time, bool) {
	at := from
	for {
		u, ok := d.Unit(code, at)
		if !ok {
			return at, false
		}
		if u.To.IsZero() || !to.IsZero() && !u.To.Before(to) {
			return time.Time{}, true
		}
		at = u.To
	}
}

// ring reports whether the parents of a code at t lead back to it.
func (d *Directory) ring(code string, t time.Time) bool {
	at := code
	for range len(d.versions) + 1 {
		u, ok := d.Unit(at, t)
		if !ok || u.Parent == "" {
			return false
		}
		if at = u.Parent; at == code {
			return true
		}
	}
	return true
}

var _ identity.Units = (*Directory)(nil)
