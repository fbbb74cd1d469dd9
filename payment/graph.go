package payment

import (
	"fmt"
	"strings"
)

// State is a state of a charge or of an attempt. The texts are stored and never
// change.
type State string

// The states of a charge.
const (
	// StateDue: it is owed.
	StateDue State = "due"
	// StateSettled: it was paid in full. Nothing leads out of it.
	StateSettled State = "settled"
	// StateCancelled: it is no longer owed.
	StateCancelled State = "cancelled"
)

// The states of an attempt.
const (
	// StateStarting: recorded, and the gateway not yet asked.
	StateStarting State = "starting"
	// StatePending: opened at the gateway; the payer may pay.
	StatePending State = "pending"
	// StateUnclear: the gateway was asked and did not answer; it may have opened it.
	StateUnclear State = "unclear"
	// StatePaid: the money is ours. Nothing leads out of it.
	StatePaid State = "paid"
	// StateFailed: no money moved, as far as the gateway has said.
	StateFailed State = "failed"
	// StateHeld: money moved and cannot be booked as paid; a person looks at it.
	StateHeld State = "held"
)

// Event is what moves a charge or an attempt. The texts are stored and never
// change.
type Event string

// The events. Those of the last block correct what was believed before: the
// gateway told the truth late.
const (
	EventSettled   Event = "settled"
	EventCancelled Event = "cancelled"

	EventStarted      Event = "started"
	EventStartUnclear Event = "start_unclear"
	EventStartRefused Event = "start_refused"
	EventPaid         Event = "paid"
	EventFailed       Event = "failed"
	EventHeld         Event = "held"
	EventMismatched   Event = "mismatched"
	EventExpired      Event = "expired"

	EventCorrectedToPaid  Event = "corrected_to_paid"
	EventCorrectedToHeld  Event = "corrected_to_held"
	EventReleasedToPaid   Event = "released_to_paid"
	EventReleasedToFailed Event = "released_to_failed"
)

// Edge is one allowed transition.
type Edge struct {
	From  State
	Event Event
	To    State
	// Correction says that it overrules an earlier word of the gateway.
	Correction bool
}

// ChargeGraph is the machine of a charge, which starts in StateDue.
func ChargeGraph() []Edge {
	return []Edge{
		{From: StateDue, Event: EventSettled, To: StateSettled},
		{From: StateDue, Event: EventCancelled, To: StateCancelled},
	}
}

// AttemptGraph is the machine of an attempt, which starts in StateStarting.
func AttemptGraph() []Edge {
	edges := []Edge{
		{From: StateStarting, Event: EventStarted, To: StatePending},
		{From: StateStarting, Event: EventStartUnclear, To: StateUnclear},
		{From: StateStarting, Event: EventStartRefused, To: StateFailed},
		{From: StateUnclear, Event: EventStarted, To: StatePending},
		{From: StateUnclear, Event: EventStartRefused, To: StateFailed},
	}
	for _, open := range []State{StateStarting, StatePending, StateUnclear} {
		edges = append(edges,
			Edge{From: open, Event: EventPaid, To: StatePaid},
			Edge{From: open, Event: EventFailed, To: StateFailed},
			Edge{From: open, Event: EventHeld, To: StateHeld},
			Edge{From: open, Event: EventMismatched, To: StateHeld},
			Edge{From: open, Event: EventExpired, To: StateFailed},
		)
	}
	return append(edges,
		Edge{From: StateFailed, Event: EventCorrectedToPaid, To: StatePaid, Correction: true},
		Edge{From: StateFailed, Event: EventCorrectedToHeld, To: StateHeld, Correction: true},
		Edge{From: StateHeld, Event: EventReleasedToPaid, To: StatePaid, Correction: true},
		Edge{From: StateHeld, Event: EventReleasedToFailed, To: StateFailed, Correction: true},
	)
}

// next finds where an event leads. An edge that is missing is a transition that
// is refused.
func next(graph []Edge, from State, ev Event) (State, bool) {
	for _, e := range graph {
		if e.From == from && e.Event == ev {
			return e.To, true
		}
	}
	return "", false
}

// towards finds the event that leads from a state to another, ordinary events
// before corrections.
func towards(from State, ordinary, afterFailed, afterHeld Event) Event {
	switch from {
	case StateFailed:
		return afterFailed
	case StateHeld:
		return afterHeld
	}
	return ordinary
}

// Mermaid draws a machine for docs. Corrections are marked.
func Mermaid(initial State, graph []Edge) string {
	var b strings.Builder
	fmt.Fprintf(&b, "stateDiagram-v2\n    [*] --> %s\n", initial)
	leads := map[State]bool{}
	for _, e := range graph {
		mark := ""
		if e.Correction {
			mark = " (correction)"
		}
		fmt.Fprintf(&b, "    %s --> %s: %s%s\n", e.From, e.To, e.Event, mark)
		leads[e.From] = true
	}
	ended := map[State]bool{}
	for _, e := range graph {
		if !leads[e.To] && !ended[e.To] {
			fmt.Fprintf(&b, "    %s --> [*]\n", e.To)
			ended[e.To] = true
		}
	}
	return b.String()
}
