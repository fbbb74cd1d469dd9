package p12_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/internal/tooltest"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
)

func issue(t testing.TB, k pkisim.KeyType) *pkisim.Issued {
	t.Helper()
	p, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), nil)
	require.NoError(t, err)
	i, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "Lê Thị Hồng", Kind: pkisim.Person, Key: k})
	require.NoError(t, err)
	return i
}

// file is a PKCS#12 file opened anew for each signer; nobody is asked.
type file struct {
	content  []byte
	password string
}

func (f file) Signer(context.Context) (driver.Signer, error) {
	return p12.Open(f.content, f.password, nil)
}
func (file) Confirm(context.Context, string) error { return errors.New("nobody is asked") }
func (file) Refuse(context.Context, string) error  { return errors.New("nobody is asked") }
func (file) Expire(context.Context, string) error  { return errors.New("nobody is asked") }
func (file) Close()                                {}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]pkisim.KeyType{"RSA": pkisim.RSA2048, "P-256": pkisim.P256} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := issue(t, k)
			drivertest.RunSigner(t, func(context.Context, *testing.T) (drivertest.SignerHarness, error) {
				return file{i.PKCS12, i.Password}, nil
			}, drivertest.SignerFeatures{Batch: true, RSAPSS: k == pkisim.RSA2048})
		})
	}
}

func TestSameDigestSameValue(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	s, err := p12.Open(i.PKCS12, i.Password, nil)
	require.NoError(t, err)
	d := sha256.Sum256([]byte("x"))
	r := &driver.BeginRequest{Transaction: "t", Hash: crypto.SHA256, Scheme: driver.ECDSA, Items: []driver.Item{{Digest: d[:]}}}
	b, err := s.Begin(t.Context(), r)
	require.NoError(t, err)
	first, err := s.Complete(t.Context(), &driver.CompleteRequest{Begin: r, Handle: b.Handle})
	require.NoError(t, err)
	second, err := s.Complete(t.Context(), &driver.CompleteRequest{Begin: r, Handle: b.Handle})
	require.NoError(t, err)
	require.Equal(t, first, second)
}

// Files as openssl writes them, modern and legacy, with the path in any order
// and the root beside.
func TestFilesOfOpenSSL(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "openssl")
	dir := filepath.Join(t.TempDir(), "trust")
	p, err := pkisim.New(dir, nil)
	require.NoError(t, err)
	i, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "Ngô Văn Ổn", Kind: pkisim.Person})
	require.NoError(t, err)
	key, _, _, err := pkcs12.DecodeChain(i.PKCS12, i.Password)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	keyFile := tooltest.File(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	leaf := filepath.Join(dir, "issued", i.Certificate.SerialNumber.Text(16)+".pem")
	others := tooltest.File(t, "others.pem", append(read(t, p.RootPath()), read(t, filepath.Join(dir, "ca.pem"))...))
	for name, args := range map[string][]string{
		"modern":      nil,
		"legacy RC2":  {"-legacy"},
		"legacy 3DES": {"-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out.p12")
			tooltest.Must(t, "openssl", append([]string{
				"pkcs12", "-export", "-inkey", keyFile, "-in", leaf, "-certfile", others, "-passout", "pass:mật khẩu", "-out", out,
			}, args...)...)
			s, err := p12.Open(read(t, out), "mật khẩu", nil)
			require.NoError(t, err)
			chain, err := s.Chain(t.Context())
			require.NoError(t, err)
			require.Equal(t, append(i.Chain, p.Root().Raw), chain)
			_, err = p12.Open(read(t, out), "sai", nil)
			var e *p12.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, driver.CodeUnauthorised, e.Code)
			require.NotContains(t, err.Error(), "sai")
		})
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	i := issue(t, pkisim.P256)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	strange, err := pkcs12.Modern.Encode(other, i.Certificate, nil, "x")
	require.NoError(t, err)
	edFile, err := pkcs12.Modern.Encode(ed, i.Certificate, nil, "x")
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"nothing": nil, "noise": []byte("noise"), "cut short": i.PKCS12[:len(i.PKCS12)/2], "large": make([]byte, p12.MaxFile+1),
		"another's certificate": strange, "Ed25519": edFile,
	} {
		_, err := p12.Open(content, "x", nil)
		var e *p12.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, driver.CodeInvalid, e.Code, name)
	}
}

func FuzzOpen(f *testing.F) {
	i := issue(f, pkisim.P256)
	f.Add(i.PKCS12)
	f.Fuzz(func(_ *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		// Wrong password: the MAC stops the reading before any key is derived twice.
		_, _ = p12.Open(b, "x", nil)
	})
}
