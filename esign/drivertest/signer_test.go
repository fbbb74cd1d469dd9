package drivertest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/phonesim"
	"github.com/motcua/motcua/esign/pkisim"
)

var (
	localFeatures  = drivertest.SignerFeatures{Batch: true}
	remoteFeatures = drivertest.SignerFeatures{Delayed: true, Remembers: true, Batch: true}
)

func newRemote(t testing.TB, i *pkisim.Issued, wrap func(driver.Signer) driver.Signer) remote {
	t.Helper()
	var ahead atomic.Int64
	sim, err := phonesim.NewServer(filepath.Join(t.TempDir(), "phone"), &phonesim.ServerOptions{Now: func() time.Time {
		return time.Unix(1_700_000_000+ahead.Load(), 0)
	}})
	require.NoError(t, err)
	_, err = sim.Enrol(holder, i.PKCS12, i.Password)
	require.NoError(t, err)
	return remote{httptest.NewServer(sim.Handler()), sim, func() { ahead.Add(25 * 3600) }, wrap}
}

func TestHonestSignersPass(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	require.NoError(t, drivertest.CheckSigner(t.Context(), local{i, nil}, localFeatures))
	r := newRemote(t, i, nil)
	defer r.Close()
	require.NoError(t, drivertest.CheckSigner(t.Context(), r, remoteFeatures))
}

// A feature declared wrongly is noticed in either direction.
func TestFeaturesAreCheckedBothWays(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	for name, c := range map[string]struct {
		f    drivertest.SignerFeatures
		want string
	}{
		"batch hidden":        {drivertest.SignerFeatures{}, "Batch: rule B3"},
		"memory claimed":      {drivertest.SignerFeatures{Batch: true, Remembers: true}, "OtherItems: rule B2"},
		"RSA-PSS is harmless": {drivertest.SignerFeatures{Batch: true, RSAPSS: true}, ""},
	} {
		err := drivertest.CheckSigner(t.Context(), local{i, nil}, c.f)
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
	rsa := issue(t, pkisim.RSA2048)
	require.ErrorContains(t, drivertest.CheckSigner(t.Context(), local{rsa, nil}, localFeatures), "Schemes: rule B3")
	require.NoError(t, drivertest.CheckSigner(t.Context(), local{rsa, nil}, drivertest.SignerFeatures{Batch: true, RSAPSS: true}))
	r := newRemote(t, i, nil)
	defer r.Close()
	err := drivertest.CheckSigner(t.Context(), r, drivertest.SignerFeatures{Remembers: true, Batch: true})
	require.ErrorContains(t, err, "Pending: rule M1")
}

// mutant overrides what it is given of an honest signer.
type mutant struct {
	driver.Signer
	chain    func(context.Context) ([][]byte, error)
	begin    func(context.Context, *driver.BeginRequest) (*driver.BeginResponse, error)
	complete func(context.Context, *driver.CompleteRequest) (*driver.CompleteResponse, error)
	code     func(error) driver.Code
}

func (m mutant) Chain(ctx context.Context) ([][]byte, error) {
	if m.chain != nil {
		return m.chain(ctx)
	}
	return m.Signer.Chain(ctx)
}

func (m mutant) Begin(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
	if m.begin != nil {
		return m.begin(ctx, r)
	}
	return m.Signer.Begin(ctx, r)
}

func (m mutant) Complete(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	if m.complete != nil {
		return m.complete(ctx, r)
	}
	return m.Signer.Complete(ctx, r)
}

func (m mutant) ErrorCode(err error) driver.Code {
	if m.code != nil {
		return m.code(err)
	}
	return m.Signer.ErrorCode(err)
}

// Each broken signer fails at the case that is there for its defect.
func TestBrokenSignersFail(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	for name, c := range map[string]struct {
		want   string // "Case: rule"
		remote bool
		wrap   func(driver.Signer) driver.Signer
	}{
		"path out of order": {"Chain: rule C1", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, chain: func(context.Context) ([][]byte, error) {
				return [][]byte{i.Chain[0], i.Chain[0], i.Chain[1]}, nil
			}}
		}},
		"a new handle each time": {"BeginAgain: rule B1", false, func(s driver.Signer) driver.Signer {
			var n atomic.Int64
			return mutant{Signer: s, begin: func(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
				b, err := s.Begin(ctx, r)
				if err == nil {
					b.Handle += fmt.Sprint("-", n.Add(1))
				}
				return b, err
			}, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				q := *r
				q.Handle, _, _ = strings.Cut(r.Handle, "-")
				return s.Complete(ctx, &q)
			}}
		}},
		"the transaction alone is the handle": {"OtherItems: rule B2", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, begin: func(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
				if _, err := s.Begin(ctx, r); err != nil {
					return nil, err
				}
				return &driver.BeginResponse{Handle: r.Transaction}, nil
			}, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				b, err := s.Begin(ctx, r.Begin)
				if err != nil {
					return nil, err
				}
				return s.Complete(ctx, &driver.CompleteRequest{Begin: r.Begin, Handle: b.Handle})
			}}
		}},
		"takes any request": {"InvalidRequests: rule B3", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, begin: func(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
				if b, err := s.Begin(ctx, r); err == nil {
					return b, nil
				}
				return &driver.BeginResponse{Handle: "x"}, nil
			}}
		}},
		"waiting is an error": {"Pending: rule M1", true, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				out, err := s.Complete(ctx, r)
				if err == nil && out.State == driver.Pending {
					return nil, errors.New("not yet")
				}
				return out, err
			}}
		}},
		"signs something else": {"Sign: rule M2", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				out, err := s.Complete(ctx, r)
				if err == nil {
					out.Signatures[0] = bytes.Repeat([]byte{0x30}, 70)
				}
				return out, err
			}}
		}},
		"signs the first item only": {"Batch: rule M2", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				out, err := s.Complete(ctx, r)
				if err == nil {
					out.Signatures = out.Signatures[:1]
				}
				return out, err
			}}
		}},
		"gives the value once": {"CompleteAgain: rule M3", false, func(s driver.Signer) driver.Signer {
			var given sync.Map
			return mutant{Signer: s, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				if _, again := given.LoadOrStore(r.Handle, true); again {
					return nil, errors.New("given already")
				}
				return s.Complete(ctx, r)
			}}
		}},
		"remembers in the process": {"ColdResume: rule M4", false, func(s driver.Signer) driver.Signer {
			var begun sync.Map
			return mutant{Signer: s, begin: func(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
				b, err := s.Begin(ctx, r)
				if err == nil {
					begun.Store(b.Handle, true)
				}
				return b, err
			}, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				if _, ok := begun.Load(r.Handle); !ok {
					return nil, errors.New("who are you")
				}
				return s.Complete(ctx, r)
			}}
		}},
		"takes any handle": {"ForeignHandle: rule M5", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, complete: func(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
				b, err := s.Begin(ctx, r.Begin)
				if err != nil {
					return nil, err
				}
				return s.Complete(ctx, &driver.CompleteRequest{Begin: r.Begin, Handle: b.Handle})
			}}
		}},
		"no is late": {"Refused: rule M6", true, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, code: func(err error) driver.Code {
				if c := s.ErrorCode(err); c != driver.CodeRefused {
					return c
				}
				return driver.CodeExpired
			}}
		}},
		"late is unavailable": {"Expired: rule M6", true, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, code: func(err error) driver.Code {
				if c := s.ErrorCode(err); c != driver.CodeExpired {
					return c
				}
				return driver.CodeUnavailable
			}}
		}},
		"nothing is unknown": {"ErrorCodes: rule E1", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, code: func(err error) driver.Code {
				if err == nil {
					return driver.CodeUnknown
				}
				return s.ErrorCode(err)
			}}
		}},
		"tells the digest": {"InvalidRequests: rule E2", false, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, begin: func(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
				b, err := s.Begin(ctx, r)
				if err != nil && len(r.Items) > 0 {
					return nil, fmt.Errorf("%w: %x", err, r.Items[0].Digest)
				}
				return b, err
			}}
		}},
		"an ended context is our fault": {"CancelledContext: rule E1", true, func(s driver.Signer) driver.Signer {
			return mutant{Signer: s, code: func(err error) driver.Code {
				if errors.Is(err, context.Canceled) && err.Error() != context.Canceled.Error() {
					return driver.CodeInternal
				}
				return s.ErrorCode(err)
			}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h drivertest.SignerHarness = local{i, c.wrap}
			f := localFeatures
			if c.remote {
				h, f = newRemote(t, i, c.wrap), remoteFeatures
			}
			defer h.Close()
			require.ErrorContains(t, drivertest.CheckSigner(t.Context(), h, f), c.want)
		})
	}
}
