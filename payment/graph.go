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
	// Due: it is owed.
	Due State = "due"
	// Settled: it was paid in full. Nothing leads out of it.
	Settled State = "settled"
	// Cancelled: it is no longer owed.
	Cancelled State = "cancelled"
)

// The states of an attempt.
const (
	// Starting: recorded, and the gateway not yet asked.
	Starting State = "starting"
	// Pending: opened at the gateway; the payer may pay.
	Pending State = "pending"
	// Unclear: the gateway was asked and did not answer; it may have opened it.
	Unclear State = "unclear"
	// Paid: the money is ours. Nothing leads out of it.
	Paid State = "paid"
	// Failed: no money moved, as far as the gateway has said.
	Failed State = "failed"
	// Held: money moved and cannot be booked as paid; a person looks at it.
	Held State = "held"
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

// ChargeGraph is the machine of a charge, which starts in Due.
func ChargeGraph() []Edge {
	return []Edge{
		{From: Due, Event: EventSettled, To: Settled},
		{From: Due, Event: EventCancelled, To: Cancelled},
	}
}

// AttemptGraph is the machine of an attempt, which starts in Starting.
func AttemptGraph() []Edge {
	edges := []Edge{
		{From: Starting, Event: EventStarted, To: Pending},
		{From: Starting, Event: EventStartUnclear, To: Unclear},
		{From: Starting, Event: EventStartRefused, To: Failed},
		{From: Unclear, Event: EventStarted, To: Pending},
		{From: Unclear, Event: EventStartRefused, To: Failed},
	}
	for _, open := range []State{Starting, Pending, Unclear} {
		edges = append(edges,
			Edge{From: open, Event: EventPaid, To: Paid},
			Edge{From: open, Event: EventFailed, To: Failed},
			Edge{From: open, Event: EventHeld, To: Held},
			Edge{From: open, Event: EventMismatched, To: Held},
			Edge{From: open, Event: EventExpired, To: Failed},
		)
	}
	return append(edges,
		Edge{From: Failed, Event: EventCorrectedToPaid, To: Paid, Correction: true},
		Edge{From: Failed, Event: EventCorrectedToHeld, To: Held, Correction: true},
		Edge{From: Held, Event: EventReleasedToPaid, To: Paid, Correction: true},
		Edge{From: Held, Event: EventReleasedToFailed, To: Failed, Correction: true},
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
	case Failed:
		return afterFailed
	case Held:
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
