package payment

import (
	"context"
	"errors"
	"fmt"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Code classifies an error. The numbers are those of driver.Code and frozen.
type Code int

// The codes.
const (
	CodeOK          = Code(driver.CodeOK)
	CodeUnknown     = Code(driver.CodeUnknown)
	CodeInvalid     = Code(driver.CodeInvalid)
	CodeNotFound    = Code(driver.CodeNotFound)
	CodeForged      = Code(driver.CodeForged)
	CodeConflict    = Code(driver.CodeConflict)
	CodeRefused     = Code(driver.CodeRefused)
	CodeUnavailable = Code(driver.CodeUnavailable)
	CodeUnsupported = Code(driver.CodeUnsupported)
	CodeInternal    = Code(driver.CodeInternal)
)

// String is the code's name in lower case.
func (c Code) String() string { return driver.Code(c).String() }

// The sentinels, one a code. Test with errors.Is.
var (
	// ErrInvalid: the request cannot be right; mend it.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound: there is no such thing, or not in this scope.
	ErrNotFound = errors.New("not found")
	// ErrForged: a gateway's answer did not verify.
	ErrForged = errors.New("forged")
	// ErrConflict: the state does not allow it, or a key was used before with
	// another body; read again before repeating.
	ErrConflict = errors.New("conflict")
	// ErrRefused: the gateway said no; offer another way to pay.
	ErrRefused = errors.New("refused")
	// ErrUnavailable: the gateway did not answer; repeat with the same key.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnsupported: the gateway has no such ability.
	ErrUnsupported = errors.New("unsupported")
)

// Error is every error this package makes itself. errors.As finds the vendor's
// error inside.
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
		return "payment: " + e.Text + ": " + e.Err.Error()
	}
	return "payment: " + e.Text
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
	}
	return nil
}

// ErrorCode classifies any error this package returns.
func ErrorCode(err error) Code {
	if err == nil {
		return CodeOK
	}
	var own *Error
	switch {
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

// Reason says in plain words why something is as it is.
type Reason struct{ Code, VI, EN string }
