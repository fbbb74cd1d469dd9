package cms

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // ESS version 1 names its certificate by SHA-1
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SigningCertificate is the first entry of an ESS signing-certificate attribute
// (RFC 2634 §5.4, RFC 5035): the certificate the signer says was used.
type SigningCertificate struct {
	V2    bool // version 1 is SHA-1 and found in old files only
	Hash  crypto.Hash
	Value []byte
	Count int // entries in the attribute; those after the first are not read
	// Issuer and Serial are hints (DER of the GeneralNames, content octets of
	// the INTEGER); nil when absent, as EN 319 122-1 §6.3 recommends.
	Issuer, Serial []byte
}

// SigningCertificate reads the ESS attribute of a signer, version 2 before
// version 1. It fails with [ErrSigningCertificate] when there is none, when a
// version stands twice, or when it cannot be read.
func (si *SignerInfo) SigningCertificate() (*SigningCertificate, error) {
	for _, v2 := range []bool{true, false} {
		oid := OIDSigningCertificate
		if v2 {
			oid = OIDSigningCertificateV2
		}
		values, n := si.signed(oid.String())
		if n == 0 {
			continue
		}
		if n != 1 || len(values) != 1 {
			return nil, fmt.Errorf("%w: it stands %d times", ErrSigningCertificate, max(n, len(values)))
		}
		return parseESS(values[0], v2)
	}
	return nil, fmt.Errorf("%w: it is missing", ErrSigningCertificate)
}

// signed returns the values of a signed attribute and how often it stands.
func (si *SignerInfo) signed(oid string) (values [][]byte, n int) {
	for _, a := range si.Signed {
		if a.Type.String() == oid {
			n++
			values = append(values, a.Values...)
		}
	}
	return values, n
}

func parseESS(der []byte, v2 bool) (*SigningCertificate, error) {
	bad := fmt.Errorf("%w: it cannot be read", ErrSigningCertificate)
	s := cryptobyte.String(der)
	var seq, certs, first, value, issuerSerial cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1(&certs, cbasn1.SEQUENCE) {
		return nil, bad
	}
	// A list of policies may follow; it restricts nothing that is used here.
	if !seq.Empty() && !seq.SkipASN1(cbasn1.SEQUENCE) || !seq.Empty() {
		return nil, bad
	}
	if !certs.ReadASN1(&first, cbasn1.SEQUENCE) {
		return nil, bad
	}
	out := &SigningCertificate{V2: v2, Hash: crypto.SHA1, Count: 1}
	for ; !certs.Empty(); out.Count++ {
		if !certs.SkipASN1(cbasn1.SEQUENCE) {
			return nil, bad
		}
	}
	if v2 {
		out.Hash = crypto.SHA256
		if first.PeekASN1Tag(cbasn1.SEQUENCE) {
			h, err := readHash(&first)
			if err != nil {
				return nil, fmt.Errorf("%w: unknown hash", ErrSigningCertificate)
			}
			out.Hash = h
		}
	}
	if !first.ReadASN1(&value, cbasn1.OCTET_STRING) || len(value) != out.Hash.Size() {
		return nil, bad
	}
	out.Value = value
	if first.Empty() {
		return out, nil
	}
	var names, serial cryptobyte.String
	if !first.ReadASN1(&issuerSerial, cbasn1.SEQUENCE) || !first.Empty() ||
		!issuerSerial.ReadASN1Element(&names, cbasn1.SEQUENCE) ||
		!issuerSerial.ReadASN1(&serial, cbasn1.INTEGER) || !issuerSerial.Empty() {
		return nil, bad
	}
	out.Issuer, out.Serial = names, serial
	return out, nil
}

// Matches says whether the attribute names the certificate with these bytes.
func (c *SigningCertificate) Matches(raw []byte) bool {
	if !c.Hash.Available() {
		return false
	}
	h := c.Hash.New()
	h.Write(raw)
	return bytes.Equal(h.Sum(nil), c.Value)
}

func marshalESS(raw []byte, h crypto.Hash) ([]byte, error) {
	sum := h.New()
	sum.Write(raw)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				// SHA-256 is the default and DER leaves a default out.
				if h != crypto.SHA256 {
					Algorithm{OID: HashOID(h)}.marshal(b)
				}
				b.AddASN1OctetString(sum.Sum(nil))
			})
		})
	})
	return b.Bytes()
}
