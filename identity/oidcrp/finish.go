package oidcrp

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Finish turns the provider's answer at our callback into an identity. The attempt
// must be the one bound to this very browser, and must not be used again whatever
// Finish returns. A failed exchange is not repeated: a code is good for one.
func (p *Provider) Finish(ctx context.Context, a *Attempt, answer url.Values) (*Identity, error) {
	m, err := p.disc.get(ctx)
	if err != nil {
		return nil, err
	}
	code, err := p.checkAnswer(m, a, answer)
	if err != nil {
		return nil, err
	}
	token, err := p.exchange(ctx, m, a, code)
	if err != nil {
		return nil, err
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return nil, refuse("id_token_missing", "the provider gave no ID token")
	}
	id, err := p.verify(ctx, m, a, raw, token.AccessToken)
	if err != nil {
		return nil, err
	}
	if p.cfg.UserInfo {
		if err := p.addUserInfo(ctx, m, id, token.AccessToken); err != nil {
			return nil, err
		}
	}
	return id, nil
}

// checkAnswer checks the parameters the browser brought and returns the code.
func (p *Provider) checkAnswer(m *metadata, a *Attempt, q url.Values) (string, error) {
	if a == nil || a.State == "" || a.Nonce == "" || a.Verifier == "" {
		return "", refuse("attempt_missing", "no sign-in was begun here")
	}
	if now := p.o.Now(); now.Sub(a.Began) > attemptLife || a.Began.Sub(now) > p.o.Skew {
		return "", refuse("attempt_expired", "the sign-in took longer than %s (begin again)", attemptLife)
	}
	state, ok := single(q, "state", 256)
	if !ok || subtle.ConstantTimeCompare([]byte(state), []byte(a.State)) != 1 {
		return "", refuse("state_wrong", "the answer belongs to no sign-in begun here")
	}
	// RFC 9207: the answer says which provider it comes from, so that a code of one
	// is never handed to another. It is checked before an error is believed.
	iss, ok := single(q, "iss", 2048)
	if !ok || iss != "" && iss != p.cfg.Issuer {
		return "", refuse("response_iss_wrong", "the answer comes from another provider")
	}
	if iss == "" && m.ResponseIss && !p.weak(NoResponseIssuer) {
		return "", refuse("response_iss_missing", "the provider announces iss in its answers and sent none")
	}
	if _, failed := q["error"]; failed {
		return "", &ProviderError{Code: cleanCode(q.Get("error"))}
	}
	code, ok := single(q, "code", 4096)
	if !ok || code == "" {
		return "", refuse("code_missing", "the answer has no code, or two")
	}
	if _, ok := q["id_token"]; ok {
		return "", refuse("answer_form", "an ID token does not come through the browser")
	}
	return code, nil
}

// ProviderError is an error the provider reported at our callback, such as
// access_denied when the person gave up.
type ProviderError struct {
	// Code is one of the short codes of RFC 6749 and OpenID Connect, "other" for
	// anything else; the provider's free text is not repeated.
	Code string
}

// Error names the code.
func (e *ProviderError) Error() string { return "the identity provider reported " + e.Code }

func cleanCode(s string) string {
	for _, known := range []string{
		"access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required",
		"invalid_request", "invalid_scope", "unauthorized_client",
		"unsupported_response_type", "server_error",
		"temporarily_unavailable", "unmet_authentication_requirements",
	} {
		if s == known {
			return s
		}
	}
	return "other"
}

func (p *Provider) exchange(ctx context.Context, m *metadata, a *Attempt, code string) (*oauth2.Token, error) {
	ctx = oidc.ClientContext(ctx, p.o.HTTP)
	token, err := p.oauth(m, a.RedirectURL).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	var answered *oauth2.RetrieveError
	switch {
	case errors.As(err, &answered):
		if answered.Response != nil && answered.Response.StatusCode >= 500 {
			return nil, unavailable("the provider's token endpoint answers %d", answered.Response.StatusCode)
		}
		return nil, refuse("code_refused", "the provider did not accept the code")
	case err != nil:
		return nil, unavailable("the provider's token endpoint does not answer as it should")
	case !strings.EqualFold(token.Type(), "Bearer"):
		return nil, refuse("token_type", "the access token is no bearer token")
	}
	return token, nil
}
