package esign

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// VerifyOptions say whom to trust and how much work a file is worth. Nil trusts nobody, so that nothing is valid.
type VerifyOptions struct {
	// Roots are the trusted root certificates of signers; see LoadRoots. None means that every verdict is at best
	// Indeterminate.
	Roots []*x509.Certificate
	// TSARoots are those of time-stamping authorities. Nil means Roots; empty and not nil means none.
	TSARoots []*x509.Certificate
	// Certificates may complete paths: intermediates, and the signer's own when the file lacks it. They are not trusted.
	Certificates []*x509.Certificate
	// Now is the law's clock, against which certificates and times are judged. Nil means time.Now.
	Now func() time.Time
	// MaxBytes refuses larger files as unreadable. Zero means 128 MiB.
	MaxBytes int64
	// MaxSignatures refuses files with more signatures as unreadable. Zero means 64.
	MaxSignatures int
}

// clockSkew is how far a time may lie ahead of the verifier's clock.
const clockSkew = 5 * time.Minute

// verification is the state of one call.
type verification struct {
	ctx   context.Context
	opts  VerifyOptions
	now   time.Time
	doc   *pdf.Document
	data  []byte
	dss   []*x509.Certificate
	trust *trust
	tsa   *trust

	hashed int64 // bytes that may still be hashed
	visits int   // values that may still be compared
}

// Verify judges all signatures of a PDF file. It reads size bytes of r, needs no network and dials none, and costs at most
// a bounded amount of work on any input. It is safe for concurrent use.
//
// A file without signature, or one that can't be read, is a Report with that State, not an error. The error is one of
// reading r, or ctx's.
//
// Legal source: Law on Electronic Transactions 20/2023/QH15, articles 22 and 23; form: ETSI EN 319 142-1 (PAdES),
// ISO 32000-2 12.8.
func Verify(ctx context.Context, r io.ReaderAt, size int64, o *VerifyOptions) (*Report, error) {
	v := &verification{ctx: ctx, hashed: 512 << 20, visits: 2_000_000}
	if o != nil {
		v.opts = *o
	}
	v.opts.MaxBytes = cmp.Or(v.opts.MaxBytes, 128<<20)
	v.opts.MaxSignatures = cmp.Or(v.opts.MaxSignatures, 64)
	if v.opts.Now == nil {
		v.opts.Now = time.Now
	}
	if v.opts.TSARoots == nil {
		v.opts.TSARoots = v.opts.Roots
	}
	v.now = v.opts.Now()
	if size < 0 {
		return nil, fmt.Errorf("verify: a file can't have %d bytes", size)
	}
	report := &Report{State: Unreadable, Size: size, Revocation: because("revocation-not-checked"), Signers: []Signature{}}
	if size > v.opts.MaxBytes {
		report.Reason = because("too-large")
		return report, nil
	}
	v.data = make([]byte, size)
	if n, err := r.ReadAt(v.data, 0); int64(n) < size {
		return nil, fmt.Errorf("verify: read %d of %d bytes: %w", n, size, err)
	}
	if err := v.run(report); err != nil {
		return nil, err
	}
	return report, nil
}

func (v *verification) run(report *Report) error {
	var err error
	if v.doc, err = pdf.Open(v.data, &pdf.Limits{Size: v.opts.MaxBytes}); err != nil {
		report.Reason = unreadable(err)
		return v.ctx.Err()
	}
	found, err := signatureFields(v.doc, v.opts.MaxSignatures)
	if err != nil {
		report.Reason = unreadable(err)
		return v.ctx.Err()
	}
	if len(found) == 0 {
		loose, err := looseSignature(v.doc)
		switch {
		case err != nil:
			report.Reason = unreadable(err)
		case loose:
			report.State, report.Reason = Signed, because("detached-signature")
		default:
			report.State, report.Reason = Unsigned, because("unsigned")
		}
		return v.ctx.Err()
	}
	effort := 20_000
	v.dss = dssCertificates(v.doc)
	helpers := append(v.dss[:len(v.dss):len(v.dss)], v.opts.Certificates...)
	v.trust = newTrust(v.opts.Roots, helpers, &effort)
	v.tsa = newTrust(v.opts.TSARoots, helpers, &effort)
	checks, err := v.checkAll(found)
	if err != nil {
		return err
	}
	for _, c := range checks {
		report.Signers = append(report.Signers, c.result())
	}
	report.settle()
	return nil
}

// unreadable sorts an error of reading into words.
func unreadable(err error) Reason {
	switch {
	case errors.Is(err, pdf.ErrNotPDF):
		return because("not-pdf")
	case errors.Is(err, pdf.ErrEncrypted):
		return because("encrypted")
	case errors.Is(err, pdf.ErrLimit), errors.Is(err, cms.ErrLimit):
		return because("too-large")
	}
	return because("malformed")
}

// checkAll judges the signatures in the order of what they cover, integrity forwards and time backwards: a later time
// stamp proves when an earlier signature existed.
func (v *verification) checkAll(found []signatureField) ([]*check, error) {
	checks := make([]*check, len(found))
	for i := range found {
		checks[i] = &check{v: v, field: found[i]}
	}
	for _, c := range checks {
		if err := v.ctx.Err(); err != nil {
			return nil, err
		}
		c.cover()
	}
	order(checks)
	for _, c := range checks {
		if err := v.ctx.Err(); err != nil {
			return nil, err
		}
		c.hold()
	}
	if err := v.laterChanges(checks); err != nil {
		return nil, err
	}
	proved := v.now
	for i := len(checks) - 1; i >= 0; i-- {
		if err := v.ctx.Err(); err != nil {
			return nil, err
		}
		proved = checks[i].believe(proved)
	}
	return checks, nil
}
