package storetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
)

// TestSilentGatewayIsAsked: the debit happened, the notice never came, and the
// process that started it is gone.
func TestSilentGatewayIsAsked(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		_, err := b.bank.Pay(a.Ref, b.clock().Add(10*time.Second))
		require.NoError(b.t, err)
		assert.Zero(b.t, b.poll(), "not before its time")
		b.s = b.service(nil)
		b.pass(time.Minute)
		assert.Equal(b.t, 1, b.poll())
		b.settledOnce(c, "gateway:bank")
		b.pass(48 * time.Hour)
		assert.Zero(b.t, b.poll(), "what is settled is not asked about")
		assert.Equal(b.t, 1, b.bank.Polls(a.Ref))
		assert.Equal(b.t, 1, b.count("payment_notices", "source = 'poll'"))
		require.Equal(b.t, repeated, b.tell("bank", b.report(a)), "the late notice finds it done")
		b.settledOnce(c, "gateway:bank")
		b.sound()
	})
}

// TestDiedBetweenRecordAndStart: only the row exists; nobody repeats the key.
func TestDiedBetweenRecordAndStart(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		b.bank.FailStart(context.Canceled)
		_, err := b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
			Key: "a1", Charge: c.ID, Scope: all, Gateway: "bank", ReturnURL: "https://dvc.test/ve",
		})
		require.ErrorIs(b.t, err, payment.ErrUnavailable)
		b.pass(time.Minute)
		assert.Equal(b.t, 1, b.poll())
		assert.Equal(b.t, payment.StateUnclear, b.get(c.ID).Attempts[0].State, "not known there is not failed yet")
		assert.Equal(b.t, payment.CodeNotFound, b.get(c.ID).Attempts[0].LastError)
		b.pass(25 * time.Hour)
		assert.Equal(b.t, 1, b.poll())
		assert.Equal(b.t, payment.StateFailed, b.get(c.ID).Attempts[0].State)
		assert.Equal(b.t, 1, b.count("payment_events", "event = 'expired'"))
		assert.Equal(b.t, 1, b.count("payment_attempts", "intent = ''"), "the payer's address is forgotten")
		assert.Empty(b.t, b.exceptions())
		b.sound()
		r := b.report(&b.get(c.ID).Attempts[0]) // the gateway opened it after all
		require.Equal(b.t, accepted, b.tell("bank", r))
		b.settledOnce(c, "gateway:bank")
		b.sound()
	})
}

func TestPausesGrowAndNeverEnd(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		start := b.clock()
		var when []time.Duration
		for range 2000 {
			b.pass(time.Minute)
			if b.poll() == 1 {
				when = append(when, b.clock().Sub(start))
			}
			if len(when) == 9 {
				break
			}
		}
		m := time.Minute
		assert.Equal(b.t, []time.Duration{1 * m, 3 * m, 7 * m, 15 * m, 31 * m, 63 * m, 123 * m, 183 * m, 243 * m}, when)
		b.pass(30 * time.Hour)
		assert.Equal(b.t, 1, b.poll())
		assert.Equal(b.t, []payment.ExceptionKind{payment.Unresolved}, b.kinds(), "a person hears of it")
		b.pass(2 * time.Hour)
		assert.Equal(b.t, 1, b.poll(), "and it is still asked about")
		assert.Len(b.t, b.exceptions(), 1)
		_, err := b.bank.Pay(a.Ref, b.clock())
		require.NoError(b.t, err)
		b.pass(2 * time.Hour)
		assert.Equal(b.t, 1, b.poll())
		b.settledOnce(c, "gateway:bank")
		b.sound()
	})
}

func TestFaultsOfTheGatewayAreNoOutcome(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		faults := []error{
			context.DeadlineExceeded, &fake.Error{Code: driver.CodeForged}, &fake.Error{Code: driver.CodeInvalid},
			&fake.Error{Code: driver.CodeRefused}, &fake.Error{Code: driver.CodeUnknown},
		}
		b.bank.FailPoll(faults...)
		for range faults {
			b.pass(time.Hour)
			assert.Equal(b.t, 1, b.poll())
			assert.Equal(b.t, payment.StatePending, b.get(c.ID).Attempts[0].State)
		}
		_, err := b.bank.Pay(a.Ref, b.clock())
		require.NoError(b.t, err)
		got, err := b.s.Refresh(b.t.Context(), payment.Scope{Payer: "p1"}, c.ID)
		require.NoError(b.t, err)
		assert.Equal(b.t, payment.StateSettled, got.State)
		b.sound()
	})
}

// wrongAnswer is an adapter that breaks rule P2.
type wrongAnswer struct{ *fake.Gateway }

func (w wrongAnswer) Poll(context.Context, string, time.Time) (*driver.Report, error) {
	return &driver.Report{Ref: "OTHER-1", Merchant: "FAKE", Currency: "VND", Amount: 20_000, Outcome: driver.Paid}, nil
}

// nothing is an adapter that returns neither report nor error.
type nothing struct{ *fake.Gateway }

func (nothing) Poll(context.Context, string, time.Time) (*driver.Report, error) { return nil, nil }
func (nothing) Start(context.Context, *driver.Intent) (*driver.Started, error)  { return nil, nil }
func (nothing) Parse(context.Context, *driver.Raw) (*driver.Report, error)      { return nil, nil }

func TestBrokenAdaptersSettleNothing(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.s = b.service(map[string]driver.Gateway{"wrong": wrongAnswer{b.bank}, "nothing": nothing{b.bank}})
		c := b.create("k1")
		b.attempt(c, "wrong", "a1")
		_, err := b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
			Key: "a2", Charge: c.ID, Scope: all, Gateway: "nothing", ReturnURL: "https://dvc.test/ve",
		})
		require.ErrorIs(b.t, err, payment.ErrUnavailable)
		assert.Equal(b.t, again, b.send("nothing", &driver.Raw{Method: "POST", Body: []byte("x")}))
		b.pass(time.Hour)
		assert.Equal(b.t, 2, b.poll())
		assert.Equal(b.t, payment.StateDue, b.get(c.ID).State)
		assert.Empty(b.t, b.exceptions())
		b.sound()
	})
}

func TestGatewaysThatCannotBeAskedComeUpOnce(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "tells", "a1")
		b.pass(24 * time.Hour)
		assert.Zero(b.t, b.poll())
		b.pass(time.Hour)
		assert.Equal(b.t, 1, b.poll())
		assert.Equal(b.t, []payment.ExceptionKind{payment.Unresolved}, b.kinds())
		b.pass(1000 * time.Hour)
		assert.Zero(b.t, b.poll())
		require.Equal(b.t, accepted, b.tell("tells", b.report(a)))
		assert.Equal(b.t, payment.StateSettled, b.get(c.ID).State)
		b.sound()
	})
}

func TestPollDueIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		for n := range 5 {
			b.attempt(b.create(name(n)), "polls", name(n))
		}
		b.pass(time.Hour)
		for _, want := range []int{2, 2, 1, 0} {
			n, err := b.s.PollDue(b.t.Context(), 2)
			require.NoError(b.t, err)
			assert.Equal(b.t, want, n)
		}
		b.pass(time.Hour)
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		_, err := b.s.PollDue(ctx, 2)
		require.Error(b.t, err)
	})
}

func TestReconcileIsTolerantAndRepeatable(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c1, c2 := b.create("k1"), b.create("k2")
		a1, a2 := b.attempt(c1, "bank", "a1"), b.attempt(c2, "bank", "a2")
		require.Equal(b.t, accepted, b.tell("bank", b.report(a1)))
		short := b.report(a2)
		short.Amount--
		nobody := b.report(a2)
		nobody.Ref = "NOBODYS-1"
		file, err := b.bank.MakeStatement(b.report(a1), short, nobody)
		require.NoError(b.t, err)
		file = append([]byte("nonsense\n"), file...)
		right, err := b.bank.MakeStatement(b.report(a2))
		require.NoError(b.t, err)
		file = append(file, right...)
		for range 2 {
			got, err := b.s.Reconcile(b.t.Context(), "bank", bytes.NewReader(file))
			require.NoError(b.t, err)
			assert.Equal(b.t, 4, got.Rows)
			assert.Equal(b.t, 1, got.Bad)
			assert.Equal(b.t, payment.StateSettled, b.get(c2.ID).State)
			assert.Len(b.t, b.moves, 2)
			assert.Equal(b.t, payment.Dong(-20_000), b.balances()["suspense"], "the row that belongs to nobody")
			b.sound()
		}
		_, err = b.s.Reconcile(b.t.Context(), "polls", bytes.NewReader(file))
		require.ErrorIs(b.t, err, payment.ErrUnsupported)
	})
}
