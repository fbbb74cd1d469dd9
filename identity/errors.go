package identity

import (
	"errors"
	"fmt"
)

// Code classifies an error of this module. The numbers are frozen: they may be
// stored in metrics.
type Code int

// The codes.
const (
	// Unknown is an error nobody classified.
	Unknown Code = 0
	// Invalid means that what was handed in is malformed; repeating it is useless.
	Invalid Code = 1
	// NotFound means that no such person, unit or official exists, or that the
	// scope does not reach it: the two are not told apart on purpose.
	NotFound Code = 2
	// Denied means that the person is known and may not do it.
	Denied Code = 3
	// Unauthenticated means that nobody is signed in, or that a token was refused.
	Unauthenticated Code = 4
	// Conflict means that the request contradicts what is recorded.
	Conflict Code = 5
	// Unavailable means that the other side (provider, database) did not answer;
	// trying again later may help.
	Unavailable Code = 6
	// Tampered means that a stored value does not carry our seal.
	Tampered Code = 7
)

// Sentinels, one for each code, for errors.Is.
var (
	ErrInvalid         = errors.New("invalid")
	ErrNotFound        = errors.New("not found")
	ErrDenied          = errors.New("denied")
	ErrUnauthenticated = errors.New("not signed in")
	ErrConflict        = errors.New("conflict")
	ErrUnavailable     = errors.New("unavailable")
	ErrTampered        = errors.New("tampered")
)

func (c Code) sentinel() error {
	switch c {
	case Invalid:
		return ErrInvalid
	case NotFound:
		return ErrNotFound
	case Denied:
		return ErrDenied
	case Unauthenticated:
		return ErrUnauthenticated
	case Conflict:
		return ErrConflict
	case Unavailable:
		return ErrUnavailable
	case Tampered:
		return ErrTampered
	case Unknown:
	}
	return nil
}

// Error is an error of this module. Its text names the thing and the way out
// and never holds personal data.
type Error struct {
	Code Code
	Text string
	Err  error // the cause, or nil
}

// Errorf makes an Error; %w works as in fmt.Errorf.
func Errorf(c Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: c, Text: err.Error(), Err: errors.Unwrap(err)}
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the sentinel of the code and the cause, so that errors.Is works
// on the first and errors.As on the second.
func (e *Error) Unwrap() []error {
	var errs []error
	if s := e.Code.sentinel(); s != nil {
		errs = append(errs, s)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// CodeOf returns the code of err, Unknown when it is not of this module.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Unknown
}
