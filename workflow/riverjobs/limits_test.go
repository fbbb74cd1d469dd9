package riverjobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

func TestPassesAtTheirLimits(t *testing.T) {
	t.Parallel()
	db := sqltest.SQLite(t, tables)
	pass := func(name string, every time.Duration) Pass {
		return Pass{Name: name, Every: every, Run: func(context.Context) error { return nil }}
	}
	for name, c := range map[string]struct {
		passes []Pass
		ok     bool
	}{
		"once a second":      {[]Pass{pass("poll", time.Second)}, true},
		"more often":         {[]Pass{pass("poll", time.Second-1)}, false},
		"of one letter":      {[]Pass{pass("a", time.Minute)}, false},
		"of two":             {[]Pass{pass("ab", time.Minute)}, true},
		"of two words":       {[]Pass{pass("poll twice", time.Minute)}, false},
		"of two lines":       {[]Pass{pass("poll\n", time.Minute)}, false},
		"without a name":     {[]Pass{pass("", time.Minute)}, false},
		"two":                {[]Pass{pass("poll", time.Minute), pass("sweep", time.Minute)}, true},
		"two of one name":    {[]Pass{pass("poll", time.Minute), pass("poll", time.Hour)}, false},
		"a fault in the end": {[]Pass{pass("poll", time.Minute), pass("sweep", 0)}, false},
	} {
		_, err := New(db, nil, &Options{Passes: c.passes})
		assert.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
	_, err := New(db, nil, &Options{Workers: -1})
	require.ErrorContains(t, err, "riverjobs: ", "River refuses it")
}

// A pass that fails is told and forgotten, for the next comes by itself; one cut by a stop is no failure.
func TestPassThatFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx    context.Context
		pass   string
		err    error
		cancel bool // River is told not to try again
		lines  int
	}{
		"done":     {t.Context(), "p", nil, false, 0},
		"fails":    {t.Context(), "p", boom, true, 1},
		"is cut":   {ended, "p", boom, false, 0},
		"is known": {t.Context(), "q", nil, true, 0},
	} {
		core, logs := observer.New(zap.WarnLevel)
		w := &passWorker{run: map[string]func(context.Context) error{"p": func(context.Context) error { return c.err }}, log: zap.New(core)}
		err := w.Work(c.ctx, &river.Job[pass]{JobRow: &rivertype.JobRow{}, Args: pass{c.pass}})
		var cancelled *river.JobCancelError
		assert.Equal(t, c.cancel, errors.As(err, &cancelled), name)
		if c.err != nil {
			require.ErrorIs(t, err, c.err, name)
		}
		assert.Equal(t, c.cancel || c.err != nil, err != nil, name)
		assert.Equal(t, c.lines, logs.Len(), name)
	}
}

// A database that is away is told to whoever asks.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, fresh *sqlkit.DB) {
		require.NoError(t, Up(t.Context(), fresh))
		db := *fresh
		box := sqlkit.NewOutbox(&db, "jobs_outbox", nil)
		r, err := New(&db, []Source{{box, nil}}, nil)
		require.NoError(t, err)
		require.NoError(t, r.Stop(t.Context()), "what was never started is stopped")
		require.Error(t, r.Retry(t.Context(), 7), "there is no such job")

		ended, end := context.WithCancel(t.Context())
		end()
		_, err = r.Dead(ended, 10)
		require.ErrorIs(t, err, context.Canceled)
		_, err = r.Audit(ended)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, Up(ended, &db), context.Canceled)
	})
}

// An outbox that cannot be read is told and asked again.
func TestRelayGoesOnAfterAFault(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		require.NoError(t, Up(t.Context(), db))
		core, logs := observer.New(zap.WarnLevel)
		got := make(chan string, 10)
		f.LoseStatement(sqltest.Undone, "WHERE leased_until_us <")
		_, box := run(t, db, map[string]handler{"t": func(_ context.Context, m sqlkit.Message) error { got <- m.ID; return nil }},
			&Options{Logger: zap.New(core)})
		put(t, db, box, "a")
		assert.Equal(t, "a", <-got)
		assert.NotZero(t, logs.FilterMessageSnippet("outbox not relayed").Len())
	})
}

// What a killed owner left behind is freed whole or not at all, and every fault on
// the way is told.
func TestEveryFaultOfFreeingIsTold(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		require.NoError(t, Up(t.Context(), db))
		box := sqlkit.NewOutbox(db, "jobs_outbox", nil)
		r, err := New(db, []Source{{box, nil}}, nil)
		require.NoError(t, err)
		n := f.Sweep(t, func(*testing.T) sqltest.Use { return r.free })
		assert.GreaterOrEqual(t, n, 5, "a transaction of two statements, and the leases")
		n = f.Sweep(t, func(*testing.T) sqltest.Use {
			return func(ctx context.Context) error {
				_, err := r.Audit(ctx)
				return err
			}
		})
		assert.NotZero(t, n)
	})
}

// Nothing starts over what a killed owner left behind and could not be freed.
func TestStartThatCannotFree(t *testing.T) {
	t.Parallel()
	db := sqltest.SQLite(t, tables) // on PostgreSQL other owners may be running theirs, and nothing is freed
	require.NoError(t, Up(t.Context(), db))
	r, err := New(db, nil, nil)
	require.NoError(t, err)
	_, err = db.Write.ExecContext(t.Context(), "DROP TABLE river_leader")
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(t.Context()), "river_leader")
	require.NoError(t, r.Stop(t.Context()), "nothing runs")
}
