package desk

import (
	"context"
	"database/sql"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
)

// Fees charges the fee of a dossier. Package paystep binds it to the payment
// module.
type Fees interface {
	// ChargeTx opens the charge of a dossier in the transaction of the step
	// that asks for it. Repeated for one dossier it changes nothing, and tells
	// the charge's name if it has been settled meanwhile.
	ChargeTx(ctx context.Context, tx *sql.Tx, r *FeeRequest) (settled string, err error)
	// CancelTx takes the charge of a stopped dossier back if nobody has paid it.
	CancelTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, actor, reason string) error
	// Owed returns the charge of a dossier, or nil.
	Owed(ctx context.Context, dossier workflow.DossierID) (*Owed, error)
}

// FeeRequest is what a dossier owes.
type FeeRequest struct {
	Dossier workflow.DossierID
	// Unit receives the fee. Payer is a pseudonym, Name stands on the receipt.
	Unit, Payer, Name string
	// Title says what is paid for, without personal data.
	Title string
	Lines []procedures.FeeLine
}

// Owed is the charge of one dossier as its pages show it.
type Owed struct {
	// Charge names it for paying.
	Charge string
	// Total is in đồng.
	Total int64
	Lines []procedures.FeeLine
	// Settled is when it was paid; zero while it is owed.
	Settled time.Time
	// Cash says that it was paid at the counter.
	Cash bool
	// State is the charge's own state, e.g. "due", "settled", "cancelled".
	State string
	// Exceptions say what needs a person: money that came too late, twice, or
	// of another amount.
	Exceptions []OwedException
}

// OwedException is something about a dossier's money that needs a person.
type OwedException struct {
	ID     string
	Reason workflow.Reason
	// Retry says that the money is in and the dossier's move can be tried again;
	// any other exception is closed by saying what was done about it.
	Retry bool
}

// Register certifies copies. Package signstep binds it to the certification
// module.
type Register interface {
	// ReserveTx reserves the line of a dossier, and with it the number, in the
	// transaction of the step that leads to signing. Repeated for one dossier it
	// changes nothing.
	ReserveTx(ctx context.Context, tx *sql.Tx, r *Reservation) error
	// Sign makes the signature named by next ("official" or "agency") of the
	// dossier's line, with the holder's credential; one that is made stays as it
	// is. It calls signers and files, so no transaction may be open.
	Sign(ctx context.Context, dossier workflow.DossierID, next, holder string) error
	// Line returns the line of a dossier, or nil.
	Line(ctx context.Context, dossier workflow.DossierID) (*Line, error)
	// CancelTx gives the line of a stopped dossier up; its number stays used.
	CancelTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, actor, reason string) error
}

// Reservation is what a line of the register says.
type Reservation struct {
	Dossier workflow.DossierID
	// Unit whose register it is, Official who compared (a pseudonym).
	Unit, Official string
	// Document names the paper.
	Document string
	// Scan is the SHA-256 of the compared scan, Pages its page count.
	Scan  string
	Pages int
	// Copies is how many were asked for; one electronic copy serves all.
	Copies int
}

// Line is a line of the register as pages show it.
type Line struct {
	// Number is the certification number (số chứng thực), Book its register.
	Number int64
	Book   string
	// Next names who signs next: "official", "agency", or "" when done.
	Next string
	// Waiting says that a signature was begun and is to be confirmed elsewhere,
	// e.g. on a phone; Stopped why a holder did not sign.
	Waiting bool
	Stopped *workflow.Reason
	// Ref is the certified file once it is done.
	Ref   string
	State string
}
