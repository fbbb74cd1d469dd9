package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// stuck is a dossier whose money is in and whose move was refused; the exception
// that says so is returned.
func (b *bench) stuck(dossier string) string {
	b.t.Helper()
	b.no = errors.New("dossier is withdrawn")
	b.pay(dossier)
	b.no = nil
	o, err := b.owed(b.t.Context(), dossier)
	require.NoError(b.t, err)
	require.Len(b.t, o.Exceptions, 1)
	assert.True(b.t, o.Exceptions[0].Retry)
	return o.Exceptions[0].ID
}

// enter is what the desk does when a dossier comes to its gate: the charge, and
// the move at once where it is paid.
func (b *bench) enter(dossier string) sqltest.Use {
	return b.inTx(func(ctx context.Context, tx *sql.Tx) error {
		settled, err := b.ChargeTx(ctx, tx, fee(dossier))
		if err != nil || settled == "" {
			return err
		}
		return b.SystemTx(ctx, tx, workflow.DossierID(dossier), desk.EventFeeSettled, "charge/"+settled)
	})
}

// What needed a person is closed by moving the dossier, by the dossier's coming
// to its gate again, or by a note; and by no other dossier's page.
func TestExceptionsAreClosed(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{payment.Migrations()}, func(t *testing.T, db *sqlkit.DB) {
		b := newBench(t, db)
		ctx := t.Context()
		id := b.stuck("d1")
		done, err := b.RetryException(ctx, "d2", id, "o1")
		require.NoError(t, err)
		assert.True(t, done, "of another dossier there is none")
		require.NoError(t, b.ResolveException(ctx, "d2", id, "o1", "x"))
		b.no = errors.New("still withdrawn")
		done, err = b.RetryException(ctx, "d1", id, "o1")
		require.NoError(t, err)
		assert.False(t, done)
		b.moved()
		b.no = nil
		for range 2 { // repeating changes nothing
			done, err = b.RetryException(ctx, "d1", id, "o1")
			require.NoError(t, err)
			assert.True(t, done)
			b.moved()
		}
		b.stuck("d3")
		require.NoError(t, b.enter("d3")(ctx))
		b.moved()
		o, err := b.owed(ctx, "d3")
		require.NoError(t, err)
		assert.Empty(t, o.Exceptions)
		id = b.stuck("d4")
		require.Error(t, b.ResolveException(ctx, "d4", id, "o1", ""))
		for range 2 {
			require.NoError(t, b.ResolveException(ctx, "d4", id, "o1", "hoàn trả, chứng từ 12"))
		}
		closed, err := b.Payments.Exceptions(ctx, everything, &payment.ExceptionQuery{Subject: "d4", Closed: true})
		require.NoError(t, err)
		require.Len(t, closed, 1)
		assert.Equal(t, "hoàn trả, chứng từ 12", closed[0].Resolution)
		assert.Equal(t, "o1", closed[0].ResolvedBy)
	})
}

var everything = payment.Scope{All: true}

// Closing an exception meets every fault of the database, too.
func TestEveryFaultOfClosingIsTold(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{payment.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		b := newBench(t, db)
		for title, use := range map[string]prepared{
			"retry": func(b *bench, d string) sqltest.Use {
				id := b.stuck(d)
				return func(ctx context.Context) error {
					done, err := b.RetryException(ctx, workflow.DossierID(d), id, "o1")
					if err == nil && !done {
						return sqltest.ErrInjected // the fault has hit the dossier's move
					}
					return err
				}
			},
			"enter": func(b *bench, d string) sqltest.Use {
				b.stuck(d)
				return b.enter(d)
			},
		} {
			t.Run(title, func(t *testing.T) {
				b.t = t
				f.Sweep(t, func(*testing.T) sqltest.Use { return use(b, rand.Text()) })
				b.moved()
			})
		}
		t.Run("resolve", func(t *testing.T) {
			b.t = t
			f.Sweep(t, func(*testing.T) sqltest.Use {
				d := rand.Text()
				id := b.stuck(d)
				return func(ctx context.Context) error {
					return b.ResolveException(ctx, workflow.DossierID(d), id, "o1", "hoàn trả")
				}
			})
			problems, err := b.Payments.Audit(t.Context())
			require.NoError(t, err)
			assert.Empty(t, problems)
		})
	})
}
