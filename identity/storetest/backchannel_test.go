package storetest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity/internal/hostileidp"
)

func (s *site) logoutToken(change func(map[string]any)) url.Values {
	a := &hostileidp.Answer{Header: map[string]any{"alg": "RS256", "kid": "k1", "typ": "logout+jwt"}, Claims: s.idp.LogoutClaims()}
	if change != nil {
		change(a.Claims)
	}
	return url.Values{"logout_token": {s.idp.Token(a)}}
}

func as(sub, sid string) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) { a.Claims["sub"], a.Claims["sid"], a.Claims["name"] = sub, sid, sub }
}

func TestBackChannelLogout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		idp := s.browser(t) // stands for the provider: no cookies of anybody
		one, two, other := s.browser(t), s.browser(t), s.browser(t)
		one.signIn("citizen", as("u1", "s1"))
		two.signIn("citizen", as("u1", "s2"))
		other.signIn("citizen", as("u9", "s9"))
		in := func(br *browser) bool { return br.get("/private").status == http.StatusOK }
		require.True(t, in(one) && in(two) && in(other))

		token := s.logoutToken(func(c map[string]any) { c["sid"] = "s9" })
		assert.Equal(t, http.StatusOK, idp.post("/auth/citizen/backchannel", token).status)
		assert.True(t, in(other), "the sid is another subject's")
		token = s.logoutToken(nil)
		a := idp.post("/auth/citizen/backchannel", token)
		assert.Equal(t, http.StatusOK, a.status)
		assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
		assert.False(t, in(one))
		assert.True(t, in(two), "only the session named")
		one.signIn("citizen", as("u1", "s1"))
		assert.Equal(t, http.StatusBadRequest, idp.post("/auth/citizen/backchannel", token).status, "a token is good for one")
		assert.True(t, in(one))
		token = s.logoutToken(func(c map[string]any) { delete(c, "sid") })
		assert.Equal(t, http.StatusOK, idp.post("/auth/citizen/backchannel", token).status)
		assert.False(t, in(one) || in(two), "all sessions of the subject")
		token = s.logoutToken(func(c map[string]any) { delete(c, "sub"); c["sid"] = "s9" })
		assert.Equal(t, http.StatusOK, idp.post("/auth/citizen/backchannel", token).status)
		assert.False(t, in(other))
		long := func(c map[string]any) { c["note"] = strings.Repeat("a", 8<<10) }
		assert.Equal(t, http.StatusOK, idp.post("/auth/citizen/backchannel", s.logoutToken(long)).status, "a token of 11 KB")
		full := s.logoutToken(nil)
		full.Set("note", strings.Repeat("a", 64<<10))
		assert.Equal(t, http.StatusBadRequest, idp.post("/auth/citizen/backchannel", full).status, "a form above 64 KB")
		for name, form := range map[string]url.Values{
			"nothing": nil, "garbage": {"logout_token": {"x"}},
			"an ID token": {"logout_token": {s.idp.Token(&hostileidp.Answer{
				Header: map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"}, Claims: s.idp.Claims("n")})}},
		} {
			assert.Equal(t, http.StatusBadRequest, idp.post("/auth/citizen/backchannel", form).status, name)
		}
		assert.Equal(t, http.StatusNotFound, idp.post("/auth/nobody/backchannel", token).status)
	})
}
