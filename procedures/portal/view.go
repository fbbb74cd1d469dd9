package portal

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/calendar"
	"github.com/motcua/motcua/workflow/clock"
)

// caseView is a dossier as the pages of citizens and officials show it.
type caseView struct {
	*desk.Case
	Tag, Sentence string
	Due           *dueView
	Answers       []answer
	Timeline      []moveView
	Papers        []paperView
	Actions       []actionView
	Fees          *feeView
}

// dueView is a due date with how it was reckoned.
type dueView struct {
	At    time.Time
	Badge string
	Class string // of the badge, which says in colour what it says in words
	Lines []string
}

type moveView struct {
	At           time.Time
	What, Who    string
	Reason, Note string
	Event        string
	Version      workflow.Version
}

type paperView struct {
	desk.Paper
	Label string
}

// actionView is a step offered, or the reason why it cannot be taken.
type actionView struct {
	Event, Name, ID string
	NeedsReason     bool
	TakesNote       bool
	Quiet           bool   // folded away: ending a dossier is never the next thing to do
	WhyNot          string // empty when the step can be taken
	Error           string // of the field for reason or note
	Typed           string
}

// stepView is an action with where its form is posted.
type stepView struct {
	Case   *caseView
	Action actionView
	To     string
}

type feeView struct {
	*desk.Owed
	Open       bool
	Exceptions []exceptionView
}

// exceptionView is money that needs a person, and the form that closes it.
type exceptionView struct {
	ID, Text string
	Retry    bool
	Error    string
	Typed    string
}

func (p *Portal) view(r *request, c *desk.Case) *caseView {
	v := &caseView{Case: c, Answers: r.lang.answers(c.Procedure.Form, c.Form)}
	v.Timeline = p.timeline(r, c)
	v.Due = p.due(r, c)
	v.Tag, v.Sentence = p.status(r, c, v)
	for _, paper := range c.Papers {
		v.Papers = append(v.Papers, paperView{paper, r.lang.either("paper."+paper.Kind, paper.Name)})
	}
	if c.Owed != nil {
		v.Fees = &feeView{Owed: c.Owed, Open: c.Owed.Settled.IsZero() && c.State.Gate == "fee"}
		for _, e := range c.Owed.Exceptions {
			text, _ := r.lang.text(e.Reason)
			v.Fees.Exceptions = append(v.Fees.Exceptions, exceptionView{ID: e.ID, Text: text, Retry: e.Retry})
		}
	}
	for _, a := range c.Actions {
		v.Actions = append(v.Actions, r.lang.action(c, a))
	}
	return v
}

// endings are the statuses by which a dossier comes to nothing.
var endings = []procedures.Status{procedures.StatusRefused, procedures.StatusWithdrawal, procedures.StatusStopped}

func (l *language) action(c *desk.Case, a desk.Action) actionView {
	to, _ := c.Procedure.State(a.Step.To)
	out := actionView{Event: a.Step.Event, Name: l.pick(a.Step.Name), ID: "buoc-" + a.Step.Event, NeedsReason: a.Step.Reason,
		TakesNote: a.Step.Event == desk.EventSupply,
		Quiet:     slices.Contains(endings, to.National)}
	if a.WhyNot != nil {
		out.WhyNot = l.whyNot(a.WhyNot, a.Step.Roles)
	}
	return out
}

// whyNot words why a step cannot be taken. Where a role is missing it names the
// roles as people call them.
func (l *language) whyNot(why *workflow.Reason, roles []string) string {
	var names []string
	for _, b := range procedures.StandardBindings().Roles {
		if slices.Contains(roles, b.Name) && b.Name != whostep.RoleApplicant {
			names = append(names, l.pick(b.Text))
		}
	}
	if (why.Code == "role_missing" || why.Code == "wrong_role") && len(names) > 0 {
		return l.t("whynot.role", "roles", strings.Join(names, "; "))
	}
	text, _ := l.text(why)
	return text
}

func upperFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// said is what a history line's body says to people; it can be erased.
func said(en *workflow.Entry) (reason, note string) {
	var b struct{ Reason, Note string }
	if json.Unmarshal(en.Body, &b) != nil {
		return "", ""
	}
	return b.Reason, b.Note
}

// timeline lists the moves, the oldest first. A citizen sees in which unit an
// official acted, an official also who.
func (p *Portal) timeline(r *request, c *desk.Case) []moveView {
	var out []moveView
	for i := range c.Moves {
		en := &c.Moves[i]
		m := moveView{At: en.At, Event: en.Event, Version: en.Version, Who: p.actor(r, c, en)}
		m.Reason, m.Note = said(en)
		m.What = en.Event
		if st, ok := c.Procedure.StepFrom(en.From, en.Event); ok {
			m.What = r.lang.pick(st.Name)
		}
		if en.Event == workflow.StartEvent {
			m.What = r.lang.t("move.start")
		}
		out = append(out, m)
	}
	return out
}

func (p *Portal) actor(r *request, c *desk.Case, en *workflow.Entry) string {
	switch en.Actor.Kind {
	case workflow.KindSystem:
		return r.lang.t("actor.system")
	case workflow.KindCitizen:
		if c.Own {
			return r.lang.t("actor.you")
		}
		return r.lang.t("actor.citizen")
	}
	unit := en.Actor.Unit
	if u, ok := p.Units.UnitAt(unit, en.At); ok {
		unit = r.lang.pick(u.Name)
	}
	if r.who != nil && r.who.Kind == identity.Official {
		if o, ok := p.Policy.Official(en.Actor.ID, en.At); ok {
			return o.Name + ", " + unit
		}
	}
	return unit
}

func (p *Portal) schedule(u desk.Unit) *calendar.Schedule { return p.o.Calendar.For(u.Hours) }

// due explains the date, in the words of the clock.
func (p *Portal) due(r *request, c *desk.Case) *dueView {
	if c.Reckoning == nil {
		return nil
	}
	lang := clock.VI
	if r.lang.code == "en" {
		lang = clock.EN
	}
	v := &dueView{At: c.Reckoning.Due, Lines: c.Reckoning.Explain().Lines(lang)}
	if c.State.End || c.State.Outcome != "" {
		return v // nothing is owed any more
	}
	st, err := c.Reckoning.At(p.now(), p.schedule(c.Unit))
	if err != nil {
		return v // the calendar does not reach that far: the date is shown without a count of days
	}
	badge, _ := r.lang.text(st.Text)
	v.Badge = upperFirst(badge)
	v.Class = string(st.State)
	return v
}

// status is the official label of the dossier's national status and the sentence
// that says who must do what by when.
func (p *Portal) status(r *request, c *desk.Case, v *caseView) (tag, sentence string) {
	l := r.lang
	if c.National.Code == procedures.StatusNone {
		return l.t("status.0.tag"), l.t("status.0")
	}
	tag = l.pick(c.National.Name)
	last := moveView{}
	if n := len(v.Timeline); n > 0 {
		last = v.Timeline[n-1]
	}
	unit := l.pick(c.Unit.Name)
	switch c.National.Code {
	case procedures.StatusRequested:
		if by := p.answerBy(c); !by.IsZero() {
			return tag, l.t("status.1.by", "at", l.moment(c.Requested), "by", l.moment(by))
		}
		return tag, l.t("status.1", "at", l.moment(c.Requested))
	case procedures.StatusReceived:
		if v.Due != nil && !v.Due.At.IsZero() {
			return tag, l.t("status.2", "due", l.moment(v.Due.At))
		}
	case procedures.StatusRefused:
		return tag, l.t("status.3", "reason", last.Reason)
	case procedures.StatusHandling:
		return tag, l.t("status.4", "step", l.pick(c.State.Name), "unit", unit)
	case procedures.StatusSupplement:
		if n := len(c.Asked); n > 0 && c.Asked[n-1].Supplied.IsZero() {
			return tag, l.t("status.5", "reason", c.Asked[n-1].Reason)
		}
		return tag, l.t("status.5.supplied", "unit", unit)
	case procedures.StatusPayment:
		if c.Owed != nil {
			return tag, l.t("status.6", "amount", l.dong(c.Owed.Total))
		}
	case procedures.StatusWithdrawal:
		return tag, l.t("status.7")
	case procedures.StatusStopped:
		if last.Reason != "" {
			return tag, l.t("status.8", "reason", last.Reason)
		}
		return tag, l.t("status.8.asked")
	case procedures.StatusDone:
		return tag, l.t("status.9", "unit", unit)
	case procedures.StatusReturned:
		return tag, l.t("status.10", "at", l.moment(c.Returned))
	}
	return tag, l.pick(c.State.Name)
}

// answerBy is when reception is due: the working time the state may take, from
// the request.
func (p *Portal) answerBy(c *desk.Case) time.Time {
	hours := int(c.State.Budget / time.Hour)
	if hours == 0 || c.Requested.IsZero() {
		return time.Time{}
	}
	rk, err := clock.Start(clock.Term{Kind: clock.WorkingHours, Units: hours}, c.Requested, p.schedule(c.Unit))
	if err != nil {
		return time.Time{}
	}
	return rk.Due
}
