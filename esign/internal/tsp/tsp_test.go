package tsp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/tooltest"
	"github.com/motcua/motcua/esign/internal/tsp"
)

type authority struct {
	root *x509.Certificate
	leaf *x509.Certificate
	tsp.Authority
}

func newAuthority(t testing.TB, change func(*x509.Certificate)) *authority {
	t.Helper()
	rootKey := key(t)
	root := issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Gốc"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, rootKey, rootKey)
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	require.NoError(t, err)
	tpl := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Dấu thời gian"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}},
	}
	if change != nil {
		change(tpl)
	}
	k := key(t)
	leaf := issue(t, tpl, root, k, rootKey)
	return &authority{root: root, leaf: leaf, Authority: tsp.Authority{
		Chain: [][]byte{leaf.Raw}, Key: k, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Rand: rand.Reader,
	}}
}

func key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

func issue(t testing.TB, tpl, parent *x509.Certificate, k, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	tpl.SerialNumber = big.NewInt(7)
	tpl.NotBefore = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
	tpl.NotAfter = time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
	if parent == nil {
		parent = tpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, k.Public(), by)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return c
}

var at = time.Date(2024, 11, 15, 8, 0, 0, 250_000_000, time.FixedZone("+07", 7*3600))

func imprint(s string) []byte {
	d := sha256.Sum256([]byte(s))
	return d[:]
}

func TestTokenIsAcceptedByOpenSSL(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "openssl")
	a := newAuthority(t, nil)
	token, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x"), Nonce: big.NewInt(-5), CertReq: true}, at, big.NewInt(900))
	require.NoError(t, err)
	root := tooltest.File(t, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw}))
	in := tooltest.File(t, "token.der", token)
	verify := func(data string) (string, error) {
		return tooltest.Run(t, "openssl", "ts", "-verify", "-token_in", "-in", in, "-CAfile", root,
			"-data", tooltest.File(t, "data", []byte(data)))
	}
	out, err := verify("x")
	require.NoError(t, err, out)
	require.Contains(t, out, "Verification: OK")
	_, err = verify("y")
	require.Error(t, err)
	text := tooltest.Must(t, "openssl", "ts", "-reply", "-token_in", "-token_out", "-text", "-in", in)
	require.Contains(t, text, "Time stamp: Nov 15 01:00:00.25 2024 GMT")
	require.Contains(t, text, "Nonce: 0x-05")
}

func TestReadRequestOfOpenSSL(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "openssl")
	out := filepath.Join(t.TempDir(), "req")
	tooltest.Must(t, "openssl", "ts", "-query", "-data", tooltest.File(t, "data", []byte("x")), "-sha512", "-cert",
		"-tspolicy", "1.2.3.4", "-out", out)
	der, err := os.ReadFile(out)
	require.NoError(t, err)
	r, err := tsp.ParseRequest(der)
	require.NoError(t, err)
	require.Equal(t, crypto.SHA512, r.Hash)
	require.True(t, r.CertReq)
	require.Equal(t, "1.2.3.4", r.Policy.String())
	require.NotNil(t, r.Nonce)
	again, err := r.Marshal()
	require.NoError(t, err)
	require.Equal(t, der, again)
}

func TestToken(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	for _, certReq := range []bool{true, false} {
		raw, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x"), CertReq: certReq}, at, big.NewInt(1))
		require.NoError(t, err)
		token, err := tsp.ParseToken(raw, nil)
		require.NoError(t, err)
		require.True(t, token.Info.Time.Equal(at))
		require.Equal(t, time.Second, token.Info.Accuracy)
		require.Empty(t, token.CMS.Irregularities())
		require.NoError(t, token.CheckImprint(crypto.SHA256, imprint("x")))
		require.ErrorIs(t, token.CheckImprint(crypto.SHA256, imprint("y")), tsp.ErrImprint)
		require.Equal(t, certReq, token.Certificate(nil) != nil)
		c := token.Certificate([]*x509.Certificate{a.root, a.leaf})
		require.NotNil(t, c)
		require.NoError(t, token.Verify(c))
		require.ErrorIs(t, token.Verify(nil), tsp.ErrSigner)
		require.Error(t, token.Verify(a.root))
	}
}

func TestUnfitSigners(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*x509.Certificate){
		"no usage":       func(c *x509.Certificate) { c.ExtraExtensions = nil },
		"not critical":   func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = false },
		"more than that": func(c *x509.Certificate) { c.ExtraExtensions = nil; c.ExtKeyUsage = []x509.ExtKeyUsage{8, 1} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, change)
			raw, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x"), CertReq: true}, at, big.NewInt(1))
			require.NoError(t, err)
			token, err := tsp.ParseToken(raw, nil)
			require.NoError(t, err)
			require.ErrorIs(t, token.Verify(token.Certificate(nil)), tsp.ErrSigner)
		})
	}
	a := newAuthority(t, nil)
	raw, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x"), CertReq: true},
		time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC), big.NewInt(1))
	require.NoError(t, err)
	token, err := tsp.ParseToken(raw, nil)
	require.NoError(t, err)
	require.ErrorIs(t, token.Verify(a.leaf), tsp.ErrSigner, "after the certificate's time")
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for _, r := range []tsp.Response{
		{Status: tsp.Granted, Failure: tsp.NoFailure, Token: []byte{0x30, 0}},
		{Status: tsp.Rejection, Failure: tsp.BadAlg},
		{Status: tsp.Rejection, Failure: tsp.UnacceptedPolicy},
		{Status: tsp.Rejection, Failure: tsp.SystemFailure},
		{Status: tsp.Waiting, Failure: tsp.NoFailure},
	} {
		der, err := r.Marshal()
		require.NoError(t, err)
		got, err := tsp.ParseResponse(der, nil)
		require.NoError(t, err)
		require.Equal(t, r, *got)
		_, err = tsp.ParseResponse(append(der, 0), nil)
		require.ErrorIs(t, err, tsp.ErrMalformed)
	}
	for _, r := range []tsp.Response{
		{Status: tsp.Granted}, {Status: tsp.Rejection, Failure: tsp.NoFailure, Token: []byte{0x30, 0}},
	} {
		der, err := r.Marshal()
		require.NoError(t, err)
		_, err = tsp.ParseResponse(der, nil)
		require.ErrorIs(t, err, tsp.ErrMalformed)
	}
	// A response with free text, as RFC 3161 allows: written by hand.
	got, err := tsp.ParseResponse([]byte{0x30, 0x0f, 0x30, 0x0d, 2, 1, 2, 0x30, 4, 0x0c, 2, 'n', 'o', 3, 2, 5, 0x20}, nil)
	require.NoError(t, err)
	require.Equal(t, tsp.BadRequest, got.Failure)
}

func FuzzMessages(f *testing.F) {
	a := newAuthority(f, nil)
	req := &tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x"), CertReq: true, Nonce: big.NewInt(9)}
	der, err := req.Marshal()
	require.NoError(f, err)
	f.Add(der)
	token, err := a.Issue(req, at, big.NewInt(1))
	require.NoError(f, err)
	f.Add(token)
	answer, err := (&tsp.Response{Token: token}).Marshal()
	require.NoError(f, err)
	f.Add(answer)
	lim := &cms.Limits{Bytes: 1 << 16}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = tsp.ParseRequest(b)
		_, _ = tsp.ParseResponse(b, lim)
		if t, err := tsp.ParseToken(b, lim); err == nil {
			_ = t.Verify(t.Certificate(nil))
		}
	})
}
