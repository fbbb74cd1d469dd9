package procedures

import (
	"strconv"

	"github.com/motcua/motcua/workflow"
)

// Clock settings of a state.
const (
	ClockNone    = "none"    // the term has not begun, or is over
	ClockRunning = "running" // counts towards the term
	ClockPaused  = "paused"  // stands still, with the article that says so
)

func (f *findings) states(o object, p *Procedure) {
	o.each("states", func(id string, at, n *node) {
		what := "state " + id
		so := f.object(n, what, "name", "national", "start", "end", "gate", "outcome", "clock", "budget", "law", "needs", "unless")
		so.need("name", "national")
		s := State{
			ID: id, Name: so.text("name"), Start: so.bool("start"), End: so.bool("end"), Gate: so.oneOf("gate", "fee"),
			Outcome: so.oneOf("outcome", "granted"), Clock: so.oneOf("clock", ClockNone, ClockRunning, ClockPaused),
			Budget: so.budget("budget"), Law: f.laws(so, p), Needs: so.strings("needs"), Unless: so.strings("unless"), at: at,
		}
		if s.Clock == "" {
			s.Clock = ClockNone
		}
		if s.Clock == ClockPaused && len(s.Law) == 0 {
			f.at(at, "clock-law", "cite the article that lets the clock stand still", "%s pauses the clock without law", what)
		}
		s.National = f.national(so, p)
		f.modules(so, s.Needs, s.Unless, p)
		p.States = append(p.States, s)
	})
}

func (f *findings) national(so object, p *Procedure) Status {
	n := so.n.get("national")
	if n == nil {
		return 0
	}
	if n.value == "none" {
		return 0
	}
	v, err := strconv.Atoi(n.value)
	if _, known := p.opts.statuses().Info(Status(v)); err != nil || !known || n.scalar != integerScalar {
		f.at(n, "status-unknown", "a number of the national list, or none before filing", "%s: no national status %q", so.what, n.value)
	}
	return Status(v)
}

func (f *findings) steps(o object, p *Procedure) {
	o.each("steps", func(id string, at, n *node) {
		what := "step " + id
		so := f.object(n, what, "event", "name", "from", "to", "roles", "system", "reason", "guards", "effects", "duty", "law",
			"needs", "unless")
		so.need("name", "from", "to")
		s := Step{
			ID: id, Event: so.str("event"), Name: so.text("name"), From: so.strings("from"), To: so.str("to"), Roles: so.strings("roles"),
			System: so.bool("system"), Reason: so.bool("reason"), Guards: so.strings("guards"), Effects: so.strings("effects"),
			Duty: so.oneOf("duty", "appraise", "approve"), Law: f.laws(so,
				p), Needs: so.strings("needs"), Unless: so.strings("unless"), at: at,
		}
		if s.Event == "" {
			s.Event = id
		}
		if s.Event == workflow.StartEvent {
			f.at(at, "name-taken", "choose another event", "%s: the event %q is the engine's own", what, s.Event)
		}
		if !idPattern.MatchString(s.Event) {
			f.at(n.get("event"), "name-form", "lower case letters, digits and _, at most 64", "%s: %q is no event", what, s.Event)
		}
		if s.System == (len(s.Roles) > 0) {
			f.at(at, "step-actor", "name roles, or system: true, and not both", "%s: it is unclear who may do it", what)
		}
		b := p.opts.bindings()
		f.bound(so, "roles", s.Roles, b.Roles)
		f.bound(so, "guards", s.Guards, b.Guards)
		f.bound(so, "effects", s.Effects, b.Effects)
		f.modules(so, s.Needs, s.Unless, p)
		p.Steps = append(p.Steps, s)
	})
}

func (f *findings) bound(so object, key string, names []string, known []Bindable) {
	for _, name := range names {
		if !bindable(known, name) {
			f.at(so.n.get(key), ruleUnbound[key], "see `procedures bindings` for what may be named",
				"%s names %q, which nothing provides", so.what, name)
		}
	}
}

func (f *findings) modules(so object, needs, unless []string, p *Procedure) {
	f.bound(so, "needs", needs, p.opts.bindings().Modules)
	f.bound(so, "unless", unless, p.opts.bindings().Modules)
}

var ruleUnbound = map[string]string{
	"roles": "role-unbound", "guards": "guard-unbound", "effects": "effect-unbound", "needs": "module-unbound", "unless": "module-unbound",
}
