package payment

import (
	"context"
	"database/sql"
)

// CancelRequest takes a charge back.
type CancelRequest struct {
	Charge string
	Scope  Scope
	// Actor is the pseudonym of who cancels it. Required.
	Actor string
	// Reason says why, 1 to 200 characters, without personal data. Required.
	Reason string
}

// Cancel takes back a charge that is due, for example because the dossier was
// withdrawn. Money that arrives later is kept and becomes an exception. One that
// is settled is ErrConflict; one that is cancelled stays as it is, so Cancel may
// be repeated.
func (s *Service) Cancel(ctx context.Context, req *CancelRequest) (*Charge, error) {
	var c *Charge
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		c, err = s.CancelTx(ctx, tx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// CancelTx is Cancel in the caller's transaction.
func (s *Service) CancelTx(ctx context.Context, tx *sql.Tx, req *CancelRequest) (*Charge, error) {
	reason := clean(req.Reason)
	if req.Actor == "" || !readable(reason, 1) {
		return nil, fail(CodeInvalid, "actor, and a reason of 1 to 200 characters on one line, are needed")
	}
	c, err := s.lock(ctx, tx, req.Charge)
	if err != nil {
		return nil, err
	}
	if !req.Scope.Sees(c) {
		return nil, fail(CodeNotFound, "charge %s is not there, or not in this scope", req.Charge)
	}
	if c.State == StateCancelled {
		return c, nil
	}
	c.Reason = reason
	if err := s.moveCharge(ctx, tx, c, EventCancelled, req.Actor); err != nil {
		return nil, err
	}
	return c, s.seal(ctx, tx, c.ID)
}
