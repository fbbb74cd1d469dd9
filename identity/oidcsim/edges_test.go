package oidcsim_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/identity/oidcsim"
)

const verifier = "a-verifier-of-at-least-forty-three-characters-0123"

// desk speaks with the simulator's handler itself, so that a test can stop the clock.
type desk struct {
	t      *testing.T
	sim    *oidcsim.Sim
	cfg    oidcsim.Config
	dir    string
	cookie string
}

func newDesk(t *testing.T, o *oidcsim.Options) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), cfg: oidcsim.Config{
		Issuer: "http://127.0.0.1:1", People: people, ClaimsInUserInfo: true,
		Clients: []oidcsim.Client{{ID: "citizens", Secret: "s1", Kind: identity.Citizen, RedirectURIs: []string{"https://dvc.test/cb?x=1"}}},
	}}
	d.open(o)
	return d
}

func (d *desk) open(o *oidcsim.Options) {
	d.t.Helper()
	sim, err := oidcsim.New(d.cfg, d.dir, o)
	require.NoError(d.t, err)
	d.sim = sim
}

func (d *desk) do(method, target string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	d.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:1"+target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if d.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "oidcsim_session", Value: d.cookie})
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	d.sim.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		d.cookie = c.Value
	}
	return w
}

// authorize begins a request and returns the answer; its Location leads to the login page.
func (d *desk) authorize(change url.Values) *httptest.ResponseRecorder {
	d.t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"citizens"}, "redirect_uri": {"http://127.0.0.1:5/cb"}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"st"}, "nonce": {"n"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for k, v := range change {
		q[k] = v
	}
	return d.do(http.MethodGet, "/authorize?"+q.Encode(), nil, nil)
}

// request begins a request and returns its id.
func (d *desk) request(change url.Values) string {
	d.t.Helper()
	u, err := d.authorize(change).Result().Location()
	require.NoError(d.t, err)
	require.Equal(d.t, "/login", u.Path, u)
	return u.Query().Get("id")
}

// look is the status of the login page: 303 for a person who is remembered.
func (d *desk) look(id string) int {
	d.t.Helper()
	return d.do(http.MethodGet, "/login?id="+id, nil, nil).Code
}

func (d *desk) choose(id, person string) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.do(http.MethodPost, "/login", url.Values{"id": {id}, "person": {person}}, nil)
}

// code goes on from a chosen person to the code.
func (d *desk) code(w *httptest.ResponseRecorder) string {
	d.t.Helper()
	require.Equal(d.t, http.StatusSeeOther, w.Code)
	u, err := d.do(http.MethodGet, w.Header().Get("Location"), nil, nil).Result().Location()
	require.NoError(d.t, err)
	require.NotEmpty(d.t, u.Query().Get("code"), u)
	return u.Query().Get("code")
}

// token exchanges a code.
func (d *desk) token(code, client, secret string) (status int, access string) {
	d.t.Helper()
	w := d.do(http.MethodPost, "/oauth/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://127.0.0.1:5/cb"}, "code_verifier": {verifier},
	}, func(r *http.Request) { r.SetBasicAuth(client, secret) })
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(d.t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body)
	return w.Code, answer.AccessToken
}

func (d *desk) userinfo(access string) int {
	d.t.Helper()
	return d.do(http.MethodGet, "/userinfo", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+access) }).Code
}

// What is remembered is remembered to the end of its time and no longer.
func TestTimesAreExact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, &oidcsim.Options{SessionLife: 30 * time.Minute})
		require.Equal(t, http.StatusSeeOther, d.choose(d.request(nil), "cd-1").Code)
		young := url.Values{"max_age": {"60"}}
		time.Sleep(time.Minute)
		assert.Equal(t, http.StatusSeeOther, d.look(d.request(young)))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, http.StatusOK, d.look(d.request(young)), "older than max_age")
		time.Sleep(29*time.Minute - 1)
		assert.Equal(t, http.StatusSeeOther, d.look(d.request(nil)))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, http.StatusOK, d.look(d.request(nil)), "older than a session's life")

		id := d.request(nil)
		time.Sleep(time.Hour)
		_ = d.request(nil) // a change forgets what is over
		assert.Equal(t, http.StatusOK, d.look(id))
		time.Sleep(time.Nanosecond)
		_ = d.request(nil)
		assert.Equal(t, http.StatusNotFound, d.look(id))

		status, access := d.token(d.code(d.choose(d.request(nil), "cd-1")), "citizens", "s1")
		require.Equal(t, http.StatusOK, status)
		time.Sleep(5*time.Minute - 1)
		assert.Equal(t, http.StatusOK, d.userinfo(access))
		time.Sleep(time.Nanosecond)
		assert.NotEqual(t, http.StatusOK, d.userinfo(access))

		code := d.code(d.choose(d.request(nil), "cd-1"))
		time.Sleep(time.Hour + 1)
		_ = d.request(nil)
		status, _ = d.token(code, "citizens", "s1")
		assert.NotEqual(t, http.StatusOK, status, "a code goes with its request")
	})
}

// A file keeps only what is not over.
func TestStateIsCleared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, &oidcsim.Options{SessionLife: 2 * time.Hour})
		count := func() []int {
			var st struct{ Requests, Codes, Tokens, Sessions map[string]any }
			data, err := os.ReadFile(filepath.Join(d.dir, "oidcsim.json"))
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &st))
			return []int{len(st.Requests), len(st.Codes), len(st.Tokens), len(st.Sessions)}
		}
		_, access := d.token(d.code(d.choose(d.request(nil), "cd-1")), "citizens", "s1")
		require.NotEmpty(t, access)
		_ = d.code(d.choose(d.request(nil), "cd-1"))
		assert.Equal(t, []int{1, 1, 1, 1}, count(), "the second sign-in ended the first session")
		time.Sleep(time.Hour + 1)
		_ = d.request(nil)
		assert.Equal(t, []int{1, 0, 0, 1}, count())
		time.Sleep(time.Hour)
		_ = d.request(nil)
		assert.Equal(t, []int{2, 0, 0, 0}, count())
	})
}

func TestFormsThatDoNotFit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	assert.Equal(t, http.StatusNotFound, d.look("other"))
	assert.Equal(t, http.StatusNotFound, d.choose("other", "cd-1").Code)
	id := d.request(nil)
	assert.Equal(t, http.StatusForbidden, d.choose(id, "nobody").Code)
	assert.Equal(t, http.StatusForbidden, d.choose(id, "can-bo-0001").Code)
	assert.Empty(t, d.cookie, "nobody was signed in")
	w := d.choose(id, "cd-1")
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, http.StatusNotFound, d.choose(id, "cd-2").Code, "who was chosen stays")
	code := d.code(w)
	again := d.do(http.MethodGet, w.Header().Get("Location"), nil, nil)
	assert.NotContains(t, again.Header().Get("Location"), "code=", "a request has one code")
	for _, c := range []struct{ client, secret string }{{"citizens", "s2"}, {"citizens", ""}, {"nobody", "s1"}, {"", ""}} {
		status, access := d.token(code, c.client, c.secret)
		assert.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized}, status, c)
		assert.Empty(t, access)
	}
	for body, want := range map[string]int{"%zz": http.StatusBadRequest, strings.Repeat("a", 64<<10+1): http.StatusBadRequest} {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		d.sim.ServeHTTP(rec, r)
		assert.Equal(t, want, rec.Code)
	}
	first := d.cookie
	_ = d.choose(d.request(nil), "cd-2")
	d.cookie = first
	assert.Equal(t, http.StatusOK, d.look(d.request(nil)), "a new sign-in ends the browser's old session")
}

// Level and client decide whether a remembered person is good enough; so does a
// configuration that no longer knows the person.
func TestWhoIsRememberedForWhat(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	require.Equal(t, http.StatusSeeOther, d.choose(d.request(nil), "cd-2").Code)
	assert.Equal(t, http.StatusSeeOther, d.look(d.request(url.Values{"acr_values": {"LoA1 LoA2"}})))
	assert.Equal(t, http.StatusOK, d.look(d.request(url.Values{"acr_values": {"LoA2"}})))
	id := d.request(nil)
	d.cfg.People = people[:1]
	d.open(nil)
	assert.Equal(t, http.StatusOK, d.look(id), "a person who is gone")
	d.cfg.Clients = []oidcsim.Client{{ID: "others", Secret: "s", Kind: identity.Citizen}}
	d.open(nil)
	assert.Equal(t, http.StatusForbidden, d.choose(id, "cd-1").Code, "a client that is gone")
}

// Signing out ends the session the token was given in, and no other of that person.
func TestSignOutEndsOneSession(t *testing.T) {
	t.Parallel()
	w := start(t)
	p, one, two := w.rp("citizens", "s1"), w.browser(), w.browser()
	signIn := func(b *browser) string {
		address, a := begin(t, p, oidcrp.BeginRequest{})
		page, away := b.get(address)
		if away == nil {
			_, away = b.choose(page, "person", "cd-1")
		}
		id, err := p.Finish(t.Context(), a, away.Query())
		require.NoError(t, err)
		return id.IDToken
	}
	remembered := func(b *browser) bool {
		address, _ := begin(t, p, oidcrp.BeginRequest{})
		_, away := b.get(address)
		return away != nil
	}
	token := signIn(one)
	_ = signIn(two)
	_, _ = one.get(w.cfg.Issuer + "/end_session")
	assert.True(t, remembered(one), "anybody can make a link without a token")
	out, err := p.EndSession(t.Context(), token, "", "")
	require.NoError(t, err)
	_, _ = one.get(out)
	assert.False(t, remembered(one))
	assert.True(t, remembered(two))
}

func TestCancelKeepsTheAddress(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	id := d.request(url.Values{"redirect_uri": {"https://dvc.test/cb?x=1"}})
	w := d.do(http.MethodPost, "/login", url.Values{"id": {id}, "cancel": {"1"}, "person": {"cd-1"}}, nil)
	assert.Equal(t, "https://dvc.test/cb?error=access_denied&state=st&x=1", w.Header().Get("Location"))
	assert.Equal(t, http.StatusNotFound, d.look(id))
	assert.Equal(t, http.StatusOK, d.do(http.MethodGet, "/signed-out", nil, nil).Code)
}

// A state that cannot be saved is told; nobody is signed in by it.
func TestStateThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	for name, block := range map[string]string{"the new file": "oidcsim.json.new", "the file": "oidcsim.json"} {
		d := newDesk(t, nil)
		id, other := d.request(nil), d.request(nil)
		_, access := d.token(d.code(d.choose(d.request(nil), "cd-1")), "citizens", "s1")
		w := d.choose(other, "cd-1")
		d.cookie = ""
		at := filepath.Join(d.dir, block)
		require.NoError(t, os.RemoveAll(at))
		require.NoError(t, os.MkdirAll(filepath.Join(at, "x"), 0o700))
		assert.Equal(t, http.StatusInternalServerError, d.choose(id, "cd-1").Code, name)
		assert.Empty(t, d.cookie, name)
		assert.NotContains(t, d.authorize(nil).Header().Get("Location"), "/login", name)
		assert.NotContains(t, d.do(http.MethodGet, w.Header().Get("Location"), nil, nil).Header().Get("Location"), "code=", name)
		assert.Equal(t, http.StatusNotFound, d.do(http.MethodPost, "/login", url.Values{"id": {id}, "cancel": {"1"}}, nil).Code, name)
		revoke := d.do(http.MethodPost, "/revoke", url.Values{"token": {access}}, func(r *http.Request) { r.SetBasicAuth("citizens", "s1") })
		assert.GreaterOrEqual(t, revoke.Code, 400, name)
		_, err := oidcsim.New(d.cfg, filepath.Join(d.dir, "missing"), nil)
		require.ErrorIs(t, err, identity.ErrUnavailable)
	}
}

func TestRevokedTokenIsOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	_, access := d.token(d.code(d.choose(d.request(nil), "cd-1")), "citizens", "s1")
	require.Equal(t, http.StatusOK, d.userinfo(access))
	revoke := d.do(http.MethodPost, "/revoke", url.Values{"token": {access}}, func(r *http.Request) { r.SetBasicAuth("citizens", "s1") })
	require.Equal(t, http.StatusOK, revoke.Code)
	assert.NotEqual(t, http.StatusOK, d.userinfo(access))
	_, access = d.token(d.code(d.choose(d.request(nil), "cd-1")), "citizens", "s1")
	d.cfg.People = people[1:]
	d.open(nil)
	assert.NotEqual(t, http.StatusOK, d.userinfo(access), "a person who is gone")
}

func TestEachPartOfAStateFile(t *testing.T) {
	t.Parallel()
	good := newDesk(t, nil)
	data, err := os.ReadFile(filepath.Join(good.dir, "oidcsim.json"))
	require.NoError(t, err)
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	other, err := x509.MarshalPKCS8PrivateKey(elliptical)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(map[string]any)
		ok     bool
	}{
		"nothing but keys": {func(m map[string]any) {
			for _, k := range []string{"requests", "codes", "tokens", "sessions"} {
				delete(m, k)
			}
		}, true},
		"no key":            {func(m map[string]any) { delete(m, "key") }, false},
		"another's key":     {func(m map[string]any) { m["key"] = other }, false},
		"key of 31 bytes":   {func(m map[string]any) { m["crypto"] = make([]byte, 31) }, false},
		"key of 33 bytes":   {func(m map[string]any) { m["crypto"] = make([]byte, 33) }, false},
		"another, 32 bytes": {func(m map[string]any) { m["crypto"] = make([]byte, 32) }, true},
	} {
		var m map[string]any
		require.NoError(t, json.Unmarshal(data, &m))
		c.change(m)
		d := &desk{t: t, dir: t.TempDir(), cfg: good.cfg}
		text, err := json.Marshal(m)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(d.dir, "oidcsim.json"), text, 0o600))
		if !c.ok {
			_, err = oidcsim.New(d.cfg, d.dir, nil)
			require.ErrorIs(t, err, identity.ErrInvalid, name)
			continue
		}
		d.open(nil)
		_, access := d.token(d.code(d.choose(d.request(nil), "cd-1")), "citizens", "s1")
		assert.Equal(t, http.StatusOK, d.userinfo(access), name)
	}
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "oidcsim.json"), 0o700))
	_, err = oidcsim.New(good.cfg, folder, nil)
	require.ErrorIs(t, err, identity.ErrUnavailable)
}

func TestEachPartOfTheConfiguration(t *testing.T) {
	t.Parallel()
	client := func(change func(*oidcsim.Client)) func(*oidcsim.Config) {
		return func(c *oidcsim.Config) { change(&c.Clients[0]) }
	}
	person := func(change func(*oidcsim.Person)) func(*oidcsim.Config) {
		return func(c *oidcsim.Config) { change(&c.People[0]) }
	}
	for name, c := range map[string]struct {
		change func(*oidcsim.Config)
		ok     bool
	}{
		"all is well":       {func(*oidcsim.Config) {}, true},
		"no address":        {func(c *oidcsim.Config) { c.Issuer = "http://[::1" }, false},
		"no host":           {func(c *oidcsim.Config) { c.Issuer = "issuer" }, false},
		"a slash":           {func(c *oidcsim.Config) { c.Issuer = "http://127.0.0.1/" }, false},
		"client of no id":   {client(func(c *oidcsim.Client) { c.ID = "" }), false},
		"no secret":         {client(func(c *oidcsim.Client) { c.Secret = "" }), false},
		"of officials":      {client(func(c *oidcsim.Client) { c.Kind = identity.Official }), true},
		"of others":         {client(func(c *oidcsim.Client) { c.Kind = "robot" }), false},
		"no subject":        {person(func(p *oidcsim.Person) { p.Sub = "" }), false},
		"no name":           {person(func(p *oidcsim.Person) { p.Name = "" }), false},
		"person of a kind":  {person(func(p *oidcsim.Person) { p.Kind = "robot" }), false},
		"level 0":           {person(func(p *oidcsim.Person) { p.Level = 0 }), false},
		"level 1":           {person(func(p *oidcsim.Person) { p.Level = 1 }), true},
		"level 2":           {person(func(p *oidcsim.Person) { p.Level = 2 }), true},
		"level 3":           {person(func(p *oidcsim.Person) { p.Level = 3 }), false},
		"without an id":     {person(func(p *oidcsim.Person) { p.CitizenID = "" }), true},
		"with another's id": {person(func(p *oidcsim.Person) { p.CitizenID = "99" }), false},
	} {
		cfg := oidcsim.Config{
			Issuer: "http://127.0.0.1:1", Clients: []oidcsim.Client{{ID: "a", Secret: "b", Kind: identity.Citizen}},
			People: []oidcsim.Person{people[0]},
		}
		c.change(&cfg)
		_, err := oidcsim.New(cfg, t.TempDir(), nil)
		assert.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
	d := newDesk(t, nil)
	for address, ok := range map[string]bool{
		"http://127.0.0.1:5/cb": true, "https://dvc.test/cb?x=1": true, "ftp://127.0.0.1/cb": false, "http://u@127.0.0.1/cb": false,
		"http://127.0.0.1/cb#a": false, "https://dvc.test/cb": false, "http://10.0.0.1/cb": false, "http://[::1": false,
	} {
		to := d.authorize(url.Values{"redirect_uri": {address}}).Header().Get("Location")
		assert.Equal(t, ok, strings.HasPrefix(to, "/login"), address)
	}
}

// The cookie is kept from plain HTTP where the issuer is https, and lives as long as a session.
func TestCookieOfTheProvider(t *testing.T) {
	t.Parallel()
	for scheme, secure := range map[string]bool{"http": false, "https": true} {
		d := newDesk(t, &oidcsim.Options{SessionLife: time.Hour})
		d.cfg.Issuer = scheme + "://127.0.0.1:1"
		d.open(&oidcsim.Options{SessionLife: time.Hour})
		w := d.choose(d.request(nil), "cd-1")
		require.Len(t, w.Result().Cookies(), 1)
		c := w.Result().Cookies()[0]
		assert.Equal(t, secure, c.Secure, scheme)
		assert.True(t, c.HttpOnly)
		assert.Equal(t, 3600, c.MaxAge)
	}
}
