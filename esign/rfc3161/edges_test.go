package rfc3161_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/tsp"
	"github.com/motcua/motcua/esign/rfc3161"
)

// stamped is when the simulator's clock stands.
var stamped = time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC)

const policyOfSimulator = "1.3.6.1.4.1.32473.3161.1"

func TestNewAtItsEdges(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return stamped }
	for address, ok := range map[string]bool{
		"http://tsa.example": true, "https://tsa.example/x": true, "https:///x": false, "http://user@tsa.example": false,
		"//tsa.example": false, "http://[": false,
	} {
		_, err := rfc3161.New(address, nil)
		require.Equal(t, ok, err == nil, address)
	}
	for policy, ok := range map[string]bool{
		"": true, "1.2": true, "1.2.3": true, "1": false, "1.": false, "1..2": false, "-1.2": false, "1.2147483647": true,
		"1.2147483648": false, "1.x": false,
	} {
		_, err := rfc3161.New("http://tsa.example", &rfc3161.Options{Policy: policy})
		require.Equal(t, ok, err == nil, policy)
	}
	for _, o := range []*rfc3161.Options{{MaxSkew: 1, Now: now}, {Now: now}, {}} {
		_, err := rfc3161.New("http://tsa.example", o)
		require.NoError(t, err)
	}
}

func TestNothingIsSentThatCannotBeStamped(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	defer srv.Close()
	c, err := rfc3161.New(srv.URL, nil)
	require.NoError(t, err)
	for _, n := range []int{0, 31, 33} {
		_, err = c.Timestamp(t.Context(), crypto.SHA256, make([]byte, n))
		require.ErrorIs(t, err, rfc3161.ErrRequest)
	}
	_, err = c.Timestamp(t.Context(), crypto.BLAKE2b_256, make([]byte, 32))
	require.ErrorIs(t, err, rfc3161.ErrRequest)
	broken := errors.New("no randomness")
	c, err = rfc3161.New(srv.URL, &rfc3161.Options{Rand: iotest.ErrReader(broken)})
	require.NoError(t, err)
	_, err = c.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
	require.ErrorIs(t, err, broken)
}

// The largest answer that is read has MaxAnswer octets.
func TestMaxAnswer(t *testing.T) {
	t.Parallel()
	// The same randomness makes the same request, so one answer serves them all.
	tsa, first := pki(t).TSAHandler(), make(chan []byte, 1)
	var answer []byte
	ask := func(most int) error {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b := answer
			if b == nil {
				rec := httptest.NewRecorder()
				tsa.ServeHTTP(rec, r)
				b = rec.Body.Bytes()
				first <- b
			}
			_, _ = w.Write(b)
		}))
		defer srv.Close()
		c, err := rfc3161.New(srv.URL, &rfc3161.Options{MaxAnswer: most, Rand: bytes.NewReader(make([]byte, 64))})
		require.NoError(t, err)
		_, err = c.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
		return err
	}
	require.NoError(t, ask(0))
	answer = <-first
	require.NoError(t, ask(len(answer)))
	require.ErrorIs(t, ask(len(answer)-1), rfc3161.ErrAnswer)
}

func TestMaxSkew(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(pki(t).TSAHandler())
	defer srv.Close()
	for off, ok := range map[time.Duration]bool{
		0: true, time.Minute: true, -time.Minute: true, time.Minute + 1: false, -time.Minute - 1: false,
	} {
		c, err := rfc3161.New(srv.URL, &rfc3161.Options{MaxSkew: time.Minute, Now: func() time.Time { return stamped.Add(off) }})
		require.NoError(t, err)
		_, err = c.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
		if ok {
			require.NoError(t, err, off)
		} else {
			require.ErrorIs(t, err, rfc3161.ErrAnswer, off)
		}
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	tsa := pki(t).TSAHandler()
	// An authority that does not look at the policy it is asked for.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := tsp.ParseRequest(body)
		if err != nil {
			return
		}
		req.Policy = nil
		if body, err = req.Marshal(); err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		tsa.ServeHTTP(w, r)
	}))
	defer srv.Close()
	digest := sha256.Sum256([]byte("x"))
	for policy, ok := range map[string]bool{"": true, policyOfSimulator: true, "1.2.3": false} {
		c, err := rfc3161.New(srv.URL, &rfc3161.Options{Policy: policy})
		require.NoError(t, err)
		raw, err := c.Timestamp(t.Context(), crypto.SHA256, digest[:])
		if !ok {
			require.ErrorIs(t, err, rfc3161.ErrAnswer, policy)
			continue
		}
		require.NoError(t, err, policy)
		token, err := tsp.ParseToken(raw, nil)
		require.NoError(t, err)
		require.NoError(t, token.CheckImprint(crypto.SHA256, digest[:]))
	}
}

func TestAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	write := func(b ...byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want error
	}{
		"cut short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte{0x30})
		}, rfc3161.ErrUnavailable},
		"empty":            {write(), rfc3161.ErrAnswer},
		"noise":            {write([]byte("hello")...), rfc3161.ErrAnswer},
		"a token of noise": {write(0x30, 7, 0x30, 3, 2, 1, 0, 0x30, 0), rfc3161.ErrAnswer},
		"waiting":          {write(0x30, 5, 0x30, 3, 2, 1, 3), rfc3161.ErrRejected},
	} {
		srv := httptest.NewServer(c.h)
		client, err := rfc3161.New(srv.URL, nil)
		require.NoError(t, err)
		_, err = client.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
		require.ErrorIs(t, err, c.want, name)
		srv.Close()
	}
}
