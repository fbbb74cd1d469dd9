package esign

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// LoadRoots reads trusted root certificates from PEM. It refuses other kinds of blocks, text between them that looks like
// a forgotten block, and an empty list, so that a wrong file is not taken for "trust nobody".
func LoadRoots(data []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for len(bytes.TrimSpace(data)) > 0 {
		block, rest := pem.Decode(data)
		if bytes.Count(data[:len(data)-len(rest)], []byte("-----BEGIN")) > 1 || block == nil && bytes.Contains(data, []byte("-----BEGIN")) {
			return nil, errors.New("trusted roots: a PEM block is damaged; export the root certificate again")
		}
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("trusted roots: a %q block stands where only certificates belong", quoted(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("trusted roots: certificate %d can't be read: %w", len(out)+1, err)
		}
		out = append(out, c)
		data = rest
	}
	if len(out) == 0 {
		return nil, errors.New("trusted roots: no certificate found; give a PEM file with the root certificate")
	}
	return out, nil
}

// trust is a set of roots with the certificates that may lead to them.
type trust struct {
	roots   []*x509.Certificate
	pool    *x509.CertPool
	helpers []*x509.Certificate // from options and DSS
	effort  *int                // signature checks left, in units of an RSA-2048 verification
}

func newTrust(roots, helpers []*x509.Certificate, effort *int) *trust {
	t := &trust{roots: roots, pool: x509.NewCertPool(), helpers: helpers, effort: effort}
	for _, r := range roots {
		t.pool.AddCert(r)
	}
	return t
}

var errEffort = errors.New("too many certificates to try")

// maxKeyBits bounds RSA keys that are computed with; real ones have 4,096 bits at most.
const maxKeyBits = 8192

// paths returns the verified paths from leaf to a root at a time, the certificates of the signature being tried first.
func (t *trust) paths(leaf *x509.Certificate, own []*x509.Certificate, at time.Time, usage x509.ExtKeyUsage) (
	[][]*x509.Certificate, error,
) {
	between := x509.NewCertPool()
	cost := keyCost(leaf)
	for _, c := range slices.Concat(own, t.helpers) {
		if !c.IsCA || keyBits(c) > maxKeyBits {
			continue
		}
		between.AddCert(c)
		cost += keyCost(c)
	}
	// x509 tries at most 100 signatures for one path; 16 units each covers a key of 8,192 bits.
	if *t.effort -= min(cost, 1600); *t.effort < 0 {
		return nil, errEffort
	}
	o := x509.VerifyOptions{Roots: t.pool, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}}
	paths, err := leaf.Verify(o)
	if expired(err) {
		// Whether the root is known at all says more than that the certificate has expired, and is asked second by x509.
		o.CurrentTime = leaf.NotBefore
		var unknown x509.UnknownAuthorityError
		if _, err2 := leaf.Verify(o); errors.As(err2, &unknown) {
			return nil, err2
		}
	}
	return paths, err
}

func expired(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

func keyBits(c *x509.Certificate) int {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	}
	return 0
}

func keyCost(c *x509.Certificate) int {
	n := (keyBits(c) + 2047) / 2048
	return max(1, n*n)
}

// brokenLink says that a certificate names an issuer that is at hand, by name and key identifier, and that this one did
// not sign it.
func (t *trust) brokenLink(own []*x509.Certificate) bool {
	for _, c := range own {
		if len(c.AuthorityKeyId) == 0 {
			continue
		}
		named, signed := false, false
		for _, p := range slices.Concat(own, t.roots) {
			if !bytes.Equal(p.RawSubject, c.RawIssuer) || !bytes.Equal(p.SubjectKeyId, c.AuthorityKeyId) ||
				keyBits(p) > maxKeyBits {
				continue
			}
			if *t.effort -= keyCost(p); *t.effort < 0 {
				return false
			}
			named = true
			if p.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
				signed = true
				break
			}
		}
		if named && !signed {
			return true
		}
	}
	return false
}

// trustReason sorts an error of paths into a verdict: missing is the code when no root is known, late when a certificate
// is out of date.
func trustReason(err error, missing, late string) (Verdict, Reason) {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errEffort):
		return Indeterminate, because("too-large")
	case expired(err):
		return Indeterminate, because(late)
	case errors.As(err, &invalid):
		return Invalid, because("path-refused")
	}
	return Indeterminate, because(missing)
}

// extended key usages that documents are signed under: RFC 9336, Adobe, Microsoft document signing and smart card logon.
var documentUsages = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 5, 5, 7, 3, 36},
	{1, 2, 840, 113583, 1, 1, 5},
	{1, 3, 6, 1, 4, 1, 311, 10, 3, 12},
	{1, 3, 6, 1, 4, 1, 311, 20, 2, 2},
}

// maySign says whether a certificate is meant to sign documents: key usage digital signature or non-repudiation when it
// states any, and not only foreign extended usages.
func maySign(c *x509.Certificate) bool {
	if c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return false
	}
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageAny, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection:
			return true
		}
	}
	return slices.ContainsFunc(c.UnknownExtKeyUsage, func(u asn1.ObjectIdentifier) bool {
		return slices.ContainsFunc(documentUsages, u.Equal)
	})
}

// offPath says that one of the certificates is on none of the paths.
func offPath(certs []*x509.Certificate, paths ...[]*x509.Certificate) bool {
	for _, c := range certs {
		if !slices.ContainsFunc(paths, func(p []*x509.Certificate) bool { return slices.ContainsFunc(p, c.Equal) }) {
			return true
		}
	}
	return false
}
