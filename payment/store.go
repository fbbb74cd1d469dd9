package payment

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// us is a time as it is stored; the zero time is 0.
func us(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func at(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

func (s *Service) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(query), args...)
	return err
}

func (s *Service) row(ctx context.Context, q querier, query string, args ...any) *sql.Row {
	return q.QueryRowContext(ctx, s.db.Dialect.SQL(query), args...)
}

// each calls fn for each row.
func (s *Service) each(ctx context.Context, q querier, fn func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, s.db.Dialect.SQL(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

const chargeColumns = "id, subject, purpose, unit, agency, payer, payer_name, title, total, created_us, state, changed_us," +
	" settled_us, settled_by, reason"

func scanCharge(scan func(...any) error) (*Charge, error) {
	var (
		c                         Charge
		created, changed, settled int64
	)
	err := scan(&c.ID, &c.Subject, &c.Purpose, &c.Unit, &c.Agency, &c.Payer.ID, &c.Payer.Name, &c.Title, &c.Total, &created,
		&c.State, &changed, &settled, &c.SettledBy, &c.Reason)
	c.Created, c.Changed, c.SettledAt = at(created), at(changed), at(settled)
	return &c, err
}

// lock takes a charge for this transaction and reads it whole. It counts itself,
// so that even a replay writes: see sqlkit.Key.
func (s *Service) lock(ctx context.Context, tx *sql.Tx, id string) (*Charge, error) {
	c, err := scanCharge(s.row(ctx, tx, "UPDATE payment_charges SET seen = seen + 1 WHERE id = $1 RETURNING "+chargeColumns, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fail(CodeNotFound, "charge %s is not there", id)
	}
	if err != nil {
		return nil, err
	}
	return c, s.fill(ctx, tx, c)
}

// fill reads what belongs to a charge.
func (s *Service) fill(ctx context.Context, q querier, c *Charge) error {
	c.Lines, c.Attempts, c.Receipts = nil, nil, nil
	err := s.each(ctx, q, func(scan func(...any) error) error {
		var l FeeLine
		err := scan(&l.Kind, &l.Code, &l.Name, &l.Amount)
		c.Lines = append(c.Lines, l)
		return err
	}, "SELECT kind, code, name, amount FROM payment_fee_lines WHERE charge_id = $1 ORDER BY line_no", c.ID)
	if err != nil {
		return err
	}
	err = s.each(ctx, q, func(scan func(...any) error) error {
		a, err := scanAttempt(scan)
		if err == nil {
			c.Attempts = append(c.Attempts, *a)
		}
		return err
	}, "SELECT "+attemptColumns+" FROM payment_attempts WHERE charge_id = $1 ORDER BY n", c.ID)
	if err != nil {
		return err
	}
	return s.each(ctx, q, func(scan func(...any) error) error {
		r, err := scanReceipt(scan)
		if err == nil {
			c.Receipts = append(c.Receipts, *r)
		}
		return err
	}, "SELECT "+receiptColumns+" FROM payment_receipts WHERE charge_id = $1 ORDER BY kind DESC", c.ID)
}

const attemptColumns = "id, charge_id, n, gateway, ref, merchant, amount, state, intent, url, pay_text, gateway_ref, paid_us," +
	" created_us, expires_us, changed_us, polls, last_error"

func scanAttempt(scan func(...any) error) (*Attempt, error) {
	var (
		a                               Attempt
		paid, created, expires, changed int64
	)
	err := scan(&a.ID, &a.Charge, &a.N, &a.Gateway, &a.Ref, &a.Merchant, &a.Amount, &a.State, &a.intent, &a.URL, &a.Text,
		&a.GatewayRef, &paid, &created, &expires, &changed, &a.polls, &a.LastError)
	a.PaidAt, a.Created, a.Expires, a.Changed = at(paid), at(created), at(expires), at(changed)
	return &a, err
}

// lockAttempt takes the charge of an attempt and finds the attempt in it; nil if
// there is none. Charges are always locked before what belongs to them.
func (s *Service) lockAttempt(ctx context.Context, tx *sql.Tx, gateway, ref string) (*Charge, *Attempt, error) {
	var id string
	err := s.row(ctx, tx, "SELECT charge_id FROM payment_attempts WHERE gateway = $1 AND ref = $2", gateway, ref).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := s.lock(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	for i := range c.Attempts {
		if c.Attempts[i].Gateway == gateway && c.Attempts[i].Ref == ref {
			return c, &c.Attempts[i], nil
		}
	}
	return nil, nil, fail(CodeInternal, "attempt %s is not one of charge %s; run audit", ref, id)
}

// journal appends a transition; the charge's row is locked.
func (s *Service) journal(ctx context.Context, tx *sql.Tx, charge, attempt string, e Edge, actor string, now time.Time) error {
	return s.exec(ctx, tx, "INSERT INTO payment_events (charge_id, n, attempt_id, event, from_state, to_state, actor, at_us)"+
		" SELECT $1, coalesce(max(n), 0) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),"+
		" CAST($6 AS TEXT), CAST($7 AS BIGINT) FROM payment_events WHERE charge_id = $1",
		charge, attempt, string(e.Event), string(e.From), string(e.To), actor, us(now))
}

// moveCharge applies an event to a locked charge.
func (s *Service) moveCharge(ctx context.Context, tx *sql.Tx, c *Charge, ev Event, actor string) error {
	to, ok := next(ChargeGraph(), c.State, ev)
	if !ok {
		return fail(CodeConflict, "charge %s is %s and cannot be %s", c.ID, c.State, ev)
	}
	e := Edge{From: c.State, Event: ev, To: to}
	c.State, c.Changed = to, s.now()
	err := s.exec(ctx, tx, "UPDATE payment_charges SET state = $1, changed_us = $2, settled_us = $3, settled_by = $4, reason = $5"+
		" WHERE id = $6", string(c.State), us(c.Changed), us(c.SettledAt), c.SettledBy, c.Reason, c.ID)
	if err != nil {
		return err
	}
	return s.journal(ctx, tx, c.ID, "", e, actor, c.Changed)
}

// moveAttempt applies an event to an attempt whose charge is locked, and writes
// its other changes with it.
func (s *Service) moveAttempt(ctx context.Context, tx *sql.Tx, a *Attempt, ev Event, actor string) error {
	to, ok := next(AttemptGraph(), a.State, ev)
	if !ok {
		return fail(CodeConflict, "attempt %s is %s and cannot be %s", a.ID, a.State, ev)
	}
	e := Edge{From: a.State, Event: ev, To: to}
	a.State, a.Changed = to, s.protocolNow()
	if err := s.saveAttempt(ctx, tx, a); err != nil {
		return err
	}
	return s.journal(ctx, tx, a.Charge, a.ID, e, actor, a.Changed)
}

func (s *Service) saveAttempt(ctx context.Context, tx *sql.Tx, a *Attempt) error {
	if a.State != StateStarting && a.State != StateUnclear {
		a.intent = "" // it has done its work, and holds the payer's address
	}
	return s.exec(ctx, tx, "UPDATE payment_attempts SET state = $1, intent = $2, url = $3, pay_text = $4, gateway_ref = $5,"+
		" paid_us = $6, changed_us = $7, polls = $8, next_poll_us = $9, last_error = $10 WHERE id = $11",
		string(a.State), a.intent, a.URL, a.Text, a.GatewayRef, us(a.PaidAt), us(a.Changed), a.polls, us(s.nextPoll(a)),
		int(a.LastError), a.ID)
}

// announce puts a message into the outbox, in the transaction of what it tells.
func (s *Service) announce(ctx context.Context, tx *sql.Tx, id, topic string, a Announcement) error {
	payload, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return s.outbox.PutTx(ctx, tx, sqlkit.Message{ID: id, Topic: topic, Payload: payload, At: s.protocolNow()})
}

// digestOf is the SHA-256 of a value's JSON, whose fields come in fixed order.
func digestOf(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return sum[:], nil
}
