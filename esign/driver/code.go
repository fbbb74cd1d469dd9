package driver

import "strconv"

// Code classifies an error. esign.Code has the same numbers, which are frozen:
// old values stay in the database, logs and metrics.
type Code int

// The codes.
const (
	// CodeOK is no error.
	CodeOK Code = 0
	// CodeUnknown is an error the adapter does not know; nothing follows from it.
	CodeUnknown Code = 1
	// CodeInvalid means the request is malformed or the credential cannot do it;
	// repeating will not help.
	CodeInvalid Code = 2
	// CodeNotFound means the other side does not know this transaction, handle
	// or credential.
	CodeNotFound Code = 3
	// CodeForged means an answer does not verify.
	CodeForged Code = 4
	// CodeConflict means the transaction was begun with other items.
	CodeConflict Code = 5
	// CodeRefused means the holder said no. Asking again is a new transaction.
	CodeRefused Code = 6
	// CodeUnavailable means the other side could not be reached or did not answer
	// in time. What it did is unknown; the same call is to be repeated.
	CodeUnavailable Code = 7
	// CodeUnsupported means the signer has no such ability.
	CodeUnsupported Code = 8
	// CodeInternal means our own side failed.
	CodeInternal Code = 9
	// CodeExpired means the holder did not decide in time. Asking again is a new
	// transaction.
	CodeExpired Code = 10
	// CodeUnauthorised means the other side does not accept our own credentials
	// (client secret, PIN), so that an administrator has to act.
	CodeUnauthorised Code = 11
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
	case CodeExpired:
		return "expired"
	case CodeUnauthorised:
		return "unauthorised"
	}
	return "code " + strconv.Itoa(int(c))
}
