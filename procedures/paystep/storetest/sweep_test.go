package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// prepared makes something fresh for a dossier, and returns the use case for it.
type prepared func(b *bench, dossier string) sqltest.Use

// Whatever the database refuses, the desk and the payer hear of it, and repeating
// helps. The gate's own code asks both databases the same: SQLite sees all uses,
// PostgreSQL some.
func TestEveryFaultIsTold(t *testing.T) {
	t.Parallel()
	onPostgres := map[string]bool{"charge": true, "take cash": true}
	sqltest.EachFaulty(t, []sqlkit.Migrations{payment.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		b := newBench(t, db)
		for title, use := range uses() {
			if db.Dialect != sqlkit.SQLite && !onPostgres[title] {
				continue
			}
			t.Run(title, func(t *testing.T) {
				b.t, b.no = t, nil
				f.Sweep(t, func(*testing.T) sqltest.Use { return use(b, rand.Text()) })
				b.moved()
			})
		}
	})
}

func uses() map[string]prepared {
	nothing := func(*bench, string) {}
	return map[string]prepared{
		"charge":                    charges(nothing, false),
		"charge what is charged":    charges((*bench).charge, false),
		"charge what is paid":       charges((*bench).pay, true),
		"charge what was cancelled": charges(func(b *bench, d string) { b.charge(d); require.NoError(b.t, b.cancel(d)(b.t.Context())) }, false),

		"cancel":              cancels((*bench).charge, string(payment.StateCancelled)),
		"cancel what is paid": cancels((*bench).pay, string(payment.StateSettled)),
		"cancel nothing":      func(b *bench, d string) sqltest.Use { return b.cancel(d) },

		"owed": func(b *bench, d string) sqltest.Use {
			b.charge(d)
			return b.tells(d, func(o *desk.Owed) bool { return o != nil && o.Total == 12_000 && len(o.Lines) == 1 && !o.Cash })
		},
		"owed and paid": func(b *bench, d string) sqltest.Use {
			b.no = errors.New("dossier is withdrawn")
			b.pay(d)
			return b.tells(d, func(o *desk.Owed) bool { return o != nil && o.Cash && !o.Settled.IsZero() && len(o.Exceptions) == 1 })
		},
		"owed nothing": func(b *bench, d string) sqltest.Use {
			return func(ctx context.Context) error {
				o, err := b.owed(ctx, d)
				assert.Nil(b.t, o)
				return err
			}
		},

		"begin": func(b *bench, d string) sqltest.Use {
			b.charge(d)
			return func(ctx context.Context) error {
				url, err := b.begin(ctx, d)
				assert.Equal(b.t, err == nil, url != "")
				return err
			}
		},
		"begin nothing": func(b *bench, d string) sqltest.Use {
			return func(ctx context.Context) error { _, err := b.begin(ctx, d); return owingNothing(err) }
		},
		"take cash": func(b *bench, d string) sqltest.Use {
			b.charge(d)
			return b.settles(d, func(ctx context.Context) error { return b.TakeCash(ctx, workflow.DossierID(d), "o1", d) })
		},
		"take cash for nothing": func(b *bench, d string) sqltest.Use {
			return func(ctx context.Context) error { return owingNothing(b.TakeCash(ctx, workflow.DossierID(d), "o1", d)) }
		},
		"refresh": func(b *bench, d string) sqltest.Use {
			b.charge(d)
			_, err := b.begin(b.t.Context(), d)
			require.NoError(b.t, err)
			o, err := b.owed(b.t.Context(), d)
			require.NoError(b.t, err)
			_, err = b.bank.Pay(o.Charge+"-1", time.Now())
			require.NoError(b.t, err)
			return b.settles(d, func(ctx context.Context) error { return b.Refresh(ctx, workflow.DossierID(d)) })
		},
		"refresh nothing": func(b *bench, d string) sqltest.Use {
			return func(ctx context.Context) error { return b.Refresh(ctx, workflow.DossierID(d)) }
		},
	}
}

// charges opens a charge after before: one stands afterwards, and what was paid
// already is told.
func charges(before func(*bench, string), paid bool) prepared {
	return func(b *bench, d string) sqltest.Use {
		before(b, d)
		return func(ctx context.Context) error {
			var settled string
			err := b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
				settled, err = b.ChargeTx(ctx, tx, fee(d))
				return err
			})
			if err != nil {
				return err
			}
			o, err := b.owed(ctx, d)
			if err != nil {
				return err
			}
			assert.Equal(b.t, paid, settled == o.Charge)
			assert.NotEqual(b.t, string(payment.StateCancelled), o.State)
			return nil
		}
	}
}

// cancels takes back what before has made, and looks at the charge's state.
func cancels(before func(*bench, string), state string) prepared {
	return func(b *bench, d string) sqltest.Use {
		before(b, d)
		return func(ctx context.Context) error {
			if err := b.cancel(d)(ctx); err != nil {
				return err
			}
			return b.tells(d, func(o *desk.Owed) bool { return o != nil && o.State == state })(ctx)
		}
	}
}

// tells asks what a dossier owes: without an error the answer is the whole one.
func (b *bench) tells(d string, whole func(*desk.Owed) bool) sqltest.Use {
	return func(ctx context.Context) error {
		o, err := b.owed(ctx, d)
		if err == nil {
			assert.True(b.t, whole(o))
		}
		return err
	}
}

func (b *bench) begin(ctx context.Context, d string) (string, error) {
	return b.Begin(ctx, workflow.DossierID(d), "bank", d, "https://dvc.test/ve", "10.1.2.3", "vi")
}

// settles tells a fault that has hit the dossier's move: the money is kept, an
// exception holds the fault's text, and another try ends it.
func (b *bench) settles(d string, use sqltest.Use) sqltest.Use {
	all := payment.Scope{All: true}
	return func(ctx context.Context) error {
		if err := use(ctx); err != nil {
			return err
		}
		open, err := b.Payments.Exceptions(ctx, all, &payment.ExceptionQuery{Subject: d})
		if err != nil || len(open) == 0 {
			return err
		}
		assert.Contains(b.t, open[0].Detail, sqltest.ErrInjected.Error())
		if _, err := b.Payments.RetryException(ctx, &payment.RetryRequest{Exception: open[0].ID, Scope: all, Actor: "o1"}); err != nil {
			return err
		}
		return sqltest.ErrInjected
	}
}

// owingNothing turns the refusal that is due into a success.
func owingNothing(err error) error {
	switch {
	case errors.Is(err, desk.ErrSubject):
		return nil
	case err == nil:
		return errors.New("a dossier without a charge was not refused")
	}
	return err
}
