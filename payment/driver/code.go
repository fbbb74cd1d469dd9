package driver

import "strconv"

// Code classifies an error. payment.Code has the same numbers, which are frozen:
// old values stay in logs and metrics.
type Code int

// The codes.
const (
	// CodeOK is no error.
	CodeOK Code = 0
	// CodeUnknown is an error the adapter does not know; nothing follows from it.
	CodeUnknown Code = 1
	// CodeInvalid means the request or the notice is malformed; repeating it
	// will not help.
	CodeInvalid Code = 2
	// CodeNotFound means the other side does not know this reference.
	CodeNotFound Code = 3
	// CodeForged means a signature does not hold.
	CodeForged Code = 4
	// CodeConflict means the state does not allow it, or a key was used before
	// for something else.
	CodeConflict Code = 5
	// CodeRefused means the gateway understood and said no.
	CodeRefused Code = 6
	// CodeUnavailable means the other side could not be reached or did not
	// answer in time. What it did is unknown.
	CodeUnavailable Code = 7
	// CodeUnsupported means the gateway has no such ability.
	CodeUnsupported Code = 8
	// CodeInternal means our own side failed.
	CodeInternal Code = 9
)

// String is the code's name in lower case.
func (c Code) String() string {
	switch c {
	case CodeOK:
		return "ok"
	case CodeUnknown:
		return "unknown"
	case CodeInvalid:
		return "invalid"
	case CodeNotFound:
		return "not found"
	case CodeForged:
		return "forged"
	case CodeConflict:
		return "conflict"
	case CodeRefused:
		return "refused"
	case CodeUnavailable:
		return "unavailable"
	case CodeUnsupported:
		return "unsupported"
	case CodeInternal:
		return "internal"
	}
	return "code " + strconv.Itoa(int(c))
}
