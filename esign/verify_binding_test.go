package esign_test

import (
	"crypto"
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
