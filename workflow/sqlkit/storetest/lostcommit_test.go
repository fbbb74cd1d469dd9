package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// work does something, here one row, once for each key.
func work(db *sqlkit.DB, key, result string) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			k := sqlkit.Key{Table: "kit_keys"}
			if _, found, err := k.Replay(ctx, tx, db.Dialect, key, []byte("body")); found || err != nil {
				return err
			}
			if err := insert(ctx, db, tx, result); err != nil {
				return err
			}
			return k.Save(ctx, tx, db.Dialect, key, []byte("body"), []byte(result), time.Unix(1, 0))
		})
	}
}

func insert(ctx context.Context, db *sqlkit.DB, tx *sql.Tx, x string) error {
	_, err := tx.ExecContext(ctx, db.Dialect.SQL("INSERT INTO kit_"+db.Dialect.String()+" (x) VALUES ($1)"), x)
	return err
}

func count(t *testing.T, db *sqlkit.DB, x string) (n int) {
	t.Helper()
	require.NoError(t, db.Read.QueryRowContext(t.Context(),
		db.Dialect.SQL("SELECT count(*) FROM kit_"+db.Dialect.String()+" WHERE x = $1"), x).Scan(&n))
	return n
}

// An error from COMMIT says nothing: the same error follows work that was done
// and work that was not. With a key both end as done once.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		for name, outcomes := range map[string][]sqltest.Outcome{
			"answer lost":              {sqltest.Done},
			"never arrived":            {sqltest.Undone},
			"replay's answer lost too": {sqltest.Done, sqltest.Done},
			"never arrived, then lost": {sqltest.Undone, sqltest.Done, sqltest.Undone},
		} {
			t.Run(name, func(t *testing.T) {
				before := f.Lost()
				for _, o := range outcomes {
					f.LoseCommit(o)
				}
				require.NoError(t, db.Retry(t.Context(), true, work(db, name, name)))
				assert.Equal(t, before+len(outcomes), f.Lost(), "every fault was met")
				assert.Equal(t, 1, count(t, db, name), "done once")
				require.NoError(t, db.Retry(t.Context(), true, work(db, name, "another result")))
				assert.Zero(t, count(t, db, "another result"))
			})
		}
	})
}

// Without a key nothing is repeated, and the caller is told to look.
func TestLostCommitWithoutKey(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		for o, rows := range map[sqltest.Outcome]int{sqltest.Done: 1, sqltest.Undone: 0} {
			f.LoseCommit(o)
			x := fmt.Sprint("outcome ", o)
			err := db.Retry(t.Context(), false, func(ctx context.Context) error {
				return db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return insert(ctx, db, tx, x) })
			})
			require.ErrorIs(t, err, sqlkit.ErrOutcomeUnknown)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			var te *sqlkit.TxError
			require.ErrorAs(t, err, &te)
			assert.Equal(t, sqlkit.PhaseCommit, te.Phase)
			assert.Equal(t, rows, count(t, db, x))
		}
	})
}

// Many callers with one key, while commits are lost: one of them does the work.
func TestLostCommitAmongMany(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		for _, o := range []sqltest.Outcome{sqltest.Done, sqltest.Undone, sqltest.Done} {
			f.LoseCommit(o)
		}
		var callers sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			callers.Go(func() {
				do := func() error { return db.Retry(t.Context(), true, work(db, "k", "x")) }
				if errs[i] = do(); db.IsUnique(errs[i]) { // another one won meanwhile
					errs[i] = do()
				}
			})
		}
		callers.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		assert.Equal(t, 3, f.Lost())
		assert.Equal(t, 1, count(t, db, "x"))
	})
}

// A message whose hand-over is in doubt comes again, with the same id; one whose
// deletion went through does not.
func TestOutboxLostAnswers(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{tables}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		now := time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC)
		box := sqlkit.NewOutbox(db, "kit_outbox", &sqlkit.OutboxOptions{Now: func() time.Time { return now }, Lease: time.Minute})
		put := func(id string) {
			require.NoError(t, db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				return box.PutTx(ctx, tx, sqlkit.Message{ID: id, Topic: "t", Payload: []byte{}, At: now})
			}))
		}
		drain := func() (ids []string, err error) {
			_, err = box.Drain(t.Context(), 10, func(_ context.Context, ms []sqlkit.Message) error {
				for _, m := range ms {
					ids = append(ids, m.ID)
				}
				return nil
			})
			return ids, err
		}
		put("a")
		f.LoseStatement(sqltest.Done, "UPDATE kit_outbox")
		ids, err := drain()
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Empty(t, ids)
		ids, err = drain()
		require.NoError(t, err)
		assert.Empty(t, ids, "claimed by nobody, but claimed")
		now = now.Add(61 * time.Second)
		f.LoseStatement(sqltest.Undone, "DELETE FROM kit_outbox")
		ids, err = drain()
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Equal(t, []string{"a"}, ids)
		now = now.Add(61 * time.Second)
		f.LoseStatement(sqltest.Done, "DELETE FROM kit_outbox")
		ids, err = drain()
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Equal(t, []string{"a"}, ids, "again, with its id")
		now = now.Add(61 * time.Second)
		ids, err = drain()
		require.NoError(t, err)
		assert.Empty(t, ids)
		assert.Equal(t, 3, f.Lost())
	})
}
