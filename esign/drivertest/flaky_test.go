package drivertest_test

import (
	"context"
	"crypto"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/pkisim"
)

var errFlaky = errors.New("the vendor's program fails")

// flaky fails at one call, the left-th from now, with an error nobody knows.
type flaky struct {
	driver.Signer
	left *atomic.Int64
}

func (f flaky) err() error {
	if f.left.Add(-1) == 0 {
		return errFlaky
	}
	return nil
}

func (f flaky) Chain(ctx context.Context) ([][]byte, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Signer.Chain(ctx)
}

func (f flaky) Begin(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Signer.Begin(ctx, r)
}

func (f flaky) Complete(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Signer.Complete(ctx, r)
}

func (f flaky) ErrorCode(err error) driver.Code {
	if errors.Is(err, errFlaky) {
		return driver.CodeUnknown
	}
	return f.Signer.ErrorCode(err)
}

// A signer that fails once, at whichever call, does not pass.
func TestSignerThatFailsOnce(t *testing.T) {
	t.Parallel()
	var left atomic.Int64
	h := newRemote(t, issue(t, pkisim.P256), func(s driver.Signer) driver.Signer { return flaky{s, &left} })
	defer h.Close()
	for n := int64(1); ; n++ {
		require.LessOrEqual(t, n, int64(500), "the kit never ends")
		left.Store(n)
		err := drivertest.CheckSigner(t.Context(), h, remoteFeatures)
		if left.Load() > 0 {
			require.NoError(t, err)
			require.Greater(t, n, int64(20))
			return
		}
		require.Error(t, err, "call %d", n)
	}
}

type flakyAuthority struct {
	authority
	left *atomic.Int64
}

func (a flakyAuthority) Timestamper(ctx context.Context, bend *drivertest.Bend) (driver.Timestamper, error) {
	s, err := a.authority.Timestamper(ctx, bend)
	return flakyStamper{s, a.left, bend != nil}, err
}

type flakyStamper struct {
	driver.Timestamper
	left *atomic.Int64
	bent bool // the kit expects a refusal
}

func (f flakyStamper) Timestamp(ctx context.Context, h crypto.Hash, imprint []byte) ([]byte, error) {
	if !f.bent && len(imprint) == h.Size() && ctx.Err() == nil && f.left.Add(-1) == 0 {
		return nil, errFlaky
	}
	return f.Timestamper.Timestamp(ctx, h, imprint)
}

func TestTimestamperThatFailsOnce(t *testing.T) {
	t.Parallel()
	var left atomic.Int64
	a := flakyAuthority{newAuthority(t, true), &left}
	for n := int64(1); ; n++ {
		require.LessOrEqual(t, n, int64(200), "the kit never ends")
		left.Store(n)
		err := drivertest.CheckTimestamper(t.Context(), a, drivertest.TimestamperFeatures{Anchored: true})
		if left.Load() > 0 {
			require.NoError(t, err)
			require.Greater(t, n, int64(3))
			return
		}
		require.ErrorIs(t, err, errFlaky, "call %d", n)
	}
}
