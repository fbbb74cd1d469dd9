package esign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/tsp"
)

// now is the law's clock of these tests.
var now = time.Date(2024, 11, 15, 3, 0, 0, 0, time.UTC)

// party is a certificate with its key and the certificates above it, the root excluded.
type party struct {
	cert  *x509.Certificate
	key   crypto.Signer
	above []*x509.Certificate
}

func (p *party) chain() [][]byte {
	out := [][]byte{p.cert.Raw}
	for _, c := range p.above {
		out = append(out, c.Raw)
	}
	return out
}

var (
	oidEKU         = asn1.ObjectIdentifier{2, 5, 29, 37}
	serialMu       sync.Mutex
	serialNumber   int64 = 100
	timeStampUsage       = []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}
)

// issue makes a certificate under p, or a root when p is nil. change may alter the template.
func (p *party) issue(t testing.TB, name string, key crypto.Signer, change func(*x509.Certificate)) *party {
	t.Helper()
	serialMu.Lock()
	serialNumber++
	serial := serialNumber
	serialMu.Unlock()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Country: []string{"VN"}},
		NotBefore: time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true,
	}
	if change != nil {
		change(c)
	}
	if key == nil {
		var err error
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
	}
	parent, signer := c, key
	var above []*x509.Certificate
	if p != nil {
		parent, signer = p.cert, p.key
		if len(p.above) > 0 || p.cert.Issuer.CommonName != p.cert.Subject.CommonName {
			above = append([]*x509.Certificate{p.cert}, p.above...)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &party{cert: cert, key: key, above: above}
}

func asCA(c *x509.Certificate) {
	c.IsCA = true
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
}

func asSigner(c *x509.Certificate) {
	c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
}

func asTSA(c *x509.Certificate) {
	c.KeyUsage = x509.KeyUsageDigitalSignature
	c.ExtraExtensions = []pkix.Extension{{Id: oidEKU, Critical: true, Value: timeStampUsage}}
}

// world is a root with an issuing authority under it, an official, an agency and a time-stamping authority.
type world struct {
	root, ca, official, agency, tsa *party
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{}
	w.root = (*party)(nil).issue(t, "Gốc thử nghiệm", nil, asCA)
	w.ca = w.root.issue(t, "CA thử nghiệm", nil, asCA)
	w.official = w.ca.issue(t, "Nguyễn Văn A", nil, asSigner)
	w.agency = w.ca.issue(t, "UBND phường Tân Phú", nil, asSigner)
	w.tsa = w.ca.issue(t, "Dấu thời gian thử nghiệm", nil, asTSA)
	return w
}

// token makes a time stamp over data.
func (p *party) token(t testing.TB, data []byte, at time.Time) []byte {
	t.Helper()
	sum := crypto.SHA256.New()
	sum.Write(data)
	return p.stamp(t, sum.Sum(nil), at)
}

func (p *party) stamp(t testing.TB, imprint []byte, at time.Time) []byte {
	t.Helper()
	a := tsp.Authority{Chain: p.chain(), Key: p.key, Policy: asn1.ObjectIdentifier{1, 2, 3}, Rand: rand.Reader}
	der, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint, CertReq: true}, at, big.NewInt(7))
	require.NoError(t, err)
	return der
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return k
}
