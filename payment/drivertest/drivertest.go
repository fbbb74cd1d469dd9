// Package drivertest is the conformance kit for payment gateway adapters. A
// vendor writes a Harness and one line:
//
//	func TestConformance(t *testing.T) {
//		drivertest.RunGateway(t, newHarness, drivertest.Features{Poller: true})
//	}
//
// The harness only makes what is genuine: notices, entries in the gateway's
// books, statements. Bending, cutting, splicing, repeating and delaying their
// bytes is the kit's work. Each failure cites the rule of package driver it
// enforces.
//
// Features are checked both ways: an ability that is declared must work, and
// one that is not declared must be absent, so that a feature forgotten is a
// failure and not a skipped test.
//
// The kit does not check what only package payment does: comparing with what
// was asked for, idempotency, settlement. That an adapter compares signatures
// in constant time (part of N1) cannot be seen from outside; review it.
package drivertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

// Facts is what a genuine notice, book entry or statement row says.
type Facts struct {
	Ref, GatewayRef, Merchant string
	// Amount is in whole đồng.
	Amount  int64
	Outcome driver.Outcome
	// PaidAt is in whole seconds; zero unless Outcome is Paid.
	PaidAt time.Time
	// Created is the Created of the Intent that was started with this Ref.
	Created time.Time
}

// Features declares what the adapter can do.
type Features struct {
	// Notified, Poller, Reconciled and Account say which interfaces it has.
	Notified, Poller, Reconciled, Account bool
	// Failures says that notices tell failures too; some gateways only tell
	// success.
	Failures bool
	// Held says that the protocol knows money held back.
	Held bool
	// HTTP says that Poll goes over the http.Client the kit gives.
	HTTP bool
	// SignedAnswers says that the answer to Poll carries a signature. Needs HTTP.
	SignedAnswers bool
}

// Harness is one adapter with a gateway behind it: a sandbox, a simulator or a
// test server. Calls come one at a time.
type Harness interface {
	// Gateway makes the adapter. All its network calls MUST go through client.
	Gateway(client *http.Client) (driver.Gateway, error)
	// Secrets are texts that must never be seen outside.
	Secrets() []string
	// Close gives back what the harness holds.
	Close() error
}

// NoticeMaker is a harness of an adapter that is Notified.
type NoticeMaker interface {
	// Notice makes the bytes the gateway would send about f: any reference,
	// merchant, amount and outcome, correctly signed.
	Notice(ctx context.Context, f Facts) (*driver.Raw, error)
}

// Booker is a harness of an adapter that is a Poller.
type Booker interface {
	// Book makes the gateway's own books say f about a started reference.
	Book(ctx context.Context, f Facts) error
}

// StatementMaker is a harness of an adapter that is Reconciled.
type StatementMaker interface {
	// Statement makes a settlement file with these rows, in order.
	Statement(ctx context.Context, rows []Facts) ([]byte, error)
}

// Counter is an optional addition to a Harness. Without it rule S1 is checked by
// what Start answers alone.
type Counter interface {
	// Payments counts the payments the gateway has under a reference.
	Payments(ctx context.Context, ref string) (int, error)
}

// Failure is one broken rule.
type Failure struct {
	// Case is the name of the case, Rule the rule of package driver.
	Case, Rule string
	// Err says what was seen.
	Err error
}

// Error names case and rule.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: payment/driver rule %s: %v", f.Case, f.Rule, f.Err)
}

// Unwrap gives what was seen.
func (f *Failure) Unwrap() error { return f.Err }

// RunGateway runs each case as a subtest with a harness of its own.
func RunGateway(t *testing.T, newHarness func(context.Context, *testing.T) (Harness, error), f Features) {
	t.Helper()
	for _, c := range cases() {
		if !c.when(f) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, err := newHarness(t.Context(), t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := c.check(t.Context(), h, f); err != nil {
				t.Error(err)
			}
		})
	}
}

// CheckGateway runs the same cases against one harness without a test, so that
// a province can check a vendor's sandbox before going live. The error joins a
// *Failure for each broken rule. It does not close the harness.
func CheckGateway(ctx context.Context, h Harness, f Features) error {
	var errs []error
	for _, c := range cases() {
		if c.when(f) {
			errs = append(errs, c.check(ctx, h, f))
		}
	}
	return errors.Join(errs...)
}

type kase struct {
	name, rule string
	when       func(Features) bool
	run        func(context.Context, *env) error
}

func (c kase) check(ctx context.Context, h Harness, f Features) error {
	w := newWire()
	defer w.close()
	g, err := h.Gateway(&http.Client{Transport: w})
	if err == nil {
		err = c.survive(ctx, &env{h: h, g: g, f: f, w: w, now: time.Now().Truncate(time.Second)})
	}
	if err == nil {
		return nil
	}
	return &Failure{Case: c.name, Rule: c.rule, Err: err}
}

// survive makes a panic of the adapter a failure of the case.
func (c kase) survive(ctx context.Context, e *env) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	return c.run(ctx, e)
}

func always(Features) bool       { return true }
func notified(f Features) bool   { return f.Notified }
func poller(f Features) bool     { return f.Poller }
func overHTTP(f Features) bool   { return f.Poller && f.HTTP }
func reconciled(f Features) bool { return f.Reconciled }

func cases() []kase {
	return []kase{
		{"features", "of the interfaces", always, features},
		{"through package payment", "of the fallbacks", always, portable},
		{"error codes", "E1", always, errorCodes},
		{"start", "S1", always, start},
		{"start cancelled", "E1", always, startCancelled},
		{"start answer lost", "S2", always, startLost},
		{"no secret outside", "S3", always, noSecret},
		{"notice genuine", "N2", notified, noticeGenuine},
		{"notice foreign", "N2", notified, noticeForeign},
		{"notice outcome", "R3", notified, noticeOutcome},
		{"notice repeated", "N3", notified, noticeRepeated},
		{"notice delayed", "N3", notified, noticeDelayed},
		{"notice bent", "N1", notified, noticeBent},
		{"notice cut", "N1", notified, noticeCut},
		{"notice spliced", "N1", notified, noticeSpliced},
		{"notice doubled", "N4", notified, noticeDoubled},
		{"notice nonsense", "N4", notified, noticeNonsense},
		{"ack", "N5", notified, acks},
		{"poll", "P1", poller, poll},
		{"poll unknown", "P1", poller, pollUnknown},
		{"poll cancelled", "E1", poller, pollCancelled},
		{"poll network", "P1", overHTTP, pollNetwork},
		{"poll of another", "P2", overHTTP, pollOther},
		{"poll bent", "P2", overHTTP, pollBent},
		{"statement", "Reconciled", reconciled, statement},
		{"statement with a bad row", "Reconciled", reconciled, statementBadRow},
	}
}
