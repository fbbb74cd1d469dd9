package cms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/tooltest"
)

// signer is a root and one certificate under it.
type signer struct {
	root *x509.Certificate
	leaf *x509.Certificate
	key  crypto.Signer
}

func newSigner(t testing.TB, key crypto.Signer) *signer {
	t.Helper()
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	root := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Gốc thử nghiệm"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, rootKey.Public(), rootKey)
	leaf := certificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Nguyễn Thị Nghĩa"},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, BasicConstraintsValid: true,
	}, root, key.Public(), rootKey)
	return &signer{root: root, leaf: leaf, key: key}
}

func certificate(t testing.TB, tpl, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	tpl.NotBefore = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
	tpl.NotAfter = time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
	if parent == nil {
		parent = tpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, pub, key)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return c
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return k
}

func ecKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

// sign makes a detached signature as the two steps do.
func (s *signer) sign(t testing.TB, content []byte, scheme cms.Scheme) []byte {
	t.Helper()
	digest := sha256.Sum256(content)
	attrs, err := cms.SignedAttributes(&cms.AttributeSpec{Hash: crypto.SHA256, Digest: digest[:], Certificate: s.leaf.Raw})
	require.NoError(t, err)
	toSign := sha256.Sum256(attrs)
	var opts crypto.SignerOpts = crypto.SHA256
	if scheme == cms.RSAPSS {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	value, err := s.key.Sign(rand.Reader, toSign[:], opts)
	require.NoError(t, err)
	require.NoError(t, cms.VerifyDigest(s.key.Public(), scheme, crypto.SHA256, toSign[:], value))
	der, err := cms.Assemble(&cms.Parts{
		Chain: [][]byte{s.leaf.Raw}, Hash: crypto.SHA256, Scheme: scheme, SignedAttributes: attrs, Signature: value,
	})
	require.NoError(t, err)
	return der
}

func pemFile(t testing.TB, c *x509.Certificate) string {
	t.Helper()
	return tooltest.File(t, "root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func schemes(t testing.TB) map[string]struct {
	key    crypto.Signer
	scheme cms.Scheme
} {
	return map[string]struct {
		key    crypto.Signer
		scheme cms.Scheme
	}{
		"RSA PKCS#1": {rsaKey(t), cms.RSAPKCS1v15},
		"RSA-PSS":    {rsaKey(t), cms.RSAPSS},
		"ECDSA":      {ecKey(t), cms.ECDSA},
	}
}

func TestAssembleIsAcceptedByOpenSSL(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "openssl")
	content := []byte("Quyết định số 1 của Ủy ban nhân dân xã")
	for name, c := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigner(t, c.key)
			args := []string{
				"cms", "-verify", "-cades", "-purpose", "any", "-binary", "-inform", "DER",
				"-in", tooltest.File(t, "sig.p7s", s.sign(t, content, c.scheme)), "-CAfile", pemFile(t, s.root), "-out", os.DevNull,
			}
			tooltest.Must(t, "openssl", append(args, "-content", tooltest.File(t, "content", content))...)
			out, err := tooltest.Run(t, "openssl", append(args, "-content", tooltest.File(t, "content", append(content, '.')))...)
			require.Error(t, err)
			require.Contains(t, out, "verification failure")
		})
	}
}

func TestParseOwnSignature(t *testing.T) {
	t.Parallel()
	content := []byte("nội dung")
	digest := sha256.Sum256(content)
	for name, c := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigner(t, c.key)
			der := s.sign(t, content, c.scheme)
			padded := append(append([]byte{}, der...), make([]byte, 100)...)
			sd, err := cms.Parse(padded, nil)
			require.NoError(t, err)
			require.Equal(t, len(der), sd.Consumed)
			require.True(t, sd.WasDER && sd.Detached)
			require.Empty(t, sd.Irregularities())
			require.Len(t, sd.Signers, 1)
			si := &sd.Signers[0]
			cert := sd.SignerCertificate(si)
			require.NotNil(t, cert)
			require.NoError(t, sd.Verify(si, cert.X, digest[:]))
			require.NoError(t, si.CheckSigningCertificate(cert.X))
			scheme, err := si.Scheme()
			require.NoError(t, err)
			require.Equal(t, c.scheme, scheme)
			require.ErrorIs(t, si.CheckSigningCertificate(s.root), cms.ErrSigningCertificate)
			other := sha256.Sum256([]byte("khác"))
			require.ErrorIs(t, sd.Verify(si, cert.X, other[:]), cms.ErrDigest)
			// The wrong kind of key, or another of the same kind.
			require.Error(t, sd.Verify(si, s.root, digest[:]))
		})
	}
}

// Whatever single octet is changed, the file is unreadable, does not verify, or
// shows an irregularity; the certificate's own octets are for the path.
func TestEveryOctetCounts(t *testing.T) {
	t.Parallel()
	s := newSigner(t, ecKey(t))
	content := []byte("nội dung")
	digest := sha256.Sum256(content)
	der := s.sign(t, content, cms.ECDSA)
	for i := range der {
		for _, mask := range []byte{1, 0x10, 0x80, 0xff} {
			changed := append([]byte{}, der...)
			changed[i] ^= mask
			sd, err := cms.Parse(changed, nil)
			if err != nil || len(sd.Irregularities()) > 0 || sd.Consumed != len(der) || len(sd.Certificates) != 1 {
				continue
			}
			si := &sd.Signers[0]
			cert := sd.SignerCertificate(si)
			if cert == nil || string(cert.Raw) != string(s.leaf.Raw) || si.CheckSigningCertificate(cert.X) != nil {
				continue
			}
			require.Error(t, sd.Verify(si, cert.X, digest[:]), "octet %d with %x", i, mask)
		}
	}
}

func TestSizeIsAnUpperBound(t *testing.T) {
	t.Parallel()
	for name, c := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigner(t, c.key)
			digest := sha256.Sum256(nil)
			attrs, err := cms.SignedAttributes(&cms.AttributeSpec{Hash: crypto.SHA256, Digest: digest[:], Certificate: s.leaf.Raw})
			require.NoError(t, err)
			p := cms.Parts{Chain: [][]byte{s.leaf.Raw}, Hash: crypto.SHA256, Scheme: c.scheme, SignedAttributes: attrs}
			n, err := cms.Size(&p, 0)
			require.NoError(t, err)
			for range 50 {
				got := len(s.sign(t, nil, c.scheme))
				require.LessOrEqual(t, got, n)
				require.GreaterOrEqual(t, got, n-8)
			}
			token, err := cms.Size(&p, 5000)
			require.NoError(t, err)
			require.Greater(t, token, n+5000)
		})
	}
}

// A streaming writer of openssl gives BER of indefinite length, with the
// content in segments; signing time and S/MIME capabilities beside.
func TestParseOpenSSLStream(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "openssl")
	key := rsaKey(t)
	s := newSigner(t, key)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	keyFile := tooltest.File(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	content := []byte(strings.Repeat("Đơn đề nghị ", 2000))
	out := filepath.Join(t.TempDir(), "out.p7m")
	tooltest.Must(t, "openssl", "cms", "-sign", "-binary", "-nodetach", "-stream", "-cades", "-outform", "DER", "-signer", pemFile(t, s.leaf),
		"-inkey", keyFile, "-in", tooltest.File(t, "content", content), "-out", out)
	ber, err := os.ReadFile(out)
	require.NoError(t, err)
	sd, err := cms.Parse(ber, nil)
	require.NoError(t, err)
	require.False(t, sd.WasDER)
	require.Equal(t, len(ber), sd.Consumed)
	require.Equal(t, content, sd.Content)
	digest := sha256.Sum256(sd.Content)
	si := &sd.Signers[0]
	cert := sd.SignerCertificate(si)
	require.NotNil(t, cert)
	require.NoError(t, sd.Verify(si, cert.X, digest[:]))
	require.NoError(t, si.CheckSigningCertificate(cert.X))
	var codes []cms.IrregularityCode
	for _, i := range sd.Irregularities() {
		codes = append(codes, i.Code)
	}
	require.Contains(t, codes, cms.NotDER)
	require.Contains(t, codes, cms.HasSigningTime)
	// What ToDER makes is DER for openssl, too, and the same for us.
	der := filepath.Join(t.TempDir(), "der.p7m")
	require.NoError(t, os.WriteFile(der, sd.DER, 0o600))
	tooltest.Must(t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", der, "-CAfile", pemFile(t, s.root),
		"-purpose", "any", "-out", os.DevNull)
	again, err := cms.Parse(sd.DER, nil)
	require.NoError(t, err)
	require.True(t, again.WasDER)
}

func TestToDER(t *testing.T) {
	t.Parallel()
	// X.690 §8.6.4.2, §8.7, §8.14 style examples, written out by hand.
	for _, c := range []struct{ name, in, want string }{
		{"minimal stays", "3003020101", "3003020101"},
		{"indefinite sequence", "30800201010000", "3003020101"},
		{"nested indefinite", "308030800201010000" + "0000", "30053003020101"},
		{"empty indefinite", "30800000", "3000"},
		{"long form of a short length", "3081030201" + "01", "3003020101"},
		{"length with leading zeros", "3082000302" + "0101", "3003020101"},
		{"octet string in segments", "2480" + "04020102" + "040103" + "0000", "0403010203"},
		{"segments of segments", "2480" + "2404" + "04020102" + "040103" + "0000", "0403010203"},
		{"bit string in segments", "2309" + "030300" + "0a3b" + "0302" + "04f0", "030404" + "0a3bf0"},
		{"visible string in segments", "3a09" + "04034a6f6e" + "04026573", "1a05" + "4a6f6e6573"},
		{"context tag", "a08002010" + "50000", "a003020105"},
		{"rest is left", "0500ffff", "0500"},
		{"null before the end mark", "3080" + "0500" + "0000", "30020500"},
		{"longest tag", "1f81818105" + "00", "1f8181810500"},
		{"longest length", "0488" + "0000000000000001" + "aa", "0401aa"},
		{"length that ends the input", "048100", "0400"},
		{"127 in two octets", "30817f" + "047d" + strings.Repeat("aa", 125), "307f" + "047d" + strings.Repeat("aa", 125)},
		{"no string under a context tag", "a48030020500" + "0000", "a40430020500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, err := hex.DecodeString(c.in)
			require.NoError(t, err)
			der, _, exact, err := cms.ToDER(in, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, hex.EncodeToString(der))
			require.Equal(t, strings.HasPrefix(c.in, c.want), exact)
		})
	}
}

func TestToDERRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"nothing", "", cms.ErrMalformed},
		{"only a tag", "30", cms.ErrMalformed},
		{"longer than the input", "3005020101", cms.ErrMalformed},
		{"child longer than its parent", "30030205010101", cms.ErrMalformed},
		{"no end", "3080020101", cms.ErrMalformed},
		{"primitive of indefinite length", "0480000000", cms.ErrMalformed},
		{"huge length", "3088ffffffffffffffff", cms.ErrMalformed},
		{"length of nine octets", "3089010000000000000000", cms.ErrMalformed},
		{"end mark out of place", "30020000", cms.ErrMalformed},
		{"segment of another type", "2403020101", cms.ErrMalformed},
		{"segment of another class", "2403" + "840101", cms.ErrMalformed},
		{"half an end mark", "3080" + "000100" + "0000", cms.ErrMalformed},
		{"one octet in place of an end mark", "308000", cms.ErrMalformed},
		{"tag cut short", "1f", cms.ErrMalformed},
		{"high tag cut short", "1f81", cms.ErrMalformed},
		{"tag too long", "1f8181818105" + "00", cms.ErrMalformed},
		{"length cut short", "0482" + "01", cms.ErrMalformed},
		{"bit string without its first octet", "2302" + "0300", cms.ErrMalformed},
		{"bit string with an empty segment in segments", "2304" + "2302" + "0300", cms.ErrMalformed},
		{"bit string with segments of segments", "2305" + "2303" + "030100", cms.ErrMalformed},
		{"bit string with a gap", "2308" + "030204f0" + "030200aa", cms.ErrMalformed},
		{"bottomless", strings.Repeat("3080", 5000), cms.ErrLimit},
		{"too many elements", "3080" + strings.Repeat("0500", 300_000) + "0000", cms.ErrLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, err := hex.DecodeString(c.in)
			require.NoError(t, err)
			_, _, _, err = cms.ToDER(in, nil)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	s := newSigner(f, ecKey(f))
	f.Add(s.sign(f, []byte("x"), cms.ECDSA))
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 4, 1, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		sd, err := cms.Parse(b, &cms.Limits{Bytes: 1 << 16})
		if err != nil {
			return
		}
		sd.Irregularities()
		again, err := cms.Parse(sd.DER, nil)
		require.NoError(t, err)
		require.True(t, again.WasDER)
		for i := range sd.Signers {
			si := &sd.Signers[i]
			if c := sd.SignerCertificate(si); c != nil {
				_ = sd.Verify(si, c.X, make([]byte, 32))
			}
		}
	})
}
