package rfc3161_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
)

func pki(t testing.TB) *pkisim.PKI {
	t.Helper()
	p, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), &pkisim.Options{
		Now: func() time.Time { return time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC) },
	})
	require.NoError(t, err)
	return p
}

// harness is a client before the simulator, over HTTP.
type harness struct {
	srv   *httptest.Server
	roots *x509.CertPool
}

func (h harness) Timestamper(_ context.Context, bend *drivertest.Bend) (driver.Timestamper, error) {
	return rfc3161.New(h.srv.URL, &rfc3161.Options{
		HTTPClient: &http.Client{Transport: drivertest.BendTransport(h.srv.Client().Transport, bend)}, Roots: h.roots,
	})
}

func (h harness) Close() { h.srv.Close() }

func TestConformance(t *testing.T) {
	t.Parallel()
	p := pki(t)
	drivertest.RunTimestamper(t, func(context.Context, *testing.T) (drivertest.TimestamperHarness, error) {
		return harness{httptest.NewServer(p.TSAHandler()), p.Roots()}, nil
	}, drivertest.TimestamperFeatures{Anchored: true})
}

func TestConformanceWithoutRoots(t *testing.T) {
	t.Parallel()
	p := pki(t)
	drivertest.RunTimestamper(t, func(context.Context, *testing.T) (drivertest.TimestamperHarness, error) {
		return harness{httptest.NewServer(p.TSAHandler()), nil}, nil
	}, drivertest.TimestamperFeatures{})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url string
		o   *rfc3161.Options
	}{
		{"", nil}, {"ftp://tsa.example/", nil}, {"http://user:secret@tsa.example/", nil}, {"http://", nil}, {"tsa.example", nil},
		{"http://tsa.example/", &rfc3161.Options{Policy: "x"}}, {"http://tsa.example/", &rfc3161.Options{Policy: "1"}},
		{"http://tsa.example/", &rfc3161.Options{MaxSkew: time.Second}},
	} {
		_, err := rfc3161.New(c.url, c.o)
		require.Error(t, err, c.url)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestHTTPFaults(t *testing.T) {
	t.Parallel()
	imprint := make([]byte, 32)
	for name, h := range map[string]http.HandlerFunc{
		"not found": http.NotFound,
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/else", http.StatusTemporaryRedirect)
		},
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	} {
		srv := httptest.NewServer(h)
		c, err := rfc3161.New(srv.URL, nil)
		require.NoError(t, err)
		_, err = c.Timestamp(t.Context(), crypto.SHA256, imprint)
		require.ErrorIs(t, err, rfc3161.ErrUnavailable, name)
		srv.Close()
		_, err = c.Timestamp(t.Context(), crypto.SHA256, imprint)
		require.ErrorIs(t, err, rfc3161.ErrUnavailable, "nobody listens")
	}
}

func TestHeaderAndTimeout(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("X-Key")
		// The server notices that the client left only once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer srv.Close()
	c, err := rfc3161.New(srv.URL, &rfc3161.Options{Header: http.Header{"X-Key": {"k"}}, Timeout: 30 * time.Millisecond})
	require.NoError(t, err)
	_, err = c.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
	require.ErrorIs(t, err, rfc3161.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, "k", <-seen)
}

func TestOtherPolicyIsRejected(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(pki(t).TSAHandler())
	defer srv.Close()
	c, err := rfc3161.New(srv.URL, &rfc3161.Options{Policy: "1.2.3"})
	require.NoError(t, err)
	_, err = c.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
	require.ErrorIs(t, err, rfc3161.ErrRejected)
	require.ErrorContains(t, err, "unacceptedPolicy")
}
