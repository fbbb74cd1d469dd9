package storetest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// Each rule about a command, met from both sides.
func TestCommandsAtTheirLimits(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		body := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("a", n-2) + `"`) }
		d := b.start(t, "k1")
		_, err := b.Apply(t.Context(), receive(d, "k2"))
		require.NoError(t, err)
		at, far := workflow.Version(2), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
		for name, c := range map[string]struct {
			spoil func(*workflow.Command)
			ok    bool
		}{
			"a key of 200 bytes":    {func(c *workflow.Command) { c.Key = strings.Repeat("k", 200) }, true},
			"a key of 201 bytes":    {func(c *workflow.Command) { c.Key = strings.Repeat("k", 201) }, false},
			"a body of a megabyte":  {func(c *workflow.Command) { c.Body = body(1 << 20) }, true},
			"a body of a byte more": {func(c *workflow.Command) { c.Body = body(1<<20 + 1) }, false},
			"an empty body":         {func(c *workflow.Command) { c.Body = json.RawMessage{} }, false},
			"no dossier":            {func(c *workflow.Command) { c.Dossier = "" }, false},
			"an actor of no kind":   {func(c *workflow.Command) { c.Actor.Kind = "" }, false},
			"an actor of no id":     {func(c *workflow.Command) { c.Actor.ID = "" }, false},
			"a version below any":   {func(c *workflow.Command) { c.Expect = -2 }, false},
			"a due date too far":    {func(c *workflow.Command) { c.Set.Due = &far }, false},
			"the system's latest":   {func(c *workflow.Command) { c.Expect, c.Actor = workflow.Latest, system }, true},
		} {
			cmd := &workflow.Command{Dossier: d.ID, Expect: at, Event: "note", Actor: reception, Scope: desk, Key: name}
			c.spoil(cmd)
			_, err := b.Apply(t.Context(), cmd)
			if c.ok {
				require.NoError(t, err, name)
				at++
				continue
			}
			require.ErrorIs(t, err, workflow.ErrInvalid, name)
		}
		for name, s := range map[string]workflow.StartCommand{
			"no key":              {Procedure: "1.000001", Actor: citizen},
			"no actor":            {Procedure: "1.000001", Key: "s"},
			"no procedure":        {Actor: citizen, Key: "s"},
			"no such version":     {Procedure: "1.000001", MachineVersion: "1999", Actor: citizen, Key: "s"},
			"body is not JSON":    {Procedure: "1.000001", Actor: citizen, Key: "s", Body: json.RawMessage("{")},
			"actor of no kind":    {Procedure: "1.000001", Actor: workflow.Actor{ID: "p"}, Key: "s"},
			"body of a byte more": {Procedure: "1.000001", Actor: citizen, Key: "s", Body: body(1<<20 + 1)},
		} {
			_, err := b.Start(t.Context(), &s)
			require.ErrorIs(t, err, workflow.ErrInvalid, name)
		}
		got, err := b.Get(t.Context(), everyone, d.ID)
		require.NoError(t, err)
		assert.Equal(t, at, got.Version, "what was refused moved nothing")
		b.clean(t)
	})
}

// A key stands for its whole request: dossier, actor and, at a start, procedure and owner.
func TestKeyOfAnotherRequest(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d, other := b.start(t, "k1"), b.start(t, "k2")
		c := receive(d, "k3")
		_, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		for name, spoil := range map[string]func(*workflow.Command){
			"dossier":      func(c *workflow.Command) { c.Dossier = other.ID },
			"actor's id":   func(c *workflow.Command) { c.Actor.ID = "o-2" },
			"actor's kind": func(c *workflow.Command) { c.Actor.Kind = workflow.KindSystem },
			"no body":      func(c *workflow.Command) { c.Body = json.RawMessage("1") },
		} {
			cmd := *c
			spoil(&cmd)
			_, err := b.Apply(t.Context(), &cmd)
			require.ErrorIs(t, err, workflow.ErrKeyReused, name)
		}

		second := definition()
		second.Code = "1.000002"
		machines := make([]*workflow.Machine, 2)
		for i, def := range []*workflow.Definition{definition(), second} {
			machines[i], err = workflow.Compile(def, workflow.Bindings{Effects: []string{"slip", "notify"}})
			require.NoError(t, err)
		}
		e, err := workflow.New(b.db, machines, nil)
		require.NoError(t, err)
		s := workflow.StartCommand{Procedure: "1.000001", Owner: "p-1", Actor: citizen, Key: "k4"}
		first, err := e.Start(t.Context(), &s)
		require.NoError(t, err)
		again, err := e.Start(t.Context(), &s)
		require.NoError(t, err)
		assert.Equal(t, first.Dossier.ID, again.Dossier.ID)
		assert.True(t, again.Replayed)
		for name, spoil := range map[string]func(*workflow.StartCommand){
			"owner":     func(s *workflow.StartCommand) { s.Owner = "p-2" },
			"procedure": func(s *workflow.StartCommand) { s.Procedure = "1.000002" },
			"dossier":   func(s *workflow.StartCommand) { s.Dossier = "d" },
			"a command": func(s *workflow.StartCommand) { s.Key, s.Dossier = "k3", d.ID },
		} {
			cmd := s
			spoil(&cmd)
			_, err := e.Start(t.Context(), &cmd)
			require.ErrorIs(t, err, workflow.ErrKeyReused, name)
		}
		b.clean(t)
	})
}

// What has no unit or owner is nobody's, not everybody's.
func TestScopeOfNothing(t *testing.T) {
	t.Parallel()
	bare, full := &workflow.Dossier{}, &workflow.Dossier{Unit: "U", Owner: "p"}
	for _, c := range []struct {
		s          workflow.Scope
		bare, full bool
	}{
		{workflow.Scope{}, false, false}, {workflow.Scope{Units: []string{""}}, false, false}, {workflow.Scope{All: true}, true, true},
		{workflow.Scope{Owner: "p"}, false, true}, {workflow.Scope{Owner: "q"}, false, false},
		{workflow.Scope{Units: []string{"V", "U"}}, false, true}, {workflow.Scope{Units: []string{"V"}}, false, false},
	} {
		assert.Equal(t, c.bare, c.s.Sees(bare), "%+v", c.s)
		assert.Equal(t, c.full, c.s.Sees(full), "%+v", c.s)
	}
}

func TestPagesAtTheirLimits(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		for limit, ok := range map[int]bool{-1: false, 0: false, 1: true, 1000: true, 1001: false} {
			_, err := b.History(t.Context(), desk, d.ID, 0, limit)
			assert.Equal(t, ok, err == nil, limit)
			assert.Equal(t, !ok, workflow.ErrorCode(err) == workflow.Invalid, limit)
		}
		_, err := b.History(t.Context(), workflow.Scope{}, d.ID, 0, 1)
		require.ErrorIs(t, err, workflow.ErrNotFound)
		_, err = b.GetByRef(t.Context(), everyone, "") // the dossier has no reference either
		require.ErrorIs(t, err, workflow.ErrNotFound)

		draft := []string{"draft"}
		units := make([]string, 257)
		for i := range units {
			units[i] = fmt.Sprint("U", i)
		}
		cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		for name, c := range map[string]struct {
			s  workflow.Scope
			q  workflow.InboxQuery
			ok bool
		}{
			"a page of one":       {everyone, workflow.InboxQuery{States: draft, Limit: 1}, true},
			"a page of 200":       {everyone, workflow.InboxQuery{States: draft, Limit: 200}, true},
			"a page of 201":       {everyone, workflow.InboxQuery{States: draft, Limit: 201}, false},
			"less than a page":    {everyone, workflow.InboxQuery{States: draft, Limit: -1}, false},
			"no states":           {everyone, workflow.InboxQuery{}, false},
			"256 units":           {workflow.Scope{Units: units[:256]}, workflow.InboxQuery{States: draft}, true},
			"257 units":           {workflow.Scope{Units: units}, workflow.InboxQuery{States: draft}, false},
			"no cursor of ours":   {everyone, workflow.InboxQuery{States: draft, After: "?"}, false},
			"nor a JSON one":      {everyone, workflow.InboxQuery{States: draft, After: cursor("x")}, false},
			"a cursor of a place": {everyone, workflow.InboxQuery{States: draft, After: cursor(`{"s":1,"i":"a"}`)}, true},
		} {
			_, err := b.Inbox(t.Context(), c.s, &c.q)
			assert.Equal(t, c.ok, err == nil, "%s: %v", name, err)
			assert.Equal(t, !c.ok, workflow.ErrorCode(err) == workflow.Invalid, name)
		}
	})
}

func TestInboxPagesEndWhereTheyEnd(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		due := b.now.Add(time.Hour)
		for i := range 51 {
			c := &workflow.StartCommand{Dossier: workflow.DossierID(fmt.Sprintf("d%02d", i)), Procedure: "1.000001", Actor: citizen,
				Key: fmt.Sprint(i), Set: workflow.Changes{Due: &due}}
			_, err := b.Start(t.Context(), c)
			require.NoError(t, err)
		}
		page := func(q workflow.InboxQuery) *workflow.InboxPage {
			q.States = []string{"draft"}
			p, err := b.Inbox(t.Context(), everyone, &q)
			require.NoError(t, err)
			return p
		}
		first := page(workflow.InboxQuery{})
		assert.Len(t, first.Dossiers, 50, "a page unless another number is asked for")
		rest := page(workflow.InboxQuery{After: first.Next})
		require.Len(t, rest.Dossiers, 1)
		assert.Equal(t, workflow.DossierID("d50"), rest.Dossiers[0].ID)
		assert.Empty(t, rest.Next)
		assert.NotEmpty(t, page(workflow.InboxQuery{Limit: 50}).Next)
		assert.Empty(t, page(workflow.InboxQuery{Limit: 51}).Next, "a full page with nothing behind it is the last")
		assert.Empty(t, page(workflow.InboxQuery{DueBefore: due}).Dossiers, "before, not at")
		assert.Len(t, page(workflow.InboxQuery{DueBefore: due.Add(time.Microsecond)}).Dossiers, 50)
	})
}

// A system event follows a dossier that others move meanwhile, five times and no longer; a person's
// command looks once more, for its own key, and no more than that.
func TestLatestFollowsFiveTimes(t *testing.T) {
	t.Parallel()
	// On SQLite nobody moves a dossier meanwhile: the command is one transaction and the only writer.
	db := sqltest.Postgres(t, workflow.Migrations())
	def := definition()
	def.Transitions = append(def.Transitions, workflow.Transition{
		Event: "settle", From: []string{"received"}, To: "received", Guards: []string{"busy"},
	})
	var moves, asked int
	var e *workflow.Engine
	busy := func(in workflow.GuardInput) *workflow.Reason { // stands for another process between read and write
		if asked++; asked <= moves {
			_, err := e.Apply(t.Context(), &workflow.Command{Dossier: in.Dossier.ID, Expect: in.Dossier.Version, Event: "note",
				Actor: system, Scope: everyone, Key: workflow.EntryID(in.Dossier.ID, in.Dossier.Version)})
			assert.NoError(t, err)
		}
		return nil
	}
	m, err := workflow.Compile(def, workflow.Bindings{
		Guards: map[string]workflow.Guard{"busy": busy}, Effects: []string{"slip", "notify"},
	})
	require.NoError(t, err)
	e, err = workflow.New(db, []*workflow.Machine{m}, nil)
	require.NoError(t, err)
	b := &bundle{Engine: e, db: db}
	for i, c := range []struct {
		expect       workflow.Version
		moves, asked int
		err          error
	}{
		{workflow.Latest, 0, 1, nil}, {workflow.Latest, 4, 5, nil}, {workflow.Latest, 5, 5, workflow.ErrStale},
		{2, 0, 1, nil}, {2, 1, 1, workflow.ErrStale},
	} {
		d := b.start(t, fmt.Sprint("start ", i))
		_, err := b.Apply(t.Context(), receive(d, fmt.Sprint("receive ", i)))
		require.NoError(t, err)
		moves, asked = c.moves, 0
		_, err = e.Apply(t.Context(), &workflow.Command{Dossier: d.ID, Expect: c.expect, Event: "settle", Actor: system,
			Scope: everyone, Key: fmt.Sprint("settle ", i)})
		require.ErrorIs(t, err, c.err, "%+v", c)
		assert.Equal(t, c.asked, asked, "%+v", c)
	}
	b.clean(t)
}

// The audit holds each move against the machine it was made in, where that is loaded.
func TestAuditKnowsTheMachine(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		_, err := b.Apply(t.Context(), receive(b.startAs(t, "d", "k1"), "k2"))
		require.NoError(t, err)
		for name, c := range map[string]struct {
			change func(*workflow.Definition)
			want   []string
		}{
			"the same":        {func(*workflow.Definition) {}, nil},
			"another version": {func(d *workflow.Definition) { d.Version, d.Transitions[0].To = "2025", "waiting" }, nil},
			"starts elsewhere": {
				func(d *workflow.Definition) {
					d.States = append(d.States, workflow.State{Name: "new"})
					d.Initial = "new"
					d.Transitions = append(d.Transitions, workflow.Transition{Event: "open", From: []string{"new"}, To: "draft"})
				},
				[]string{`workflow_history d/1: a history starts with "start" in state new`},
			},
			"leads elsewhere": {
				func(d *workflow.Definition) { d.Transitions[0].To = "waiting" },
				[]string{"workflow_history d/2: the machine has no move receive from draft to received"},
			},
			"has another name for it": {
				func(d *workflow.Definition) { d.Transitions[0].Event = "accept" },
				[]string{"workflow_history d/2: the machine has no move receive from draft to received"},
			},
		} {
			def := definition()
			c.change(def)
			m, err := workflow.Compile(def, workflow.Bindings{Effects: []string{"slip", "notify"}})
			require.NoError(t, err, name)
			e, err := workflow.New(b.db, []*workflow.Machine{m}, nil)
			require.NoError(t, err)
			found, err := e.Audit(t.Context())
			require.NoError(t, err)
			var got []string
			for _, p := range found {
				got = append(got, p.String())
			}
			assert.Equal(t, c.want, got, name)
		}
	})
}

// Each member of a key's result is that of its line.
func TestAuditComparesEachResult(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		ref, unit, due := "R-1", "H10.12", b.now.Add(time.Hour)
		_, err := b.Start(t.Context(), &workflow.StartCommand{Dossier: "d", Procedure: "1.000001", Owner: "p-1", Actor: citizen, Key: "k1",
			Set: workflow.Changes{Ref: &ref, Unit: &unit, Due: &due}})
		require.NoError(t, err)
		var result string
		require.NoError(t, b.db.Read.QueryRowContext(t.Context(), "SELECT result FROM workflow_keys").Scan(&result))
		set := func(text string) {
			t.Helper()
			_, err := b.db.Write.ExecContext(t.Context(), b.db.Dialect.SQL("UPDATE workflow_keys SET result = $1"), text)
			require.NoError(t, err)
		}
		for member, other := range map[string]any{
			"id": "e", "version": 2, "state": "received", "owner": "p-2", "ref": "R-2", "unit": "H10.13",
			"due": due.Add(time.Microsecond), "changed": b.now.Add(time.Microsecond),
		} {
			var all map[string]any
			require.NoError(t, json.Unmarshal([]byte(result), &all))
			require.Contains(t, all, member)
			all[member] = other
			changed, err := json.Marshal(all)
			require.NoError(t, err)
			set(string(changed))
			found, err := b.Audit(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []sqlkit.Problem{{Table: "workflow_keys", Row: "k1", Problem: "its result is not that of d/1"}}, found, member)
		}
		set("no JSON")
		found, err := b.Audit(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []sqlkit.Problem{{Table: "workflow_keys", Row: "k1", Problem: "its result is not that of d/1"}}, found)
		set(result)
		b.clean(t)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := sqltest.SQLite(t, workflow.Migrations())
	m, err := workflow.Compile(definition(), workflow.Bindings{Effects: []string{"slip", "notify"}})
	require.NoError(t, err)
	for _, none := range []*sqlkit.DB{nil, {}} {
		_, err = workflow.New(none, []*workflow.Machine{m}, nil)
		require.ErrorContains(t, err, "a database is required")
	}
	_, err = workflow.New(db, []*workflow.Machine{m, m}, nil)
	require.ErrorContains(t, err, "given twice")

	// With no options at all the engine works: clocks, ids and salts have defaults.
	newer := definition()
	newer.Version = "2025-01-01"
	n, err := workflow.Compile(newer, workflow.Bindings{Effects: []string{"slip", "notify"}})
	require.NoError(t, err)
	e, err := workflow.New(db, []*workflow.Machine{m, n}, nil)
	require.NoError(t, err)
	r, err := e.Start(t.Context(), &workflow.StartCommand{Procedure: "1.000001", Actor: citizen, Key: "k"})
	require.NoError(t, err)
	assert.Equal(t, "2025-01-01", r.Dossier.MachineVersion, "the last one given is the latest")
	assert.NotEmpty(t, r.Dossier.ID)
	assert.WithinDuration(t, time.Now(), r.Dossier.Created, time.Minute)
	old, ok := e.Machine("1.000001", "2024-01-01")
	assert.True(t, ok)
	assert.Equal(t, "2024-01-01", old.Version())
	_, ok = e.Machine("1.000001", "2023")
	assert.False(t, ok)
	_, ok = e.Machine("9", "")
	assert.False(t, ok)

	// A dossier whose machine is no longer loaded stands, and says why.
	e, err = workflow.New(db, []*workflow.Machine{m}, nil)
	require.NoError(t, err)
	c := receive(r.Dossier, "k2")
	c.Scope = everyone
	_, err = e.Apply(t.Context(), c)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = e.WhyNot(t.Context(), c)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

// A line of the history that was altered by hand beyond reading is an error that
// names it, not a shorter history.
func TestUnreadableHistory(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		_, err := b.Apply(t.Context(), receive(d, "k2"))
		require.NoError(t, err)
		b.tamper(t, "UPDATE workflow_history SET roles = '{' WHERE version = 2")
		_, err = b.History(t.Context(), desk, d.ID, 0, 10)
		require.ErrorIs(t, err, sqlkit.ErrUnreadable)
		require.ErrorContains(t, err, workflow.EntryID(d.ID, 2))
		lines, err := b.History(t.Context(), desk, d.ID, 0, 1)
		require.NoError(t, err, "what comes before can be read")
		assert.Len(t, lines, 1)
	})
}
