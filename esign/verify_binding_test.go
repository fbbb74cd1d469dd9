package esign_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha1"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// attribute makes one signed attribute around a DER value.
func attribute(oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, value)
	})
	return b.BytesOrPanic()
}

func set(attributes ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, a := range attributes {
			b.AddBytes(a)
		}
	})
	return b.BytesOrPanic()
}

// TestOldBindings: attributes that our own signer never writes, as older programs did.
func TestOldBindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contentType := attribute(cms.OIDContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(cms.OIDData) })
	ess := func(certificate []byte) []byte {
		return attribute(cms.OIDSigningCertificate, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						sum := sha1.Sum(certificate)
						b.AddASN1OctetString(sum[:])
					})
				})
			})
		})
	}
	digestOf := func(digest []byte) []byte {
		return attribute(cms.OIDMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
	}
	for name, c := range map[string]struct {
		attrs   func(digest []byte) []byte
		verdict esign.Verdict
		intact  bool
		code    string
	}{
		"none": {func(d []byte) []byte { return set(contentType, digestOf(d)) }, esign.Indeterminate, true, "binding-missing"},
		"version 1 with SHA-1": {func(d []byte) []byte { return set(contentType, digestOf(d), ess(w.official.cert.Raw)) },
			esign.Indeterminate, true, "binding-weak"},
		"version 1 of another": {func(d []byte) []byte { return set(contentType, digestOf(d), ess(w.agency.cert.Raw)) },
			esign.Invalid, false, "binding-mismatch"},
		"digest twice": {func(d []byte) []byte { return set(contentType, digestOf(d), digestOf(d)) },
			esign.Invalid, false, "bad-attributes"},
		"no digest": {func([]byte) []byte { return set(contentType, ess(w.official.cert.Raw)) },
			esign.Invalid, false, "bad-attributes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := signed(t, blank(t), recipe{by: w.official, cms: func(p *cms.Parts, digest []byte) {
				p.SignedAttributes = c.attrs(digest)
				sum := crypto.SHA256.New()
				sum.Write(p.SignedAttributes)
				var err error
				p.Signature, err = w.official.key.Sign(rand.Reader, sum.Sum(nil), crypto.SHA256)
				require.NoError(t, err)
			}})
			r := verify(t, file, w.trusting())
			require.Equal(t, c.code, r.Reason.Code, r.Reason.EN)
			require.Equal(t, c.verdict, r.Verdict)
			require.Equal(t, c.intact, r.Intact)
		})
	}
}

// TestByteRangeRules: what a signature says it covers must be everything but itself.
func TestByteRangeRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, r := range map[string]pdf.Object{
		"missing": nil, "no list": pdf.Name("x"), "three numbers": pdf.Array{0, 1, 2}, "six numbers": pdf.Array{0, 1, 2, 3, 4, 5},
		"not from the start": pdf.Array{1, 1, 2, 3}, "negative": pdf.Array{0, -1, 2, 3}, "reals": pdf.Array{0.0, 1.0, 2.0, 3.0},
		"past the end": pdf.Array{0, 10, 20, 99999999}, "overflow": pdf.Array{0, 10, int64(1) << 62, int64(1) << 62},
		"everything": pdf.Array{0, 10, 10, 20}, "another gap": pdf.Array{0, 10, 20, 30},
	} {
		file := updated(t, blank(t), func(u *pdf.Update) {
			sig := pdf.Dict{"Type": pdf.Name("Sig"), "SubFilter": pdf.Name("ETSI.CAdES.detached"), "Contents": pdf.String("xxxx")}
			if r != nil {
				sig["ByteRange"] = r
			}
			setKeys(t, u, officialRef, pdf.Dict{"V": u.Add(sig)})
		})
		got := verify(t, file, w.trusting())
		require.Equal(t, "byte-range", got.Reason.Code, name)
		require.Equal(t, esign.Invalid, got.Verdict, name)
		require.False(t, got.Intact, name)
	}
	for name, v := range map[string]func(*pdf.Update) pdf.Object{
		"in place": func(*pdf.Update) pdf.Object { return pdf.Dict{"ByteRange": pdf.Array{0, 1, 2, 3}} },
		"a name":   func(*pdf.Update) pdf.Object { return pdf.Name("x") },
		"a list":   func(u *pdf.Update) pdf.Object { return u.Add(pdf.Array{}) },
	} {
		file := updated(t, blank(t), func(u *pdf.Update) { setKeys(t, u, officialRef, pdf.Dict{"V": v(u)}) })
		got := verify(t, file, w.trusting())
		require.Equal(t, "signature-object", got.Reason.Code, name)
		require.Equal(t, esign.Invalid, got.Verdict, name)
	}
}

// TestEd25519: our signer does not write it, others do (RFC 8419).
func TestEd25519(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	by := w.ca.issue(t, "Ed25519", key, asSigner)
	file := func(broken bool) []byte {
		var digest []byte
		return signed(t, blank(t), recipe{by: w.official, hash: crypto.SHA512, cms: func(_ *cms.Parts, d []byte) { digest = d },
			raw: func([]byte) []byte { return edSignedData(t, by, key, digest, broken) }})
	}
	r := verify(t, file(false), w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	r = verify(t, file(true), w.trusting())
	require.Equal(t, "signature-value", r.Reason.Code)
}

func edSignedData(t *testing.T, by *party, key ed25519.PrivateKey, digest []byte, broken bool) []byte {
	t.Helper()
	attrs, err := cms.SignedAttributes(&cms.AttributeSpec{Hash: crypto.SHA512, Digest: digest, Certificate: by.cert.Raw})
	require.NoError(t, err)
	value := ed25519.Sign(key, attrs)
	if broken {
		value[0] ^= 1
	}
	tag := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	algorithm := func(oid asn1.ObjectIdentifier) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
		}
	}
	sha512 := algorithm(cms.HashOID(crypto.SHA512))
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(cms.OIDSignedData)
		b.AddASN1(tag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1(cbasn1.SET, sha512)
				algorithm(cms.OIDData)(b)
				b.AddASN1(tag(0), func(b *cryptobyte.Builder) {
					for _, c := range by.chain() {
						b.AddBytes(c)
					}
				})
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(1)
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddBytes(by.cert.RawIssuer)
							b.AddASN1BigInt(by.cert.SerialNumber)
						})
						sha512(b)
						b.AddBytes(append([]byte{byte(tag(0))}, attrs[1:]...))
						algorithm(asn1.ObjectIdentifier{1, 3, 101, 112})(b)
						b.AddASN1OctetString(value)
					})
				})
			})
		})
	})
	return b.BytesOrPanic()
}

// TestLargeExponent: Go does not compute with such a key, which is no reason to call the signature broken.
func TestLargeExponent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := rsaKey(t, 2048)
	key.E = 1<<33 + 1
	by := w.ca.issue(t, "Số mũ lớn", key, asSigner)
	file := signed(t, blank(t), recipe{by: &party{cert: by.cert, above: by.above, key: rsaKey(t, 2048)}})
	r := verify(t, file, w.trusting())
	require.Equal(t, "certificate-unreadable", r.Reason.Code)
	require.Equal(t, esign.Indeterminate, r.Verdict)
	require.False(t, r.Intact)
}
