package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Hash returns the digest algorithm of the signer, with which the content is to
// be hashed. Old algorithms are returned, too: whether they still count is the
// caller's policy.
func (si *SignerInfo) Hash() (crypto.Hash, error) {
	h, err := si.DigestAlgorithm.hash()
	if err != nil {
		return 0, err
	}
	if !h.Available() {
		return 0, fmt.Errorf("%w: %v is not supported", ErrAlgorithm, h)
	}
	return h, nil
}

// Scheme returns how the signature value was made.
func (si *SignerInfo) Scheme() (Scheme, error) {
	s, err := si.SignatureAlgorithm.signature()
	return s.scheme, err
}

// Names says whether the signer's identifier names the certificate.
func (si *SignerInfo) Names(c *x509.Certificate) bool {
	if si.KeyID != nil {
		return bytes.Equal(si.KeyID, c.SubjectKeyId)
	}
	return bytes.Equal(si.Issuer, c.RawIssuer) && si.Serial.Cmp(c.SerialNumber) == 0
}

// SignerCertificate returns the certificate that the signer's identifier names
// among those of the file, or nil. When several are named (issuer and serial
// can be forged), the one the ESS attribute matches wins.
func (sd *SignedData) SignerCertificate(si *SignerInfo) *Certificate {
	ess, essErr := si.SigningCertificate()
	var found *Certificate
	for i := range sd.Certificates {
		c := &sd.Certificates[i]
		if c.X == nil || !si.Names(c.X) {
			continue
		}
		if essErr == nil && ess.Matches(c.Raw) {
			return c
		}
		if found == nil {
			found = c
		}
	}
	return found
}

// CheckSigningCertificate checks that the ESS attribute names the certificate;
// otherwise [ErrSigningCertificate].
func (si *SignerInfo) CheckSigningCertificate(c *x509.Certificate) error {
	ess, err := si.SigningCertificate()
	if err != nil {
		return err
	}
	if !ess.Matches(c.Raw) {
		return fmt.Errorf("%w: it names another certificate", ErrSigningCertificate)
	}
	return nil
}

// Verify checks one signer of sd against a certificate: the signed attributes
// stand once each and agree with their surroundings, the content has the signed
// digest, the key made the signature value over the signed attributes. digest is
// the digest of the content by [SignerInfo.Hash].
//
// It says nothing about trust, time, key usage, the strength of algorithms, nor
// the ESS attribute ([SignerInfo.CheckSigningCertificate]).
func (sd *SignedData) Verify(si *SignerInfo, c *x509.Certificate, digest []byte) error {
	if si.SignedAttributes == nil {
		return ErrNoSignedAttributes
	}
	if err := sd.checkAttributes(si, digest); err != nil {
		return err
	}
	h, err := si.Hash()
	if err != nil {
		return err
	}
	s, err := si.SignatureAlgorithm.signature()
	if err != nil {
		return err
	}
	if s.hash != 0 && s.hash != h {
		return fmt.Errorf("%w: the signature algorithm uses another hash than the digest algorithm", ErrAlgorithm)
	}
	if err := verifyOver(c.PublicKey, s, h, si.SignedAttributes, si.Signature); err == nil || si.sortedSigned {
		return err
	}
	// What is signed is the DER form (RFC 5652 §5.4); some writers put the
	// attributes into the file in another order than they signed them.
	return verifyOver(c.PublicKey, s, h, sortSet(si.SignedAttributes), si.Signature)
}

func (sd *SignedData) checkAttributes(si *SignerInfo, digest []byte) error {
	seen := make(map[string]bool, len(si.Signed))
	for _, a := range si.Signed {
		name := a.Type.String()
		if seen[name] {
			return fmt.Errorf("%w: %s stands twice", ErrAttribute, name)
		}
		seen[name] = true
	}
	one := func(oid string) ([]byte, error) {
		values, _ := si.signed(oid)
		if len(values) != 1 {
			return nil, fmt.Errorf("%w: %s has %d values instead of one", ErrAttribute, oid, len(values))
		}
		return values[0], nil
	}
	typ, err := one(OIDContentType.String())
	if err != nil {
		return err
	}
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(sd.ContentType)
	if want, err := b.Bytes(); err != nil || !bytes.Equal(typ, want) {
		return fmt.Errorf("%w: it names another content type", ErrAttribute)
	}
	value, err := one(OIDMessageDigest.String())
	if err != nil {
		return err
	}
	s := cryptobyte.String(value)
	var signed cryptobyte.String
	if !s.ReadASN1(&signed, cbasn1.OCTET_STRING) || !s.Empty() {
		return fmt.Errorf("%w: message digest cannot be read", ErrAttribute)
	}
	if err := si.checkProtection(); err != nil {
		return err
	}
	if !bytes.Equal(signed, digest) {
		return ErrDigest
	}
	return nil
}

// checkProtection checks the algorithm protection attribute (RFC 6211), if there
// is one: it repeats the two algorithm identifiers under the signature.
func (si *SignerInfo) checkProtection() error {
	values, n := si.signed(OIDAlgorithmProtection.String())
	if n == 0 {
		return nil
	}
	bad := fmt.Errorf("%w: algorithm protection does not match", ErrAttribute)
	if len(values) != 1 {
		return bad
	}
	s := cryptobyte.String(values[0])
	var seq, sig cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return bad
	}
	d, err := readAlgorithm(&seq, "digest algorithm")
	if err != nil || !d.OID.Equal(si.DigestAlgorithm.OID) || d.plain() != si.DigestAlgorithm.plain() {
		return bad
	}
	if !seq.ReadASN1Element(&sig, contextTag(1)) || !seq.Empty() {
		return bad
	}
	// The identifier is implicitly tagged.
	retagged := cryptobyte.String(append([]byte{byte(cbasn1.SEQUENCE)}, sig[1:]...))
	a, err := readAlgorithm(&retagged, "signature algorithm")
	if err != nil || !a.OID.Equal(si.SignatureAlgorithm.OID) {
		return bad
	}
	if !a.equal(si.SignatureAlgorithm) && (!a.plain() || !si.SignatureAlgorithm.plain()) {
		return bad
	}
	return nil
}

func verifyOver(key crypto.PublicKey, s signatureScheme, h crypto.Hash, message, signature []byte) error {
	if pub, ok := key.(ed25519.PublicKey); ok && s.scheme == EdDSA {
		if !ed25519.Verify(pub, message, signature) {
			return ErrSignature
		}
		return nil
	}
	sum := h.New()
	sum.Write(message)
	return verifyDigest(key, s, h, sum.Sum(nil), signature)
}

// VerifyDigest checks a signature value over a digest, before it is put into a
// file or when it comes back from a signer. PSS salts are as long as the hash.
func VerifyDigest(key crypto.PublicKey, s Scheme, h crypto.Hash, digest, signature []byte) error {
	return verifyDigest(key, signatureScheme{scheme: s, hash: h, salt: h.Size()}, h, digest, signature)
}

func verifyDigest(key crypto.PublicKey, s signatureScheme, h crypto.Hash, digest, signature []byte) error {
	switch pub := key.(type) {
	case *rsa.PublicKey:
		var err error
		switch s.scheme {
		case RSAPKCS1v15:
			err = rsa.VerifyPKCS1v15(pub, h, digest, signature)
		case RSAPSS:
			err = rsa.VerifyPSS(pub, h, digest, signature, &rsa.PSSOptions{SaltLength: s.salt, Hash: h})
		default:
			return fmt.Errorf("%w: %v with an RSA key", ErrAlgorithm, s.scheme)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
		return nil
	case *ecdsa.PublicKey:
		if s.scheme != ECDSA {
			return fmt.Errorf("%w: %v with an EC key", ErrAlgorithm, s.scheme)
		}
		if !ecdsa.VerifyASN1(pub, digest, signature) {
			return ErrSignature
		}
		return nil
	default:
		return fmt.Errorf("%w: key of type %T", ErrAlgorithm, key)
	}
}

// sortSet puts the elements of a SET into DER order. The input has been parsed.
func sortSet(der []byte) []byte {
	s := cryptobyte.String(der)
	var set cryptobyte.String
	if !s.ReadASN1(&set, cbasn1.SET) {
		return der
	}
	var elements [][]byte
	for !set.Empty() {
		var el cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1Element(&el, &tag) {
			return der
		}
		elements = append(elements, el)
	}
	slices.SortFunc(elements, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, el := range elements {
			b.AddBytes(el)
		}
	})
	out, err := b.Bytes()
	if err != nil {
		return der
	}
	return out
}
