package drivertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/motcua/motcua/esign/internal/tsp"
)

// BendTransport passes the bodies of requests and of successful answers through
// bend.
func BendTransport(base http.RoundTripper, bend *Bend) http.RoundTripper {
	if bend == nil {
		return base
	}
	return bendTransport{base, bend}
}

type bendTransport struct {
	base http.RoundTripper
	bend *Bend
}

func (t bendTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.bend.Request != nil && r.Body != nil {
		body, err := bendBody(r.Context(), r.Body, t.bend.Request)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	}
	res, err := t.base.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK || t.bend.Answer == nil {
		return res, err
	}
	body, err := bendBody(r.Context(), res.Body, t.bend.Answer)
	if err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

func bendBody(
	ctx context.Context, body io.ReadCloser, bend func(context.Context, []byte) ([]byte, error),
) ([]byte, error) {
	b, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	return bend(ctx, b)
}

func plain(b []byte) func() (*Bend, error) {
	return onBytes(func([]byte) []byte { return b })
}

func onBytes(f func([]byte) []byte) func() (*Bend, error) {
	return func() (*Bend, error) {
		return &Bend{Answer: func(_ context.Context, b []byte) ([]byte, error) { return f(bytes.Clone(b)), nil }}, nil
	}
}

func answer(r *tsp.Response) func() (*Bend, error) {
	return func() (*Bend, error) {
		der, err := r.Marshal()
		return &Bend{Answer: func(context.Context, []byte) ([]byte, error) { return der, nil }}, err
	}
}

// asked lets the authority answer, truly and signed by itself, another request
// than the timestamper sent.
func asked(change func(*tsp.Request)) func() (*Bend, error) {
	return func() (*Bend, error) {
		return &Bend{Request: func(_ context.Context, b []byte) ([]byte, error) {
			r, err := tsp.ParseRequest(b)
			if err != nil {
				return nil, err
			}
			change(r)
			return r.Marshal()
		}}, nil
	}
}

// changeLast flips a bit in the signature value.
func changeLast(b []byte) []byte {
	r, err := tsp.ParseResponse(b, nil)
	if err != nil {
		return b
	}
	t, err := tsp.ParseToken(r.Token, nil)
	if err != nil {
		return b
	}
	value := t.CMS.Signers[0].Signature
	if i := bytes.LastIndex(b, value); i >= 0 {
		b[i+len(value)/2] ^= 1
	}
	return b
}
