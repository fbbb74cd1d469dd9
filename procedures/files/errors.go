package files

// Code classifies an error of this package. The numbers are frozen.
type Code int

// The codes.
const (
	CodeInvalid  Code = 1 // no reference; correct the argument
	CodeNotFound Code = 2 // no such file
	CodeTooLarge Code = 3 // above the limit
	CodeDamaged  Code = 4 // the bytes are not those that were stored
	CodeStorage  Code = 5 // the file system refused; see the wrapped error
)

// Error is the error type of this package; [errors.Is] compares codes and
// [errors.As] reaches the file system's own error.
type Error struct {
	Code Code
	Text string
	Err  error // of the file system; may be nil
}

// Error names the thing and the cause, in lower case.
func (e *Error) Error() string {
	if e.Err != nil {
		return "files: " + e.Text + ": " + e.Err.Error()
	}
	return "files: " + e.Text
}

// Is matches any *Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Unwrap gives the file system's error.
func (e *Error) Unwrap() error { return e.Err }

// Sentinels for [errors.Is].
var (
	ErrInvalid  = &Error{Code: CodeInvalid, Text: "invalid reference"}
	ErrNotFound = &Error{Code: CodeNotFound, Text: "not found"}
	ErrTooLarge = &Error{Code: CodeTooLarge, Text: "too large"}
	ErrDamaged  = &Error{Code: CodeDamaged, Text: "damaged"}
	ErrStorage  = &Error{Code: CodeStorage, Text: "storage"}
)
