// Package paystep binds a fee gate to the payment module: a state that only the
// system event fee_settled leaves, raised in the transaction in which the money
// is booked.
package paystep

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// Mover moves the dossier whose fee was paid; *desk.Desk does.
type Mover interface {
	SystemTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, event, key string) error
}

// Gate is the fee gate. Payment service and desk each need the other, so the
// gate is made first, its OnSettled given to the service, and both are set
// before anything runs.
type Gate struct {
	Payments *payment.Service
	Mover    Mover
}

// OnSettled moves the dossier at whatever version it has, once for one charge.
// Where the dossier cannot move any more, e.g. because it was withdrawn, the
// error leaves the money booked and an exception to be looked at.
func (g *Gate) OnSettled(ctx context.Context, tx *sql.Tx, s payment.Settled) error {
	return g.Mover.SystemTx(ctx, tx, workflow.DossierID(s.Charge.Subject), desk.EventFeeSettled, "charge/"+s.Charge.ID)
}

// ChargeTx implements [desk.Fees]. A charge the dossier has already stands, even
// if a fee has changed since; one that was paid while the dossier could not move
// is told, so that it moves now.
func (g *Gate) ChargeTx(ctx context.Context, tx *sql.Tx, r *desk.FeeRequest) (settled string, err error) {
	list, err := g.Payments.ListBySubjectTx(ctx, tx, everything, string(r.Dossier))
	if err != nil {
		return "", err
	}
	for i := range list {
		switch list[i].State {
		case payment.StateSettled:
			return list[i].ID, g.moved(ctx, tx, &list[i])
		case payment.StateDue:
			return "", nil
		}
	}
	req := &payment.CreateRequest{Key: fmt.Sprintf("dossier/%s/%d", r.Dossier, len(list)), Subject: string(r.Dossier), Unit: r.Unit,
		Payer: payment.Payer{ID: r.Payer, Name: r.Name}, Title: r.Title}
	for _, l := range r.Lines {
		req.Lines = append(
			req.Lines,
			payment.FeeLine{Kind: payment.FeeKind(l.Kind), Code: l.Fee, Name: lineName(&l), Amount: payment.Dong(l.Amount)},
		)
	}
	_, err = g.Payments.CreateTx(ctx, tx, req)
	return "", err
}

// maxLineName is how long a fee line's name may be, in characters.
const maxLineName = 200

// lineName says how an amount comes about, for pages and e-receipts: a charge
// keeps amounts alone. A name without room for it is kept as it is.
func lineName(l *procedures.FeeLine) string {
	if l.Quantity <= 1 {
		return l.Name.VI
	}
	name := fmt.Sprintf("%s (%d × %s đồng)", l.Name.VI, l.Quantity, payment.Dong(l.Unit).Digits())
	if utf8.RuneCountInString(name) > maxLineName {
		return l.Name.VI
	}
	return name
}

// moved closes what says that the dossier of a charge could not move: it moves
// now, in this transaction.
func (g *Gate) moved(ctx context.Context, tx *sql.Tx, c *payment.Charge) error {
	open, err := g.Payments.ExceptionsTx(ctx, tx, everything, &payment.ExceptionQuery{Subject: c.Subject})
	if err != nil {
		return err
	}
	for i := range open {
		if open[i].Charge != c.ID || !open[i].Kind.Retryable() {
			continue
		}
		_, err := g.Payments.ResolveExceptionTx(ctx, tx, &payment.ResolveRequest{Exception: open[i].ID, Scope: everything,
			Actor: "system:desk", Note: "the dossier has moved"})
		if err != nil {
			return err
		}
	}
	return nil
}

// CancelTx implements [desk.Fees]: what has been paid stays paid.
func (g *Gate) CancelTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, actor, reason string) error {
	c, err := g.Payments.ListBySubjectTx(ctx, tx, everything, string(dossier))
	if err != nil {
		return err
	}
	for i := range c {
		if c[i].State != payment.StateDue {
			continue
		}
		req := &payment.CancelRequest{Charge: c[i].ID, Scope: everything, Actor: actor, Reason: reason}
		if _, err := g.Payments.CancelTx(ctx, tx, req); err != nil && !errors.Is(err, payment.ErrConflict) { // paid: it stays paid
			return err
		}
	}
	return nil
}

var everything = payment.Scope{All: true}

// Owed implements [desk.Fees].
func (g *Gate) Owed(ctx context.Context, dossier workflow.DossierID) (*desk.Owed, error) {
	c, err := g.charge(ctx, dossier)
	if c == nil || err != nil {
		return nil, err
	}
	o := &desk.Owed{Charge: c.ID, Total: int64(c.Total), Settled: c.SettledAt, State: string(c.State)}
	for _, l := range c.Lines {
		o.Lines = append(o.Lines, procedures.FeeLine{Fee: l.Code, Kind: string(l.Kind), Name: procedures.Text{VI: l.Name},
			Amount: int64(l.Amount)})
	}
	for i := range c.Attempts {
		if c.Attempts[i].ID == c.SettledBy {
			o.Cash = c.Attempts[i].Gateway == payment.Cash
		}
	}
	open, err := g.Payments.Exceptions(ctx, everything, &payment.ExceptionQuery{Subject: string(dossier)})
	for i := range open {
		o.Exceptions = append(o.Exceptions, desk.OwedException{ID: open[i].ID, Reason: workflow.Reason(open[i].Kind.Reason()),
			Retry: open[i].Kind.Retryable()})
	}
	return o, err
}

// RetryException tries again the move of a dossier whose money is in, and reports
// whether that closed the exception. One that is closed already is done.
func (g *Gate) RetryException(ctx context.Context, dossier workflow.DossierID, id, actor string) (done bool, err error) {
	e, err := g.exception(ctx, dossier, id)
	if e == nil || err != nil {
		return err == nil, err
	}
	if e, err = g.Payments.RetryException(ctx, &payment.RetryRequest{Exception: id, Scope: everything, Actor: actor}); err != nil {
		return false, err
	}
	return !e.Open(), nil
}

// ResolveException closes an exception with a note of what was done outside, such
// as the number of a refund; the note holds no personal data. It moves no money.
func (g *Gate) ResolveException(ctx context.Context, dossier workflow.DossierID, id, actor, note string) error {
	e, err := g.exception(ctx, dossier, id)
	if e == nil || err != nil {
		return err
	}
	_, err = g.Payments.ResolveException(ctx, &payment.ResolveRequest{Exception: id, Scope: everything, Actor: actor, Note: note})
	return err
}

// exception is the open exception of a dossier, or nil if there is none of this
// id: closed, or another dossier's.
func (g *Gate) exception(ctx context.Context, dossier workflow.DossierID, id string) (*payment.Exception, error) {
	open, err := g.Payments.Exceptions(ctx, everything, &payment.ExceptionQuery{Subject: string(dossier)})
	for i := range open {
		if open[i].ID == id {
			return &open[i], err
		}
	}
	return nil, err
}

// charge is the last charge of a dossier, or nil.
func (g *Gate) charge(ctx context.Context, dossier workflow.DossierID) (*payment.Charge, error) {
	list, err := g.Payments.ListBySubject(ctx, everything, string(dossier))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return g.Payments.Get(ctx, everything, list[len(list)-1].ID)
}

// Begin opens an attempt to pay a dossier's charge and returns where to send the
// browser. Whether the person may pay, the caller has checked. Lang is "vi" or
// "en".
func (g *Gate) Begin(ctx context.Context, dossier workflow.DossierID, gateway, key, returnURL, payerIP, lang string) (string, error) {
	c, err := g.charge(ctx, dossier)
	if err != nil {
		return "", err
	}
	if c == nil {
		return "", fmt.Errorf("%w: the dossier owes nothing", desk.ErrSubject)
	}
	a, err := g.Payments.Attempt(ctx, &payment.AttemptRequest{Key: key, Charge: c.ID, Scope: everything, Gateway: gateway,
		ReturnURL: returnURL, PayerIP: payerIP, Locale: lang})
	if err != nil {
		return "", err
	}
	return a.URL, nil
}

// TakeCash books the whole charge of a dossier as paid at the counter.
func (g *Gate) TakeCash(ctx context.Context, dossier workflow.DossierID, cashier, key string) error {
	c, err := g.charge(ctx, dossier)
	if err != nil {
		return err
	}
	if c == nil {
		return fmt.Errorf("%w: the dossier owes nothing", desk.ErrSubject)
	}
	_, err = g.Payments.ReceiveCash(ctx, &payment.CashRequest{Key: key, Charge: c.ID, Scope: everything, Amount: c.Total, Cashier: cashier,
		Till: c.Unit})
	return err
}

// Refresh asks the gateways now how a dossier's charge stands, for a person who
// presses "check again".
func (g *Gate) Refresh(ctx context.Context, dossier workflow.DossierID) error {
	c, err := g.charge(ctx, dossier)
	if c == nil || err != nil {
		return err
	}
	_, err = g.Payments.Refresh(ctx, everything, c.ID)
	return err
}
