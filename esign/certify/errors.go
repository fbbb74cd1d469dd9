package certify

import (
	"errors"
	"fmt"
)

// The sentinels. Test with errors.Is.
var (
	// ErrInvalid: the request can never succeed as it is.
	ErrInvalid = errors.New("invalid request")
	// ErrNotFound: there is no such line.
	ErrNotFound = errors.New("no such line of the register")
	// ErrConflict: the line's state does not allow it, or the subject has a line
	// of other content.
	ErrConflict = errors.New("the line does not allow it")
)

func invalid(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, a...))
}
