package workflow

import (
	"context"
	"encoding/json"
	"time"
)

// DossierID names a dossier inside the engine. It is opaque and holds nothing
// about the person.
type DossierID string

// Version counts the moves of a dossier, from 1 at its start.
type Version int64

// Latest stands for whatever version the dossier has. Only system events may
// use it: a person decides on what they have seen.
const Latest Version = -1

// The kinds of actors the engine knows about. Other kinds are the embedder's.
const (
	// KindSystem acts for nobody; it alone may raise system events.
	KindSystem = "system"
	// KindCitizen is an applicant (người yêu cầu) or who acts for one.
	KindCitizen = "citizen"
	// KindOfficial is an official (cán bộ, công chức).
	KindOfficial = "official"
)

// Actor is who acts. ID is a pseudonym, never a citizen id: it stands in the
// history for ever.
type Actor struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Unit     string   `json:"unit,omitempty"`
	OnBehalf string   `json:"on_behalf,omitempty"`
	Roles    []string `json:"roles,omitempty"`
}

// Scope says which dossiers a caller may see. The zero Scope sees nothing.
type Scope struct {
	// All sees every dossier; for system events and auditors.
	All bool
	// Units sees the dossiers of these units.
	Units []string
	// Owner sees the dossiers of this owner.
	Owner string
}

// Sees reports whether a dossier lies in the scope.
func (s Scope) Sees(d *Dossier) bool {
	if s.All || s.Owner != "" && s.Owner == d.Owner {
		return true
	}
	for _, u := range s.Units {
		if u != "" && u == d.Unit {
			return true
		}
	}
	return false
}

// Changes are the properties a move sets beside the state; nil fields stay.
type Changes struct {
	// Ref is what people call the dossier, e.g. its code (mã hồ sơ); unique
	// where not empty.
	Ref *string
	// Unit (đơn vị) is who has it.
	Unit *string
	// Due is when the result is owed (ngày hẹn trả); the zero time means none.
	Due *time.Time
}

// StartCommand opens a dossier in its machine's initial state.
type StartCommand struct {
	// Dossier is the id to use; empty makes one.
	Dossier DossierID
	// Procedure and MachineVersion name the machine; an empty version means
	// the last one given to [New] for that procedure.
	Procedure, MachineVersion string
	// Owner is the pseudonym of the person whose dossier it is.
	Owner string
	// Set gives the first properties.
	Set Changes
	// Actor is who opens it.
	Actor Actor
	// Key is the idempotency key, at most 200 bytes. Required.
	Key string
	// Body is what the actor sent, as JSON; it can be erased later.
	Body json.RawMessage
}

// Command applies an event to a dossier.
type Command struct {
	Dossier DossierID
	// Expect is the version the actor has seen, or [Latest].
	Expect Version
	Event  string
	Actor  Actor
	// Scope is what the actor may see; a dossier outside is not found.
	Scope Scope
	// Key is the idempotency key, at most 200 bytes. Required. The same key
	// with the same dossier, event, actor and body returns the first result.
	Key  string
	Body json.RawMessage
	// Set changes properties in the same move. It is not compared when a key
	// is replayed.
	Set Changes
}

// Dossier (hồ sơ) is the current state of one case.
type Dossier struct {
	ID             DossierID `json:"id"`
	Procedure      string    `json:"procedure"`
	MachineVersion string    `json:"machine_version"`
	State          string    `json:"state"`
	Version        Version   `json:"version"`
	Owner          string    `json:"owner,omitempty"`
	Ref            string    `json:"ref,omitempty"`
	Unit           string    `json:"unit,omitempty"`
	// Due is zero when no date is owed.
	Due     time.Time `json:"due,omitzero"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`

	head []byte // hash of the last entry
}

// Result is what a command did.
type Result struct {
	// Dossier is the dossier after the move.
	Dossier *Dossier `json:"dossier"`
	// Entry is the history line of the move, without its body.
	Entry Entry `json:"entry"`
	// Replayed says that the key was known and nothing was done now.
	Replayed bool `json:"-"`
}

// GuardInput is all a guard may look at.
type GuardInput struct {
	Dossier *Dossier
	Event   string
	Actor   Actor
	// Now is the law's clock.
	Now  time.Time
	Body json.RawMessage
}

// Guard is a pure condition on a move; nil lets it pass. It must not do I/O.
type Guard func(GuardInput) *Reason

// Effect is done after the commit, at least once; the entry's ID says whether
// it has been done before. An error has it repeated with a growing pause.
type Effect func(context.Context, Entry) error
