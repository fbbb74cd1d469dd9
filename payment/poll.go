package payment

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

const maxPolls = 500 // attempts of one pass

// nextPoll says when an attempt is asked about next; the zero time means never
// again. Held money is asked about for a while, then left to the person who has
// its exception. An attempt whose gateway cannot be asked comes up once, when it is time
// to raise an exception.
func (s *Service) nextPoll(a *Attempt) time.Time {
	late := !s.protocolNow().Before(a.Expires.Add(s.o.GiveUp))
	if !a.Open() && (a.State != StateHeld || late) || a.Gateway == Cash {
		return time.Time{}
	}
	if _, ok := s.gateways[a.Gateway].(driver.Poller); !ok {
		if a.polls > 0 {
			return time.Time{}
		}
		return a.Expires.Add(s.o.GiveUp)
	}
	wait := s.o.PollAfter
	for i := 0; i < a.polls && wait < s.o.PollAtMost; i++ {
		wait *= 2
	}
	return s.protocolNow().Add(min(wait, s.o.PollAtMost))
}

// PollDue asks gateways about at most n attempts (at most 500) whose outcome is
// due, and records the answers. It returns how many were asked. The province
// calls it every few seconds, on any number of nodes: attempts are claimed first,
// and each is asked outside any transaction. What a gateway fails to answer is
// asked again later, each time after a longer pause; the error is one of the
// database, or of ctx.
func (s *Service) PollDue(ctx context.Context, n int) (int, error) {
	due, err := s.claim(ctx, min(n, maxPolls))
	if err != nil {
		return 0, err
	}
	for i := range due {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if err := s.pollOne(ctx, &due[i], s.o.CallTimeout); err != nil {
			return i, err
		}
	}
	return len(due), nil
}

// claim takes due attempts and moves their time on, so that another node leaves
// them alone, and a node that dies leaves them to be asked again.
func (s *Service) claim(ctx context.Context, n int) ([]Attempt, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	lock := ""
	if s.db.Dialect == sqlkit.PostgreSQL {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	now := s.protocolNow()
	var out []Attempt
	err := s.each(ctx, s.db.Write, func(scan func(...any) error) error {
		a, err := scanAttempt(scan)
		if err == nil {
			out = append(out, *a)
		}
		return err
	}, "UPDATE payment_attempts SET next_poll_us = $1 WHERE id IN (SELECT id FROM payment_attempts WHERE next_poll_us > 0"+
		" AND next_poll_us <= $2 ORDER BY next_poll_us, id LIMIT $3"+lock+") RETURNING "+attemptColumns,
		us(now.Add(2*s.o.CallTimeout+s.o.PollAfter)), us(now), n)
	return out, err
}

// pollOne asks about one attempt and records the answer.
func (s *Service) pollOne(ctx context.Context, a *Attempt, within time.Duration) error {
	p, ok := s.gateways[a.Gateway].(driver.Poller)
	if !ok {
		return s.inconclusive(ctx, a, CodeUnsupported)
	}
	call, cancel := context.WithTimeout(ctx, within)
	r, err := p.Poll(call, a.Ref, a.Created)
	cancel()
	if err == nil && r == nil {
		err = errors.New("the adapter returned nothing")
	}
	if err != nil {
		code := Code(s.gateways[a.Gateway].ErrorCode(err))
		s.o.Logger.Info("payment poll", zap.String("attempt", a.ID), zap.Stringer("code", code), zap.Error(err))
		return s.inconclusive(ctx, a, code)
	}
	if r.Ref != a.Ref {
		s.o.Logger.Error("adapter answered about another reference", zap.String("attempt", a.ID))
		return s.inconclusive(ctx, a, CodeForged)
	}
	if r.Outcome != driver.Unknown {
		digest, err := digestReport(sourcePoll, r)
		if err != nil {
			return err
		}
		if _, err := s.learn(ctx, &word{gateway: a.Gateway, source: sourcePoll, digest: digest, report: *r}); err != nil {
			return err
		}
	}
	return s.inconclusive(ctx, a, CodeOK)
}

// inconclusive counts a poll of an attempt that is still open or held, and ends
// the waiting where it is time: what the gateway does not know long after it
// could be paid has failed; what stays unclear becomes an exception, and is asked
// about for as long as it takes.
func (s *Service) inconclusive(ctx context.Context, a *Attempt, code Code) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, err := s.lock(ctx, tx, a.Charge)
		if err != nil {
			return err
		}
		cur := &c.Attempts[a.N-1]
		if !cur.Open() && cur.State != StateHeld {
			return nil
		}
		cur.polls++
		cur.LastError = code
		late := cur.Open() && !s.protocolNow().Before(cur.Expires.Add(s.o.GiveUp))
		if late && code == CodeNotFound {
			if err := s.moveAttempt(ctx, tx, cur, EventExpired, "gateway:"+cur.Gateway+"/"+sourcePoll); err != nil {
				return err
			}
			return s.seal(ctx, tx, c.ID)
		}
		if late {
			e := &Exception{
				Kind: Unresolved, Charge: c.ID, Attempt: cur.ID, Gateway: cur.Gateway, Ref: cur.Ref, GatewayRef: cur.GatewayRef,
				Subject: c.Subject, Unit: c.Unit, Amount: cur.Amount,
			}
			if err := s.raise(ctx, tx, e, cur.ID); err != nil {
				return err
			}
		}
		if err := s.saveAttempt(ctx, tx, cur); err != nil {
			return err
		}
		return s.seal(ctx, tx, c.ID)
	})
}

// Refresh asks now about the open attempts of a charge and returns the charge as
// it then stands. It is for a person who presses "check again"; what a gateway
// fails to answer is no error.
func (s *Service) Refresh(ctx context.Context, scope Scope, charge string) (*Charge, error) {
	c, err := s.Get(ctx, scope, charge)
	if err != nil {
		return nil, err
	}
	asked, err := s.ask(ctx, c, s.o.CallTimeout)
	if err != nil || asked == 0 {
		return c, err
	}
	return s.Get(ctx, scope, charge)
}

// ask polls the open attempts of a charge, newest first, at most three.
func (s *Service) ask(ctx context.Context, c *Charge, within time.Duration) (int, error) {
	asked := 0
	for i := len(c.Attempts) - 1; i >= 0 && asked < 3; i-- {
		a := &c.Attempts[i]
		if _, ok := s.gateways[a.Gateway].(driver.Poller); !ok || !a.Open() && a.State != StateHeld {
			continue
		}
		asked++
		if err := s.pollOne(ctx, a, within); err != nil {
			return asked, err
		}
	}
	return asked, nil
}
