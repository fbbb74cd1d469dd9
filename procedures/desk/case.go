package desk

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/clock"
)

// Case is one dossier as a person may see it.
type Case struct {
	Dossier   workflow.Dossier
	Procedure *procedures.Procedure
	State     procedures.State
	// National is the dossier's national status, zero for a draft.
	National procedures.StatusInfo
	// Code and LookUpCode are empty for a draft.
	Code, LookUpCode string
	// Revision is that of a draft's answers.
	Revision int64
	Form     json.RawMessage
	Unit     Unit
	Channel  procedures.Channel
	// Dates, zero where they have not come.
	Requested, Received, Finished, Returned, Closed time.Time
	// Reckoning explains the due date; nil before reception.
	Reckoning *clock.Reckoning
	Asked     []Asked
	Papers    []Paper
	// Scan is the fixed scan's reference, Pages its page count.
	Scan  string
	Pages int
	// Moves is the history, oldest first, at most 200 lines.
	Moves []workflow.Entry
	// Actions are the steps that leave the state, with why each cannot be taken
	// now by this person; nil means it can.
	Actions []Action
	Owed    *Owed
	Line    *Line
	// Own says that the person is the dossier's owner.
	Own bool
}

// Action is one step offered, or the reason why it is not.
type Action struct {
	Step   procedures.Step
	WhyNot *workflow.Reason
}

// Case returns a dossier the person may see, else [workflow.ErrNotFound].
func (d *Desk) Case(ctx context.Context, who *identity.Person, id workflow.DossierID) (*Case, error) {
	now := d.now()
	scope := whostep.Scope(d.Policy, who, now)
	dos, err := d.Engine.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	c, err := d.describe(ctx, dos)
	if err != nil {
		return nil, err
	}
	c.Own = dos.Owner == who.ID
	if c.Moves, err = d.Engine.History(ctx, scope, id, 0, 200); err != nil {
		return nil, err
	}
	c.Actions = d.actions(c, who, now)
	return c, nil
}

// CaseByCode is [Desk.Case] by the dossier's code.
func (d *Desk) CaseByCode(ctx context.Context, who *identity.Person, code string) (*Case, error) {
	dos, err := d.Engine.GetByRef(ctx, whostep.Scope(d.Policy, who, d.now()), code)
	if err != nil {
		return nil, err
	}
	return d.Case(ctx, who, dos.ID)
}

func (d *Desk) describe(ctx context.Context, dos *workflow.Dossier) (*Case, error) {
	bound, cancel := d.DB.Bound(ctx)
	defer cancel()
	r, err := d.load(bound, d.DB.Read, "dossier_id", string(dos.ID))
	if err != nil {
		return nil, err
	}
	p, err := d.procedure(r.procedure, r.unit, r.doc.Edition)
	if err != nil {
		return nil, err
	}
	unit, _ := d.Units.UnitAt(r.unit, d.now())
	c := &Case{Dossier: *dos, Procedure: p, Code: r.code, LookUpCode: r.lookUpCode, Revision: r.revision, Form: r.doc.Form, Unit: unit,
		Channel: r.doc.Channel, Requested: r.doc.Requested, Received: r.doc.Received, Finished: r.doc.Finished, Returned: r.doc.Returned,
		Closed: r.doc.Closed, Reckoning: r.doc.Reckoning, Asked: r.doc.Asked, Scan: r.doc.Scan, Pages: r.doc.Pages}
	c.State, _ = p.State(dos.State)
	c.National, _ = procedures.Statuses().Info(c.State.National)
	if c.Papers, err = d.papers(bound, dos.ID); err != nil {
		return nil, err
	}
	if d.Fees != nil {
		if c.Owed, err = d.Fees.Owed(ctx, dos.ID); err != nil {
			return nil, err
		}
	}
	if d.Register != nil {
		c.Line, err = d.Register.Line(ctx, dos.ID)
	}
	return c, err
}

// actions asks of every step that leaves the state whether this person may take
// it. Steps that are none of a citizen's business are left out for one.
func (d *Desk) actions(c *Case, who *identity.Person, now time.Time) []Action {
	var out []Action
	for _, s := range c.Procedure.Steps {
		if s.System || !slices.Contains(s.From, c.State.ID) {
			continue
		}
		if who.Kind == identity.Citizen && !slices.Contains(s.Roles, whostep.RoleApplicant) {
			continue
		}
		a := Action{Step: s}
		actor, why := whostep.Resolve(d.Policy, who, s.Event, c.Dossier.Unit, now)
		switch {
		case why != nil:
			a.WhyNot = why
		case !slices.ContainsFunc(s.Roles, func(r string) bool { return slices.Contains(actor.Roles, r) }):
			a.WhyNot = &workflow.Reason{
				Code: "wrong_role",
				VI:   "Ông/bà không có vai trò được giao bước này.",
				EN:   "the step belongs to another role",
			}
		case s.Event == EventCompare && !slices.ContainsFunc(c.Papers, func(p Paper) bool { return p.Kind == PaperScan }):
			a.WhyNot = &workflow.Reason{Code: procedures.GuardScanFixed, VI: "Chưa có bản quét để đối chiếu. Tải bản quét lên trước.",
				EN: "there is no scan yet, upload one first"}
		}
		out = append(out, a)
	}
	return out
}

// Can reports whether the person the case was read for may take a step now.
func (c *Case) Can(event string) bool {
	return slices.ContainsFunc(c.Actions, func(a Action) bool { return a.Step.Event == event && a.WhyNot == nil })
}
