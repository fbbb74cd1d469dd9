package desk_test

import (
	"context"
	"database/sql"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// ports stand for payment, certification, file store and scanner. Like the real
// ones each asks the database, so that a sweep has every one of them fail too.
type ports struct {
	b     *bundle
	files desk.Files
	lines map[workflow.DossierID]*desk.Line
	owed  map[workflow.DossierID]*desk.Owed
	paid  map[workflow.DossierID]string // charges that were settled before the step
}

// sweeping gives a desk such ports.
func sweeping(b *bundle) *ports {
	p := &ports{b: b, files: b.Files, lines: map[workflow.DossierID]*desk.Line{}, owed: map[workflow.DossierID]*desk.Owed{},
		paid: map[workflow.DossierID]string{}}
	scanner := b.Scanner
	b.Fees, b.Register, b.Files = cashier{p}, registrar{p}, p
	b.Scanner = func(ctx context.Context, r io.ReaderAt, size int64) (*desk.Scan, error) {
		if err := ask(ctx, b.db.Read); err != nil {
			return nil, err
		}
		return scanner(ctx, r, size)
	}
	return p
}

type asked interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func ask(ctx context.Context, q asked) error {
	var one int
	return q.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

func (p *ports) Put(ctx context.Context, r io.Reader) (string, error) {
	if err := ask(ctx, p.b.db.Read); err != nil {
		return "", err
	}
	return p.files.Put(ctx, r)
}

func (p *ports) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	if err := ask(ctx, p.b.db.Read); err != nil {
		return nil, err
	}
	return p.files.Open(ctx, ref)
}

type cashier struct{ *ports }

func (p cashier) ChargeTx(ctx context.Context, tx *sql.Tx, r *desk.FeeRequest) (string, error) {
	if err := ask(ctx, tx); err != nil {
		return "", err
	}
	p.owed[r.Dossier] = &desk.Owed{Charge: "c", Total: 4000, Lines: r.Lines}
	return p.paid[r.Dossier], nil
}

func (p cashier) CancelTx(ctx context.Context, tx *sql.Tx, _ workflow.DossierID, _, _ string) error {
	return ask(ctx, tx)
}

func (p cashier) Owed(ctx context.Context, d workflow.DossierID) (*desk.Owed, error) {
	return p.owed[d], ask(ctx, p.b.db.Read)
}

type registrar struct{ *ports }

func (p registrar) ReserveTx(ctx context.Context, tx *sql.Tx, r *desk.Reservation) error {
	if err := ask(ctx, tx); err != nil {
		return err
	}
	p.lines[r.Dossier] = &desk.Line{Number: 1, Next: desk.NextOfficial}
	return nil
}

func (p registrar) Sign(ctx context.Context, d workflow.DossierID, next, holder string) error {
	if err := ask(ctx, p.b.db.Read); err != nil {
		return err
	}
	if next == desk.NextOfficial {
		p.lines[d] = &desk.Line{Number: 1, Next: desk.NextAgency}
		return nil
	}
	ref, err := p.files.Put(ctx, strings.NewReader("certified"))
	if err != nil {
		return err
	}
	err = p.b.db.Retry(ctx, true, func(ctx context.Context) error {
		return p.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return p.b.CertifiedTx(ctx, tx, &desk.Certified{Dossier: d, Ref: ref, Size: 9, Pages: 3, Number: 1, By: holder, At: *p.b.clock.Load()})
		})
	})
	if err == nil {
		p.lines[d] = &desk.Line{Number: 1, Ref: ref}
	}
	return err
}

func (p registrar) Line(ctx context.Context, d workflow.DossierID) (*desk.Line, error) {
	return p.lines[d], ask(ctx, p.b.db.Read)
}

func (p registrar) CancelTx(ctx context.Context, tx *sql.Tx, _ workflow.DossierID, _, _ string) error {
	return ask(ctx, tx)
}

// come brings a dossier of lan's to a state, undisturbed.
func (p *ports) come(t *testing.T, key, state string) *desk.Case {
	t.Helper()
	b := p.b
	switch state {
	case "draft":
		return b.draft(key)
	case "requested":
		return b.do(lan, p.come(t, key, "draft"), "request")
	case "received":
		return b.do(hoa, p.come(t, key, "requested"), "receive")
	case "compared":
		return b.compared(p.come(t, key, "received"))
	case "awaiting_fee":
		return b.do(quang, p.come(t, key, "compared"), "ask_fee")
	case "signing":
		c := p.come(t, key, "compared")
		p.paid[c.Dossier.ID] = "c-" + key
		return b.do(quang, c, "ask_fee")
	case "certified":
		c := p.come(t, key, "signing")
		id := c.Dossier.ID
		for _, next := range []string{desk.NextOfficial, desk.NextAgency} {
			require.NoError(t, registrar{p}.Sign(t.Context(), id, next, unitA))
		}
		c, err := b.Case(t.Context(), lan, id)
		require.NoError(t, err)
		return c
	}
	require.Fail(t, "no way to "+state)
	return nil
}

// inTx is a use in the caller's transaction.
func inTx(db *sqlkit.DB, fn func(context.Context, *sql.Tx) error) func(context.Context) error {
	return func(ctx context.Context) error { return db.InTx(ctx, fn) }
}
