// Command embed is the smallest program that moves a dossier; README shows it.
package main

import (
	"context"
	"fmt"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

func main() {
	ctx := context.Background()
	db := must(sqlopen.Open(ctx, "sqlite:dossiers.db", nil)) // or postgres://…, or sqlkit.Wrap(yourDB, …)
	must(0, migrate.Up(ctx, db, workflow.Migrations()))
	machine := must(workflow.Compile(&workflow.Definition{Code: "stall", Version: "1", Initial: "asked",
		States:      []workflow.State{{Name: "asked"}, {Name: "granted", Final: true}},
		Transitions: []workflow.Transition{{Event: "grant", From: []string{"asked"}, To: "granted", Roles: []string{"warden"}}},
	}, workflow.Bindings{}))
	engine := must(workflow.New(db, []*workflow.Machine{machine}, nil))
	anna, bob := workflow.Actor{ID: "anna", Kind: "citizen"}, workflow.Actor{ID: "bob", Kind: "official", Roles: []string{"warden"}}
	asked := must(engine.Start(ctx, &workflow.StartCommand{Procedure: "stall", Owner: "anna", Actor: anna, Key: "form-1"}))
	granted := must(engine.Apply(ctx, &workflow.Command{Dossier: asked.Dossier.ID, Expect: 1, Event: "grant",
		Actor: bob, Scope: workflow.Scope{All: true}, Key: "form-2"}))
	fmt.Println(granted.Dossier.State, "at version", granted.Dossier.Version)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
