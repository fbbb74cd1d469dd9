package payment

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"go.uber.org/zap"
)

// ExceptionKind says what a person must look at. The texts are stored and never
// change.
type ExceptionKind string

// The kinds.
const (
	// MoveRefused: the money is in and the application's move was refused.
	// RetryException tries it again.
	MoveRefused ExceptionKind = "move_refused"
	// OverPaid: a second attempt paid a settled charge. Give it back.
	OverPaid ExceptionKind = "over_paid"
	// PaidAfterCancel: a cancelled charge was paid. Give it back.
	PaidAfterCancel ExceptionKind = "paid_after_cancel"
	// AmountMismatch: another amount was paid than was asked for.
	AmountMismatch ExceptionKind = "amount_mismatch"
	// CurrencyMismatch: another currency was paid.
	CurrencyMismatch ExceptionKind = "currency_mismatch"
	// MerchantMismatch: the gateway says the money went to another merchant.
	MerchantMismatch ExceptionKind = "merchant_mismatch"
	// UnknownReference: money came for a reference that was never given out.
	UnknownReference ExceptionKind = "unknown_reference"
	// HeldBack: the gateway took the money and holds it.
	HeldBack ExceptionKind = "held_back"
	// Contradiction: after "paid" the gateway says something else.
	Contradiction ExceptionKind = "contradiction"
	// Unresolved: the outcome did not come in time.
	Unresolved ExceptionKind = "unresolved"
)

// Reason is the kind in plain words.
func (k ExceptionKind) Reason() Reason {
	r := Reason{Code: string(k)}
	switch k {
	case MoveRefused:
		r.VI, r.EN = "Đã thu tiền nhưng hồ sơ không chuyển bước được", "Paid, but the dossier could not move on"
	case OverPaid:
		r.VI, r.EN = "Nộp thừa: khoản này đã được nộp trước đó", "Paid twice: this charge was settled before"
	case PaidAfterCancel:
		r.VI, r.EN = "Nộp tiền sau khi khoản phải nộp đã hủy", "Paid after the charge was cancelled"
	case AmountMismatch:
		r.VI, r.EN = "Số tiền nộp không khớp số phải nộp", "The amount paid is not the amount owed"
	case CurrencyMismatch:
		r.VI, r.EN = "Loại tiền không khớp", "Paid in another currency"
	case MerchantMismatch:
		r.VI, r.EN = "Tiền được báo về một đơn vị khác", "Reported for another merchant"
	case UnknownReference:
		r.VI, r.EN = "Không tìm thấy khoản phải nộp của giao dịch này", "No charge belongs to this transaction"
	case HeldBack:
		r.VI, r.EN = "Cổng thanh toán đang giữ tiền để kiểm tra", "The gateway holds the money for a check"
	case Contradiction:
		r.VI, r.EN = "Cổng thanh toán báo trái với lần báo trước", "The gateway contradicts what it said before"
	case Unresolved:
		r.VI, r.EN = "Quá hạn mà chưa rõ kết quả giao dịch", "The outcome did not come in time"
	}
	return r
}

// Retryable says whether RetryException can mend it.
func (k ExceptionKind) Retryable() bool { return k == MoveRefused }

const maxDetail = 500

// Exception (khoản cần xử lý) is something a person must look at.
type Exception struct {
	ID   string
	Kind ExceptionKind
	// Charge, Attempt, Subject and Unit are empty where the money belongs to
	// none.
	Charge, Attempt, Subject, Unit string
	Gateway, Ref, GatewayRef       string
	// Amount is what the gateway reported.
	Amount Dong
	// Posted says that the ledger holds this money in suspense or as over-paid.
	Posted bool
	// Detail is the error of a refused move.
	Detail string
	// Tries counts the retries.
	Tries           int
	Opened, Changed time.Time
	// Resolved is zero while it is open.
	Resolved               time.Time
	ResolvedBy, Resolution string

	group string
}

// Open says that nobody has closed it.
func (e *Exception) Open() bool { return e.Resolved.IsZero() }

// raise opens an exception once for each fact.
func (s *Service) raise(ctx context.Context, tx *sql.Tx, e *Exception, fact string) error {
	e.ID, e.Opened = s.o.NewID(), s.now()
	e.Changed = e.Opened
	var id string
	err := s.row(ctx, tx, "INSERT INTO payment_exceptions (id, dedupe, kind, charge_id, attempt_id, gateway, ref, gateway_ref, subject,"+
		" unit, amount, posted, detail, tries, opened_us, changed_us, resolved_us, resolved_by, resolution)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $14, 0, '', '')"+
		" ON CONFLICT (dedupe) DO NOTHING RETURNING id",
		e.ID, string(e.Kind)+":"+fact, string(e.Kind), e.Charge, e.Attempt, e.Gateway, e.Ref, e.GatewayRef, e.Subject,
		e.Unit, int64(e.Amount), e.group, e.Detail, us(e.Opened)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // raised before
	}
	if err != nil {
		return err
	}
	s.o.Logger.Warn("payment exception", zap.String("kind", string(e.Kind)), zap.String("exception", id), zap.String("charge", e.Charge))
	return s.announce(ctx, tx, "exception:"+id, TopicException, Announcement{Charge: e.Charge, Subject: e.Subject, Exception: id})
}

// raiseMoney opens an exception about money that is in, and books it.
func (s *Service) raiseMoney(ctx context.Context, tx *sql.Tx, e *Exception, account, fact string) error {
	e.group = string(e.Kind) + ":" + fact
	var n int
	if err := s.row(ctx, tx, "SELECT count(*) FROM payment_postings WHERE group_id = $1", e.group).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		err := s.post(ctx, tx, e.group, e.Charge, e.Attempt, s.now(),
			posting{accountGateway + e.Gateway, e.Amount}, posting{account, -e.Amount})
		if err != nil {
			return err
		}
	}
	return s.raise(ctx, tx, e, fact)
}

const exceptionColumns = "id, kind, charge_id, attempt_id, gateway, ref, gateway_ref, subject, unit, amount, posted, detail, tries," +
	" opened_us, changed_us, resolved_us, resolved_by, resolution"

func scanException(scan func(...any) error) (*Exception, error) {
	var (
		e                         Exception
		opened, changed, resolved int64
	)
	err := scan(&e.ID, &e.Kind, &e.Charge, &e.Attempt, &e.Gateway, &e.Ref, &e.GatewayRef, &e.Subject, &e.Unit, &e.Amount, &e.group,
		&e.Detail, &e.Tries, &opened, &changed, &resolved, &e.ResolvedBy, &e.Resolution)
	e.Posted = e.group != ""
	e.Opened, e.Changed, e.Resolved = at(opened), at(changed), at(resolved)
	return &e, err
}

// ExceptionQuery chooses exceptions.
type ExceptionQuery struct {
	// Closed lists the closed ones instead of the open ones.
	Closed bool
	// Subject keeps those of one subject.
	Subject string
	// After continues behind the last exception of the page before.
	After *Exception
	// Limit is 1 to 200; 0 means 50.
	Limit int
}

// Exceptions lists exceptions, oldest first. Money that belongs to no charge is
// in the scope All alone.
func (s *Service) Exceptions(ctx context.Context, scope Scope, q *ExceptionQuery) ([]Exception, error) {
	if q == nil {
		q = &ExceptionQuery{}
	}
	limit := q.Limit
	switch {
	case limit == 0:
		limit = 50
	case limit < 0 || limit > 200:
		return nil, fail(CodeInvalid, "limit must be 1 to 200")
	}
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	f := &filter{}
	f.add("resolved_us = 0", "resolved_us > 0", !q.Closed)
	if q.Subject != "" {
		f.where("subject = " + f.arg(q.Subject))
	}
	if q.After != nil {
		f.where("(opened_us, id) > (" + f.arg(us(q.After.Opened)) + ", " + f.arg(q.After.ID) + ")")
	}
	f.scope(scope, "EXISTS (SELECT 1 FROM payment_charges AS c WHERE c.id = payment_exceptions.charge_id AND c.payer = %s)")
	query := "SELECT " + exceptionColumns + " FROM payment_exceptions WHERE " + f.text() +
		" ORDER BY opened_us, id LIMIT " + f.arg(limit)
	var out []Exception
	err := s.each(ctx, s.db.Read, func(scan func(...any) error) error {
		e, err := scanException(scan)
		if err == nil {
			out = append(out, *e)
		}
		return err
	}, query, f.args...)
	return out, err
}

// lockException takes an exception and, if it has one, its charge. Like every
// lock here it is a write, so that a replay writes too.
func (s *Service) lockException(ctx context.Context, tx *sql.Tx, scope Scope, id string) (*Exception, *Charge, error) {
	missing := fail(CodeNotFound, "exception %s is not there, or not in this scope", id)
	var charge string
	err := s.row(ctx, tx, "SELECT charge_id FROM payment_exceptions WHERE id = $1", id).Scan(&charge)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, missing
	}
	if err != nil {
		return nil, nil, err
	}
	var c *Charge
	if charge != "" { // charges are always locked first
		if c, err = s.lock(ctx, tx, charge); err != nil {
			return nil, nil, err
		}
	}
	if c == nil && !scope.All || c != nil && !scope.Sees(c) {
		return nil, nil, missing
	}
	e, err := scanException(s.row(ctx, tx,
		"UPDATE payment_exceptions SET tries = tries + 0 WHERE id = $1 RETURNING "+exceptionColumns, id).Scan)
	return e, c, err
}

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
			m = move{skip: m.failed}
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
	if err := s.tryMove(ctx, tx, c, a, m); err != nil {
		e.Detail = cut(err.Error(), maxDetail)
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
	return s.exec(ctx, tx, "UPDATE payment_exceptions SET detail = $1, tries = $2, changed_us = $3, resolved_us = $4, resolved_by = $5,"+
		" resolution = $6 WHERE id = $7", e.Detail, e.Tries, us(e.Changed), us(e.Resolved), e.ResolvedBy, e.Resolution, e.ID)
}
