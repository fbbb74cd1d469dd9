package cms

import (
	"crypto"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// readPSS reads RSASSA-PSS-params (RFC 4055 §3.1). The mask must use the same
// hash and the trailer be the usual one, as RFC 4056 asks of signers.
func readPSS(der []byte) (signatureScheme, error) {
	bad := fmt.Errorf("%w: parameters of RSA-PSS", ErrAlgorithm)
	s := cryptobyte.String(der)
	var seq, field cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return signatureScheme{}, bad
	}
	out := signatureScheme{scheme: RSAPSS, hash: crypto.SHA1, salt: 20}
	mask := crypto.SHA1
	var present bool
	if !seq.ReadOptionalASN1(&field, &present, contextTag(0)) {
		return signatureScheme{}, bad
	}
	if present {
		h, err := readHash(&field)
		if err != nil || !field.Empty() {
			return signatureScheme{}, bad
		}
		out.hash = h
	}
	if !seq.ReadOptionalASN1(&field, &present, contextTag(1)) {
		return signatureScheme{}, bad
	}
	if present {
		mgf, err := readAlgorithm(&field, "mask generation")
		if err != nil || !field.Empty() || !mgf.OID.Equal(oidMGF1) {
			return signatureScheme{}, bad
		}
		p := cryptobyte.String(mgf.Params)
		if mask, err = readHash(&p); err != nil || !p.Empty() {
			return signatureScheme{}, bad
		}
	}
	if !seq.ReadOptionalASN1Integer(&out.salt, contextTag(2), 20) {
		return signatureScheme{}, bad
	}
	var trailer int
	if !seq.ReadOptionalASN1Integer(&trailer, contextTag(3), 1) || trailer != 1 || !seq.Empty() {
		return signatureScheme{}, bad
	}
	if mask != out.hash || out.salt < 0 || out.salt > 512 {
		return signatureScheme{}, bad
	}
	return out, nil
}

func readHash(s *cryptobyte.String) (crypto.Hash, error) {
	a, err := readAlgorithm(s, "hash")
	if err != nil {
		return 0, err
	}
	return a.hash()
}

func marshalPSS(h crypto.Hash) ([]byte, error) {
	hash := Algorithm{HashOID(h), derNull}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(contextTag(0), hash.marshal)
		b.AddASN1(contextTag(1), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidMGF1)
				hash.marshal(b)
			})
		})
		b.AddASN1(contextTag(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(h.Size())) })
	})
	return b.Bytes()
}

func contextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
