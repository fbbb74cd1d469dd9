// Package drivertest is the conformance kit for the vendors of package
// esign/driver. An adapter that passes it can be given to package esign.
//
// Each kit comes twice: RunSigner and RunTimestamper run their cases as subtests
// with a fresh harness each; CheckSigner and CheckTimestamper run the same cases
// without a *testing.T on one harness and join what is wrong, so that a province
// can ask a vendor's sandbox the same questions before it goes live.
//
// A failure names the rule of package driver that its case enforces. Features
// are checked both ways: what an adapter says it cannot do it must refuse.
//
// The vendor's harness acts as the holder of the credential, or lets the
// authority's answers pass through a function; it never forges. Forging is the
// kit's work, done on the bytes as received.
package drivertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// check is one case. Cases of one kit are independent: each uses transactions of
// its own.
type check[H any] struct {
	name string
	fn   func(ctx context.Context, h H) error
}

func run[H interface{ Close() }](
	t *testing.T, newHarness func(context.Context, *testing.T) (H, error), checks []check[H],
) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			h, err := newHarness(t.Context(), t)
			if err != nil {
				t.Fatalf("the harness does not start: %v", err)
			}
			defer h.Close()
			if err := c.fn(t.Context(), h); err != nil {
				t.Error(err)
			}
		})
	}
}

func all[H any](ctx context.Context, h H, checks []check[H]) error {
	var errs []error
	for _, c := range checks {
		if err := c.fn(ctx, h); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

// broken is a violation of a rule.
func broken(rule, format string, args ...any) error {
	return fmt.Errorf("rule %s of esign/driver: %w", rule, fmt.Errorf(format, args...))
}
