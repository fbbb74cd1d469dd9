package drivertest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/drivertest"
	"github.com/motcua/motcua/payment/fake"
)

const secret = "fake-secret-of-the-kit"

// harness is the fake gateway, seen through a view or a mutant.
type harness struct {
	fake *fake.Gateway
	view func(*fake.Gateway) driver.Gateway
}

func newHarness(view func(*fake.Gateway) driver.Gateway) *harness {
	return &harness{fake: fake.New(&fake.Options{Secret: []byte(secret)}), view: view}
}

func (h *harness) Gateway(*http.Client) (driver.Gateway, error) { return h.view(h.fake), nil }
func (h *harness) Secrets() []string                            { return []string{secret} }
func (h *harness) Close() error                                 { return nil }

func report(f drivertest.Facts) driver.Report {
	return driver.Report{
		Ref: f.Ref, GatewayRef: f.GatewayRef, Merchant: f.Merchant, Currency: "VND", Amount: f.Amount, PaidAt: f.PaidAt, Outcome: f.Outcome,
	}
}

func (h *harness) Notice(_ context.Context, f drivertest.Facts) (*driver.Raw, error) {
	return h.fake.Notice(report(f))
}

func (h *harness) Book(_ context.Context, f drivertest.Facts) error {
	h.fake.Book(report(f))
	return nil
}

func (h *harness) Statement(_ context.Context, rows []drivertest.Facts) ([]byte, error) {
	rs := make([]driver.Report, len(rows))
	for i, f := range rows {
		rs[i] = report(f)
	}
	return h.fake.MakeStatement(rs...)
}

var all = drivertest.Features{Notified: true, Poller: true, Reconciled: true, Account: true, Failures: true, Held: true}

func TestFakeConforms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		view func(*fake.Gateway) driver.Gateway
		f    drivertest.Features
	}{
		"whole":       {func(g *fake.Gateway) driver.Gateway { return g }, all},
		"poll only":   {(*fake.Gateway).PollOnly, drivertest.Features{Poller: true, Account: true, Held: true}},
		"notify only": {(*fake.Gateway).NotifyOnly, drivertest.Features{Notified: true, Account: true, Failures: true, Held: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drivertest.RunGateway(t, func(context.Context, *testing.T) (drivertest.Harness, error) {
				return newHarness(c.view), nil
			}, c.f)
		})
	}
}

func TestCheckGatewayIsTheSameKit(t *testing.T) {
	t.Parallel()
	h := newHarness(func(g *fake.Gateway) driver.Gateway { return g })
	require.NoError(t, drivertest.CheckGateway(t.Context(), h, all))
}

// TestFeaturesAreCheckedBothWays turns each declaration round.
func TestFeaturesAreCheckedBothWays(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(*drivertest.Features){
		"notified":       func(f *drivertest.Features) { f.Notified = false },
		"poller":         func(f *drivertest.Features) { f.Poller = false },
		"reconciled":     func(f *drivertest.Features) { f.Reconciled = false },
		"account":        func(f *drivertest.Features) { f.Account = false },
		"signed answers": func(f *drivertest.Features) { f.SignedAnswers = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := all
			turn(&f)
			h := newHarness(func(g *fake.Gateway) driver.Gateway { return g })
			assert.Contains(t, failed(t, h, f), "features")
		})
	}
	t.Run("http without network", func(t *testing.T) {
		t.Parallel()
		f := all
		f.HTTP = true
		h := newHarness(func(g *fake.Gateway) driver.Gateway { return g })
		assert.Contains(t, failed(t, h, f), "poll network")
	})
	t.Run("no way to tell", func(t *testing.T) {
		t.Parallel()
		got := failed(t, newHarness((*fake.Gateway).Mute), drivertest.Features{})
		assert.Subset(t, got, []string{"features", "through package payment"})
	})
	t.Run("declared and absent", func(t *testing.T) {
		t.Parallel()
		got := failed(t, newHarness((*fake.Gateway).PollOnly), all)
		assert.Subset(t, got, []string{"features", "notice genuine", "ack", "statement"})
	})
}

// lame is a harness whose gateway is out of order.
type lame struct{ *harness }

var errLame = errors.New("sandbox is down")

func (lame) Notice(context.Context, drivertest.Facts) (*driver.Raw, error) { return nil, errLame }
func (lame) Book(context.Context, drivertest.Facts) error                  { return errLame }
func (lame) Statement(context.Context, []drivertest.Facts) ([]byte, error) { return nil, errLame }

// TestAHarnessThatFailsPassesNothing: no case may pass because it had nothing to
// look at.
func TestAHarnessThatFailsPassesNothing(t *testing.T) {
	t.Parallel()
	h := lame{newHarness(func(g *fake.Gateway) driver.Gateway { return g })}
	assert.ElementsMatch(t, []string{
		"notice genuine", "notice foreign", "notice outcome", "notice repeated", "notice delayed", "notice bent", "notice cut",
		"notice spliced", "notice doubled", "poll", "poll cancelled", "statement", "statement with a bad row",
	}, failed(t, h, all))
	f := all
	f.HTTP, f.SignedAnswers = true, true
	assert.Subset(t, failed(t, h, f), []string{"poll network", "poll of another", "poll bent"})
}

// failed runs the kit and lists the cases that failed.
func failed(t *testing.T, h drivertest.Harness, f drivertest.Features) []string {
	t.Helper()
	err := drivertest.CheckGateway(t.Context(), h, f)
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	var names []string
	for _, e := range joined.Unwrap() {
		var f *drivertest.Failure
		require.ErrorAs(t, e, &f, "a failure names its rule")
		assert.NotEmpty(t, f.Rule)
		names = append(names, f.Case)
	}
	return names
}
