package storetest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
	"github.com/motcua/motcua/workflow/sqlkit"
)

func TestCreateIsIdempotent(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		first := b.create("k1")
		again := b.create("k1")
		assert.Equal(b.t, first.ID, again.ID)
		req := request("k1")
		req.Lines[0].Amount++
		_, err := b.s.Create(b.t.Context(), req)
		require.ErrorIs(b.t, err, payment.ErrConflict, "the same key, another body")
		require.ErrorIs(b.t, err, sqlkit.ErrKeyReused)
		require.Equal(b.t, accepted, b.tell("bank", b.report(b.attempt(first, "bank", "a1"))))
		assert.Equal(b.t, payment.StateSettled, b.create("k1").State, "a replay tells how the charge stands now")
		assert.Equal(b.t, 1, b.count("payment_charges", ""))
		b.sound()
	})
}

func TestCallersWithOneKeyShareOneCharge(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		var (
			g   sync.WaitGroup
			ids [6]string
		)
		for i := range ids {
			g.Go(func() {
				c, err := b.s.Create(b.t.Context(), request("k1"))
				if assert.NoError(b.t, err) {
					ids[i] = c.ID
				}
			})
		}
		g.Wait()
		for _, id := range ids {
			assert.Equal(b.t, ids[0], id)
		}
		assert.Equal(b.t, 1, b.count("payment_charges", ""))
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		for title, change := range map[string]func(*payment.CreateRequest){
			"no key":              func(r *payment.CreateRequest) { r.Key = "" },
			"no subject":          func(r *payment.CreateRequest) { r.Subject = "" },
			"no unit":             func(r *payment.CreateRequest) { r.Unit = "" },
			"no payer":            func(r *payment.CreateRequest) { r.Payer.ID = "" },
			"a name of two lines": func(r *payment.CreateRequest) { r.Payer.Name = "a\nb" },
			"no title":            func(r *payment.CreateRequest) { r.Title = " " },
			"no lines":            func(r *payment.CreateRequest) { r.Lines = nil },
			"51 lines":            func(r *payment.CreateRequest) { r.Lines = make([]payment.FeeLine, 51) },
			"another kind":        func(r *payment.CreateRequest) { r.Lines[0].Kind = "thuế" },
			"an accented code":    func(r *payment.CreateRequest) { r.Lines[0].Code = "phí" },
			"a nameless line":     func(r *payment.CreateRequest) { r.Lines[0].Name = "" },
			"a line of nothing":   func(r *payment.CreateRequest) { r.Lines[0].Amount = 0 },
			"a discount":          func(r *payment.CreateRequest) { r.Lines[1].Amount = -1 },
			"too much":            func(r *payment.CreateRequest) { r.Lines[0].Amount = 1_000_000_000_000 },
			"an overflow":         func(r *payment.CreateRequest) { r.Lines[0].Amount, r.Lines[1].Amount = 1<<62, 1<<62 },
		} {
			req := request("k1")
			change(req)
			_, err := b.s.Create(b.t.Context(), req)
			assert.ErrorIs(b.t, err, payment.ErrInvalid, title)
		}
		assert.Zero(b.t, b.count("payment_charges", ""))

		req := request("k1") // the largest that is allowed
		req.Title, req.Payer.Name = strings.Repeat("ộ", 200), strings.Repeat("Ễ", 200)
		req.Subject, req.Key = strings.Repeat("s", 200), strings.Repeat("k", 200)
		req.Lines = slices.Repeat(lines()[:1], 50)
		req.Lines[0].Amount = 1_000_000_000_000 - 49*12_000
		req.Lines[0].Code = strings.Repeat("c", 40)
		c, err := b.s.Create(b.t.Context(), req)
		require.NoError(b.t, err)
		assert.Equal(b.t, payment.Dong(1_000_000_000_000), c.Total)
		b.sound()
	})
}

// TestTheProcessDiesBeforeTheGatewayIsAsked: the attempt is recorded, Start never
// answers. The same key opens the same payment.
func TestTheProcessDiesBeforeTheGatewayIsAsked(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		req := &payment.AttemptRequest{
			Key: "a1", Charge: c.ID, Scope: all, Gateway: "bank", ReturnURL: "https://dvc.test/ve", PayerIP: "10.1.2.3",
		}
		b.bank.FailStart(context.DeadlineExceeded, context.DeadlineExceeded)
		for range 2 {
			_, err := b.s.Attempt(b.t.Context(), req)
			require.ErrorIs(b.t, err, payment.ErrUnavailable)
			require.ErrorIs(b.t, err, context.DeadlineExceeded, "the vendor's error is inside")
			assert.Equal(b.t, payment.StateUnclear, b.get(c.ID).Attempts[0].State)
			assert.Equal(b.t, payment.CodeUnavailable, b.get(c.ID).Attempts[0].LastError)
		}
		assert.Equal(b.t, 1, b.count("payment_attempts", "intent LIKE $1", "%10.1.2.3%"))
		b.s = b.service(nil) // another process
		a, err := b.s.Attempt(b.t.Context(), req)
		require.NoError(b.t, err)
		assert.Equal(b.t, payment.StatePending, a.State)
		assert.Equal(b.t, c.ID+"-1", a.Ref)
		assert.Equal(b.t, 1, b.bank.Starts(a.Ref))
		// also when another ending comes first: see TestDiedBetweenRecordAndStart
		assert.Zero(b.t, b.count("payment_attempts", "intent LIKE $1", "%10.1.2.3%"), "the payer's address is forgotten")
		again, err := b.s.Attempt(b.t.Context(), req)
		require.NoError(b.t, err)
		assert.Equal(b.t, a.URL, again.URL)
		assert.Equal(b.t, 1, b.bank.Starts(a.Ref), "an open payment is not opened again")
		assert.Equal(b.t, 1, b.count("payment_attempts", ""))
		b.sound()
	})
}

func TestTheGatewaySaysNo(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		no := &fake.Error{Code: driver.CodeRefused, Text: "terminal is locked"}
		b.bank.FailStart(no)
		req := &payment.AttemptRequest{Key: "a1", Charge: c.ID, Scope: all, Gateway: "bank", ReturnURL: "https://dvc.test/ve"}
		_, err := b.s.Attempt(b.t.Context(), req)
		require.ErrorIs(b.t, err, payment.ErrRefused)
		var own *fake.Error
		require.ErrorAs(b.t, err, &own)
		assert.Equal(b.t, payment.StateFailed, b.get(c.ID).Attempts[0].State)
		_, err = b.s.Attempt(b.t.Context(), req)
		require.ErrorIs(b.t, err, payment.ErrRefused, "the same key stands for the same refusal")
		a := b.attempt(c, "bank", "a2")
		assert.Equal(b.t, 2, a.N)
		b.sound()
	})
}

func TestAttemptRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		ask := func(change func(*payment.AttemptRequest)) error {
			req := &payment.AttemptRequest{Key: "a", Charge: c.ID, Scope: all, Gateway: "bank", ReturnURL: "https://dvc.test/"}
			change(req)
			_, err := b.s.Attempt(b.t.Context(), req)
			return err
		}
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Gateway = "momo" }), payment.ErrInvalid)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Gateway = payment.Cash }), payment.ErrInvalid)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.ReturnURL = "javascript:alert(1)" }), payment.ErrInvalid)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Locale = "fr" }), payment.ErrInvalid)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Key = strings.Repeat("k", 201) }), payment.ErrInvalid)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Charge = "nothing" }), payment.ErrNotFound)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Scope = payment.Scope{Payer: "p2"} }), payment.ErrNotFound)
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Scope = payment.Scope{} }), payment.ErrNotFound)
		require.NoError(b.t, ask(func(r *payment.AttemptRequest) { r.Scope = payment.Scope{Payer: "p1"} }))
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.ReturnURL = "https://other.test/" }), payment.ErrConflict)
		require.Equal(b.t, accepted, b.tell("bank", b.report(&b.get(c.ID).Attempts[0])))
		require.ErrorIs(b.t, ask(func(r *payment.AttemptRequest) { r.Key = "b" }), payment.ErrConflict)
	})
}

// TestASecondTryAsksAboutTheFirst: the notice was lost, the payer tries again.
func TestASecondTryAsksAboutTheFirst(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		_, err := b.bank.Pay(a.Ref, b.clock().Add(time.Minute))
		require.NoError(b.t, err)
		_, err = b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
			Key: "a2", Charge: c.ID, Scope: all, Gateway: "bank", ReturnURL: "https://dvc.test/ve",
		})
		require.ErrorIs(b.t, err, payment.ErrConflict)
		b.settledOnce(c, "gateway:bank")
		assert.Len(b.t, b.get(c.ID).Attempts, 1)
	})
}

func TestCash(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		req := &payment.CashRequest{
			Key: "c1", Charge: c.ID, Scope: payment.Scope{Units: []string{"H10.12"}}, Amount: 20_000, Cashier: "o1", Till: "quay-1",
		}
		for _, change := range []func(*payment.CashRequest){
			func(r *payment.CashRequest) { r.Amount = 19_999 },
			func(r *payment.CashRequest) { r.Amount = 20_001 },
			func(r *payment.CashRequest) { r.Cashier = "" },
			func(r *payment.CashRequest) { r.Till = "quầy 1" },
			func(r *payment.CashRequest) { r.Key = "" },
		} {
			bad := *req
			change(&bad)
			_, err := b.s.ReceiveCash(b.t.Context(), &bad)
			require.ErrorIs(b.t, err, payment.ErrInvalid)
		}
		bad := *req
		bad.Scope = payment.Scope{Units: []string{"H10.13"}}
		_, err := b.s.ReceiveCash(b.t.Context(), &bad)
		require.ErrorIs(b.t, err, payment.ErrNotFound)

		for range 2 {
			got, err := b.s.ReceiveCash(b.t.Context(), req)
			require.NoError(b.t, err)
			assert.Equal(b.t, payment.StateSettled, got.State)
			assert.Equal(b.t, "Tiền mặt", got.Receipts[0].Method)
		}
		b.settledOnce(c, "cash:quay-1")
		assert.Len(b.t, b.moves, 1)
		other := *req
		other.Key = "c2"
		_, err = b.s.ReceiveCash(b.t.Context(), &other)
		require.ErrorIs(b.t, err, payment.ErrConflict)
		other.Key, other.Till = "c1", "quay-2"
		_, err = b.s.ReceiveCash(b.t.Context(), &other)
		require.ErrorIs(b.t, err, payment.ErrConflict)
		_, err = b.s.Cancel(b.t.Context(), &payment.CancelRequest{Charge: c.ID, Scope: all, Actor: "x", Reason: "y"})
		require.ErrorIs(b.t, err, payment.ErrConflict)
		b.sound()
	})
}

func TestCashWhoseMoveHangs(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.db.Timeout = 2 * time.Second
		c := b.create("k1")
		b.refuse(func(ctx context.Context, tx *sql.Tx, _ payment.Settled) error {
			<-ctx.Done()
			_, err := tx.ExecContext(ctx, "INSERT INTO app_moves (charge) VALUES ('x')")
			return errors.Join(ctx.Err(), err)
		})
		_, err := b.s.ReceiveCash(b.t.Context(), &payment.CashRequest{
			Key: "c1", Charge: c.ID, Scope: all, Amount: 20_000, Cashier: "o1", Till: "q1",
		})
		require.NoError(b.t, err)
		b.settledOnce(c, "cash:q1")
		assert.Equal(b.t, []payment.ExceptionKind{payment.MoveRefused}, b.kinds())
		b.sound()
	})
}

func TestScopes(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("no") })
		a := b.attempt(c, "bank", "a1")
		require.Equal(b.t, accepted, b.tell("bank", b.report(a)))
		r := b.report(a)
		r.Ref = "NOBODYS-1"
		require.Equal(b.t, unknownRef, b.tell("bank", r))
		for title, x := range map[string]struct {
			scope      payment.Scope
			sees       bool
			exceptions int
		}{
			"nobody":             {payment.Scope{}, false, 0},
			"an empty unit":      {payment.Scope{Units: []string{""}}, false, 0},
			"another unit":       {payment.Scope{Units: []string{"H10.13"}}, false, 0},
			"another payer":      {payment.Scope{Payer: "p2"}, false, 0},
			"the unit":           {payment.Scope{Units: []string{"H10.11", "H10.12"}}, true, 1},
			"the payer":          {payment.Scope{Payer: "p1"}, true, 1},
			"the finance office": {all, true, 2},
		} {
			_, err := b.s.Get(b.t.Context(), x.scope, c.ID)
			assert.Equal(b.t, x.sees, err == nil, title)
			list, err := b.s.ListBySubject(b.t.Context(), x.scope, "dossier-1")
			require.NoError(b.t, err)
			assert.Equal(b.t, x.sees, len(list) == 1, title)
			es, err := b.s.Exceptions(b.t.Context(), x.scope, nil)
			require.NoError(b.t, err)
			assert.Len(b.t, es, x.exceptions, title)
			_, err = b.s.AttemptByRef(b.t.Context(), x.scope, "bank", a.Ref)
			assert.Equal(b.t, x.sees, err == nil, title)
			_, err = b.s.Balances(b.t.Context(), x.scope)
			assert.Equal(b.t, x.scope.All, err == nil, title)
			if !x.sees {
				_, err = b.s.Refresh(b.t.Context(), x.scope, c.ID)
				require.ErrorIs(b.t, err, payment.ErrNotFound)
				_, err = b.s.RetryException(b.t.Context(), &payment.RetryRequest{Exception: b.exceptions()[0].ID, Scope: x.scope, Actor: "o"})
				require.ErrorIs(b.t, err, payment.ErrNotFound)
				_, err = b.s.Cancel(b.t.Context(), &payment.CancelRequest{Charge: c.ID, Scope: x.scope, Actor: "o", Reason: "r"})
				require.ErrorIs(b.t, err, payment.ErrNotFound)
			}
		}
		_, err := b.s.AttemptByRef(b.t.Context(), all, "bank", "NOBODYS-1")
		require.ErrorIs(b.t, err, payment.ErrNotFound)
		unmatched := b.exceptions()[0]
		if unmatched.Kind != payment.UnknownReference {
			unmatched = b.exceptions()[1]
		}
		_, err = b.s.ResolveException(b.t.Context(), &payment.ResolveRequest{
			Exception: unmatched.ID, Scope: payment.Scope{Units: []string{"H10.12"}}, Actor: "o", Note: "n",
		})
		require.ErrorIs(b.t, err, payment.ErrNotFound, "money that belongs to nobody is the finance office's")
	})
}

func TestExceptionsPage(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("no") })
		for n := range 5 {
			require.Equal(b.t, accepted, b.tell("bank", b.report(b.attempt(b.create(name(n)), "bank", name(n)))))
		}
		seen := map[string]bool{}
		var after *payment.Exception
		for pages := 0; ; pages++ {
			es, err := b.s.Exceptions(b.t.Context(), all, &payment.ExceptionQuery{After: after, Limit: 2, Subject: "dossier-1"})
			require.NoError(b.t, err)
			if len(es) == 0 {
				assert.Equal(b.t, 3, pages)
				break
			}
			for _, e := range es {
				assert.False(b.t, seen[e.ID])
				seen[e.ID] = true
			}
			after = &es[len(es)-1]
		}
		assert.Len(b.t, seen, 5)
		_, err := b.s.Exceptions(b.t.Context(), all, &payment.ExceptionQuery{Limit: 201})
		require.ErrorIs(b.t, err, payment.ErrInvalid)
		es, err := b.s.Exceptions(b.t.Context(), all, &payment.ExceptionQuery{Limit: 200})
		require.NoError(b.t, err)
		assert.Len(b.t, es, 5)
		es, err = b.s.Exceptions(b.t.Context(), all, &payment.ExceptionQuery{Subject: "dossier-2"})
		require.NoError(b.t, err)
		assert.Empty(b.t, es)
	})
}

// An attempt whose request was altered by hand asks the gateway for nothing.
func TestDamagedIntent(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		req := &payment.AttemptRequest{
			Key: "a1", Charge: c.ID, Scope: all, Gateway: "bank", ReturnURL: "https://dvc.test/ve", PayerIP: "10.1.2.3",
		}
		b.bank.FailStart(context.DeadlineExceeded)
		_, err := b.s.Attempt(b.t.Context(), req)
		require.ErrorIs(b.t, err, payment.ErrUnavailable)
		_, err = b.db.Write.ExecContext(b.t.Context(), "UPDATE payment_attempts SET intent = '{'")
		require.NoError(b.t, err)
		_, err = b.s.Attempt(b.t.Context(), req)
		require.ErrorContains(b.t, err, b.get(c.ID).Attempts[0].ID+": intent")
		assert.Zero(b.t, b.bank.Starts(c.ID+"-1"))
	})
}
