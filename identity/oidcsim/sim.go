package oidcsim

import (
	"context"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// Paths of the pages beside the protocol's.
const (
	loginPath = "/login"
	byePath   = "/signed-out"
)

// Sim is the provider. It may be used concurrently.
type Sim struct {
	cfg      Config
	o        Options
	storage  *storage
	callback func(context.Context, string) string
	handler  http.Handler
}

// New opens the simulator whose state lies in dir, which must exist.
func New(cfg Config, dir string, o *Options) (*Sim, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Sim{cfg: cfg, o: o.withDefaults()}
	m, err := openMemory(dir, s.o.SessionLife)
	if err != nil {
		return nil, err
	}
	s.storage = &storage{cfg: &s.cfg, m: m}
	provider, err := op.NewProvider(&op.Config{
		CryptoKey:                [32]byte(m.s.Crypto),
		DefaultLogoutRedirectURI: byePath,
		CodeMethodS256:           true,
		AuthMethodPost:           true,
		SupportedClaims:          []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "sid", "SoDinhDanh", "HoVaTen"},
	}, s.storage, op.StaticIssuer(cfg.Issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, err
	}
	s.callback = op.AuthCallbackURL(provider)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+loginPath, s.loginPage)
	mux.HandleFunc("POST "+loginPath, s.choose)
	mux.HandleFunc("GET "+byePath, s.byePage)
	mux.Handle("/", op.NewIssuerInterceptor(provider.IssuerFromRequest).Handler(provider))
	protect := http.NewCrossOriginProtection()
	s.handler = withAddress(protect.Handler(mux))
	return s, nil
}

// ServeHTTP serves the protocol and the pages.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
