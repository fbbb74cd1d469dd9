package drivertest_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/drivertest"
	"github.com/motcua/motcua/payment/fake"
)

// limping is a harness that fails at one call, the left-th from now.
type limping struct {
	*harness
	left atomic.Int64
}

func (h *limping) err() error {
	if h.left.Add(-1) == 0 {
		return errLame
	}
	return nil
}

func (h *limping) Gateway(c *http.Client) (driver.Gateway, error) {
	if err := h.err(); err != nil {
		return nil, err
	}
	return h.harness.Gateway(c)
}

func (h *limping) Notice(ctx context.Context, f drivertest.Facts) (*driver.Raw, error) {
	if err := h.err(); err != nil {
		return nil, err
	}
	return h.harness.Notice(ctx, f)
}

func (h *limping) Book(ctx context.Context, f drivertest.Facts) error {
	if err := h.err(); err != nil {
		return err
	}
	return h.harness.Book(ctx, f)
}

func (h *limping) Statement(ctx context.Context, rows []drivertest.Facts) ([]byte, error) {
	if err := h.err(); err != nil {
		return nil, err
	}
	return h.harness.Statement(ctx, rows)
}

// TestAHarnessThatFailsOnceDoesNotPass has each call fail in turn. The second time
// the cases about the network run as well, though the fake has none.
func TestAHarnessThatFailsOnceDoesNotPass(t *testing.T) {
	t.Parallel()
	network := all
	network.HTTP, network.SignedAnswers = true, true
	for name, f := range map[string]drivertest.Features{"fake": all, "with a network": network} {
		h := &limping{harness: newHarness(func(g *fake.Gateway) driver.Gateway { return g })}
		for n := 1; ; n++ {
			require.LessOrEqual(t, n, 500, "the kit never ends")
			h.left.Store(int64(n))
			err := drivertest.CheckGateway(t.Context(), h, f)
			if h.left.Load() > 0 {
				require.NotErrorIs(t, err, errLame, name)
				require.Greater(t, n, 13)
				break
			}
			require.ErrorIs(t, err, errLame, "%s, call %d", name, n)
		}
	}
}
