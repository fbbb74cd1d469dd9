package portal

import (
	"cmp"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow"
)

// openingView is one line of the access journal.
type openingView struct {
	identity.Opening
	By, Where, Kind string
}

// journal lists who was shown what: to an auditor the openings in their reach, to
// a citizen those of their own papers.
func (p *Portal) journal(r *request) error {
	now := p.now()
	scope := p.Policy.ScopeOf(r.who, identity.StepAudit, now)
	if !p.mayJournal(r.who, now) {
		d := p.Policy.Can(r.who, identity.Act{Step: identity.StepAudit, At: now, Unit: firstUnit(r.who)})
		why := identity.Reason{Code: "denied", VI: r.lang.t("journal.denied"), EN: r.lang.t("journal.denied")}
		return &workflow.RefusedError{Event: identity.StepAudit, Reason: workflow.Reason(*cmp.Or(d.WhyNot(), &why))}
	}
	list, err := p.Journal.List(r.Context(), scope, &identity.OpeningQuery{After: r.URL.Query().Get("sau"), Limit: 50})
	if err != nil {
		return err
	}
	var out []openingView
	for _, o := range list.Openings {
		v := openingView{Opening: o, By: o.Who, Where: o.Unit, Kind: r.lang.either("opened."+o.What, o.What)}
		if r.who.Kind == identity.Official {
			if by, ok := p.Policy.Official(o.Who, o.At); ok {
				v.By = by.Name
			}
		} else {
			v.By = r.lang.t("actor.official")
		}
		if u, ok := p.Units.UnitAt(o.Unit, o.At); ok {
			v.Where = r.lang.pick(u.Name)
		}
		out = append(out, v)
	}
	next := ""
	if list.Next != "" {
		next = "/nhat-ky?sau=" + list.Next
	}
	return p.render(r, &page{Name: "journal", Title: r.lang.t("journal.title"), Data: map[string]any{"Openings": out, "Next": next}})
}

// mayJournal says whether a person has a journal to read: citizens their own,
// officials who audit that of their units.
func (p *Portal) mayJournal(who *identity.Person, now time.Time) bool {
	if who.Kind != identity.Official {
		return true
	}
	scope := p.Policy.ScopeOf(who, identity.StepAudit, now)
	return scope.Everything || len(scope.Units) > 0
}

func firstUnit(who *identity.Person) string {
	if len(who.Units) == 0 {
		return ""
	}
	return who.Units[0]
}
