package phonesim_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/phonesim"
)

func items(n int) *driver.BeginRequest {
	r := &driver.BeginRequest{Transaction: "t", Hash: crypto.SHA256, Scheme: driver.ECDSA}
	for range n {
		r.Items = append(r.Items, driver.Item{Digest: make([]byte, 32)})
	}
	return r
}

// One confirmation covers at most 500 documents, and a request at most 256 KiB.
func TestLargestRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	signer, err := s.Signer(t.Context())
	require.NoError(t, err)
	_, err = signer.Begin(t.Context(), items(500))
	require.NoError(t, err)
	_, err = signer.Begin(t.Context(), items(501))
	require.Equal(t, driver.CodeInvalid, signer.ErrorCode(err))

	body, err := json.Marshal(map[string]string{"holder": holder})
	require.NoError(t, err)
	for size, want := range map[int]int{256 << 10: http.StatusOK, 256<<10 + 1: http.StatusBadRequest} {
		// Spaces inside the object are read before it ends.
		padded := append(bytes.TrimSuffix(body, []byte("}")), bytes.Repeat([]byte(" "), size-len(body))...)
		require.Equal(t, want, s.post(t, "/v1/credentials/chain", append(padded, '}')), size)
	}
	require.Equal(t, http.StatusBadRequest, s.post(t, "/v1/credentials/chain", []byte("{")))
}

func (s *service) post(t *testing.T, path string, body []byte) int {
	t.Helper()
	srv := s.servers[len(s.servers)-1]
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+s.last.Secret())
	res, err := srv.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

// The holder may decide until the last moment, which is 24 hours after the request unless said otherwise.
func TestLastMoment(t *testing.T) {
	t.Parallel()
	start := time.Date(2024, 11, 15, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ life, after time.Duration }{
		"default": {0, 24 * time.Hour}, "nonsense": {-1, 24 * time.Hour}, "an hour": {time.Hour, time.Hour},
	} {
		now := start
		srv, err := phonesim.NewServer(filepath.Join(t.TempDir(), "phone"), &phonesim.ServerOptions{
			Life: c.life, Now: func() time.Time { return now },
		})
		require.NoError(t, err)
		i := credential(t)
		_, err = srv.Enrol(holder, i.PKCS12, i.Password)
		require.NoError(t, err)
		web := httptest.NewServer(srv.Handler())
		signer, err := phonesim.NewSigner(web.URL, srv.Secret(), holder, nil)
		require.NoError(t, err)
		_, handle := begin(t, signer, "a")
		_, other := begin(t, signer, "b")
		now = start.Add(c.after - 1)
		require.NoError(t, srv.Decide(t.Context(), holder, handle, true), name)
		now = start.Add(c.after)
		require.Error(t, srv.Decide(t.Context(), holder, other, true), name)
		web.Close()
	}
}

// What a service answers that this client does not know.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   driver.Code
	}{
		{200, `{"state":"signed","signatures":["AQ=="]}`, driver.CodeOK},
		{200, `{"state":"waiting"}`, driver.CodeOK},
		{200, `{"state":"perhaps"}`, driver.CodeUnknown},
		{200, `{}`, driver.CodeUnknown},
		{200, `{`, driver.CodeUnavailable},
		{400, `{}`, driver.CodeUnavailable},
		{400, fmt.Sprintf(`{"code":%d}`, driver.CodeInvalid), driver.CodeInvalid},
		{499, fmt.Sprintf(`{"code":%d}`, driver.CodeConflict), driver.CodeConflict},
		{500, fmt.Sprintf(`{"code":%d}`, driver.CodeConflict), driver.CodeUnavailable},
		{503, `{}`, driver.CodeUnavailable},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		signer, err := phonesim.NewSigner(srv.URL+"/", "s", holder, nil)
		require.NoError(t, err)
		_, err = signer.Complete(t.Context(), &driver.CompleteRequest{Begin: items(1), Handle: "x"})
		require.Equal(t, c.want, signer.ErrorCode(err), "%d %s", c.status, c.body)
		_, err = signer.Begin(t.Context(), items(1))
		_, err2 := signer.Chain(t.Context())
		if c.status != 200 {
			require.Equal(t, c.want, signer.ErrorCode(err))
			require.Equal(t, c.want, signer.ErrorCode(err2))
		}
		srv.Close()
	}
}

func TestClientRefuses(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	defer srv.Close()
	signer, err := phonesim.NewSigner(srv.URL, "s", holder, nil)
	require.NoError(t, err)
	for _, r := range []*driver.CompleteRequest{nil, {}, {Begin: items(0), Handle: "x"}} {
		_, err = signer.Complete(t.Context(), r)
		require.Equal(t, driver.CodeInvalid, signer.ErrorCode(err))
	}
	_, err = signer.Begin(t.Context(), items(0))
	require.Equal(t, driver.CodeInvalid, signer.ErrorCode(err))
	for _, handle := range []string{"", "../x", "a/b", "a b", strings.Repeat("a", 65)} {
		_, err = signer.Complete(t.Context(), &driver.CompleteRequest{Begin: items(1), Handle: handle})
		require.Equal(t, driver.CodeNotFound, signer.ErrorCode(err), handle)
	}
	require.Equal(t, driver.CodeOK, signer.ErrorCode(nil))
	require.Equal(t, driver.CodeUnknown, signer.ErrorCode(errors.New("x")))
	require.Equal(t, driver.CodeUnavailable, signer.ErrorCode(context.Canceled))
	require.Equal(t, driver.CodeUnavailable, signer.ErrorCode(context.DeadlineExceeded))
	for base, ok := range map[string]bool{"https://x": true, "http://": false, "http://u@x": false, "://": false, "//x": false} {
		_, err := phonesim.NewSigner(base, "s", holder, nil)
		require.Equal(t, ok, err == nil, base)
	}
}

func TestClientTimeout(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// The server notices that the client left only once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer srv.Close()
	signer, err := phonesim.NewSigner(srv.URL, "s", holder, &phonesim.SignerOptions{Timeout: 20 * time.Millisecond})
	require.NoError(t, err)
	_, err = signer.Begin(t.Context(), items(1))
	require.Equal(t, driver.CodeUnavailable, signer.ErrorCode(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// The longest name of a holder; its credential can be replaced, and the old PIN is worth nothing then.
func TestEnrolTwice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	i := credential(t)
	long := strings.Repeat("a", 64)
	first, err := s.last.Enrol(long, i.PKCS12, i.Password)
	require.NoError(t, err)
	second, err := s.last.Enrol(long, i.PKCS12, i.Password)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	require.True(t, s.last.Enrolled(long))
	_, err = s.last.Enrol(long, i.PKCS12, "wrong")
	require.Error(t, err)
	require.False(t, s.last.Enrolled(long+"a"))
}

// A damaged folder is an error of the service, on every way to the file.
func TestDamagedFolder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	signer, err := s.Signer(t.Context())
	require.NoError(t, err)
	r, handle := begin(t, signer, "a")
	ask := func() []error {
		_, err1 := signer.Begin(t.Context(), r)
		_, err2 := signer.Complete(t.Context(), &driver.CompleteRequest{Begin: r, Handle: handle})
		return []error{err1, err2, s.last.Decide(t.Context(), holder, handle, true), openErr(s.last)}
	}
	tx := filepath.Join(s.dir, "tx-"+handle+".json")
	good, err := os.ReadFile(tx)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(tx, []byte("{"), 0o600))
	for n, err := range ask() {
		require.Error(t, err, n)
	}
	require.NoError(t, os.WriteFile(tx, good, 0o600))
	person := filepath.Join(s.dir, "holder-"+holder+".json")
	require.NoError(t, os.WriteFile(person, []byte("{"), 0o600))
	_, err = signer.Chain(t.Context())
	require.Equal(t, driver.CodeUnavailable, signer.ErrorCode(err))
	_, err = signer.Begin(t.Context(), r)
	require.Error(t, err)
	require.Error(t, s.last.Decide(t.Context(), holder, handle, true))
	status, err := s.phone(t.Context(), handle, s.pin, "confirm")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	require.NoError(t, os.Remove(person))
	require.Error(t, s.last.Decide(t.Context(), holder, handle, true))
	require.NoError(t, os.RemoveAll(s.dir))
	require.Error(t, openErr(s.last))
	i := credential(t)
	_, err = s.last.Enrol(holder, i.PKCS12, i.Password)
	require.Error(t, err)
	_, err = phonesim.NewServer(filepath.Join(tx, "x"), nil)
	require.NoError(t, err, "the folder is made with those above it")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = phonesim.NewServer(file, nil)
	require.Error(t, err)
}

func openErr(s *phonesim.Server) error {
	_, err := s.Open(holder)
	return err
}

// Others' transactions are not listed and cannot be decided; a phone reads its own list.
func TestPhoneLists(t *testing.T) {
	t.Parallel()
	s := newService(t)
	defer s.Close()
	signer, err := s.Signer(t.Context())
	require.NoError(t, err)
	_, handle := begin(t, signer, "a")
	open, err := s.last.Open("another")
	require.NoError(t, err)
	require.Empty(t, open)
	srv := s.servers[len(s.servers)-1]
	for pin, want := range map[string]int{s.pin: http.StatusOK, "guessed": http.StatusUnauthorized} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/phone/"+holder, nil)
		require.NoError(t, err)
		r.Header.Set("X-Pin", pin)
		res, err := srv.Client().Do(r)
		require.NoError(t, err)
		var a struct {
			Open []string `json:"open"`
		}
		require.NoError(t, json.NewDecoder(res.Body).Decode(&a))
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode)
		if want == http.StatusOK {
			require.Equal(t, []string{handle}, a.Open)
		}
	}
	for _, c := range []struct{ handle, decision string }{{"unknown", "confirm"}, {strings.Repeat("a", 65), "refuse"}} {
		status, err := s.phone(t.Context(), c.handle, s.pin, c.decision)
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, status)
	}
	status, err := s.phone(t.Context(), handle, s.pin, "refuse")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	status, err = s.phone(t.Context(), handle, s.pin, "confirm")
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, status)
}
