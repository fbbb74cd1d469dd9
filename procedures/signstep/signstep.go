// Package signstep binds the desk to the register of certified copies: the number
// is taken in the transaction that leads to signing, the dossier moves in the
// transaction that completes the line.
package signstep

import (
	"context"
	"database/sql"
	"errors"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// Mover moves the dossier of a completed line; *desk.Desk does.
type Mover interface {
	CertifiedTx(ctx context.Context, tx *sql.Tx, c *desk.Certified) error
}

// Step is the register as the desk knows it. Register and desk each need the
// other, so the step is made first, its OnCertified given to the register, and
// both are set before anything runs.
type Step struct {
	Register *certify.Service
	Mover    Mover
}

// OnCertified moves the dossier whose line is complete.
func (s *Step) OnCertified(ctx context.Context, tx *sql.Tx, l certify.Line) error {
	return s.Mover.CertifiedTx(ctx, tx, &desk.Certified{Dossier: workflow.DossierID(l.Subject), Ref: l.File, Size: l.Size,
		Pages: l.FilePages, Number: l.Number, By: l.Unit, At: l.Ended})
}

// ReserveTx implements [desk.Register].
func (s *Step) ReserveTx(ctx context.Context, tx *sql.Tx, r *desk.Reservation) error {
	_, err := s.Register.ReserveTx(ctx, tx, &certify.ReserveRequest{Subject: string(r.Dossier), Unit: r.Unit, Official: r.Official,
		Document: r.Document, Scan: r.Scan, Pages: r.Pages, Copies: max(1, r.Copies)})
	return err
}

// CancelTx implements [desk.Register]. A dossier that has no line needs none
// cancelled; a certified one cannot be stopped.
func (s *Step) CancelTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, _, reason string) error {
	_, err := s.Register.CancelTx(ctx, tx, &certify.CancelRequest{Subject: string(dossier), Reason: reason})
	if errors.Is(err, certify.ErrNotFound) {
		return nil
	}
	if errors.Is(err, certify.ErrConflict) {
		return &workflow.RefusedError{Event: "stop", Reason: workflow.Reason{Code: "certified",
			VI: "Bản sao đã được chứng thực xong nên không dừng được nữa.", EN: "the copy has been certified and cannot be stopped any more"}}
	}
	return err
}

// Sign implements [desk.Register]. The line itself says which signature is next,
// and asking for one that is made does nothing, so no key is needed: the
// signature a person has asked for is told by the one they saw as next.
func (s *Step) Sign(ctx context.Context, dossier workflow.DossierID, next, holder string) error {
	which := certify.AgencySignature
	if next == desk.NextOfficial {
		which = certify.OfficialSignature
	}
	_, err := s.Register.Advance(ctx, &certify.AdvanceRequest{Subject: string(dossier), Signature: which, Official: holder, Again: true})
	if errors.Is(err, certify.ErrConflict) {
		return &workflow.RefusedError{Event: next, Reason: workflow.Reason{Code: "not_next",
			VI: "Bước ký này chưa đến lượt hoặc do người khác đang ký.", EN: "this signature is not next, or another person has begun it"}}
	}
	if errors.Is(err, esign.ErrUnavailable) {
		return errors.Join(desk.ErrUnavailable, err)
	}
	return err
}

// Line implements [desk.Register].
func (s *Step) Line(ctx context.Context, dossier workflow.DossierID) (*desk.Line, error) {
	l, err := s.Register.Progress(ctx, string(dossier))
	if errors.Is(err, certify.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := &desk.Line{Number: l.Number, Book: l.Book, Ref: l.File, State: string(l.State), Waiting: l.Waiting}
	if l.Stopped != nil {
		out.Stopped = &workflow.Reason{Code: l.Stopped.Code, VI: l.Stopped.VI, EN: l.Stopped.EN}
	}
	if l.State == certify.Reserved {
		out.Next = desk.NextOfficial
		if l.Signed > 0 {
			out.Next = desk.NextAgency
		}
	}
	return out, nil
}
