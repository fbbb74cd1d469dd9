package desk

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// The steps of signing, in the permission table. They move no dossier: the last
// signature does, by the system event [EventCertified].
const (
	StepSign = "sign" // the official who certifies (người thực hiện chứng thực)
	StepSeal = "seal" // the clerk, in the agency's name (văn thư)
)

// The signers a line waits for, in this order (Decree 30/2020/NĐ-CP, Art. 32:
// the seal goes only on what the authorised person has signed).
const (
	NextOfficial = "official"
	NextAgency   = "agency"
)

// SignRequest asks for the next signature of a dossier's certified copy.
type SignRequest struct {
	Dossier workflow.DossierID
	// Expect is the version the person has seen, Step the signing step they were
	// offered: a second click asks for the same signature, not for the one after.
	Expect workflow.Version
	Step   string
}

// Sign makes the next signature: the official's with their own certificate, then
// the agency's with the unit's. A signer that confirms elsewhere leaves the line
// waiting; a later call, or the register's pass, goes on. Errors are those of
// [Desk.Do].
func (d *Desk) Sign(ctx context.Context, who *identity.Person, r *SignRequest) (*Case, error) {
	now := d.now()
	dos, err := d.Engine.Get(ctx, whostep.Scope(d.Policy, who, now), r.Dossier)
	if err != nil {
		return nil, err
	}
	line, err := d.line(ctx, r.Dossier)
	if err != nil {
		return nil, err
	}
	step := line.step()
	if made(line, r.Step) { // a click that came twice
		return d.Case(ctx, who, r.Dossier)
	}
	if step == "" || r.Step != step {
		return nil, refused(r.Step, &workflow.Reason{Code: "nothing_to_sign", VI: "Hồ sơ này chưa đến lượt ký bước đó, hoặc không còn gì để ký.",
			EN: "this signature is not next, or there is nothing to sign"})
	}
	if dos.Version != r.Expect {
		return nil, &workflow.StaleError{Dossier: r.Dossier, Expected: r.Expect, Current: dos.Version}
	}
	if _, why := whostep.Resolve(d.Policy, who, step, dos.Unit, now); why != nil {
		return nil, refused(step, why)
	}
	holder := dos.Unit
	if step == StepSign {
		holder = who.ID
	}
	if err := d.Register.Sign(ctx, r.Dossier, line.Next, holder); err != nil {
		return nil, err
	}
	return d.Case(ctx, who, r.Dossier)
}

func (d *Desk) line(ctx context.Context, dossier workflow.DossierID) (*Line, error) {
	if d.Register == nil {
		return nil, nil
	}
	return d.Register.Line(ctx, dossier)
}

// step is the signing step a line waits for; empty for none.
func (l *Line) step() string {
	switch {
	case l == nil || l.Next == "":
		return ""
	case l.Next == NextOfficial:
		return StepSign
	}
	return StepSeal
}

// made reports whether a line has the signature of a step.
func made(l *Line, step string) bool {
	if l == nil {
		return false
	}
	return l.Ref != "" && (step == StepSign || step == StepSeal) || step == StepSign && l.Next == NextAgency
}

// MaySign reports which signing step the person may take on a case now; empty
// for none.
func (d *Desk) MaySign(c *Case, who *identity.Person) string {
	step := c.Line.step()
	if step == "" {
		return ""
	}
	if _, why := whostep.Resolve(d.Policy, who, step, c.Dossier.Unit, d.now()); why != nil {
		return ""
	}
	return step
}

// Certified is a completed line of the register.
type Certified struct {
	Dossier workflow.DossierID
	// Ref, Size and Pages are those of the certified file.
	Ref    string
	Size   int64
	Pages  int
	Number int64
	// By names who signed last.
	By string
	At time.Time
}

// CertifiedTx moves the dossier of a completed line, and gives it its result, in
// the transaction that completes the line.
func (d *Desk) CertifiedTx(ctx context.Context, tx *sql.Tx, c *Certified) error {
	if err := d.SystemTx(ctx, tx, c.Dossier, EventCertified, "certified/"+string(c.Dossier)); err != nil {
		return err
	}
	return d.AddPaperTx(ctx, tx, &Paper{ID: PaperID(string(c.Dossier), PaperResult), Dossier: c.Dossier, Kind: PaperResult,
		Name: fmt.Sprintf("ban-sao-chung-thuc-%d.pdf", c.Number), Ref: c.Ref, Size: c.Size, Pages: c.Pages, By: c.By, At: c.At})
}

// MayCompare reports whether the person may upload a scan for a case now and
// compare it.
func (d *Desk) MayCompare(c *Case, who *identity.Person) bool {
	if _, ok := c.Procedure.StepFrom(c.State.ID, EventCompare); !ok {
		return false
	}
	_, why := whostep.Resolve(d.Policy, who, EventCompare, c.Dossier.Unit, d.now())
	return why == nil
}
