package vnpaysim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/vnpay"
)

const (
	noticeTimeout = 5 * time.Second
	foreign       = "KHAC0001" // the terminal that Foreign names
	tick          = 200 * time.Millisecond
)

// Run sends IPNs as they fall due, until ctx ends. A province runs it beside the
// handlers.
func (s *Sim) Run(ctx context.Context) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		if _, err := s.Deliver(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		case <-s.wake:
		}
	}
}

// Deliver sends the IPNs that are due and returns how many it sent. The error is
// one of the folder: an IPN that is not confirmed is sent again later.
func (s *Sim) Deliver(ctx context.Context) (int, error) {
	sent := 0
	for {
		t, err := s.claim("")
		if err != nil || t == nil {
			return sent, err
		}
		sent++
		if err := s.send(ctx, t); err != nil {
			return sent, err
		}
	}
}

// hold leaves the notices of a payment to its page, whose payer is sent back once
// the first is answered.
func (s *Sim) hold(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[token]++
}

// release gives what is left of them to [Sim.Run].
func (s *Sim) release(token string) {
	s.mu.Lock()
	if s.held[token]--; s.held[token] == 0 {
		delete(s.held, token)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// claim takes one due notice (of a token, if given) and moves its due time on,
// so that nobody sends it meanwhile.
func (s *Sim) claim(token string) (*Transaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	for _, t := range s.byKey {
		if t.Left == 0 || t.NextUS > now.UnixMicro() || token != "" && t.Token != token || token == "" && s.held[t.Token] > 0 {
			continue
		}
		c := *t
		c.Tries++
		c.NextUS = now.Add(noticeTimeout + s.o.RetryAfter<<min(c.Tries-1, maxTries)).UnixMicro()
		if c.Tries >= maxTries {
			c.Left = 1 // the last send, whatever it hears
		}
		if err := s.save(&c); err != nil {
			return nil, err
		}
		*t = c
		return &c, nil
	}
	return nil, nil
}

func (s *Sim) send(ctx context.Context, t *Transaction) error {
	code, err := s.post(ctx, t)
	if err != nil {
		code = "-"
		s.o.Logger.Info("vnpaysim: notice not answered", zap.String("ref", t.Ref), zap.Error(err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.byKey[t.key()]
	c := *kept
	c.Answers = append(c.Answers[:len(c.Answers):len(c.Answers)], code)
	switch {
	case code == "00" || code == "02":
		c.Left--
		c.NextUS = s.o.Now().UnixMicro()
	case c.Tries >= maxTries:
		c.Left = 0
	default:
		c.NextUS = s.o.Now().Add(s.o.RetryAfter << (c.Tries - 1)).UnixMicro()
	}
	if err := s.save(&c); err != nil {
		return err
	}
	*kept = c
	return nil
}

// post sends one IPN and returns the RspCode it heard.
func (s *Sim) post(ctx context.Context, t *Transaction) (string, error) {
	to, err := s.noticeURL(t)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to+"?"+s.notice(t), nil)
	if err != nil {
		return "", err
	}
	res, err := s.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // its text would hold the whole query
		}
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return "", err
	}
	var answer struct{ RspCode string }
	if err := json.Unmarshal(body, &answer); err != nil || answer.RspCode == "" {
		return "", fmt.Errorf("HTTP %d without a RspCode", res.StatusCode)
	}
	return answer.RspCode, nil
}

func (s *Sim) noticeURL(t *Transaction) (string, error) {
	at, err := url.Parse(t.ReturnURL)
	if err != nil {
		return "", err
	}
	to, err := at.Parse(s.cfg.NoticeURL)
	if err != nil {
		return "", err
	}
	if !vnpay.Loopback(to.Hostname()) {
		return "", errors.New("the notice address is not on a loopback host")
	}
	return to.String(), nil
}

// notice is the signed query of an IPN, spoilt as the behaviour wants.
func (s *Sim) notice(t *Transaction) string {
	f := s.fields(t)
	if t.Behave == Foreign {
		f["vnp_TmnCode"] = foreign
	}
	q := vnpay.SignQuery(s.cfg.Secret, f)
	if t.Behave == Flipped {
		last := q[len(q)-1]
		digit := byte('0')
		if last == digit {
			digit = '1'
		}
		q = q[:len(q)-1] + string(digit)
	}
	return q
}

// fields are what IPN and return tell alike.
func (s *Sim) fields(t *Transaction) map[string]string {
	return map[string]string{
		"vnp_Amount":            strconv.FormatInt(t.Paid, 10),
		"vnp_BankCode":          "NCB",
		"vnp_BankTranNo":        "VNP" + strconv.FormatInt(t.Number, 10),
		"vnp_CardType":          "ATM",
		"vnp_OrderInfo":         t.Info,
		"vnp_PayDate":           t.PaidAt,
		"vnp_ResponseCode":      t.Response,
		"vnp_TmnCode":           t.Terminal,
		"vnp_TransactionNo":     strconv.FormatInt(t.Number, 10),
		"vnp_TransactionStatus": t.Status,
		"vnp_TxnRef":            t.Ref,
	}
}
