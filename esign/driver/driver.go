package driver

import (
	"context"
	"crypto"
	"encoding/binary"
	"time"
)

// Signer is one credential of one holder. Package doc has the rules.
type Signer interface {
	// Chain returns the certificate path: the holder's first, then its issuers.
	Chain(context.Context) ([][]byte, error)
	// Begin announces digests to be signed and returns a handle for Complete.
	Begin(context.Context, *BeginRequest) (*BeginResponse, error)
	// Complete returns the signature values, or Pending.
	Complete(context.Context, *CompleteRequest) (*CompleteResponse, error)
	// ErrorCode classifies an error that a method of this signer returned, which
	// may be wrapped. Signers return their vendor's errors as they are.
	ErrorCode(error) Code
}

// Timestamper is one time stamping authority (tổ chức cung cấp dịch vụ cấp dấu
// thời gian) by RFC 3161. Package doc has the rules.
type Timestamper interface {
	// Timestamp returns the DER of a token over an imprint made with h.
	Timestamp(ctx context.Context, h crypto.Hash, imprint []byte) (token []byte, err error)
}

// Scheme is a way of signing. The numbers are frozen.
type Scheme int

// The schemes a request may ask for.
const (
	// RSAPKCS1v15 is RSASSA-PKCS1-v1_5 (RFC 8017 §8.2), the default with RSA keys.
	RSAPKCS1v15 Scheme = 1
	// RSAPSS is RSASSA-PSS, MGF1 with the same hash, the salt as long as the hash.
	RSAPSS Scheme = 2
	// ECDSA gives an ASN.1 signature value.
	ECDSA Scheme = 3
)

// String is the scheme's name.
func (s Scheme) String() string {
	switch s {
	case RSAPKCS1v15:
		return "RSA PKCS#1 v1.5"
	case RSAPSS:
		return "RSA-PSS"
	case ECDSA:
		return "ECDSA"
	}
	return "unknown scheme"
}

// Item is one digest to be signed.
type Item struct {
	// Name is shown to the holder before confirming: a document's title or
	// number, NFC, without personal data, at most 200 characters.
	Name string
	// Digest is what the key signs, made with the request's Hash.
	Digest []byte
}

// BeginRequest announces digests. One confirmation of the holder covers all its
// items.
type BeginRequest struct {
	// Transaction identifies this act of the holder: 1 to 64 letters, digits,
	// '-' or '_', chosen by the caller and recorded before the call.
	Transaction string
	Hash        crypto.Hash
	Scheme      Scheme
	Items       []Item
}

// BeginResponse says how to go on.
type BeginResponse struct {
	// Handle names the transaction at the vendor, at most 512 octets.
	Handle string
	// Expires is when the holder's time runs out; zero when unknown or never.
	Expires time.Time
}

// CompleteRequest asks for the values. Begin repeats the request that was begun,
// so that a signer without a memory needs none; Handle is what Begin gave.
type CompleteRequest struct {
	Begin  *BeginRequest
	Handle string
}

// State is how far a transaction is. The zero State is none.
type State int

// The states of an answer; refusal and expiry are errors with a code.
const (
	// Pending means the holder has not decided yet.
	Pending State = 1
	// Signed means the values are there.
	Signed State = 2
)

// CompleteResponse is the answer of a signer.
type CompleteResponse struct {
	State State
	// Signatures has one value for each item, in order, when State is Signed.
	Signatures [][]byte
	// RetryAfter is how long to wait before asking again while Pending; zero
	// leaves it to the caller.
	RetryAfter time.Duration
}

// Valid says whether the request has what rule B3 asks for, apart from what only
// the key can tell.
func (r *BeginRequest) Valid() bool {
	if r == nil || len(r.Items) == 0 || len(r.Transaction) < 1 || len(r.Transaction) > 64 || !r.Hash.Available() {
		return false
	}
	for _, c := range []byte(r.Transaction) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	for _, item := range r.Items {
		if len(item.Digest) != r.Hash.Size() {
			return false
		}
	}
	return true
}

// Fingerprint is a digest of all that is signed and how: equal for two requests
// only if a confirmation of one confirms the other. Names are left out: they are
// for reading.
func (r *BeginRequest) Fingerprint() []byte {
	h := crypto.SHA256.New()
	put := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	put([]byte(r.Transaction))
	put([]byte{byte(r.Hash), byte(r.Scheme)})
	for _, item := range r.Items {
		put(item.Digest)
	}
	return h.Sum(nil)
}
