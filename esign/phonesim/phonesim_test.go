package phonesim_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/phonesim"
	"github.com/motcua/motcua/esign/pkisim"
)

const holder = "chu-tich-01"

// service is the simulator over HTTP. Every signer it gives is a newly started
// client before a newly started server on the same folder.
type service struct {
	t       testing.TB
	dir     string
	hours   *atomic.Int64 // the clock
	servers []*httptest.Server
	last    *phonesim.Server
	pin     string
}

func credential(t testing.TB) *pkisim.Issued {
	t.Helper()
	p, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), nil)
	require.NoError(t, err)
	i, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "Phạm Văn Chủ", Kind: pkisim.Person, Key: pkisim.P256})
	require.NoError(t, err)
	return i
}

func newService(t testing.TB) *service {
	t.Helper()
	s := &service{t: t, dir: filepath.Join(t.TempDir(), "phone"), hours: new(atomic.Int64)}
	s.restart()
	i := credential(t)
	var err error
	s.pin, err = s.last.Enrol(holder, i.PKCS12, i.Password)
	require.NoError(t, err)
	return s
}

func (s *service) restart() *httptest.Server {
	s.t.Helper()
	var err error
	s.last, err = phonesim.NewServer(s.dir, &phonesim.ServerOptions{Now: func() time.Time {
		return time.Date(2024, 11, 15, 8, 0, 0, 0, time.UTC).Add(time.Duration(s.hours.Load()) * time.Hour)
	}})
	require.NoError(s.t, err)
	srv := httptest.NewServer(s.last.Handler())
	s.servers = append(s.servers, srv)
	return srv
}

func (s *service) Signer(context.Context) (driver.Signer, error) {
	srv := s.restart()
	return phonesim.NewSigner(srv.URL, s.last.Secret(), holder, &phonesim.SignerOptions{HTTPClient: srv.Client()})
}

func (s *service) phone(ctx context.Context, handle, pin, decision string) (int, error) {
	srv := s.servers[len(s.servers)-1]
	body, err := json.Marshal(map[string]string{"decision": decision})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/phone/"+holder+"/"+handle, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Pin", pin)
	res, err := srv.Client().Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func (s *service) Confirm(ctx context.Context, handle string) error {
	status, err := s.phone(ctx, handle, s.pin, "confirm")
	require.Equal(s.t, http.StatusOK, status)
	return err
}

func (s *service) Refuse(ctx context.Context, handle string) error {
	status, err := s.phone(ctx, handle, s.pin, "refuse")
	require.Equal(s.t, http.StatusOK, status)
	return err
}

func (s *service) Expire(context.Context, string) error {
	s.hours.Add(25)
	return nil
}

func (s *service) Close() {
	for _, srv := range s.servers {
		srv.Close()
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.RunSigner(t, func(_ context.Context, t *testing.T) (drivertest.SignerHarness, error) {
		return newService(t), nil
	}, drivertest.SignerFeatures{Delayed: true, Remembers: true, Batch: true})
}

func begin(t testing.TB, s driver.Signer, transaction string) (*driver.BeginRequest, string) {
	t.Helper()
	d := sha256.Sum256([]byte(transaction))
	r := &driver.BeginRequest{
		Transaction: transaction, Hash: crypto.SHA256, Scheme: driver.ECDSA, Items: []driver.Item{{Name: "Bản sao", Digest: d[:]}},
	}
	b, err := s.Begin(t.Context(), r)
	require.NoError(t, err)
	return r, b.Handle
}

func TestThePhoneNeedsItsPin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	signer, err := s.Signer(t.Context())
	require.NoError(t, err)
	r, handle := begin(t, signer, "a")
	for _, pin := range []string{"", "guessed", s.last.Secret()} {
		status, err := s.phone(t.Context(), handle, pin, "confirm")
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, status)
	}
	status, err := s.phone(t.Context(), handle, s.pin, "perhaps")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, status)
	out, err := signer.Complete(t.Context(), &driver.CompleteRequest{Begin: r, Handle: handle})
	require.NoError(t, err)
	require.Equal(t, driver.Pending, out.State)
	require.Equal(t, 2*time.Second, out.RetryAfter)
}

func TestDecisionsAreFinal(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	signer, err := s.Signer(t.Context())
	require.NoError(t, err)
	_, handle := begin(t, signer, "a")
	_, other := begin(t, signer, "b")
	open, err := s.last.Open(holder)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{handle, other}, open)
	require.NoError(t, s.last.Decide(t.Context(), holder, handle, true))
	require.NoError(t, s.last.Decide(t.Context(), holder, handle, true))
	require.Error(t, s.last.Decide(t.Context(), holder, handle, false))
	require.Error(t, s.last.Decide(t.Context(), "another", other, true))
	s.hours.Add(24)
	require.Error(t, s.last.Decide(t.Context(), holder, other, true), "its time is over")
	open, err = s.last.Open(holder)
	require.NoError(t, err)
	require.Empty(t, open)
}

func TestClientIsNotBelievedWithoutSecret(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	signer, err := phonesim.NewSigner(s.servers[0].URL, "guessed", holder, nil)
	require.NoError(t, err)
	_, err = signer.Chain(t.Context())
	require.Equal(t, driver.CodeUnauthorised, signer.ErrorCode(err))
	signer, err = phonesim.NewSigner(s.servers[0].URL, s.last.Secret(), "nobody", nil)
	require.NoError(t, err)
	_, err = signer.Chain(t.Context())
	require.Equal(t, driver.CodeNotFound, signer.ErrorCode(err))
	signer, err = phonesim.NewSigner(s.servers[0].URL, s.last.Secret(), "../secret", nil)
	require.NoError(t, err)
	_, err = signer.Chain(t.Context())
	require.Equal(t, driver.CodeNotFound, signer.ErrorCode(err))
	s.Close()
	_, err = signer.Chain(t.Context())
	require.Equal(t, driver.CodeUnavailable, signer.ErrorCode(err))
}

func TestFolder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	info, err := os.Stat(s.dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.True(t, s.last.Enrolled(holder))
	require.False(t, s.last.Enrolled("nobody"))
	for _, bad := range []string{"", "../x", "a b", strings.Repeat("a", 65)} {
		_, err := s.last.Enrol(bad, nil, "")
		require.Error(t, err)
	}
	_, err = s.last.Enrol("x", []byte("noise"), "")
	require.Error(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "secret.json"), []byte("{"), 0o600))
	_, err = phonesim.NewServer(s.dir, nil)
	require.ErrorContains(t, err, "damaged")
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "ftp://x/", "http://user:secret@x/", "x"} {
		_, err := phonesim.NewSigner(base, "s", holder, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
	}
	require.Error(t, phonesim.CheckListen(":80", false))
	require.NoError(t, phonesim.CheckListen("127.0.0.1:80", false))
}
