package drivertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/motcua/motcua/payment/driver"
)

func features(_ context.Context, e *env) error {
	_, notified := e.g.(driver.Notified)
	_, poller := e.g.(driver.Poller)
	_, reconciled := e.g.(driver.Reconciled)
	account, isAccount := e.g.(driver.Account)
	var errs []error
	both := func(name string, has, declared bool) {
		if has && !declared {
			errs = append(errs, fmt.Errorf("the adapter is %s, and Features does not declare it", name))
		}
		if !has && declared {
			errs = append(errs, fmt.Errorf("Features declares %s, and the adapter is none", name))
		}
	}
	both("Notified", notified, e.f.Notified)
	both("Poller", poller, e.f.Poller)
	both("Reconciled", reconciled, e.f.Reconciled)
	both("Account", isAccount, e.f.Account)
	if !notified && !poller && !reconciled {
		errs = append(errs, errors.New("the adapter has no way to tell how a payment ended"))
	}
	if isAccount && account.Merchant() == "" {
		errs = append(errs, errors.New("an empty Merchant; leave Account out instead"))
	}
	if e.f.SignedAnswers && !e.f.HTTP {
		errs = append(errs, errors.New("Features declares SignedAnswers without HTTP, and then it cannot be checked"))
	}
	return errors.Join(errs...)
}

func errorCodes(_ context.Context, e *env) error {
	var errs []error
	for _, c := range []struct {
		name string
		err  error
		want driver.Code
	}{
		{"nil", nil, driver.CodeOK},
		{"deadline exceeded", context.DeadlineExceeded, driver.CodeUnavailable},
		{"cancelled, wrapped", fmt.Errorf("asking: %w", context.Canceled), driver.CodeUnavailable},
		{"an error of somebody else", errors.New("an error of somebody else"), driver.CodeUnknown},
	} {
		if got := e.g.ErrorCode(c.err); got != c.want {
			errs = append(errs, fmt.Errorf("ErrorCode(%s) is %v, must be %v", c.name, got, c.want))
		}
	}
	if e.f.HTTP {
		lost := fmt.Errorf("asking: %w", &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset")})
		if got := e.g.ErrorCode(lost); got != driver.CodeUnavailable {
			errs = append(errs, fmt.Errorf("ErrorCode(network error) is %v, must be unavailable", got))
		}
	}
	return errors.Join(errs...)
}

func start(ctx context.Context, e *env) error {
	in := e.intent(150_000)
	before := *in
	first, err := e.g.Start(ctx, in)
	if err != nil {
		return err
	}
	if *in != before {
		return errors.New("the Intent was changed")
	}
	if err := usable(first); err != nil {
		return err
	}
	again, err := e.g.Start(ctx, in)
	if err != nil {
		return fmt.Errorf("the same Intent again: %w", err)
	}
	if *first != *again {
		return errors.New("the same Intent again gave another payment")
	}
	other, err := e.g.Start(ctx, e.intent(150_000))
	if err != nil {
		return err
	}
	if *other == *first {
		return errors.New("another Ref gave the same payment")
	}
	return e.once(ctx, in.Ref)
}

func usable(s *driver.Started) error {
	if s == nil {
		return errors.New("nil Started without an error")
	}
	if s.URL == "" {
		if s.Text == "" {
			return errors.New("the payer is told neither a page nor what to do")
		}
		return nil
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("Started.URL is not the address of a page")
	}
	return nil
}

// once checks with the gateway's own count, where the harness has one.
func (e *env) once(ctx context.Context, ref string) error {
	c, ok := e.h.(Counter)
	if !ok {
		return nil
	}
	n, err := c.Payments(ctx, ref)
	if err == nil && n > 1 {
		err = fmt.Errorf("the gateway has %d payments under one reference", n)
	}
	return err
}

func startCancelled(ctx context.Context, e *env) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := e.g.Start(ctx, e.intent(10_000))
	return e.unavailable("Start with a cancelled context", err)
}

func (e *env) unavailable(what string, err error) error {
	if err == nil {
		return fmt.Errorf("%s succeeded", what)
	}
	if got := e.g.ErrorCode(err); got != driver.CodeUnavailable {
		return fmt.Errorf("%s is classified %v, must be unavailable: %w", what, got, err)
	}
	return nil
}

// startLost loses the gateway's answer after it has done its work.
func startLost(ctx context.Context, e *env) error {
	in := e.intent(10_000)
	before, _ := e.w.seen()
	var err error
	e.w.with(func(*http.Response, []byte) ([]byte, error) {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset")}
	}, func() { _, err = e.g.Start(ctx, in) })
	if after, _ := e.w.seen(); after == before {
		return err // Start does not use the network
	}
	if err := e.unavailable("Start whose answer was lost", err); err != nil {
		return err
	}
	if _, err := e.g.Start(ctx, in); err != nil {
		return fmt.Errorf("repeating after a lost answer (rule S1): %w", err)
	}
	return e.once(ctx, in.Ref)
}

func noSecret(ctx context.Context, e *env) error {
	secrets := e.h.Secrets()
	if len(secrets) == 0 {
		return errors.New("the harness names no secret to look for")
	}
	var seen []string
	if s, err := e.g.Start(ctx, e.intent(10_000)); err != nil {
		seen = append(seen, err.Error())
	} else {
		seen = append(seen, s.URL, s.Text, s.GatewayRef)
	}
	if n, ok := e.g.(driver.Notified); ok {
		for _, v := range driver.Verdicts() {
			seen = append(seen, string(n.Ack(v).Body))
		}
		_, err := n.Parse(ctx, &driver.Raw{Method: http.MethodGet, Query: "a=b"})
		seen = append(seen, fmt.Sprintf("%+v", err))
	}
	if p, ok := e.g.(driver.Poller); ok {
		for _, lost := range []error{nil, errors.New("connection reset")} {
			var err error
			e.w.with(func(_ *http.Response, _ []byte) ([]byte, error) { return []byte("<html>"), lost }, func() {
				_, err = p.Poll(ctx, "NOSUCHREF", e.now)
			})
			seen = append(seen, fmt.Sprintf("%+v", err))
		}
	}
	for _, text := range seen {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				return errors.New("a secret stands in a URL, an Ack or the text of an error")
			}
		}
	}
	return nil
}
