// Package storetest runs paystep on the payment module and real databases, so that
// paystep itself needs none.
package storetest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/paystep"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// bench is a gate over a payment service with one gateway, and a desk that only
// notes which dossier was moved.
type bench struct {
	*paystep.Gate
	t    *testing.T
	db   *sqlkit.DB
	bank *fake.Gateway
	no   error // why dossiers cannot move
}

// moves is where the desk notes its moves, in the transaction it is given.
const moves = "CREATE TABLE moves (dossier TEXT, event TEXT, key TEXT PRIMARY KEY)"

func newBench(t *testing.T, db *sqlkit.DB) *bench {
	t.Helper()
	b := &bench{Gate: &paystep.Gate{}, t: t, db: db, bank: fake.New(nil)}
	_, err := db.Write.ExecContext(t.Context(), moves)
	require.NoError(t, err)
	b.Mover = b
	b.Payments, err = payment.New(db, map[string]driver.Gateway{"bank": b.bank}, b.OnSettled, nil)
	require.NoError(t, err)
	return b
}

// SystemTx implements paystep.Mover.
func (b *bench) SystemTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, event, key string) error {
	_, err := tx.ExecContext(ctx, b.db.Dialect.SQL("INSERT INTO moves (dossier, event, key) VALUES ($1, $2, $3)"), string(dossier), event, key)
	if err != nil {
		return err
	}
	return b.no
}

// moved checks that each dossier with a settled charge was moved once, by the
// event its gate waits for, or has an exception that says why not.
func (b *bench) moved() {
	b.t.Helper()
	var n int
	require.NoError(b.t, b.db.Read.QueryRowContext(b.t.Context(), b.db.Dialect.SQL("SELECT count(*) FROM payment_charges AS c"+
		" WHERE c.state = 'settled' AND 1 <> (SELECT count(*) FROM moves WHERE dossier = c.subject AND event = $1 AND key = 'charge/' || c.id)"+
		" + (SELECT count(*) FROM payment_exceptions AS e WHERE e.charge_id = c.id AND e.resolved_us = 0)"), desk.EventFeeSettled).Scan(&n))
	assert.Zero(b.t, n)
	problems, err := b.Payments.Audit(b.t.Context())
	require.NoError(b.t, err)
	assert.Empty(b.t, problems)
}

func fee(dossier string) *desk.FeeRequest {
	return &desk.FeeRequest{
		Dossier: workflow.DossierID(dossier), Unit: "H10.12", Payer: "p1", Name: "Nguyễn Thị Bình", Title: "Phí chứng thực",
		Lines: []procedures.FeeLine{
			{Fee: "chung_thuc", Kind: "phi", Name: procedures.Text{VI: "Phí chứng thực bản sao"}, Unit: 2_000, Quantity: 6, Amount: 12_000},
		},
	}
}

// inTx runs fn in a transaction, as the desk does.
func (b *bench) inTx(fn func(context.Context, *sql.Tx) error) sqltest.Use {
	return func(ctx context.Context) error { return b.db.InTx(ctx, fn) }
}

// charge opens the charge of a dossier.
func (b *bench) charge(dossier string) {
	b.t.Helper()
	require.NoError(b.t, b.inTx(func(ctx context.Context, tx *sql.Tx) error {
		_, err := b.ChargeTx(ctx, tx, fee(dossier))
		return err
	})(b.t.Context()))
}

// pay opens it and takes the cash.
func (b *bench) pay(dossier string) {
	b.t.Helper()
	b.charge(dossier)
	require.NoError(b.t, b.TakeCash(b.t.Context(), workflow.DossierID(dossier), "o1", dossier))
}

// cancel takes it back.
func (b *bench) cancel(dossier string) sqltest.Use {
	return b.inTx(func(ctx context.Context, tx *sql.Tx) error {
		return b.CancelTx(ctx, tx, workflow.DossierID(dossier), "p1", "rút hồ sơ")
	})
}

func (b *bench) owed(ctx context.Context, dossier string) (*desk.Owed, error) {
	return b.Owed(ctx, workflow.DossierID(dossier))
}
