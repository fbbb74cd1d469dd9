package oidcrp_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/identity/oidcrp"
)

func TestBeginAsksForEverything(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, a, err := b.rp.Begin(context.Background(), &oidcrp.BeginRequest{
		RedirectURL: callback, Level: 2, MaxAge: 5 * time.Minute, Prompt: true})
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	assert.Equal(t, "code", q.Get("response_type"))
	assert.Equal(t, "query", q.Get("response_mode"))
	assert.Equal(t, "S256", q.Get("code_challenge_method"))
	assert.Len(t, q.Get("code_challenge"), 43)
	assert.NotEqual(t, a.Verifier, q.Get("code_challenge"))
	assert.Equal(t, a.State, q.Get("state"))
	assert.Equal(t, a.Nonce, q.Get("nonce"))
	assert.Len(t, a.State, 43)
	assert.Equal(t, "openid profile", q.Get("scope"))
	assert.Equal(t, callback, q.Get("redirect_uri"))
	assert.Equal(t, "LoA2", q.Get("acr_values"))
	assert.Equal(t, "300", q.Get("max_age"))
	assert.Equal(t, "login", q.Get("prompt"))
	assert.NotContains(t, address, hostileidp.Secret)
	_, again := b.begin(t)
	assert.NotEqual(t, a.State, again.State)
	assert.NotEqual(t, a.Nonce, again.Nonce)
	assert.NotEqual(t, a.Verifier, again.Verifier)
}

func TestAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule string
		change     func(url.Values)
	}{
		{"state missing", "state_wrong", func(q url.Values) { q.Del("state") }},
		{"state empty", "state_wrong", func(q url.Values) { q.Set("state", "") }},
		{"state foreign", "state_wrong", func(q url.Values) { q.Set("state", "Zm9yZWlnbg") }},
		{"state cut", "state_wrong", func(q url.Values) { q.Set("state", q.Get("state")[:10]) }},
		{"state twice", "state_wrong", func(q url.Values) { q.Add("state", q.Get("state")) }},
		{"state long", "state_wrong", func(q url.Values) { q.Set("state", strings.Repeat("a", 10000)) }},
		{"code missing", "code_missing", func(q url.Values) { q.Del("code") }},
		{"code twice", "code_missing", func(q url.Values) { q.Add("code", "x") }},
		{"code long", "code_missing", func(q url.Values) { q.Set("code", strings.Repeat("a", 10000)) }},
		{"code of nobody", "code_refused", func(q url.Values) { q.Set("code", "x") }},
		{"iss of another", "response_iss_wrong", func(q url.Values) { q.Set("iss", "https://evil.example") }},
		{"iss twice", "response_iss_wrong", func(q url.Values) { q["iss"] = []string{"a", "b"} }},
		{"ID token through the browser", "answer_form", func(q url.Values) { q.Set("id_token", "x") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			address, a := b.begin(t)
			q := b.idp.Authorize(t, address, nil)
			c.change(q)
			requireRule(t, b.finish(a, q), c.rule)
		})
	}
}

func TestCodeOfAnotherAttempt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine, a := b.begin(t)
	other, _ := b.begin(t)
	q := b.idp.Authorize(t, mine, nil)
	q.Set("code", b.idp.Authorize(t, other, nil).Get("code"))
	requireRule(t, b.finish(a, q), "code_refused") // the verifier does not fit
}

func TestReplayedCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, a := b.begin(t)
	q := b.idp.Authorize(t, address, nil)
	require.NoError(t, b.finish(a, q))
	requireRule(t, b.finish(a, q), "code_refused")
}

func TestAttemptMissingOrOld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, a := b.begin(t)
	q := b.idp.Authorize(t, address, nil)
	requireRule(t, b.finish(nil, q), "attempt_missing")
	requireRule(t, b.finish(&oidcrp.Attempt{}, url.Values{"state": {""}, "code": {"x"}}), "attempt_missing")
	for _, drop := range []func(*oidcrp.Attempt){
		func(a *oidcrp.Attempt) { a.State = "" }, func(a *oidcrp.Attempt) { a.Nonce = "" }, func(a *oidcrp.Attempt) { a.Verifier = "" },
	} {
		less := *a
		drop(&less)
		requireRule(t, b.finish(&less, q), "attempt_missing")
	}
	b.clock.Add(16 * time.Minute)
	requireRule(t, b.finish(a, q), "attempt_expired")
}

func TestResponseIssuer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.idp.Discover("authorization_response_iss_parameter_supported", true)
	address, a := b.begin(t)
	q := b.idp.Authorize(t, address, nil)
	requireRule(t, b.finish(a, q), "response_iss_missing")
	q.Set("iss", b.idp.URL+"/")
	requireRule(t, b.finish(a, q), "response_iss_wrong")
	q.Set("iss", b.idp.URL)
	require.NoError(t, b.finish(a, q))
}

func TestMixUpOfTwoProviders(t *testing.T) {
	t.Parallel()
	honest, evil := setup(t), setup(t)
	evil.idp.Discover("authorization_response_iss_parameter_supported", true)
	address, a := evil.begin(t)
	q := honest.idp.Authorize(t, address, nil)
	q.Set("iss", honest.idp.URL)
	requireRule(t, evil.finish(a, q), "response_iss_wrong")
	assert.Zero(t, evil.idp.Hits("/token"), "no code of one provider reaches the other")
}

func TestProviderReportsAnError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, a := b.begin(t)
	var perr *oidcrp.ProviderError
	require.ErrorAs(t, b.finish(a, url.Values{"state": {a.State}, "error": {"access_denied"}, "error_description": {"<script>"}}), &perr)
	assert.Equal(t, "access_denied", perr.Code)
	require.ErrorAs(t, b.finish(a, url.Values{"state": {a.State}, "error": {"<script>"}}), &perr)
	assert.Equal(t, "other", perr.Code)
	requireRule(t, b.finish(a, url.Values{"state": {"x"}, "error": {"access_denied"}}), "state_wrong")
}

func TestLevels(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		acr    any
		asked  int
		got    int
		denied bool
	}{
		{"LoA2", 2, 2, false}, {"LoA2", 1, 2, false}, {"LoA1", 0, 1, false}, {"LoA1", 2, 0, true},
		{nil, 0, 0, false}, {nil, 1, 0, true}, {"LoA9", 1, 0, true}, {"LoA9", 0, 0, false}, {"loa2", 2, 0, true},
	} {
		id, err := b.signIn(t, func(a *hostileidp.Answer) {
			if a.Claims["acr"] = c.acr; c.acr == nil {
				delete(a.Claims, "acr")
			}
		}, oidcrp.BeginRequest{Level: c.asked})
		if c.denied {
			requireRule(t, err, "acr_low")
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, c.got, id.Level)
	}
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ask := oidcrp.BeginRequest{MaxAge: 5 * time.Minute}
	_, err := b.signIn(t, nil, ask)
	requireRule(t, err, "auth_time_missing")
	_, err = b.signIn(t, shift("auth_time", -7*time.Minute), ask)
	requireRule(t, err, "auth_time_old")
	id, err := b.signIn(t, shift("auth_time", -4*time.Minute), ask)
	require.NoError(t, err)
	assert.Equal(t, 4*time.Minute, b.clock.Now().Sub(id.AuthTime))
}

func TestDiscoveryIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*hostileidp.IdP){
		"issuer mismatch":        func(i *hostileidp.IdP) { i.Discover("issuer", "https://evil.example") },
		"trailing slash":         func(i *hostileidp.IdP) { i.Discover("issuer", i.URL+"/") },
		"token endpoint in http": func(i *hostileidp.IdP) { i.Discover("token_endpoint", "http://evil.example/token") },
		"keys by file":           func(i *hostileidp.IdP) { i.Discover("jwks_uri", "file:///etc/passwd") },
		"endpoint missing":       func(i *hostileidp.IdP) { i.Discover("authorization_endpoint", nil) },
		"endpoint with a user":   func(i *hostileidp.IdP) { i.Discover("token_endpoint", "https://a:b@evil.example/") },
		"endpoint a number":      func(i *hostileidp.IdP) { i.Discover("end_session_endpoint", 7) },
		"no S256":                func(i *hostileidp.IdP) { i.Discover("code_challenge_methods_supported", []string{"plain"}) },
		"no PKCE announced":      func(i *hostileidp.IdP) { i.Discover("code_challenge_methods_supported", nil) },
		"name twice in two cases": func(i *hostileidp.IdP) {
			i.Discover("ISSUER", i.URL)
		},
		"redirect":    func(i *hostileidp.IdP) { i.Redirect("/.well-known/openid-configuration", "https://evil.example/") },
		"a megabyte":  func(i *hostileidp.IdP) { i.Huge("/.well-known/openid-configuration") },
		"status 500":  func(i *hostileidp.IdP) { i.Fail("/.well-known/openid-configuration", 500) },
		"status 404":  func(i *hostileidp.IdP) { i.Fail("/.well-known/openid-configuration", 404) },
		"other shape": func(i *hostileidp.IdP) { i.Discover("jwks_uri", []string{"x"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			change(b.idp)
			_, err := b.signIn(t, nil)
			require.ErrorIs(t, err, identity.ErrUnavailable)
			assert.NotContains(t, err.Error(), "evil.example")
		})
	}
}

func TestEndpointsMisbehave(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*hostileidp.IdP){
		"keys redirect":     func(i *hostileidp.IdP) { i.Redirect("/jwks", "http://127.0.0.1:1/") },
		"keys a megabyte":   func(i *hostileidp.IdP) { i.Huge("/jwks") },
		"keys fail":         func(i *hostileidp.IdP) { i.Fail("/jwks", 503) },
		"token redirects":   func(i *hostileidp.IdP) { i.Redirect("/token", "http://127.0.0.1:1/") },
		"token a megabyte":  func(i *hostileidp.IdP) { i.Huge("/token") },
		"token 500":         func(i *hostileidp.IdP) { i.Fail("/token", 500) },
		"userinfo 500":      func(i *hostileidp.IdP) { i.Fail("/userinfo", 500) },
		"userinfo redirect": func(i *hostileidp.IdP) { i.Redirect("/userinfo", "http://127.0.0.1:1/") },
		"userinfo large":    func(i *hostileidp.IdP) { i.Huge("/userinfo") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(c *oidcrp.Config) { c.UserInfo = true })
			change(b.idp)
			_, err := b.signIn(t, nil)
			require.ErrorIs(t, err, identity.ErrUnavailable)
			assert.LessOrEqual(t, b.idp.Hits("/token"), 1, "a code is sent once")
		})
	}
}

func TestTokenEndpointWithoutRetry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.idp.Fail("/token", http.StatusUnauthorized)
	_, err := b.signIn(t, nil)
	requireRule(t, err, "code_refused")
	assert.Equal(t, 1, b.idp.Hits("/token"))
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *oidcrp.Config) { c.UserInfo = true })
	id, err := b.signIn(t, func(a *hostileidp.Answer) {
		a.Claims["HoVaTen"] = "in the token"
		a.UserInfo = map[string]any{"sub": "u1", "HoVaTen": "in userinfo", "SoDinhDanh": "070205000001", "acr": "LoA9", "events": 1, "IAL": 2}
	})
	require.NoError(t, err)
	assert.Equal(t, "in the token", id.Text("HoVaTen"), "userinfo overrides nothing")
	assert.Equal(t, "070205000001", id.Text("SoDinhDanh"))
	assert.Equal(t, "LoA2", id.Text("acr"))
	assert.NotContains(t, id.Claims, "events")
	assert.Empty(t, id.Text("IAL"), "a number is no text")
	for rule, change := range map[string]func(*hostileidp.Answer){
		"userinfo_sub": func(a *hostileidp.Answer) { a.UserInfo = map[string]any{"sub": "u2"} },
		"userinfo_form": func(a *hostileidp.Answer) {
			a.UserInfoRaw, a.UserInfoType = `{"sub":"u2","sub":"u1"}`, "application/json"
		},
		"content_type": func(a *hostileidp.Answer) { a.UserInfoRaw, a.UserInfoType = "e30.e30.e30", "application/jwt" },
	} {
		_, err := b.signIn(t, change)
		requireRule(t, err, rule)
	}
	_, err = b.signIn(t, func(a *hostileidp.Answer) { a.UserInfo = map[string]any{"name": "no sub"} })
	requireRule(t, err, "userinfo_sub")
}

func TestDowngrades(t *testing.T) {
	t.Parallel()
	until := newClock().Now().Add(time.Hour)
	with := func(w oidcrp.Weakness) func(*oidcrp.Config) {
		return func(c *oidcrp.Config) {
			c.Downgrades = []oidcrp.Downgrade{{What: w, Basis: "letter 1/2026", Until: until}}
		}
	}
	b := setup(t, with(oidcrp.NoNonce))
	_, err := b.signIn(t, without("nonce"))
	require.NoError(t, err)
	_, err = b.signIn(t, claim("nonce", "wrong"))
	requireRule(t, err, "nonce_wrong")
	b.clock.Add(2 * time.Hour)
	_, err = b.signIn(t, without("nonce"))
	requireRule(t, err, "nonce_missing") // the day has passed

	b = setup(t, with(oidcrp.NoPKCE))
	b.idp.Discover("code_challenge_methods_supported", nil)
	_, err = b.signIn(t, nil)
	require.NoError(t, err)

	b = setup(t, with(oidcrp.NoResponseIssuer))
	b.idp.Discover("authorization_response_iss_parameter_supported", true)
	_, err = b.signIn(t, nil)
	require.NoError(t, err)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := oidcrp.Config{Issuer: "https://sso.example", ClientID: "x"}
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := oidcrp.New(good, nil)
	require.NoError(t, err)
	zero := good
	zero.Levels = []oidcrp.Level{{ACR: "LoA0"}}
	_, err = oidcrp.New(zero, nil)
	require.NoError(t, err, "a level may be 0")
	for name, change := range map[string]func(*oidcrp.Config){
		"no issuer":           func(c *oidcrp.Config) { c.Issuer = "" },
		"issuer is no URL":    func(c *oidcrp.Config) { c.Issuer = "https://sso.example:port" },
		"issuer without host": func(c *oidcrp.Config) { c.Issuer = "https:///x" },
		"issuer too long":     func(c *oidcrp.Config) { c.Issuer = "https://sso.example/" + strings.Repeat("a", 2048) },
		"negative level":      func(c *oidcrp.Config) { c.Levels = []oidcrp.Level{{ACR: "a", Level: -1}} },
		"http issuer":         func(c *oidcrp.Config) { c.Issuer = "http://sso.example" },
		"issuer with a query": func(c *oidcrp.Config) { c.Issuer = "https://sso.example?x=1" },
		"issuer with a user":  func(c *oidcrp.Config) { c.Issuer = "https://a@sso.example" },
		"no client":           func(c *oidcrp.Config) { c.ClientID = "" },
		"acr of two words":    func(c *oidcrp.Config) { c.Levels = []oidcrp.Level{{ACR: "a b"}} },
		"unknown weakness":    func(c *oidcrp.Config) { c.Downgrades = []oidcrp.Downgrade{{What: "x", Basis: "b", Until: until}} },
		"no basis":            func(c *oidcrp.Config) { c.Downgrades = []oidcrp.Downgrade{{What: oidcrp.NoNonce, Until: until}} },
		"no end":              func(c *oidcrp.Config) { c.Downgrades = []oidcrp.Downgrade{{What: oidcrp.NoNonce, Basis: "b"}} },
	} {
		c := good
		change(&c)
		_, err := oidcrp.New(c, nil)
		assert.ErrorIs(t, err, identity.ErrInvalid, name)
	}
	plain := good
	plain.Issuer = "http://sso.test.invalid"
	plain.Downgrades = []oidcrp.Downgrade{{What: oidcrp.PlainHTTP, Basis: "closed test network", Until: until}}
	_, err = oidcrp.New(plain, nil)
	assert.NoError(t, err)
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	for how, change := range map[string]func(*oidcrp.Config){
		"":     func(*oidcrp.Config) {},
		"post": func(c *oidcrp.Config) { c.SecretInBody = true },
		"none": func(c *oidcrp.Config) { c.ClientSecret = "" },
	} {
		b := setup(t, change)
		b.idp.ClientAuth(how)
		_, err := b.signIn(t, nil)
		require.NoError(t, err, how)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.idp.Discover("authorization_endpoint", "https://login.example/a")
	assert.Equal(t, []string{b.idp.URL}, b.rp.Origins())
	require.NoError(t, b.rp.Ping(context.Background()))
	assert.Equal(t, []string{b.idp.URL, "https://login.example"}, b.rp.Origins())
}

func TestLazyDiscoveryIsCached(t *testing.T) {
	t.Parallel()
	b := setup(t)
	assert.Zero(t, b.idp.Hits("/.well-known/openid-configuration"), "New asks nobody")
	for range 3 {
		_, err := b.signIn(t, nil)
		require.NoError(t, err)
	}
	assert.Equal(t, 1, b.idp.Hits("/.well-known/openid-configuration"))
	assert.Equal(t, 1, b.idp.Hits("/jwks"))
}

// A provider reached by TLS is spoken to by TLS alone, even on loopback.
func TestTLSStays(t *testing.T) {
	t.Parallel()
	for token, refused := range map[string]bool{"": false, "http://127.0.0.1:1/token": true} {
		var srv *httptest.Server
		srv = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{
				"issuer": srv.URL, "authorization_endpoint": srv.URL + "/a", "token_endpoint": cmp.Or(token, srv.URL+"/t"),
				"jwks_uri": srv.URL + "/k", "code_challenge_methods_supported": []string{"S256"},
				"id_token_signing_alg_values_supported": []string{"RS256"},
			}))
		}))
		t.Cleanup(srv.Close)
		rp, err := oidcrp.New(oidcrp.Config{Issuer: srv.URL, ClientID: "x", Levels: []oidcrp.Level{{ACR: "LoA1", Level: 1}}},
			&oidcrp.Options{HTTP: srv.Client()})
		require.NoError(t, err)
		err = rp.Ping(t.Context())
		if refused {
			require.ErrorIs(t, err, identity.ErrUnavailable)
			assert.ErrorContains(t, err, "no TLS")
			continue
		}
		assert.NoError(t, err)
	}
}
