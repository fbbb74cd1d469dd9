package drivertest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/drivertest"
)

// says is a body.
func says(s string) io.Reader { return strings.NewReader(s) }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// closed remembers that a body was closed, and fails there if it should.
type closed struct {
	io.Reader
	err  error
	done *bool
}

func (c closed) Close() error { *c.done = true; return c.err }

// A kit's bends change both ways, leave refusals alone, and a body that cannot be
// read is an error, not an empty answer.
func TestBendTransport(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection lost")
	upper := func(_ context.Context, b []byte) ([]byte, error) { return []byte(strings.ToUpper(string(b))), nil }
	fails := func(context.Context, []byte) ([]byte, error) { return nil, lost }
	for name, c := range map[string]struct {
		bend       drivertest.Bend
		asked      io.Reader // nil for none
		answers    io.Reader
		closing    error
		status     int
		away       error
		want, sent string
		fails      bool
	}{
		"nothing bent":         {drivertest.Bend{}, says("ask"), says("answer"), nil, 200, nil, "answer", "ask", false},
		"the answer":           {drivertest.Bend{Answer: upper}, says("ask"), says("answer"), nil, 200, nil, "ANSWER", "ask", false},
		"the request":          {drivertest.Bend{Request: upper}, says("ask"), says("answer"), nil, 200, nil, "answer", "ASK", false},
		"no request":           {drivertest.Bend{Request: upper}, nil, says("answer"), nil, 200, nil, "answer", "", false},
		"a refusal":            {drivertest.Bend{Answer: upper}, says("ask"), says("no"), nil, 503, nil, "no", "ask", false},
		"nobody there":         {drivertest.Bend{Answer: upper}, says("ask"), nil, nil, 0, lost, "", "ask", true},
		"answer cut short":     {drivertest.Bend{Answer: upper}, says("ask"), iotest.ErrReader(lost), nil, 200, nil, "", "ask", true},
		"answer that ends ill": {drivertest.Bend{Answer: upper}, says("ask"), says("answer"), lost, 200, nil, "", "ask", true},
		"request cut short":    {drivertest.Bend{Request: upper}, iotest.ErrReader(lost), says("answer"), nil, 200, nil, "", "", true},
		"request not bent":     {drivertest.Bend{Request: fails}, says("ask"), says("answer"), nil, 200, nil, "", "", true},
		"answer not bent":      {drivertest.Bend{Answer: fails}, says("ask"), says("answer"), nil, 200, nil, "", "ask", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, done := "", false
			base := roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Body != nil {
					b, err := io.ReadAll(r.Body)
					require.NoError(t, err)
					sent = string(b)
					assert.Equal(t, int64(len(b)), max(0, r.ContentLength))
				}
				if c.away != nil {
					return nil, c.away
				}
				h := http.Header{"Content-Length": {"99"}}
				return &http.Response{StatusCode: c.status, Header: h, Body: closed{c.answers, c.closing, &done}}, nil
			})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tsa.example", c.asked)
			require.NoError(t, err)
			if c.asked != nil {
				r.ContentLength = 3
			}
			res, err := drivertest.BendTransport(base, &c.bend).RoundTrip(r)
			assert.Equal(t, c.sent, sent)
			if c.fails {
				require.ErrorIs(t, err, lost)
				return
			}
			require.NoError(t, err)
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, c.want, string(got))
			if c.want == "ANSWER" {
				assert.True(t, done, "the real answer is closed")
				assert.Equal(t, int64(6), res.ContentLength)
				assert.Empty(t, res.Header.Get("Content-Length"))
			}
		})
	}
	base := roundTrip(func(*http.Request) (*http.Response, error) { return nil, lost })
	_, same := drivertest.BendTransport(base, nil).(roundTrip)
	assert.True(t, same, "without bends there is nothing between")
}
