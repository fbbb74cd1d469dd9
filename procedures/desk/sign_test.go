package desk_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var thu = &identity.Person{ID: "o-thu", Kind: identity.Official} // clerk at A

// book is a register and a till in memory: what the desk asks of both, in order.
type book struct {
	t     *testing.T
	b     *bundle
	line  *desk.Line
	owed  *desk.Owed
	calls []string
}

func (k *book) ReserveTx(_ context.Context, _ *sql.Tx, r *desk.Reservation) error {
	k.calls = append(k.calls, "reserve "+r.Unit+" "+r.Official+" "+r.Document)
	assert.Equal(k.t, 2, r.Pages)
	assert.Equal(k.t, 1, r.Copies)
	k.line = &desk.Line{Number: 1, Next: desk.NextOfficial}
	return nil
}

func (k *book) Sign(ctx context.Context, dossier workflow.DossierID, next, holder string) error {
	sqltest.Idle(k.t, k.b.db)
	k.calls = append(k.calls, next+" "+holder)
	if next == desk.NextOfficial {
		k.line.Next = desk.NextAgency
		return nil
	}
	ref, err := k.b.store.Put(ctx, strings.NewReader("certified"))
	require.NoError(k.t, err)
	k.line.Next, k.line.Ref = "", ref
	return k.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return k.b.CertifiedTx(
			ctx,
			tx,
			&desk.Certified{Dossier: dossier, Ref: ref, Size: 9, Pages: 3, Number: 1, By: holder, At: *k.b.clock.Load()},
		)
	})
}

func (k *book) Line(context.Context, workflow.DossierID) (*desk.Line, error) { return k.line, nil }

func (k *book) CancelTx(_ context.Context, _ *sql.Tx, _ workflow.DossierID, actor, _ string) error {
	k.calls = append(k.calls, "cancel line "+actor)
	return nil
}

// till takes the fee of the same story.
type till struct{ *book }

func (k till) ChargeTx(_ context.Context, _ *sql.Tx, r *desk.FeeRequest) (string, error) {
	total := int64(0)
	for _, l := range r.Lines {
		total += l.Amount
	}
	k.owed = &desk.Owed{Charge: "c", Total: total, Lines: r.Lines}
	k.calls = append(k.calls, "charge "+r.Payer)
	return "", nil
}

func (k till) CancelTx(_ context.Context, _ *sql.Tx, _ workflow.DossierID, actor, _ string) error {
	k.calls = append(k.calls, "cancel charge "+actor)
	return nil
}

func (k till) Owed(context.Context, workflow.DossierID) (*desk.Owed, error) { return k.owed, nil }

// certifying is a desk that charges and certifies.
func certifying(t *testing.T, fn func(t *testing.T, b *bundle, k *book)) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{workflow.Migrations(), desk.Migrations()}, func(t *testing.T, db *sqlkit.DB) {
		b := setup(t, db, procedures.ModulePayment, procedures.ModuleCertification)
		k := &book{t: t, b: b}
		b.Fees, b.Register = till{k}, k
		fn(t, b, k)
	})
}

func (b *bundle) settle(c *desk.Case) *desk.Case {
	b.t.Helper()
	require.NoError(b.t, b.db.InTx(b.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return b.SystemTx(ctx, tx, c.Dossier.ID, desk.EventFeeSettled, "charge/c")
	}))
	out, err := b.Case(b.t.Context(), quang, c.Dossier.ID)
	require.NoError(b.t, err)
	return out
}

func TestFeeAndSignatures(t *testing.T) {
	certifying(t, func(t *testing.T, b *bundle, k *book) {
		c := b.compared(b.do(hoa, b.do(lan, b.draft("k"), "request"), "receive"))
		c = b.do(quang, c, "ask_fee")
		require.NotNil(t, c.Owed)
		assert.Equal(t, int64(4000), c.Owed.Total, "two pages at 2.000 đ (Circular 226/2016/TT-BTC)")
		assert.True(t, c.Dossier.Due.IsZero(), "the clock stands while the fee is owed")
		b.at("2024-11-18 10:00")
		c = b.settle(c)
		assert.Equal(t, "signing", c.State.ID)
		assert.Equal(t, "2024-11-18", c.Dossier.Due.In(procedures.Zone).Format(time.DateOnly), "paying moves the due date")
		sign := func(who *identity.Person, step string, expect workflow.Version) (*desk.Case, error) {
			return b.Sign(t.Context(), who, &desk.SignRequest{Dossier: c.Dossier.ID, Expect: expect, Step: step})
		}
		v := c.Dossier.Version
		_, err := sign(thu, desk.StepSeal, v)
		require.ErrorIs(t, err, workflow.ErrRefused, "the official first")
		_, err = sign(hoa, desk.StepSign, v)
		require.ErrorIs(t, err, workflow.ErrRefused, "reception signs nothing")
		_, err = sign(quang, desk.StepSign, v-1)
		require.ErrorIs(t, err, workflow.ErrStale)
		_, err = sign(xuan, desk.StepSign, v)
		require.ErrorIs(t, err, workflow.ErrNotFound)
		assert.Equal(t, desk.StepSign, b.MaySign(c, quang))
		assert.Empty(t, b.MaySign(c, thu))
		for range 2 { // a second click asks for the same signature
			_, err = sign(quang, desk.StepSign, v)
			require.NoError(t, err)
		}
		for range 2 {
			c, err = sign(thu, desk.StepSeal, v)
			require.NoError(t, err)
		}
		assert.Equal(t, procedures.StatusDone, c.National.Code)
		assert.Equal(t, []string{"charge c-lan", "reserve H10.12 o-quang Bằng tốt nghiệp", "official o-quang", "agency H10.12"}, k.calls)
		_, content, err := b.Open(t.Context(), lan, c.Dossier.ID, desk.PaperID(string(c.Dossier.ID), desk.PaperResult))
		require.NoError(t, err)
		require.NoError(t, content.Close())
		b.effects()
		b.clean()
		_, err = b.db.Write.ExecContext(t.Context(), "DELETE FROM procedures_papers WHERE kind = 'result'")
		require.NoError(t, err)
		found, err := b.Audit(t.Context())
		require.NoError(t, err)
		found = sqltest.Recounted(found)
		require.Len(t, found, 1)
		assert.Equal(t, "procedures_papers", found[0].Table)
		assert.Contains(t, found[0].Problem, "its result is not among the papers")
	})
}

// A dossier that stops takes back what it waits for.
func TestStopGivesUp(t *testing.T) {
	certifying(t, func(t *testing.T, b *bundle, k *book) {
		c := b.do(quang, b.compared(b.do(hoa, b.do(lan, b.draft("k"), "request"), "receive")), "ask_fee")
		c = b.do(hoa, b.do(lan, c, "withdraw"), "accept_withdrawal")
		assert.Equal(t, procedures.StatusStopped, c.National.Code)
		assert.Equal(t, []string{"charge c-lan", "cancel charge o-hoa", "cancel line o-hoa"}, k.calls)
		err := b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return b.SystemTx(ctx, tx, c.Dossier.ID, desk.EventFeeSettled, "charge/c")
		})
		require.ErrorIs(t, err, workflow.ErrRefused, "money that comes too late moves nothing")
		b.clean()
	})
}
