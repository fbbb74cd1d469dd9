package oidcrp

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// maxAnswer bounds what is read from a provider.
const maxAnswer = 256 << 10

var (
	errRedirect = errors.New("the provider answered with a redirect (configure the final address)")
	errTooLarge = errors.New("the provider's answer is too large")
)

// restrict returns a copy of the client that follows no redirect, so that an
// open redirect at the provider leads nobody elsewhere, and that reads a bounded
// answer within a bounded time.
func restrict(c *http.Client) *http.Client {
	var out http.Client
	if c != nil {
		out = *c
	}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	out.Transport = &bounded{next: out.Transport}
	out.Jar = nil
	if out.Timeout <= 0 {
		out.Timeout = 10 * time.Second
	}
	return &out
}

type bounded struct{ next http.RoundTripper }

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read fails beyond the bound; a cut answer must not look like a whole one.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		return 0, errTooLarge
	}
	b.left -= int64(n)
	return n, err
}
