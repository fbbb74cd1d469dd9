package pkisim

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/internal/loopback"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// The names of files in the folder. Those ending in .key are secret.
const (
	RootFile   = "root.pem"
	IssuedDir  = "issued" // the certificates issued, named by serial number
	secretFile = "enrol.secret"
)

// Certificates are valid from 2018, before the earliest date the law's clock is
// set to, until 2045.
var (
	notBefore = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
)

// policy of the tokens: from the arc for documentation (RFC 5612).
var policy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 3161, 1}

// Options are the settings of the simulators. Nil means the defaults.
type Options struct {
	// Now is the law's clock, which the tokens state; default time.Now.
	Now func() time.Time
	// Rand is the source of keys, serial numbers and the secret; default
	// crypto/rand.
	Rand io.Reader
	// Logger gets one line for each certificate and token, without names;
	// default none.
	Logger *zap.Logger
}

// PKI is a root, a certification authority and a time-stamping authority. It may
// be used by several goroutines at once; a folder belongs to one process.
type PKI struct {
	dir    string
	now    func() time.Time
	rand   io.Reader
	log    *zap.Logger
	secret string

	root, ca, tsa *x509.Certificate
	caKey         crypto.Signer
	tsaKey        crypto.Signer

	misbehave atomic.Int32
	stamps    atomic.Int64
	previous  atomic.Pointer[tsp.Request]
}

// New opens the folder, or makes it (mode 0700) with new random keys. A folder
// whose root.pem is there but which lacks another file is an error: new keys
// under an old root would be worth nothing.
func New(dir string, o *Options) (*PKI, error) {
	if o == nil {
		o = &Options{}
	}
	p := &PKI{dir: dir, now: o.Now, rand: o.Rand, log: o.Logger}
	if p.now == nil {
		p.now = time.Now
	}
	if p.rand == nil {
		p.rand = rand.Reader
	}
	if p.log == nil {
		p.log = zap.NewNop()
	}
	_, err := os.Stat(filepath.Join(dir, RootFile))
	switch {
	case err == nil:
	case errors.Is(err, os.ErrNotExist):
		if err := p.create(); err != nil {
			return nil, fmt.Errorf("pkisim: making %s: %w", dir, err)
		}
	default:
		return nil, fmt.Errorf("pkisim: %w", err)
	}
	if err := p.load(); err != nil {
		return nil, fmt.Errorf("pkisim: the folder %s is not whole (remove it to begin anew): %w", dir, err)
	}
	return p, nil
}

// Root returns the certificate of the root.
func (p *PKI) Root() *x509.Certificate { return p.root }

// RootPath is the file of the root's certificate, for a verifier.
func (p *PKI) RootPath() string { return filepath.Join(p.dir, RootFile) }

// Roots is a pool with the root alone.
func (p *PKI) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.root)
	return pool
}

// Secret is what a client of the CA's enrolment shows; made at random.
func (p *PKI) Secret() string { return p.secret }

// CheckListen refuses an address that others than this machine could reach,
// unless insecure is set.
func CheckListen(addr string, insecure bool) error { return loopback.Check(addr, insecure) }

// verifyParts checks that the files belong together.
func (p *PKI) verifyParts() error {
	if err := errors.Join(p.ca.CheckSignatureFrom(p.root), p.tsa.CheckSignatureFrom(p.ca)); err != nil {
		return fmt.Errorf("a certificate is not its issuer's: %w", err)
	}
	for key, c := range map[crypto.Signer]*x509.Certificate{p.caKey: p.ca, p.tsaKey: p.tsa} {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return err
		}
		if !bytes.Equal(der, c.RawSubjectPublicKeyInfo) {
			return errors.New("a key is not its certificate's")
		}
	}
	return nil
}
