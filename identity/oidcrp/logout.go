package oidcrp

import (
	"context"
	"net/url"
	"slices"
	"time"
)

// EndSession returns the address to send the browser to so that the provider ends
// its session too, or "" when the provider has none. back is a registered address
// of ours the provider returns to; state comes back with it.
func (p *Provider) EndSession(ctx context.Context, idToken, back, state string) (string, error) {
	m, err := p.disc.get(ctx)
	if err != nil || m.EndURL == "" {
		return "", err
	}
	u, err := url.Parse(m.EndURL)
	if err != nil {
		return "", unavailable("the provider's end-session address is malformed")
	}
	q := u.Query()
	q.Set("client_id", p.cfg.ClientID)
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	if back != "" {
		q.Set("post_logout_redirect_uri", back)
		q.Set("state", state)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Logout is a verified logout token: sessions of the subject, or the one session,
// or that session of the subject, end.
type Logout struct {
	Issuer, Subject, SessionID string
	// TokenID (jti) is accepted once. The caller remembers it until Forget; a
	// token that old is refused here.
	TokenID string
	Forget  time.Time
}

// logoutEvent is the only member events may have that means sign-out.
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// VerifyLogout checks a back-channel logout token. go-oidc checks signature,
// issuer, audience, the event's presence and the nonce's absence; type, event
// value, age and form are checked here, and a repeated jti by the caller.
func (p *Provider) VerifyLogout(ctx context.Context, raw string) (*Logout, error) {
	m, err := p.disc.get(ctx)
	if err != nil {
		return nil, err
	}
	types := []string{"logout+jwt"}
	if p.weak(PlainLogoutType) {
		types = append(types, "", "jwt")
	}
	f, err := checkForm(raw, types)
	if err != nil {
		return nil, err
	}
	var fail failure
	tok, err := m.verifier.VerifyLogout(context.WithValue(ctx, failureKey{}, &fail), raw)
	if err != nil {
		return nil, p.logoutError(&fail, f)
	}
	c := claims(f.claims)
	if err := p.checkTimes(c, true); err != nil {
		return nil, err
	}
	if err := checkEvent(c); err != nil {
		return nil, err
	}
	aud, err := c.audience()
	if err != nil {
		return nil, err
	}
	if len(aud) > 1 {
		return nil, refuse("aud_untrusted", "a logout token is meant for one client")
	}
	for _, name := range []string{"sub", "sid", "jti"} {
		if _, err := c.text(name, maxSubject); err != nil {
			return nil, err
		}
	}
	if tok.Issuer != p.cfg.Issuer {
		return nil, refuse("iss_wrong", "the token comes from another issuer")
	}
	return &Logout{
		Issuer: tok.Issuer, Subject: tok.Subject, SessionID: tok.SessionID, TokenID: tok.TokenID,
		Forget: p.o.Now().Add(p.o.MaxAge + 2*p.o.Skew),
	}, nil
}

// logoutError tells which of the checks go-oidc makes failed.
func (p *Provider) logoutError(fail *failure, f *form) error {
	c := claims(f.claims)
	if fail.err != nil {
		return fail.err
	}
	if _, has := c["nonce"]; has {
		return refuse("nonce_forbidden", "a logout token has no nonce")
	}
	if c["iss"] != any(p.cfg.Issuer) {
		return refuse("iss_wrong", "the token comes from another issuer")
	}
	if aud, err := c.audience(); err != nil || !slices.Contains(aud, p.cfg.ClientID) {
		return refuse("aud_wrong", "the token is not meant for this client")
	}
	if err := checkEvent(c); err != nil {
		return err
	}
	return refuse("logout_form", "the token lacks jti, exp, or both sub and sid, or has expired")
}

func checkEvent(c claims) error {
	events, ok := c["events"].(map[string]any)
	if !ok || len(events) != 1 {
		return refuse("event_wrong", "events is not an object with one member")
	}
	if _, ok := events[logoutEvent].(map[string]any); !ok {
		return refuse("event_wrong", "the logout event is not an object")
	}
	return nil
}
