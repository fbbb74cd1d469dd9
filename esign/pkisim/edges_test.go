package pkisim_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/tsp"
	"github.com/motcua/motcua/esign/pkisim"
)

// The simulated authorities are what RFC 5280 §4.2.1.9 asks: a root with one authority below it, which has none below.
func TestAuthorities(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	require.True(t, p.Root().IsCA)
	require.Equal(t, 1, p.Root().MaxPathLen)
	issued, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "A", Kind: pkisim.Person, Key: pkisim.P256})
	require.NoError(t, err)
	ca, err := x509.ParseCertificate(issued.Chain[1])
	require.NoError(t, err)
	require.True(t, ca.IsCA)
	require.Zero(t, ca.MaxPathLen)
	require.True(t, ca.MaxPathLenZero)
	require.False(t, issued.Certificate.IsCA)
	require.Equal(t, 1, issued.Certificate.SerialNumber.Sign())
	require.Empty(t, issued.Certificate.Subject.Organization)
}

func TestNamesAtTheirEdges(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	most, over := strings.Repeat("ử", 200), strings.Repeat("ử", 201)
	for name, c := range map[string]struct {
		r  pkisim.IssueRequest
		ok bool
	}{
		"longest":             {pkisim.IssueRequest{Name: most, Unit: most, Identifier: most}, true},
		"name too long":       {pkisim.IssueRequest{Name: over}, false},
		"unit too long":       {pkisim.IssueRequest{Name: "A", Unit: over}, false},
		"identifier too long": {pkisim.IssueRequest{Name: "A", Identifier: over}, false},
		"unit is no text":     {pkisim.IssueRequest{Name: "A", Unit: "\xff"}, false},
	} {
		c.r.Kind, c.r.Key = pkisim.Organisation, pkisim.P256
		_, err := p.Issue(t.Context(), &c.r)
		require.Equal(t, c.ok, err == nil, name)
		srv := httptest.NewServer(p.CAHandler())
		_, err = pkisim.Enrol(t.Context(), nil, srv.URL, p.Secret(), &c.r)
		require.Equal(t, c.ok, err == nil, name)
		srv.Close()
	}
}

func (h harness) enrol(t testing.TB, csr []byte) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/enrol", bytes.NewReader(csr))
	r.Header.Set("Authorization", "Bearer "+h.p.Secret())
	w := httptest.NewRecorder()
	h.p.CAHandler().ServeHTTP(w, r)
	return w.Code
}

type harness struct{ p *pkisim.PKI }

func TestEnrolAtItsEdges(t *testing.T) {
	t.Parallel()
	p, dir := newPKI(t)
	h := harness{p}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	request := func(subject pkix.Name, key crypto.Signer) []byte {
		csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
		require.NoError(t, err)
		return csr
	}
	rsaOf := func(bits int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		require.NoError(t, err)
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	a := pkix.Name{CommonName: "A"}
	good := request(a, ec)
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	// sized is a request whose subject takes so many octets.
	sized := func(octets int) []byte {
		for n := octets; n > 0; n-- {
			name := pkix.Name{CommonName: strings.Repeat("a", n)}
			der, err := asn1.Marshal(name.ToRDNSequence())
			require.NoError(t, err)
			if len(der) == octets {
				return request(name, ec)
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		csr  []byte
		want int
	}{
		"ECDSA":             {good, 200},
		"RSA 2048":          {request(a, rsaOf(2048)), 200},
		"RSA 1024":          {request(a, rsaOf(1024)), 400},
		"Ed25519":           {request(a, ed), 400},
		"forged":            {forged, 400},
		"no name":           {request(pkix.Name{Organization: []string{"A"}}, ec), 400},
		"longest subject":   {sized(2000), 200},
		"subject too long":  {sized(2001), 400},
		"largest request":   {make([]byte, 16<<10), 400},
		"request too large": {make([]byte, 16<<10+1), 413},
	} {
		require.Equal(t, c.want, h.enrol(t, c.csr), name)
	}
	for _, serial := range []string{strings.Repeat("a", 40), "0", "f"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "issued", serial+".pem"), []byte("x"), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "issued", strings.Repeat("a", 41)+".pem"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "issued", "x.pem"), []byte("x"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "issued", "ab.pem"), 0o700))
	for file, want := range map[string]int{
		strings.Repeat("a", 40) + ".pem": 200, "0.pem": 200, "f.pem": 200, strings.Repeat("a", 41) + ".pem": 404, "x.pem": 404, "0": 404,
		"ab.pem": 500, "ac.pem": 404,
	} {
		w := httptest.NewRecorder()
		p.CAHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/certificates/"+file, nil))
		require.Equal(t, want, w.Code, file)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "issued")))
	require.Equal(t, 500, h.enrol(t, good), "what cannot be recorded is not issued")
	_, err = p.Issue(t.Context(), &pkisim.IssueRequest{Name: "A", Kind: pkisim.Person, Key: pkisim.P256})
	require.Error(t, err)
}

// A folder that is not whole, or whose files do not belong together, is refused whichever file it is.
func TestFolderOfAnother(t *testing.T) {
	t.Parallel()
	_, other := newPKI(t)
	for _, name := range []string{"root.pem", "ca.pem", "tsa.pem", "ca.key", "tsa.key"} {
		foreign, err := os.ReadFile(filepath.Join(other, name))
		require.NoError(t, err)
		for what, content := range map[string][]byte{
			"another's": foreign, "empty": nil, "noise": []byte("x"),
			"of another kind": []byte("-----BEGIN OTHER-----\nMAA=\n-----END OTHER-----\n"),
			"no certificate":  []byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
			"no key":          []byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"),
		} {
			_, dir := newPKI(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
			_, err = pkisim.New(dir, nil)
			require.Error(t, err, "%s is %s", name, what)
		}
	}
	for _, name := range []string{"ca.pem", "tsa.pem", "ca.key", "tsa.key", "enrol.secret"} {
		_, dir := newPKI(t)
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
		_, err := pkisim.New(dir, nil)
		require.Error(t, err, name)
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := pkisim.New(file, nil)
	require.Error(t, err)
	_, err = pkisim.New(filepath.Join(file, "x"), nil)
	require.Error(t, err)
}

// Without randomness no authority is made.
func TestRandomnessThatEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("no randomness")
	_, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), &pkisim.Options{Rand: iotest.ErrReader(broken)})
	require.Error(t, err)
}

func TestTSAHashesAndPolicies(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	for name, c := range map[string]struct {
		r    tsp.Request
		want tsp.Failure
	}{
		"SHA-256":        {tsp.Request{Hash: crypto.SHA256}, tsp.NoFailure},
		"SHA-512":        {tsp.Request{Hash: crypto.SHA512}, tsp.NoFailure},
		"SHA-1":          {tsp.Request{Hash: crypto.SHA1}, tsp.BadAlg},
		"SHA-224":        {tsp.Request{Hash: crypto.SHA224}, tsp.BadAlg},
		"its policy":     {tsp.Request{Hash: crypto.SHA256, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 3161, 1}}, tsp.NoFailure},
		"another policy": {tsp.Request{Hash: crypto.SHA256, Policy: asn1.ObjectIdentifier{1, 2, 3}}, tsp.UnacceptedPolicy},
	} {
		c.r.Imprint = make([]byte, c.r.Hash.Size())
		body, err := c.r.Marshal()
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/timestamp-query")
		w := httptest.NewRecorder()
		p.TSAHandler().ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, name)
		res, err := tsp.ParseResponse(w.Body.Bytes(), nil)
		require.NoError(t, err, name)
		require.Equal(t, c.want, res.Failure, name)
		require.Equal(t, c.want == tsp.NoFailure, res.Token != nil, name)
	}
}

// An authority that answers nonsense gives no certificate.
func TestEnrolRefusesAnswers(t *testing.T) {
	t.Parallel()
	r := &pkisim.IssueRequest{Name: "A", Kind: pkisim.Person, Key: pkisim.P256}
	for name, h := range map[string]http.HandlerFunc{
		"empty":   func(http.ResponseWriter, *http.Request) {},
		"noise":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) },
		"refusal": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"no certificate": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
		},
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("x"))
		},
	} {
		srv := httptest.NewServer(h)
		_, err := pkisim.Enrol(t.Context(), srv.Client(), srv.URL, "s", r)
		require.Error(t, err, name)
		srv.Close()
		_, err = pkisim.Enrol(t.Context(), srv.Client(), srv.URL, "s", r)
		require.Error(t, err, "nobody listens")
	}
	_, err := pkisim.Enrol(t.Context(), nil, "http://[", "s", r)
	require.Error(t, err)
	for _, bad := range []*pkisim.IssueRequest{{Name: "A", Key: pkisim.P256}, {Name: "A", Kind: pkisim.Person, Key: 9}} {
		_, err := pkisim.Enrol(t.Context(), nil, "http://127.0.0.1:1", "s", bad)
		require.ErrorContains(t, err, "pkisim")
	}
}
