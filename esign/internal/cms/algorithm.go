package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Scheme is a way of signing with a key.
type Scheme int

const (
	// RSAPKCS1v15 is RSASSA-PKCS1-v1_5 (RFC 8017 §8.2), what Vietnamese
	// certificates and tokens use.
	RSAPKCS1v15 Scheme = iota + 1
	// RSAPSS is RSASSA-PSS with MGF1 on the same hash and a salt as long as
	// the hash; other parameters can be read but not written.
	RSAPSS
	// ECDSA with an ASN.1 signature value.
	ECDSA
	// EdDSA is Ed25519 over the signed attributes themselves (RFC 8419); it is
	// read but not written, for signers are given digests.
	EdDSA
)

func (s Scheme) String() string {
	switch s {
	case RSAPKCS1v15:
		return "RSA PKCS#1 v1.5"
	case RSAPSS:
		return "RSA-PSS"
	case ECDSA:
		return "ECDSA"
	case EdDSA:
		return "Ed25519"
	default:
		return "unknown scheme"
	}
}

// SchemeFor returns the scheme used by default with a public key.
func SchemeFor(pub crypto.PublicKey) (Scheme, error) {
	switch pub.(type) {
	case *rsa.PublicKey:
		return RSAPKCS1v15, nil
	case *ecdsa.PublicKey:
		return ECDSA, nil
	case ed25519.PublicKey:
		return 0, fmt.Errorf("%w: Ed25519 signs messages, not digests; use an RSA or P-256 certificate", ErrAlgorithm)
	default:
		return 0, fmt.Errorf("%w: key of type %T", ErrAlgorithm, pub)
	}
}

// Algorithm is an AlgorithmIdentifier as it stands in a file.
type Algorithm struct {
	OID    asn1.ObjectIdentifier
	Params []byte // DER of the parameters; nil when absent
}

var derNull = []byte{5, 0}

// plain says whether the parameters say nothing: absent or NULL.
func (a Algorithm) plain() bool { return a.Params == nil || bytes.Equal(a.Params, derNull) }

func (a Algorithm) marshal(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(a.OID)
		b.AddBytes(a.Params)
	})
}

func (a Algorithm) equal(o Algorithm) bool {
	return a.OID.Equal(o.OID) && bytes.Equal(a.Params, o.Params)
}

func readAlgorithm(s *cryptobyte.String, what string) (Algorithm, error) {
	var seq cryptobyte.String
	var a Algorithm
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.OID) {
		return a, malformed("%s", what)
	}
	if seq.Empty() {
		return a, nil
	}
	var params cryptobyte.String
	var tag cbasn1.Tag
	if !seq.ReadAnyASN1Element(&params, &tag) || !seq.Empty() {
		return a, malformed("parameters of %s", what)
	}
	a.Params = params
	return a, nil
}

// hash returns the digest algorithm named by a, whose parameters must say
// nothing (RFC 5754 §2).
func (a Algorithm) hash() (crypto.Hash, error) {
	h := HashOf(a.OID)
	if h == 0 {
		return 0, fmt.Errorf("%w: digest algorithm %v", ErrAlgorithm, a.OID)
	}
	if !a.plain() {
		return 0, fmt.Errorf("%w: digest algorithm with parameters", ErrAlgorithm)
	}
	return h, nil
}

// signatureScheme is an algorithm identifier understood: how, with what hash
// (zero when the identifier leaves it to digestAlgorithm) and, for PSS, with how
// long a salt.
type signatureScheme struct {
	scheme Scheme
	hash   crypto.Hash
	salt   int
}

func (a Algorithm) signature() (signatureScheme, error) {
	if a.OID.Equal(oidRSAPSS) {
		return readPSS(a.Params)
	}
	for _, k := range []struct {
		oid asn1.ObjectIdentifier
		signatureScheme
	}{
		{oidRSA, signatureScheme{scheme: RSAPKCS1v15}},
		{oidSHA256RSA, signatureScheme{scheme: RSAPKCS1v15, hash: crypto.SHA256}},
		{oidSHA384RSA, signatureScheme{scheme: RSAPKCS1v15, hash: crypto.SHA384}},
		{oidSHA512RSA, signatureScheme{scheme: RSAPKCS1v15, hash: crypto.SHA512}},
		{oidSHA224RSA, signatureScheme{scheme: RSAPKCS1v15, hash: crypto.SHA224}},
		{oidSHA1RSA, signatureScheme{scheme: RSAPKCS1v15, hash: crypto.SHA1}},
		{oidEd25519, signatureScheme{scheme: EdDSA, hash: crypto.SHA512}},
		{oidECPublicKey, signatureScheme{scheme: ECDSA}},
		{oidECDSASHA256, signatureScheme{scheme: ECDSA, hash: crypto.SHA256}},
		{oidECDSASHA384, signatureScheme{scheme: ECDSA, hash: crypto.SHA384}},
		{oidECDSASHA512, signatureScheme{scheme: ECDSA, hash: crypto.SHA512}},
		{oidECDSASHA224, signatureScheme{scheme: ECDSA, hash: crypto.SHA224}},
		{oidECDSASHA1, signatureScheme{scheme: ECDSA, hash: crypto.SHA1}},
	} {
		if !a.OID.Equal(k.oid) {
			continue
		}
		// Field names a curve in the parameters of id-ecPublicKey; nothing else
		// may stand there.
		if !a.plain() && !a.OID.Equal(oidECPublicKey) {
			return signatureScheme{}, fmt.Errorf("%w: signature algorithm with parameters", ErrAlgorithm)
		}
		return k.signatureScheme, nil
	}
	return signatureScheme{}, fmt.Errorf("%w: signature algorithm %v", ErrAlgorithm, a.OID)
}

// signatureAlgorithm is what [Assemble] writes for a scheme and hash.
func signatureAlgorithm(s Scheme, h crypto.Hash) (Algorithm, error) {
	type key struct {
		s Scheme
		h crypto.Hash
	}
	switch (key{s, h}) {
	case key{RSAPKCS1v15, crypto.SHA256}:
		return Algorithm{oidSHA256RSA, derNull}, nil
	case key{RSAPKCS1v15, crypto.SHA384}:
		return Algorithm{oidSHA384RSA, derNull}, nil
	case key{RSAPKCS1v15, crypto.SHA512}:
		return Algorithm{oidSHA512RSA, derNull}, nil
	case key{ECDSA, crypto.SHA256}:
		return Algorithm{oidECDSASHA256, nil}, nil
	case key{ECDSA, crypto.SHA384}:
		return Algorithm{oidECDSASHA384, nil}, nil
	case key{ECDSA, crypto.SHA512}:
		return Algorithm{oidECDSASHA512, nil}, nil
	case key{RSAPSS, crypto.SHA256}, key{RSAPSS, crypto.SHA384}, key{RSAPSS, crypto.SHA512}:
		params, err := marshalPSS(h)
		return Algorithm{oidRSAPSS, params}, err
	default:
		return Algorithm{}, fmt.Errorf("%w: %v with %v is not written", ErrAlgorithm, s, h)
	}
}
