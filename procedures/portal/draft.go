package portal

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// draft is the form a citizen fills in (hồ sơ lưu tạm).
type draft struct {
	Action    string
	Procedure *procedures.Procedure
	Inputs    []*input
	Units     []unitChoice
	UnitError string
	Revision  int64
	Version   workflow.Version
	Saved     bool // there is a draft on the server
	Case      *desk.Case
}

type unitChoice struct {
	Code     string
	Name     procedures.Text
	Selected bool
	// Former is the code of a unit that has ended; Name is then its heir's.
	Former string
}

// mayFile answers why a person cannot file a procedure online, or nil.
func (p *Portal) mayFile(who *identity.Person, proc *procedures.Procedure, unit string) error {
	if _, why := whostep.Resolve(p.Policy, who, desk.EventRequest, unit, p.now()); why != nil {
		return &workflow.RefusedError{Event: desk.EventRequest, Reason: *why}
	}
	if level, ok := proc.Applicants.Assurance[procedures.Online]; ok && who.Assurance < level {
		return trouble(http.StatusForbidden, "assurance")
	}
	return nil
}

// onlineProcedure is a procedure that can be filed here today.
func (p *Portal) onlineProcedure(r *request, code string) (*procedures.Procedure, []desk.Unit, error) {
	proc, err := p.Catalogue.At(code, p.now())
	if err != nil {
		return nil, nil, err
	}
	units := p.Units.Offering(code, p.now())
	if !filedOnline(proc) || len(units) == 0 {
		return nil, nil, trouble(http.StatusNotFound, "not_online")
	}
	return proc, units, p.mayFile(r.who, proc, units[0].Code)
}

func (p *Portal) newDraft(r *request) error {
	proc, units, err := p.onlineProcedure(r, r.PathValue("code"))
	if err != nil {
		return err
	}
	answers := map[string]any{}
	if _, asks := proc.Form.Field("requester_name"); asks && r.who.Name != "" {
		answers["requester_name"] = r.who.Name // what is known is not asked again
	}
	return p.showDraft(r, &draft{Action: "/ho-so/moi/" + proc.Code, Procedure: proc, Units: choices(units, "")}, answers, nil)
}

// choices preselects the only unit there is, or the one chosen before.
func choices(units []desk.Unit, chosen string) []unitChoice {
	var out []unitChoice
	for _, u := range units {
		out = append(out, unitChoice{Code: u.Code, Name: u.Name, Selected: u.Code == chosen || len(units) == 1})
	}
	return out
}

func (p *Portal) showDraft(r *request, d *draft, answers map[string]any, errs []fieldError) error {
	d.Inputs = r.lang.inputs(d.Procedure.Form, answers, errs)
	d.UnitError = errorFor(errs, "f-unit")
	order := []string{"f-unit"}
	for _, in := range d.Inputs {
		order = append(order, in.ID)
	}
	pg := &page{Name: "draft", Title: r.lang.pick(d.Procedure.ShortName), Errors: sorted(errs, order), Case: d.Case, Data: d}
	if len(errs) > 0 {
		pg.Status = http.StatusUnprocessableEntity
	} else if r.URL.Query().Has("da-luu") && d.Saved {
		pg.Notice = r.lang.t("draft.saved")
	}
	return p.render(r, pg)
}

// postNewDraft keeps the first answers. The form's key makes a second click save
// the same draft, with what it says; once the draft was changed from its own page
// that second click is a conflict.
func (p *Portal) postNewDraft(r *request) error {
	r.back = r.URL.Path
	proc, units, err := p.onlineProcedure(r, r.PathValue("code"))
	if err != nil {
		return err
	}
	v, err := r.form()
	if err != nil {
		return err
	}
	answers, err := readAnswers(proc.Form, v)
	if err != nil {
		return err
	}
	if v.Get("unit") == "" {
		return p.showDraft(r, &draft{Action: r.URL.Path, Procedure: proc, Units: choices(units, "")}, answersOf(answers),
			[]fieldError{{"f-unit", r.lang.t("draft.unit.missing")}})
	}
	c, err := p.Desk.SaveDraft(r.Context(), r.who, &desk.Draft{Procedure: proc.Code, Unit: v.Get("unit"), Form: answers, Key: v.Get("key")})
	if err != nil {
		r.typed = typedAnswers(r.lang, proc.Form, answers)
		return err
	}
	if !c.State.Start {
		return r.seeOther("/ho-so/" + string(c.Dossier.ID))
	}
	return p.afterSave(r, c, v)
}

// afterSave goes on to the check, or shows what is to be corrected; what was
// typed is kept in either case.
func (p *Portal) afterSave(r *request, c *desk.Case, v url.Values) error {
	at := "/ho-so/" + string(c.Dossier.ID)
	if v.Get("next") != "continue" {
		return r.seeOther(at + "/sua?da-luu=1")
	}
	problems, err := c.Procedure.Form.Validate(c.Form)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return p.showDraft(r, p.draftOf(c), answersOf(c.Form), r.lang.corrections(problems))
	}
	return r.seeOther(at + "/kiem-tra")
}

func (p *Portal) draftOf(c *desk.Case) *draft {
	return &draft{Action: "/ho-so/" + string(c.Dossier.ID) + "/sua", Procedure: c.Procedure, Revision: c.Revision, Version: c.Dossier.Version,
		Case: c, Saved: true, Units: choices(p.Units.Offering(c.Procedure.Code, p.now()), c.Unit.Code)}
}

// own returns a citizen's own dossier.
func (p *Portal) own(r *request) (*desk.Case, error) {
	c, err := p.Desk.Case(r.Context(), r.who, workflow.DossierID(r.PathValue("id")))
	if err != nil {
		return nil, err
	}
	if !c.Own {
		return nil, workflow.ErrNotFound
	}
	return c, nil
}

func (p *Portal) editDraft(r *request) error {
	c, err := p.own(r)
	if err != nil {
		return err
	}
	if !c.State.Start {
		return r.seeOther("/ho-so/" + string(c.Dossier.ID))
	}
	return p.showDraft(r, p.draftOf(c), answersOf(c.Form), nil)
}

func (p *Portal) postDraft(r *request) error {
	r.back = r.URL.Path
	c, err := p.own(r)
	if err != nil {
		return err
	}
	v, err := r.form()
	if err != nil {
		return err
	}
	if !c.State.Start {
		return r.seeOther("/ho-so/" + string(c.Dossier.ID))
	}
	answers, err := readAnswers(c.Procedure.Form, v)
	if err != nil {
		return err
	}
	unit := v.Get("unit")
	if unit == "" {
		unit = c.Unit.Code
	}
	revision, err := strconv.ParseInt(v.Get("revision"), 10, 64)
	if err != nil {
		return trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	saved, err := p.Desk.SaveDraft(r.Context(), r.who, &desk.Draft{Dossier: c.Dossier.ID, Revision: revision, Procedure: c.Procedure.Code,
		Unit: unit, Form: answers, Key: v.Get("key")})
	if errors.Is(err, workflow.ErrStale) {
		return p.draftConflict(r, answers)
	}
	if err != nil {
		r.typed = typedAnswers(r.lang, c.Procedure.Form, answers)
		return err
	}
	return p.afterSave(r, saved, v)
}

// draftConflict shows what is kept and what was typed, side by side.
func (p *Portal) draftConflict(r *request, answers json.RawMessage) error {
	now, err := p.own(r)
	if err != nil {
		return err
	}
	is := trouble(http.StatusConflict, "draft_conflict")
	is.Conflict = &conflict{Current: now.Revision, Draft: true, Saved: r.lang.answers(now.Procedure.Form, now.Form)}
	r.typed = typedAnswers(r.lang, now.Procedure.Form, answers)
	return is
}

func typedAnswers(l *language, form *procedures.Form, answers json.RawMessage) []typed {
	var out []typed
	given := answersOf(answers)
	for _, f := range form.Fields {
		if v, ok := given[f.Name]; ok {
			out = append(out, typed{l.pick(f.Label), l.answer(f, v)})
		}
	}
	return out
}

// checkDraft shows every answer before the dossier is filed.
func (p *Portal) checkDraft(r *request) error {
	c, err := p.own(r)
	if err != nil {
		return err
	}
	if !c.State.Start {
		return r.seeOther("/ho-so/" + string(c.Dossier.ID))
	}
	return p.showCheck(r, c, 0, nil)
}

func (p *Portal) showCheck(r *request, c *desk.Case, status int, more []fieldError) error {
	problems, err := c.Procedure.Form.Validate(c.Form)
	if err != nil {
		return err
	}
	edit := "/ho-so/" + string(c.Dossier.ID) + "/sua"
	return p.render(r, &page{Name: "check", Title: r.lang.t("check.title"), Status: status, Case: c, Errors: more,
		Data: map[string]any{"Answers": r.lang.answers(c.Procedure.Form, c.Form), "Problems": r.lang.corrections(problems), "Edit": edit,
			"Unit": c.Unit, "Procedure": c.Procedure, "Fees": p.feesOf(c), "Case": c, "WhyNot": whyNot(c, desk.EventRequest)}})
}

// whyNot is the reason why the person the case was read for cannot take a step.
func whyNot(c *desk.Case, event string) *workflow.Reason {
	for _, a := range c.Actions {
		if a.Step.Event == event {
			return a.WhyNot
		}
	}
	return nil
}

// feesOf estimates the fee by what the citizen has answered; what only the desk
// can find out is taken from an answer of the same name.
func (p *Portal) feesOf(c *desk.Case) []procedures.FeeLine {
	given := answersOf(c.Form)
	facts := c.Procedure.FactsFromForm(given)
	facts["channel"] = string(procedures.Online)
	for _, f := range c.Procedure.Facts {
		if n, ok := given[f.Name].(float64); ok && f.Kind == "int" && f.Source == "desk" {
			facts[f.Name] = int64(n)
		}
	}
	lines, err := c.Procedure.FeesAt(p.now(), facts)
	if err != nil {
		return nil // an answer it depends on is missing or to be corrected
	}
	return lines
}
