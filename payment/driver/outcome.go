package driver

import "strconv"

// Outcome says how a payment stands. The zero value is Unknown.
type Outcome int

// The outcomes. Their numbers are stored and never change.
const (
	// Unknown is every answer that is not final.
	Unknown Outcome = 0
	// Paid means the money is ours.
	Paid Outcome = 1
	// Failed means that no money moved and none will.
	Failed Outcome = 2
	// Held means money has left the payer and is not ours: suspected fraud, a
	// reversal under way. A person looks at it.
	Held Outcome = 3
)

// String is the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Unknown:
		return "unknown"
	case Paid:
		return "paid"
	case Failed:
		return "failed"
	case Held:
		return "held"
	}
	return "outcome " + strconv.Itoa(int(o))
}

// Verdict is what package payment made of a notice. The zero value is Retry, so
// that a verdict forgotten is a notice sent again.
type Verdict int

// The verdicts. Their numbers are stored and never change.
const (
	// Retry means we could not record the notice: send it again later.
	Retry Verdict = 0
	// Accepted means the notice is recorded.
	Accepted Verdict = 1
	// Repeated means the same fact was recorded before.
	Repeated Verdict = 2
	// WrongAmount means the amount or currency is not what was asked for. The
	// fact is recorded and waits for a person.
	WrongAmount Verdict = 3
	// UnknownRef means the reference or the merchant is not ours.
	UnknownRef Verdict = 4
	// Forged means the notice did not verify. Nothing was recorded.
	Forged Verdict = 5
)

// Verdicts lists all verdicts in order.
func Verdicts() []Verdict {
	return []Verdict{Retry, Accepted, Repeated, WrongAmount, UnknownRef, Forged}
}

// String is the verdict's name in lower case.
func (v Verdict) String() string {
	switch v {
	case Retry:
		return "retry"
	case Accepted:
		return "accepted"
	case Repeated:
		return "repeated"
	case WrongAmount:
		return "wrong amount"
	case UnknownRef:
		return "unknown reference"
	case Forged:
		return "forged"
	}
	return "verdict " + strconv.Itoa(int(v))
}
