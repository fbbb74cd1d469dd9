package portal

import (
	"strings"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow/calendar"
	"github.com/motcua/motcua/workflow/clock"
)

// sector is the procedures of one field of administration (lĩnh vực).
type sector struct {
	Name       procedures.Text
	Procedures []*procedures.Procedure
}

// maxFound bounds how many procedures a search shows.
const maxFound = 50

// home finds a procedure by words with or without accents.
func (p *Portal) home(r *request) error {
	typed := r.URL.Query().Get("q")
	if len(typed) > 200 {
		typed = ""
	}
	typed = tidy(typed)
	wanted := strings.Fields(identity.Fold(typed))
	var out []sector
	n := 0
	for _, code := range p.Catalogue.Codes() {
		pr, err := p.Catalogue.At(code, p.now())
		if err != nil || !fits(p.folded[pr], wanted) {
			continue // not in force today, or not what is asked for
		}
		if n++; n > maxFound {
			break
		}
		i := 0
		for i < len(out) && out[i].Name != pr.Sector.Name {
			i++
		}
		if i == len(out) {
			out = append(out, sector{Name: pr.Sector.Name})
		}
		out[i].Procedures = append(out[i].Procedures, pr)
	}
	return p.render(r, &page{Name: "home", Title: r.lang.t("home.title"), Data: map[string]any{"Sectors": out, "Query": typed,
		"Many": n > maxFound}})
}

// foldedOf is what each procedure is found by: names, sector and code.
func foldedOf(c *procedures.Catalogue) map[*procedures.Procedure]string {
	out := map[*procedures.Procedure]string{}
	for _, pr := range editions(c) {
		out[pr] = identity.Fold(strings.Join([]string{pr.Code, pr.Name.VI, pr.Name.EN, pr.ShortName.VI, pr.ShortName.EN,
			pr.Sector.Name.VI, pr.Sector.Name.EN}, " "))
	}
	return out
}

// fits reports whether all words are in a folded text.
func fits(folded string, wanted []string) bool {
	for _, w := range wanted {
		if !strings.Contains(folded, w) {
			return false
		}
	}
	return true
}

func filedOnline(pr *procedures.Procedure) bool {
	for _, c := range pr.Channels {
		if c == procedures.Online {
			return pr.Form != nil
		}
	}
	return false
}

// office is a place where a procedure can be had.
type office struct {
	desk.Unit
	Due  time.Time // of a dossier received there now; zero when it depends
	Term string
}

// procedurePage says what a procedure asks for, before any sign-in.
func (p *Portal) procedurePage(r *request) error {
	now := p.now()
	pr, err := p.Catalogue.At(r.PathValue("code"), now)
	if err != nil {
		return err
	}
	var offices []office
	for _, u := range p.Units.Offering(pr.Code, now) {
		local, err := p.Catalogue.AtUnit(pr.Code, u.Code, now)
		if err != nil {
			continue // the unit's own edition is not in force today
		}
		o := office{Unit: u}
		if rk := p.reckon(local, u, now); rk != nil {
			o.Due = rk.Due
			o.Term, _ = r.lang.text(rk.Ledger.Term.Text())
		}
		offices = append(offices, o)
	}
	var competent []procedures.Competence
	for _, c := range pr.Competence {
		if c.Contains(now) {
			competent = append(competent, c)
		}
	}
	return p.render(r, &page{Name: "procedure", Title: r.lang.pick(pr.ShortName), Data: map[string]any{"P": pr, "Offices": offices,
		"Laws": pr.LawsAt(now), "Competent": competent, "Online": filedOnline(pr) && len(offices) > 0, "Fees": feeExamples(pr, now),
		"Day": now, "Terms": pr.Terms}})
}

// reckon works out the date a dossier received now would get; nil when that
// depends on answers nobody has given yet.
func (p *Portal) reckon(pr *procedures.Procedure, u desk.Unit, now time.Time) *clock.Reckoning {
	t, err := pr.TermAt(now, procedures.FactValues{"channel": string(procedures.Online)})
	if err != nil {
		return nil
	}
	kinds := map[string]clock.Kind{procedures.SameDay: clock.SameDay, procedures.WorkingHours: clock.WorkingHours,
		procedures.WorkingDays: clock.WorkingDays, procedures.Days: clock.CalendarDays}
	kind, ok := kinds[t.Kind]
	if !ok {
		return nil
	}
	rk, err := clock.Start(clock.Term{Kind: kind, Units: t.Amount, Cutoff: calendar.Minute(t.Cutoff / time.Minute)}, now, p.schedule(u))
	if err != nil {
		return nil
	}
	return rk
}

// feeExample is what is owed for some values of the facts.
type feeExample struct {
	When  []factValue
	Total int64
}

type factValue struct {
	Name  procedures.Text
	Value int64
}

// feeExamples works fees out for values people can compare with their own: the
// first number is varied, everything else at its least.
func feeExamples(pr *procedures.Procedure, now time.Time) []feeExample {
	facts := procedures.FactValues{"channel": string(procedures.Online)}
	var vary *procedures.Fact
	for i := range pr.Facts {
		f := &pr.Facts[i]
		switch f.Kind {
		case "int":
			facts[f.Name] = f.Min
			if vary == nil {
				vary = f
			}
		case "choice":
			facts[f.Name] = f.Values[0]
		default:
			facts[f.Name] = false
		}
	}
	tries := []int64{0}
	if vary != nil {
		tries = []int64{vary.Min, vary.Min + 1, vary.Min + 2, vary.Min + 9, vary.Min + 49}
	}
	var out []feeExample
	for _, n := range tries {
		if vary != nil && n > vary.Max {
			break
		}
		ex := feeExample{}
		if vary != nil {
			facts[vary.Name] = n
		}
		lines, err := pr.FeesAt(now, facts)
		if err != nil {
			return nil
		}
		for i := range pr.Facts {
			if v, ok := facts[pr.Facts[i].Name].(int64); ok {
				ex.When = append(ex.When, factValue{pr.Facts[i].Text, v})
			}
		}
		for _, l := range lines {
			ex.Total += l.Amount
		}
		out = append(out, ex)
	}
	return out
}
