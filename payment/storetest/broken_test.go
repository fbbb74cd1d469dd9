package storetest

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
)

// away hides a table while fn runs, as a fault of the database would.
func (b *bench) away(table string, fn func()) {
	b.t.Helper()
	_, err := b.db.Write.ExecContext(b.t.Context(), "ALTER TABLE "+table+" RENAME TO hidden")
	require.NoError(b.t, err)
	fn()
	_, err = b.db.Write.ExecContext(b.t.Context(), "ALTER TABLE hidden RENAME TO "+table)
	require.NoError(b.t, err)
}

// TestAFaultIsAnErrorAndLeavesNothing hides each table a call needs, one at a
// time: the call must say so, and must have changed nothing. Afterwards the same
// call with the same key succeeds.
func TestAFaultIsAnErrorAndLeavesNothing(t *testing.T) {
	t.Parallel()
	settling := "attempts charges fee_lines events postings sequences receipts outbox"
	for name, c := range map[string]struct {
		needs string
		run   func(b *bench, due, moved, raised *payment.Charge) error
	}{
		"create": {"keys charges fee_lines", func(b *bench, _, _, _ *payment.Charge) error {
			_, err := b.s.Create(b.t.Context(), request("new"))
			return err
		}},
		// Its second transaction records what the gateway said; what the first one
		// recorded stays, so events are not hidden here.
		"attempt": {"keys charges fee_lines attempts receipts", func(b *bench, due, _, _ *payment.Charge) error {
			_, err := b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
				Key: "new", Charge: due.ID, Scope: all, Gateway: "tells", ReturnURL: "https://dvc.test/",
			})
			return err
		}},
		"cash": {settling + " keys", func(b *bench, due, _, _ *payment.Charge) error {
			_, err := b.s.ReceiveCash(b.t.Context(), &payment.CashRequest{
				Key: "new", Charge: due.ID, Scope: all, Amount: 20_000, Cashier: "o", Till: "t",
			})
			return err
		}},
		"cancel": {"charges events fee_lines attempts receipts", func(b *bench, due, _, _ *payment.Charge) error {
			_, err := b.s.Cancel(b.t.Context(), &payment.CancelRequest{Charge: due.ID, Scope: all, Actor: "o", Reason: "r"})
			return err
		}},
		"poll that settles": {settling + " notices", func(b *bench, _, moved, _ *payment.Charge) error {
			b.pass(time.Hour)
			_, err := b.s.Refresh(b.t.Context(), all, moved.ID)
			return err
		}},
		"poll that holds": {"attempts charges events exceptions outbox notices", polled(func(r *driver.Report) { r.Outcome = driver.Held })},
		"poll that fails": {"attempts charges events notices", polled(func(r *driver.Report) { r.Outcome = driver.Failed })},
		"poll that is short": {
			"attempts charges events postings exceptions outbox notices", polled(func(r *driver.Report) { r.Amount-- }),
		},
		"poll of another merchant": {
			"attempts charges exceptions outbox notices", polled(func(r *driver.Report) { r.Merchant = "OTHER" }),
		},
		"retry": {"exceptions charges attempts fee_lines receipts", func(b *bench, _, _, raised *payment.Charge) error {
			_, err := b.s.RetryException(b.t.Context(), &payment.RetryRequest{Exception: raised.Reason, Scope: all, Actor: "o"})
			return err
		}},
		"resolve": {"exceptions charges", func(b *bench, _, _, raised *payment.Charge) error {
			_, err := b.s.ResolveException(b.t.Context(), &payment.ResolveRequest{
				Exception: raised.Reason, Scope: all, Actor: "o", Note: "n",
			})
			return err
		}},
		"get": {"charges fee_lines attempts receipts", func(b *bench, due, _, _ *payment.Charge) error {
			_, err := b.s.Get(b.t.Context(), all, due.ID)
			return err
		}},
		"list": {"charges fee_lines attempts receipts", func(b *bench, _, _, _ *payment.Charge) error {
			_, err := b.s.ListBySubject(b.t.Context(), all, "dossier-1")
			return err
		}},
		"exceptions": {"exceptions", func(b *bench, _, _, _ *payment.Charge) error {
			_, err := b.s.Exceptions(b.t.Context(), all, nil)
			return err
		}},
		"receipt": {"receipts charges", func(b *bench, _, _, raised *payment.Charge) error {
			_, err := b.s.Receipt(b.t.Context(), all, raised.Receipts[0].ID)
			return err
		}},
		"by reference": {"attempts charges", func(b *bench, _, moved, _ *payment.Charge) error {
			_, err := b.s.AttemptByRef(b.t.Context(), all, "bank", moved.ID+"-1")
			return err
		}},
		"balances": {"postings", func(b *bench, _, _, _ *payment.Charge) error {
			_, err := b.s.Balances(b.t.Context(), all)
			return err
		}},
		"poll": {"attempts", func(b *bench, _, _, _ *payment.Charge) error {
			_, err := b.s.PollDue(b.t.Context(), 1)
			return err
		}},
		"audit": {settling + " keys notices exceptions", func(b *bench, _, _, _ *payment.Charge) error {
			_, err := b.s.Audit(b.t.Context())
			return err
		}},
	} {
		// Whether an error is passed on is the same code on both databases: what
		// settles runs on both, the rest on SQLite.
		run := onSQLite
		if name == "create" || name == "cash" || name == "poll that settles" {
			run = each
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, func(b *bench) {
				due := b.create("k1")
				moved := b.create("k2")
				a := b.attempt(moved, "bank", "a2")
				_, err := b.bank.Pay(a.Ref, b.clock())
				require.NoError(b.t, err)
				moved = b.get(moved.ID)
				b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("no") })
				raised := b.create("k3")
				require.Equal(b.t, accepted, b.tell("tells", b.report(b.attempt(raised, "tells", "a3"))))
				b.refuse(nil)
				raised = b.get(raised.ID)
				raised.Reason = b.exceptions()[0].ID // carries it to retry and resolve
				before := b.shape()
				for table := range strings.FieldsSeq(c.needs) {
					b.away("payment_"+table, func() {
						assert.Error(b.t, c.run(b, due, moved, raised), "without payment_%s", table)
					})
					assert.Equal(b.t, before, b.shape(), "without payment_%s something was written", table)
				}
				b.sound()
				require.NoError(b.t, c.run(b, due, moved, raised), "with the same key, once the database is back")
				b.sound()
			})
		})
	}
}

// polled asks about an attempt after the gateway's books say something else.
func polled(change func(*driver.Report)) func(*bench, *payment.Charge, *payment.Charge, *payment.Charge) error {
	return func(b *bench, _, moved, _ *payment.Charge) error {
		r := b.report(&moved.Attempts[0])
		change(&r)
		b.bank.Book(r)
		_, err := b.s.Refresh(b.t.Context(), all, moved.ID)
		return err
	}
}

// shape counts what a half-done call would leave: rows, states and tries.
func (b *bench) shape() []int {
	b.t.Helper()
	return []int{
		b.count("payment_charges", ""), b.count("payment_charges", "state = 'due'"), b.count("payment_charges", "state = 'settled'"),
		b.count("payment_fee_lines", ""), b.count("payment_attempts", ""), b.count("payment_attempts", "state = 'paid'"),
		b.count("payment_events", "event <> 'started'"), b.count("payment_postings", ""), b.count("payment_receipts", ""),
		b.count("payment_sequences", "last = 1"), b.count("payment_keys", ""), b.count("payment_outbox", ""),
		b.count("payment_notices", ""), b.count("payment_exceptions", "tries = 0 AND resolved_us = 0"), b.count("app_moves", ""),
	}
}
