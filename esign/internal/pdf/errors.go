package pdf

import (
	"errors"
	"fmt"
)

// What a document can be refused for; test with errors.Is.
var (
	// ErrNotPDF means that the bytes don't begin as a PDF does.
	ErrNotPDF = errors.New("not a pdf file: it does not begin with %PDF-")
	// ErrMalformed means a breach of ISO 32000 that viewers repair each in their own way, so nobody knows what was signed.
	ErrMalformed = errors.New("malformed pdf")
	// ErrEncrypted means that the document is encrypted; remove the encryption before it is signed.
	ErrEncrypted = errors.New("the pdf is encrypted: its content can't be read without its key")
	// ErrLimit means that a bound of Limits was reached; the document may be harmless but is not read further.
	ErrLimit = errors.New("the pdf exceeds a reading limit")
	// ErrFilter means a stream filter that this package does not undo.
	ErrFilter = errors.New("stream filter not supported")
)

func malformed(at int64, format string, a ...any) error {
	return fmt.Errorf("%w: %s (byte %d)", ErrMalformed, fmt.Sprintf(format, a...), at)
}

func overLimit(what string, n int64) error {
	return fmt.Errorf("%w: more than %d %s", ErrLimit, n, what)
}
