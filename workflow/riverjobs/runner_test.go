package riverjobs

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var tables = sqlkit.Migrations{Module: "jobs", FS: fstest.MapFS{"001_tables.sql": {Data: []byte(`-- +goose Up
CREATE TABLE jobs_outbox (id TEXT PRIMARY KEY, topic TEXT NOT NULL, payload BYTEA NOT NULL, at_us BIGINT NOT NULL,
  lease TEXT NOT NULL DEFAULT '', leased_until_us BIGINT NOT NULL DEFAULT 0);
-- +goose Down
DROP TABLE jobs_outbox;
`)}}}

func each(t *testing.T, fn func(t *testing.T, db *sqlkit.DB)) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB) {
		require.NoError(t, Up(t.Context(), db))
		require.NoError(t, Up(t.Context(), db))
		fn(t, db)
	})
}

func put(t *testing.T, db *sqlkit.DB, box *sqlkit.Outbox, ids ...string) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range ids {
			if err := box.PutTx(ctx, tx, sqlkit.Message{ID: id, Topic: "t", Payload: []byte("p" + id), At: time.Unix(7, 0).UTC()}); err != nil {
				return err
			}
		}
		return nil
	}))
}

type handler = func(context.Context, sqlkit.Message) error

func run(t *testing.T, db *sqlkit.DB, h map[string]handler, o *Options) (*Runner, *sqlkit.Outbox) {
	t.Helper()
	box := sqlkit.NewOutbox(db, "jobs_outbox", nil)
	o.Poll = 10 * time.Millisecond
	r, err := New(db, []Source{{box, h}}, o)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Stop(ctx))
	})
	return r, box
}

func TestMessagesAreHandledOnce(t *testing.T) {
	each(t, func(t *testing.T, db *sqlkit.DB) {
		got := make(chan sqlkit.Message, 100)
		_, box := run(t, db, map[string]handler{"t": func(_ context.Context, m sqlkit.Message) error { got <- m; return nil }}, &Options{})
		put(t, db, box, "a", "b", "c")
		seen := map[string]string{}
		for range 3 {
			m := <-got
			assert.Equal(t, time.Unix(7, 0).UTC(), m.At)
			seen[m.ID] = string(m.Payload)
		}
		assert.Equal(t, map[string]string{"a": "pa", "b": "pb", "c": "pc"}, seen)
		put(t, db, box, "a", "d") // the relay died before it deleted "a"
		m := <-got
		assert.Equal(t, "d", m.ID, "a message relayed twice is one job")
	})
}

func TestRetryAndDeadLetter(t *testing.T) {
	each(t, func(t *testing.T, db *sqlkit.DB) {
		var tries atomic.Int32
		r, box := run(t, db, map[string]handler{"t": func(context.Context, sqlkit.Message) error {
			if tries.Add(1) <= 2 {
				return errors.New("printer is out of paper")
			}
			return nil
		}}, &Options{MaxAttempts: 2})
		put(t, db, box, "a")
		require.Eventually(t, func() bool { // the second try comes after River's pause of a second
			dead, err := r.Dead(t.Context(), 10)
			require.NoError(t, err)
			return len(dead) == 1
		}, 20*time.Second, 50*time.Millisecond)
		dead, err := r.Dead(t.Context(), 10)
		require.NoError(t, err)
		assert.Equal(t, "a", dead[0].ID)
		assert.Equal(t, 2, dead[0].Attempts)
		assert.Contains(t, dead[0].Error, "out of paper")
		problems, err := r.Audit(t.Context())
		require.NoError(t, err)
		require.Len(t, problems, 1)
		assert.Equal(t, "river_job", problems[0].Table)
		require.NoError(t, r.Retry(t.Context(), dead[0].Job))
		require.Eventually(t, func() bool { return tries.Load() == 3 }, 10*time.Second, 20*time.Millisecond)
	})
}

func TestUnboundTopicIsNotDropped(t *testing.T) {
	each(t, func(t *testing.T, db *sqlkit.DB) {
		r, box := run(t, db, nil, &Options{MaxAttempts: 1})
		put(t, db, box, "a")
		require.Eventually(t, func() bool {
			dead, err := r.Dead(t.Context(), 10)
			require.NoError(t, err)
			return len(dead) == 1
		}, 10*time.Second, 20*time.Millisecond)
	})
}

func TestPass(t *testing.T) {
	each(t, func(t *testing.T, db *sqlkit.DB) {
		var n atomic.Int32
		run(t, db, nil, &Options{Passes: []Pass{{Name: "poll", Every: time.Second, Run: func(context.Context) error {
			n.Add(1)
			return nil
		}}}})
		require.Eventually(t, func() bool { return n.Load() >= 2 }, 20*time.Second, 50*time.Millisecond)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := sqltest.SQLite(t, tables)
	box := sqlkit.NewOutbox(db, "jobs_outbox", nil)
	_, err := New(db, []Source{{box, nil}, {box, nil}}, nil)
	require.ErrorContains(t, err, "given twice")
	_, err = New(db, nil, &Options{Passes: []Pass{{Name: "p", Every: time.Millisecond}}})
	require.ErrorContains(t, err, "at least 1 s")
}

// What the caller chose stands; the rest has the default that is documented.
func TestOptions(t *testing.T) {
	t.Parallel()
	db := sqltest.SQLite(t, tables)
	r, err := New(db, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, 10, r.o.Workers)
	assert.Equal(t, 200*time.Millisecond, r.o.Poll)
	assert.Greater(t, r.o.MaxAttempts, 1)
	assert.Greater(t, r.o.RescueAfter, r.o.JobTimeout, "a job that may still run is not taken over")
	own := Options{
		Workers: 3, MaxAttempts: 2, JobTimeout: time.Second, RescueAfter: time.Minute, Poll: time.Hour, Logger: zap.NewNop(),
	}
	r, err = New(db, nil, &own)
	require.NoError(t, err)
	assert.Equal(t, own, r.o)
}

// TestMain is also the process that gets killed: with RIVERJOBS_CHILD it runs
// one effect that never ends.
func TestMain(m *testing.M) {
	if dsn := os.Getenv("RIVERJOBS_CHILD"); dsn != "" {
		child(dsn, os.Getenv("RIVERJOBS_MARK"))
		return
	}
	os.Exit(m.Run())
}

func child(dsn, mark string) {
	ctx := context.Background()
	db, err := sqlopen.Open(ctx, dsn, nil)
	if err != nil {
		panic(err)
	}
	box := sqlkit.NewOutbox(db, "jobs_outbox", nil)
	r, err := New(db, []Source{{box, map[string]handler{"t": func(context.Context, sqlkit.Message) error {
		if err := os.WriteFile(mark, nil, 0o600); err != nil {
			panic(err)
		}
		select {}
	}}}}, &Options{Poll: 10 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	if err := r.Start(ctx); err != nil {
		panic(err)
	}
	select {}
}

// A process is killed inside an effect. After a restart the effect is done
// within 5 s on SQLite, within 90 s on PostgreSQL.
func TestKilledInsideAnEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dsn    func(t *testing.T) string
		within time.Duration
	}{
		"sqlite":   {func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }, 5 * time.Second},
		"postgres": {func(t *testing.T) string { return sqltest.PostgresURL(t) }, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := c.dsn(t)
			open := func() *sqlkit.DB {
				db, err := sqlopen.Open(t.Context(), dsn, nil)
				require.NoError(t, err)
				return db
			}
			db := open()
			require.NoError(t, migrate.Up(t.Context(), db, tables))
			require.NoError(t, Up(t.Context(), db))
			put(t, db, sqlkit.NewOutbox(db, "jobs_outbox", nil), "a")
			require.NoError(t, db.Close())

			mark := filepath.Join(t.TempDir(), "inside")
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "RIVERJOBS_CHILD="+dsn, "RIVERJOBS_MARK="+mark)
			require.NoError(t, cmd.Start())
			require.Eventually(t, func() bool { _, err := os.Stat(mark); return err == nil }, 30*time.Second, 10*time.Millisecond)
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait() // it says "killed"

			db = open()
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			done := make(chan struct{}, 10)
			began := time.Now()
			run(t, db, map[string]handler{"t": func(context.Context, sqlkit.Message) error { done <- struct{}{}; return nil }}, &Options{})
			select {
			case <-done:
				t.Logf("done %v after the restart", time.Since(began).Round(time.Millisecond))
			case <-time.After(c.within):
				t.Fatalf("not done within %v", c.within)
			}
		})
	}
}
