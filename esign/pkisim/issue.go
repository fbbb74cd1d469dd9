package pkisim

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"unicode/utf8"

	"go.uber.org/zap"
	"software.sslmate.com/src/go-pkcs12"
)

// Kind is whom a certificate is for. The zero Kind is none.
type Kind int

// The kinds of holders.
const (
	// Person is an official or a citizen (chứng thư cá nhân).
	Person Kind = 1
	// Organisation is an agency (chứng thư cơ quan, tổ chức).
	Organisation Kind = 2
)

// KeyType is the key a certificate is issued for; the zero value is RSA2048.
type KeyType int

// The key types.
const (
	RSA2048 KeyType = 0 // what most certificates in Viet Nam have
	P256    KeyType = 1 // faster
)

// IssueRequest names the holder of a new certificate.
type IssueRequest struct {
	Name string // of the person, or of the organisation; becomes the common name
	Unit string // the agency the person belongs to; may be empty
	Kind Kind
	// Identifier goes into the subject as UID, in the form authorities in Viet
	// Nam use ("CCCD:…", "MST:…"); may be empty.
	Identifier string
	Key        KeyType
	// Password of the PKCS#12 file; empty makes a random one.
	Password string
}

// Issued is a new certificate with its key.
type Issued struct {
	PKCS12      []byte // key, certificate and issuing CA; without the root
	Password    string
	Certificate *x509.Certificate
	Chain       [][]byte // DER: the certificate and the issuing CA
}

// Issue makes a key and a certificate for it. Each call makes a new pair.
func (p *PKI) Issue(ctx context.Context, r *IssueRequest) (*Issued, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	subject, err := r.subject()
	if err != nil {
		return nil, err
	}
	key, err := newKey(r.Key, p.rand)
	if err != nil {
		return nil, err
	}
	raw, err := asn1.Marshal(subject.ToRDNSequence())
	if err != nil {
		return nil, err
	}
	c, err := p.issue(raw, key.Public())
	if err != nil {
		return nil, err
	}
	password := r.Password
	if password == "" {
		b := make([]byte, 15)
		if _, err := io.ReadFull(p.rand, b); err != nil {
			return nil, err
		}
		password = base32.StdEncoding.EncodeToString(b)
	}
	file, err := pkcs12.Modern.WithRand(p.rand).Encode(key, c, []*x509.Certificate{p.ca}, password)
	if err != nil {
		return nil, err
	}
	return &Issued{PKCS12: file, Password: password, Certificate: c, Chain: [][]byte{c.Raw, p.ca.Raw}}, nil
}

func newKey(t KeyType, random io.Reader) (crypto.Signer, error) {
	switch t {
	case RSA2048:
		return rsa.GenerateKey(random, 2048)
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	default:
		return nil, fmt.Errorf("pkisim: key type %d is unknown", t)
	}
}

// oidUID is the attribute userId (RFC 4519 §2.39).
var oidUID = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}

func (r *IssueRequest) subject() (pkix.Name, error) {
	if r.Kind != Person && r.Kind != Organisation {
		return pkix.Name{}, errors.New("pkisim: say whether the certificate is for a person or an organisation")
	}
	for field, v := range map[string]string{"name": r.Name, "unit": r.Unit, "identifier": r.Identifier} {
		// The upper bounds of X.520 are shorter; real names are not.
		if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 200 {
			return pkix.Name{}, fmt.Errorf("pkisim: the %s is not text of at most 200 characters", field)
		}
	}
	if r.Name == "" {
		return pkix.Name{}, errors.New("pkisim: a certificate needs a name")
	}
	n := pkix.Name{Country: []string{"VN"}, CommonName: r.Name}
	if r.Unit != "" {
		n.Organization = []string{r.Unit}
	}
	if r.Identifier != "" {
		n.ExtraNames = []pkix.AttributeTypeAndValue{{Type: oidUID, Value: r.Identifier}}
	}
	return n, nil
}

// issue signs a certificate for signing documents and records it. The subject is
// the DER of a Name.
func (p *PKI) issue(subject []byte, pub crypto.PublicKey) (*x509.Certificate, error) {
	c, err := p.certify(&x509.Certificate{
		RawSubject: subject, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}, p.ca, pub, p.caKey)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%x", c.SerialNumber)
	if err := p.write(filepath.Join(IssuedDir, name+".pem"), certPEM(c)); err != nil {
		return nil, err
	}
	p.log.Info("certificate issued", zap.String("serial", name))
	return c, nil
}
