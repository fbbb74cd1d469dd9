package workflow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/motcua/motcua/workflow/internal/machine"
)

// Bindings are what a definition may name. Effects are given by name only, so
// that the functions behind them may need the engine that is made from the
// machine.
type Bindings struct {
	Guards  map[string]Guard
	Effects []string
}

// Machine is a checked definition. It is immutable and safe for concurrent use.
type Machine struct {
	def    Definition
	guards map[string]Guard
	moves  map[[2]string]*Transition // by event and state
	table  *machine.Table
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Compile checks a definition against what it names and returns its machine.
// The error joins everything that is wrong and is [ErrInvalid]: states and
// events are well named and unique, no event leaves a state twice, final states
// have no way out, every state is reached from the first and reaches a final
// one, guards and effects are bound.
func Compile(d *Definition, b Bindings) (*Machine, error) {
	m := &Machine{def: d.clone(), guards: maps.Clone(b.Guards), moves: map[[2]string]*Transition{}}
	c := checker{m: m, effects: b.Effects, final: map[string]bool{}}
	c.states()
	for i := range m.def.Transitions {
		c.transition(&m.def.Transitions[i])
	}
	c.graph()
	if len(c.wrong) > 0 {
		return nil, fmt.Errorf("%w: definition %s %s: %w", ErrInvalid, d.Code, d.Version, errors.Join(c.wrong...))
	}
	moves := make([]machine.Move, len(m.def.Transitions))
	for i, t := range m.def.Transitions {
		moves[i] = machine.Move{Event: t.Event, From: t.From, To: t.To}
	}
	m.table = machine.New(d.Initial, moves)
	return m, nil
}

type checker struct {
	m       *Machine
	effects []string
	final   map[string]bool // every state, and whether it is final
	wrong   []error
}

func (c *checker) bad(format string, a ...any) { c.wrong = append(c.wrong, fmt.Errorf(format, a...)) }

func (c *checker) states() {
	d := &c.m.def
	if d.Code == "" || d.Version == "" {
		c.bad("code and version are required")
	}
	for _, s := range d.States {
		if !nameForm.MatchString(s.Name) {
			c.bad("state %q: a name is lower case letters, digits and underscores", s.Name)
		}
		if _, twice := c.final[s.Name]; twice {
			c.bad("state %s stands twice", s.Name)
		}
		c.final[s.Name] = s.Final
	}
	if _, ok := c.final[d.Initial]; !ok {
		c.bad("initial state %q is not among the states", d.Initial)
	}
}

func (c *checker) transition(t *Transition) {
	if !nameForm.MatchString(t.Event) || t.Event == StartEvent {
		c.bad("event %q: a name is lower case letters, digits and underscores, and not %q", t.Event, StartEvent)
	}
	if _, ok := c.final[t.To]; !ok {
		c.bad("event %s leads to unknown state %q", t.Event, t.To)
	}
	if len(t.From) == 0 {
		c.bad("event %s leaves no state (fill from)", t.Event)
	}
	for _, from := range t.From {
		key := [2]string{t.Event, from}
		switch final, ok := c.final[from]; {
		case !ok:
			c.bad("event %s leaves unknown state %q", t.Event, from)
		case final:
			c.bad("event %s leaves final state %s", t.Event, from)
		case c.m.moves[key] != nil:
			c.bad("event %s leaves state %s twice (use two events: guards do not choose the way)", t.Event, from)
		default:
			c.m.moves[key] = t
		}
	}
	if t.System && len(t.Roles) > 0 {
		c.bad("event %s is a system event and names roles (drop one of the two)", t.Event)
	}
	for _, g := range t.Guards {
		if c.m.guards[g] == nil {
			c.bad("event %s: guard %q is not bound (bind it, or mend the name)", t.Event, g)
		}
	}
	for i, e := range t.Effects {
		if !slices.Contains(c.effects, e) {
			c.bad("event %s: effect %q is not bound (bind it, or mend the name)", t.Event, e)
		}
		if slices.Contains(t.Effects[:i], e) {
			c.bad("event %s names effect %s twice", t.Event, e)
		}
	}
}

func (c *checker) graph() {
	next, prev := map[string][]string{}, map[string][]string{}
	for key, t := range c.m.moves {
		next[key[1]] = append(next[key[1]], t.To)
		prev[t.To] = append(prev[t.To], key[1])
	}
	var ends []string
	for _, s := range c.m.def.States {
		if s.Final {
			ends = append(ends, s.Name)
		}
	}
	if len(ends) == 0 {
		c.bad("no state is final")
	}
	reached, ending := walk(next, c.m.def.Initial), walk(prev, ends...)
	for _, s := range c.m.def.States {
		if !reached[s.Name] {
			c.bad("state %s is never reached", s.Name)
		}
		if !ending[s.Name] {
			c.bad("state %s never reaches a final state", s.Name)
		}
	}
}

func walk(edges map[string][]string, from ...string) map[string]bool {
	seen := map[string]bool{}
	for len(from) > 0 {
		s := from[len(from)-1]
		from = from[:len(from)-1]
		if !seen[s] {
			seen[s] = true
			from = append(from, edges[s]...)
		}
	}
	return seen
}

// Code returns the procedure's code.
func (m *Machine) Code() string { return m.def.Code }

// Version returns the definition's version.
func (m *Machine) Version() string { return m.def.Version }

// Definition returns a copy of what was compiled.
func (m *Machine) Definition() Definition {
	return m.def.clone()
}

// clone copies everything a definition reaches.
func (d *Definition) clone() Definition {
	out := *d
	out.States = slices.Clone(d.States)
	out.Transitions = make([]Transition, len(d.Transitions))
	for i, t := range d.Transitions {
		out.Transitions[i] = t.clone()
	}
	return out
}

func (t Transition) clone() Transition {
	t.From, t.Roles = slices.Clone(t.From), slices.Clone(t.Roles)
	t.Guards, t.Effects = slices.Clone(t.Guards), slices.Clone(t.Effects)
	return t
}

// Leaving returns the transitions that leave a state, by event name.
func (m *Machine) Leaving(state string) []Transition {
	var out []Transition
	for key, t := range m.moves {
		if key[1] == state {
			out = append(out, t.clone())
		}
	}
	slices.SortFunc(out, func(x, y Transition) int { return cmp.Compare(x.Event, y.Event) })
	return out
}

// decide says where a command leads, or why it may not be done now.
func (m *Machine) decide(ctx context.Context, in GuardInput) (*Transition, *Reason, error) {
	t := m.moves[[2]string{in.Event, in.Dossier.State}]
	if t == nil {
		return nil, m.whyNoMove(in), nil
	}
	var why *Reason
	refused := errors.New("refused")
	_, err := m.table.Step(ctx, in.Dossier.State, in.Event, func() error {
		if why = m.may(t, in); why != nil {
			return refused
		}
		return nil
	})
	switch {
	case why != nil:
		return nil, why, nil
	case err != nil:
		return nil, nil, err
	}
	return t, nil, nil
}

func (m *Machine) may(t *Transition, in GuardInput) *Reason {
	if t.System && in.Actor.Kind != KindSystem {
		return &Reason{"system_only", "Bước này do hệ thống thực hiện.", "this step is done by the system"}
	}
	if len(t.Roles) > 0 && !slices.ContainsFunc(t.Roles, func(r string) bool { return slices.Contains(in.Actor.Roles, r) }) {
		return &Reason{"wrong_role", "Ông/bà không có vai trò được giao bước này.",
			"the step needs one of the roles " + strings.Join(t.Roles, ", ")}
	}
	if t.Reason && !hasReason(in.Body) {
		return &Reason{"reason_missing", "Cần ghi lý do.", "a reason is required (member \"reason\" of the body)"}
	}
	for _, g := range t.Guards {
		if why := m.guards[g](in); why != nil {
			return why
		}
	}
	return nil
}

func (m *Machine) whyNoMove(in GuardInput) *Reason {
	for key := range m.moves {
		if key[0] == in.Event {
			return &Reason{"wrong_state", "Hồ sơ đang ở bước khác nên chưa thực hiện được việc này.",
				fmt.Sprintf("%s does not leave state %s", in.Event, in.Dossier.State)}
		}
	}
	return &Reason{"unknown_event", "Thủ tục này không có bước như vậy.", fmt.Sprintf("the procedure has no event %q", in.Event)}
}

func hasReason(body json.RawMessage) bool {
	var b struct {
		Reason string `json:"reason"`
	}
	return json.Unmarshal(body, &b) == nil && strings.TrimSpace(b.Reason) != ""
}
