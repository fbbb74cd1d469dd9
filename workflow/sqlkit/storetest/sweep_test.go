package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// uses are what a module asks of the kit, each for something fresh.
var uses = map[string]func(t *testing.T, db *sqlkit.DB, key string) sqltest.Use{
	"keyed work": func(_ *testing.T, db *sqlkit.DB, key string) sqltest.Use {
		return func(ctx context.Context) error { return db.Retry(ctx, true, work(db, key, key)) }
	},
	"put": func(_ *testing.T, db *sqlkit.DB, key string) sqltest.Use {
		return func(ctx context.Context) error { return put(ctx, db, key) }
	},
	"drain": func(t *testing.T, db *sqlkit.DB, key string) sqltest.Use {
		require.NoError(t, put(t.Context(), db, key))
		now := time.Unix(100, 0)
		box := sqlkit.NewOutbox(db, "kit_outbox", &sqlkit.OutboxOptions{Now: func() time.Time { now = now.Add(time.Hour); return now }})
		return func(ctx context.Context) error {
			_, err := box.Drain(ctx, 10, func(context.Context, []sqlkit.Message) error { return nil })
			return err
		}
	},
	"pending and leases": func(_ *testing.T, db *sqlkit.DB, _ string) sqltest.Use {
		box := sqlkit.NewOutbox(db, "kit_outbox", nil)
		return func(ctx context.Context) error {
			if _, err := box.Pending(ctx); err != nil {
				return err
			}
			return box.ClearLeases(ctx)
		}
	},
	"seal": func(t *testing.T, db *sqlkit.DB, key string) sqltest.Use {
		(&family{t, db}).write(key)
		return func(ctx context.Context) error {
			return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return seal.Write(ctx, tx, db.Dialect, key) })
		}
	},
	"check": func(t *testing.T, db *sqlkit.DB, key string) sqltest.Use {
		(&family{t, db}).write(key)
		return func(ctx context.Context) error {
			return db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
				found, err := seal.Check(ctx, tx, db.Dialect)
				assert.Empty(t, found)
				return err
			})
		}
	},
	"recount": func(t *testing.T, db *sqlkit.DB, key string) sqltest.Use {
		(&family{t, db}).write(key)
		return func(ctx context.Context) error {
			var r sqlkit.Recount
			err := recount(ctx, db, &r, func(scan func(...any) error) error { return scan(new(string), new(string)) })
			assert.Empty(t, r.Found, "a database that fails is no row that cannot be read")
			return err
		}
	},
}

func put(ctx context.Context, db *sqlkit.DB, key string) error {
	return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		m := sqlkit.Message{ID: key, Topic: "t", Payload: []byte{1}, At: time.Unix(1, 0)}
		return sqlkit.NewOutbox(db, "kit_outbox", nil).PutTx(ctx, tx, m)
	})
}

func recount(ctx context.Context, db *sqlkit.DB, r *sqlkit.Recount, fn func(func(...any) error) error) error {
	return db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return r.Each(ctx, tx, "family_heads", 1, "SELECT id, name FROM family_heads ORDER BY id", fn)
	})
}

// Whatever the database refuses, the caller hears of it, and repeating helps.
func TestEveryFaultIsTold(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables, families}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		n := 0
		for name, use := range uses {
			t.Run(name, func(t *testing.T) {
				f.Sweep(t, func(t *testing.T) sqltest.Use {
					n++
					return use(t, db, fmt.Sprint(n, " ", name))
				})
			})
		}
	})
}

// A row that cannot be read is named and left out; any other error ends the recount.
func TestRecountOfUnreadableRows(t *testing.T) {
	eachFamily(t, func(f *family) {
		f.write("a")
		f.write("b")
		var r sqlkit.Recount
		rows := 0
		require.NoError(f.t, recount(f.t.Context(), f.db, &r, func(scan func(...any) error) error {
			rows++
			return scan(new(string), new(int)) // a name is no number
		}))
		assert.Equal(f.t, 2, rows)
		assert.Equal(f.t, []sqlkit.Problem{
			{Table: "family_heads", Row: "a", Problem: "it holds what cannot be read"},
			{Table: "family_heads", Row: "b", Problem: "it holds what cannot be read"},
		}, r.Found)

		boom := errors.New("boom")
		r, rows = sqlkit.Recount{}, 0
		require.ErrorIs(f.t, recount(f.t.Context(), f.db, &r, func(func(...any) error) error { rows++; return boom }), boom)
		assert.Equal(f.t, 1, rows)
		assert.Empty(f.t, r.Found)
	})
}

// A hand-over that fails and cannot be released says both, and comes again when its lease has run out.
func TestDrainThatCannotRelease(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		now := time.Unix(100, 0)
		box := sqlkit.NewOutbox(db, "kit_outbox", &sqlkit.OutboxOptions{Now: func() time.Time { return now }})
		require.NoError(t, put(t.Context(), db, "a"))
		boom := errors.New("boom")
		n, err := box.Drain(t.Context(), 1, func(context.Context, []sqlkit.Message) error {
			f.LoseStatement(sqltest.Undone, "SET lease = ''")
			return boom
		})
		require.ErrorIs(t, err, boom)
		require.ErrorContains(t, err, "could not be released")
		assert.Zero(t, n)
		drain := func() int {
			n, err := box.Drain(t.Context(), 1, func(context.Context, []sqlkit.Message) error { return nil })
			require.NoError(t, err)
			return n
		}
		assert.Zero(t, drain())
		now = now.Add(30 * time.Second) // the lease's default, to its last moment
		assert.Zero(t, drain())
		now = now.Add(time.Microsecond)
		assert.Equal(t, 1, drain())
	})
}
