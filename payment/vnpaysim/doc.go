// Package vnpaysim simulates VNPAY 2.1.0 over HTTP, for trials and tests: the
// page where the payer pays, the IPN with its retries, and querydr. It keeps its
// transactions in a folder and goes on where it stopped.
//
// It gives handlers only; the province listens. It takes return and notice
// addresses on loopback hosts alone, and everything on its page says that no
// money moves.
//
// It differs from VNPAY in one thing on purpose: the notice address, which a
// merchant registers with VNPAY, may be a path and is then taken at the origin
// of the return address, so that one simulator serves whichever port the
// province listens on.
//
// # Misbehaviour
//
// The payer's page has a field "behave", and POST /admin/behave sets what the
// field offers first:
//
//	normal   one IPN before the browser returns
//	twice    a second IPN after the first was confirmed
//	late     the IPN comes after the browser has returned
//	short    the payer paid one đồng less; IPN and querydr agree on that
//	foreign  the IPN names another terminal; querydr tells the truth
//	flipped  one digit of the IPN's hash is wrong; querydr tells the truth
//	silent   no IPN ever; querydr tells the truth
//	held     debited, suspected of fraud (codes 07)
package vnpaysim

// Behaviour is how the simulator treats a payment.
type Behaviour string

// The behaviours.
const (
	Normal  Behaviour = "normal"
	Twice   Behaviour = "twice"
	Late    Behaviour = "late"
	Short   Behaviour = "short"
	Foreign Behaviour = "foreign"
	Flipped Behaviour = "flipped"
	Silent  Behaviour = "silent"
	Held    Behaviour = "held"
)

// Behaviours lists them all, Normal first.
func Behaviours() []Behaviour {
	return []Behaviour{Normal, Twice, Late, Short, Foreign, Flipped, Silent, Held}
}
