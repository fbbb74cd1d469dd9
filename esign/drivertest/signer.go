package drivertest

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/cms"
)

// SignerHarness gives the kit one credential and plays its holder.
type SignerHarness interface {
	// Signer returns a signer as a newly started process would make it. Two of
	// them share nothing but the vendor's side (or the key).
	Signer(context.Context) (driver.Signer, error)
	// Confirm lets the holder confirm the transaction with this handle. Called
	// only with SignerFeatures.Delayed, as are the next two.
	Confirm(ctx context.Context, handle string) error
	// Refuse lets the holder say no.
	Refuse(ctx context.Context, handle string) error
	// Expire lets the holder's time run out.
	Expire(ctx context.Context, handle string) error
	// Close frees what the harness holds.
	Close()
}

// SignerFeatures says what the signer can do. What is false must be refused as
// the field says.
type SignerFeatures struct {
	// Delayed: Complete is Pending until the holder confirms. Without it,
	// Complete must answer Signed at once.
	Delayed bool
	// Remembers: the vendor knows a transaction again, so that other items under
	// the same id are CodeConflict. Without it they must get another handle.
	Remembers bool
	// Batch: one confirmation covers several items. Without it, more than one
	// item must be CodeUnsupported.
	Batch bool
	// RSAPSS: an RSA key signs by RSASSA-PSS, too. Without it, and with any other
	// key, the scheme must be CodeInvalid or CodeUnsupported.
	RSAPSS bool
}

// RunSigner runs the kit, each case as a subtest with a harness of its own.
func RunSigner(t *testing.T, newHarness func(context.Context, *testing.T) (SignerHarness, error), f SignerFeatures) {
	t.Helper()
	run(t, newHarness, signerChecks(f))
}

// CheckSigner runs the same cases on one harness, one after the other, and joins
// what is wrong; nil means the signer keeps the contract.
func CheckSigner(ctx context.Context, h SignerHarness, f SignerFeatures) error {
	return all(ctx, h, signerChecks(f))
}

func signerChecks(f SignerFeatures) []check[SignerHarness] {
	checks := []struct {
		name string
		fn   func(*signerCase) error
	}{
		{"Chain", (*signerCase).chain},
		{"Sign", (*signerCase).sign},
		{"BeginAgain", (*signerCase).beginAgain},
		{"OtherItems", (*signerCase).otherItems},
		{"InvalidRequests", (*signerCase).invalid},
		{"Pending", (*signerCase).pending},
		{"CompleteAgain", (*signerCase).completeAgain},
		{"ColdResume", (*signerCase).cold},
		{"ForeignHandle", (*signerCase).foreignHandle},
		{"Refused", (*signerCase).refused},
		{"Expired", (*signerCase).expired},
		{"Batch", (*signerCase).batch},
		{"Schemes", (*signerCase).schemes},
		{"ErrorCodes", (*signerCase).errorCodes},
		{"CancelledContext", (*signerCase).cancelled},
		{"Concurrency", (*signerCase).concurrent},
	}
	out := make([]check[SignerHarness], 0, len(checks))
	for _, c := range checks {
		out = append(out, check[SignerHarness]{c.name, func(ctx context.Context, h SignerHarness) error {
			s := &signerCase{ctx: ctx, h: h, f: f}
			if err := s.setup(); err != nil {
				return err
			}
			return c.fn(s)
		}})
	}
	return out
}

// signerCase is one case under way.
type signerCase struct {
	ctx    context.Context
	h      SignerHarness
	f      SignerFeatures
	s      driver.Signer
	leaf   *x509.Certificate
	scheme driver.Scheme
}

func (c *signerCase) setup() error {
	var err error
	if c.s, err = c.h.Signer(c.ctx); err != nil {
		return fmt.Errorf("the harness gives no signer: %w", err)
	}
	chain, err := c.s.Chain(c.ctx)
	if err != nil {
		return broken("C1", "Chain: %w", err)
	}
	if len(chain) == 0 {
		return broken("C1", "Chain is empty")
	}
	if c.leaf, err = x509.ParseCertificate(chain[0]); err != nil {
		return broken("C1", "the first certificate cannot be read: %w", err)
	}
	scheme, err := cms.SchemeFor(c.leaf.PublicKey)
	if err != nil {
		return broken("C1", "%w", err)
	}
	c.scheme = driver.Scheme(scheme)
	return nil
}

// request makes a valid request of n items with a transaction of its own.
func (c *signerCase) request(n int) *driver.BeginRequest {
	r := &driver.BeginRequest{Transaction: "kit-" + rand.Text(), Hash: crypto.SHA256, Scheme: c.scheme}
	for i := range n {
		d := sha256.Sum256([]byte(rand.Text()))
		r.Items = append(r.Items, driver.Item{Name: fmt.Sprintf("Văn bản số %d", i+1), Digest: d[:]})
	}
	return r
}

func (c *signerCase) begin(r *driver.BeginRequest) (*driver.BeginResponse, error) {
	b, err := c.s.Begin(c.ctx, r)
	switch {
	case err != nil:
		return nil, broken("B1", "a valid Begin fails: %w", err)
	case b == nil || b.Handle == "" || len(b.Handle) > 512:
		return nil, broken("B1", "Begin gives no usable handle")
	}
	return b, nil
}

// signed confirms where a holder is needed and completes.
func (c *signerCase) signed(s driver.Signer, r *driver.BeginRequest, handle string) ([][]byte, error) {
	if c.f.Delayed {
		if err := c.h.Confirm(c.ctx, handle); err != nil {
			return nil, fmt.Errorf("the harness does not confirm: %w", err)
		}
	}
	return c.complete(s, r, handle)
}

func (c *signerCase) complete(s driver.Signer, r *driver.BeginRequest, handle string) ([][]byte, error) {
	out, err := s.Complete(c.ctx, &driver.CompleteRequest{Begin: r, Handle: handle})
	if err != nil {
		return nil, broken("M2", "Complete after the holder's yes fails: %w", err)
	}
	if out == nil || out.State != driver.Signed {
		return nil, broken("M2", "Complete after the holder's yes does not answer Signed")
	}
	return out.Signatures, c.verify(r, out.Signatures)
}

func (c *signerCase) verify(r *driver.BeginRequest, values [][]byte) error {
	if len(values) != len(r.Items) {
		return broken("M2", "%d signature values for %d items", len(values), len(r.Items))
	}
	for i, v := range values {
		if err := cms.VerifyDigest(c.leaf.PublicKey, cms.Scheme(r.Scheme), r.Hash, r.Items[i].Digest, v); err != nil {
			return broken("M2", "value %d: %w", i+1, err)
		}
	}
	return nil
}

// refuses checks that an error has one of the codes and tells no secret.
func (c *signerCase) refuses(rule, what string, r *driver.BeginRequest, err error, codes ...driver.Code) error {
	if err == nil {
		return broken(rule, "%s is accepted", what)
	}
	got := c.s.ErrorCode(err)
	if wrapped := c.s.ErrorCode(fmt.Errorf("outer: %w", err)); wrapped != got {
		return broken("E1", "%s: wrapped, the error is %s instead of %s", what, wrapped, got)
	}
	for _, item := range r.Items {
		text := err.Error()
		if len(item.Digest) > 0 && (strings.Contains(strings.ToLower(text), hex.EncodeToString(item.Digest)) ||
			strings.Contains(text, base64.StdEncoding.EncodeToString(item.Digest))) {
			return broken("E2", "%s: the error tells the digest", what)
		}
	}
	for _, code := range codes {
		if got == code {
			return nil
		}
	}
	return broken(rule, "%s is %q instead of %v: %w", what, got, codes, err)
}

func (c *signerCase) chain() error {
	chain, err := c.s.Chain(c.ctx)
	if err != nil {
		return broken("C1", "Chain: %w", err)
	}
	var before *x509.Certificate
	for i, raw := range chain {
		cert, err := x509.ParseCertificate(raw)
		if err != nil {
			return broken("C1", "certificate %d cannot be read: %w", i+1, err)
		}
		if before != nil && before.CheckSignatureFrom(cert) != nil {
			return broken("C1", "certificate %d did not issue the one before it", i+1)
		}
		before = cert
	}
	return nil
}

func (c *signerCase) sign() error {
	r := c.request(1)
	b, err := c.begin(r)
	if err != nil {
		return err
	}
	_, err = c.signed(c.s, r, b.Handle)
	return err
}

func (c *signerCase) beginAgain() error {
	r := c.request(1)
	first, err := c.begin(r)
	if err != nil {
		return err
	}
	fresh, err := c.h.Signer(c.ctx)
	if err != nil {
		return fmt.Errorf("the harness gives no second signer: %w", err)
	}
	for _, s := range []driver.Signer{c.s, fresh} {
		again, err := s.Begin(c.ctx, r)
		if err != nil {
			return broken("B1", "the same Begin again fails: %w", err)
		}
		if again.Handle != first.Handle {
			return broken("B1", "the same transaction gets another handle")
		}
	}
	_, err = c.signed(c.s, r, first.Handle)
	return err
}

func (c *signerCase) otherItems() error {
	r := c.request(1)
	first, err := c.begin(r)
	if err != nil {
		return err
	}
	other := c.request(1)
	other.Transaction = r.Transaction
	second, err := c.s.Begin(c.ctx, other)
	if c.f.Remembers {
		if err := c.refuses("B2", "the same transaction with another digest", other, err, driver.CodeConflict); err != nil {
			return err
		}
	} else if err == nil && second.Handle == first.Handle {
		return broken("B2", "another digest gets the same handle")
	}
	// The holder's yes to the first must not sign the second.
	if _, err := c.signed(c.s, r, first.Handle); err != nil {
		return err
	}
	_, err = c.s.Complete(c.ctx, &driver.CompleteRequest{Begin: other, Handle: first.Handle})
	return c.refuses("B2", "completing other items with this handle", other, err, driver.CodeConflict, driver.CodeNotFound)
}

func (c *signerCase) invalid() error {
	var errs []error
	for _, bad := range []struct {
		what   string
		change func(*driver.BeginRequest)
	}{
		{"no transaction", func(r *driver.BeginRequest) { r.Transaction = "" }},
		{"a transaction of 65 characters", func(r *driver.BeginRequest) { r.Transaction = strings.Repeat("a", 65) }},
		{"no items", func(r *driver.BeginRequest) { r.Items = nil }},
		{"an empty digest", func(r *driver.BeginRequest) { r.Items[0].Digest = nil }},
		{"a digest cut short", func(r *driver.BeginRequest) { r.Items[0].Digest = r.Items[0].Digest[:20] }},
		{"no hash", func(r *driver.BeginRequest) { r.Hash = 0 }},
		{"no scheme", func(r *driver.BeginRequest) { r.Scheme = 0 }},
		{"a scheme of another key", func(r *driver.BeginRequest) {
			r.Scheme = driver.ECDSA
			if c.scheme == driver.ECDSA {
				r.Scheme = driver.RSAPKCS1v15
			}
		}},
	} {
		r := c.request(1)
		bad.change(r)
		_, err := c.s.Begin(c.ctx, r)
		errs = append(errs, c.refuses("B3", bad.what, r, err, driver.CodeInvalid))
	}
	return errors.Join(errs...)
}

func (c *signerCase) concurrent() error {
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			r := c.request(1)
			b, err := c.begin(r)
			if err == nil {
				_, err = c.signed(c.s, r, b.Handle)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
