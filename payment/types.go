package payment

import "time"

// Scope says which charges a caller may see. The zero Scope sees nothing.
type Scope struct {
	// All sees every charge, and money that belongs to none; for system passes, the
	// finance office and auditors.
	All bool
	// Units sees the charges of these units.
	Units []string
	// Payer sees the charges of this payer.
	Payer string
}

// Sees reports whether a charge lies in the scope.
func (s Scope) Sees(c *Charge) bool { return s.sees(c.Unit, c.Payer.ID) }

func (s Scope) sees(unit, payer string) bool {
	if s.All || s.Payer != "" && s.Payer == payer {
		return true
	}
	for _, u := range s.Units {
		if u != "" && u == unit {
			return true
		}
	}
	return false
}

// Payer is who owes.
type Payer struct {
	// ID is a pseudonym, never a citizen id.
	ID string `json:"id"`
	// Name stands on the receipt. It is personal data: no log and no gateway
	// gets it.
	Name string `json:"name"`
}

// Charge (khoản phải nộp) is what is owed for one subject.
type Charge struct {
	ID string
	// Subject is what it is owed for, such as a dossier; opaque to this module.
	Subject, Purpose string
	Unit, Agency     string
	Payer            Payer
	Title            string
	Lines            []FeeLine
	Total            Dong
	State            State
	// Created, Changed and SettledAt are of the law's clock; SettledAt is zero
	// until settled.
	Created, Changed, SettledAt time.Time
	// SettledBy is the attempt that paid.
	SettledBy string
	// Reason is why it was cancelled.
	Reason   string
	Attempts []Attempt
	Receipts []Receipt
}

// Attempt (lần thanh toán) is one try to pay a charge.
type Attempt struct {
	ID, Charge string
	// N counts the attempts of a charge from 1.
	N       int
	Gateway string
	// Ref names it at the gateway, and in its reports.
	Ref, GatewayRef, Merchant string
	Amount                    Dong
	State                     State
	// URL is where to send the payer, Text what to tell; one of them is set once
	// the attempt is pending.
	URL, Text string
	// Created, Expires and Changed are of the protocol's clock, PaidAt is the
	// gateway's word.
	Created, Expires, Changed, PaidAt time.Time
	// LastError is the class of the last call that failed.
	LastError Code

	intent string
	polls  int
}

// Open says that its outcome is still to come.
func (a *Attempt) Open() bool {
	return a.State == StateStarting || a.State == StatePending || a.State == StateUnclear
}

// Channel says how the money came, for people.
func (a *Attempt) Channel() Reason {
	if a.Gateway == Cash {
		return Reason{Code: Cash, VI: "Tiền mặt", EN: "Cash"}
	}
	return Reason{Code: a.Gateway, VI: "Chuyển khoản", EN: "Bank transfer"}
}

// The topics of the outbox. The payload is an Announcement in JSON; the message
// id is stable.
const (
	// TopicSettled: a charge was settled.
	TopicSettled = "payment.settled"
	// TopicException: a person must look at something.
	TopicException = "payment.exception"
)

// Announcement is the payload of a message.
type Announcement struct {
	Charge    string `json:"charge,omitempty"`
	Subject   string `json:"subject,omitempty"`
	Exception string `json:"exception,omitempty"`
}
