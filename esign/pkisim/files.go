package pkisim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base32"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
)

// worthless stands in the name of every authority here.
const worthless = "Bản thử nghiệm, không có giá trị pháp lý"

// create writes the folder. root.pem comes last: while it is missing, an
// interrupted start counts as none.
func (p *PKI) create() error {
	if err := os.MkdirAll(filepath.Join(p.dir, IssuedDir), 0o700); err != nil {
		return err
	}
	if err := os.Chmod(p.dir, 0o700); err != nil {
		return err
	}
	root, rootKey, err := p.authority("MotCua Gốc mô phỏng", nil, nil, caTemplate(1))
	if err != nil {
		return err
	}
	ca, caKey, err := p.authority("MotCua CA mô phỏng", root, rootKey, caTemplate(0))
	if err != nil {
		return err
	}
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return err
	}
	tsa, tsaKey, err := p.authority("MotCua TSA mô phỏng", ca, caKey, &x509.Certificate{
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		// The standard library would not mark it critical, as RFC 3161 §2.3 asks.
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}},
	})
	if err != nil {
		return err
	}
	secret := make([]byte, 20)
	if _, err := io.ReadFull(p.rand, secret); err != nil {
		return err
	}
	for name, key := range map[string]crypto.Signer{"root.key": rootKey, "ca.key": caKey, "tsa.key": tsaKey} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		if err := p.write(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
			return err
		}
	}
	if err := p.write(secretFile, []byte(base32.StdEncoding.EncodeToString(secret))); err != nil {
		return err
	}
	if err := errors.Join(p.write("ca.pem", certPEM(ca)), p.write("tsa.pem", certPEM(tsa))); err != nil {
		return err
	}
	return p.write(RootFile, certPEM(root))
}

func caTemplate(below int) *x509.Certificate {
	return &x509.Certificate{
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: below, MaxPathLenZero: below == 0,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// authority makes a key and its certificate; without a parent it is a root.
func (p *PKI) authority(
	name string, parent *x509.Certificate, by crypto.Signer, tpl *x509.Certificate,
) (*x509.Certificate, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), p.rand)
	if err != nil {
		return nil, nil, err
	}
	tpl.Subject = pkix.Name{Country: []string{"VN"}, Organization: []string{worthless}, CommonName: name}
	if parent == nil {
		parent, by = tpl, key
	}
	c, err := p.certify(tpl, parent, key.Public(), by)
	return c, key, err
}

func (p *PKI) certify(
	tpl, parent *x509.Certificate, pub crypto.PublicKey, by crypto.Signer,
) (*x509.Certificate, error) {
	serial, err := p.serial()
	if err != nil {
		return nil, err
	}
	tpl.SerialNumber, tpl.NotBefore, tpl.NotAfter = serial, notBefore, notAfter
	der, err := x509.CreateCertificate(p.rand, tpl, parent, pub, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// serial is random, positive and of 16 octets: none is given twice, and nobody
// need remember which were.
func (p *PKI) serial() (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(p.rand, b); err != nil {
		return nil, err
	}
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b), nil
}

func (p *PKI) load() error {
	var err error
	for name, c := range map[string]**x509.Certificate{RootFile: &p.root, "ca.pem": &p.ca, "tsa.pem": &p.tsa} {
		b, err := p.read(name, "CERTIFICATE")
		if err != nil {
			return err
		}
		if *c, err = x509.ParseCertificate(b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, k := range map[string]*crypto.Signer{"ca.key": &p.caKey, "tsa.key": &p.tsaKey} {
		b, err := p.read(name, "PRIVATE KEY")
		if err != nil {
			return err
		}
		key, err := x509.ParsePKCS8PrivateKey(b)
		if err != nil {
			return fmt.Errorf("%s: not a key", name)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return fmt.Errorf("%s: not a signing key", name)
		}
		*k = signer
	}
	secret, err := os.ReadFile(filepath.Join(p.dir, secretFile))
	if err != nil {
		return err
	}
	p.secret = string(secret)
	return p.verifyParts()
}

func (p *PKI) read(name, kind string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s: no PEM of a %s", name, kind)
	}
	return block.Bytes, nil
}

// write puts a file into the folder, complete or not at all.
func (p *PKI) write(name string, content []byte) (err error) {
	path := filepath.Join(p.dir, name)
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func certPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
