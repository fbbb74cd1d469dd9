package drivertest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	"github.com/motcua/motcua/esign/internal/tsp"
)

// usage is the extended key usage of a forger's certificate.
type usage int

const (
	fit         usage = iota // time stamping alone, critical
	noUsage                  // none
	notCritical              // time stamping, but not critical
)

// reissue answers in the authority's place: it says what the authority said and
// signs with a certificate of its own.
func reissue(u usage) func() (*Bend, error) {
	return func() (*Bend, error) {
		forger, err := newForger(u)
		if err != nil {
			return nil, err
		}
		return &Bend{Answer: func(_ context.Context, b []byte) ([]byte, error) {
			said, err := tsp.ParseResponse(b, nil)
			if err != nil {
				return nil, err
			}
			token, err := tsp.ParseToken(said.Token, nil)
			if err != nil {
				return nil, err
			}
			i := token.Info
			r := &tsp.Request{Hash: i.Hash, Imprint: i.Imprint, Nonce: i.Nonce, CertReq: true}
			forger.Policy = i.Policy
			raw, err := forger.Issue(r, i.Time, i.Serial)
			if err != nil {
				return nil, err
			}
			return (&tsp.Response{Token: raw}).Marshal()
		}}, nil
	}
}

// newForger makes an authority under a root of its own that nobody trusts.
func newForger(u usage) (*tsp.Authority, error) {
	rootKey, e1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, e2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	stamping, e3 := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err := errors.Join(e1, e2, e3); err != nil {
		return nil, err
	}
	root, e1 := forge(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Kit root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, rootKey.Public(), rootKey)
	tpl := &x509.Certificate{Subject: pkix.Name{CommonName: "Kit forger"}, KeyUsage: x509.KeyUsageDigitalSignature}
	if u != noUsage {
		tpl.ExtraExtensions = []pkix.Extension{{
			Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: u != notCritical, Value: stamping,
		}}
	}
	leaf, e2 := forge(tpl, root, key.Public(), rootKey)
	if err := errors.Join(e1, e2); err != nil {
		return nil, err
	}
	return &tsp.Authority{Chain: [][]byte{leaf.Raw, root.Raw}, Key: key, Rand: rand.Reader}, nil
}

func forge(tpl, parent *x509.Certificate, pub crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	tpl.SerialNumber = big.NewInt(1)
	tpl.NotBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	tpl.NotAfter = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	if parent == nil {
		parent = tpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, pub, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
