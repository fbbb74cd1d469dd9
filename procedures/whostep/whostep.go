// Package whostep resolves the person who asks into the actor and the scope of a
// workflow command, before the command is made: guards read only their input.
package whostep

import (
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow"
)

// RoleApplicant is the role a citizen has in every procedure (người yêu cầu).
const RoleApplicant = "applicant"

// Resolve returns the actor in which who would raise event on a dossier of unit,
// or the reason why they may not. An official gets the one role, and the one
// delegation, by which the permission table lets them: so the history says in
// what capacity a step was done. Whose dossier it is, Scope answers.
func Resolve(p *identity.Policy, who *identity.Person, event, unit string, at time.Time) (workflow.Actor, *workflow.Reason) {
	d := p.Can(who, identity.Act{Step: event, Unit: unit, At: at})
	if !d.Allowed {
		why := workflow.Reason{Code: "denied", VI: "Ông/bà không được giao việc này.", EN: "the permission table does not allow it"}
		if r := d.WhyNot(); r != nil {
			why = workflow.Reason(*r)
		}
		return workflow.Actor{}, &why
	}
	if who.Kind == identity.Citizen {
		return workflow.Actor{ID: who.ID, Kind: workflow.KindCitizen, Roles: []string{RoleApplicant}}, nil
	}
	return workflow.Actor{ID: who.ID, Kind: workflow.KindOfficial, Unit: d.Unit, OnBehalf: d.OnBehalf, Roles: []string{d.Role}}, nil
}

// Scope returns the dossiers who may see at a moment: their own, and those of
// the units in which the permission table lets them read.
func Scope(p *identity.Policy, who *identity.Person, at time.Time) workflow.Scope {
	s := p.Scope(who, at)
	return workflow.Scope{All: s.Everything, Units: s.Units, Owner: s.Person}
}

// System is the actor of system events and the scope that goes with it.
func System(name string) (workflow.Actor, workflow.Scope) {
	return workflow.Actor{ID: name, Kind: workflow.KindSystem}, workflow.Scope{All: true}
}
