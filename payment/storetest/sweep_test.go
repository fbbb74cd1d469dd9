package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// prepared makes something fresh that key names, and returns the use case for it.
type prepared func(b *bench, key string) sqltest.Use

// sweep has every question of each use case to the database fail in turn. Whether
// an error is passed on is the same code on both databases: SQLite sees all uses,
// PostgreSQL those named.
func sweep(t *testing.T, uses map[string]prepared, onPostgres ...string) {
	t.Helper()
	eachFaulty(t, func(b *bench, f *sqltest.Faults) {
		for title, use := range uses {
			if b.db.Dialect == sqlkit.SQLite || slices.Contains(onPostgres, title) {
				b.sweep(f, title, use)
			}
		}
	})
}

// eachFaulty runs fn on both databases and looks at what it has left behind.
func eachFaulty(t *testing.T, fn func(*bench, *sqltest.Faults)) {
	t.Helper()
	sqltest.EachFaulty(t, []sqlkit.Migrations{payment.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		b := newBench(t, db, nil)
		b.s = b.service(map[string]driver.Gateway{"silent": silent{b.bank}, "refuses": refuses{b.bank}})
		fn(b, f)
		b.sound()
		assert.Zero(t, b.count("payment_charges AS c", "state = 'settled' AND 1 <>"+
			" (SELECT count(*) FROM app_moves WHERE charge = c.id)"+
			" + (SELECT count(*) FROM payment_exceptions WHERE charge_id = c.id AND kind = 'move_refused' AND resolved_us = 0)"),
			"a settled charge has moved its dossier, or says that it could not")
	})
}

// sweep sweeps one use case and returns how often it was prepared.
func (b *bench) sweep(f *sqltest.Faults, title string, use prepared) int {
	n := 0
	b.t.Run(title, func(t *testing.T) {
		outer := b.t
		b.t = t
		defer func() { b.t = outer }()
		b.refuse(nil)
		f.Sweep(t, func(*testing.T) sqltest.Use {
			n++
			return use(b, rand.Text())
		})
	})
	return n
}

// silent is a gateway that never answers when a payment is to be opened.
type silent struct{ *fake.Gateway }

func (silent) Start(context.Context, *driver.Intent) (*driver.Started, error) {
	return nil, context.DeadlineExceeded
}

// refuses is a gateway that opens no payment.
type refuses struct{ *fake.Gateway }

func (refuses) Start(context.Context, *driver.Intent) (*driver.Started, error) {
	return nil, &fake.Error{Code: driver.CodeRefused, Text: "terminal is locked"}
}

// refusing turns the refusal that is due into a success.
func refusing(err, want error) error {
	switch {
	case errors.Is(err, want):
		return nil
	case err == nil:
		return errors.New("nothing was refused")
	}
	return err
}

var errNo = errors.New("dossier is withdrawn")

func no(context.Context, *sql.Tx, payment.Settled) error { return errNo }

// inTx runs fn in a transaction of the caller's.
func (b *bench) inTx(fn func(context.Context, *sql.Tx) error) sqltest.Use {
	return func(ctx context.Context) error { return b.db.InTx(ctx, fn) }
}

// settles tells a fault that has hit the application's move: the money is kept,
// an exception holds the fault's text, and another try ends it.
func (b *bench) settles(c *payment.Charge, use sqltest.Use) sqltest.Use {
	return func(ctx context.Context) error {
		if err := use(ctx); err != nil {
			return err
		}
		open, err := b.s.Exceptions(ctx, all, &payment.ExceptionQuery{Subject: c.Subject})
		if err != nil {
			return err
		}
		var told error
		for _, e := range open {
			if e.Kind != payment.MoveRefused || !strings.Contains(e.Detail, sqltest.ErrInjected.Error()) {
				continue
			}
			told = sqltest.ErrInjected
			if _, err := b.s.RetryException(ctx, &payment.RetryRequest{Exception: e.ID, Scope: all, Actor: "o1"}); err != nil {
				return err
			}
		}
		return told
	}
}

func ofSubject(key string) *payment.CreateRequest {
	r := request(key)
	r.Subject = "dossier-" + key
	return r
}

// owed is a charge that is due, of a subject of its own.
func (b *bench) owed(key string) *payment.Charge {
	b.t.Helper()
	c, err := b.s.Create(b.t.Context(), ofSubject(key))
	require.NoError(b.t, err)
	return c
}

// opened is a charge that is due and an attempt to pay it.
func (b *bench) opened(key, gateway string) (*payment.Charge, *payment.Attempt) {
	b.t.Helper()
	c := b.owed(key)
	return c, b.attempt(c, gateway, key)
}

func inCash(key string, c *payment.Charge) *payment.CashRequest {
	return &payment.CashRequest{Key: key, Charge: c.ID, Scope: all, Amount: c.Total, Cashier: "o1", Till: "q1"}
}

// settled is a charge that was paid in cash.
func (b *bench) settled(key string) *payment.Charge {
	b.t.Helper()
	c, err := b.s.ReceiveCash(b.t.Context(), inCash(key, b.owed(key)))
	require.NoError(b.t, err)
	return c
}

func taking(c *payment.Charge) *payment.CancelRequest {
	return &payment.CancelRequest{Charge: c.ID, Scope: all, Actor: "p1", Reason: "rút hồ sơ"}
}

func (b *bench) cancelled(key string) *payment.Charge {
	b.t.Helper()
	c, err := b.s.Cancel(b.t.Context(), taking(b.owed(key)))
	require.NoError(b.t, err)
	return c
}

// raised is the one open exception of a charge's subject.
func (b *bench) raised(c *payment.Charge) *payment.Exception {
	b.t.Helper()
	es, err := b.s.Exceptions(b.t.Context(), all, &payment.ExceptionQuery{Subject: c.Subject})
	require.NoError(b.t, err)
	require.Len(b.t, es, 1)
	return &es[0]
}

// unmoved is the exception of a charge that was paid while the move was refused.
func (b *bench) unmoved(key string) *payment.Exception {
	b.t.Helper()
	b.refuse(no)
	e := b.raised(b.settled(key))
	b.refuse(nil)
	return e
}

// short is the exception of a charge of which too little was paid.
func (b *bench) short(key string) *payment.Exception {
	b.t.Helper()
	c, a := b.opened(key, "tells")
	r := b.report(a)
	r.Amount--
	require.Equal(b.t, wrongAmount, b.tell("tells", r))
	return b.raised(c)
}

const late = 25 * time.Hour // after an attempt was made: longer than anybody waits for its outcome
