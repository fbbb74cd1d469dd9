package sqlkit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Class says what a driver's error means for the work it interrupted.
type Class int

// The classes. Numbers are frozen.
const (
	// ClassOther is everything a repetition would not mend.
	ClassOther Class = 0
	// ClassConnection means the connection or the server went away.
	ClassConnection Class = 1
	// ClassRolledBack means the server itself rolled back: serialisation
	// failure, deadlock, busy file.
	ClassRolledBack Class = 2
	// ClassUnique means a unique key is already there.
	ClassUnique Class = 3
	// ClassConstraint means another constraint or a trigger refused the row.
	ClassConstraint Class = 4
	// ClassWrongNode means the node is a standby; a new connection finds the
	// primary.
	ClassWrongNode Class = 5
)

// Phase is the part of a transaction in which an error arose.
type Phase string

// The phases.
const (
	// PhaseBegin: nothing was sent.
	PhaseBegin Phase = "begin"
	// PhaseBody: the transaction is gone.
	PhaseBody Phase = "body"
	// PhaseCommit: the outcome may be unknown.
	PhaseCommit Phase = "commit"
	// PhaseStatement: a single statement outside a transaction; like a
	// commit, its outcome may be unknown.
	PhaseStatement Phase = "statement"
)

// TxError says in which phase of a transaction Err arose.
type TxError struct {
	Phase Phase
	Err   error
}

// Error names the phase and the cause.
func (e *TxError) Error() string { return fmt.Sprintf("database, at %s: %v", e.Phase, e.Err) }

// Unwrap returns the driver's error.
func (e *TxError) Unwrap() error { return e.Err }

// ErrOutcomeUnknown is returned by [DB.Retry] when a commit may or may not have
// happened and the work carries no key with which it could be repeated. Read
// the rows back before you tell anybody.
var ErrOutcomeUnknown = errors.New("database: the commit may or may not have happened; read before repeating")

const (
	retryAttempts = 8
	retryFirst    = 20 * time.Millisecond
	retryMax      = time.Second
)

// Retry runs fn until it succeeds, fails for good, or ctx ends, at most eight
// times. Keyed says that fn carries an idempotency key or an expected version,
// so that running it again after an unknown outcome is safe; without it such an
// error is returned joined with [ErrOutcomeUnknown]. fn must start its own
// transaction or statement each time.
func (db *DB) Retry(ctx context.Context, keyed bool, fn func(context.Context) error) error {
	wait := retryFirst
	for attempt := 1; ; attempt++ {
		err := fn(ctx)
		if err == nil {
			return nil
		}
		again, unknown := db.judge(err, keyed)
		if !again || attempt == retryAttempts || ctx.Err() != nil {
			if unknown && !keyed {
				return errors.Join(err, ErrOutcomeUnknown)
			}
			return err
		}
		pause := time.NewTimer(wait/2 + rand.N(wait/2+1))
		select {
		case <-ctx.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
		wait = min(2*wait, retryMax)
	}
}

// RolledBack reports whether err says that the server itself rolled back, e.g.
// because two transactions waited for each other: the whole transaction is to be
// run again, also where only a part of it, under a savepoint, got the error.
func (db *DB) RolledBack(err error) bool { return err != nil && db.class(err) == ClassRolledBack }

// judge applies the error table: again says whether repeating can help and is
// safe, unknown whether the work may have been done already.
func (db *DB) judge(err error, keyed bool) (again, unknown bool) {
	var te *TxError
	if !errors.As(err, &te) {
		return false, false
	}
	class := db.class(te.Err)
	deadline := errors.Is(te.Err, context.DeadlineExceeded)
	switch te.Phase {
	case PhaseBegin:
		return deadline || class == ClassConnection || class == ClassRolledBack || class == ClassWrongNode, false
	case PhaseBody:
		return class == ClassConnection || class == ClassRolledBack || class == ClassWrongNode || deadline, false
	default: // commit or single statement
		switch class {
		case ClassRolledBack, ClassWrongNode:
			return true, false
		case ClassUnique, ClassConstraint:
			return false, false
		default:
			return keyed && (te.Phase == PhaseCommit || class == ClassConnection || deadline), true
		}
	}
}
