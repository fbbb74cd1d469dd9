package storetest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

func TestANoticeSettlesOnce(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		assert.Equal(b.t, payment.StateDue, c.State)
		assert.Equal(b.t, payment.Dong(20_000), c.Total)
		a := b.attempt(c, "bank", "a1")
		assert.Equal(b.t, payment.StatePending, a.State)
		assert.NotEmpty(b.t, a.URL)
		r := b.report(a)
		require.Equal(b.t, accepted, b.tell("bank", r))
		b.settledOnce(c, "gateway:bank")
		got := b.get(c.ID)
		assert.Equal(b.t, a.ID, got.SettledBy)
		assert.Equal(b.t, b.lawClock(), got.SettledAt, "the law's clock dates the settlement")
		assert.Equal(b.t, r.PaidAt, got.Attempts[0].PaidAt, "the gateway dates the payment")
		assert.Equal(b.t, []string{c.ID}, b.moves)
		assert.Equal(b.t, 1, b.count("app_moves", ""))
		b.sound()

		for range 3 {
			require.Equal(b.t, repeated, b.tell("bank", r), "the same word twice changes nothing")
		}
		r.PaidAt = r.PaidAt.Add(time.Hour) // another time, the same money
		require.Equal(b.t, repeated, b.tell("bank", r))
		b.settledOnce(c, "gateway:bank")
		assert.Equal(b.t, got.Attempts[0].PaidAt, b.get(c.ID).Attempts[0].PaidAt, "a replay does not move the time of payment")
		assert.Empty(b.t, b.exceptions())
		assert.Len(b.t, b.moves, 1)
		assert.Equal(b.t, 1, b.count("payment_notices", "seen = 4"))
		b.sound()
	})
}

func TestReceiptNumbersFollowWithoutHoles(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		var numbers []int64
		for n := range 3 {
			c := b.create(name(n))
			a := b.attempt(c, "bank", name(n))
			if n == 1 { // a settlement whose move is refused gives receipts all the same
				b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("withdrawn") })
			}
			require.Equal(b.t, accepted, b.tell("bank", b.report(a)))
			b.refuse(nil)
			rs := b.get(c.ID).Receipts
			numbers = append(numbers, rs[0].Number)
			assert.Equal(b.t, "PH-24E", rs[0].Series, "series of the law's year, not of the machine's")
			assert.Equal(b.t, "LP-24E", rs[1].Series)
			assert.Equal(b.t, 2024, rs[0].Year)
			assert.Equal(b.t, "Nguyễn Thị Bình", rs[0].PayerName)
			got, err := b.s.Receipt(b.t.Context(), payment.Scope{Payer: "p1"}, rs[0].ID)
			require.NoError(b.t, err)
			assert.Equal(b.t, rs[0], *got)
			_, err = b.s.Receipt(b.t.Context(), payment.Scope{Payer: "p2"}, rs[0].ID)
			require.ErrorIs(b.t, err, payment.ErrNotFound)
		}
		assert.Equal(b.t, []int64{1, 2, 3}, numbers)
		b.mu.Lock()
		b.law = time.Date(2024, 12, 31, 17, 0, 0, 0, time.UTC) // 2025 in Vietnam
		b.mu.Unlock()
		c := b.create("k9")
		require.Equal(b.t, accepted, b.tell("bank", b.report(b.attempt(c, "bank", "k9"))))
		assert.Equal(b.t, "PH-25E", b.get(c.ID).Receipts[0].Series)
		assert.Equal(b.t, int64(1), b.get(c.ID).Receipts[0].Number)
		b.sound()
	})
}

// TestTheMoneyCommitsWhateverTheMoveDoes: refusals, panics, broken statements,
// moves that hang or end the transaction.
func TestTheMoneyCommitsWhateverTheMoveDoes(t *testing.T) {
	t.Parallel()
	for title, move := range map[string]func(context.Context, *sql.Tx, payment.Settled) error{
		"refuses": func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("dossier is withdrawn") },
		"panics":  func(context.Context, *sql.Tx, payment.Settled) error { panic("nil map") },
		"breaks a statement": func(ctx context.Context, tx *sql.Tx, _ payment.Settled) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO no_such_table VALUES (1)")
			return err
		},
		"hides a broken statement": func(ctx context.Context, tx *sql.Tx, _ payment.Settled) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO app_moves (charge) VALUES (NULL), (NULL), (1/0)")
			if err != nil {
				return errors.New("cannot")
			}
			return errors.New("no error where one was due")
		},
		"hangs": func(ctx context.Context, tx *sql.Tx, _ payment.Settled) error {
			<-ctx.Done()
			_, err := tx.ExecContext(ctx, "INSERT INTO app_moves (charge) VALUES ('x')")
			return errors.Join(ctx.Err(), err)
		},
		"rolls back": func(_ context.Context, tx *sql.Tx, _ payment.Settled) error {
			return errors.Join(errors.New("no"), tx.Rollback())
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			each(t, func(b *bench) {
				b.db.Timeout = 2 * time.Second
				c := b.create("k1")
				a := b.attempt(c, "bank", "a1")
				b.refuse(move)
				require.Equal(b.t, accepted, b.tell("bank", b.report(a)), "the gateway hears that it was accepted")
				b.settledOnce(c, "gateway:bank")
				assert.Zero(b.t, b.count("app_moves", ""), "what the move wrote is undone")
				require.Equal(b.t, []payment.ExceptionKind{payment.MoveRefused}, b.kinds())
				e := b.exceptions()[0]
				assert.Equal(b.t, c.ID, e.Charge)
				assert.Equal(b.t, "dossier-1", e.Subject)
				assert.NotEmpty(b.t, e.Detail)
				assert.Equal(b.t, 1, b.count("payment_outbox", "topic = $1", payment.TopicException))
				b.sound()

				require.Equal(b.t, repeated, b.tell("bank", b.report(a)))
				assert.Len(b.t, b.exceptions(), 1, "a repeated notice makes no second one")

				retry := &payment.RetryRequest{Exception: e.ID, Scope: all, Actor: "officer"}
				got, err := b.s.RetryException(b.t.Context(), retry)
				require.NoError(b.t, err)
				assert.True(b.t, got.Open(), "refused again")
				assert.Equal(b.t, 1, got.Tries)

				b.refuse(nil)
				got, err = b.s.RetryException(b.t.Context(), retry)
				require.NoError(b.t, err)
				assert.False(b.t, got.Open())
				assert.Equal(b.t, "officer", got.ResolvedBy)
				assert.Equal(b.t, 2, got.Tries)
				assert.Equal(b.t, 1, b.count("app_moves", ""))
				moves := len(b.moves)
				_, err = b.s.RetryException(b.t.Context(), retry)
				require.NoError(b.t, err)
				assert.Len(b.t, b.moves, moves, "what is closed is not tried again")
				assert.Empty(b.t, b.exceptions())
				b.settledOnce(c, "gateway:bank")
				b.sound()
			})
		})
	}
}

// TestNothingSettlesOnAWrongWord: signed reports that do not fit.
func TestNothingSettlesOnAWrongWord(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		change   func(*driver.Report)
		answer   int
		kind     payment.ExceptionKind
		suspense payment.Dong
	}{
		"one đồng short": {func(r *driver.Report) { r.Amount-- }, wrongAmount, payment.AmountMismatch, -19_999},
		"one đồng more":  {func(r *driver.Report) { r.Amount++ }, wrongAmount, payment.AmountMismatch, -20_001},
		"nothing":        {func(r *driver.Report) { r.Amount = 0 }, wrongAmount, payment.AmountMismatch, 0},
		"a negative sum": {func(r *driver.Report) { r.Amount = -20_000 }, wrongAmount, payment.AmountMismatch, 0},
		"dollars":        {func(r *driver.Report) { r.Currency = "USD" }, wrongAmount, payment.CurrencyMismatch, 0},
		"no currency":    {func(r *driver.Report) { r.Currency = "" }, wrongAmount, payment.CurrencyMismatch, 0},
		"a foreign merchant": {
			func(r *driver.Report) { r.Merchant = "OTHER" }, unknownRef, payment.MerchantMismatch, 0,
		},
		"no merchant": {func(r *driver.Report) { r.Merchant = "" }, unknownRef, payment.MerchantMismatch, 0},
		"an unknown reference": {
			func(r *driver.Report) { r.Ref = "NOBODYS-1" }, unknownRef, payment.UnknownReference, -20_000,
		},
		"held, and another amount": {
			func(r *driver.Report) { r.Outcome = driver.Held; r.Amount-- }, wrongAmount, payment.AmountMismatch, 0,
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			each(t, func(b *bench) {
				ch := b.create("k1")
				a := b.attempt(ch, "bank", "a1")
				r := b.report(a)
				c.change(&r)
				for range 2 { // VNPAY repeats what is not answered 00 or 02
					require.Equal(b.t, c.answer, b.tell("bank", r))
				}
				assert.Equal(b.t, payment.StateDue, b.get(ch.ID).State)
				assert.Empty(b.t, b.get(ch.ID).Receipts)
				assert.Empty(b.t, b.moves)
				assert.Equal(b.t, []payment.ExceptionKind{c.kind}, b.kinds())
				assert.Equal(b.t, payment.Dong(r.Amount), b.exceptions()[0].Amount)
				assert.Equal(b.t, c.suspense, b.balances()["suspense"], "money that moved is looked after, once")
				assert.Equal(b.t, c.suspense != 0, b.exceptions()[0].Posted)
				b.sound()

				require.Equal(b.t, accepted, b.tell("bank", b.report(a)), "the truth may still come")
				assert.Equal(b.t, payment.StateSettled, b.get(ch.ID).State)
				b.sound()
			})
		})
	}
}

func TestWordsThatMoveNoMoneyRaiseNothing(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		for title, change := range map[string]func(*driver.Report){
			"failed, another amount":  func(r *driver.Report) { r.Outcome = driver.Failed; r.Amount = 1 },
			"failed, other merchant":  func(r *driver.Report) { r.Outcome = driver.Failed; r.Merchant = "OTHER" },
			"failed, unknown":         func(r *driver.Report) { r.Outcome = driver.Failed; r.Ref = "NOBODYS-2" },
			"unknown yet":             func(r *driver.Report) { r.Outcome = driver.Unknown },
			"foreign and unknown ref": func(r *driver.Report) { r.Ref = "NOBODYS-3"; r.Merchant = "OTHER" },
			"unknown ref, dollars":    func(r *driver.Report) { r.Ref = "NOBODYS-4"; r.Currency = "USD" },
		} {
			r := b.report(a)
			change(&r)
			b.tell("bank", r)
			assert.Empty(b.t, b.exceptions(), title)
		}
		assert.Equal(b.t, payment.StatePending, b.get(c.ID).Attempts[0].State)
		b.sound()
	})
}

func TestTheRightAmountCorrectsTheWrongOne(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		r := b.report(a)
		r.Amount--
		require.Equal(b.t, wrongAmount, b.tell("bank", r))
		assert.Equal(b.t, payment.StateHeld, b.get(c.ID).Attempts[0].State)
		require.Equal(b.t, accepted, b.tell("bank", b.report(a)))
		assert.Zero(b.t, b.balances()["suspense"], "booked back")
		assert.Equal(b.t, payment.Dong(20_000), b.balances()["gateway:bank"])
		assert.Empty(b.t, b.exceptions())
		closed, err := b.s.Exceptions(b.t.Context(), all, &payment.ExceptionQuery{Closed: true})
		require.NoError(b.t, err)
		require.Len(b.t, closed, 1)
		assert.Equal(b.t, "corrected", closed[0].Resolution)
		assert.Equal(b.t, 1, b.count("payment_events", "event = 'released_to_paid'"))
		b.sound()
	})
}

func TestASecondPaymentIsNeverLost(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a1, a2 := b.attempt(c, "tells", "a1"), b.attempt(c, "tells", "a2")
		assert.NotEqual(b.t, a1.Ref, a2.Ref)
		require.Equal(b.t, accepted, b.tell("tells", b.report(a1)))
		for range 2 {
			b.tell("tells", b.report(a2))
		}
		assert.Equal(b.t, []payment.ExceptionKind{payment.OverPaid}, b.kinds())
		assert.Equal(b.t, payment.Dong(-20_000), b.balances()["overpaid"])
		assert.Equal(b.t, payment.Dong(40_000), b.balances()["gateway:tells"])
		assert.Len(b.t, b.get(c.ID).Receipts, 2, "one receipt a fee kind, however often it was paid")
		assert.Len(b.t, b.moves, 1)
		b.sound()
		e := b.exceptions()[0]
		_, err := b.s.RetryException(b.t.Context(), &payment.RetryRequest{Exception: e.ID, Scope: all, Actor: "x"})
		require.ErrorIs(b.t, err, payment.ErrConflict)
		got, err := b.s.ResolveException(b.t.Context(), &payment.ResolveRequest{
			Exception: e.ID, Scope: all, Actor: "kt1", Note: "hoàn trả 20/11",
		})
		require.NoError(b.t, err)
		assert.False(b.t, got.Open())
		assert.Empty(b.t, b.exceptions())
		b.sound()
	})
}

func TestMoneyAfterCancellationIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		cancel := &payment.CancelRequest{Charge: c.ID, Scope: all, Actor: "p1", Reason: "rút hồ sơ"}
		for range 2 {
			got, err := b.s.Cancel(b.t.Context(), cancel)
			require.NoError(b.t, err)
			assert.Equal(b.t, payment.StateCancelled, got.State)
		}
		require.Equal(b.t, accepted, b.tell("bank", b.report(a)))
		require.Equal(b.t, repeated, b.tell("bank", b.report(a)))
		got := b.get(c.ID)
		assert.Equal(b.t, payment.StateCancelled, got.State)
		assert.Equal(b.t, payment.StatePaid, got.Attempts[0].State)
		assert.Empty(b.t, got.Receipts)
		assert.Empty(b.t, b.moves)
		assert.Equal(b.t, []payment.ExceptionKind{payment.PaidAfterCancel}, b.kinds())
		assert.Equal(b.t, payment.Dong(-20_000), b.balances()["suspense"])
		b.sound()
	})
}

func say(os ...driver.Outcome) []driver.Outcome           { return os }
func one(k payment.ExceptionKind) []payment.ExceptionKind { return []payment.ExceptionKind{k} }

// TestLateTruth walks through what gateways have been seen to say after they
// said something else.
func TestLateTruth(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		said  []driver.Outcome
		state payment.State
		event string
		kinds []payment.ExceptionKind
	}{
		"failed, then paid":             {say(driver.Failed, driver.Paid), payment.StatePaid, "corrected_to_paid", nil},
		"held, then paid":               {say(driver.Held, driver.Paid), payment.StatePaid, "released_to_paid", one(payment.HeldBack)},
		"held, then failed":             {say(driver.Held, driver.Failed), payment.StateFailed, "released_to_failed", one(payment.HeldBack)},
		"failed, then held":             {say(driver.Failed, driver.Held), payment.StateHeld, "corrected_to_held", one(payment.HeldBack)},
		"paid, then failed":             {say(driver.Paid, driver.Failed), payment.StatePaid, "paid", one(payment.Contradiction)},
		"paid, then held":               {say(driver.Paid, driver.Held), payment.StatePaid, "paid", one(payment.Contradiction)},
		"failed twice":                  {say(driver.Failed, driver.Failed), payment.StateFailed, "failed", nil},
		"held twice":                    {say(driver.Held, driver.Held), payment.StateHeld, "held", one(payment.HeldBack)},
		"paid, then not known any more": {say(driver.Paid, driver.Unknown), payment.StatePaid, "paid", nil},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			each(t, func(b *bench) {
				ch := b.create("k1")
				a := b.attempt(ch, "bank", "a1")
				for _, o := range c.said {
					r := b.report(a)
					r.Outcome = o
					if o != driver.Paid {
						r.PaidAt = time.Time{}
					}
					status := b.tell("bank", r)
					assert.Contains(b.t, []int{accepted, repeated}, status)
				}
				got := b.get(ch.ID)
				assert.Equal(b.t, c.state, got.Attempts[0].State)
				assert.Equal(b.t, c.state == payment.StatePaid, got.State == payment.StateSettled)
				assert.Equal(b.t, c.kinds, b.kinds())
				assert.Equal(b.t, 1, b.count("payment_events", "event = $1", c.event))
				b.sound()
			})
		})
	}
}

func TestAnotherMovementUnderTheSameReferenceIsSeen(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		require.Equal(b.t, accepted, b.tell("bank", b.report(a)))
		r := b.report(a)
		r.GatewayRef = "ANOTHER"
		require.Equal(b.t, repeated, b.tell("bank", r))
		assert.Equal(b.t, []payment.ExceptionKind{payment.Contradiction}, b.kinds())
		b.settledOnce(c, "gateway:bank")
		b.sound()
	})
}

// TestTogether lets notices, polls and cash meet.
func TestTogether(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "polls", "a1")
		told := b.attempt(c, "tells", "a2")
		_, err := b.bank.Pay(a.Ref, b.clock().Add(time.Minute))
		require.NoError(b.t, err)
		b.pass(time.Hour)
		raw := b.raw(b.report(told))
		var all8 sync.WaitGroup
		for range 4 {
			all8.Go(func() { b.send("tells", raw) })
			all8.Go(func() {
				_, err := b.s.PollDue(b.t.Context(), 10)
				assert.NoError(b.t, err)
			})
		}
		all8.Go(func() {
			_, err := b.s.ReceiveCash(b.t.Context(), &payment.CashRequest{
				Key: "c", Charge: c.ID, Scope: all, Amount: 20_000, Cashier: "o1", Till: "q1",
			})
			if err != nil {
				assert.ErrorIs(b.t, err, payment.ErrConflict)
			}
		})
		all8.Wait()
		b.pass(time.Hour)
		b.poll()
		got := b.get(c.ID)
		assert.Equal(b.t, payment.StateSettled, got.State)
		assert.Len(b.t, got.Receipts, 2)
		assert.Len(b.t, b.moves, 1)
		paid := 0
		for _, a := range got.Attempts {
			if a.State == payment.StatePaid {
				paid++
			}
		}
		assert.Len(b.t, b.exceptions(), paid-1, "every payment but the first is an over-payment")
		assert.Equal(b.t, payment.Dong(20_000*int64(1-paid)), b.balances()["overpaid"])
		b.sound()
	})
}

func TestTxVariantsLeaveNothingAfterARollback(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		undo := errors.New("undo")
		err := b.db.InTx(b.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			c, err := b.s.CreateTx(ctx, tx, request("k1"))
			require.NoError(b.t, err)
			c, err = b.s.ReceiveCashTx(ctx, tx, &payment.CashRequest{
				Key: "c1", Charge: c.ID, Scope: all, Amount: c.Total, Cashier: "o1", Till: "q1",
			})
			require.NoError(b.t, err)
			assert.Equal(b.t, payment.StateSettled, c.State)
			return undo
		})
		require.ErrorIs(b.t, err, undo)
		for _, table := range []string{
			"payment_charges", "payment_fee_lines", "payment_attempts", "payment_events", "payment_postings", "payment_receipts",
			"payment_sequences", "payment_keys", "payment_outbox", "app_moves",
		} {
			assert.Zero(b.t, b.count(table, ""), table)
		}
	})
}

func TestOutboxTellsWhatHappened(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("no") })
		require.Equal(b.t, accepted, b.tell("bank", b.report(b.attempt(c, "bank", "a1"))))
		var got []sqlkit.Message
		n, err := b.s.Outbox().Drain(b.t.Context(), 10, func(_ context.Context, ms []sqlkit.Message) error {
			got = ms
			return nil
		})
		require.NoError(b.t, err)
		require.Equal(b.t, 2, n)
		by := map[string]string{}
		for _, m := range got {
			by[m.Topic] = string(m.Payload)
		}
		assert.JSONEq(b.t, mustJSON(b.t, payment.Announcement{Charge: c.ID, Subject: "dossier-1"}), by[payment.TopicSettled])
		assert.JSONEq(b.t, mustJSON(b.t, payment.Announcement{
			Charge: c.ID, Subject: "dossier-1", Exception: b.exceptions()[0].ID,
		}), by[payment.TopicException])
	})
}
