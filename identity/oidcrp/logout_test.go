package oidcrp_test

import (
	"context"
	"net/http"
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

func (b *bundle) logoutToken(change func(*hostileidp.Answer)) string {
	a := &hostileidp.Answer{
		Header: map[string]any{"alg": "RS256", "kid": "k1", "typ": "logout+jwt"},
		Claims: b.idp.LogoutClaims(),
	}
	if change != nil {
		change(a)
	}
	return b.idp.Token(a)
}

const event = "http://schemas.openid.net/event/backchannel-logout"

func TestVerifyLogout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l, err := b.rp.VerifyLogout(context.Background(), b.logoutToken(nil))
	require.NoError(t, err)
	assert.Equal(t, "u1", l.Subject)
	assert.Equal(t, "s1", l.SessionID)
	assert.NotEmpty(t, l.TokenID)
	assert.True(t, l.Forget.After(b.clock.Now().Add(10*time.Minute)))
	for _, only := range []string{"sub", "sid"} {
		_, err := b.rp.VerifyLogout(context.Background(), b.logoutToken(without(only)))
		assert.NoError(t, err, "without %s", only)
	}
}

// The first eight are the conformance suite's modules
// oidcc-client-test-rp-backchannel-rpinitlogout-…; the rest is what go-oidc lets
// through and further forgeries.
func TestForgedLogoutTokensAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, f := range []forgery{
		{"alg none", "alg", all(header("alg", "none"), func(a *hostileidp.Answer) { a.Sign = func(string) []byte { return nil } })},
		{"no event", "event_wrong", without("events")},
		{"with nonce", "nonce_forbidden", claim("nonce", "n")},
		{"wrong alg", "alg", hs256([]byte(hostileidp.Secret))},
		{"wrong aud", "aud_wrong", claim("aud", "other")},
		{"wrong event", "event_wrong", claim("events", map[string]any{"http://example/event": map[string]any{}})},
		{"wrong iss", "iss_wrong", claim("iss", "https://evil.example")},
		{"foreign key", "signature", func(a *hostileidp.Answer) { a.Sign = hostileidp.RS256(hostileidp.Foreign()) }},

		{"iat seven days old", "iat_old", all(shift("exp", time.Minute), shift("iat", -week))},
		{"iat missing", "iat_missing", without("iat")},
		{"event a text", "event_wrong", claim("events", map[string]any{event: "x"})},
		{"event null", "event_wrong", claim("events", map[string]any{event: nil})},
		{"typ JWT", "typ", header("typ", "JWT")},
		{"typ missing", "typ", func(a *hostileidp.Answer) { delete(a.Header, "typ") }},

		{"ID token as logout token", "typ", func(a *hostileidp.Answer) { a.Header["typ"], a.Claims = "JWT", b.idp.Claims("n") }},
		{"two events", "event_wrong", claim("events", map[string]any{event: map[string]any{}, "x": 1})},
		{"neither sub nor sid", "logout_form", all(without("sub"), without("sid"))},
		{"jti missing", "logout_form", without("jti")},
		{"exp missing", "logout_form", without("exp")},
		{"exp past", "exp_past", shift("exp", -2*time.Minute)},
		{"two audiences", "aud_untrusted", claim("aud", []string{hostileidp.Client, "other"})},
		{"sid a number", "logout_form", claim("sid", 7)},
		{"sub twice", "claim_duplicate", splice(`,"sub":"u2"`)},
		{"garbage", "token_form", func(a *hostileidp.Answer) { a.Raw = "x" }},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			_, err := b.rp.VerifyLogout(context.Background(), b.logoutToken(f.change))
			requireRule(t, err, f.rule)
		})
	}
}

func TestPlainLogoutTypeByDowngrade(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *oidcrp.Config) {
		c.Downgrades = []oidcrp.Downgrade{{What: oidcrp.PlainLogoutType, Basis: "b", Until: newClock().Now().Add(time.Hour)}}
	})
	_, err := b.rp.VerifyLogout(context.Background(), b.logoutToken(header("typ", "JWT")))
	require.NoError(t, err)
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, err := b.rp.EndSession(context.Background(), "the.id.token", "http://127.0.0.1:9/bye", "st")
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	assert.Equal(t, "/end", u.Path)
	assert.Equal(t, url.Values{
		"client_id": {hostileidp.Client}, "id_token_hint": {"the.id.token"},
		"post_logout_redirect_uri": {"http://127.0.0.1:9/bye"}, "state": {"st"},
	}, u.Query())
	b = setup(t)
	b.idp.Discover("end_session_endpoint", nil)
	address, err = b.rp.EndSession(context.Background(), "t", "b", "s")
	require.NoError(t, err)
	assert.Empty(t, address)
}

// A claim that cannot be read is refused, not taken for an absent one: a session
// without its name could not be ended by the provider, a token without nbf is valid
// now.
func TestUnreadableClaimsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := strings.Repeat("s", 256)
	for name, values := range map[string][]any{
		"sid": {5, []string{"s1"}, long}, "auth_time": {"now", 1.5, -1}, "nbf": {1.5}, "iat": {1.5}, "exp": {1.5},
		"aud": {[]any{hostileidp.Client, ""}},
	} {
		for _, v := range values {
			_, err := b.signIn(t, claim(name, v))
			requireRule(t, err, "claim_form")
		}
	}
	for name, v := range map[string]any{"sid": long, "sub": long, "jti": long, "iat": 1.5, "aud": []any{hostileidp.Client, ""}} {
		_, err := b.rp.VerifyLogout(context.Background(), b.logoutToken(claim(name, v)))
		requireRule(t, err, "claim_form")
	}
}

// Without the provider's keys no logout token is believed, and none is called forged.
func TestLogoutTokenWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := b.logoutToken(nil)
	b.idp.Fail("/.well-known/openid-configuration", http.StatusBadGateway)
	_, err := b.rp.VerifyLogout(context.Background(), token)
	require.ErrorIs(t, err, identity.ErrUnavailable)
	_, err = b.rp.EndSession(context.Background(), "", "", "")
	require.ErrorIs(t, err, identity.ErrUnavailable)
}
