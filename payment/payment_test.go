package payment_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// TestDrawings compares docs/states.md with the machines. Set UPDATE=1 to draw
// it anew.
func TestDrawings(t *testing.T) {
	t.Parallel()
	want := "# The machines of a charge and of an attempt\n\n" +
		"Drawn by `payment.Mermaid` from `payment.ChargeGraph` and `payment.AttemptGraph`; a test compares.\n" +
		"An arrow that is missing is a transition that is refused.\n\n## Charge\n\n```mermaid\n" +
		payment.Mermaid(payment.StateDue, payment.ChargeGraph()) + "```\n\n## Attempt\n\n```mermaid\n" +
		payment.Mermaid(payment.StateStarting, payment.AttemptGraph()) + "```\n"
	if os.Getenv("UPDATE") == "1" {
		require.NoError(t, os.WriteFile("docs/states.md", []byte(want), 0o644))
	}
	got, err := os.ReadFile("docs/states.md")
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "run UPDATE=1 go test -run TestDrawings ./payment")
}

// TestGraphs checks what must be true of both machines.
func TestGraphs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		initial payment.State
		final   payment.State
		graph   []payment.Edge
	}{
		"charge":  {payment.StateDue, payment.StateSettled, payment.ChargeGraph()},
		"attempt": {payment.StateStarting, payment.StatePaid, payment.AttemptGraph()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := map[payment.State]bool{c.initial: true}
			for range c.graph {
				for _, e := range c.graph {
					if reached[e.From] {
						reached[e.To] = true
					}
				}
			}
			seen := map[string]bool{}
			for _, e := range c.graph {
				assert.True(t, reached[e.From], "%s cannot be reached", e.From)
				assert.NotEqual(t, c.final, e.From, "nothing leads out of %s", c.final)
				k := string(e.From) + string(e.Event)
				assert.False(t, seen[k], "%s from %s leads to two states", e.Event, e.From)
				seen[k] = true
				overrules := e.From == payment.StateFailed || e.From == payment.StateHeld
				assert.Equal(t, overrules, e.Correction, "%s from %s", e.Event, e.From)
			}
		})
	}
}

func TestCodesAreTheDrivers(t *testing.T) {
	t.Parallel()
	for c := driver.CodeOK; c <= driver.CodeInternal; c++ {
		assert.Equal(t, c.String(), payment.Code(c).String())
	}
	for code, sentinel := range map[payment.Code]error{
		payment.CodeInvalid: payment.ErrInvalid, payment.CodeNotFound: payment.ErrNotFound, payment.CodeForged: payment.ErrForged,
		payment.CodeConflict: payment.ErrConflict, payment.CodeRefused: payment.ErrRefused,
		payment.CodeUnavailable: payment.ErrUnavailable, payment.CodeUnsupported: payment.ErrUnsupported,
	} {
		cause := errors.New("cause")
		err := fmt.Errorf("doing: %w", &payment.Error{Code: code, Text: "charge X", Err: cause})
		require.ErrorIs(t, err, sentinel)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, code, payment.ErrorCode(err))
		assert.Contains(t, err.Error(), "charge X")
	}
	assert.Equal(t, payment.CodeOK, payment.ErrorCode(nil))
	assert.Equal(t, payment.CodeConflict, payment.ErrorCode(&sqlkit.KeyConflict{Key: "k"}))
	assert.Equal(t, payment.CodeUnavailable, payment.ErrorCode(context.DeadlineExceeded))
	assert.Equal(t, payment.CodeUnknown, payment.ErrorCode(errors.New("x")))
}

func TestNewRefusesGatewaysThatCanNeverTell(t *testing.T) {
	t.Parallel()
	g := fake.New(nil)
	db := sqlkit.Wrap(&sql.DB{}, sqlkit.SQLite)
	_, err := payment.New(db, map[string]driver.Gateway{"mute": g.Mute()}, nil, nil)
	require.ErrorContains(t, err, "can never tell")
	for _, name := range []string{payment.Cash, "", "VNPAY", "a:b", strings.Repeat("a", 21)} {
		_, err = payment.New(db, map[string]driver.Gateway{name: g}, nil, nil)
		require.ErrorContains(t, err, "gateway name", name)
	}
	_, err = payment.New(db, map[string]driver.Gateway{"nil": nil}, nil, nil)
	require.Error(t, err)
	_, err = payment.New(nil, nil, nil, nil)
	require.ErrorContains(t, err, "database")
	s, err := payment.New(db, map[string]driver.Gateway{"b": g.PollOnly(), "a": g.NotifyOnly()}, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, s.Gateways())
	_, err = payment.New(db, nil, nil, &payment.Options{Forms: []payment.ReceiptForm{
		{Kind: payment.Phi, Template: "01BLP", Series: "AA"}, {Kind: payment.LePhi, Template: "01BLP", Series: "AA"},
	}})
	require.ErrorContains(t, err, "two fee kinds")
	_, err = payment.New(db, nil, nil, &payment.Options{Forms: []payment.ReceiptForm{{Kind: payment.Phi, Series: "AA"}}})
	require.ErrorContains(t, err, "no receipt form for lệ phí")
	require.ErrorContains(t, err, "template")
}

func TestFormsAreDatedAndMarkedAsSamples(t *testing.T) {
	t.Parallel()
	dates := map[time.Time]bool{}
	for _, f := range payment.ReceiptForms() {
		assert.True(t, f.Sample, "symbols are confirmed by the operator, not by us")
		assert.NotEmpty(t, f.Basis)
		dates[f.From.UTC()] = true
	}
	assert.True(t, dates[time.Date(2025, 5, 31, 17, 0, 0, 0, time.UTC)], "Decree 70/2025 is in force on 1 June 2025")
}

func TestEveryExceptionIsExplained(t *testing.T) {
	t.Parallel()
	for _, k := range []payment.ExceptionKind{
		payment.MoveRefused, payment.OverPaid, payment.PaidAfterCancel, payment.AmountMismatch, payment.CurrencyMismatch,
		payment.MerchantMismatch, payment.UnknownReference, payment.HeldBack, payment.Contradiction, payment.Unresolved,
	} {
		r := k.Reason()
		assert.Equal(t, string(k), r.Code)
		assert.NotEmpty(t, r.VI)
		assert.NotEmpty(t, r.EN)
		assert.Equal(t, k == payment.MoveRefused, k.Retryable())
	}
}
