package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

func (p *Portal) dossier(r *request) error {
	c, err := p.own(r)
	if err != nil {
		return err
	}
	return p.showDossier(r, c, nil)
}

func (p *Portal) showDossier(r *request, c *desk.Case, refused *refusal) error {
	v := p.view(r, c)
	pg := &page{Name: "dossier", Title: r.lang.t("dossier.title"), Case: c, Notice: r.done(),
		Data: map[string]any{"V": v, "CanPay": p.Pay != nil && v.Fees != nil && v.Fees.Open, "CanRefresh": p.canRefresh()}}
	refused.onto(pg, v, r.lang)
	return p.render(r, pg)
}

// done words what a step that has just been taken did.
func (r *request) done() string {
	if event := r.URL.Query().Get("xong"); event != "" && len(event) < 64 {
		return r.lang.either("done."+event, "")
	}
	return ""
}

// refusal is a step that could be taken if the form said something else.
type refusal struct {
	act    desk.Act
	reason workflow.Reason
}

// onto shows the refusal on the page of the dossier with what was typed.
func (f *refusal) onto(pg *page, v *caseView, l *language) {
	if f == nil {
		return
	}
	text, _ := l.text(f.reason)
	field := "buoc-" + f.act.Event
	for i := range v.Actions {
		if a := &v.Actions[i]; a.Event == f.act.Event {
			a.Error, a.Typed, a.Quiet = text, f.act.Reason+f.act.Note, false
			if a.NeedsReason || a.TakesNote {
				field += "-y-kien"
			}
		}
	}
	pg.Errors, pg.Status, pg.Notice = []fieldError{{field, text}}, http.StatusUnprocessableEntity, ""
}

// readStep reads a posted step. What was typed is kept for the pages of trouble.
func (r *request) readStep() (*desk.Act, error) {
	v, err := r.form()
	if err != nil {
		return nil, err
	}
	version, err := strconv.ParseInt(v.Get("version"), 10, 64)
	if err != nil || version < 1 || v.Get("key") == "" || v.Get("event") == "" {
		return nil, trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	a := &desk.Act{Dossier: workflow.DossierID(r.PathValue("id")), Expect: workflow.Version(version), Event: v.Get("event"), Key: v.Get("key"),
		Reason: v.Get("reason"), Note: v.Get("note"), Scan: v.Get("scan"), NotExcluded: v.Get("not_excluded") != ""}
	for label, text := range map[string]string{"step.reason": a.Reason, "step.note": a.Note} {
		if text != "" {
			r.typed = append(r.typed, typed{r.lang.t(label), text})
		}
	}
	return a, nil
}

func (p *Portal) citizenStep(r *request) error {
	at := "/ho-so/" + r.PathValue("id")
	r.back = at
	before, err := p.own(r)
	if err != nil {
		return err
	}
	act, err := r.readStep()
	if err != nil {
		return err
	}
	if err = p.take(r, act); err == nil {
		return r.seeOther(at + "?xong=" + act.Event)
	}
	var form *desk.FormError
	if errors.As(err, &form) {
		return p.showDraft(r, p.draftOf(before), answersOf(before.Form), r.lang.corrections(form.Problems))
	}
	return p.refusedStep(r, act, err, p.showDossier)
}

// take takes a step. A second click finds it taken, even where what the desk adds
// to the step has changed with the first.
func (p *Portal) take(r *request, act *desk.Act) error {
	_, err := p.Desk.Do(r.Context(), r.who, act)
	if !errors.Is(err, workflow.ErrKeyReused) {
		return err
	}
	c, readErr := p.Desk.Case(r.Context(), r.who, act.Dossier)
	if readErr != nil {
		return readErr
	}
	for i := range c.Moves {
		en := &c.Moves[i]
		if reason, note := said(en); en.Version == act.Expect+1 && en.Event == act.Event && en.Actor.ID == r.who.ID &&
			reason == act.Reason && note == act.Note {
			return nil
		}
	}
	return err
}

// refusedStep tells apart what can be put right on the page (422), what the
// person may not do at all (403), and a dossier that has moved on (409).
func (p *Portal) refusedStep(r *request, act *desk.Act, err error, show func(*request, *desk.Case, *refusal) error) error {
	var refused *workflow.RefusedError
	stale := errors.Is(err, workflow.ErrStale)
	if !stale && !errors.As(err, &refused) {
		return err
	}
	c, readErr := p.Desk.Case(r.Context(), r.who, act.Dossier)
	if readErr != nil {
		return readErr
	}
	if stale {
		return p.conflictOf(r, c)
	}
	if !c.Can(act.Event) && !slices.Contains(fixable, refused.Reason.Code) {
		return err
	}
	return show(r, c, &refusal{*act, refused.Reason})
}

// fixable are reasons that name something missing in the form.
var fixable = []string{"reason_missing", "scan_fixed", "paper_not_excluded"}

func (p *Portal) conflictOf(r *request, c *desk.Case) error {
	is := trouble(http.StatusConflict, "conflict")
	is.Conflict = &conflict{Current: int64(c.Dossier.Version), State: r.lang.pick(c.State.Name), At: c.Dossier.Changed}
	if n := len(c.Moves); n > 0 {
		is.Conflict.By = p.actor(r, c, &c.Moves[n-1])
	}
	return is
}

// drafts of others are nobody's business.
func visible(c *desk.Case, who *identity.Person) bool {
	return c.Own || !c.State.Start && who.Kind == identity.Official
}
