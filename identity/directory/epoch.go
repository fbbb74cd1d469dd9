package directory

import (
	"slices"
	"sort"
	"time"
)

// epoch is the state of all units between two days on which something changes. It
// is worked out once, when first asked for, so that a question about a day costs a
// map look-up however often the province was reorganised.
type epoch struct {
	units    map[string]*Unit
	heirs    map[string]string   // every code ever listed until then → who has its work
	children map[string][]string // sorted
	own      map[string][]string // heir → codes whose work it has, itself included; sorted
}

var nothing = &epoch{}

// at returns the epoch of a moment; before the first day nothing exists.
func (d *Directory) at(t time.Time) *epoch {
	i := sort.Search(len(d.bounds), func(i int) bool { return d.bounds[i].After(t) })
	if i == 0 {
		return nothing
	}
	return d.epochs[i-1]()
}

func (d *Directory) newEpoch(t time.Time) *epoch {
	e := &epoch{units: map[string]*Unit{}, heirs: map[string]string{}, children: map[string][]string{}, own: map[string][]string{}}
	for code := range d.versions {
		if u, ok := d.Unit(code, t); ok {
			e.units[code] = u
			if u.Parent != "" {
				e.children[u.Parent] = append(e.children[u.Parent], code)
			}
		}
		if heir, ok := d.follow(code, t); ok {
			e.heirs[code] = heir
			e.own[heir] = append(e.own[heir], code)
		}
	}
	for _, m := range []map[string][]string{e.children, e.own} {
		for _, list := range m {
			slices.Sort(list)
		}
	}
	return e
}

// follow walks from a code to who has its work at t, along the default heirs.
func (d *Directory) follow(code string, t time.Time) (string, bool) {
	for range len(d.versions) + 1 {
		if _, ok := d.Unit(code, t); ok {
			return code, true
		}
		var last *Unit
		for _, u := range d.versions[code] {
			if !u.To.IsZero() && !u.To.After(t) {
				last = u
			}
		}
		if last == nil || len(last.Successors) == 0 {
			return "", false
		}
		code = last.Successors[0].Code
	}
	return "", false
}

// Heir returns the unit that has the work of a code at t: the unit itself while it
// exists, then its default successor, and so on. It is false for a code nobody
// listed, before the unit existed, and where a unit ended without a successor.
func (d *Directory) Heir(code string, t time.Time) (string, bool) {
	heir, ok := d.at(t).heirs[code]
	return heir, ok
}

// Heirs returns all units that took over parts of the work of a code by t, sorted;
// the code itself while it exists. Successor.Share says which part is whose.
func (d *Directory) Heirs(code string, t time.Time) []string {
	seen := map[string]bool{}
	var out []string
	var walk func(string)
	walk = func(code string) {
		if seen[code] {
			return
		}
		seen[code] = true
		if _, ok := d.Unit(code, t); ok {
			out = append(out, code)
			return
		}
		var last *Unit
		for _, u := range d.versions[code] {
			if !u.To.IsZero() && !u.To.After(t) {
				last = u
			}
		}
		if last == nil {
			return
		}
		for _, s := range last.Successors {
			walk(s.Code)
		}
	}
	walk(code)
	slices.Sort(out)
	return out
}

// Parent returns the unit above at t, "" at the top or when the unit does not
// exist then.
func (d *Directory) Parent(code string, t time.Time) string {
	if u := d.at(t).units[code]; u != nil {
		return u.Parent
	}
	return ""
}

// Covered returns every code, former ones included, whose work lies at t with the
// unit, or with a unit below it; sorted.
func (d *Directory) Covered(code string, below bool, t time.Time) []string {
	e := d.at(t)
	out := slices.Clone(e.own[code])
	if !below {
		return out
	}
	seen := map[string]bool{code: true}
	for queue := slices.Clone(e.children[code]); len(queue) > 0; {
		next := queue[0]
		queue = queue[1:]
		if seen[next] {
			continue
		}
		seen[next] = true
		out = append(out, e.own[next]...)
		queue = append(queue, e.children[next]...)
	}
	slices.Sort(out)
	return out
}
