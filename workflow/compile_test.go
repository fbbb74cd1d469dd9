package workflow

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// permit is a small machine with every feature of a definition.
func permit() *Definition {
	return &Definition{Code: "1.000001", Version: "2024-01-01", Initial: "draft",
		States: []State{{Name: "draft"}, {Name: "received"}, {Name: "waiting"}, {Name: "granted", Final: true}, {Name: "refused", Final: true}},
		Transitions: []Transition{
			{Event: "receive", From: []string{"draft"}, To: "received", Roles: []string{"reception"}, Effects: []string{"slip", "notify"}},
			{Event: "note", From: []string{"received"}, To: "received"},
			{Event: "ask", From: []string{"received"}, To: "waiting", Roles: []string{"reception"}, Reason: true},
			{Event: "supply", From: []string{"waiting"}, To: "received"},
			{Event: "paid", From: []string{"received", "waiting"}, To: "granted", System: true, Guards: []string{"complete"}},
			{Event: "refuse", From: []string{"received", "waiting"}, To: "refused", Roles: []string{"approver", "reception"}, Reason: true},
		}}
}

func bindings() Bindings {
	return Bindings{Guards: map[string]Guard{"complete": func(GuardInput) *Reason { return nil }}, Effects: []string{"slip", "notify"}}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	m, err := Compile(permit(), bindings())
	require.NoError(t, err)
	assert.Equal(t, "1.000001", m.Code())
	assert.Equal(t, "2024-01-01", m.Version())
	assert.Equal(t, *permit(), m.Definition())
	var events []string
	for _, tr := range m.Leaving("received") {
		events = append(events, tr.Event)
	}
	assert.Equal(t, []string{"ask", "note", "paid", "refuse"}, events)
	d := m.Definition()
	d.States[0].Name = "changed"
	assert.Equal(t, "draft", m.Definition().States[0].Name, "a machine is immutable")
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		spoil      func(*Definition)
	}{
		{"no code", "code and version are required", func(d *Definition) { d.Code = "" }},
		{"no version", "code and version are required", func(d *Definition) { d.Version = "" }},
		{"bad state name", `state "Nháp"`, func(d *Definition) { d.States[1].Name = "Nháp" }},
		{"state twice", "state draft stands twice", func(d *Definition) { d.States = append(d.States, State{Name: "draft"}) }},
		{"unknown initial", `initial state "x"`, func(d *Definition) { d.Initial = "x" }},
		{"bad event name", `event "Receive"`, func(d *Definition) { d.Transitions[0].Event = "Receive" }},
		{"the start event", `event "start"`, func(d *Definition) { d.Transitions[0].Event = "start" }},
		{"unknown target", `unknown state "x"`, func(d *Definition) { d.Transitions[0].To = "x" }},
		{"unknown source", `unknown state "x"`, func(d *Definition) { d.Transitions[0].From = []string{"x"} }},
		{"no source", "leaves no state", func(d *Definition) { d.Transitions[1].From = nil }},
		{"leaves a final state", "leaves final state granted", func(d *Definition) { d.Transitions[1].From = []string{"granted"} }},
		{"two ways by one event", "leaves state received twice", func(d *Definition) {
			d.Transitions = append(d.Transitions, Transition{Event: "note", From: []string{"received"}, To: "waiting"})
		}},
		{"system event with roles", "is a system event and names roles", func(d *Definition) { d.Transitions[4].Roles = []string{"x"} }},
		{"unbound guard", `guard "sober" is not bound`, func(d *Definition) { d.Transitions[4].Guards = []string{"sober"} }},
		{"unbound effect", `effect "fax" is not bound`, func(d *Definition) { d.Transitions[0].Effects = []string{"fax"} }},
		{"effect twice", "names effect slip twice", func(d *Definition) { d.Transitions[0].Effects = []string{"slip", "slip"} }},
		{"no end", "no state is final", func(d *Definition) { d.States[3].Final, d.States[4].Final = false, false }},
		{"unreached", "state island is never reached", func(d *Definition) { d.States = append(d.States, State{Name: "island", Final: true}) }},
		{"a trap", "state trap never reaches a final state", func(d *Definition) {
			d.States = append(d.States, State{Name: "trap"})
			d.Transitions = append(d.Transitions, Transition{Event: "fall", From: []string{"received"}, To: "trap"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := permit()
			c.spoil(d)
			_, err := Compile(d, bindings())
			require.ErrorIs(t, err, ErrInvalid)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	b := bindings()
	b.Guards["complete"] = func(in GuardInput) *Reason {
		if string(in.Body) == `"all"` {
			return nil
		}
		return &Reason{"incomplete", "Hồ sơ còn thiếu giấy tờ.", "papers are missing"}
	}
	m, err := Compile(permit(), b)
	require.NoError(t, err)
	person := func(roles ...string) Actor { return Actor{ID: "o", Kind: KindOfficial, Roles: roles} }
	system := Actor{ID: "s", Kind: KindSystem}
	for _, c := range []struct {
		name, state, event string
		actor              Actor
		body               string
		to, why            string
	}{
		{"role fits", "draft", "receive", person("clerk", "reception"), "", "received", ""},
		{"role missing", "draft", "receive", person("clerk"), "", "", "wrong_role"},
		{"no roles asked", "received", "note", person(), "", "received", ""},
		{"wrong state", "draft", "note", person(), "", "", "wrong_state"},
		{"unknown event", "draft", "fly", person(), "", "", "unknown_event"},
		{"a person raises a system event", "received", "paid", person("reception"), `"all"`, "", "system_only"},
		{"system event, guard passes", "received", "paid", system, `"all"`, "granted", ""},
		{"system event, guard refuses", "received", "paid", system, "", "", "incomplete"},
		{"reason given", "received", "ask", person("reception"), `{"reason":"thiếu trang 2"}`, "waiting", ""},
		{"reason blank", "received", "ask", person("reception"), `{"reason":"  "}`, "", "reason_missing"},
		{"reason absent", "received", "ask", person("reception"), "", "", "reason_missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr, why, err := m.decide(t.Context(),
				GuardInput{Dossier: &Dossier{State: c.state}, Event: c.event, Actor: c.actor, Body: []byte(c.body)})
			require.NoError(t, err)
			if c.why != "" {
				require.NotNil(t, why)
				assert.Equal(t, c.why, why.Code)
				assert.NotEmpty(t, why.VI)
				assert.NotEmpty(t, why.EN)
				return
			}
			require.Nil(t, why)
			assert.Equal(t, c.to, tr.To)
		})
	}
}
