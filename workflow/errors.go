package workflow

import (
	"errors"
	"fmt"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Code classifies an error of this package. Numbers are frozen: they may stand
// in logs and metrics.
type Code int

// The codes.
const (
	// Unknown is every error this package did not make: the database's, the
	// context's.
	Unknown Code = 0
	// Invalid: the request can never succeed as it is.
	Invalid Code = 1
	// NotFound: there is no such dossier in the caller's scope.
	NotFound Code = 2
	// Stale: the dossier has moved on; read it again and decide anew.
	Stale Code = 3
	// KeyReused: the idempotency key stands for another request.
	KeyReused Code = 4
	// Refused: the event cannot be done now; the reason says why.
	Refused Code = 5
	// Exists: a dossier with this id or reference is already there.
	Exists Code = 6
)

// The sentinels, one for each code but Unknown. Test with errors.Is.
var (
	ErrInvalid   = errors.New("invalid request")
	ErrNotFound  = errors.New("no such dossier")
	ErrStale     = errors.New("dossier has moved on")
	ErrKeyReused = sqlkit.ErrKeyReused
	ErrRefused   = errors.New("refused")
	ErrExists    = errors.New("dossier exists already")
)

// ErrorCode returns the code of an error returned by this package.
func ErrorCode(err error) Code {
	for code, sentinel := range map[Code]error{Invalid: ErrInvalid, NotFound: ErrNotFound, Stale: ErrStale,
		KeyReused: ErrKeyReused, Refused: ErrRefused, Exists: ErrExists} {
		if errors.Is(err, sentinel) {
			return code
		}
	}
	return Unknown
}

// Reason says in plain words why something cannot be done. Code is stable and
// may be matched; VI and EN are for people.
type Reason struct {
	Code string `json:"code"`
	VI   string `json:"vi"`
	EN   string `json:"en"`
}

// StaleError tells which version a dossier really has. It is [ErrStale].
type StaleError struct {
	Dossier           DossierID
	Expected, Current Version
}

// Error names both versions.
func (e *StaleError) Error() string {
	return fmt.Sprintf("dossier %s has moved on: expected version %d, current version %d (read it again)", e.Dossier, e.Expected, e.Current)
}

// Is makes errors.Is(err, ErrStale) true.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// RefusedError carries the reason why an event was refused. It is [ErrRefused].
type RefusedError struct {
	Event  string
	Reason Reason
}

// Error gives the English reason, which holds no personal data unless a guard
// of the embedder put some there.
func (e *RefusedError) Error() string { return fmt.Sprintf("%s refused: %s", e.Event, e.Reason.EN) }

// Is makes errors.Is(err, ErrRefused) true.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

func invalid(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, a...))
}
