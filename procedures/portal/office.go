package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// stateLink is one line of the menu by step.
type stateLink struct {
	ID, Href string
	Name     procedures.Text
	Current  bool
}

// inboxFilter is what narrows the list; it lives in the address and travels with
// every link to a dossier and back.
type inboxFilter struct{ State, Unit, After string }

func filterOf(v url.Values) inboxFilter {
	return inboxFilter{v.Get("trang-thai"), v.Get("don-vi"), v.Get("sau")}
}

// Query is the filter as the end of an address, with the question mark; empty for
// no filter.
func (f inboxFilter) Query() string {
	v := url.Values{}
	for name, value := range map[string]string{"trang-thai": f.State, "don-vi": f.Unit, "sau": f.After} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// menuOf lists the states of filed dossiers in the order of the procedures, those
// in which a dossier has ended last.
func menuOf(c *procedures.Catalogue) []procedures.State {
	var open, ended []procedures.State
	for _, pr := range editions(c) {
		for _, s := range pr.States {
			same := func(x procedures.State) bool { return x.ID == s.ID }
			switch {
			case s.Start, slices.ContainsFunc(open, same), slices.ContainsFunc(ended, same):
			case s.End:
				ended = append(ended, s)
			default:
				open = append(open, s)
			}
		}
	}
	return append(open, ended...)
}

// inbox is an official's work place: what waits, the most urgent first.
func (p *Portal) inbox(r *request) error {
	if code := r.URL.Query().Get("ma"); code != "" {
		return p.findByCode(r, code)
	}
	f := filterOf(r.URL.Query())
	q := &desk.ListQuery{Unit: f.Unit, After: f.After, Limit: 50}
	var menu []stateLink
	for _, s := range p.menu {
		menu = append(menu, stateLink{s.ID, "/can-bo" + inboxFilter{State: s.ID, Unit: f.Unit}.Query(), s.Name, s.ID == f.State})
		if f.State == s.ID || f.State == "" && !s.End {
			q.States = append(q.States, s.ID)
		}
	}
	if f.State != "" && len(q.States) == 0 {
		return trouble(http.StatusNotFound, "not_found")
	}
	list, err := p.Desk.Inbox(r.Context(), r.who, q)
	tooWide := f.State == "" && f.After == "" && errors.Is(err, workflow.ErrInvalid)
	if tooWide { // more units and states than one page reads: narrow first
		list, err = &desk.List{}, nil
	}
	if err != nil {
		return err
	}
	data := map[string]any{"Menu": menu, "All": "/can-bo" + inboxFilter{Unit: f.Unit}.Query(), "Filter": f, "Query": f.Query(),
		"Cases": p.listed(r, list), "Next": "", "First": "", "TooWide": tooWide, "Units": p.unitsOf(r), "Code": ""}
	if list.Next != "" {
		data["Next"] = "/can-bo" + inboxFilter{f.State, f.Unit, list.Next}.Query()
	}
	if f.After != "" {
		data["First"] = "/can-bo" + inboxFilter{f.State, f.Unit, ""}.Query()
	}
	return p.render(r, &page{Name: "inbox", Title: r.lang.t("inbox.title"), Data: data})
}

// unitsOf offers a choice of unit to who works for several.
func (p *Portal) unitsOf(r *request) []unitChoice {
	var out []unitChoice
	scope := p.Policy.Scope(r.who, p.now())
	if len(scope.Units) < 2 || len(scope.Units) > 200 {
		return nil
	}
	for _, code := range scope.Units {
		if u, ok := p.Units.UnitAt(code, p.now()); ok {
			c := unitChoice{Code: code, Name: u.Name, Selected: code == r.URL.Query().Get("don-vi")}
			if u.Code != code { // it has ended, and its heir does its work
				c.Former = code
			}
			out = append(out, c)
		}
	}
	return out
}

func (p *Portal) findByCode(r *request, code string) error {
	c, err := p.Desk.CaseByCode(r.Context(), r.who, tidyCode(code))
	if err == nil && visible(c, r.who) {
		return r.seeOther("/can-bo/ho-so/" + string(c.Dossier.ID))
	}
	if err != nil && !errors.Is(err, workflow.ErrNotFound) {
		return err
	}
	r.back = "/can-bo"
	return trouble(http.StatusNotFound, "no_such_code")
}

// officialsCase reads a dossier for the official who asks, and the path of its
// page, which trouble pages lead back to.
func (p *Portal) officialsCase(r *request) (*desk.Case, string, error) {
	at := "/can-bo/ho-so/" + r.PathValue("id")
	r.back = "/can-bo"
	c, err := p.Desk.Case(r.Context(), r.who, workflow.DossierID(r.PathValue("id")))
	if err != nil {
		return nil, at, err
	}
	if !visible(c, r.who) {
		return nil, at, workflow.ErrNotFound
	}
	r.back = at
	return c, at, nil
}

func (p *Portal) officialCase(r *request) error {
	c, _, err := p.officialsCase(r)
	if err != nil {
		return err
	}
	return p.showCase(r, c, nil)
}

func (p *Portal) showCase(r *request, c *desk.Case, refused *refusal) error {
	return p.renderCase(r, c, refused, nil)
}

// renderCase shows a dossier to an official. more changes the page before it is
// written.
func (p *Portal) renderCase(r *request, c *desk.Case, refused *refusal, more func(*page)) error {
	v := p.view(r, c)
	f := filterOf(r.URL.Query())
	var scans []paperView
	for _, paper := range v.Papers {
		if paper.Kind == desk.PaperScan {
			scans = append([]paperView{paper}, scans...) // the latest first: it is the one chosen
		}
	}
	data := map[string]any{"V": v, "Query": f.Query(), "Back": "/can-bo" + f.Query(), "Scans": scans,
		"Compares": p.Desk.MayCompare(c, r.who), "Sign": p.Desk.MaySign(c, r.who), "MaxMB": p.o.MaxUpload >> 20,
		"Cash": p.Pay != nil && v.Fees != nil && v.Fees.Open, "CashWhyNot": "", "Clears": false}
	if why := p.mayCash(r, c); why != nil {
		data["CashWhyNot"], _ = r.lang.text(why)
	} else {
		_, data["Clears"] = p.Pay.(Exceptions)
	}
	pg := &page{Name: "case", Title: r.lang.t("case.title", "code", c.Code), Case: c, Notice: r.done(), Data: data}
	refused.onto(pg, v, r.lang)
	if more != nil {
		more(pg)
	}
	return p.render(r, pg)
}

func (p *Portal) officialStep(r *request) error {
	_, at, err := p.officialsCase(r)
	if err != nil {
		return err
	}
	act, err := r.readStep()
	if err != nil {
		return err
	}
	if err = p.take(r, act); err != nil {
		return p.refusedStep(r, act, err, p.showCase)
	}
	return r.seeOther(at + withNotice(filterOf(r.URL.Query()).Query(), act.Event))
}

func withNotice(query, event string) string {
	if query == "" {
		return "?xong=" + event
	}
	return query + "&xong=" + event
}

// sign makes the next signature on the certified copy, the official's or the
// agency's. A second click finds the signature it asks for made.
func (p *Portal) sign(r *request) error {
	_, at, err := p.officialsCase(r)
	if err != nil {
		return err
	}
	act, err := r.readStep()
	if err != nil {
		return err
	}
	c, err := p.signOnce(r, act)
	if err != nil {
		return err
	}
	notice := "sign"
	if !signed(c, act.Event) {
		notice = "sign_waiting" // to be confirmed elsewhere, e.g. on a phone
	}
	return r.seeOther(at + withNotice(filterOf(r.URL.Query()).Query(), notice))
}

// signOnce asks for the signature the person was offered. When that is made
// already, by the click before, there is nothing left to do.
func (p *Portal) signOnce(r *request, act *desk.Act) (*desk.Case, error) {
	c, err := p.Desk.Sign(r.Context(), r.who, &desk.SignRequest{Dossier: act.Dossier, Expect: act.Expect, Step: act.Event})
	stale := errors.Is(err, workflow.ErrStale)
	if !stale && !errors.Is(err, workflow.ErrRefused) {
		return c, err
	}
	now, readErr := p.Desk.Case(r.Context(), r.who, act.Dossier)
	if readErr != nil {
		return nil, readErr
	}
	_, why := whostep.Resolve(p.Policy, r.who, act.Event, now.Dossier.Unit, p.now())
	switch {
	case why == nil && signed(now, act.Event):
		return now, nil
	case stale:
		return nil, p.conflictOf(r, now)
	}
	return nil, err
}

// signed says that a signature is on the dossier's line already.
func signed(c *desk.Case, step string) bool {
	return c.Line != nil && c.Line.State != "cancelled" && (c.Line.Next == "" || step == desk.StepSign && c.Line.Next == desk.NextAgency)
}
