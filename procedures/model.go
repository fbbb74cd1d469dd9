package procedures

import (
	"slices"
	"strings"
	"time"
)

// maxModules bounds the combinations the model checker walks.
const maxModules = 6

// model proves, for every combination of modules, that the machine can't strand
// a dossier, skip its fee, show a status the portal doesn't expect, or let one
// role both appraise and approve.
func (f *findings) model(p *Procedure) {
	f.names(p)
	if n := len(p.ModulesUsed()); n > maxModules {
		f.add(p.root.file, p.root.line, "module-many", "use fewer", "%d modules are named, at most %d", n, maxModules)
	}
	if len(f.list) > 0 {
		return
	}
	combinations := p.combinations()
	for _, on := range combinations {
		var here findings
		m := &model{f: &here, p: p.With(on...), whole: p, with: "with " + strings.Join(on, " and ")}
		if len(on) == 0 {
			m.with = "with no module"
		}
		if len(combinations) == 1 {
			m.with = "always"
		}
		m.check()
		f.once(here.list)
	}
}

// combinations lists every set of the modules a definition names, the empty one first.
func (p *Procedure) combinations() [][]string {
	mods := p.ModulesUsed()
	var out [][]string
	for bits := range 1 << len(mods) {
		var on []string
		for i, m := range mods {
			if bits>>i&1 == 1 {
				on = append(on, m)
			}
		}
		out = append(out, on)
	}
	return out
}

// once adds what no earlier combination of modules has told of the same line.
func (f *findings) once(list []Finding) {
	earlier := slices.Clone(f.list)
	for _, n := range list {
		told := func(x Finding) bool { return x.File == n.File && x.Line == n.Line && x.Rule == n.Rule }
		if !slices.ContainsFunc(earlier, told) {
			f.list = append(f.list, n)
		}
	}
}

// names checks references between steps and states, whatever the modules.
func (f *findings) names(p *Procedure) {
	const remedy = "name a state of this procedure"
	for _, s := range p.Steps {
		for _, from := range s.From {
			if _, ok := p.State(from); !ok {
				f.at(s.at, "state-unknown", remedy, "step %s leaves from %q", s.ID, from)
			}
		}
		if _, ok := p.State(s.To); !ok {
			f.at(s.at, "state-unknown", remedy, "step %s leads to %q", s.ID, s.To)
		}
	}
}

type model struct {
	f        *findings
	p, whole *Procedure
	with     string
}

func (m *model) state(id string) State {
	s, _ := m.p.State(id)
	return s
}

func (m *model) check() {
	dangling := false
	for _, s := range m.p.Steps {
		if _, ok := m.p.State(s.To); !ok {
			dangling = true
			m.f.at(s.at, "module-dangling", "give the step the same needs as its state",
				"%s, step %s leads to %s, which does not exist", m.with, s.ID, s.To)
		}
	}
	start := m.start()
	if dangling || start == "" {
		return
	}
	m.events()
	m.ends(start)
	m.statuses()
	m.gate(start)
	m.duties()
	m.budgets()
}

func (m *model) start() string {
	var starts []State
	for _, s := range m.p.States {
		if s.Start {
			starts = append(starts, s)
		}
	}
	if len(starts) != 1 {
		at := m.whole.root.key("states")
		if len(starts) > 1 {
			at = starts[1].at
		}
		m.f.at(at, "state-start", "mark one state start: true", "%s there are %d starting states", m.with, len(starts))
		return ""
	}
	return starts[0].ID
}

func (m *model) events() {
	seen := map[[2]string]bool{}
	for _, s := range m.p.Steps {
		for _, from := range s.From {
			k := [2]string{from, s.Event}
			if seen[k] {
				m.f.at(s.at, "event-twice", "give one of them another event", "%s the event %s leaves %s twice", m.with, s.Event, from)
			}
			seen[k] = true
		}
	}
}

// reach lists the states reachable from start by the steps for which ok holds.
func (m *model) reach(start string, ok func(Step, string) bool) map[string]bool {
	seen, todo := map[string]bool{start: true}, []string{start}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		for _, s := range m.p.Steps {
			if slices.Contains(s.From, at) && ok(s, at) && !seen[s.To] {
				seen[s.To] = true
				todo = append(todo, s.To)
			}
		}
	}
	return seen
}

func always(Step, string) bool { return true }

func (m *model) ends(start string) {
	reached := m.reach(start, always)
	for _, s := range m.p.States {
		if !reached[s.ID] {
			m.f.at(s.at, "state-unreachable", "add a step that leads to it, or remove it", "%s no dossier ever reaches %s", m.with, s.ID)
		}
		leaves := slices.ContainsFunc(m.p.Steps, func(x Step) bool { return slices.Contains(x.From, s.ID) })
		if s.End && leaves {
			m.f.at(s.at, "state-end", "remove end: true or the step that leaves", "%s a step leaves the end %s", m.with, s.ID)
		}
		endless := true
		for id := range m.reach(s.ID, always) {
			endless = endless && !m.state(id).End
		}
		if endless {
			m.f.at(s.at, "state-stuck", "add a step towards a state with end: true", "%s a dossier in %s never ends", m.with, s.ID)
		}
	}
}

func (m *model) statuses() {
	table := m.p.opts.statuses()
	for _, s := range m.p.Steps {
		to := m.state(s.To)
		for _, id := range s.From {
			from := m.state(id)
			if to.National == 0 && from.National != 0 || !table.Allows(from.National, to.National) {
				m.f.at(s.at, "status-move", "change the map of a state, or statuses.yaml where the portal allows it",
					"step %s shows %d after %d, which the national list does not allow", s.ID, to.National, from.National)
			}
		}
	}
}

// gate proves that no result is reached around the fee gate and that the gate
// opens by a system event only.
func (m *model) gate(start string) {
	i := slices.IndexFunc(m.p.States, func(s State) bool { return s.Gate != "" })
	if i < 0 {
		return
	}
	gate := m.p.States[i]
	around := m.reach(start, func(_ Step, from string) bool { return m.state(from).Gate == "" })
	through := m.reach(gate.ID, func(s Step, from string) bool { return m.state(from).Gate == "" || !s.System })
	for _, s := range m.p.States {
		if s.Outcome == "" {
			continue
		}
		if around[s.ID] {
			m.f.at(s.at, "fee-gate", "lead every way to it through the gate "+gate.ID, "%s a dossier reaches %s without paying",
				m.with, s.ID)
		}
		if through[s.ID] {
			m.f.at(gate.at, "fee-gate", "let only a system event lead from the gate to a result",
				"%s an official can open the gate %s by hand", m.with, gate.ID)
		}
	}
}

func (m *model) duties() {
	for _, a := range m.p.Steps {
		for _, b := range m.p.Steps {
			if a.Duty != "appraise" || b.Duty != "approve" {
				continue
			}
			for _, r := range a.Roles {
				if slices.Contains(b.Roles, r) {
					m.f.at(b.at, "duty-apart", "give the two steps different roles",
						"the role %s both appraises (%s) and approves (%s)", r, a.ID, b.ID)
				}
			}
		}
	}
}

// budgets compares the working time the steps may take, along the longest way,
// with every term. States of a cycle count once each: a supplement's waiting
// time is paused anyway.
func (m *model) budgets() {
	way, longest := m.longest()
	for _, t := range m.p.Terms {
		if legal := t.Working(); longest > legal {
			at := m.whole.root.key("terms", t.ID)
			m.f.at(at, "budget-term", "shorten budgets, or the term is not kept",
				"%s the steps %s may take %s of working time, the term %s is %s",
				m.with, strings.Join(way, ", "), longest, t.ID, legal)
		}
	}
}

// longest finds the simple path of running states with the greatest budget.
// States are few; the walk is cut off at a number no real procedure comes near.
func (m *model) longest() (way []string, total time.Duration) {
	tries := 0
	on := map[string]bool{}
	var path []string
	var walk func(id string, sum time.Duration)
	walk = func(id string, sum time.Duration) {
		if tries++; tries > 200_000 || on[id] {
			return
		}
		on[id] = true
		if s := m.state(id); s.Clock == ClockRunning && s.Budget > 0 {
			sum += s.Budget
			path = append(path, id)
			defer func() { path = path[:len(path)-1] }()
		}
		if sum > total {
			total, way = sum, slices.Clone(path)
		}
		for _, st := range m.p.Steps {
			if slices.Contains(st.From, id) {
				walk(st.To, sum)
			}
		}
		delete(on, id)
	}
	for _, s := range m.p.States {
		if s.Start {
			walk(s.ID, 0)
		}
	}
	return way, total
}
