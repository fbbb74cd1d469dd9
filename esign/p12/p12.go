// Package p12 signs with a key from a PKCS#12 file (.p12, .pfx), both the modern
// kind (PBES2, AES) and the legacy one (RC2 or 3DES) that certification
// authorities in Viet Nam still hand out. The key is used at once: nobody is
// asked, nothing is pending.
package p12

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/cms"
)

// MaxFile is the largest file [Open] reads, in octets.
const MaxFile = 1 << 20

// Error is an error of this package.
type Error struct {
	Code driver.Code
	Text string
	Err  error // may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "pkcs12: " + e.Text
	}
	return "pkcs12: " + e.Text + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Options are the settings of a signer. Nil means the defaults.
type Options struct {
	// Rand is the source of RSA-PSS salts; default crypto/rand. Other values
	// need no randomness: the same digest gives the same value.
	Rand io.Reader
}

// Signer is a [driver.Signer]. It has no state but the key and may be used by
// several goroutines at once.
type Signer struct {
	chain [][]byte
	key   crypto.Signer
	rand  io.Reader
}

// Open reads a PKCS#12 file from a source the caller trusts: the work of
// deriving the key is set by the file. A wrong password is CodeUnauthorised,
// anything else that is wrong with the file CodeInvalid. The file and the
// password are not kept.
func Open(file []byte, password string, o *Options) (*Signer, error) {
	if o == nil {
		o = &Options{}
	}
	if len(file) > MaxFile {
		return nil, invalid(fmt.Sprintf("the file is over %d octets", MaxFile), nil)
	}
	// Windows and NSS write BER, the decoder reads DER.
	der, _, _, err := cms.ToDER(file, nil)
	if err != nil {
		return nil, invalid("not a PKCS#12 file", err)
	}
	key, leaf, others, err := pkcs12.DecodeChain(der, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, &Error{Code: driver.CodeUnauthorised, Text: "the password is not the file's"}
	case err != nil:
		return nil, invalid("the file cannot be read", err)
	}
	s := &Signer{rand: o.Rand}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return nil, invalid("an RSA key under 2048 bits; ask for a new certificate", nil)
		}
		s.key = k
	case *ecdsa.PrivateKey:
		s.key = k
	default:
		return nil, invalid(fmt.Sprintf("a key of type %T; use RSA or ECDSA", key), nil)
	}
	if s.chain, err = path(s.key, append([]*x509.Certificate{leaf}, others...)); err != nil {
		return nil, err
	}
	return s, nil
}

// path orders the file's certificates: the key's, then issuer after issuer.
func path(key crypto.Signer, certs []*x509.Certificate) ([][]byte, error) {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return nil, invalid("a key that cannot be compared", nil)
	}
	var at *x509.Certificate
	for _, c := range certs {
		if public.Equal(c.PublicKey) {
			at = c
			break
		}
	}
	if at == nil {
		return nil, invalid("no certificate for the key", nil)
	}
	out := [][]byte{at.Raw}
	for at != nil && len(out) <= len(certs) {
		if at = issuer(at, certs); at != nil {
			out = append(out, at.Raw)
		}
	}
	return out, nil
}

// issuer returns the certificate that issued c, or nil at the end of the path.
func issuer(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	if bytes.Equal(c.RawIssuer, c.RawSubject) {
		return nil
	}
	for _, i := range among {
		if bytes.Equal(i.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(i) == nil {
			return i
		}
	}
	return nil
}

// Chain returns the path as the file has it.
func (s *Signer) Chain(context.Context) ([][]byte, error) {
	out := make([][]byte, len(s.chain))
	for i, c := range s.chain {
		out[i] = bytes.Clone(c)
	}
	return out, nil
}

// Begin checks the request. The handle is a digest of all that will be signed,
// so that nothing need be remembered.
func (s *Signer) Begin(_ context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
	if err := s.check(r); err != nil {
		return nil, err
	}
	return &driver.BeginResponse{Handle: handle(r)}, nil
}

// Complete signs at once.
func (s *Signer) Complete(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	if r == nil {
		return nil, invalid("no request", nil)
	}
	if err := s.check(r.Begin); err != nil {
		return nil, err
	}
	if r.Handle != handle(r.Begin) {
		return nil, &Error{Code: driver.CodeConflict, Text: "the handle was given for another request"}
	}
	out := &driver.CompleteResponse{State: driver.Signed}
	for _, item := range r.Begin.Items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		value, err := s.sign(r.Begin, item.Digest)
		if err != nil {
			return nil, &Error{Code: driver.CodeInternal, Text: "the key does not sign", Err: err}
		}
		out.Signatures = append(out.Signatures, value)
	}
	return out, nil
}

// ErrorCode classifies an error of this signer.
func (s *Signer) ErrorCode(err error) driver.Code {
	var e *Error
	switch {
	case err == nil:
		return driver.CodeOK
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return driver.CodeUnavailable
	default:
		return driver.CodeUnknown
	}
}

func (s *Signer) check(r *driver.BeginRequest) error {
	if !r.Valid() {
		return invalid("transaction, hash or items of the request", nil)
	}
	_, isRSA := s.key.(*rsa.PrivateKey)
	if fits := (r.Scheme == driver.ECDSA) != isRSA && r.Scheme >= driver.RSAPKCS1v15 && r.Scheme <= driver.ECDSA; !fits {
		return invalid(fmt.Sprintf("%v with this key", r.Scheme), nil)
	}
	return nil
}

func (s *Signer) sign(r *driver.BeginRequest, digest []byte) ([]byte, error) {
	switch r.Scheme {
	case driver.RSAPSS:
		return s.key.Sign(s.rand, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: r.Hash})
	default:
		// Without a source of randomness ECDSA is deterministic (RFC 6979).
		return s.key.Sign(nil, digest, r.Hash)
	}
}

func handle(r *driver.BeginRequest) string { return hex.EncodeToString(r.Fingerprint()) }

func invalid(text string, err error) error {
	return &Error{Code: driver.CodeInvalid, Text: text, Err: err}
}

var _ driver.Signer = (*Signer)(nil)
