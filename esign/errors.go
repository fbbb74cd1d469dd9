package esign

import (
	"context"
	"errors"
	"fmt"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Code classifies an error of the Service. The numbers are those of driver.Code and frozen.
type Code int

// The codes.
const (
	CodeOK           = Code(driver.CodeOK)
	CodeUnknown      = Code(driver.CodeUnknown)
	CodeInvalid      = Code(driver.CodeInvalid)
	CodeNotFound     = Code(driver.CodeNotFound)
	CodeForged       = Code(driver.CodeForged)
	CodeConflict     = Code(driver.CodeConflict)
	CodeRefused      = Code(driver.CodeRefused)
	CodeUnavailable  = Code(driver.CodeUnavailable)
	CodeUnsupported  = Code(driver.CodeUnsupported)
	CodeInternal     = Code(driver.CodeInternal)
	CodeExpired      = Code(driver.CodeExpired)
	CodeUnauthorised = Code(driver.CodeUnauthorised)
)

// String is the code's name in lower case.
func (c Code) String() string { return driver.Code(c).String() }

// The sentinels, one a code. Test with errors.Is.
var (
	// ErrUnknown: a signer failed in a way it cannot name; look at its log.
	ErrUnknown = errors.New("unknown error of the signer")
	// ErrInvalid: the plan, the document or the certificate cannot be right; mend it, repeating will not help.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound: there is no such plan, holder or file.
	ErrNotFound = errors.New("not found")
	// ErrForged: what a signer answered does not verify.
	ErrForged = errors.New("forged")
	// ErrConflict: the key was used for another plan, or the plan is over.
	ErrConflict = errors.New("conflict")
	// ErrRefused: the holder said no.
	ErrRefused = errors.New("refused")
	// ErrUnavailable: a signer, an authority or the file store did not answer; repeat the same call later.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnsupported: the signer has no such ability.
	ErrUnsupported = errors.New("unsupported")
	// ErrInternal: our own side failed.
	ErrInternal = errors.New("internal")
	// ErrExpired: the holder did not decide in time.
	ErrExpired = errors.New("expired")
	// ErrUnauthorised: a signer does not accept our credentials; an administrator has to act.
	ErrUnauthorised = errors.New("unauthorised")
)

// Error is every error the Service makes itself. errors.As finds the vendor's error inside.
type Error struct {
	Code Code
	// Text names the thing and the remedy, without personal data.
	Text string
	// Err is the cause, if there is one.
	Err error
}

// Error is the text, and the cause after it.
func (e *Error) Error() string {
	if e.Err != nil {
		return "esign: " + e.Text + ": " + e.Err.Error()
	}
	return "esign: " + e.Text
}

// Unwrap gives the cause and the sentinel of the code.
func (e *Error) Unwrap() []error {
	var out []error
	if e.Err != nil {
		out = append(out, e.Err)
	}
	if s := sentinel(e.Code); s != nil {
		out = append(out, s)
	}
	return out
}

func sentinel(c Code) error {
	switch c {
	case CodeUnknown:
		return ErrUnknown
	case CodeInvalid:
		return ErrInvalid
	case CodeNotFound:
		return ErrNotFound
	case CodeForged:
		return ErrForged
	case CodeConflict:
		return ErrConflict
	case CodeRefused:
		return ErrRefused
	case CodeUnavailable:
		return ErrUnavailable
	case CodeUnsupported:
		return ErrUnsupported
	case CodeInternal:
		return ErrInternal
	case CodeExpired:
		return ErrExpired
	case CodeUnauthorised:
		return ErrUnauthorised
	}
	return nil
}

// ErrorCode classifies any error the Service returns.
func ErrorCode(err error) Code {
	var own *Error
	switch {
	case err == nil:
		return CodeOK
	case errors.As(err, &own):
		return own.Code
	case errors.Is(err, sqlkit.ErrKeyReused):
		return CodeConflict
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return CodeUnavailable
	}
	return CodeUnknown
}

func fail(c Code, format string, args ...any) error {
	return &Error{Code: c, Text: fmt.Sprintf(format, args...)}
}

func failWith(c Code, err error, format string, args ...any) error {
	return &Error{Code: c, Text: fmt.Sprintf(format, args...), Err: err}
}
