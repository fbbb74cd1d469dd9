package payment

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
)

// move carries what happens to OnSettled through one settlement.
type move struct {
	// skip, when set, is why the move is not tried: it took the last transaction
	// down with it.
	skip error
	// failed is how it failed in this transaction.
	failed error
}

// settle books the payment of a locked charge that is due, gives the receipts,
// and tries the application's move.
func (s *Service) settle(ctx context.Context, tx *sql.Tx, c *Charge, a *Attempt, account, actor string, m *move) error {
	c.SettledAt, c.SettledBy = s.now(), a.ID
	if err := s.moveCharge(ctx, tx, c, EventSettled, actor); err != nil {
		return err
	}
	lines := []posting{{account, a.Amount}}
	for _, l := range c.Lines {
		lines = append(lines, posting{accountRevenue + string(l.Kind) + ":" + l.Code, -l.Amount})
	}
	if err := s.post(ctx, tx, groupSettled(c.ID), c.ID, a.ID, c.Changed, lines...); err != nil {
		return err
	}
	if err := s.issue(ctx, tx, c, a); err != nil {
		return err
	}
	if err := s.announce(ctx, tx, groupSettled(c.ID), TopicSettled, Announcement{Charge: c.ID, Subject: c.Subject}); err != nil {
		return err
	}
	for i := range c.Attempts { // the caller works on a copy of its own
		if c.Attempts[i].ID == a.ID {
			c.Attempts[i] = *a
		}
	}
	refused, err := s.tryMove(ctx, tx, c, a, m)
	if err != nil || refused == nil {
		return err
	}
	s.o.Logger.Warn("payment settled, move refused", zap.String("charge", c.ID), zap.Error(refused))
	return s.raise(ctx, tx, &Exception{
		Kind: MoveRefused, Charge: c.ID, Attempt: a.ID, Gateway: a.Gateway, Ref: a.Ref, GatewayRef: a.GatewayRef,
		Subject: c.Subject, Unit: c.Unit, Amount: a.Amount, Detail: cut(refused.Error(), maxDetail),
	}, c.ID)
}

// tryMove runs OnSettled under a savepoint. Refused is its failure, and what it
// wrote is undone; err says that the transaction must not commit, because what
// the move wrote may still be in it.
func (s *Service) tryMove(ctx context.Context, tx *sql.Tx, c *Charge, a *Attempt, m *move) (refused, err error) {
	if s.onSettled == nil {
		return nil, nil
	}
	if m.skip != nil {
		return m.skip, nil
	}
	if err := s.exec(ctx, tx, "SAVEPOINT payment_move"); err != nil {
		return nil, err
	}
	m.failed = s.call(ctx, tx, c, a)
	if s.db.RolledBack(m.failed) { // a deadlock is nobody's no: everything runs again
		return nil, m.failed
	}
	if m.failed != nil {
		err = s.exec(ctx, tx, "ROLLBACK TO SAVEPOINT payment_move")
	}
	if err == nil {
		err = s.exec(ctx, tx, "RELEASE SAVEPOINT payment_move")
	}
	switch {
	case err == nil:
		return m.failed, nil
	case m.failed == nil: // the move has ended the savepoint, or the transaction
		m.failed = err
	default:
		m.failed = fmt.Errorf("%w (and the transaction is lost: %w)", m.failed, err)
	}
	return nil, m.failed
}

// lasting is the failure of a move for which it is left out of the next attempt:
// nil where running it again may mend it.
func (s *Service) lasting(failed error) error {
	if s.db.RolledBack(failed) {
		return nil
	}
	return failed
}

// call gives OnSettled half of the time that is left, so that the money can
// still be committed when it hangs.
func (s *Service) call(ctx context.Context, tx *sql.Tx, c *Charge, a *Attempt) (err error) {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			s.o.Logger.Error("OnSettled panicked", zap.String("charge", c.ID), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = fail(CodeInternal, "the application's move panicked; see the log")
		}
	}()
	return s.onSettled(ctx, tx, Settled{Charge: *c, Attempt: *a})
}
