package procedures

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/workflow"
)

// Catalogue holds every edition of every procedure, overlays laid over. It is
// immutable and safe for concurrent use.
type Catalogue struct {
	editions map[editionKey][]*Procedure // by start, never overlapping
}

// editionKey names a sequence of editions: unit is empty for the province as a
// whole and a unit's code where a commune overlay exists.
type editionKey struct{ code, unit string }

// At returns the edition of a procedure in force at t, as the province runs it;
// [ErrNotFound] when there is none.
func (c *Catalogue) At(code string, t time.Time) (*Procedure, error) { return c.AtUnit(code, "", t) }

// AtUnit is [Catalogue.At] with the unit's own overlay, if it has one.
func (c *Catalogue) AtUnit(code, unit string, t time.Time) (*Procedure, error) {
	list, ok := c.editions[editionKey{code, unit}]
	if !ok {
		list = c.editions[editionKey{code, ""}]
	}
	for _, p := range list {
		if p.Valid.Contains(t) {
			return p, nil
		}
	}
	return nil, &Error{CodeNotFound, fmt.Sprintf("procedure %.40q has no edition on %s", code, t.In(Zone).Format(time.DateOnly))}
}

// Codes lists the codes of all procedures, in order.
func (c *Catalogue) Codes() []string {
	var out []string
	for k := range c.editions {
		out = append(out, k.code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Offices lists the codes of the units that have procedures of their own, in
// order.
func (c *Catalogue) Offices() []string {
	var out []string
	for k := range c.editions {
		if k.unit != "" {
			out = append(out, k.unit)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Editions lists a procedure's editions as the province runs them, the earliest first.
func (c *Catalogue) Editions(code string) []*Procedure {
	return slices.Clone(c.editions[editionKey{code, ""}])
}

// Machines compiles every machine any edition needs, with the modules the
// province runs, for the engine: old dossiers keep the machine they started
// with. Equal machines appear once; for each code the latest edition's machine
// comes last.
func (c *Catalogue) Machines(b workflow.Bindings, modules ...string) ([]*workflow.Machine, error) {
	var out []*workflow.Machine
	for _, code := range c.Codes() {
		var list []*workflow.Machine
		for _, p := range c.editions[editionKey{code, ""}] {
			m, err := p.With(modules...).Compile(b)
			if err != nil {
				return nil, err
			}
			list = slices.DeleteFunc(list, func(x *workflow.Machine) bool { return x.Version() == m.Version() })
			list = append(list, m)
		}
		out = append(out, list...)
	}
	return out, nil
}

// catalogue lays every overlay over every edition it meets in time.
func (l *loader) catalogue() *Catalogue {
	c := &Catalogue{editions: map[editionKey][]*Procedure{}}
	for _, ov := range l.overlays {
		known := slices.ContainsFunc(l.bases, func(p *Procedure) bool { return p.Code == ov.Extends && overlaps(p.Valid, ov.Valid) })
		if !known && len(l.f.list) == 0 {
			l.f.at(ov.node, "overlay-base", "correct the code or the dates", "no edition of %s lies under this overlay", ov.Extends)
		}
	}
	for _, k := range l.keys() {
		for _, base := range l.bases {
			if base.Code == k.code {
				c.editions[k] = append(c.editions[k], l.cut(base, k.unit)...)
			}
		}
		slices.SortFunc(c.editions[k], func(a, b *Procedure) int { return a.Valid.From.Compare(b.Valid.From) })
		if len(c.editions[k]) == 0 {
			delete(c.editions, k)
		}
	}
	return c
}

func (l *loader) keys() []editionKey {
	seen := map[editionKey]bool{}
	for _, p := range l.bases {
		seen[editionKey{p.Code, ""}] = true
	}
	for _, ov := range l.overlays {
		if ov.Unit != "" {
			seen[editionKey{ov.Extends, ov.Unit}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b editionKey) int {
		if n := strings.Compare(a.code, b.code); n != 0 {
			return n
		}
		return strings.Compare(a.unit, b.unit)
	})
}

// cut divides an edition at the days an overlay begins or ends, and lays on each
// part the overlays that hold there, from the ministry down.
func (l *loader) cut(base *Procedure, unit string) []*Procedure {
	var mine []*Overlay
	borders := []time.Time{base.Valid.From}
	for _, layer := range layers {
		for _, ov := range l.overlays {
			if ov.Layer != layer || ov.Extends != base.Code || ov.Unit != "" && ov.Unit != unit || !overlaps(ov.Valid, base.Valid) {
				continue
			}
			mine = append(mine, ov)
			for _, t := range []time.Time{ov.Valid.From, ov.Valid.To} {
				if t.After(base.Valid.From) && (base.Valid.To.IsZero() || t.Before(base.Valid.To)) {
					borders = append(borders, t)
				}
			}
		}
	}
	slices.SortFunc(borders, time.Time.Compare)
	borders = slices.CompactFunc(borders, time.Time.Equal)
	var out []*Procedure
	for i, from := range borders {
		part := Period{from, base.Valid.To}
		if i+1 < len(borders) {
			part.To = borders[i+1]
		}
		var on []*Overlay
		for _, ov := range mine {
			if ov.Valid.Contains(from) {
				on = append(on, ov)
			}
		}
		p, found, err := Extend(base, on...)
		if err != nil || len(found) > 0 {
			for _, x := range found {
				l.f.add(x.File, x.Line, x.Rule, x.Remedy, "%s", x.Problem)
			}
			continue
		}
		edition := *p
		edition.Valid = part
		out = append(out, &edition)
	}
	return out
}
