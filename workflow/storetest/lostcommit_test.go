package storetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// losses are the ways in which answers get lost, one after the other.
var losses = map[string][]sqltest.Outcome{
	"answer lost":              {sqltest.Done},
	"never arrived":            {sqltest.Undone},
	"replay's answer lost too": {sqltest.Done, sqltest.Done},
	"never arrived, then lost": {sqltest.Undone, sqltest.Done, sqltest.Undone},
}

func eachFaulty(t *testing.T, fn func(t *testing.T, b *bundle, f *sqltest.Faults)) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{workflow.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		fn(t, setup(t, db), f)
	})
}

// lose has the engine's own write lose its answers: the commit on SQLite, on
// PostgreSQL the one statement, and after it the replay's.
func (b *bundle) lose(f *sqltest.Faults, outcomes []sqltest.Outcome) {
	part := "WITH moved"
	for _, o := range outcomes {
		if b.db.Dialect == sqlkit.SQLite {
			f.LoseCommit(o)
			continue
		}
		f.LoseStatement(o, part)
		if o == sqltest.Done {
			part = "UPDATE workflow_keys"
		}
	}
}

// rows counts what a command must leave once.
func (b *bundle) rows(t *testing.T, id workflow.DossierID) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, table := range []string{"workflow_history", "workflow_payloads", "workflow_keys"} {
		var n int
		require.NoError(t, b.db.Read.QueryRowContext(t.Context(),
			b.db.Dialect.SQL("SELECT count(*) FROM "+table+" WHERE dossier_id = $1"), string(id)).Scan(&n))
		out[table] = n
	}
	return out
}

// Start and Apply are done once, whatever becomes of their answers.
func TestLostCommit(t *testing.T) {
	eachFaulty(t, func(t *testing.T, b *bundle, f *sqltest.Faults) {
		messages, lost := 0, 0
		for name, outcomes := range losses {
			t.Run(name, func(t *testing.T) {
				b.lose(f, outcomes)
				lost += len(outcomes)
				d := b.start(t, "start "+name)
				assert.Equal(t, workflow.Version(1), d.Version)
				assert.Equal(t, lost, f.Lost(), "every fault was met")

				b.lose(f, outcomes)
				lost += len(outcomes)
				c := receive(d, "receive "+name)
				c.Body = json.RawMessage(`{"copies":1}`)
				r, err := b.Apply(t.Context(), c)
				require.NoError(t, err)
				assert.Equal(t, workflow.Version(2), r.Dossier.Version)
				assert.Equal(t, "received", r.Dossier.State)
				assert.Equal(t, lost, f.Lost(), "every fault was met")

				assert.Equal(t, map[string]int{"workflow_history": 2, "workflow_payloads": 2, "workflow_keys": 2}, b.rows(t, d.ID))
				messages += 2
				n, err := b.Outbox().Pending(t.Context())
				require.NoError(t, err)
				assert.Equal(t, messages, n, "each effect is called for once")
				b.clean(t)
			})
		}
	})
}

// In a transaction of the caller's the engine repeats nothing; whoever repeats
// the whole finds the move and the caller's own row done once, together.
func TestLostCommitTx(t *testing.T) {
	eachFaulty(t, func(t *testing.T, b *bundle, f *sqltest.Faults) {
		require.NoError(t, b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "CREATE TABLE own (dossier TEXT)")
			return err
		}))
		for name, outcomes := range losses {
			t.Run(name, func(t *testing.T) {
				d := b.start(t, "start "+name)
				attempts, before := 0, f.Lost()
				for _, o := range outcomes {
					f.LoseCommit(o)
				}
				attempt := func(ctx context.Context) error {
					attempts++
					return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
						r, err := b.ApplyTx(ctx, tx, receive(d, "receive "+name))
						if err != nil || r.Replayed {
							return err
						}
						_, err = tx.ExecContext(ctx, b.db.Dialect.SQL("INSERT INTO own VALUES ($1)"), string(d.ID))
						return err
					})
				}
				err := attempt(t.Context())
				var te *sqlkit.TxError
				require.ErrorAs(t, err, &te)
				assert.Equal(t, sqlkit.PhaseCommit, te.Phase)
				require.NoError(t, b.db.Retry(t.Context(), true, attempt))
				assert.Equal(t, len(outcomes)+1, attempts)
				assert.Equal(t, before+len(outcomes), f.Lost())
				var own int
				require.NoError(t, b.db.Read.QueryRowContext(t.Context(),
					b.db.Dialect.SQL("SELECT count(*) FROM own WHERE dossier = $1"), string(d.ID)).Scan(&own))
				assert.Equal(t, 1, own)
				assert.Equal(t, 2, b.rows(t, d.ID)["workflow_history"])
				b.clean(t)
			})
		}
	})
}

// A lost answer to a read changes nothing: it is asked again.
func TestLostRead(t *testing.T) {
	eachFaulty(t, func(t *testing.T, b *bundle, f *sqltest.Faults) {
		if b.db.Dialect == sqlkit.SQLite {
			f.LoseCommit(sqltest.Undone) // SQLite reads inside the write's transaction
		} else {
			f.LoseStatement(sqltest.Done, "LEFT JOIN workflow_keys")
		}
		d := b.start(t, "k")
		assert.Equal(t, 1, f.Lost())
		assert.Equal(t, 1, b.rows(t, d.ID)["workflow_history"])
		b.clean(t)
	})
}
