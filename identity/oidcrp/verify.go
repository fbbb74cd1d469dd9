package oidcrp

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// maxSubject bounds sub (OpenID Connect Core §2: 255 ASCII characters).
const maxSubject = 255

// Identity is what a provider vouches for. It prints no claim.
type Identity struct {
	Issuer, Subject string
	// ACR as sent and the level it stands for by Config.Levels.
	ACR   string
	Level int
	// AuthTime is when the person was authenticated; the token's iat without auth_time.
	AuthTime time.Time
	// SessionID is the provider's session (sid), "" when it has none.
	SessionID string
	// IDToken is kept as id_token_hint for the sign-out. It holds personal data.
	IDToken string
	// Claims are the token's, and those of userinfo the token lacks. Numbers are
	// json.Number.
	Claims map[string]any
}

// Text returns a claim that is a text, else "".
func (id Identity) Text(claim string) string {
	s, _ := id.Claims[claim].(string)
	return s
}

// String names the issuer only.
func (id Identity) String() string { return "identity of " + id.Issuer }

// Format keeps claims out of every verb.
func (id Identity) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(id.String())) }

// idTypes are the types of an ID token.
var idTypes = []string{"", "jwt"}

// verify checks an ID token: its form, then by go-oidc signature, issuer and
// audience, then what go-oidc leaves to its caller.
func (p *Provider) verify(ctx context.Context, m *metadata, a *Attempt, raw, access string) (*Identity, error) {
	f, err := checkForm(raw, idTypes)
	if err != nil {
		return nil, err
	}
	var fail failure
	tok, err := m.verifier.Verify(context.WithValue(ctx, failureKey{}, &fail), raw)
	if err != nil {
		return nil, p.tokenError(&fail, f)
	}
	c := claims(f.claims)
	if err := p.checkParties(c); err != nil {
		return nil, err
	}
	if err := p.checkTimes(c, true); err != nil {
		return nil, err
	}
	if err := p.checkNonce(c, a.Nonce); err != nil {
		return nil, err
	}
	if _, ok := c["events"]; ok {
		return nil, refuse("logout_token", "a logout token is no ID token")
	}
	if _, ok := c["_claim_names"]; ok {
		return nil, refuse("claims_elsewhere", "claims that lie elsewhere are not fetched")
	}
	if _, ok := c["at_hash"]; ok && tok.VerifyAccessToken(access) != nil {
		return nil, refuse("at_hash_wrong", "the access token does not belong to the ID token")
	}
	id := &Identity{Issuer: tok.Issuer, Subject: tok.Subject, IDToken: raw, Claims: f.claims}
	if id.SessionID, err = c.text("sid", 255); err != nil {
		return nil, err
	}
	if err := p.checkAuthentication(c, a, id); err != nil {
		return nil, err
	}
	return id, nil
}

// tokenError gives what go-oidc refused a rule; its text quotes claims and is not
// repeated.
func (p *Provider) tokenError(fail *failure, f *form) error {
	if fail.err != nil {
		return fail.err
	}
	if err := p.checkParties(f.claims); err != nil {
		return err
	}
	return refuse("token_invalid", "the token was not verified")
}

// checkParties checks iss, sub, aud and azp.
func (p *Provider) checkParties(c claims) error {
	if iss, _ := c["iss"].(string); iss != p.cfg.Issuer { // go-oidc makes an exception for one issuer
		return refuse("iss_wrong", "the token comes from another issuer")
	}
	sub, ok := c["sub"].(string)
	switch {
	case !ok || sub == "":
		return refuse("sub_missing", "the token names no subject")
	case len(sub) > maxSubject || bytes.ContainsFunc([]byte(sub), func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return refuse("sub_form", "a subject has at most %d printable ASCII characters", maxSubject)
	}
	aud, err := c.audience()
	if err != nil {
		return err
	}
	if !slices.Contains(aud, p.cfg.ClientID) {
		return refuse("aud_wrong", "the token is not meant for this client")
	}
	azp, has := c["azp"]
	if has && azp != any(p.cfg.ClientID) {
		return refuse("azp_wrong", "the token was issued to another party")
	}
	if len(aud) > 1 && !has {
		return refuse("azp_missing", "a token for several audiences names the party it was issued to")
	}
	for _, other := range aud {
		if other != p.cfg.ClientID && !slices.Contains(p.cfg.Audiences, other) {
			return refuse("aud_untrusted", "the token is meant for a party nobody agreed on as well")
		}
	}
	return nil
}

// checkTimes checks exp, iat and nbf with the skew.
func (p *Provider) checkTimes(c claims, expires bool) error {
	now := p.o.Now()
	iat, ok, err := c.time("iat")
	switch {
	case err != nil:
		return err
	case !ok:
		return refuse("iat_missing", "the token does not say when it was issued")
	case iat.After(now.Add(p.o.Skew)):
		return refuse("iat_future", "the token was issued in the future (compare the clocks)")
	case now.Sub(iat) > p.o.MaxAge+p.o.Skew:
		return refuse("iat_old", "the token was issued more than %s ago", p.o.MaxAge)
	}
	exp, ok, err := c.time("exp")
	switch {
	case err != nil:
		return err
	case !ok && expires:
		return refuse("exp_missing", "the token does not say when it expires")
	case ok && !now.Before(exp.Add(p.o.Skew)):
		return refuse("exp_past", "the token has expired")
	case ok && exp.Sub(iat) > p.o.MaxLifetime:
		return refuse("exp_far", "the token lives longer than %s", p.o.MaxLifetime)
	}
	nbf, ok, err := c.time("nbf")
	if err != nil {
		return err
	}
	if ok && nbf.After(now.Add(p.o.Skew)) {
		return refuse("nbf_future", "the token is not valid yet")
	}
	return nil
}

func (p *Provider) checkNonce(c claims, want string) error {
	v, ok := c["nonce"]
	if !ok {
		if p.weak(NoNonce) {
			return nil
		}
		return refuse("nonce_missing", "the token is not bound to this sign-in")
	}
	got, _ := v.(string)
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return refuse("nonce_wrong", "the token belongs to another sign-in")
	}
	return nil
}

// checkAuthentication checks level and age of the authentication.
func (p *Provider) checkAuthentication(c claims, a *Attempt, id *Identity) (err error) {
	if id.ACR, err = c.text("acr", 255); err != nil {
		return err
	}
	id.Level = p.levelOf(id.ACR)
	if id.Level < a.Level {
		return refuse("acr_low", "level %d was asked for and level %d came", a.Level, id.Level)
	}
	at, ok, err := c.time("auth_time")
	if err != nil {
		return err
	}
	if !ok {
		if a.MaxAge > 0 {
			return refuse("auth_time_missing", "the age of the authentication was asked for")
		}
		at, _, _ = c.time("iat") // checked before
	}
	now := p.o.Now()
	if at.After(now.Add(p.o.Skew)) {
		return refuse("auth_time_future", "the authentication lies in the future")
	}
	if a.MaxAge > 0 && now.Sub(at) > a.MaxAge+p.o.Skew {
		return refuse("auth_time_old", "the authentication is older than asked for")
	}
	id.AuthTime = at
	return nil
}

// claims reads single claims strictly.
type claims map[string]any

// text returns a text of at most limit bytes, "" when it is absent.
func (c claims) text(name string, limit int) (string, error) {
	v, ok := c[name]
	if !ok {
		return "", nil
	}
	s, isText := v.(string)
	if !isText || len(s) > limit {
		return "", refuse("claim_form", "claim %s is not a text of at most %d bytes", name, limit)
	}
	return s, nil
}

// time returns a NumericDate: whole seconds, 1970 to 9999.
func (c claims) time(name string) (time.Time, bool, error) {
	v, ok := c[name]
	if !ok {
		return time.Time{}, false, nil
	}
	n, isNumber := v.(json.Number)
	if isNumber {
		if sec, err := n.Int64(); err == nil && sec >= 0 && sec <= 253402300799 {
			return time.Unix(sec, 0), true, nil
		}
	}
	return time.Time{}, false, refuse("claim_form", "claim %s is not a whole number of seconds", name)
}

// audience returns aud as a list; a single text is a list of one.
func (c claims) audience() ([]string, error) {
	switch v := c["aud"].(type) {
	case string:
		if v != "" {
			return []string{v}, nil
		}
	case []any:
		var out []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok || s == "" {
				return nil, refuse("claim_form", "aud is not a list of texts")
			}
			out = append(out, s)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, refuse("aud_missing", "the token is meant for nobody")
}
