package payment

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
)

// The ways a gateway's word comes to us.
const (
	sourceNotice    = "notice"
	sourcePoll      = "poll"
	sourceStatement = "statement"
)

// word is one verified report of a gateway.
type word struct {
	gateway string
	source  string
	digest  []byte // of the bytes it came in
	report  driver.Report
}

func (w *word) actor() string { return "gateway:" + w.gateway + "/" + w.source }

// learn records a report in one transaction. A move that takes the transaction
// down with it is left out the second time: the money commits in any case.
func (s *Service) learn(ctx context.Context, w *word) (driver.Verdict, error) {
	var (
		v  driver.Verdict
		m  move
		fn = func(ctx context.Context, tx *sql.Tx) (err error) {
			m = move{skip: s.lasting(m.failed)}
			v, err = s.apply(ctx, tx, w, &m)
			return err
		}
	)
	err := s.write(ctx, fn)
	if err != nil && m.failed != nil {
		err = s.write(ctx, fn)
	}
	if err != nil {
		s.o.Logger.Error("payment report not recorded", zap.String("gateway", w.gateway),
			zap.String("ref", cut(w.report.Ref, maxRef)), zap.Error(err))
		return driver.Retry, err
	}
	s.o.Logger.Info("payment report", zap.String("gateway", w.gateway), zap.String("source", w.source),
		zap.String("ref", cut(w.report.Ref, maxRef)), zap.Stringer("outcome", w.report.Outcome), zap.Stringer("verdict", v))
	return v, nil
}

const maxRef = 100 // bytes of a reference that is not ours

// apply judges a report and acts on it.
func (s *Service) apply(ctx context.Context, tx *sql.Tx, w *word, m *move) (driver.Verdict, error) {
	c, a, err := s.lockAttempt(ctx, tx, w.gateway, w.report.Ref)
	if err != nil {
		return driver.Retry, err
	}
	var v driver.Verdict
	id := ""
	if a == nil {
		v, err = driver.UnknownRef, s.unknown(ctx, tx, w)
	} else {
		id = a.ID
		v, err = s.known(ctx, tx, w, c, a, m)
	}
	if err != nil {
		return driver.Retry, err
	}
	err = s.exec(ctx, tx, "INSERT INTO payment_notices (gateway, digest, source, attempt_id, verdict, seen, at_us)"+
		" VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT (gateway, digest) DO UPDATE SET seen = payment_notices.seen + 1",
		w.gateway, w.digest, w.source, id, int(v), us(s.protocolNow()))
	if err != nil || a == nil {
		return v, err
	}
	return v, s.seal(ctx, tx, c.ID)
}

// exception fills in what a report says.
func (w *word) exception(kind ExceptionKind) *Exception {
	return &Exception{
		Kind: kind, Gateway: w.gateway, Ref: cut(w.report.Ref, maxRef), GatewayRef: cut(w.report.GatewayRef, maxRef),
		Amount: Dong(w.report.Amount),
	}
}

func (w *word) about(kind ExceptionKind, c *Charge, a *Attempt) *Exception {
	e := w.exception(kind)
	e.Charge, e.Attempt, e.Subject, e.Unit = c.ID, a.ID, c.Subject, c.Unit
	return e
}

// fact names the money movement, so that told twice it is booked once.
func (w *word) fact() string {
	return w.gateway + ":" + cut(w.report.Ref, maxRef) + ":" + cut(w.report.GatewayRef, maxRef)
}

// unknown: a verified report about a reference that was never given out. If it
// says that our merchant has been paid, the money is ours to look after.
func (s *Service) unknown(ctx context.Context, tx *sql.Tx, w *word) error {
	r := &w.report
	ours := r.Merchant == s.merchant(w.gateway) && r.Currency == currency && r.Amount > 0
	if r.Outcome != driver.Paid || !ours {
		return nil
	}
	return s.raiseMoney(ctx, tx, w.exception(UnknownReference), accountSuspense, w.fact())
}

// known: a report about one of our attempts.
func (s *Service) known(ctx context.Context, tx *sql.Tx, w *word, c *Charge, a *Attempt, m *move) (driver.Verdict, error) {
	r := &w.report
	moved := r.Outcome == driver.Paid || r.Outcome == driver.Held
	switch {
	case r.Merchant != a.Merchant:
		var err error
		if moved {
			err = s.raise(ctx, tx, w.about(MerchantMismatch, c, a), w.fact()+":"+cut(r.Merchant, maxRef))
		}
		return driver.UnknownRef, err
	case r.Outcome == driver.Unknown:
		return driver.Accepted, nil
	case r.Currency != currency:
		return driver.WrongAmount, s.mismatch(ctx, tx, w, c, a, CurrencyMismatch)
	case Dong(r.Amount) != a.Amount:
		return driver.WrongAmount, s.mismatch(ctx, tx, w, c, a, AmountMismatch)
	case r.Outcome == driver.Paid:
		return s.paid(ctx, tx, w, c, a, m)
	case a.State == StatePaid:
		return driver.Repeated, s.raise(ctx, tx, w.about(Contradiction, c, a), w.fact()+":"+r.Outcome.String())
	case r.Outcome == driver.Failed:
		return s.failed(ctx, tx, w, a)
	case r.Outcome == driver.Held:
		return s.held(ctx, tx, w, c, a)
	}
	return driver.Accepted, nil // an outcome of a newer contract: as good as unknown
}

// mismatch: the right reference, another amount. Nothing settles; money that
// moved is looked after.
func (s *Service) mismatch(ctx context.Context, tx *sql.Tx, w *word, c *Charge, a *Attempt, kind ExceptionKind) error {
	if w.report.Outcome != driver.Paid && w.report.Outcome != driver.Held {
		return nil
	}
	if _, ok := next(AttemptGraph(), a.State, EventMismatched); ok {
		a.GatewayRef = w.report.GatewayRef
		if err := s.moveAttempt(ctx, tx, a, EventMismatched, w.actor()); err != nil {
			return err
		}
	}
	e := w.about(kind, c, a)
	if kind == AmountMismatch && w.report.Outcome == driver.Paid && w.report.Amount > 0 {
		return s.raiseMoney(ctx, tx, e, accountSuspense, w.fact())
	}
	return s.raise(ctx, tx, e, w.fact())
}

func (s *Service) failed(ctx context.Context, tx *sql.Tx, w *word, a *Attempt) (driver.Verdict, error) {
	if a.State == StateFailed {
		return driver.Repeated, nil
	}
	ev := towards(a.State, EventFailed, "", EventReleasedToFailed)
	return driver.Accepted, s.moveAttempt(ctx, tx, a, ev, w.actor())
}

func (s *Service) held(ctx context.Context, tx *sql.Tx, w *word, c *Charge, a *Attempt) (driver.Verdict, error) {
	if a.State == StateHeld {
		return driver.Repeated, nil
	}
	a.GatewayRef = w.report.GatewayRef
	if err := s.moveAttempt(ctx, tx, a, towards(a.State, EventHeld, EventCorrectedToHeld, ""), w.actor()); err != nil {
		return driver.Retry, err
	}
	return driver.Accepted, s.raise(ctx, tx, w.about(HeldBack, c, a), a.ID)
}

// paid: the amount, currency, merchant and reference are right.
func (s *Service) paid(ctx context.Context, tx *sql.Tx, w *word, c *Charge, a *Attempt, m *move) (driver.Verdict, error) {
	if a.State == StatePaid {
		if w.report.GatewayRef != a.GatewayRef {
			return driver.Repeated, s.raise(ctx, tx, w.about(Contradiction, c, a), w.fact())
		}
		return driver.Repeated, nil
	}
	if err := s.correctMismatch(ctx, tx, w, a); err != nil {
		return driver.Retry, err
	}
	a.GatewayRef, a.PaidAt = w.report.GatewayRef, w.report.PaidAt.UTC().Truncate(time.Microsecond)
	if err := s.moveAttempt(ctx, tx, a, towards(a.State, EventPaid, EventCorrectedToPaid, EventReleasedToPaid), w.actor()); err != nil {
		return driver.Retry, err
	}
	switch c.State {
	case StateDue:
		return driver.Accepted, s.settle(ctx, tx, c, a, accountGateway+a.Gateway, w.actor(), m)
	case StateSettled:
		return driver.Accepted, s.raiseMoney(ctx, tx, w.about(OverPaid, c, a), accountOverpaid, w.fact())
	}
	return driver.Accepted, s.raiseMoney(ctx, tx, w.about(PaidAfterCancel, c, a), accountSuspense, w.fact())
}

// correctMismatch: the gateway first named another amount for the same movement
// of money and now the right one. What was booked in suspense is booked back.
func (s *Service) correctMismatch(ctx context.Context, tx *sql.Tx, w *word, a *Attempt) error {
	group := string(AmountMismatch) + ":" + w.fact()
	var amount int64
	err := s.row(ctx, tx, "SELECT coalesce(CAST(sum(amount) AS BIGINT), 0) FROM payment_postings WHERE group_id = $1 AND account = $2",
		group, accountSuspense).Scan(&amount)
	if err != nil || amount == 0 {
		return err
	}
	now := s.now()
	err = s.post(ctx, tx, "corrected:"+w.fact(), a.Charge, a.ID, now,
		posting{accountSuspense, Dong(-amount)}, posting{accountGateway + w.gateway, Dong(amount)})
	if err != nil {
		return err
	}
	var id string
	err = s.row(ctx, tx, "UPDATE payment_exceptions SET resolved_us = $1, changed_us = $1, resolved_by = $2, resolution = 'corrected'"+
		" WHERE posted = $3 AND resolved_us = 0 RETURNING id", us(now), w.actor(), group).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // somebody has closed it
	}
	if err != nil {
		return err
	}
	return s.sealException(ctx, tx, id)
}

// merchant is what reports of a gateway must name.
func (s *Service) merchant(gateway string) string {
	if a, ok := s.gateways[gateway].(driver.Account); ok {
		return a.Merchant()
	}
	return ""
}
