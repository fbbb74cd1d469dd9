package procedures

// Code classifies an error of this package. The numbers are frozen.
type Code int

// The codes.
const (
	CodeInvalid  Code = 1 // an argument the procedure does not allow; correct it
	CodeNotFound Code = 2 // no such procedure, edition, form or state on that day
	CodeBroken   Code = 3 // a definition with findings; run the checker
	CodeLimit    Code = 4 // something exceeds a documented limit
)

// Error is the error type of this package. [errors.Is] compares codes:
// errors.Is(err, ErrNotFound).
type Error struct {
	Code Code
	Text string
}

// Error names the thing and the remedy, in lower case.
func (e *Error) Error() string { return "procedures: " + e.Text }

// Is matches any *Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Sentinels for [errors.Is].
var (
	ErrInvalid  = &Error{CodeInvalid, "invalid argument"}
	ErrNotFound = &Error{CodeNotFound, "not found"}
	ErrBroken   = &Error{CodeBroken, "broken definition"}
	ErrLimit    = &Error{CodeLimit, "limit exceeded"}
)
