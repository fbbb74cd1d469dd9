package esign_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
)

func TestSignatureRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.ca.issue(t, "Người khác", nil, asSigner)
	sameKey := w.ca.issue(t, "Cùng khoá", w.official.key, asSigner)
	foreign := newWorld(t)
	leafAsIssuer := w.official.issue(t, "Do người dùng cấp", nil, asSigner)
	for name, c := range map[string]struct {
		recipe  recipe
		verdict esign.Verdict
		code    string
	}{
		"certificate beside the path": {recipe{by: w.official, chain: append(w.official.chain(), stranger.cert.Raw)},
			esign.Invalid, "certificate-extra"},
		"foreign certificate beside the path": {recipe{by: w.official, chain: append(w.official.chain(), foreign.root.cert.Raw)},
			esign.Invalid, "certificate-extra"},
		"root beside the path": {recipe{by: w.official, chain: append(w.official.chain(), w.root.cert.Raw)}, esign.Valid, "valid"},
		"without intermediate": {recipe{by: w.official, chain: [][]byte{w.official.cert.Raw}},
			esign.Indeterminate, "unknown-root"},
		"another certificate of the same key": {recipe{by: w.official, chain: sameKey.chain()}, esign.Invalid, "binding-mismatch"},
		"binding names another": {recipe{by: w.official, attrs: func(s *cms.AttributeSpec) { s.Certificate = sameKey.cert.Raw }},
			esign.Invalid, "binding-mismatch"},
		"value of another key": {recipe{by: &party{cert: w.official.cert, above: w.official.above, key: stranger.key}},
			esign.Invalid, "signature-value"},
		"issuer is no authority": {recipe{by: leafAsIssuer}, esign.Indeterminate, "unknown-root"},
		"authority unknown":      {recipe{by: foreign.official}, esign.Indeterminate, "unknown-root"},
		"content inside": {recipe{by: w.official, cms: func(p *cms.Parts, _ []byte) { p.Content = []byte("hello") }},
			esign.Invalid, "content-inside"},
		"other content type": {recipe{by: w.official,
			attrs: func(s *cms.AttributeSpec) { s.ContentType = cms.OIDTSTInfo },
			cms:   func(p *cms.Parts, _ []byte) { p.ContentType = cms.OIDTSTInfo }}, esign.Invalid, "content-inside"},
		"digest of something else": {recipe{by: w.official, attrs: func(s *cms.AttributeSpec) {
			s.Digest = bytes.Repeat([]byte{1}, 32)
		}}, esign.Invalid, "digest"},
		"SHA-512": {recipe{by: w.official, hash: crypto.SHA512}, esign.Valid, "valid"},
		"time stamp of another signature": {recipe{by: w.official, cms: func(p *cms.Parts, _ []byte) {
			p.TimeStamp = w.tsa.token(t, []byte("another"), now)
		}}, esign.Invalid, "timestamp-broken"},
		"time stamp is none": {recipe{by: w.official, cms: func(p *cms.Parts, _ []byte) {
			p.TimeStamp = []byte{0x30, 0x00}
		}}, esign.Invalid, "timestamp-unreadable"},
		"time stamp by no authority for it": {recipe{by: w.official, stamp: w.agency}, esign.Invalid, "timestamp-usage"},
		"time stamp by a stranger":          {recipe{by: w.official, stamp: foreign.tsa}, esign.Indeterminate, "timestamp-untrusted"},
		"time stamp of tomorrow": {recipe{by: w.official, stamp: w.tsa, at: now.Add(24 * time.Hour)},
			esign.Indeterminate, "time-future"},
		"claims tomorrow": {recipe{by: w.official, dict: pdf.Dict{"M": pdf.String("D:20241117000000Z")}},
			esign.Indeterminate, "time-future"},
		"claims a time before the certificate": {recipe{by: w.official, dict: pdf.Dict{"M": pdf.String("D:20100101000000Z")}},
			esign.Indeterminate, "time-outside"},
		"old form": {recipe{by: w.official, dict: pdf.Dict{"SubFilter": pdf.Name("adbe.pkcs7.sha1")}},
			esign.Invalid, "unsupported-form"},
		"bytes behind the signature": {recipe{by: w.official, raw: func(der []byte) []byte { return append(der, 1) }},
			esign.Invalid, "contents-altered"},
		"no signature in it": {recipe{by: w.official, raw: func([]byte) []byte { return []byte("hello") }},
			esign.Invalid, "cms-unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verify(t, signed(t, blank(t), c.recipe), w.trusting())
			require.Equal(t, c.code, r.Reason.Code, r.Reason.EN)
			require.Equal(t, c.verdict, r.Verdict)
		})
	}
}

func TestCertificateRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	usage := func(ku x509.KeyUsage, eku ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = ku, eku }
	}
	weakCA := w.root.issue(t, "CA yếu", rsaKey(t, 1024), asCA)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		by      *party
		verdict esign.Verdict
		code    string
	}{
		"RSA 2048":          {w.ca.issue(t, "x", rsaKey(t, 2048), asSigner), esign.Valid, "valid"},
		"RSA 1024":          {w.ca.issue(t, "x", rsaKey(t, 1024), asSigner), esign.Invalid, "weak-algorithm"},
		"P-224":             {w.ca.issue(t, "x", p224, asSigner), esign.Invalid, "weak-algorithm"},
		"RSA 1024 above it": {weakCA.issue(t, "x", nil, asSigner), esign.Invalid, "weak-algorithm"},
		"no usage stated":   {w.ca.issue(t, "x", nil, nil), esign.Valid, "valid"},
		"for mail": {w.ca.issue(t, "x", nil, usage(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageEmailProtection)),
			esign.Valid, "valid"},
		"for servers": {w.ca.issue(t, "x", nil, usage(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth)),
			esign.Invalid, "certificate-usage"},
		"for encryption only": {w.ca.issue(t, "x", nil, usage(x509.KeyUsageKeyEncipherment)), esign.Invalid, "certificate-usage"},
		"expired": {w.ca.issue(t, "x", nil, func(c *x509.Certificate) {
			asSigner(c)
			c.NotAfter = now.Add(-time.Hour)
		}), esign.Indeterminate, "certificate-expired"},
		"expired, of a root that nobody knows": {newWorld(t).ca.issue(t, "x", nil, func(c *x509.Certificate) {
			asSigner(c)
			c.NotAfter = now.Add(-time.Hour)
		}), esign.Indeterminate, "unknown-root"},
		"critical extension that nobody knows": {w.ca.issue(t, "x", nil, func(c *x509.Certificate) {
			asSigner(c)
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}), esign.Indeterminate, "unknown-root"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verify(t, signed(t, blank(t), recipe{by: c.by}), w.trusting())
			require.Equal(t, c.code, r.Reason.Code, r.Reason.EN)
			require.Equal(t, c.verdict, r.Verdict)
			require.True(t, r.Intact, "these rules are about trust")
		})
	}
}

// TestPSS covers RSASSA-PSS, which the key itself does not tell.
func TestPSS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := rsaKey(t, 2048)
	by := w.ca.issue(t, "PSS", key, asSigner)
	file := signed(t, blank(t), recipe{by: by, cms: func(p *cms.Parts, _ []byte) {
		sum := sha256.Sum256(p.SignedAttributes)
		var err error
		p.Scheme = cms.RSAPSS
		p.Signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256})
		require.NoError(t, err)
	}})
	r := verify(t, file, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	require.Contains(t, r.Signers[0].Algorithm, "PSS")
}

// TestTimeStampOutlivesCertificate: what was proved while the certificate was valid stays so.
func TestTimeStampOutlivesCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	short := w.ca.issue(t, "Ngắn hạn", nil, func(c *x509.Certificate) {
		asSigner(c)
		c.NotAfter = now.Add(time.Hour)
	})
	later := w.trusting()
	later.Now = func() time.Time { return now.Add(1000 * time.Hour) }
	r := verify(t, signed(t, blank(t), recipe{by: short}), later)
	require.Equal(t, esign.Indeterminate, r.Verdict)
	require.Equal(t, "certificate-expired", r.Reason.Code)
	file := signed(t, blank(t), recipe{by: short, stamp: w.tsa})
	require.Equal(t, esign.Valid, verify(t, file, later).Verdict)

	// The time stamp's certificate ends, too: only a later time stamp keeps the proof.
	shortTSA := w.ca.issue(t, "Dấu thời gian ngắn hạn", nil, func(c *x509.Certificate) {
		asTSA(c)
		c.NotAfter = now.Add(2 * time.Hour)
	})
	file = signed(t, blank(t), recipe{by: short, stamp: shortTSA})
	r = verify(t, file, later)
	require.Equal(t, esign.Indeterminate, r.Verdict)
	require.True(t, r.Intact)
	renewed := signed(t, file, recipe{by: w.tsa, field: agencyRef, at: now.Add(90 * time.Minute), dict: pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"), "SubFilter": pdf.Name("ETSI.RFC3161"), "M": nil,
	}})
	r = verify(t, renewed, later)
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	tooLate := signed(t, file, recipe{by: w.tsa, field: agencyRef, at: now.Add(3 * time.Hour), dict: pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"), "SubFilter": pdf.Name("ETSI.RFC3161"), "M": nil,
	}})
	require.Equal(t, esign.Indeterminate, verify(t, tooLate, later).Verdict)
}

func TestCertificatesOfTheCallerCompletePaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official, chain: [][]byte{w.official.cert.Raw}})
	o := w.trusting()
	o.Certificates = []*x509.Certificate{w.ca.cert}
	require.Equal(t, esign.Valid, verify(t, file, o).Verdict)
	o.Roots = nil
	require.Equal(t, esign.Indeterminate, verify(t, file, o).Verdict, "they are not trusted themselves")
}

func TestLoadRoots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	two := append(block("CERTIFICATE", w.root.cert.Raw), block("CERTIFICATE", w.ca.cert.Raw)...)
	roots, err := esign.LoadRoots(two)
	require.NoError(t, err)
	require.Len(t, roots, 2)
	for name, data := range map[string][]byte{
		"nothing":       nil,
		"text":          []byte("hello"),
		"a key":         block("PRIVATE KEY", []byte{1}),
		"garbage":       block("CERTIFICATE", []byte{1}),
		"a broken end":  two[:len(two)-30],
		"a wrong start": append([]byte("-----BEGIN CERTIFICATE-----\nxx"), two...),
	} {
		_, err := esign.LoadRoots(data)
		require.Error(t, err, name)
	}
}
