package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// heard is a notice, and what came before it.
type heard struct {
	before func(*bench, *payment.Charge)
	said   func(*driver.Report) // by the notice before
	says   func(*driver.Report)
	want   int
	kind   payment.ExceptionKind // of the one exception it leaves, open or closed
}

func (x *heard) prepare(b *bench, key string) sqltest.Use {
	c, a := b.opened(key, "tells")
	if x.before != nil {
		x.before(b, c)
	}
	r := b.report(a)
	if x.said != nil {
		said := r
		x.said(&said)
		b.tell("tells", said)
	}
	x.says(&r)
	raw := b.raw(r)
	return b.settles(c, func(context.Context) error {
		switch got := b.send("tells", raw); got {
		case again:
			return sqltest.ErrInjected
		case x.want, repeated: // or the first time was committed and only the answer lost
			return nil
		default:
			return fmt.Errorf("answered %d", got)
		}
	})
}

// Whatever the database refuses, the gateway is asked to tell again, and its word
// told again is booked once.
func TestEveryFaultOfNoticesIsTold(t *testing.T) {
	t.Parallel()
	right := func(*driver.Report) {}
	short := func(r *driver.Report) { r.Amount-- }
	held := func(r *driver.Report) { r.Outcome = driver.Held }
	failed := func(r *driver.Report) { r.Outcome = driver.Failed }
	nobodys := func(r *driver.Report) { r.Ref = "NOBODYS-" + r.Ref[len(r.Ref)-10:] }
	cash := func(b *bench, c *payment.Charge) {
		_, err := b.s.ReceiveCash(b.t.Context(), inCash(c.ID, c))
		require.NoError(b.t, err)
	}
	cancel := func(b *bench, c *payment.Charge) {
		_, err := b.s.Cancel(b.t.Context(), taking(c))
		require.NoError(b.t, err)
	}
	notices := map[string]heard{

		"paid":                      {nil, nil, right, accepted, ""},
		"paid, told twice":          {nil, right, right, repeated, ""},
		"paid, by another movement": {nil, right, func(r *driver.Report) { r.GatewayRef += "-2" }, repeated, payment.Contradiction},
		"paid, then failed":         {nil, right, failed, repeated, payment.Contradiction},
		"paid after cash":           {cash, nil, right, accepted, payment.OverPaid},
		"paid after cancellation":   {cancel, nil, right, accepted, payment.PaidAfterCancel},
		"short":                     {nil, nil, short, wrongAmount, payment.AmountMismatch},
		"short, told twice":         {nil, short, short, wrongAmount, payment.AmountMismatch},
		"short, then right":         {nil, short, right, accepted, payment.AmountMismatch},
		"another currency":          {nil, nil, func(r *driver.Report) { r.Currency = "USD" }, wrongAmount, payment.CurrencyMismatch},
		"another merchant":          {nil, nil, func(r *driver.Report) { r.Merchant = "OTHER" }, unknownRef, payment.MerchantMismatch},
		"failed":                    {nil, nil, failed, accepted, ""},
		"held":                      {nil, nil, held, accepted, payment.HeldBack},
		"unknown reference":         {nil, nil, nobodys, unknownRef, payment.UnknownReference},
	}
	onPostgres := []string{"paid", "short, then right"}
	eachFaulty(t, func(b *bench, f *sqltest.Faults) {
		for title, x := range notices {
			if b.db.Dialect != sqlkit.SQLite && !slices.Contains(onPostgres, title) {
				continue
			}
			before := b.exceptionsOf(x.kind)
			n := b.sweep(f, title, x.prepare)
			if x.kind == "" {
				n = 0
			}
			assert.Equal(b.t, n, b.exceptionsOf(x.kind)-before, "%s: one a fact", title)
		}
	})
}

// exceptionsOf counts the exceptions of a kind; without one, all about money.
func (b *bench) exceptionsOf(kind payment.ExceptionKind) int {
	if kind == "" {
		return b.count("payment_exceptions", "kind <> $1", string(payment.MoveRefused))
	}
	return b.count("payment_exceptions", "kind = $1", string(kind))
}
