package portal

import (
	"slices"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/whostep"
)

// groups sorts the states of all procedures by whose turn it is, for a citizen's
// list. A state of two procedures belongs to the first group that claims it.
type groups struct{ yours, running, over, drafts []string }

func groupsOf(c *procedures.Catalogue) groups {
	var g groups
	seen := map[string]int{}
	for _, pr := range editions(c) {
		for _, s := range pr.States {
			rank := 2
			switch {
			case s.Start:
				rank = 4
			case s.End:
				rank = 3
			case s.Gate != "" || s.Outcome != "" || citizensTurn(pr, s):
				rank = 1
			}
			if was, ok := seen[s.ID]; !ok || rank < was {
				seen[s.ID] = rank
			}
		}
	}
	for id, rank := range seen {
		to := []*[]string{&g.yours, &g.running, &g.over, &g.drafts}[rank-1]
		*to = append(*to, id)
	}
	for _, l := range [][]string{g.yours, g.running, g.over, g.drafts} {
		slices.Sort(l)
	}
	return g
}

// citizensTurn says that the state waits for the applicant: there is a step of
// theirs other than withdrawing.
func citizensTurn(pr *procedures.Procedure, s procedures.State) bool {
	return slices.ContainsFunc(pr.Steps, func(st procedures.Step) bool {
		to, _ := pr.State(st.To)
		return slices.Contains(st.From, s.ID) && slices.Contains(st.Roles, whostep.RoleApplicant) &&
			to.National != procedures.StatusWithdrawal
	})
}

func editions(c *procedures.Catalogue) []*procedures.Procedure {
	var out []*procedures.Procedure
	for _, code := range c.Codes() {
		out = append(out, c.Editions(code)...)
	}
	return out
}

// listed is one line of a list.
type listed struct {
	desk.Listed
	Tag   string
	Late  bool
	Today bool
}

func (p *Portal) listed(r *request, l *desk.List) []listed {
	now := p.now()
	var out []listed
	for _, c := range l.Cases {
		li := listed{Listed: c, Tag: r.lang.t("status.0.tag")}
		if c.National.Code != 0 {
			li.Tag = r.lang.pick(c.National.Name)
		}
		if due := c.Dossier.Due; !due.IsZero() && !c.State.End && c.State.Outcome == "" {
			li.Late = now.After(due)
			li.Today = !li.Late && due.In(procedures.Zone).Format("060102") == now.Format("060102")
		}
		out = append(out, li)
	}
	return out
}

// mineGroup is one part of a citizen's list.
type mineGroup struct {
	ID, Title string
	Cases     []listed
	Next      string // link to more
}

func (p *Portal) mine(r *request) error {
	g := p.groups
	only, after := r.URL.Query().Get("nhom"), r.URL.Query().Get("sau")
	var out []mineGroup
	for _, part := range []struct {
		id     string
		states []string
	}{{"can-lam", g.yours}, {"dang-giai-quyet", g.running}, {"luu-tam", g.drafts}, {"da-xong", g.over}} {
		if only != "" && only != part.id || len(part.states) == 0 {
			continue
		}
		q := &desk.ListQuery{States: part.states, Limit: 20}
		if only == part.id {
			q.After = after
		}
		list, err := p.Desk.Mine(r.Context(), r.who, q)
		if err != nil {
			return err
		}
		mg := mineGroup{ID: part.id, Title: r.lang.t("mine." + part.id), Cases: p.listed(r, list)}
		if list.Next != "" {
			mg.Next = "/ho-so?nhom=" + part.id + "&sau=" + list.Next
		}
		if len(mg.Cases) > 0 {
			out = append(out, mg)
		}
	}
	return p.render(r, &page{Name: "mine", Title: r.lang.t("mine.title"), Data: map[string]any{"Groups": out, "Only": only}})
}
