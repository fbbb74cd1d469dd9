package desk

import (
	"context"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// ListQuery asks for a page of dossiers.
type ListQuery struct {
	// States narrows to states; empty means all, drafts of others excepted.
	States []string
	// Unit narrows an official's list to one unit.
	Unit string
	// After is the cursor of the page before, Limit the page's size (50).
	After string
	Limit int
}

// List is one page of dossiers, those due first.
type List struct {
	Cases []Listed
	Next  string
}

// Listed is one line of a list.
type Listed struct {
	Dossier workflow.Dossier
	Code    string
	// Name is who asks, Document the paper's name; empty in a draft without.
	Name, Document string
	Procedure      procedures.Text
	State          procedures.State
	National       procedures.StatusInfo
}

// Mine lists the dossiers a citizen owns, drafts included.
func (d *Desk) Mine(ctx context.Context, who *identity.Person, q *ListQuery) (*List, error) {
	return d.list(ctx, workflow.Scope{Owner: who.ID}, q, true)
}

// Inbox lists the dossiers of the units an official may read; what has not been
// filed is nobody's but its owner's.
func (d *Desk) Inbox(ctx context.Context, who *identity.Person, q *ListQuery) (*List, error) {
	s := whostep.Scope(d.Policy, who, d.now())
	s.Owner = ""
	return d.list(ctx, s, q, false)
}

func (d *Desk) list(ctx context.Context, s workflow.Scope, q *ListQuery, drafts bool) (*List, error) {
	states := d.states(drafts)
	if len(q.States) > 0 {
		var narrowed []string
		for _, st := range q.States {
			for _, known := range states {
				if st == known {
					narrowed = append(narrowed, st)
				}
			}
		}
		states = narrowed
	}
	if len(states) == 0 {
		return &List{}, nil
	}
	page, err := d.Engine.Inbox(ctx, s, &workflow.InboxQuery{States: states, Unit: q.Unit, After: q.After, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	out := &List{Next: page.Next}
	for i := range page.Dossiers {
		l, err := d.listed(ctx, &page.Dossiers[i])
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, *l)
	}
	return out, nil
}

// states lists every state of every procedure, so that one inbox serves all.
func (d *Desk) states(drafts bool) []string {
	seen := map[string]bool{}
	var out []string
	for _, code := range d.Catalogue.Codes() {
		for _, p := range d.Catalogue.Editions(code) {
			for _, s := range p.With(d.o.Modules...).States {
				if !seen[s.ID] && (drafts || s.National != 0) {
					seen[s.ID] = true
					out = append(out, s.ID)
				}
			}
		}
	}
	return out
}

func (d *Desk) listed(ctx context.Context, dos *workflow.Dossier) (*Listed, error) {
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
	l := &Listed{Dossier: *dos, Code: r.code, Name: r.answer("requester_name"), Document: r.answer("document_name"), Procedure: p.ShortName}
	l.State, _ = p.State(dos.State)
	l.National, _ = procedures.Statuses().Info(l.State.National)
	return l, nil
}
