package esign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"
)

// algorithmRule says from when on something is no longer accepted in new signatures. A zero from means never accepted.
type algorithmRule struct {
	hash    crypto.Hash // this hash
	rsaBits int         // or RSA keys below this size
	ecBits  int         // or elliptic curves below this size
	from    time.Time
}

// algorithmRules follow ETSI TS 119 312 and what Vietnamese authorities issue (SHA-256, RSA from 2,048 bits, P-256).
// A rule counts at the time of signing that can be proved.
var algorithmRules = []algorithmRule{
	{hash: crypto.MD5},
	{hash: crypto.SHA1},
	{rsaBits: 2048},
	{ecBits: 256},
}

// weakHash returns the name of the hash when it is refused at a time, else "".
func weakHash(h crypto.Hash, at time.Time) string {
	for _, r := range algorithmRules {
		if r.hash == h && h != 0 && !at.Before(r.from) {
			return h.String()
		}
	}
	return ""
}

// weakKey returns the name of the key when it is refused at a time, else "".
func weakKey(key crypto.PublicKey, at time.Time) string {
	for _, r := range algorithmRules {
		if at.Before(r.from) {
			continue
		}
		switch k := key.(type) {
		case *rsa.PublicKey:
			if k.N.BitLen() < r.rsaBits {
				return fmt.Sprintf("RSA %d", k.N.BitLen())
			}
		case *ecdsa.PublicKey:
			if bits := k.Curve.Params().BitSize; bits < r.ecBits {
				return fmt.Sprintf("EC %d", bits)
			}
		}
	}
	return ""
}

// weakPath looks at the keys of a path and at what its certificates are signed with; a root's own signature proves nothing
// and is not looked at.
func weakPath(path []*x509.Certificate, at time.Time) string {
	for i, c := range path {
		if w := weakKey(c.PublicKey, at); w != "" {
			return w
		}
		if i == len(path)-1 {
			break
		}
		switch c.SignatureAlgorithm {
		case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1:
			return c.SignatureAlgorithm.String()
		}
	}
	return ""
}
