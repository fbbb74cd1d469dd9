package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// AttributeSpec is what the signed attributes of a signature say.
type AttributeSpec struct {
	ContentType asn1.ObjectIdentifier // nil means id-data
	Hash        crypto.Hash           // SHA-256, SHA-384 or SHA-512
	Digest      []byte                // of the content, by Hash
	Certificate []byte                // DER of the signer's certificate, for ESS
	// SigningTime is written only when set. PAdES forbids the attribute (EN
	// 319 142-1 §6.3): there the time stands in the signature dictionary.
	SigningTime time.Time
}

// SignedAttributes returns the DER SET of signed attributes: content type,
// message digest, ESS signing-certificate-v2 and, if asked for, signing time.
// Hashing these octets gives what the key signs. The result depends on nothing
// but the argument.
func SignedAttributes(s *AttributeSpec) ([]byte, error) {
	if HashOID(s.Hash) == nil || !s.Hash.Available() || s.Hash.Size() < 32 {
		return nil, fmt.Errorf("%w: %v cannot be written; use SHA-256", ErrAlgorithm, s.Hash)
	}
	if len(s.Digest) != s.Hash.Size() {
		return nil, fmt.Errorf("%w: a digest of %d octets is not one of %v", ErrDigest, len(s.Digest), s.Hash)
	}
	if len(s.Certificate) == 0 {
		return nil, fmt.Errorf("%w: no certificate given", ErrSigningCertificate)
	}
	ess, err := marshalESS(s.Certificate, s.Hash)
	if err != nil {
		return nil, err
	}
	attrs := []Attribute{
		{OIDContentType, [][]byte{build(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(contentType(s.ContentType)) })}},
		{OIDMessageDigest, [][]byte{build(func(b *cryptobyte.Builder) { b.AddASN1OctetString(s.Digest) })}},
		{OIDSigningCertificateV2, [][]byte{ess}},
	}
	if !s.SigningTime.IsZero() {
		attrs = append(attrs, Attribute{OIDSigningTime, [][]byte{build(func(b *cryptobyte.Builder) {
			addTime(b, s.SigningTime.UTC())
		})}})
	}
	return marshalAttributes(attrs, cbasn1.SET)
}

// addTime writes UTCTime until 2049, as RFC 5652 §11.3 asks.
func addTime(b *cryptobyte.Builder, t time.Time) {
	if y := t.Year(); y >= 1950 && y < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

// Parts are the pieces of a finished SignedData with one signer.
type Parts struct {
	ContentType      asn1.ObjectIdentifier // nil means id-data
	Content          []byte                // nil makes a detached signature
	Chain            [][]byte              // DER certificates, signer first; all of them are embedded
	Signer           *x509.Certificate     // instead of Chain, when no certificate is to be embedded
	Hash             crypto.Hash
	Scheme           Scheme
	SignedAttributes []byte // from [SignedAttributes]
	Signature        []byte
	TimeStamp        []byte // RFC 3161 token over Signature; nil for none
}

// Assemble writes the ContentInfo in DER. It does not verify: a caller who got
// the signature from outside checks it first with [VerifyDigest].
func Assemble(p *Parts) ([]byte, error) {
	if len(p.SignedAttributes) < 2 || len(p.Signature) == 0 {
		return nil, malformed("signed attributes or signature value is missing")
	}
	leaf, err := p.leaf()
	if err != nil {
		return nil, err
	}
	digest := Algorithm{OID: HashOID(p.Hash)}
	if digest.OID == nil {
		return nil, fmt.Errorf("%w: %v", ErrAlgorithm, p.Hash)
	}
	signature, err := signatureAlgorithm(p.Scheme, p.Hash)
	if err != nil {
		return nil, err
	}
	unsigned, err := unsignedAttributes(p)
	if err != nil {
		return nil, err
	}
	typ := contentType(p.ContentType)
	version := int64(1)
	if !typ.Equal(OIDData) {
		version = 3
	}
	certs := slices.Clone(p.Chain)
	slices.SortFunc(certs, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(OIDSignedData)
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(version)
				b.AddASN1(cbasn1.SET, digest.marshal)
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addContent(b, typ, p.Content) })
				if len(certs) > 0 {
					b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) {
						for _, c := range certs {
							b.AddBytes(c)
						}
					})
				}
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(1)
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddBytes(leaf.RawIssuer)
							b.AddASN1BigInt(leaf.SerialNumber)
						})
						digest.marshal(b)
						b.AddBytes([]byte{byte(contextTag(0))})
						b.AddBytes(p.SignedAttributes[1:])
						signature.marshal(b)
						b.AddASN1OctetString(p.Signature)
						b.AddBytes(unsigned)
					})
				})
			})
		})
	})
	return b.Bytes()
}

func (p *Parts) leaf() (*x509.Certificate, error) {
	if len(p.Chain) == 0 {
		if p.Signer == nil {
			return nil, malformed("no certificate given")
		}
		return p.Signer, nil
	}
	leaf, err := x509.ParseCertificate(p.Chain[0])
	if err != nil {
		return nil, malformed("the signer's certificate cannot be read")
	}
	return leaf, nil
}

func contentType(oid asn1.ObjectIdentifier) asn1.ObjectIdentifier {
	if oid == nil {
		return OIDData
	}
	return oid
}

func addContent(b *cryptobyte.Builder, typ asn1.ObjectIdentifier, content []byte) {
	b.AddASN1ObjectIdentifier(typ)
	if content != nil {
		b.AddASN1(contextTag(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
	}
}

func unsignedAttributes(p *Parts) ([]byte, error) {
	if len(p.TimeStamp) == 0 {
		return nil, nil
	}
	return marshalAttributes([]Attribute{{OIDSignatureTimeStamp, [][]byte{p.TimeStamp}}}, contextTag(1))
}

func marshalAttributes(attrs []Attribute, tag cbasn1.Tag) ([]byte, error) {
	encoded := make([][]byte, 0, len(attrs))
	for _, a := range attrs {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(a.Type)
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				for _, v := range a.Values {
					b.AddBytes(v)
				}
			})
		})
		der, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, der)
	}
	slices.SortFunc(encoded, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, e := range encoded {
			b.AddBytes(e)
		}
	})
	return b.Bytes()
}

// build writes a value whose encoding cannot fail; a failure would leave an
// empty value that no reader accepts.
func build(f func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	f(&b)
	out, _ := b.Bytes() // nil after a failure
	return out
}

// MaxSignatureSize returns the largest length in octets of a signature value
// made with the private half of the key.
func MaxSignatureSize(pub crypto.PublicKey) (int, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return k.Size(), nil
	case *ecdsa.PublicKey:
		n := (k.Curve.Params().BitSize + 7) / 8
		// Two integers, each with a possible leading zero.
		largest := new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, n))
		return len(build(func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(largest)
				b.AddASN1BigInt(largest)
			})
		})), nil
	default:
		return 0, fmt.Errorf("%w: key of type %T", ErrAlgorithm, pub)
	}
}

// Size returns the largest length in octets that [Assemble] can give with these
// parts, whose Signature and TimeStamp are ignored, and a time stamp token of at
// most tokenSize octets (0 for none). It is what must be kept free for the
// signature before the signer is asked.
func Size(p *Parts, tokenSize int) (int, error) {
	leaf, err := p.leaf()
	if err != nil {
		return 0, err
	}
	n, err := MaxSignatureSize(leaf.PublicKey)
	if err != nil {
		return 0, err
	}
	q := *p
	q.Signature = make([]byte, n)
	q.TimeStamp = nil
	if tokenSize > 0 {
		q.TimeStamp = make([]byte, tokenSize)
	}
	der, err := Assemble(&q)
	if err != nil {
		return 0, err
	}
	return len(der), nil
}
