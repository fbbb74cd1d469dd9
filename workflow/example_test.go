package workflow_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// A stall on a market: asked for, then granted or, with a reason, refused.
var stall = &workflow.Definition{Code: "stall", Version: "2024-11-01", Initial: "asked",
	States: []workflow.State{{Name: "asked"}, {Name: "granted", Final: true}, {Name: "refused", Final: true}},
	Transitions: []workflow.Transition{
		{Event: "grant", From: []string{"asked"}, To: "granted", Roles: []string{"clerk"}, Guards: []string{"market_day"},
			Effects: []string{"letter"}},
		{Event: "refuse", From: []string{"asked"}, To: "refused", Roles: []string{"clerk"}, Reason: true},
	}}

var bindings = workflow.Bindings{
	Guards: map[string]workflow.Guard{"market_day": func(in workflow.GuardInput) *workflow.Reason {
		if in.Now.Weekday() == time.Sunday {
			return &workflow.Reason{Code: "closed", VI: "Chợ nghỉ Chủ nhật.", EN: "the market is closed on Sundays"}
		}
		return nil
	}},
	Effects: []string{"letter"},
}

var (
	seller = workflow.Actor{ID: "seller-7", Kind: workflow.KindCitizen}
	clerk  = workflow.Actor{ID: "clerk-1", Kind: workflow.KindOfficial, Unit: "market", Roles: []string{"clerk"}}
	desk   = workflow.Scope{Units: []string{"market"}}
)

// setup opens an engine on a new SQLite file. Its clock stands at 08:00 of a
// Friday and its ids count, so that every run prints the same.
func setup() (engine *workflow.Engine, db *sqlkit.DB, closed func()) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "workflow")
	if err != nil {
		panic(err)
	}
	db, err = sqlopen.Open(ctx, "sqlite:"+filepath.Join(dir, "market.db"), nil)
	if err != nil {
		panic(err)
	}
	if err := migrate.Up(ctx, db, workflow.Migrations()); err != nil {
		panic(err)
	}
	machine, err := workflow.Compile(stall, bindings)
	if err != nil {
		panic(err)
	}
	n := 0
	engine, err = workflow.New(db, []*workflow.Machine{machine}, &workflow.Options{
		Now:   func() time.Time { return time.Date(2024, 11, 15, 8, 0, 0, 0, time.FixedZone("+07", 7*3600)) },
		NewID: func() string { n++; return fmt.Sprintf("dossier-%d", n) },
	})
	if err != nil {
		panic(err)
	}
	return engine, db, func() {
		if err := errors.Join(db.Close(), os.RemoveAll(dir)); err != nil {
			panic(err)
		}
	}
}

// ask starts a dossier at the desk of the market.
func ask(e *workflow.Engine, key string) *workflow.Dossier {
	unit := "market"
	r, err := e.Start(context.Background(), &workflow.StartCommand{Procedure: "stall", Owner: seller.ID, Actor: seller, Key: key,
		Set: workflow.Changes{Unit: &unit}})
	if err != nil {
		panic(err)
	}
	return r.Dossier
}

// A definition is data; what is wrong with it is said all at once.
func ExampleCompile() {
	_, err := workflow.Compile(&workflow.Definition{Code: "stall", Version: "1", Initial: "asked",
		States: []workflow.State{{Name: "asked"}, {Name: "granted"}, {Name: "refused", Final: true}},
		Transitions: []workflow.Transition{
			{Event: "grant", From: []string{"asked"}, To: "granted", Guards: []string{"market_day"}},
			{Event: "refuse", From: []string{"asked"}, To: "refused"},
		}}, workflow.Bindings{})
	fmt.Println(workflow.ErrorCode(err) == workflow.Invalid)
	fmt.Println(err)
	// Output:
	// true
	// invalid request: definition stall 1: event grant: guard "market_day" is not bound (bind it, or mend the name)
	// state granted never reaches a final state
}

// Dossiers keep the version they started in, so its machine stays; new ones
// start in the last one given.
func ExampleNew() {
	_, db, closed := setup() // sqlopen.Open, then migrate.Up
	defer closed()
	var machines []*workflow.Machine
	for _, version := range []string{"2024-11-01", "2025-07-01"} {
		d := *stall
		d.Version = version
		m, err := workflow.Compile(&d, bindings)
		if err != nil {
			fmt.Println(err)
			return
		}
		machines = append(machines, m)
	}
	engine, err := workflow.New(db, machines, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	latest, _ := engine.Machine("stall", "")
	_, old := engine.Machine("stall", "2024-11-01")
	fmt.Println(latest.Version(), old)
	// Output: 2025-07-01 true
}

func ExampleEngine_Start() {
	engine, _, closed := setup()
	defer closed()
	unit := "market"
	start := &workflow.StartCommand{Procedure: "stall", Owner: seller.ID, Actor: seller, Key: "form-1",
		Set: workflow.Changes{Unit: &unit}, Body: json.RawMessage(`{"goods":"rau"}`)}
	for range 2 { // the form is sent twice, e.g. because the first answer was lost
		r, err := engine.Start(context.Background(), start)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Dossier.ID, r.Dossier.State, r.Dossier.Version, r.Replayed)
	}
	// Output:
	// dossier-1 asked 1 false
	// dossier-1 asked 1 true
}

func ExampleEngine_Apply() {
	engine, _, closed := setup()
	defer closed()
	ctx := context.Background()
	d := ask(engine, "form-1")
	r, err := engine.Apply(ctx, &workflow.Command{Dossier: d.ID, Expect: d.Version, Event: "grant",
		Actor: clerk, Scope: desk, Key: "form-2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Dossier.State, r.Dossier.Version, r.Entry.Actor.ID)

	// Another official decides on the version they have seen.
	_, err = engine.Apply(ctx, &workflow.Command{Dossier: d.ID, Expect: d.Version, Event: "refuse",
		Actor: clerk, Scope: desk, Key: "form-3", Body: json.RawMessage(`{"reason":"chưa đủ giấy tờ"}`)})
	fmt.Println(err)
	fmt.Println(errors.Is(err, workflow.ErrStale))
	// Output:
	// granted 2 clerk-1
	// dossier dossier-1 has moved on: expected version 1, current version 2 (read it again)
	// true
}

// The move and the program's own row commit together or not at all.
func ExampleEngine_ApplyTx() {
	engine, db, closed := setup()
	defer closed()
	ctx := context.Background()
	d := ask(engine, "form-1")
	full := errors.New("all stalls are let")
	err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := engine.ApplyTx(ctx, tx, &workflow.Command{Dossier: d.ID, Expect: d.Version, Event: "grant",
			Actor: clerk, Scope: desk, Key: "form-2"})
		if err != nil {
			return err
		}
		fmt.Println(r.Dossier.State, "inside the transaction")
		return full // the program's own statement finds no free stall
	})
	fmt.Println(err)
	d, err = engine.Get(ctx, desk, d.ID)
	fmt.Println(d.State, d.Version, err)
	// Output:
	// granted inside the transaction
	// all stalls are let
	// asked 1 <nil>
}

func ExampleEngine_WhyNot() {
	engine, _, closed := setup()
	defer closed()
	d := ask(engine, "form-1")
	why, err := engine.WhyNot(context.Background(), &workflow.Command{Dossier: d.ID, Event: "grant",
		Actor: seller, Scope: workflow.Scope{Owner: seller.ID}})
	fmt.Println(why.Code, err)
	fmt.Println(why.VI)
	fmt.Println(why.EN)
	why, err = engine.WhyNot(context.Background(), &workflow.Command{Dossier: d.ID, Event: "grant", Actor: clerk, Scope: desk})
	fmt.Println(why, err)
	// Output:
	// wrong_role <nil>
	// Ông/bà không có vai trò được giao bước này.
	// the step needs one of the roles clerk
	// <nil> <nil>
}

func ExampleEngine_Inbox() {
	engine, _, closed := setup()
	defer closed()
	for i := range 3 {
		ask(engine, fmt.Sprint("form-", i))
	}
	query := &workflow.InboxQuery{States: []string{"asked"}, Limit: 2}
	for {
		page, err := engine.Inbox(context.Background(), desk, query)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("page")
		for _, d := range page.Dossiers {
			fmt.Println(d.ID)
		}
		if query.After = page.Next; page.Next == "" {
			return
		}
	}
	// Output:
	// page
	// dossier-1
	// dossier-2
	// page
	// dossier-3
}

// Effects run after the commit, at least once; workflow/riverjobs does this
// with retries, here the outbox is drained by hand.
func ExampleEngine_Handlers() {
	engine, _, closed := setup()
	defer closed()
	ctx := context.Background()
	d := ask(engine, "form-1")
	if _, err := engine.Apply(ctx, &workflow.Command{Dossier: d.ID, Expect: d.Version, Event: "grant",
		Actor: clerk, Scope: desk, Key: "form-2"}); err != nil {
		fmt.Println(err)
		return
	}
	handlers := engine.Handlers(map[string]workflow.Effect{"letter": func(_ context.Context, e workflow.Entry) error {
		fmt.Println("letter:", e.ID, e.Event)
		return nil
	}})
	n, err := engine.Outbox().Drain(ctx, 10, func(ctx context.Context, ms []sqlkit.Message) error {
		for _, m := range ms {
			if err := handlers[m.Topic](ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(n, err)
	// Output:
	// letter: dossier-1/2 grant
	// 1 <nil>
}
