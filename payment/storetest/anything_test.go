package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
)

func downAndUp(t *testing.T, db *sqlkit.DB) {
	t.Helper()
	p, err := migrate.Provider(db, payment.Migrations())
	require.NoError(t, err)
	_, err = p.DownTo(t.Context(), 0)
	require.NoError(t, err)
	require.NoError(t, migrate.Up(t.Context(), db, payment.Migrations()))
}

// anything runs one random story of one charge. seed makes it repeatable.
func anything(b *bench, seed uint64) {
	b.t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	key := func(s string) string { return fmt.Sprintf("%s-%d", s, seed) }
	c := b.create(key("charge"))
	for i := range 25 {
		what := r.IntN(9)
		switch what {
		case 0, 1:
			_, err := b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
				Key: key(fmt.Sprint("a", r.IntN(3))), Charge: c.ID, Scope: all, Gateway: "tells", ReturnURL: "https://dvc.test/",
			})
			if err != nil {
				require.ErrorIs(b.t, err, payment.ErrConflict)
			}
		case 2, 3, 4:
			as := b.get(c.ID).Attempts
			if len(as) == 0 || as[0].Gateway == payment.Cash {
				continue
			}
			a := as[r.IntN(len(as))]
			if a.Gateway == payment.Cash {
				continue
			}
			rep := b.report(&a)
			rep.Outcome = outcomes[r.IntN(len(outcomes))]
			if r.IntN(4) == 0 {
				rep.Amount -= int64(r.IntN(3))
			}
			for range 1 + r.IntN(2) {
				b.tell("tells", rep)
			}
		case 5:
			_, err := b.s.ReceiveCash(b.t.Context(), &payment.CashRequest{
				Key: key("cash"), Charge: c.ID, Scope: all, Amount: 20_000, Cashier: "o", Till: "t",
			})
			if err != nil {
				require.ErrorIs(b.t, err, payment.ErrConflict)
			}
		case 6:
			if r.IntN(4) > 0 {
				continue
			}
			_, err := b.s.Cancel(b.t.Context(), &payment.CancelRequest{Charge: c.ID, Scope: all, Actor: "p", Reason: "r"})
			if err != nil {
				require.ErrorIs(b.t, err, payment.ErrConflict)
			}
		case 7:
			if r.IntN(2) == 0 {
				b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("no") })
			} else {
				b.refuse(nil)
			}
			for _, e := range b.exceptions() {
				if e.Kind == payment.MoveRefused {
					_, err := b.s.RetryException(b.t.Context(), &payment.RetryRequest{Exception: e.ID, Scope: all, Actor: "o"})
					require.NoError(b.t, err)
				}
			}
		case 8:
			b.pass(time.Hour)
			b.poll()
		}
		holds(b, c.ID, fmt.Sprintf("seed %d, step %d, act %d", seed, i, what))
	}
	b.sound()
}

var outcomes = []driver.Outcome{driver.Paid, driver.Paid, driver.Failed, driver.Held, driver.Unknown}

// holds checks what is true of a charge at any moment.
func holds(b *bench, id, when string) {
	b.t.Helper()
	c := b.get(id)
	paid := 0
	for _, a := range c.Attempts {
		if a.State == payment.StatePaid {
			paid++
		}
	}
	settled := c.State == payment.StateSettled
	assert.Equal(b.t, settled, len(c.Receipts) == 2, when)
	assert.Equal(b.t, settled, b.count("payment_outbox", "id = $1", "settled:"+id) == 1, when)
	if settled {
		assert.GreaterOrEqual(b.t, paid, 1, when)
		moved := b.count("app_moves", "charge = $1", id) == 1
		refused := b.count("payment_exceptions", "charge_id = $1 AND kind = 'move_refused' AND resolved_us = 0", id) == 1
		assert.NotEqual(b.t, moved, refused, "%s: a settled charge has moved its dossier, or says that it could not", when)
	} else if c.State == payment.StateDue {
		assert.Zero(b.t, paid, when)
	}
	var sum payment.Dong
	for _, x := range b.balances() {
		sum += x
	}
	assert.Zero(b.t, sum, when)
}
