package tsp

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/motcua/motcua/esign/internal/cms"
)

// Sentinels of this package; test with errors.Is. Errors of the CMS round a
// token are those of package cms.
var (
	// ErrMalformed: the bytes are no message of the protocol.
	ErrMalformed = errors.New("malformed time-stamp message")
	// ErrImprint: the token is about other data, or made with another hash.
	ErrImprint = errors.New("time stamp is about other data")
	// ErrSigner: the token is not signed as RFC 3161 §2.3 asks: one signer whose
	// certificate is there, made for time stamping only, and named by ESS.
	ErrSigner = errors.New("time stamp's signer is not fit")
)

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }

// MaxRequest is the most octets of a request that [ParseRequest] reads.
const MaxRequest = 4096

// Request is a TimeStampReq (RFC 3161 §2.4.1).
type Request struct {
	Hash    crypto.Hash
	Imprint []byte
	Policy  asn1.ObjectIdentifier // nil leaves it to the authority
	Nonce   *big.Int              // nil for none
	CertReq bool                  // asks for the signer's certificates in the token
}

// Marshal gives the DER of the request.
func (r *Request) Marshal() ([]byte, error) {
	oid := cms.HashOID(r.Hash)
	if oid == nil || len(r.Imprint) != r.Hash.Size() {
		return nil, fmt.Errorf("%w: imprint and hash do not fit", ErrImprint)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		addImprint(b, oid, r.Imprint)
		if r.Policy != nil {
			b.AddASN1ObjectIdentifier(r.Policy)
		}
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		if r.CertReq {
			b.AddASN1Boolean(true)
		}
	})
	return b.Bytes()
}

func addImprint(b *cryptobyte.Builder, hash asn1.ObjectIdentifier, imprint []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(hash)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(imprint)
	})
}

func readImprint(s *cryptobyte.String) (crypto.Hash, []byte, error) {
	var seq, alg, imprint cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!alg.ReadASN1ObjectIdentifier(&oid) || !seq.ReadASN1(&imprint, cbasn1.OCTET_STRING) || !seq.Empty() {
		return 0, nil, malformed("message imprint")
	}
	if !alg.Empty() {
		var null cryptobyte.String
		if !alg.ReadASN1(&null, cbasn1.NULL) || !null.Empty() || !alg.Empty() {
			return 0, nil, malformed("parameters of the imprint's hash")
		}
	}
	h := cms.HashOf(oid)
	if h == 0 {
		return 0, nil, fmt.Errorf("%w: hash of the imprint %v", cms.ErrAlgorithm, oid)
	}
	if len(imprint) != h.Size() {
		return 0, nil, malformed("length of the imprint")
	}
	return h, imprint, nil
}

// ParseRequest reads a TimeStampReq. Extensions are refused: none is known, and
// a critical one must not be overlooked.
func ParseRequest(der []byte) (*Request, error) {
	if len(der) > MaxRequest {
		return nil, malformed("the request is too large")
	}
	s := cryptobyte.String(der)
	var seq cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) || version != 1 {
		return nil, malformed("head of the request")
	}
	r := &Request{}
	var err error
	if r.Hash, r.Imprint, err = readImprint(&seq); err != nil {
		return nil, err
	}
	if seq.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && !seq.ReadASN1ObjectIdentifier(&r.Policy) {
		return nil, malformed("policy of the request")
	}
	if seq.PeekASN1Tag(cbasn1.INTEGER) {
		r.Nonce = new(big.Int)
		if !seq.ReadASN1Integer(r.Nonce) {
			return nil, malformed("nonce of the request")
		}
	}
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !seq.ReadASN1Boolean(&r.CertReq) {
		return nil, malformed("certReq")
	}
	if !seq.Empty() {
		return nil, malformed("the request has extensions")
	}
	return r, nil
}
