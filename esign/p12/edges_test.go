package p12_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
)

// Only the first element counts, so a file may be padded up to the largest size.
func TestLargestFile(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	padded := append(slices.Clone(i.PKCS12), make([]byte, p12.MaxFile-len(i.PKCS12))...)
	_, err := p12.Open(padded, i.Password, nil)
	require.NoError(t, err)
	_, err = p12.Open(append(padded, 0), i.Password, nil)
	require.ErrorContains(t, err, "octets")
}

func TestShortRSAKeyIsRefused(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	c := certificate(t, "A", nil, key.Public(), key)
	content, err := pkcs12.Modern.Encode(key, c, nil, "x")
	require.NoError(t, err)
	_, err = p12.Open(content, "x", nil)
	require.ErrorContains(t, err, "2048")
}

func certificate(t testing.TB, name string, parent *x509.Certificate, pub crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	t.Helper()
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:  x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		NotBefore: time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if parent == nil {
		parent = tpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, pub, by)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return c
}

// An authority's renewed certificate has the same name and another key: the path follows signatures, not names.
func TestPathFollowsSignatures(t *testing.T) {
	t.Parallel()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		return k
	}
	rootKey, caKey, oldKey, leafKey := key(), key(), key(), key()
	root := certificate(t, "Gốc", nil, rootKey.Public(), rootKey)
	ca := certificate(t, "CA", root, caKey.Public(), rootKey)
	old := certificate(t, "CA", root, oldKey.Public(), rootKey)
	stranger := certificate(t, "Khác", root, oldKey.Public(), rootKey)
	leaf := certificate(t, "A", ca, leafKey.Public(), caKey)
	type certs = []*x509.Certificate
	for name, c := range map[string]struct {
		first        *x509.Certificate
		others, want certs
	}{
		"alone":               {leaf, nil, certs{leaf}},
		"old one first":       {leaf, certs{old, ca, root}, certs{leaf, ca, root}},
		"old one last":        {leaf, certs{root, ca, old}, certs{leaf, ca, root}},
		"a stranger":          {leaf, certs{stranger, ca}, certs{leaf, ca}},
		"without the CA":      {leaf, certs{old, root}, certs{leaf}},
		"the key's not first": {ca, certs{leaf}, certs{leaf, ca}},
	} {
		content, err := pkcs12.Modern.Encode(leafKey, c.first, c.others, "x")
		require.NoError(t, err)
		s, err := p12.Open(content, "x", nil)
		require.NoError(t, err, name)
		got, err := s.Chain(t.Context())
		require.NoError(t, err)
		require.Len(t, got, len(c.want), name)
		for i := range got {
			require.Equal(t, c.want[i].Raw, got[i], name)
		}
		got[0][0] ^= 0xff
		again, err := s.Chain(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.want[0].Raw, again[0], "the caller's copy is its own")
	}
}

func request(scheme driver.Scheme) *driver.BeginRequest {
	return &driver.BeginRequest{
		Transaction: "t", Hash: crypto.SHA256, Scheme: scheme, Items: []driver.Item{{Digest: make([]byte, 32)}},
	}
}

func TestSchemesOfKeys(t *testing.T) {
	t.Parallel()
	for k, fits := range map[pkisim.KeyType][]driver.Scheme{
		pkisim.RSA2048: {driver.RSAPKCS1v15, driver.RSAPSS}, pkisim.P256: {driver.ECDSA},
	} {
		i := issue(t, k)
		s, err := p12.Open(i.PKCS12, i.Password, nil)
		require.NoError(t, err)
		for scheme := driver.RSAPKCS1v15 - 1; scheme <= driver.ECDSA+1; scheme++ {
			r, want, handle := request(scheme), driver.CodeInvalid, "x"
			if slices.Contains(fits, scheme) {
				want = driver.CodeOK
			}
			b, err := s.Begin(t.Context(), r)
			require.Equal(t, want, s.ErrorCode(err), "%v with %v", scheme, k)
			if b != nil {
				handle = b.Handle
			}
			_, err = s.Complete(t.Context(), &driver.CompleteRequest{Begin: r, Handle: handle})
			require.Equal(t, want, s.ErrorCode(err), "%v with %v", scheme, k)
		}
	}
}

func TestCompleteRefuses(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	s, err := p12.Open(i.PKCS12, i.Password, nil)
	require.NoError(t, err)
	r := request(driver.ECDSA)
	for _, c := range []struct {
		r    *driver.CompleteRequest
		want driver.Code
	}{
		{nil, driver.CodeInvalid}, {&driver.CompleteRequest{}, driver.CodeInvalid},
		{&driver.CompleteRequest{Begin: r, Handle: "another"}, driver.CodeConflict},
	} {
		_, err = s.Complete(t.Context(), c.r)
		require.Equal(t, c.want, s.ErrorCode(err))
	}
	b, err := s.Begin(t.Context(), r)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Complete(ctx, &driver.CompleteRequest{Begin: r, Handle: b.Handle})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, driver.CodeUnavailable, s.ErrorCode(err))
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	s := &p12.Signer{}
	cause := errors.New("cause")
	e := &p12.Error{Code: driver.CodeInternal, Text: "text", Err: cause}
	require.ErrorIs(t, e, cause)
	require.Equal(t, "pkcs12: text: cause", e.Error())
	require.Equal(t, "pkcs12: text", (&p12.Error{Text: "text"}).Error())
	for want, err := range map[driver.Code]error{
		driver.CodeOK: nil, driver.CodeInternal: fmt.Errorf("x: %w", e), driver.CodeUnknown: cause,
		driver.CodeUnavailable: fmt.Errorf("x: %w", context.DeadlineExceeded),
	} {
		require.Equal(t, want, s.ErrorCode(err))
	}
}
