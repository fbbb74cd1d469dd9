package oidcsim

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// opClient is a Client as the library sees it, for one HTTP request: the address
// on loopback which that request names counts as registered.
type opClient struct {
	Client
	loopback string
}

type addressKey struct{}

// withAddress keeps the loopback address a request names for the client's list.
func withAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "malformed form", http.StatusBadRequest)
			return
		}
		for _, name := range []string{"redirect_uri", "post_logout_redirect_uri"} {
			if a := r.Form.Get(name); loopback(a) {
				r = r.WithContext(context.WithValue(r.Context(), addressKey{}, a))
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (c *opClient) with(list []string) []string {
	if c.loopback == "" {
		return list
	}
	return append(slices.Clone(list), c.loopback)
}

// The methods of op.Client.

func (c *opClient) GetID() string                       { return c.ID }
func (c *opClient) RedirectURIs() []string              { return c.with(c.Client.RedirectURIs) }
func (c *opClient) PostLogoutRedirectURIs() []string    { return c.with(c.ReturnURIs) }
func (c *opClient) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c *opClient) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (c *opClient) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *opClient) GrantTypes() []oidc.GrantType         { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c *opClient) LoginURL(id string) string            { return loginPath + "?id=" + id }
func (c *opClient) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (c *opClient) IDTokenLifetime() time.Duration       { return time.Hour }
func (c *opClient) DevMode() bool                        { return true }
func (c *opClient) IsScopeAllowed(string) bool           { return false }
func (c *opClient) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c *opClient) ClockSkew() time.Duration             { return 0 }

func (c *opClient) RestrictAdditionalIdTokenScopes() func([]string) []string { return same }

func (c *opClient) RestrictAdditionalAccessTokenScopes() func([]string) []string { return same }

func same(scopes []string) []string { return scopes }

var _ op.Client = (*opClient)(nil)
