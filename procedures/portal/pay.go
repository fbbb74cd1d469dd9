package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// readKeyed reads a form that carries a version and a key, and checks that the
// dossier is still as the page showed it.
func (p *Portal) readKeyed(r *request, c *desk.Case) (key string, err error) {
	v, err := r.form()
	if err != nil {
		return "", err
	}
	version, err := strconv.ParseInt(v.Get("version"), 10, 64)
	if err != nil || v.Get("key") == "" {
		return "", trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	if workflow.Version(version) != c.Dossier.Version {
		return "", p.conflictOf(r, c)
	}
	return v.Get("key"), nil
}

func (p *Portal) canRefresh() bool {
	_, ok := p.Pay.(Refresher)
	return ok
}

// pay sends the owner to the gateway. The same page sent twice opens one payment.
func (p *Portal) pay(r *request) error {
	r.back = "/ho-so/" + r.PathValue("id")
	c, err := p.own(r)
	if err != nil {
		return err
	}
	if c.Owed == nil || c.Owed.Settled.IsZero() && c.State.Gate == "" { // e.g. while a withdrawal is looked at
		return trouble(http.StatusConflict, "not_due")
	}
	if !c.Owed.Settled.IsZero() {
		return r.seeOther(r.back)
	}
	key, err := p.readKeyed(r, c)
	if err != nil {
		return err
	}
	back := p.o.PublicURL + r.lang.url("/thanh-toan/ve") + "?ho-so=" + url.QueryEscape(string(c.Dossier.ID))
	to, err := p.Pay.Begin(r.Context(), r.who, &Payment{Dossier: c.Dossier.ID, Key: key, ReturnURL: back, ClientIP: p.o.ClientIP(r.Request),
		Lang: r.lang.code})
	if err != nil {
		return err
	}
	http.Redirect(r.w, r.Request, to, http.StatusSeeOther)
	return nil
}

// payReturn is where gateways send browsers back to. What the address says of the
// payment is believed by nobody: the page tells what the books say.
func (p *Portal) payReturn(r *request) error {
	id := workflow.DossierID(r.URL.Query().Get("ho-so"))
	pg := &page{Name: "payment", Title: r.lang.t("payment.title"), Data: map[string]any{"V": (*caseView)(nil), "CanRefresh": p.canRefresh()}}
	if r.who != nil && id != "" && isID(string(id)) {
		c, err := p.Desk.Case(r.Context(), r.who, id)
		if err != nil && !errors.Is(err, workflow.ErrNotFound) {
			return err // that the books cannot be read does not say that they hold nothing
		}
		if err == nil && c.Own {
			pg.Case = c
			pg.Data = map[string]any{"V": p.view(r, c), "CanRefresh": p.canRefresh()}
		}
	}
	return p.render(r, pg)
}

// payRefresh asks the gateways now.
func (p *Portal) payRefresh(r *request) error {
	r.back = "/ho-so/" + r.PathValue("id")
	c, err := p.own(r)
	if err != nil {
		return err
	}
	ask, ok := p.Pay.(Refresher)
	if !ok {
		return trouble(http.StatusNotFound, "not_found")
	}
	if wait, ok := p.limits.verify.allow("refresh " + r.who.ID); !ok {
		return &problem{Status: http.StatusTooManyRequests, Code: "too_many", Wait: wait}
	}
	if err := ask.Refresh(r.Context(), c.Dossier.ID); err != nil {
		return err
	}
	return r.seeOther(r.back)
}

// mayCash is why an official cannot take the fee of a dossier, or nil.
func (p *Portal) mayCash(r *request, c *desk.Case) *workflow.Reason {
	_, why := whostep.Resolve(p.Policy, r.who, StepCash, c.Dossier.Unit, p.now())
	return why
}

// cash books the fee as paid at the counter.
func (p *Portal) cash(r *request) error {
	c, at, err := p.officialsCase(r)
	if err != nil {
		return err
	}
	if why := p.mayCash(r, c); why != nil {
		return &workflow.RefusedError{Event: StepCash, Reason: *why}
	}
	if c.Owed == nil || c.Owed.Settled.IsZero() && c.State.Gate == "" { // e.g. while a withdrawal is looked at
		return trouble(http.StatusConflict, "not_due")
	}
	if !c.Owed.Settled.IsZero() {
		return r.seeOther(at)
	}
	key, err := p.readKeyed(r, c)
	if err != nil {
		return err
	}
	if err := p.Pay.Cash(r.Context(), r.who, c.Dossier.ID, key); err != nil {
		return err
	}
	return r.seeOther(at + "?xong=" + StepCash)
}
