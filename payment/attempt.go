package payment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
)

const (
	currency    = "VND"
	maxAttempts = 50              // of one charge
	askTime     = 5 * time.Second // a payer waits while older attempts are asked about
)

// AttemptRequest starts paying a charge through a gateway.
type AttemptRequest struct {
	// Key is the idempotency key, 1 to 200 bytes. Required.
	Key    string
	Charge string
	Scope  Scope
	// Gateway is one of the names given to New.
	Gateway string
	// ReturnURL is where the payer's browser comes back: http or https.
	ReturnURL string
	// PayerIP is told to gateways that ask for it. It is forgotten once the
	// payment is open.
	PayerIP string
	// Locale is "vi" or "en"; empty means "vi".
	Locale string
}

// Attempt opens a payment at a gateway and returns where to send the payer.
//
// It first records the attempt and commits, then calls the gateway outside any
// transaction, then records what it said. If the process dies between, or the
// gateway does not answer (ErrUnavailable), repeat with the same key: the same
// payment is opened, never a second one. Open attempts of the same charge are
// asked about first; if one turns out paid the answer is ErrConflict. A charge
// that is not due is ErrConflict too. The gateway's no is ErrRefused.
func (s *Service) Attempt(ctx context.Context, req *AttemptRequest) (*Attempt, error) {
	g, ok := s.gateways[req.Gateway]
	if !ok {
		return nil, fail(CodeInvalid, "there is no gateway %q; there are %v", req.Gateway, s.Gateways())
	}
	if err := checkAttempt(req); err != nil {
		return nil, err
	}
	body, err := digestOf(struct{ Charge, Gateway, ReturnURL, Locale string }{req.Charge, req.Gateway, req.ReturnURL, req.Locale})
	if err != nil {
		return nil, err
	}
	if err := s.askFirst(ctx, req); err != nil {
		return nil, err
	}
	var a *Attempt
	err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		a, err = s.record(ctx, tx, req, body)
		return err
	})
	if err != nil {
		return nil, err
	}
	switch {
	case a.State == StateFailed && a.URL == "" && a.Text == "":
		return nil, fail(CodeRefused, "attempt %s was not opened by the gateway; pay another way, with a new key", a.ID)
	case a.State != StateStarting && a.State != StateUnclear:
		return a, nil
	}
	return s.start(ctx, g, a)
}

func checkAttempt(req *AttemptRequest) error {
	u, err := url.Parse(req.ReturnURL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fail(CodeInvalid, "return address must be http or https with a host")
	case req.Locale != "" && req.Locale != "vi" && req.Locale != "en":
		return fail(CodeInvalid, "locale must be vi or en")
	}
	return checkKey(req.Key)
}

// askFirst asks about the open attempts of a charge before another is made, so
// that nobody pays twice because a notice was lost. What cannot be asked does
// not stand in the way.
func (s *Service) askFirst(ctx context.Context, req *AttemptRequest) error {
	c, err := s.Get(ctx, req.Scope, req.Charge)
	if err != nil {
		return err
	}
	if c.State != StateDue {
		return nil // record answers, or finds the key
	}
	_, err = s.ask(ctx, c, min(s.o.CallTimeout, askTime))
	return err
}

// record finds the attempt of this key, or makes it.
func (s *Service) record(ctx context.Context, tx *sql.Tx, req *AttemptRequest, body []byte) (*Attempt, error) {
	id, found, err := s.replay(ctx, tx, "attempt", req.Key, body)
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
		for i := range c.Attempts {
			if c.Attempts[i].ID == id {
				return &c.Attempts[i], nil
			}
		}
		return nil, fail(CodeInternal, "key belongs to attempt %s, which is gone; run audit", id)
	}
	if c.State != StateDue {
		return nil, fail(CodeConflict, "charge %s is %s; there is nothing to pay", c.ID, c.State)
	}
	a, err := s.newAttempt(c, req.Gateway)
	if err != nil {
		return nil, err
	}
	a.Merchant = s.merchant(req.Gateway)
	a.Expires = a.Created.Add(s.o.PayWithin)
	locale := req.Locale
	if locale == "" {
		locale = "vi"
	}
	intent, err := json.Marshal(driver.Intent{
		Ref: a.Ref, Amount: int64(a.Amount), Currency: currency, Text: plainText(c.Title), PayerIP: req.PayerIP,
		ReturnURL: req.ReturnURL, Locale: locale, Created: a.Created, Expires: a.Expires,
	})
	if err != nil {
		return nil, err
	}
	a.intent = string(intent)
	if err := s.insertAttempt(ctx, tx, a); err != nil {
		return nil, err
	}
	if err := s.remember(ctx, tx, "attempt", req.Key, body, a.ID, c.ID); err != nil {
		return nil, err
	}
	return a, s.seal(ctx, tx, c.ID)
}

func (s *Service) newAttempt(c *Charge, gateway string) (*Attempt, error) {
	n := len(c.Attempts) + 1
	if n > maxAttempts {
		return nil, fail(CodeConflict, "charge %s has %d attempts; pay at the counter", c.ID, maxAttempts)
	}
	now := s.protocolNow().Truncate(time.Second) // gateways know whole seconds
	ref := fmt.Sprintf("%s-%d", c.ID, n)
	return &Attempt{
		ID: ref, Charge: c.ID, N: n, Gateway: gateway, Ref: ref, Amount: c.Total, State: StateStarting, Created: now, Changed: now,
	}, nil
}

func (s *Service) insertAttempt(ctx context.Context, tx *sql.Tx, a *Attempt) error {
	return s.exec(ctx, tx, "INSERT INTO payment_attempts ("+attemptColumns+", next_poll_us)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17, $18)",
		a.ID, a.Charge, a.N, a.Gateway, a.Ref, a.Merchant, int64(a.Amount), string(a.State), a.intent, a.URL, a.Text,
		a.GatewayRef, us(a.PaidAt), us(a.Created), us(a.Expires), us(a.Changed), int(a.LastError), us(s.nextPoll(a)))
}

// start calls the gateway and records what it said. No transaction is open.
func (s *Service) start(ctx context.Context, g driver.Gateway, a *Attempt) (*Attempt, error) {
	var in driver.Intent
	if err := json.Unmarshal([]byte(a.intent), &in); err != nil {
		return nil, fmt.Errorf("payment: attempt %s: intent: %w", a.ID, err)
	}
	call, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	started, callErr := g.Start(call, &in)
	cancel()
	ev, code := EventStarted, CodeOK
	if callErr == nil && started == nil {
		callErr = errors.New("the adapter returned nothing")
	}
	if callErr != nil {
		code = Code(g.ErrorCode(callErr))
		ev = EventStartUnclear
		if code == CodeRefused || code == CodeInvalid {
			ev = EventStartRefused
		}
		s.o.Logger.Warn("payment not started", zap.String("attempt", a.ID), zap.Stringer("code", code), zap.Error(callErr))
	}
	// What the gateway said is recorded even if the caller has gone.
	err := s.write(context.WithoutCancel(ctx), func(ctx context.Context, tx *sql.Tx) error {
		c, err := s.lock(ctx, tx, a.Charge)
		if err != nil {
			return err
		}
		cur := &c.Attempts[a.N-1]
		a = cur
		if cur.State != StateStarting && cur.State != StateUnclear {
			return nil // a notice was faster, or another caller with the same key
		}
		if callErr == nil {
			cur.URL, cur.Text = started.URL, started.Text
			if cur.GatewayRef == "" {
				cur.GatewayRef = started.GatewayRef
			}
		}
		cur.LastError = code
		if cur.State == StateUnclear && ev == EventStartUnclear {
			err = s.saveAttempt(ctx, tx, cur)
		} else {
			err = s.moveAttempt(ctx, tx, cur, ev, "gateway:"+cur.Gateway)
		}
		if err != nil {
			return err
		}
		return s.seal(ctx, tx, c.ID)
	})
	if err != nil {
		return nil, err
	}
	if callErr != nil {
		if code == CodeUnknown || code == CodeOK {
			code = CodeUnavailable
		}
		return nil, &Error{Code: code, Text: "gateway " + a.Gateway + " did not open attempt " + a.ID, Err: callErr}
	}
	return a, nil
}
