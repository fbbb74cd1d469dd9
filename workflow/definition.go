package workflow

// Definition is a procedure's machine as data. It is inert until [Compile] has
// checked it; the zero value is not valid.
type Definition struct {
	// Code names the procedure, e.g. "2.000815". Required.
	Code string `json:"code"`
	// Version names this edition of the definition, e.g. "2024-07-01". A
	// dossier keeps the version it started with. Required.
	Version string `json:"version"`
	// Initial is the state in which every dossier starts. Required.
	Initial string `json:"initial"`
	// States lists every state once, in reading order.
	States []State `json:"states"`
	// Transitions lists the moves. One event may leave a state only once:
	// which way a dossier goes is decided by the event, never by a guard.
	Transitions []Transition `json:"transitions"`
}

// State is one place a dossier can be in.
type State struct {
	// Name is lower case letters, digits and underscores, at most 64 bytes.
	Name string `json:"name"`
	// Final says that no transition leaves this state.
	Final bool `json:"final,omitempty"`
}

// Transition is one move: an event takes a dossier from one of the From states
// to To, if the actor holds one of Roles and every guard lets it pass.
type Transition struct {
	// Event is the name a command gives, same alphabet as a state's name.
	Event string `json:"event"`
	// From lists the states the event may leave. Required.
	From []string `json:"from"`
	// To is the state reached; it may equal a From state, the version still
	// counts up and an entry is still written.
	To string `json:"to"`
	// Roles lists the roles of which the actor needs one. Empty lets any
	// actor pass whom Scope admits.
	Roles []string `json:"roles,omitempty"`
	// System marks an event which only an actor of kind [KindSystem] may
	// raise, e.g. fee_settled. Roles must then be empty.
	System bool `json:"system,omitempty"`
	// Reason demands a body with a non-empty string member "reason", as the
	// law does for refusals and supplements.
	Reason bool `json:"reason,omitempty"`
	// Guards names pure conditions, all of which must pass, in this order.
	Guards []string `json:"guards,omitempty"`
	// Effects names what is to be done after the commit, at least once each.
	Effects []string `json:"effects,omitempty"`
}
