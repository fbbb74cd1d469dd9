package oidcsim

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is one authorization request, from the redirect to the exchanged code.
type request struct {
	ID        string    `json:"id"`
	Made      time.Time `json:"made"`
	Client    string    `json:"client"`
	Redirect  string    `json:"redirect"`
	State     string    `json:"state"`
	Nonce     string    `json:"nonce"`
	Scopes    []string  `json:"scopes"`
	Challenge string    `json:"challenge"`
	Method    string    `json:"method"`
	Type      string    `json:"type"`
	Mode      string    `json:"mode"`
	ACR       []string  `json:"acr"` // asked for
	MaxAge    *uint     `json:"max_age"`
	Sub       string    `json:"sub"` // set when somebody was chosen
	Level     string    `json:"level"`
	Session   string    `json:"session"`
	Auth      time.Time `json:"auth"`
}

func newRequest(id string, r *oidc.AuthRequest) *request {
	return &request{
		ID: id, Made: time.Now(), Client: r.ClientID, Redirect: r.RedirectURI, State: r.State, Nonce: r.Nonce, Scopes: r.Scopes,
		Challenge: r.CodeChallenge, Method: string(r.CodeChallengeMethod), Type: string(r.ResponseType), Mode: string(r.ResponseMode),
		ACR: r.ACRValues, MaxAge: r.MaxAge,
	}
}

// fresh reports whether a session that began then is young enough for the request.
func (r *request) fresh(auth time.Time) bool {
	return r.MaxAge == nil || time.Since(auth) <= time.Duration(*r.MaxAge)*time.Second
}

// asks reports whether the request is content with a level.
func (r *request) asks(acr string) bool { return len(r.ACR) == 0 || slices.Contains(r.ACR, acr) }

// The methods of op.AuthRequest.

func (r *request) GetID() string                      { return r.ID }
func (r *request) GetACR() string                     { return r.Level }
func (r *request) GetAMR() []string                   { return []string{"swk"} }
func (r *request) GetAudience() []string              { return []string{r.Client} }
func (r *request) GetAuthTime() time.Time             { return r.Auth }
func (r *request) GetClientID() string                { return r.Client }
func (r *request) GetNonce() string                   { return r.Nonce }
func (r *request) GetRedirectURI() string             { return r.Redirect }
func (r *request) GetResponseType() oidc.ResponseType { return oidc.ResponseType(r.Type) }
func (r *request) GetResponseMode() oidc.ResponseMode { return oidc.ResponseMode(r.Mode) }
func (r *request) GetScopes() []string                { return r.Scopes }
func (r *request) GetState() string                   { return r.State }
func (r *request) GetSubject() string                 { return r.Sub }
func (r *request) Done() bool                         { return r.Sub != "" }

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.Challenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.Challenge, Method: oidc.CodeChallengeMethod(r.Method)}
}

var _ op.AuthRequest = (*request)(nil)
