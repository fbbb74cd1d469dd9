package cms

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SignedData is a CMS SignedData as read. Its slices are parts of the bytes
// given to [Parse], or of their DER form, and must not be changed.
type SignedData struct {
	DER      []byte // the ContentInfo in DER
	Consumed int    // octets of the input it took; what follows is the caller's to judge
	WasDER   bool   // the input needed no conversion

	Version          int
	DigestAlgorithms []Algorithm
	ContentType      asn1.ObjectIdentifier
	Content          []byte // the encapsulated content; nil when Detached
	Detached         bool
	Certificates     []Certificate
	CRLs             [][]byte // DER of each, of any kind
	Signers          []SignerInfo

	otherCertificates int // attribute certificates and other kinds, not read
}

// Certificate is one certificate found in a file. One that Go cannot read keeps
// its bytes and the reason, so that a verifier says "certificate unreadable" and
// never "no signature".
type Certificate struct {
	Raw []byte
	X   *x509.Certificate // nil when Err is set
	Err error
}

// SignerInfo is one signer's part (RFC 5652 §5.3).
type SignerInfo struct {
	Version            int
	Issuer             []byte   // DER of the issuer's name; nil when named by KeyID
	Serial             *big.Int // nil when named by KeyID
	KeyID              []byte   // subject key identifier; nil when named by issuer and serial
	DigestAlgorithm    Algorithm
	SignatureAlgorithm Algorithm
	// SignedAttributes are the octets that were hashed and signed: the DER SET
	// with its universal tag. Nil when the signer has none.
	SignedAttributes []byte
	Signed           []Attribute
	Signature        []byte
	Unsigned         []Attribute

	sortedSigned, sortedUnsigned bool
}

// Attribute is one attribute with the DER of each of its values.
type Attribute struct {
	Type   asn1.ObjectIdentifier
	Values [][]byte
}

// Parse reads a ContentInfo holding a SignedData from the start of b. Octets
// after it, such as the padding of a PDF's /Contents, are left to the caller
// (see Consumed). Nil limits mean the defaults. Errors are [ErrMalformed] or
// [ErrLimit]; nothing is verified.
func Parse(b []byte, l *Limits) (*SignedData, error) {
	lim := l.withDefaults()
	der, consumed, exact, err := ToDER(b, &lim)
	if err != nil {
		return nil, err
	}
	sd := &SignedData{DER: der, Consumed: consumed, WasDER: exact}
	input := cryptobyte.String(der)
	var info, wrapped, body cryptobyte.String
	var typ asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&typ) {
		return nil, malformed("no ContentInfo")
	}
	if !typ.Equal(OIDSignedData) {
		return nil, malformed("content type %v instead of SignedData", typ)
	}
	if !info.ReadASN1(&wrapped, contextTag(0)) || !info.Empty() ||
		!wrapped.ReadASN1(&body, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return nil, malformed("no SignedData")
	}
	if err := sd.parse(body, &lim); err != nil {
		return nil, err
	}
	return sd, nil
}

func (sd *SignedData) parse(s cryptobyte.String, lim *Limits) error {
	var algorithms, content, set cryptobyte.String
	if !s.ReadASN1Integer(&sd.Version) || !s.ReadASN1(&algorithms, cbasn1.SET) ||
		!s.ReadASN1(&content, cbasn1.SEQUENCE) {
		return malformed("head of SignedData")
	}
	for !algorithms.Empty() {
		if len(sd.DigestAlgorithms) == lim.Signers {
			return fmt.Errorf("%w: more than %d digest algorithms", ErrLimit, lim.Signers)
		}
		a, err := readAlgorithm(&algorithms, "digestAlgorithms")
		if err != nil {
			return err
		}
		sd.DigestAlgorithms = append(sd.DigestAlgorithms, a)
	}
	if err := sd.parseContent(content); err != nil {
		return err
	}
	var present bool
	if !s.ReadOptionalASN1(&set, &present, contextTag(0)) {
		return malformed("certificates")
	}
	if err := sd.parseCertificates(set, lim); err != nil {
		return err
	}
	if !s.ReadOptionalASN1(&set, &present, contextTag(1)) {
		return malformed("crls")
	}
	for present && !set.Empty() {
		var crl cryptobyte.String
		var tag cbasn1.Tag
		if len(sd.CRLs) == lim.CRLs {
			return fmt.Errorf("%w: more than %d CRLs", ErrLimit, lim.CRLs)
		}
		if !set.ReadAnyASN1Element(&crl, &tag) {
			return malformed("crls")
		}
		sd.CRLs = append(sd.CRLs, crl)
	}
	var signers cryptobyte.String
	if !s.ReadASN1(&signers, cbasn1.SET) || !s.Empty() {
		return malformed("signerInfos")
	}
	for !signers.Empty() {
		if len(sd.Signers) == lim.Signers {
			return fmt.Errorf("%w: more than %d signers", ErrLimit, lim.Signers)
		}
		si, err := parseSigner(&signers, lim)
		if err != nil {
			return err
		}
		sd.Signers = append(sd.Signers, *si)
	}
	return nil
}

func (sd *SignedData) parseContent(s cryptobyte.String) error {
	if !s.ReadASN1ObjectIdentifier(&sd.ContentType) {
		return malformed("encapContentInfo")
	}
	if s.Empty() {
		sd.Detached = true
		return nil
	}
	var wrapped, octets cryptobyte.String
	if !s.ReadASN1(&wrapped, contextTag(0)) || !s.Empty() {
		return malformed("encapContentInfo")
	}
	if !wrapped.ReadASN1(&octets, cbasn1.OCTET_STRING) || !wrapped.Empty() {
		return malformed("eContent is no octet string")
	}
	sd.Content = append([]byte{}, octets...)
	return nil
}

func (sd *SignedData) parseCertificates(set cryptobyte.String, lim *Limits) error {
	for n := 0; !set.Empty(); n++ {
		var raw cryptobyte.String
		var tag cbasn1.Tag
		if n == lim.Certificates {
			return fmt.Errorf("%w: more than %d certificates", ErrLimit, lim.Certificates)
		}
		if !set.ReadAnyASN1Element(&raw, &tag) {
			return malformed("certificates")
		}
		if tag != cbasn1.SEQUENCE {
			sd.otherCertificates++
			continue
		}
		c := Certificate{Raw: raw}
		c.X, c.Err = x509.ParseCertificate(raw)
		sd.Certificates = append(sd.Certificates, c)
	}
	return nil
}

func parseSigner(set *cryptobyte.String, lim *Limits) (*SignerInfo, error) {
	var s, value cryptobyte.String
	si := &SignerInfo{}
	if !set.ReadASN1(&s, cbasn1.SEQUENCE) || !s.ReadASN1Integer(&si.Version) {
		return nil, malformed("SignerInfo")
	}
	if err := si.parseID(&s); err != nil {
		return nil, err
	}
	var err error
	if si.DigestAlgorithm, err = readAlgorithm(&s, "digestAlgorithm"); err != nil {
		return nil, err
	}
	if s.PeekASN1Tag(contextTag(0)) {
		var el cryptobyte.String
		if !s.ReadASN1Element(&el, contextTag(0)) {
			return nil, malformed("signedAttrs")
		}
		// The digest is taken over the SET with its own tag in place of the
		// implicit one (RFC 5652 §5.4).
		si.SignedAttributes = append([]byte{byte(cbasn1.SET)}, el[1:]...)
		if si.Signed, si.sortedSigned, err = parseAttributes(si.SignedAttributes, lim, "signedAttrs"); err != nil {
			return nil, err
		}
	}
	if si.SignatureAlgorithm, err = readAlgorithm(&s, "signatureAlgorithm"); err != nil {
		return nil, err
	}
	if !s.ReadASN1(&value, cbasn1.OCTET_STRING) {
		return nil, malformed("signature value")
	}
	si.Signature = value
	si.sortedUnsigned = true
	if s.PeekASN1Tag(contextTag(1)) {
		var el cryptobyte.String
		if !s.ReadASN1Element(&el, contextTag(1)) {
			return nil, malformed("unsignedAttrs")
		}
		set := append([]byte{byte(cbasn1.SET)}, el[1:]...)
		if si.Unsigned, si.sortedUnsigned, err = parseAttributes(set, lim, "unsignedAttrs"); err != nil {
			return nil, err
		}
	}
	if !s.Empty() {
		return nil, malformed("SignerInfo has more than it should")
	}
	return si, nil
}

func (si *SignerInfo) parseID(s *cryptobyte.String) error {
	keyID := cbasn1.Tag(0).ContextSpecific()
	if s.PeekASN1Tag(keyID) {
		var id cryptobyte.String
		if !s.ReadASN1(&id, keyID) {
			return malformed("signer's key identifier")
		}
		si.KeyID = id
		return nil
	}
	var id, name, serial cryptobyte.String
	if !s.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1Element(&name, cbasn1.SEQUENCE) ||
		!id.ReadASN1(&serial, cbasn1.INTEGER) || !id.Empty() || len(serial) == 0 {
		return malformed("signer's issuer and serial number")
	}
	si.Issuer, si.Serial = name, signedInt(serial)
	return nil
}

// signedInt reads the content of an INTEGER, also a non-minimal one: serial
// numbers in the field are not always what DER asks for.
func signedInt(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

func parseAttributes(der []byte, lim *Limits, what string) (attrs []Attribute, sorted bool, err error) {
	s := cryptobyte.String(der)
	var set cryptobyte.String
	if !s.ReadASN1(&set, cbasn1.SET) || !s.Empty() {
		return nil, false, malformed("%s", what)
	}
	sorted = true
	var before []byte
	for !set.Empty() {
		if len(attrs) == lim.Attributes {
			return nil, false, fmt.Errorf("%w: more than %d attributes in %s", ErrLimit, lim.Attributes, what)
		}
		var el, seq, values cryptobyte.String
		var a Attribute
		if !set.ReadASN1Element(&el, cbasn1.SEQUENCE) {
			return nil, false, malformed("%s", what)
		}
		sorted = sorted && bytes.Compare(before, el) < 0
		before = el
		body := el
		if !body.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.Type) ||
			!seq.ReadASN1(&values, cbasn1.SET) || !seq.Empty() {
			return nil, false, malformed("an attribute in %s", what)
		}
		for !values.Empty() {
			var v cryptobyte.String
			var tag cbasn1.Tag
			if len(a.Values) == lim.Attributes || !values.ReadAnyASN1Element(&v, &tag) {
				return nil, false, malformed("values of attribute %v in %s", a.Type, what)
			}
			a.Values = append(a.Values, v)
		}
		attrs = append(attrs, a)
	}
	return attrs, sorted, nil
}
