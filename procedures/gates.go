package procedures

import (
	"slices"
)

// With leaves out the states and steps of modules the province does not run:
// what needs a module that is not named, and what stands in for modules that
// all are. The result's machine has a version of its own.
func (p *Procedure) With(modules ...string) *Procedure {
	out := *p
	out.cut = true
	keep := func(needs, unless []string) bool {
		for _, n := range needs {
			if !slices.Contains(modules, n) {
				return false
			}
		}
		return len(unless) == 0 || slices.ContainsFunc(unless, func(u string) bool { return !slices.Contains(modules, u) })
	}
	out.States = slices.DeleteFunc(slices.Clone(p.States), func(s State) bool { return !keep(s.Needs, s.Unless) })
	out.Steps = nil
	for _, s := range p.Steps {
		if !keep(s.Needs, s.Unless) {
			continue
		}
		// a step may also leave from states that other modules bring
		s.From = slices.DeleteFunc(slices.Clone(s.From), func(id string) bool {
			_, present := out.State(id)
			_, known := p.State(id)
			return known && !present
		})
		if len(s.From) > 0 {
			out.Steps = append(out.Steps, s)
		}
	}
	return &out
}

// ModulesUsed lists the modules the definition names, in alphabetical order.
func (p *Procedure) ModulesUsed() []string {
	var out []string
	for _, s := range p.States {
		out = append(append(out, s.Needs...), s.Unless...)
	}
	for _, s := range p.Steps {
		out = append(append(out, s.Needs...), s.Unless...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// full is the procedure with every module it names, unless it has been cut already.
func (p *Procedure) full() *Procedure {
	if p.cut {
		return p
	}
	return p.With(p.ModulesUsed()...)
}
