// Package storetest runs sqlkit's promises on every database.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var tables = sqlkit.Migrations{Module: "kit", FS: fstest.MapFS{
	"001_tables.sql": {Data: []byte(`-- +goose Up
CREATE TABLE kit_keys (key TEXT PRIMARY KEY, digest BYTEA NOT NULL, result BYTEA NOT NULL, seen BIGINT NOT NULL, at_us BIGINT NOT NULL);
CREATE TABLE kit_outbox (id TEXT PRIMARY KEY, topic TEXT NOT NULL, payload BYTEA NOT NULL, at_us BIGINT NOT NULL,
  lease TEXT NOT NULL DEFAULT '', leased_until_us BIGINT NOT NULL DEFAULT 0);
-- +goose Down
DROP TABLE kit_outbox;
DROP TABLE kit_keys;
`)},
	"002_only.sqlite.sql":   {Data: []byte("-- +goose Up\nCREATE TABLE kit_sqlite (x TEXT);\n-- +goose Down\nDROP TABLE kit_sqlite;\n")},
	"002_only.postgres.sql": {Data: []byte("-- +goose Up\nCREATE TABLE kit_postgres (x TEXT);\n-- +goose Down\nDROP TABLE kit_postgres;\n")},
}}

func TestMigrateUpDownUp(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB) {
		p, err := migrate.Provider(db, tables)
		require.NoError(t, err)
		_, err = p.DownTo(t.Context(), 0)
		require.NoError(t, err)
		require.NoError(t, migrate.Up(t.Context(), db, tables))
		require.NoError(t, migrate.Up(t.Context(), db, tables), "applying twice changes nothing")
		_, err = db.Read.ExecContext(t.Context(), db.Dialect.SQL("SELECT x FROM kit_"+db.Dialect.String()+" WHERE x = $1"), "")
		require.NoError(t, err, "the dialect's own file was applied")
	})
}

func TestKey(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB) {
		k := sqlkit.Key{Table: "kit_keys"}
		call := func(key, digest, result string) (got string, found bool, err error) {
			err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				first, ok, err := k.Replay(ctx, tx, db.Dialect, key, []byte(digest))
				if ok || err != nil {
					got, found = string(first), ok
					return err
				}
				got = result
				return k.Save(ctx, tx, db.Dialect, key, []byte(digest), []byte(result), time.Unix(1, 0))
			})
			return got, found, err
		}
		got, found, err := call("k1", "body", "first")
		require.NoError(t, err)
		assert.False(t, found)
		assert.Equal(t, "first", got)
		got, found, err = call("k1", "body", "second")
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "first", got)
		_, _, err = call("k1", "other body", "third")
		require.ErrorIs(t, err, sqlkit.ErrKeyReused)
		var seen int
		require.NoError(t, db.Read.QueryRowContext(t.Context(),
			db.Dialect.SQL("SELECT seen FROM kit_keys WHERE key = $1"), "k1").Scan(&seen))
		assert.Equal(t, 1, seen, "a replay writes before it answers; a conflict rolls back")
		err = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return k.Save(ctx, tx, db.Dialect, "k1", []byte{}, []byte{}, time.Unix(1, 0))
		})
		assert.True(t, db.IsUnique(err), "%v", err)
	})
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB) {
		now := time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC)
		box := sqlkit.NewOutbox(db, "kit_outbox", &sqlkit.OutboxOptions{Now: func() time.Time { return now }, Lease: time.Minute})
		put := func(ms ...sqlkit.Message) {
			require.NoError(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return box.PutTx(ctx, tx, ms...) }))
		}
		m := func(id string, at int) sqlkit.Message {
			return sqlkit.Message{ID: id, Topic: "t", Payload: []byte(id), At: now.Add(time.Duration(at) * time.Second)}
		}
		put(m("c", 3), m("a", 1), m("b", 2))
		put(m("a", 1)) // the same message again is one message
		drain := func(n int, fail error) (ids []string, err error) {
			_, err = box.Drain(t.Context(), n, func(_ context.Context, ms []sqlkit.Message) error {
				sqltest.Idle(t, db)
				for _, m := range ms {
					assert.Equal(t, m.ID, string(m.Payload))
					ids = append(ids, m.ID)
				}
				return fail
			})
			return ids, err
		}
		boom := errors.New("boom")
		ids, err := drain(2, boom)
		require.ErrorIs(t, err, boom)
		assert.Equal(t, []string{"a", "b"}, ids)
		ids, err = drain(2, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b"}, ids, "a failed hand-over is released at once")

		// A process dies while it holds the last one.
		func() {
			defer func() { _ = recover() }()
			_, _ = box.Drain(t.Context(), 5, func(context.Context, []sqlkit.Message) error { panic("killed") })
		}()
		ids, err = drain(5, nil)
		require.NoError(t, err)
		assert.Empty(t, ids, "leased")
		now = now.Add(61 * time.Second)
		ids, err = drain(5, boom)
		require.ErrorIs(t, err, boom)
		assert.Equal(t, []string{"c"}, ids, "the lease ran out")
		ids, err = drain(5, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"c"}, ids)
		n, err := box.Pending(t.Context())
		require.NoError(t, err)
		assert.Zero(t, n)
	})
}

func TestOutboxClearLeases(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB) {
		box := sqlkit.NewOutbox(db, "kit_outbox", &sqlkit.OutboxOptions{Lease: time.Hour})
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return box.PutTx(ctx, tx, sqlkit.Message{ID: "x", Topic: "t", Payload: []byte{}, At: time.Unix(0, 0)})
		}))
		func() {
			defer func() { _ = recover() }()
			_, _ = box.Drain(t.Context(), 5, func(context.Context, []sqlkit.Message) error { panic("killed") })
		}()
		require.NoError(t, box.ClearLeases(t.Context()))
		n, err := box.Drain(t.Context(), 5, func(context.Context, []sqlkit.Message) error { return nil })
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

func TestInTxRollsBack(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB) {
		boom := errors.New("boom")
		insert := func(ctx context.Context, tx *sql.Tx) {
			_, err := tx.ExecContext(ctx, db.Dialect.SQL("INSERT INTO kit_keys VALUES ($1, $2, $2, 0, 0)"), "k", []byte{1})
			require.NoError(t, err)
		}
		err := db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { insert(ctx, tx); return boom })
		require.ErrorIs(t, err, boom)
		assert.Panics(t, func() {
			_ = db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { insert(ctx, tx); panic("x") })
		})
		var n int
		require.NoError(t, db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM kit_keys").Scan(&n))
		assert.Zero(t, n)
		sqltest.Idle(t, db)
	})
}
