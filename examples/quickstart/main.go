// Command quickstart embeds the dossier engine in a program with a table of its
// own: a market lets a stall, and the letter about it goes out after the commit.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

func run(ctx context.Context, file string, out io.Writer) (err error) {
	machine, err := workflow.Compile(&workflow.Definition{Code: "stall", Version: "1", Initial: "asked",
		States: []workflow.State{{Name: "asked"}, {Name: "granted", Final: true}},
		Transitions: []workflow.Transition{{Event: "grant", From: []string{"asked"}, To: "granted",
			Roles: []string{"clerk"}, Effects: []string{"letter"}}},
	}, workflow.Bindings{Effects: []string{"letter"}})
	if err != nil {
		return err
	}
	db, err := sqlopen.Open(ctx, "sqlite:"+file, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate.Up(ctx, db, workflow.Migrations()); err != nil {
		return err
	}
	engine, err := workflow.New(db, []*workflow.Machine{machine}, nil)
	if err != nil {
		return err
	}
	seller := workflow.Actor{ID: "seller-7", Kind: workflow.KindCitizen}
	asked, err := engine.Start(ctx, &workflow.StartCommand{Procedure: "stall", Owner: seller.ID, Actor: seller, Key: "form-1"})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s asks for a stall: %s, version %d\n", seller.ID, asked.Dossier.State, asked.Dossier.Version)

	// The clerk's move and the program's own row commit together or not at all.
	clerk := workflow.Actor{ID: "clerk-1", Kind: workflow.KindOfficial, Roles: []string{"clerk"}}
	err = db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		granted, err := engine.ApplyTx(ctx, tx, &workflow.Command{Dossier: asked.Dossier.ID, Expect: asked.Dossier.Version,
			Event: "grant", Actor: clerk, Scope: workflow.Scope{All: true}, Key: "form-2"})
		if err != nil || granted.Replayed {
			return err
		}
		fmt.Fprintf(out, "%s grants it: %s, version %d\n", clerk.ID, granted.Dossier.State, granted.Dossier.Version)
		_, err = tx.ExecContext(ctx, `CREATE TABLE stalls (dossier TEXT PRIMARY KEY); INSERT INTO stalls VALUES (?)`, asked.Dossier.ID)
		return err
	})
	if err != nil {
		return err
	}
	// What a move calls for is done after its commit. A service leaves this to workflow/riverjobs.
	letter := engine.Handlers(map[string]workflow.Effect{"letter": func(_ context.Context, e workflow.Entry) error {
		_, err := fmt.Fprintf(out, "a letter goes out: %s by %s\n", e.Event, e.Actor.ID)
		return err
	}})["letter"]
	_, err = engine.Outbox().Drain(ctx, 1, func(ctx context.Context, m []sqlkit.Message) error { return letter(ctx, m[0]) })
	return err
}

func main() {
	dir, err := os.MkdirTemp("", "quickstart")
	if err == nil {
		err = errors.Join(run(context.Background(), filepath.Join(dir, "market.db"), os.Stdout), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}
