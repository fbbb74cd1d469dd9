package fake_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
)

func ExampleGateway_Pay() {
	ctx := context.Background()
	g := fake.New(nil)
	if _, err := g.Start(ctx, &driver.Intent{Ref: "K7Q2-1", Amount: 20_000, Currency: "VND"}); err != nil {
		fmt.Println(err)
		return
	}
	notice, err := g.Pay("K7Q2-1", time.Unix(0, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := g.Parse(ctx, notice)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Ref, r.Amount, r.Outcome)
	// Output: K7Q2-1 20000 paid
}

// TestFaults: the faults a test asks for come once each, in order.
func TestFaults(t *testing.T) {
	t.Parallel()
	g := fake.New(nil)
	no := &fake.Error{Code: driver.CodeRefused, Text: "locked"}
	g.FailStart(no, context.DeadlineExceeded)
	in := &driver.Intent{Ref: "R-1", Amount: 1, Currency: "VND"}
	_, err := g.Start(t.Context(), in)
	require.ErrorIs(t, err, no)
	assert.Equal(t, driver.CodeRefused, g.ErrorCode(err))
	_, err = g.Start(t.Context(), in)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Zero(t, g.Starts("R-1"))
	_, err = g.Start(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, 1, g.Starts("R-1"))
	g.FailPoll(no)
	_, err = g.Poll(t.Context(), "R-1", time.Time{})
	require.ErrorIs(t, err, no)
	_, err = g.Pay("NOBODY-1", time.Time{})
	require.Error(t, err)
}
