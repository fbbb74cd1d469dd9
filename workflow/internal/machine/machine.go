// Package machine is the only room that knows looplab/fsm. It keeps that
// library's traps inside: a machine is used by one step at a time, never across
// an error it did not expect, with no effects in callbacks and a context that
// cannot be cancelled under it. Each trap is pinned by a test.
package machine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/looplab/fsm"
)

// ErrNoMove is returned when the event does not leave the state.
var ErrNoMove = errors.New("the event does not leave this state")

// Move is one edge of the graph.
type Move struct {
	Event string
	From  []string
	To    string
}

// Table is an immutable transition table. Step may be called concurrently: each
// call has a private machine, taken from a pool because building one costs
// forty times as much as a step.
type Table struct {
	initial string
	events  fsm.Events
	pool    sync.Pool
}

// New builds a table. The caller has checked that no (event, from) pair comes
// twice: fsm would silently let the last one win.
func New(initial string, moves []Move) *Table {
	t := &Table{initial: initial}
	for _, m := range moves {
		t.events = append(t.events, fsm.EventDesc{Name: m.Event, Src: m.From, Dst: m.To})
	}
	t.pool.New = func() any {
		return fsm.NewFSM(t.initial, t.events, fsm.Callbacks{"before_event": before})
	}
	return t
}

// before runs the guard of the step. Cancel is what stops a transition; setting
// e.Err alone would return the error and move all the same.
func before(_ context.Context, e *fsm.Event) {
	if err := e.Args[0].(func() error)(); err != nil {
		e.Cancel(err)
	}
}

// Step says where event leads from state, if guard lets it pass. The guard's
// error is returned as it is; guard must not call Step with the same table's
// machine, which it cannot reach.
func (t *Table) Step(ctx context.Context, state, event string, guard func() error) (string, error) {
	if err := ctx.Err(); err != nil { // fsm would notice too late, and stay in mid-transition for ever
		return "", err
	}
	m := t.pool.Get().(*fsm.FSM)
	m.SetState(state)
	err := m.Event(context.WithoutCancel(ctx), event, guard)
	var cancelled fsm.CanceledError
	var same fsm.NoTransitionError
	var invalid fsm.InvalidEventError
	var unknown fsm.UnknownEventError
	switch {
	case err == nil, errors.As(err, &same) && same.Err == nil:
		to := m.Current()
		t.pool.Put(m)
		return to, nil
	case errors.As(err, &cancelled):
		t.pool.Put(m)
		return "", cancelled.Err
	case errors.As(err, &invalid), errors.As(err, &unknown):
		t.pool.Put(m)
		return "", fmt.Errorf("%w: %s in %s", ErrNoMove, event, state)
	default: // the machine may be stuck: let it go
		return "", fmt.Errorf("state machine: %w", err)
	}
}
