package province

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/procedures/whostep"
)

// disagreements are what procedures and directory say of each other that is not
// so: each folder can be right by itself, and a dossier stand still where nobody
// may take the next step. They are warnings: a unit may be listed tomorrow.
func disagreements(c *procedures.Catalogue, d *directory.Directory, now time.Time) []string {
	var out []string
	say := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
	known := map[string]bool{identity.AnyStep: true, identity.StepRead: true, identity.StepReveal: true, identity.StepAudit: true,
		desk.StepSign: true, desk.StepSeal: true, portal.StepCash: true}
	grants := d.Table().Grants
	for _, code := range c.Codes() {
		for _, p := range c.Editions(code) {
			for i := range p.Steps {
				known[p.Steps[i].Event] = true
			}
		}
		p, err := c.At(code, now)
		if err != nil {
			continue // none in force today: nobody needs to take its steps
		}
		p = p.With(Modules()...)
		for i := range p.Steps {
			if s := &p.Steps[i]; !s.System && !slices.ContainsFunc(grants, func(g identity.Grant) bool { return lets(&g, s, now) }) {
				say("procedure %s: nobody may take step %s: the directory grants it to none of %s", code, s.Event, strings.Join(s.Roles, ", "))
			}
		}
	}
	for _, g := range grants {
		if !known[g.Step] {
			say("directory: role %s is granted the step %q, which no procedure has", g.Role, g.Step)
		}
	}
	for _, unit := range c.Offices() {
		if _, ok := d.Resolve(unit, now); !ok {
			say("procedures: unit %s has procedures of its own, but the directory does not list it", unit)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lets says whether a grant lets anybody take a step on a day.
func lets(g *identity.Grant, s *procedures.Step, now time.Time) bool {
	role := g.Role
	if role == identity.RoleCitizen {
		role = whostep.RoleApplicant
	}
	return (g.Step == s.Event || g.Step == identity.AnyStep) && slices.Contains(s.Roles, role) &&
		!now.Before(g.From) && (g.To.IsZero() || now.Before(g.To))
}
