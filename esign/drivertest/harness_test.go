package drivertest_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/pkisim"
)

var errHarness = errors.New("the harness fails")

// failing fails at one call of a harness, the left-th from now.
type failing struct{ left atomic.Int64 }

func (f *failing) err() error {
	if f.left.Add(-1) == 0 {
		return errHarness
	}
	return nil
}

// sweep has each call of a harness fail in turn: a kit that passes although its
// harness failed has checked nothing.
func sweep(t *testing.T, f *failing, check func() error) {
	t.Helper()
	for n := 1; ; n++ {
		require.LessOrEqual(t, n, 300, "the kit never ends")
		f.left.Store(int64(n))
		err := check()
		if f.left.Load() > 0 {
			require.NoError(t, err)
			require.Greater(t, n, 3)
			return
		}
		require.ErrorIs(t, err, errHarness, "call %d", n)
	}
}

type failingAuthority struct {
	authority
	f *failing
}

func (a failingAuthority) Timestamper(ctx context.Context, bend *drivertest.Bend) (driver.Timestamper, error) {
	if err := a.f.err(); err != nil {
		return nil, err
	}
	return a.authority.Timestamper(ctx, bend)
}

func TestTimestamperHarnessFails(t *testing.T) {
	t.Parallel()
	f := &failing{}
	a := failingAuthority{newAuthority(t, true), f}
	sweep(t, f, func() error {
		return drivertest.CheckTimestamper(t.Context(), a, drivertest.TimestamperFeatures{Anchored: true})
	})
}

type failingRemote struct {
	remote
	f *failing
}

func (r failingRemote) Signer(ctx context.Context) (driver.Signer, error) {
	if err := r.f.err(); err != nil {
		return nil, err
	}
	return r.remote.Signer(ctx)
}

func (r failingRemote) Confirm(ctx context.Context, handle string) error {
	if err := r.f.err(); err != nil {
		return err
	}
	return r.remote.Confirm(ctx, handle)
}

func (r failingRemote) Refuse(ctx context.Context, handle string) error {
	if err := r.f.err(); err != nil {
		return err
	}
	return r.remote.Refuse(ctx, handle)
}

func (r failingRemote) Expire(ctx context.Context, handle string) error {
	if err := r.f.err(); err != nil {
		return err
	}
	return r.remote.Expire(ctx, handle)
}

func TestSignerHarnessFails(t *testing.T) {
	t.Parallel()
	f := &failing{}
	r := failingRemote{newRemote(t, issue(t, pkisim.P256), nil), f}
	sweep(t, f, func() error { return drivertest.CheckSigner(t.Context(), r, remoteFeatures) })
}
