package oidcsim_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

const staff = `
units:
  - {code: H19.41, name: Xã Lộc Ninh, kind: committee, level: commune, from: 2025-07-01}
roles:
  - {id: reception, name: Tiếp nhận}
grants:
  - {role: reception, steps: [receive, read], scope: own, from: 2025-07-01, basis: b}
officials:
  - id: cb-0001
    name: Lê Thị Chi
    login: {sub: can-bo-0001}
    posts:
      - {unit: H19.41, title: Công chức, roles: [reception], from: 2025-07-01, decision: 7/QĐ-UBND}
`

// The whole way: a browser with a cookie jar, an application with its directory and
// database, a provider in another server; and a removed official.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	w := start(t)
	db := sqltest.SQLite(t, identity.Migrations())
	vault, err := identity.NewVault(identity.NewVaultKeys())
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "d.yaml"), []byte(text), 0o600))
	}
	write(staff)
	live, _, err := directory.Open(os.DirFS(dir), nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	base, err := url.Parse(app.URL)
	require.NoError(t, err)
	people := identity.NewPeople(db, vault, identity.NewJournal(db, vault, nil), nil)
	signIn, err := signin.New(db, vault, people, live, []*url.URL{base}, []signin.Provider{
		{Name: "citizen", RP: w.rp("citizens", "s1"), Kind: identity.Citizen, Level: 1},
		{Name: "official", RP: w.rp("officials", "s2"), Kind: identity.Official},
	}, nil)
	require.NoError(t, err)
	mux.Handle("/auth/", signIn.Routes())
	mux.Handle("/desk", signIn.Require(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		who, _ := identity.From(r.Context())
		d := live.Policy().Can(who, identity.Act{Step: "receive", Unit: "H19.41", At: time.Now()})
		if !d.Allowed {
			http.Error(rw, d.WhyNot().EN, http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(rw, who.String()+" receives as "+d.Role)
	})))

	b := w.browser()
	b.c.CheckRedirect = nil // like a browser, it follows every redirect
	desk := func() string {
		page, _ := b.get(app.URL + "/desk")
		return page
	}
	assert.Contains(t, desk(), "Bạn cần đăng nhập")
	list, _ := b.get(app.URL + "/auth/login?provider=official&return=/desk")
	assert.NotContains(t, list, "Nguyễn Thị An")
	page, _ := b.choose(list, "person", "can-bo-0001")
	assert.Equal(t, "official cb-0001 receives as reception", page)

	withoutPost, _, _ := strings.Cut(staff, "    posts:")
	write(withoutPost)
	_, list2, err := live.Reload()
	require.NoError(t, err, "%v", list2)
	assert.Contains(t, desk(), "Bạn cần đăng nhập", "a removed official is nobody at the next request")
	write(staff)
	_, _, err = live.Reload()
	require.NoError(t, err)
	assert.Equal(t, "official cb-0001 receives as reception", desk())

	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, app.URL+"/auth/logout", nil)
	require.NoError(t, err)
	page, _ = b.do(req)
	assert.Contains(t, page, "Bạn đã đăng xuất", "back from the provider")
	assert.Contains(t, desk(), "Bạn cần đăng nhập")
	list, _ = b.get(app.URL + "/auth/login?provider=official&return=/desk")
	assert.Contains(t, list, "can-bo-0001", "the provider forgot the person too")

	list, _ = b.get(app.URL + "/auth/login?provider=citizen&return=/desk")
	page, _ = b.choose(list, "person", "cd-2")
	assert.Contains(t, page, "This needs one of the roles: reception.", "a citizen is signed in and receives nothing")
	problems, err := people.Audit(context.Background())
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// An embedded directory serves as well as a folder.
func TestEmbeddedDirectory(t *testing.T) {
	t.Parallel()
	live, _, err := directory.Open(fstest.MapFS{"d.yaml": &fstest.MapFile{Data: []byte(staff)}}, nil)
	require.NoError(t, err)
	who, ok := live.SignedIn("http://any", "can-bo-0001", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	require.True(t, ok)
	assert.Equal(t, "cb-0001", who.ID)
}
