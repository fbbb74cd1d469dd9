// Package storetest runs every promise of the engine on every database.
package storetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var (
	citizen   = workflow.Actor{ID: "p-1", Kind: workflow.KindCitizen}
	reception = workflow.Actor{ID: "o-1", Kind: workflow.KindOfficial, Unit: "H10.12", Roles: []string{"reception"}}
	system    = workflow.Actor{ID: "system", Kind: workflow.KindSystem}
	everyone  = workflow.Scope{All: true}
	desk      = workflow.Scope{Units: []string{"H10.12"}}
)

func definition() *workflow.Definition {
	return &workflow.Definition{Code: "1.000001", Version: "2024-01-01", Initial: "draft",
		States: []workflow.State{{Name: "draft"}, {Name: "received"}, {Name: "waiting"}, {Name: "granted", Final: true}},
		Transitions: []workflow.Transition{
			{Event: "receive", From: []string{"draft"}, To: "received", Roles: []string{"reception"}, Effects: []string{"slip", "notify"}},
			{Event: "note", From: []string{"received"}, To: "received"},
			{Event: "ask", From: []string{"received"}, To: "waiting", Roles: []string{"reception"}, Reason: true},
			{Event: "supply", From: []string{"waiting"}, To: "received"},
			{Event: "paid", From: []string{"received", "waiting"}, To: "granted", System: true},
		}}
}

type bundle struct {
	*workflow.Engine
	db  *sqlkit.DB
	now time.Time
}

// setup gives a fresh engine whose law's clock stands at 08:00 of a Friday.
func setup(t testing.TB, db *sqlkit.DB) *bundle {
	t.Helper()
	m, err := workflow.Compile(definition(), workflow.Bindings{Effects: []string{"slip", "notify"}})
	require.NoError(t, err)
	b := &bundle{db: db, now: time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC)}
	b.Engine, err = workflow.New(db, []*workflow.Machine{m}, &workflow.Options{Now: func() time.Time { return b.now }})
	require.NoError(t, err)
	return b
}

func (b *bundle) start(t *testing.T, key string) *workflow.Dossier {
	t.Helper()
	return b.startAs(t, "", key)
}

func (b *bundle) startAs(t *testing.T, id workflow.DossierID, key string) *workflow.Dossier {
	t.Helper()
	unit := "H10.12"
	r, err := b.Start(t.Context(), &workflow.StartCommand{Dossier: id, Procedure: "1.000001", Owner: "p-1", Actor: citizen, Key: key,
		Body: json.RawMessage(`{"pages":2}`), Set: workflow.Changes{Unit: &unit}})
	require.NoError(t, err)
	return r.Dossier
}

func receive(d *workflow.Dossier, key string) *workflow.Command {
	return &workflow.Command{Dossier: d.ID, Expect: d.Version, Event: "receive", Actor: reception, Scope: desk, Key: key}
}

func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{workflow.Migrations()}, func(t *testing.T, db *sqlkit.DB) { fn(t, setup(t, db)) })
}

func (b *bundle) clean(t *testing.T) {
	t.Helper()
	problems, err := b.Audit(t.Context())
	require.NoError(t, err)
	assert.Empty(t, problems)
	sqltest.Idle(t, b.db)
}

func TestLife(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		assert.Equal(t, "draft", d.State)
		assert.Equal(t, workflow.Version(1), d.Version)
		b.now = b.now.Add(time.Minute)
		ref, due := "H10.12-241115-0001", b.now.Add(9*time.Hour)
		c := receive(d, "k2")
		c.Set = workflow.Changes{Ref: &ref, Due: &due}
		c.Body = json.RawMessage(`{"copies":1}`)
		r, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		assert.Equal(t, "received", r.Dossier.State)
		got, err := b.GetByRef(t.Context(), desk, ref)
		require.NoError(t, err)
		assert.Equal(t, workflow.Version(2), got.Version)
		assert.Equal(t, due, got.Due)
		assert.Equal(t, b.now, got.Changed)
		r, err = b.Apply(t.Context(), &workflow.Command{Dossier: d.ID, Expect: 2, Event: "note", Actor: citizen,
			Scope: workflow.Scope{Owner: "p-1"}, Key: "k3"})
		require.NoError(t, err)
		assert.Equal(t, "received", r.Dossier.State, "a move may stay in its state")
		assert.Equal(t, workflow.Version(3), r.Dossier.Version)
		lines, err := b.History(t.Context(), desk, d.ID, 0, 10)
		require.NoError(t, err)
		require.Len(t, lines, 3)
		assert.Equal(t, []string{"start", "receive", "note"}, []string{lines[0].Event, lines[1].Event, lines[2].Event})
		assert.JSONEq(t, `{"copies":1}`, string(lines[1].Body))
		assert.Equal(t, lines[1].Hash, lines[2].Prev)
		assert.Equal(t, reception, lines[1].Actor)
		page, err := b.History(t.Context(), desk, d.ID, 1, 1)
		require.NoError(t, err)
		require.Len(t, page, 1)
		assert.Equal(t, workflow.Version(2), page[0].Version)
		b.clean(t)
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		ok := receive(d, "x")
		for _, c := range []struct {
			name string
			with func(*workflow.Command)
			err  error
			code workflow.Code
		}{
			{"stale", func(c *workflow.Command) { c.Expect = 7 }, workflow.ErrStale, workflow.Stale},
			{"role", func(c *workflow.Command) { c.Actor.Roles = nil }, workflow.ErrRefused, workflow.Refused},
			{"state", func(c *workflow.Command) { c.Event = "supply" }, workflow.ErrRefused, workflow.Refused},
			{"no scope", func(c *workflow.Command) { c.Scope = workflow.Scope{} }, workflow.ErrNotFound, workflow.NotFound},
			{"other unit", func(c *workflow.Command) { c.Scope = workflow.Scope{Units: []string{"H10.13", ""}} },
				workflow.ErrNotFound, workflow.NotFound},
			{"other owner", func(c *workflow.Command) { c.Scope = workflow.Scope{Owner: "p-2"} }, workflow.ErrNotFound, workflow.NotFound},
			{"no such dossier", func(c *workflow.Command) { c.Dossier = "none" }, workflow.ErrNotFound, workflow.NotFound},
			{"no key", func(c *workflow.Command) { c.Key = "" }, workflow.ErrInvalid, workflow.Invalid},
			{"long key", func(c *workflow.Command) { c.Key = fmt.Sprintf("%201d", 1) }, workflow.ErrInvalid, workflow.Invalid},
			{"no actor", func(c *workflow.Command) { c.Actor.ID = "" }, workflow.ErrInvalid, workflow.Invalid},
			{"no version", func(c *workflow.Command) { c.Expect = 0 }, workflow.ErrInvalid, workflow.Invalid},
			{"a person expects latest", func(c *workflow.Command) { c.Expect = workflow.Latest }, workflow.ErrInvalid, workflow.Invalid},
			{"body is not JSON", func(c *workflow.Command) { c.Body = json.RawMessage("{") }, workflow.ErrInvalid, workflow.Invalid},
			{"start applied", func(c *workflow.Command) { c.Event = "start" }, workflow.ErrInvalid, workflow.Invalid},
		} {
			t.Run(c.name, func(t *testing.T) {
				cmd := *ok
				c.with(&cmd)
				_, err := b.Apply(t.Context(), &cmd)
				require.ErrorIs(t, err, c.err)
				assert.Equal(t, c.code, workflow.ErrorCode(err))
			})
		}
		got, err := b.Get(t.Context(), everyone, d.ID)
		require.NoError(t, err)
		assert.Equal(t, workflow.Version(1), got.Version, "nothing was done")
		_, err = b.Apply(t.Context(), ok)
		require.NoError(t, err, "a refused key was not used up")
		var stale *workflow.StaleError
		_, err = b.Apply(t.Context(), receive(d, "y"))
		require.ErrorAs(t, err, &stale)
		assert.Equal(t, workflow.Version(2), stale.Current)
		b.clean(t)
	})
}

func TestWhyNot(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		c := receive(d, "")
		why, err := b.WhyNot(t.Context(), c)
		require.NoError(t, err)
		assert.Nil(t, why)
		c.Actor = citizen
		why, err = b.WhyNot(t.Context(), c)
		require.NoError(t, err)
		require.NotNil(t, why)
		assert.Equal(t, "wrong_role", why.Code)
		c.Scope = workflow.Scope{}
		_, err = b.WhyNot(t.Context(), c)
		require.ErrorIs(t, err, workflow.ErrNotFound)
	})
}

func TestReplay(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		again := b.start(t, "k1")
		assert.Equal(t, d, again, "a start repeated is the same dossier")
		c := receive(d, "k2")
		c.Body = json.RawMessage(`{"a":1}`)
		first, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		assert.False(t, first.Replayed)
		_, err = b.Apply(t.Context(), &workflow.Command{Dossier: d.ID, Expect: 2, Event: "note", Actor: citizen, Scope: desk, Key: "k3"})
		require.NoError(t, err)
		b.now = b.now.Add(time.Hour)
		second, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		assert.True(t, second.Replayed)
		assert.Equal(t, first.Dossier.Version, second.Dossier.Version)
		assert.Equal(t, first.Entry.Hash, second.Entry.Hash)
		assert.Equal(t, first.Entry.At, second.Entry.At)
		for name, spoil := range map[string]func(*workflow.Command){
			"body":  func(c *workflow.Command) { c.Body = json.RawMessage(`{"a":2}`) },
			"event": func(c *workflow.Command) { c.Event = "note" },
			"actor": func(c *workflow.Command) { c.Actor.ID = "o-2" },
		} {
			other := *c
			spoil(&other)
			_, err = b.Apply(t.Context(), &other)
			require.ErrorIs(t, err, workflow.ErrKeyReused, name)
		}
		var seen int
		require.NoError(t, b.db.Read.QueryRowContext(t.Context(),
			b.db.Dialect.SQL("SELECT seen FROM workflow_keys WHERE key = $1"), "k2").Scan(&seen))
		assert.GreaterOrEqual(t, seen, 1, "a replay writes before it answers")
		b.clean(t)
	})
}

func TestErase(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		c := receive(d, "k2")
		c.Body = json.RawMessage(`{"phone":"0900"}`)
		_, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		_, err = b.Erase(t.Context(), &workflow.EraseRequest{Dossier: d.ID, Through: workflow.Latest, Scope: workflow.Scope{Owner: "x"}})
		require.ErrorIs(t, err, workflow.ErrNotFound)
		require.NoError(t, b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			ended, end := context.WithCancel(ctx)
			end()
			_, err := b.EraseTx(ended, tx, &workflow.EraseRequest{Dossier: d.ID, Through: workflow.Latest, Scope: desk})
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, workflow.ErrNotFound, "a read that fails tells nothing about the dossier")
			return nil
		}))
		n, err := b.Erase(t.Context(), &workflow.EraseRequest{Dossier: d.ID, Through: 1, Scope: desk})
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		n, err = b.Erase(t.Context(), &workflow.EraseRequest{Dossier: d.ID, Through: workflow.Latest, Scope: desk})
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		lines, err := b.History(t.Context(), desk, d.ID, 0, 10)
		require.NoError(t, err)
		assert.Nil(t, lines[0].Body)
		assert.Nil(t, lines[1].Body)
		c.Body = json.RawMessage(`{"phone":"0911"}`)
		r, err := b.Apply(t.Context(), c)
		require.NoError(t, err, "with the body gone any replay returns the first result")
		assert.True(t, r.Replayed)
		b.clean(t)
	})
}

func TestAppendOnly(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.start(t, "k1")
		for _, q := range []string{
			"UPDATE workflow_history SET event = 'x' WHERE version = $1", "DELETE FROM workflow_history WHERE version = $1",
			"UPDATE workflow_payloads SET salt = body WHERE version = $1",
		} {
			_, err := b.db.Write.ExecContext(t.Context(), b.db.Dialect.SQL(q), 1)
			require.Error(t, err, q)
		}
		if b.db.Dialect == sqlkit.PostgreSQL {
			require.Error(t, b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "TRUNCATE workflow_history")
				return err
			}))
		}
		b.clean(t)
	})
}

// The caller's own row and the move commit together or not at all.
func TestTx(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		boom := errors.New("boom")
		run := func(fail error) (r *workflow.Result, err error) {
			err = b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				r, err = b.StartTx(ctx, tx, &workflow.StartCommand{Procedure: "1.000001", Actor: citizen, Key: "s"})
				if err != nil {
					return err
				}
				c := receive(r.Dossier, "r")
				c.Scope = everyone
				if r, err = b.ApplyTx(ctx, tx, c); err != nil {
					return err
				}
				return fail
			})
			return r, err
		}
		_, err := run(boom)
		require.ErrorIs(t, err, boom)
		n, err := b.Outbox().Pending(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n, "effects roll back with the move")
		first, err := run(nil)
		require.NoError(t, err)
		assert.Equal(t, "received", first.Dossier.State)
		again, err := run(nil)
		require.NoError(t, err)
		assert.True(t, again.Replayed)
		assert.Equal(t, first.Dossier.ID, again.Dossier.ID)
		b.clean(t)
	})
}

func TestExists(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		ref := "R-1"
		start := func(id workflow.DossierID, key string) error {
			_, err := b.Start(t.Context(), &workflow.StartCommand{Dossier: id, Procedure: "1.000001", Actor: citizen, Key: key,
				Set: workflow.Changes{Ref: &ref}})
			return err
		}
		require.NoError(t, start("a", "k1"))
		require.ErrorIs(t, start("a", "k2"), workflow.ErrExists, "id")
		require.ErrorIs(t, start("b", "k3"), workflow.ErrExists, "reference")
		require.ErrorIs(t, start("c", "k1"), workflow.ErrKeyReused)
		_, err := b.Start(t.Context(), &workflow.StartCommand{Procedure: "9.999999", Actor: citizen, Key: "k4"})
		require.ErrorIs(t, err, workflow.ErrInvalid)
		b.clean(t)
	})
}

// Of many commands for one version one wins; the others hear which version
// there is now. Of many with one key all get the same result.
func TestRace(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		const n = 8
		errs := make([]error, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { _, errs[i] = b.Apply(t.Context(), receive(d, fmt.Sprint("race", i))) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			var stale *workflow.StaleError
			require.ErrorAs(t, err, &stale)
			assert.Equal(t, workflow.Version(2), stale.Current)
		}
		assert.Equal(t, 1, won)

		results := make([]*workflow.Result, n)
		for i := range n {
			wg.Go(func() {
				results[i], errs[i] = b.Start(t.Context(), &workflow.StartCommand{Procedure: "1.000001", Actor: citizen, Key: "one"})
			})
		}
		wg.Wait()
		for i := range n {
			require.NoError(t, errs[i])
			assert.Equal(t, results[0].Dossier.ID, results[i].Dossier.ID)
		}

		moved := b.start(t, "k9")
		_, err := b.Apply(t.Context(), receive(moved, "k10"))
		require.NoError(t, err)
		for i := range n { // a system event follows a dossier that others move meanwhile
			wg.Go(func() {
				c := &workflow.Command{Dossier: moved.ID, Expect: workflow.Latest, Event: "note", Actor: system, Scope: everyone,
					Key: fmt.Sprint("n", i)}
				_, errs[i] = b.Apply(t.Context(), c)
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				require.ErrorIs(t, err, workflow.ErrStale)
			}
		}
		got, err := b.Get(t.Context(), everyone, moved.ID)
		require.NoError(t, err)
		assert.Equal(t, workflow.Version(2+done), got.Version)
		b.clean(t)
	})
}

func TestEffects(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		c := receive(d, "k2")
		c.Body = json.RawMessage(`{"a":1}`)
		_, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		_, err = b.Apply(t.Context(), c) // a replay calls for nothing
		require.NoError(t, err)
		var got []string
		effect := func(name string) workflow.Effect {
			return func(_ context.Context, en workflow.Entry) error {
				assert.JSONEq(t, `{"a":1}`, string(en.Body))
				got = append(got, name+" "+en.Event+" "+en.ID)
				return nil
			}
		}
		handlers := b.Handlers(map[string]workflow.Effect{"slip": effect("slip"), "notify": effect("notify")})
		n, err := b.Outbox().Drain(t.Context(), 10, func(ctx context.Context, ms []sqlkit.Message) error {
			for _, m := range ms {
				if err := handlers[m.Topic](ctx, m); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		id := workflow.EntryID(d.ID, 2)
		assert.ElementsMatch(t, []string{"slip receive " + id, "notify receive " + id}, got)
		require.ErrorIs(t, handlers["slip"](t.Context(), sqlkit.Message{Payload: []byte(`{"dossier":"none","version":1}`)}), workflow.ErrNotFound)
		require.Error(t, handlers["slip"](t.Context(), sqlkit.Message{Payload: []byte(`{`)}))
		b.clean(t)
	})
}
