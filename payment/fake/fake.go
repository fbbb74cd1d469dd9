// Package fake is a payment gateway in memory, for tests of applications. It
// passes the same conformance kit as the real adapters.
//
// Its protocol is as different from VNPAY's as can be: a JSON body signed in a
// header, answers by HTTP status, no network. What it can do is chosen by the
// view: the Gateway itself is notified, polled and reconciled; PollOnly and
// NotifyOnly hide the rest.
//
// It keeps no money and no secrets worth keeping; nothing but tests uses it.
package fake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Merchant defaults to "FAKE".
	Merchant string
	// Secret signs notices. Defaults to "fake secret".
	Secret []byte
}

// Gateway is the fake. Its methods may be called concurrently.
type Gateway struct {
	merchant string
	secret   []byte

	mu     sync.Mutex
	books  map[string]driver.Report
	starts map[string]int
	polls  map[string]int
	start  []error
	poll   []error
}

// New returns an empty gateway.
func New(o *Options) *Gateway {
	g := &Gateway{
		books:  map[string]driver.Report{},
		starts: map[string]int{},
		polls:  map[string]int{},
	}
	if o != nil {
		g.merchant, g.secret = o.Merchant, o.Secret
	}
	g.merchant = cmp.Or(g.merchant, "FAKE")
	if g.secret == nil {
		g.secret = []byte("fake secret")
	}
	return g
}

// Merchant is the name all its payments go to.
func (g *Gateway) Merchant() string { return g.merchant }

// Start opens a payment in the books.
func (g *Gateway) Start(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := next(&g.start); err != nil {
		return nil, err
	}
	g.starts[in.Ref]++
	if _, there := g.books[in.Ref]; !there {
		g.books[in.Ref] = driver.Report{Ref: in.Ref, Merchant: g.merchant, Currency: in.Currency, Amount: in.Amount}
	}
	return &driver.Started{URL: "https://fake.invalid/pay/" + in.Ref, GatewayRef: "G-" + in.Ref}, nil
}

// Poll says what the books say.
func (g *Gateway) Poll(ctx context.Context, ref string, _ time.Time) (*driver.Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.polls[ref]++
	if err := next(&g.poll); err != nil {
		return nil, err
	}
	r, there := g.books[ref]
	if !there {
		return nil, &Error{Code: driver.CodeNotFound, Text: "no payment " + ref}
	}
	return &r, nil
}

func next(errs *[]error) error {
	if len(*errs) == 0 {
		return nil
	}
	err := (*errs)[0]
	*errs = (*errs)[1:]
	return err
}

// ErrorCode classifies an error of the fake.
func (g *Gateway) ErrorCode(err error) driver.Code {
	var own *Error
	switch {
	case err == nil:
		return driver.CodeOK
	case errors.As(err, &own):
		return own.Code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return driver.CodeUnavailable
	}
	return driver.CodeUnknown
}

// Error is an error of the fake, and what tests give to FailStart and FailPoll.
type Error struct {
	Code driver.Code
	Text string
}

// Error is the text.
func (e *Error) Error() string { return fmt.Sprintf("fake: %s (%s)", e.Text, e.Code) }

// Book writes a report into the books, as if the payer had paid or failed.
func (g *Gateway) Book(r driver.Report) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.books[r.Ref] = r
}

// Pay books the full payment of a started reference at a moment and returns the
// genuine notice of it.
func (g *Gateway) Pay(ref string, at time.Time) (*driver.Raw, error) {
	g.mu.Lock()
	r, there := g.books[ref]
	if there {
		r.Outcome, r.PaidAt, r.GatewayRef = driver.Paid, at, "G-"+ref
		g.books[ref] = r
	}
	g.mu.Unlock()
	if !there {
		return nil, &Error{Code: driver.CodeNotFound, Text: "no payment " + ref + " was started"}
	}
	return g.Notice(r)
}

// FailStart makes the next calls of Start fail with these errors, in order.
func (g *Gateway) FailStart(errs ...error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.start = append(g.start, errs...)
}

// FailPoll makes the next calls of Poll fail with these errors, in order.
func (g *Gateway) FailPoll(errs ...error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.poll = append(g.poll, errs...)
}

// Starts counts the calls of Start that reached the books for a reference.
func (g *Gateway) Starts(ref string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.starts[ref]
}

// Polls counts the calls of Poll for a reference.
func (g *Gateway) Polls(ref string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.polls[ref]
}

// PollOnly is the same gateway without notices and statements.
func (g *Gateway) PollOnly() driver.Gateway {
	return struct {
		driver.Gateway
		driver.Poller
		driver.Account
	}{g, g, g}
}

// NotifyOnly is the same gateway without polling and statements.
func (g *Gateway) NotifyOnly() driver.Gateway {
	return struct {
		driver.Gateway
		driver.Notified
		driver.Account
	}{g, g, g}
}

// Mute is the same gateway that can never tell an outcome; payment.New refuses it.
func (g *Gateway) Mute() driver.Gateway { return struct{ driver.Gateway }{g} }

var (
	_ driver.Gateway    = (*Gateway)(nil)
	_ driver.Notified   = (*Gateway)(nil)
	_ driver.Poller     = (*Gateway)(nil)
	_ driver.Reconciled = (*Gateway)(nil)
	_ driver.Account    = (*Gateway)(nil)
)
