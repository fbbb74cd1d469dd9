package payment

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"go.uber.org/zap"
)

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
		" unit, amount, posted, detail, tries, opened_us, changed_us, resolved_us, resolved_by, resolution, seal)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $14, 0, '', '', '')"+
		" ON CONFLICT (dedupe) DO NOTHING RETURNING id",
		e.ID, string(e.Kind)+":"+fact, string(e.Kind), e.Charge, e.Attempt, e.Gateway, e.Ref, e.GatewayRef, e.Subject,
		e.Unit, int64(e.Amount), e.group, e.Detail, us(e.Opened)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // raised before
	}
	if err != nil {
		return err
	}
	if err := s.sealException(ctx, tx, id); err != nil {
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
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	return s.listExceptions(ctx, s.db.Read, scope, q)
}

// ExceptionsTx is Exceptions in the caller's transaction.
func (s *Service) ExceptionsTx(ctx context.Context, tx *sql.Tx, scope Scope, q *ExceptionQuery) ([]Exception, error) {
	return s.listExceptions(ctx, tx, scope, q)
}

func (s *Service) listExceptions(ctx context.Context, from querier, scope Scope, q *ExceptionQuery) ([]Exception, error) {
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
	err := s.each(ctx, from, func(scan func(...any) error) error {
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
