package cms

import (
	"errors"
	"fmt"
)

// Sentinels of this package; test with errors.Is. The text of an error names
// the field concerned and never repeats bytes of the input.
var (
	// ErrMalformed: the bytes are no SignedData this package can read.
	ErrMalformed = errors.New("malformed CMS")
	// ErrLimit: reading would go over one of the [Limits].
	ErrLimit = errors.New("CMS over the limit")
	// ErrAlgorithm: an algorithm or its parameters are unknown, or do not fit
	// the certificate's key.
	ErrAlgorithm = errors.New("unsupported algorithm")
	// ErrNoSignedAttributes: the signer signed the content directly; the CAdES
	// forms require signed attributes.
	ErrNoSignedAttributes = errors.New("no signed attributes")
	// ErrAttribute: a signed attribute that must be there once is missing,
	// doubled, or contradicts its surroundings.
	ErrAttribute = errors.New("bad signed attribute")
	// ErrDigest: the content does not have the signed digest.
	ErrDigest = errors.New("content digest differs from the signed one")
	// ErrSignature: the signature value does not verify.
	ErrSignature = errors.New("signature does not verify")
	// ErrSigningCertificate: the ESS attribute names another certificate, or is
	// missing.
	ErrSigningCertificate = errors.New("signing certificate attribute does not match")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
