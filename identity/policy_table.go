package identity

import "time"

// Reach is how far a grant goes from the unit of the post that carries its role.
type Reach int

// The reaches. The zero value reaches nothing.
const (
	// OwnUnit is the unit of the post itself.
	OwnUnit Reach = iota + 1
	// Subtree is the unit of the post and every unit below it.
	Subtree
	// Anywhere is every unit, and acts that belong to no unit.
	Anywhere
)

// Steps every province knows beside those of its procedures.
const (
	// StepRead is seeing the dossiers of a unit; it makes the Scope of a person.
	StepRead = "read"
	// StepReveal is being shown a citizen id in clear, which is journalled.
	StepReveal = "reveal"
	// StepAudit is reading the journal of openings.
	StepAudit = "audit"
)

// AnyStep in a grant stands for every step.
const AnyStep = "*"

// RoleCitizen is the role every citizen has, in no unit. Grants to it reach
// Anywhere; which dossiers are the citizen's own is the Scope's business.
const RoleCitizen = "citizen"

// Grant lets a role do a step (quyền của vai trò theo bước) within a reach and
// between two days.
type Grant struct {
	ID        string // names the line, for explanations
	Role      string
	Step      string // or AnyStep
	Reach     Reach
	Assurance int       // least level of the sign-in
	From, To  time.Time // [From, To); the zero To is open
	Basis     string    // the decision that gives it
}

// Holder is an official with all posts, past and future: an ended post stays in
// the table, so that "who could sign on that day" has an answer.
type Holder struct {
	ID    string
	Name  string
	Posts []Post
}

// Delegation lets one official act for another (A thay B). It passes on the roles
// of posts B holds at the moment, never a role B has by delegation.
type Delegation struct {
	ID        string
	Principal string // B, whose roles are passed on
	Deputy    string // A, who acts
	Unit      string // of the principal's post; "" means all posts
	// Roles that are passed on; none means all.
	Roles []string
	// Form decides the line above the signature: KT., TL., TUQ. or Q.
	// (Decree 30/2020/NĐ-CP art. 13).
	Form     string
	From, To time.Time
	Basis    string
}

// Units answers what the policy asks about units on a day. Its answers must not
// change while a Table holds it.
type Units interface {
	// Heir returns the unit that is responsible at t for the work of code: code
	// itself while it exists, else its successor. It is false for a code nobody
	// knows and for a day before the unit existed.
	Heir(code string, t time.Time) (string, bool)
	// Parent returns the unit above at t, "" at the top.
	Parent(code string, t time.Time) string
	// Covered returns every code, former ones included, whose work lies at t with
	// the unit, or with one below it when below is set; sorted.
	Covered(code string, below bool, t time.Time) []string
}

// Table is the content of a Policy: a spreadsheet a province can read. It is not
// changed once given to a Policy.
type Table struct {
	Grants      []Grant
	Holders     []Holder
	Delegations []Delegation
	Units       Units
}

// Act is something a person wants to do: a step of a procedure (or StepRead and
// its like) on the work of a unit at a moment of the law's clock.
type Act struct {
	Step string
	Unit string // "" only for acts that belong to no unit
	At   time.Time
}
