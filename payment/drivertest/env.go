package drivertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

const foreignMerchant = "FOREIGN9"

// env is what a case works with.
type env struct {
	h   Harness
	g   driver.Gateway
	f   Features
	w   *wire
	now time.Time
}

func (e *env) intent(amount int64) *driver.Intent {
	return &driver.Intent{
		Ref:       "KIT" + rand.Text()[:16],
		Amount:    amount,
		Currency:  "VND",
		Text:      "Phi chung thuc H10.12-241115-0001",
		PayerIP:   "127.0.0.1",
		ReturnURL: "http://127.0.0.1:9/tra-ve",
		Locale:    "vi",
		Created:   e.now,
		Expires:   e.now.Add(15 * time.Minute),
	}
}

// facts are those of an intent, paid in full a minute later.
func (e *env) facts(in *driver.Intent) Facts {
	return Facts{
		Ref: in.Ref, GatewayRef: "14" + in.Created.Format("150405"), Merchant: e.merchant(), Amount: in.Amount,
		Outcome: driver.Paid, PaidAt: in.Created.Add(time.Minute), Created: in.Created,
	}
}

func (e *env) merchant() string {
	if a, ok := e.g.(driver.Account); ok {
		return a.Merchant()
	}
	return ""
}

// outcomes lists what a notice can tell, by the declared features.
func (e *env) outcomes() []driver.Outcome {
	all := []driver.Outcome{driver.Paid}
	if e.f.Failures {
		all = append(all, driver.Failed, driver.Unknown)
	}
	if e.f.Held {
		all = append(all, driver.Held)
	}
	return all
}

func (f Facts) as(o driver.Outcome) Facts {
	f.Outcome = o
	if o != driver.Paid {
		f.PaidAt = time.Time{}
	}
	return f
}

func (e *env) notice(ctx context.Context, f Facts) (*driver.Raw, error) {
	m, ok := e.h.(NoticeMaker)
	if !ok {
		return nil, errors.New("the harness has no Notice method, and Features.Notified is declared")
	}
	raw, err := m.Notice(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("harness: notice: %w", err)
	}
	return raw, nil
}

func (e *env) parse(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
	n, ok := e.g.(driver.Notified)
	if !ok {
		return nil, errors.New("the adapter has no Parse method, and Features.Notified is declared")
	}
	r, err := n.Parse(ctx, raw)
	if err == nil && r == nil {
		return nil, errors.New("nil report without an error")
	}
	return r, err
}

func (e *env) book(ctx context.Context, f Facts) error {
	b, ok := e.h.(Booker)
	if !ok {
		return errors.New("the harness has no Book method, and Features.Poller is declared")
	}
	if err := b.Book(ctx, f); err != nil {
		return fmt.Errorf("harness: book: %w", err)
	}
	return nil
}

func (e *env) poll(ctx context.Context, ref string, created time.Time) (*driver.Report, error) {
	p, ok := e.g.(driver.Poller)
	if !ok {
		return nil, errors.New("the adapter has no Poll method, and Features.Poller is declared")
	}
	r, err := p.Poll(ctx, ref, created)
	if err == nil && r == nil {
		return nil, errors.New("nil report without an error")
	}
	return r, err
}

// matches compares a report with the facts it is about.
func matches(r *driver.Report, f Facts, account bool) error {
	var errs []error
	differs := func(name string, got, want any) {
		if got != want {
			errs = append(errs, fmt.Errorf("%s is %v, the gateway said %v", name, got, want))
		}
	}
	differs("Ref", r.Ref, f.Ref)
	differs("Amount (rule R1: whole đồng)", r.Amount, f.Amount)
	differs("Currency (rule R2)", r.Currency, "VND")
	differs("Outcome", r.Outcome, f.Outcome)
	if account {
		differs("Merchant", r.Merchant, f.Merchant)
	} else {
		differs("Merchant of a gateway without Account", r.Merchant, "")
	}
	if f.Outcome == driver.Paid {
		differs("GatewayRef", r.GatewayRef, f.GatewayRef)
		differs("PaidAt", r.PaidAt.UTC(), f.PaidAt.UTC())
	} else {
		differs("PaidAt of what is not paid is zero", r.PaidAt.IsZero(), true)
	}
	return errors.Join(errs...)
}

func same(a, b *driver.Report) bool {
	x, y := *a, *b
	x.PaidAt, y.PaidAt = time.Time{}, time.Time{}
	return x == y && a.PaidAt.Equal(b.PaidAt)
}

func clone(r *driver.Raw) *driver.Raw {
	c := &driver.Raw{Method: r.Method, Query: r.Query, Body: bytes.Clone(r.Body), Header: maps.Clone(r.Header)}
	for k, v := range c.Header {
		c.Header[k] = slices.Clone(v)
	}
	return c
}

// wire is the network between adapter and gateway.
type wire struct {
	under *http.Transport

	mu    sync.Mutex
	calls int
	last  []byte
	alter func(*http.Response, []byte) ([]byte, error)
}

func newWire() *wire {
	return &wire{under: &http.Transport{MaxIdleConnsPerHost: 4}}
}

func (w *wire) close() { w.under.CloseIdleConnections() }

// with alters every answer while fn runs. The gateway has done its work by then.
func (w *wire) with(alter func(*http.Response, []byte) ([]byte, error), fn func()) {
	w.mu.Lock()
	w.alter = alter
	w.mu.Unlock()
	fn()
	w.mu.Lock()
	w.alter = nil
	w.mu.Unlock()
}

func (w *wire) seen() (calls int, last []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls, w.last
}

// RoundTrip asks the gateway, then alters what it said.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := w.under.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	w.last = bytes.Clone(body)
	if w.alter != nil {
		if body, err = w.alter(res, body); err != nil {
			return nil, err
		}
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	res.ContentLength = int64(len(body))
	return res, nil
}
