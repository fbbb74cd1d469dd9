package esign

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// seal is what stands in /Contents: a CMS signature, or a time stamp token that is one.
type seal struct {
	sd     *cms.SignedData
	si     *cms.SignerInfo
	token  *tsp.Token // of a document time stamp
	cert   *x509.Certificate
	own    []*x509.Certificate // readable certificates it carries
	hash   crypto.Hash
	stamps []*tsp.Token // signature time stamps
}

// hold checks digest, signature value and the binding of the certificate.
func (c *check) hold() {
	if !c.covered {
		return
	}
	if !c.parse() || !c.shape() {
		return
	}
	if !c.certificate() {
		return
	}
	c.describe()
	c.holds = c.verify()
	c.irregular(c.seal.sd, "signature")
	if c.holds {
		c.stamps()
	}
}

// cmsLimits are what a file's signatures and time stamps may bring along; real ones have fewer than ten certificates.
func cmsLimits() *cms.Limits { return &cms.Limits{Certificates: 32} }

func (c *check) parse() bool {
	var err error
	switch c.field.dict["SubFilter"] {
	case pdf.Name("ETSI.RFC3161"):
		if c.seal.token, err = tsp.ParseToken(c.contents, cmsLimits()); err == nil {
			c.seal.sd = c.seal.token.CMS
		}
	case pdf.Name("ETSI.CAdES.detached"), pdf.Name("adbe.pkcs7.detached"):
		c.seal.sd, err = cms.Parse(c.contents, cmsLimits())
	default:
		c.fail("unsupported-form")
		return false
	}
	if err != nil {
		c.fail("cms-unreadable")
		return false
	}
	for _, b := range c.contents[c.seal.sd.Consumed:] {
		if b != 0 {
			c.fail("contents-altered")
			return false
		}
	}
	return true
}

// shape wants one signer, no content of its own in a signature, signed attributes.
func (c *check) shape() bool {
	sd := c.seal.sd
	if len(sd.Signers) != 1 {
		c.fail("signer-count")
		return false
	}
	c.seal.si = &sd.Signers[0]
	if c.seal.token == nil && (!sd.Detached || !sd.ContentType.Equal(cms.OIDData)) {
		c.fail("content-inside")
		return false
	}
	if c.seal.si.SignedAttributes == nil {
		c.fail("no-signed-attributes")
		return false
	}
	return true
}

// certificate finds the signer's certificate: in the signature, among those given, for time stamps also in the DSS.
func (c *check) certificate() bool {
	s := &c.seal
	unreadable := false
	for _, x := range s.sd.Certificates {
		if x.Err != nil {
			unreadable = true
		} else {
			s.own = append(s.own, x.X)
		}
	}
	others := c.v.opts.Certificates
	missing := "certificate-missing"
	if s.token != nil {
		others = append(others[:len(others):len(others)], c.v.dss...)
		missing = "timestamp-certificate-missing"
	}
	s.cert = signerAmong(s.sd, s.si, others)
	switch {
	case s.cert != nil:
		return true
	case unreadable:
		c.doubt("certificate-unreadable")
	case len(s.own) > 0:
		c.fail("certificate-mismatch")
	default:
		c.doubt(missing)
	}
	return false
}

func signerAmong(sd *cms.SignedData, si *cms.SignerInfo, others []*x509.Certificate) *x509.Certificate {
	if x := sd.SignerCertificate(si); x != nil {
		return x.X
	}
	for _, x := range others {
		if si.Names(x) && si.CheckSigningCertificate(x) == nil {
			return x
		}
	}
	return nil
}

func (c *check) describe() {
	x := c.seal.cert
	sum := sha256.Sum256(x.Raw)
	c.out.Signer = quoted(x.Subject.CommonName)
	c.out.Subject = quotedName(x.Subject.String())
	c.out.Issuer = quotedName(x.Issuer.String())
	c.out.Serial = x.SerialNumber.Text(16)
	c.out.NotBefore, c.out.NotAfter = x.NotBefore, x.NotAfter
	c.out.Fingerprint = hex.EncodeToString(sum[:])
	c.out.certificate = x.Raw
	h, err := c.seal.si.Hash()
	scheme, err2 := c.seal.si.Scheme()
	if err == nil && err2 == nil {
		c.out.Algorithm = fmt.Sprintf("%v, %v", scheme, h)
		if n := keyBits(x); n > 0 {
			c.out.Algorithm += fmt.Sprintf(", %d bits", n)
		}
	}
}

// quotedName is quoted for a whole distinguished name, which may be longer.
func quotedName(s string) string {
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = quoted(parts[i])
	}
	return strings.Join(parts[:min(len(parts), 32)], ",")
}

// verify does the mathematics.
func (c *check) verify() bool {
	s := &c.seal
	if keyBits(s.cert) > maxKeyBits {
		c.fail("unsupported-algorithm")
		return false
	}
	if k, ok := s.cert.PublicKey.(*rsa.PublicKey); ok && k.E > math.MaxInt32 {
		c.doubt("certificate-unreadable") // larger than Go computes with, which says nothing about the signature
		return false
	}
	var err error
	if s.token != nil {
		err = c.verifyToken()
	} else {
		err = c.verifySignature()
	}
	if err != nil {
		c.sealError(err)
		return false
	}
	return c.binding(s.si, s.cert)
}

func (c *check) verifySignature() error {
	s := &c.seal
	h, err := s.si.Hash()
	if err != nil {
		return err
	}
	s.hash = h
	digest, err := c.digest(h)
	if err != nil {
		return err
	}
	return s.sd.Verify(s.si, s.cert, digest)
}

// verifyToken checks a document time stamp: its imprint is the digest of what the signature covers.
func (c *check) verifyToken() error {
	s := &c.seal
	s.hash = s.token.Info.Hash
	if !s.hash.Available() {
		return cms.ErrAlgorithm
	}
	digest, err := c.digest(s.hash)
	if err != nil {
		return err
	}
	if err := s.token.CheckImprint(s.hash, digest); err != nil {
		return err
	}
	return verifyTokenSignature(s.token, s.cert)
}

// verifyTokenSignature checks the signature over a token's content; usage, path and time are judged apart.
func verifyTokenSignature(t *tsp.Token, cert *x509.Certificate) error {
	si := &t.CMS.Signers[0]
	h, err := si.Hash()
	if err != nil {
		return err
	}
	sum := h.New()
	sum.Write(t.CMS.Content)
	return t.CMS.Verify(si, cert, sum.Sum(nil))
}

// digest hashes what the signature covers: the revision without the gap.
func (c *check) digest(h crypto.Hash) ([]byte, error) {
	if c.v.hashed -= c.end; c.v.hashed < 0 {
		return nil, pdf.ErrLimit
	}
	sum := h.New()
	sum.Write(c.v.data[:c.gap[0]])
	sum.Write(c.v.data[c.gap[1]:c.end])
	return sum.Sum(nil), nil
}

func (c *check) sealError(err error) {
	switch {
	case errors.Is(err, cms.ErrDigest), errors.Is(err, tsp.ErrImprint):
		c.fail("digest")
	case errors.Is(err, cms.ErrSignature):
		c.fail("signature-value")
	case errors.Is(err, cms.ErrAlgorithm):
		c.fail("unsupported-algorithm")
	case errors.Is(err, cms.ErrNoSignedAttributes):
		c.fail("no-signed-attributes")
	case errors.Is(err, pdf.ErrLimit):
		c.doubt("too-large")
	default:
		c.fail("bad-attributes")
	}
}

// binding checks that the signed attributes name the certificate, without which another one of the same key could be put
// in its place.
func (c *check) binding(si *cms.SignerInfo, cert *x509.Certificate) bool {
	ess, err := si.SigningCertificate()
	switch {
	case err != nil && !hasAttribute(si, cms.OIDSigningCertificateV2) && !hasAttribute(si, cms.OIDSigningCertificate):
		c.doubt("binding-missing")
		return true
	case err != nil || !ess.Matches(cert.Raw):
		c.fail("binding-mismatch")
		return false
	case !ess.V2 || weakHash(ess.Hash, c.v.now) != "":
		c.doubt("binding-weak")
	}
	return true
}

// irregular looks at the parts of a CMS that its signature does not protect. What other programs write and what tells
// nothing about a change leaves the verdict undecided; the rest makes it invalid.
func (c *check) irregular(sd *cms.SignedData, what string) {
	for _, i := range sd.Irregularities() {
		why := because("irregular", what+": "+i.Text)
		switch i.Code {
		case cms.HasSigningTime, cms.SignerCount: // signed; judged by shape
		case cms.NotDER, cms.HasCRLs, cms.UnsortedSet, cms.DoubleCert:
			c.find(Indeterminate, why)
		default:
			c.find(Invalid, why)
		}
	}
	for i := range sd.Signers {
		if !algorithmBound(&sd.Signers[i]) {
			c.find(Indeterminate, because("irregular", what+": the algorithm identifier is not protected"))
		}
	}
}

var oidRSAEncryption = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

// algorithmBound says that the signature algorithm identifier can't be exchanged unseen: rsaEncryption leaves the hash open
// and verifies like sha256WithRSAEncryption, one octet away, unless the signed attributes repeat it (RFC 6211).
func algorithmBound(si *cms.SignerInfo) bool {
	return !si.SignatureAlgorithm.OID.Equal(oidRSAEncryption) || hasAttribute(si, cms.OIDAlgorithmProtection)
}

func hasAttribute(si *cms.SignerInfo, oid asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(si.Signed, func(a cms.Attribute) bool { return a.Type.Equal(oid) })
}
