package phonesim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/motcua/motcua/esign/driver"
)

// Error is an answer of the service other than yes.
type Error struct {
	Code   driver.Code
	Status int // HTTP
	Text   string
}

func (e *Error) Error() string {
	return fmt.Sprintf("phone signing service: %s (%s)", e.Text, e.Code)
}

// unreachable is an error before there was an answer.
type unreachable struct{ err error }

func (e *unreachable) Error() string { return "phone signing service is not reached: " + e.err.Error() }
func (e *unreachable) Unwrap() error { return e.err }

// SignerOptions are the settings of a signer. Nil means the defaults.
type SignerOptions struct {
	// HTTPClient sends the requests; default: a client of its own.
	HTTPClient *http.Client
	// Timeout bounds one request besides the context; default 10 s.
	Timeout time.Duration
}

// Signer is a [driver.Signer]: one holder's credential at the service. It keeps
// nothing and may be used by several goroutines at once.
type Signer struct {
	base, secret, holder string
	client               *http.Client
	timeout              time.Duration
}

// NewSigner makes the signer of a holder at a service's base address.
func NewSigner(base, secret, holder string, o *SignerOptions) (*Signer, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("phonesim: give an http or https address without credentials")
	}
	if o == nil {
		o = &SignerOptions{}
	}
	s := &Signer{base: strings.TrimSuffix(base, "/"), secret: secret, holder: holder, client: o.HTTPClient, timeout: o.Timeout}
	if s.client == nil {
		s.client = &http.Client{}
	}
	if s.timeout <= 0 {
		s.timeout = 10 * time.Second
	}
	return s, nil
}

// Chain asks the service for the holder's path.
func (s *Signer) Chain(ctx context.Context) ([][]byte, error) {
	a, err := s.post(ctx, "/v1/credentials/chain", &wireRequest{Holder: s.holder})
	if err != nil {
		return nil, err
	}
	return a.Chain, nil
}

// Begin announces the digests to the service, which shows them on the phone.
func (s *Signer) Begin(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
	if !r.Valid() {
		return nil, &Error{Code: driver.CodeInvalid, Text: "transaction, hash or items of the request"}
	}
	a, err := s.post(ctx, "/v1/signatures", s.wire(r))
	if err != nil {
		return nil, err
	}
	return &driver.BeginResponse{Handle: a.Handle, Expires: a.Expires}, nil
}

// Complete asks for the values.
func (s *Signer) Complete(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	if r == nil || !r.Begin.Valid() {
		return nil, &Error{Code: driver.CodeInvalid, Text: "transaction, hash or items of the request"}
	}
	if !plainName(r.Handle) {
		return nil, &Error{Code: driver.CodeNotFound, Text: "no such transaction"}
	}
	a, err := s.post(ctx, "/v1/signatures/"+r.Handle+"/status", s.wire(r.Begin))
	if err != nil {
		return nil, err
	}
	switch a.State {
	case signed:
		return &driver.CompleteResponse{State: driver.Signed, Signatures: a.Signatures}, nil
	case waiting:
		return &driver.CompleteResponse{State: driver.Pending, RetryAfter: time.Duration(a.RetryAfter) * time.Second}, nil
	default:
		return nil, &Error{Code: driver.CodeUnknown, Text: "an answer without a state"}
	}
}

// ErrorCode classifies an error of this signer.
func (s *Signer) ErrorCode(err error) driver.Code {
	var e *Error
	var u *unreachable
	switch {
	case err == nil:
		return driver.CodeOK
	case errors.As(err, &e):
		return e.Code
	case errors.As(err, &u), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return driver.CodeUnavailable
	default:
		return driver.CodeUnknown
	}
}

func (s *Signer) wire(r *driver.BeginRequest) *wireRequest {
	w := &wireRequest{Holder: s.holder, Transaction: r.Transaction, Hash: uint(r.Hash), Scheme: int(r.Scheme)}
	for _, i := range r.Items {
		w.Items = append(w.Items, item{i.Name, i.Digest})
	}
	return w
}

func (s *Signer) post(ctx context.Context, path string, body *wireRequest) (a *wireAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.secret)
	res, err := s.client.Do(req)
	if err != nil {
		return nil, &unreachable{err}
	}
	defer func() {
		if e := res.Body.Close(); e != nil && err == nil {
			err = &unreachable{e}
		}
	}()
	a = &wireAnswer{}
	if err := json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(a); err != nil {
		return nil, &unreachable{err}
	}
	if res.StatusCode != http.StatusOK {
		code := driver.Code(a.Code)
		if code == driver.CodeOK || res.StatusCode >= 500 {
			code = driver.CodeUnavailable
		}
		return nil, &Error{Code: code, Status: res.StatusCode, Text: a.Text}
	}
	return a, nil
}

var _ driver.Signer = (*Signer)(nil)
