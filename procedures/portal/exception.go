package portal

import (
	"net/http"
	"unicode/utf8"

	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// maxNote is how many characters a note about money may have.
const maxNote = 160

// exception closes what about a dossier's money needs a person: by moving the
// dossier at last, or with a note of what was done outside.
func (p *Portal) exception(r *request) error {
	c, at, err := p.officialsCase(r)
	if err != nil {
		return err
	}
	if why := p.mayCash(r, c); why != nil {
		return &workflow.RefusedError{Event: StepCash, Reason: *why}
	}
	v, err := r.form()
	if err != nil {
		return err
	}
	id, note := r.PathValue("exception"), v.Get("note")
	money := p.Pay.(Exceptions) // the route is there only then
	switch v.Get("action") {
	case "retry":
		done, err := money.RetryException(r.Context(), r.who, c.Dossier.ID, id)
		if err != nil {
			return err
		}
		if !done {
			return p.exceptionStays(r, c, id, note, http.StatusConflict, r.lang.t("exception.still"))
		}
		return r.seeOther(at + withNotice(filterOf(r.URL.Query()).Query(), "retry_exception"))
	case "resolve":
		if n := utf8.RuneCountInString(note); n < 1 || n > maxNote {
			return p.exceptionStays(r, c, id, note, http.StatusUnprocessableEntity, r.lang.t("exception.missing"))
		}
		if err := money.ResolveException(r.Context(), r.who, c.Dossier.ID, id, note); err != nil {
			return err
		}
		return r.seeOther(at + withNotice(filterOf(r.URL.Query()).Query(), "resolve_exception"))
	}
	return trouble(http.StatusUnprocessableEntity, "bad_request")
}

// exceptionStays shows the dossier with the exception and why it is still there.
func (p *Portal) exceptionStays(r *request, c *desk.Case, id, note string, status int, why string) error {
	c, err := p.Desk.Case(r.Context(), r.who, c.Dossier.ID)
	if err != nil {
		return err
	}
	return p.renderCase(r, c, nil, func(pg *page) {
		pg.Status, pg.Errors = status, []fieldError{{"f-khoan-" + id, why}}
		fees := pg.Data.(map[string]any)["V"].(*caseView).Fees
		if fees == nil {
			return
		}
		for i := range fees.Exceptions {
			if e := &fees.Exceptions[i]; e.ID == id {
				e.Error, e.Typed = why, note
			}
		}
	})
}
