package storetest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// temp opens a database and a vault in a folder that goes away.
func temp() (db *sqlkit.DB, vault *identity.Vault, done func()) {
	dir, err := os.MkdirTemp("", "motcua")
	if err != nil {
		panic(err)
	}
	if db, err = sqlopen.Open(ctx, "sqlite:"+filepath.Join(dir, "motcua.db"), nil); err != nil {
		panic(err)
	}
	if err := migrate.Up(ctx, db, identity.Migrations()); err != nil {
		panic(err)
	}
	if vault, err = identity.OpenVault(dir); err != nil {
		panic(err)
	}
	return db, vault, func() { _, _ = db.Close(), os.RemoveAll(dir) }
}

// A citizen signs in; others know the pseudonym. An official who needs the citizen
// id says why, and the journal keeps it.
func Example_people() {
	db, vault, done := temp()
	defer done()
	journal := identity.NewJournal(db, vault, nil)
	people := identity.NewPeople(db, vault, journal, nil)

	id, err := identity.ParseCitizenID("070205000001")
	if err != nil {
		fmt.Println(err)
		return
	}
	citizen, err := people.SignIn(ctx, &identity.SignInRequest{
		Issuer: "https://sso.example", Subject: "u1", CitizenID: id, Name: "Nguyễn Thị An", Assurance: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	official := identity.Scope{Person: "cb-0001", Units: []string{"H10.12"}}
	_, err = people.Reveal(ctx, official, citizen.ID, &identity.Opening{Who: "cb-0001", Unit: "H10.12"})
	fmt.Println(err)
	shown, err := people.Reveal(ctx, official, citizen.ID, &identity.Opening{
		Who: "cb-0001", Unit: "H10.12", Ref: "H10.12-241115-0001", Purpose: "đối chiếu bản chính",
	})
	fmt.Println(shown, shown.Reveal(), err)

	page, err := journal.List(ctx, identity.Scope{Everything: true}, &identity.OpeningQuery{About: citizen.ID})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range page.Openings {
		fmt.Println(o.Who, "saw", o.What, "for", o.Purpose)
	}
	problems, err := people.Audit(ctx)
	fmt.Println(problems, err)
	// Output:
	// an opening has a purpose of 1 to 500 characters
	// 070•••••0001 070205000001 <nil>
	// cb-0001 saw citizen_id for đối chiếu bản chính
	// [] <nil>
}

// What is shown is recorded first; who has no right to audit a unit sees nothing of
// it.
func Example_journal() {
	db, vault, done := temp()
	defer done()
	journal := identity.NewJournal(db, vault, nil)
	_, err := journal.Record(ctx, &identity.Opening{
		Who: "cb-0001", Unit: "H10.12", What: identity.OpenedPaper, Ref: "sha256:…", Purpose: "thẩm định hồ sơ",
	})
	fmt.Println(err)
	other, err := journal.List(ctx, identity.Scope{Person: "cb-0002", Units: []string{"H10.13"}}, nil)
	fmt.Println(len(other.Openings), err)
	// Output:
	// <nil>
	// 0 <nil>
}

// An application mounts the sign-in's routes and puts Require in front of what is
// not for everybody.
func Example_signIn() {
	db, vault, done := temp()
	defer done()
	provider, err := oidcrp.New(oidcrp.Config{Issuer: "https://sso.example", ClientID: "dvc", ClientSecret: "…"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	people := identity.NewPeople(db, vault, identity.NewJournal(db, vault, nil), nil)
	signIn, err := signin.New(db, vault, people, nil, []*url.URL{{Scheme: "https", Host: "dvc.example"}},
		[]signin.Provider{{Name: "citizen", RP: provider, Kind: identity.Citizen, Level: 1}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", signIn.Routes())
	mux.Handle("/dossiers", signIn.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := identity.From(r.Context())
		fmt.Fprintln(w, who)
	})))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://dvc.example/dossiers", nil))
	fmt.Println(w.Code, signIn.LoginURL("citizen", "/dossiers", 0))
	// Output: 401 /auth/login?provider=citizen&return=%2Fdossiers
}
