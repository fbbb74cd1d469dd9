package payment

import (
	"context"
	"database/sql"
)

// RetryRequest names an exception to be tried again.
type RetryRequest struct {
	Exception string
	Scope     Scope
	// Actor is the pseudonym of who asks for it. Required.
	Actor string
}

// RetryException tries the refused move of a settled charge again. If it is
// refused again the exception stays open with the new detail and one try more,
// and no error is returned: look at Open. One that is closed stays as it is.
func (s *Service) RetryException(ctx context.Context, req *RetryRequest) (*Exception, error) {
	var (
		e     *Exception
		m     move
		retry = func(ctx context.Context, tx *sql.Tx) (err error) {
			m = move{skip: s.lasting(m.failed)}
			e, err = s.retry(ctx, tx, req, &m)
			return err
		}
	)
	err := s.write(ctx, retry)
	if err != nil && m.failed != nil { // the move took the transaction down; record that much
		err = s.write(ctx, retry)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// RetryExceptionTx is RetryException in the caller's transaction.
func (s *Service) RetryExceptionTx(ctx context.Context, tx *sql.Tx, req *RetryRequest) (*Exception, error) {
	return s.retry(ctx, tx, req, &move{})
}

func (s *Service) retry(ctx context.Context, tx *sql.Tx, req *RetryRequest, m *move) (*Exception, error) {
	if req.Actor == "" {
		return nil, fail(CodeInvalid, "actor is missing")
	}
	e, c, err := s.lockException(ctx, tx, req.Scope, req.Exception)
	if err != nil || !e.Open() {
		return e, err
	}
	if !e.Kind.Retryable() {
		return nil, fail(CodeConflict, "exception %s is %s: nothing can be tried again; resolve it with a note", e.ID, e.Kind)
	}
	var a *Attempt
	for i := range c.Attempts {
		if c.Attempts[i].ID == e.Attempt {
			a = &c.Attempts[i]
		}
	}
	if a == nil {
		return nil, fail(CodeInternal, "exception %s names an attempt its charge does not have; run audit", e.ID)
	}
	e.Tries++
	e.Changed = s.now()
	refused, err := s.tryMove(ctx, tx, c, a, m)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		e.Detail = cut(refused.Error(), maxDetail)
	} else {
		e.Resolved, e.ResolvedBy, e.Resolution = e.Changed, req.Actor, "retried"
	}
	return e, s.saveException(ctx, tx, e)
}

// ResolveRequest closes an exception by hand.
type ResolveRequest struct {
	Exception string
	Scope     Scope
	// Actor is the pseudonym of who closes it. Required.
	Actor string
	// Note says what was done, 1 to 500 bytes, without personal data. Required.
	Note string
}

// ResolveException closes an exception with a note of what was done outside,
// such as the number of the refund. It moves no money. One that is closed stays
// as it is.
func (s *Service) ResolveException(ctx context.Context, req *ResolveRequest) (*Exception, error) {
	var e *Exception
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		e, err = s.ResolveExceptionTx(ctx, tx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// ResolveExceptionTx is ResolveException in the caller's transaction.
func (s *Service) ResolveExceptionTx(ctx context.Context, tx *sql.Tx, req *ResolveRequest) (*Exception, error) {
	if req.Actor == "" || req.Note == "" || len(req.Note) > maxDetail {
		return nil, fail(CodeInvalid, "actor, and a note of 1 to %d bytes, are needed", maxDetail)
	}
	e, _, err := s.lockException(ctx, tx, req.Scope, req.Exception)
	if err != nil || !e.Open() {
		return e, err
	}
	e.Changed = s.now()
	e.Resolved, e.ResolvedBy, e.Resolution = e.Changed, req.Actor, clean(req.Note)
	return e, s.saveException(ctx, tx, e)
}

func (s *Service) saveException(ctx context.Context, tx *sql.Tx, e *Exception) error {
	err := s.exec(ctx, tx, "UPDATE payment_exceptions SET detail = $1, tries = $2, changed_us = $3, resolved_us = $4, resolved_by = $5,"+
		" resolution = $6 WHERE id = $7", e.Detail, e.Tries, us(e.Changed), us(e.Resolved), e.ResolvedBy, e.Resolution, e.ID)
	if err != nil {
		return err
	}
	if err := s.sealException(ctx, tx, e.ID); err != nil || e.Charge == "" {
		return err
	}
	return s.seal(ctx, tx, e.Charge)
}
