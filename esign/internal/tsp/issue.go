package tsp

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/motcua/motcua/esign/internal/cms"
)

// Authority signs tokens.
type Authority struct {
	Chain  [][]byte // DER, the authority's certificate first
	Key    crypto.Signer
	Policy asn1.ObjectIdentifier
	Rand   io.Reader // for signatures with randomness; not nil
}

// Issue makes a token for a request at a time, with a serial number that the
// caller never gives twice.
func (a *Authority) Issue(r *Request, at time.Time, serial *big.Int) ([]byte, error) {
	info, err := a.info(r, at, serial)
	if err != nil {
		return nil, err
	}
	sum := crypto.SHA256.New()
	sum.Write(info)
	attrs, err := cms.SignedAttributes(&cms.AttributeSpec{
		ContentType: cms.OIDTSTInfo, Hash: crypto.SHA256, Digest: sum.Sum(nil), Certificate: a.Chain[0],
	})
	if err != nil {
		return nil, err
	}
	scheme, err := cms.SchemeFor(a.Key.Public())
	if err != nil {
		return nil, err
	}
	sum.Reset()
	sum.Write(attrs)
	value, err := a.Key.Sign(a.Rand, sum.Sum(nil), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("the time-stamping key does not sign: %w", err)
	}
	chain := a.Chain
	if !r.CertReq {
		// RFC 3161 §2.4.1: without certReq the certificates stay out.
		return stripped(info, attrs, value, scheme, chain[0])
	}
	return cms.Assemble(&cms.Parts{
		ContentType: cms.OIDTSTInfo, Content: info, Chain: chain, Hash: crypto.SHA256, Scheme: scheme,
		SignedAttributes: attrs, Signature: value,
	})
}

func stripped(info, attrs, value []byte, scheme cms.Scheme, certificate []byte) ([]byte, error) {
	leaf, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, malformed("certificate of the authority")
	}
	return cms.Assemble(&cms.Parts{
		ContentType: cms.OIDTSTInfo, Content: info, Signer: leaf, Hash: crypto.SHA256, Scheme: scheme,
		SignedAttributes: attrs, Signature: value,
	})
}

func (a *Authority) info(r *Request, at time.Time, serial *big.Int) ([]byte, error) {
	oid := cms.HashOID(r.Hash)
	if oid == nil || len(r.Imprint) != r.Hash.Size() {
		return nil, fmt.Errorf("%w: imprint and hash do not fit", ErrImprint)
	}
	at = at.UTC()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(a.Policy)
		addImprint(b, oid, r.Imprint)
		b.AddASN1BigInt(serial)
		b.AddASN1(cbasn1.GeneralizedTime, func(b *cryptobyte.Builder) {
			// DER drops trailing zeros of the fraction, and the point with them.
			b.AddBytes([]byte(at.Format("20060102150405.999") + "Z"))
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(1) })
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
	})
	return b.Bytes()
}
