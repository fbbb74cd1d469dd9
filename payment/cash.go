package payment

import (
	"context"
	"database/sql"
	"time"
)

// CashRequest books cash (tiền mặt) received at the counter.
type CashRequest struct {
	// Key is the idempotency key, 1 to 200 bytes. Required.
	Key    string
	Charge string
	Scope  Scope
	// Amount must be the whole of what is owed: the official counts it before.
	Amount Dong
	// Cashier is the pseudonym of who took it, Till the cash box: 1 to 40 of
	// letters, digits, '.', '-'. Both are required.
	Cashier, Till string
}

// ReceiveCash settles a due charge with cash. Any other amount is ErrInvalid, a
// charge that is not due ErrConflict: then the money must not be taken. Repeated
// with the same key and the same request it returns the charge as it stands.
func (s *Service) ReceiveCash(ctx context.Context, req *CashRequest) (*Charge, error) {
	var (
		c  *Charge
		m  move
		fn = func(ctx context.Context, tx *sql.Tx) (err error) {
			m = move{skip: s.lasting(m.failed)}
			c, err = s.receive(ctx, tx, req, &m)
			return err
		}
	)
	err := s.write(ctx, fn)
	if err != nil && m.failed != nil { // the move took the transaction down: the money commits without it
		err = s.write(ctx, fn)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// ReceiveCashTx is ReceiveCash in the caller's transaction.
func (s *Service) ReceiveCashTx(ctx context.Context, tx *sql.Tx, req *CashRequest) (*Charge, error) {
	return s.receive(ctx, tx, req, &move{})
}

func (s *Service) receive(ctx context.Context, tx *sql.Tx, req *CashRequest, m *move) (*Charge, error) {
	if err := checkKey(req.Key); err != nil {
		return nil, err
	}
	if req.Cashier == "" || len(req.Cashier) > maxKey || len(req.Till) < 1 || len(req.Till) > 40 || !consists(req.Till, idChars+".-") {
		return nil, fail(CodeInvalid, "cashier, and a till of 1 to 40 letters, digits, '.' and '-', are needed")
	}
	body, err := digestOf(struct {
		Charge, Cashier, Till string
		Amount                Dong
	}{req.Charge, req.Cashier, req.Till, req.Amount})
	if err != nil {
		return nil, err
	}
	_, found, err := s.replay(ctx, tx, "cash", req.Key, body)
	if err != nil {
		return nil, err
	}
	c, err := s.lock(ctx, tx, req.Charge)
	if err != nil {
		return nil, err
	}
	if !req.Scope.Sees(c) {
		return nil, fail(CodeNotFound, "charge %s is not there, or not in this scope", req.Charge)
	}
	if found {
		return c, nil
	}
	switch {
	case c.State != StateDue:
		return nil, fail(CodeConflict, "charge %s is %s; take no money", c.ID, c.State)
	case req.Amount != c.Total:
		return nil, fail(CodeInvalid, "%v was counted and %v is owed; take exactly that", req.Amount, c.Total)
	}
	a, err := s.newAttempt(c, Cash)
	if err != nil {
		return nil, err
	}
	a.PaidAt = s.protocolNow().Truncate(time.Second)
	if err := s.insertAttempt(ctx, tx, a); err != nil {
		return nil, err
	}
	if err := s.moveAttempt(ctx, tx, a, EventPaid, req.Cashier); err != nil {
		return nil, err
	}
	c.Attempts = append(c.Attempts, *a)
	if err := s.settle(ctx, tx, c, a, accountCash+req.Till, req.Cashier, m); err != nil {
		return nil, err
	}
	if err := s.remember(ctx, tx, "cash", req.Key, body, a.ID, c.ID); err != nil {
		return nil, err
	}
	return c, s.seal(ctx, tx, c.ID)
}
