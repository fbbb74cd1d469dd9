// Package rfc3161 asks a time-stamping authority over HTTP (RFC 3161 §3.4) and
// believes nothing it answers before it is checked: imprint, hash, nonce,
// policy, the signer's usage and, when roots are given, its path.
package rfc3161

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// Sentinels; test with errors.Is. The causes below them are not stable.
var (
	// ErrUnavailable: the authority was not reached, did not answer in time or
	// answered with an HTTP error. Another authority may do.
	ErrUnavailable = errors.New("time-stamping authority is not available")
	// ErrRejected: the authority refused the request.
	ErrRejected = errors.New("time-stamping authority refused")
	// ErrAnswer: the answer is not one to this request, or cannot be trusted.
	ErrAnswer = errors.New("answer of the time-stamping authority is not acceptable")
	// ErrRequest: the imprint does not fit the hash; nothing was sent.
	ErrRequest = errors.New("imprint does not fit the hash")
)

// Options are the settings of a client. Nil means the defaults.
type Options struct {
	// HTTPClient sends the requests; default: a client without redirects. Give
	// one of your own for proxies and client certificates.
	HTTPClient *http.Client
	// Timeout bounds one request besides the context; default 10 s.
	Timeout time.Duration
	// Roots are the trusted roots of the authority's path. Nil checks no path:
	// do so only where the caller checks the token again.
	Roots *x509.CertPool
	// Policy asks for a policy and refuses a token of another one, such as
	// "1.2.3.4"; default none.
	Policy string
	// MaxAnswer is the largest answer read, in octets; default 64 KiB.
	MaxAnswer int
	// Now and MaxSkew refuse a token whose time is further from Now than MaxSkew.
	// Default: the time is not compared.
	Now     func() time.Time
	MaxSkew time.Duration
	// Header is added to each request, for authorities that want a key.
	Header http.Header
	// Rand is the source of nonces; default crypto/rand.
	Rand io.Reader
}

// Client is a [driver.Timestamper]. It may be used by several goroutines.
type Client struct {
	url    string
	policy asn1.ObjectIdentifier
	o      Options
}

// New makes a client of the authority at an http or https URL. A URL may hold
// no credentials: they would end in logs; use Header.
func New(address string, o *Options) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("rfc3161: give an http or https address without credentials")
	}
	c := &Client{url: address}
	if o != nil {
		c.o = *o
	}
	c.o.Timeout = cmp.Or(c.o.Timeout, 10*time.Second)
	c.o.MaxAnswer = cmp.Or(c.o.MaxAnswer, 64<<10)
	if c.o.Rand == nil {
		c.o.Rand = rand.Reader
	}
	if c.o.HTTPClient == nil {
		c.o.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	if c.o.MaxSkew > 0 && c.o.Now == nil {
		return nil, errors.New("rfc3161: MaxSkew needs Now")
	}
	if c.o.Policy != "" {
		if c.policy, err = parseOID(c.o.Policy); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Timestamp asks for a token over an imprint made with h and returns its DER,
// which carries the certificates of its path. It retries nothing: package esign
// asks the next authority.
func (c *Client) Timestamp(ctx context.Context, h crypto.Hash, imprint []byte) ([]byte, error) {
	if cms.HashOID(h) == nil || len(imprint) != h.Size() {
		return nil, ErrRequest
	}
	nonce, err := rand.Int(c.o.Rand, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("no randomness for a nonce: %w", err)
	}
	req := &tsp.Request{Hash: h, Imprint: imprint, Policy: c.policy, Nonce: nonce, CertReq: true}
	der, err := req.Marshal()
	if err != nil {
		return nil, err
	}
	body, err := c.post(ctx, der)
	if err != nil {
		return nil, err
	}
	return c.check(req, body)
}

func (c *Client) post(ctx context.Context, der []byte) (body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(der))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for k, v := range c.o.Header {
		r.Header[k] = v
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	r.Header.Set("Accept", "application/timestamp-reply")
	res, err := c.o.HTTPClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() {
		if e := res.Body.Close(); e != nil && err == nil {
			err = fmt.Errorf("%w: %w", ErrUnavailable, e)
		}
	}()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: HTTP status %d", ErrUnavailable, res.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, int64(c.o.MaxAnswer)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(body) > c.o.MaxAnswer {
		return nil, fmt.Errorf("%w: it is over %d octets", ErrAnswer, c.o.MaxAnswer)
	}
	return body, nil
}

func (c *Client) check(req *tsp.Request, body []byte) ([]byte, error) {
	lim := &cms.Limits{Bytes: c.o.MaxAnswer}
	res, err := tsp.ParseResponse(body, lim)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if res.Token == nil {
		return nil, fmt.Errorf("%w: status %d, %v", ErrRejected, res.Status, res.Failure)
	}
	token, err := tsp.ParseToken(res.Token, lim)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := token.CheckImprint(req.Hash, req.Imprint); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if token.Info.Nonce == nil || token.Info.Nonce.Cmp(req.Nonce) != 0 {
		return nil, fmt.Errorf("%w: it is an answer to another request", ErrAnswer)
	}
	if req.Policy != nil && !token.Info.Policy.Equal(req.Policy) {
		return nil, fmt.Errorf("%w: policy %v instead of %v", ErrAnswer, token.Info.Policy, req.Policy)
	}
	if c.o.MaxSkew > 0 {
		if d := token.Info.Time.Sub(c.o.Now()); d > c.o.MaxSkew || d < -c.o.MaxSkew {
			return nil, fmt.Errorf("%w: its time is %v away from ours", ErrAnswer, d.Round(time.Second))
		}
	}
	cert := token.Certificate(nil)
	if err := token.Verify(cert); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := c.trust(token, cert); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return token.Raw, nil
}

func (c *Client) trust(token *tsp.Token, cert *x509.Certificate) error {
	if c.o.Roots == nil {
		return nil
	}
	others := x509.NewCertPool()
	for _, o := range token.CMS.Certificates {
		if o.X != nil {
			others.AddCert(o.X)
		}
	}
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: c.o.Roots, Intermediates: others, CurrentTime: token.Info.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	return err
}

func parseOID(s string) (asn1.ObjectIdentifier, error) {
	var out asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(arc, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("rfc3161: policy %q is no object identifier", s)
		}
		out = append(out, int(n))
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("rfc3161: policy %q is no object identifier", s)
	}
	return out, nil
}

var _ driver.Timestamper = (*Client)(nil)
