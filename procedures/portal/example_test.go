package portal_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
)

// noJournal stands for the access journal in the example, which opens no paper.
type noJournal struct{}

func (noJournal) Record(context.Context, *identity.Opening) (string, error) { return "", nil }

func (noJournal) List(context.Context, identity.Scope, *identity.OpeningQuery) (*identity.OpeningPage, error) {
	return &identity.OpeningPage{}, nil
}

// A portal is an http.Handler; sign-in's own routes are mounted beside it.
func ExampleNew() {
	catalogue, _, err := procedures.Load(procedures.National())
	if err != nil {
		fmt.Println(err)
		return
	}
	site, err := portal.New(portal.Parts{
		Desk:      desk.New(desk.Parts{ /* database, engine, files … */ }, nil),
		Catalogue: catalogue,
		Policy:    identity.NewPolicy(nil),
		Units:     offices{},
		Journal:   noJournal{},
		SignIn:    cookies{},
	}, &portal.Options{
		PublicURL: "https://dichvucong.example.vn",
		Now:       func() time.Time { return time.Date(2024, 11, 15, 15, 1, 0, 0, procedures.Zone) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/", site)

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/thu-tuc/2.000815", nil))
	fmt.Println(answer.Code, regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(answer.Body.String())[1])
	answer = httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/ho-so", nil))
	fmt.Println(answer.Code, regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(answer.Body.String())[1])
	// Output:
	// 200 Chứng thực bản sao từ bản chính – Cổng dịch vụ công
	// 401 Cần đăng nhập – Cổng dịch vụ công
}
