package oidcsim

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// accessLife is how long an access token serves userinfo.
const accessLife = 5 * time.Minute

var errUnknown = errors.New("not known here, or over")

// storage is what the library keeps in the memory. It may be used concurrently.
type storage struct {
	cfg *Config
	m   *memory
}

func (s *storage) Health(context.Context) error { return nil }

func (s *storage) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	for _, p := range r.Prompt {
		if p == oidc.PromptNone {
			return nil, oidc.ErrLoginRequired()
		}
	}
	if r.CodeChallenge == "" || r.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required")
	}
	req := newRequest(rand.Text(), r)
	err := s.m.change(func(st *state) error {
		st.Requests[req.ID] = req
		return nil
	})
	return req, err
}

// request returns a copy, which nobody else changes.
func (s *storage) request(id string) (*request, error) {
	var out *request
	s.m.read(func(st *state) {
		if r := st.Requests[id]; r != nil {
			c := *r
			out = &c
		}
	})
	if out == nil {
		return nil, errUnknown
	}
	return out, nil
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	r, err := s.request(id)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	return s.m.change(func(st *state) error {
		for _, known := range st.Codes {
			if known == id {
				return errors.New("the request has its code already")
			}
		}
		st.Codes[hash(code)] = id
		return nil
	})
}

// AuthRequestByCode uses the code up, whatever comes of the exchange.
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	var out *request
	err := s.m.change(func(st *state) error {
		id, ok := st.Codes[hash(code)]
		if !ok {
			return errUnknown
		}
		out = st.Requests[id]
		delete(st.Codes, hash(code))
		delete(st.Requests, id)
		if out == nil {
			return errUnknown
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	return s.m.change(func(st *state) error {
		delete(st.Requests, id)
		return nil
	})
}

func (s *storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	id, t := rand.Text(), &token{Sub: r.GetSubject(), Expires: time.Now().Add(accessLife)}
	err := s.m.change(func(st *state) error {
		st.Tokens[id] = t
		return nil
	})
	return id, t.Expires, err
}

var errNoRefresh = errors.New("the simulator gives no refresh tokens")

func (s *storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNoRefresh
}

func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, op.ErrInvalidRefreshToken
}

func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

func (s *storage) RevokeToken(_ context.Context, id, _, _ string) *oidc.Error {
	if err := s.m.change(func(st *state) error { delete(st.Tokens, id); return nil }); err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	return nil
}

// TerminateSession is not used: TerminateSessionFromRequest knows more.
func (s *storage) TerminateSession(context.Context, string, string) error { return nil }

// TerminateSessionFromRequest ends the session the ID token was given in. Without
// a token nothing ends: anybody could have made the link.
func (s *storage) TerminateSessionFromRequest(_ context.Context, r *op.EndSessionRequest) (string, error) {
	if r.IDTokenHintClaims == nil {
		return r.RedirectURI, nil
	}
	sid, _ := r.IDTokenHintClaims.Claims["sid"].(string)
	err := s.m.change(func(st *state) error {
		for cookie, ses := range st.Sessions {
			if ses.ID == sid && ses.Sub == r.UserID {
				delete(st.Sessions, cookie)
			}
		}
		return nil
	})
	return r.RedirectURI, err
}

func (s *storage) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c := s.cfg.client(id)
	if c == nil {
		return nil, errUnknown
	}
	a, _ := ctx.Value(addressKey{}).(string)
	return &opClient{Client: *c, loopback: a}, nil
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	c := s.cfg.client(id)
	if c == nil || subtle.ConstantTimeCompare([]byte(secret), []byte(c.Secret)) != 1 {
		return errors.New("unknown client or wrong secret")
	}
	return nil
}

// SetUserinfoFromScopes is empty by the library's wish; SetUserinfoFromRequest
// fills the ID token.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (s *storage) SetUserinfoFromRequest(_ context.Context, u *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	u.Subject = r.GetSubject()
	if req, ok := r.(*request); ok {
		u.AppendClaims("sid", req.Session)
	}
	if s.cfg.ClaimsInUserInfo {
		return nil
	}
	return s.fill(u, r.GetSubject())
}

func (s *storage) fill(u *oidc.UserInfo, sub string) error {
	p := s.cfg.person(sub)
	if p == nil {
		return errUnknown
	}
	for name, v := range p.claims() {
		u.AppendClaims(name, v)
	}
	return nil
}

func (s *storage) SetUserinfoFromToken(_ context.Context, u *oidc.UserInfo, id, _, _ string) error {
	var sub string
	s.m.read(func(st *state) {
		if t := st.Tokens[id]; t != nil && time.Now().Before(t.Expires) {
			sub = t.Sub
		}
	})
	if sub == "" {
		return oidc.ErrAccessDenied()
	}
	u.Subject = sub
	return s.fill(u, sub)
}

func (s *storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errors.New("the simulator does not introspect tokens")
}

func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}

func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnknown
}

// signingKey is the private key as the library wants it, publicKey the other half.
type (
	signingKey struct{ m *memory }
	publicKey  struct{ m *memory }
)

func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Key() any                                    { return k.m.key }
func (k signingKey) ID() string                                  { return k.m.s.KeyID }
func (k publicKey) ID() string                                   { return k.m.s.KeyID }
func (k publicKey) Algorithm() jose.SignatureAlgorithm           { return jose.RS256 }
func (k publicKey) Use() string                                  { return "sig" }
func (k publicKey) Key() any                                     { return &k.m.key.PublicKey }

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return signingKey{s.m}, nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.m}}, nil }

var (
	_ op.Storage                        = (*storage)(nil)
	_ op.CanSetUserinfoFromRequest      = (*storage)(nil)
	_ op.CanTerminateSessionFromRequest = (*storage)(nil)
)
