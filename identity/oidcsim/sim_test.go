package oidcsim_test

import (
	"context"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/identity/oidcsim"
)

var people = []oidcsim.Person{
	{Sub: "cd-1", Name: "Nguyễn Thị An", CitizenID: "070185000001", Kind: identity.Citizen, Level: 2},
	{Sub: "cd-2", Name: "Trần Văn Bình <b>", CitizenID: "070095000002", Kind: identity.Citizen, Level: 1},
	{Sub: "can-bo-0001", Name: "Lê Thị Chi", Kind: identity.Official, Level: 2},
}

const redirect = "http://localhost:4711/auth/citizen/callback"

// world is a simulator on a port of its own, which can be stopped and started
// again on the same folder and port.
type world struct {
	t      *testing.T
	dir    string
	addr   string
	server *httptest.Server
	cfg    oidcsim.Config
}

func start(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w.addr = l.Addr().String()
	w.cfg = oidcsim.Config{
		Issuer: "http://" + w.addr, People: people,
		Clients: []oidcsim.Client{
			{ID: "citizens", Secret: "s1", Kind: identity.Citizen}, {ID: "officials", Secret: "s2", Kind: identity.Official},
		},
	}
	w.serve(l)
	t.Cleanup(func() { w.server.Close() })
	return w
}

func (w *world) serve(l net.Listener) {
	sim, err := oidcsim.New(w.cfg, w.dir, nil)
	require.NoError(w.t, err)
	w.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: sim, ReadHeaderTimeout: time.Second}}
	w.server.Start()
}

func (w *world) restart() {
	w.server.Close()
	l, err := net.Listen("tcp", w.addr)
	require.NoError(w.t, err)
	w.serve(l)
}

func (w *world) rp(client, secret string) *oidcrp.Provider {
	p, err := oidcrp.New(oidcrp.Config{
		Issuer: w.cfg.Issuer, ClientID: client, ClientSecret: secret, Scopes: []string{"profile"}, UserInfo: w.cfg.ClaimsInUserInfo,
		Levels: []oidcrp.Level{{ACR: "LoA1", Level: 1}, {ACR: "LoA2", Level: 2}},
	}, nil)
	require.NoError(w.t, err)
	return p
}

// browser follows redirects within the simulator and stops at others.
type browser struct {
	t *testing.T
	c *http.Client
	w *world
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &browser{w.t, &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != w.addr {
			return http.ErrUseLastResponse
		}
		return nil
	}}, w}
}

// get returns the page, or the address it was sent away to.
func (b *browser) get(address string) (page string, away *url.URL) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	require.NoError(b.t, err)
	return b.do(req)
}

func (b *browser) do(req *http.Request) (string, *url.URL) {
	b.t.Helper()
	resp, err := b.c.Do(req)
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	if loc, err := resp.Location(); err == nil {
		return "", loc
	}
	return string(body), nil
}

var idField = regexp.MustCompile(`name="id" value="([^"]+)"`)

// choose posts the form of the login page.
func (b *browser) choose(page, field, value string) (string, *url.URL) {
	b.t.Helper()
	m := idField.FindStringSubmatch(page)
	require.NotNil(b.t, m, page)
	form := url.Values{"id": {html.UnescapeString(m[1])}, field: {value}}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, "http://"+b.w.addr+"/login", strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

func begin(t *testing.T, p *oidcrp.Provider, r oidcrp.BeginRequest) (string, *oidcrp.Attempt) {
	if r.RedirectURL == "" {
		r.RedirectURL = redirect
	}
	address, a, err := p.Begin(context.Background(), &r)
	require.NoError(t, err)
	return address, a
}

func TestSignInThroughTheList(t *testing.T) {
	t.Parallel()
	for _, inUserInfo := range []bool{false, true} {
		w := start(t)
		w.cfg.ClaimsInUserInfo = inUserInfo
		w.restart()
		p, b := w.rp("citizens", "s1"), w.browser()
		address, a := begin(t, p, oidcrp.BeginRequest{Level: 1})
		page, away := b.get(address)
		require.Nil(t, away)
		assert.Contains(t, page, "Nguyễn Thị An")
		assert.Contains(t, page, "Trần Văn Bình &lt;b&gt;")
		assert.NotContains(t, page, "Lê Thị Chi", "officials sign in at their own client")
		assert.Contains(t, page, "BẢN THỬ NGHIỆM")
		_, away = b.choose(page, "person", "cd-1")
		require.NotNil(t, away)
		assert.True(t, strings.HasPrefix(away.String(), redirect+"?"))
		id, err := p.Finish(context.Background(), a, away.Query())
		require.NoError(t, err)
		assert.Equal(t, "cd-1", id.Subject)
		assert.Equal(t, 2, id.Level)
		assert.Equal(t, "070185000001", id.Text("SoDinhDanh"))
		assert.Equal(t, "Nguyễn Thị An", id.Text("HoVaTen"))
		assert.NotEmpty(t, id.SessionID)
		_, err = p.Finish(context.Background(), a, away.Query())
		require.ErrorIs(t, err, identity.ErrUnauthenticated, "a code is good for one")
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	w := start(t)
	p, b := w.rp("citizens", "s1"), w.browser()
	address, a := begin(t, p, oidcrp.BeginRequest{Level: 2})
	page, _ := b.get(address)
	assert.Contains(t, page, "LoA2")
	_, away := b.choose(page, "person", "cd-2")
	require.NotNil(t, away)
	_, err := p.Finish(context.Background(), a, away.Query())
	var r *oidcrp.Refused
	require.ErrorAs(t, err, &r)
	assert.Equal(t, "acr_low", r.Rule)
}

func TestProviderRemembersAndForgets(t *testing.T) {
	t.Parallel()
	w := start(t)
	p, b := w.rp("citizens", "s1"), w.browser()
	address, a := begin(t, p, oidcrp.BeginRequest{})
	page, _ := b.get(address)
	_, away := b.choose(page, "person", "cd-1")
	id, err := p.Finish(context.Background(), a, away.Query())
	require.NoError(t, err)

	address, a = begin(t, p, oidcrp.BeginRequest{})
	_, away = b.get(address)
	require.NotNil(t, away, "a remembered person is not asked")
	again, err := p.Finish(context.Background(), a, away.Query())
	require.NoError(t, err)
	assert.Equal(t, id.SessionID, again.SessionID)

	address, _ = begin(t, p, oidcrp.BeginRequest{Prompt: true})
	page, _ = b.get(address)
	assert.Contains(t, page, "cd-1", "prompt=login asks")
	address, _ = begin(t, w.rp("officials", "s2"), oidcrp.BeginRequest{})
	page, _ = b.get(address)
	assert.Contains(t, page, "Lê Thị Chi", "a citizen's session signs no official in")

	out, err := p.EndSession(context.Background(), again.IDToken, "http://127.0.0.1:5/bye", "st")
	require.NoError(t, err)
	_, away = b.get(out)
	require.NotNil(t, away)
	assert.Equal(t, "http://127.0.0.1:5/bye?state=st", away.String())
	address, _ = begin(t, p, oidcrp.BeginRequest{})
	page, _ = b.get(address)
	assert.Contains(t, page, "cd-1", "after the sign-out there it asks again")
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	w := start(t)
	p, b := w.rp("citizens", "s1"), w.browser()
	address, a := begin(t, p, oidcrp.BeginRequest{})
	page, _ := b.get(address)
	w.restart() // while the person looks at the list
	_, away := b.choose(page, "person", "cd-1")
	require.NotNil(t, away)
	w.restart() // between code and token
	_, err := p.Finish(context.Background(), a, away.Query())
	require.NoError(t, err, "the keys are the same, the code is good")
	w.restart()
	address, a = begin(t, p, oidcrp.BeginRequest{})
	_, away = b.get(address)
	require.NotNil(t, away, "the session is remembered")
	_, err = p.Finish(context.Background(), a, away.Query())
	require.NoError(t, err)
	st, err := os.Stat(filepath.Join(w.dir, "oidcsim.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), st.Mode().Perm())
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := start(t)
	p, b := w.rp("citizens", "s1"), w.browser()
	address, a := begin(t, p, oidcrp.BeginRequest{})
	page, _ := b.get(address)
	_, away := b.choose(page, "cancel", "1")
	require.NotNil(t, away)
	var perr *oidcrp.ProviderError
	_, err := p.Finish(context.Background(), a, away.Query())
	require.ErrorAs(t, err, &perr)
	assert.Equal(t, "access_denied", perr.Code)
}

func TestRedirectAddresses(t *testing.T) {
	t.Parallel()
	w := start(t)
	p := w.rp("citizens", "s1")
	for address, ok := range map[string]bool{
		"http://127.0.0.1:1/a/b/c": true, "http://localhost/x": true, "http://[::1]:99/cb": true, "https://127.0.0.9:8443/x?y=1": true,
		"http://evil.example/cb": false, "http://127.0.0.1.evil.example/": false, "http://127.0.0.1@evil.example/": false,
		"javascript:alert(1)": false, "http://evil.example/#http://127.0.0.1": false,
	} {
		to, _ := begin(t, p, oidcrp.BeginRequest{RedirectURL: address})
		page, away := w.browser().get(to)
		assert.Nil(t, away, address)
		assert.Equal(t, ok, strings.Contains(page, `name="id"`), address)
	}
}

func TestRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	p, b := w.rp("citizens", "s1"), w.browser()
	address, a := begin(t, p, oidcrp.BeginRequest{})
	for name, change := range map[string]func(url.Values){
		"no PKCE":        func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") },
		"plain PKCE":     func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"implicit":       func(q url.Values) { q.Set("response_type", "id_token") },
		"prompt none":    func(q url.Values) { q.Set("prompt", "none") },
		"unknown client": func(q url.Values) { q.Set("client_id", "x") },
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		page, away := b.get(u.String())
		if away != nil {
			assert.NotEmpty(t, away.Query().Get("error"), name)
		}
		assert.NotContains(t, page, `name="id"`, name)
	}
	page, _ := b.get(address)
	over, away := b.choose(page, "person", "can-bo-0001")
	assert.Nil(t, away, "an official is no citizen")
	assert.Contains(t, over, "hết hạn")
	_, away = b.choose(page, "person", "cd-1")
	require.NotNil(t, away)
	wrong := w.rp("citizens", "not the secret")
	_, err := wrong.Finish(context.Background(), a, away.Query())
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	req, err := http.NewRequest(http.MethodPost, w.cfg.Issuer+"/login", strings.NewReader("id=x&person=cd-1"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := b.c.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusForbidden, resp.StatusCode, "another site cannot sign anybody in")
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := oidcsim.Config{
		Issuer: "http://127.0.0.1:1", People: people, Clients: []oidcsim.Client{{ID: "a", Secret: "b", Kind: identity.Citizen}},
	}
	_, err := oidcsim.New(good, t.TempDir(), nil)
	require.NoError(t, err)
	for name, change := range map[string]func(*oidcsim.Config){
		"issuer with a slash":  func(c *oidcsim.Config) { c.Issuer += "/" },
		"no issuer":            func(c *oidcsim.Config) { c.Issuer = "" },
		"client twice":         func(c *oidcsim.Config) { c.Clients = append(c.Clients, c.Clients[0]) },
		"client without kind":  func(c *oidcsim.Config) { c.Clients = []oidcsim.Client{{ID: "a", Secret: "b"}} },
		"person twice":         func(c *oidcsim.Config) { c.People = append(c.People, c.People[0]) },
		"person without level": func(c *oidcsim.Config) { c.People = []oidcsim.Person{{Sub: "x", Name: "X", Kind: identity.Citizen}} },
		"bad citizen id": func(c *oidcsim.Config) {
			c.People = []oidcsim.Person{{Sub: "x", Name: "X", Kind: identity.Citizen, Level: 1, CitizenID: "1"}}
		},
	} {
		c := good
		c.People = append([]oidcsim.Person{}, good.People...)
		change(&c)
		_, err := oidcsim.New(c, t.TempDir(), nil)
		assert.ErrorIs(t, err, identity.ErrInvalid, name)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oidcsim.json"), []byte("{"), 0o600))
	_, err = oidcsim.New(good, dir, nil)
	require.ErrorIs(t, err, identity.ErrInvalid)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oidcsim.json"), []byte("{}"), 0o600))
	_, err = oidcsim.New(good, dir, nil)
	require.ErrorIs(t, err, identity.ErrInvalid)
	_, err = oidcsim.New(good, filepath.Join(dir, "missing"), nil)
	require.ErrorIs(t, err, identity.ErrUnavailable)
}
