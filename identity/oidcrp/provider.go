package oidcrp

import (
	"context"
	"net/url"
	"time"

	"go.uber.org/zap"
	"golang.org/x/oauth2"
)

// Provider is one issuer as seen by one client. It may be used concurrently.
type Provider struct {
	cfg  Config
	o    Options
	disc *discovery
}

// New checks the configuration and logs its downgrades. It asks nobody: discovery
// happens at the first sign-in, so that a server starts while its provider is
// down.
func New(cfg Config, o *Options) (*Provider, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	p := &Provider{cfg: cfg, o: o.withDefaults()}
	p.disc = &discovery{cfg: &p.cfg, o: &p.o}
	for _, d := range cfg.Downgrades {
		p.o.Log.Warn("a check of the identity provider is switched off",
			zap.String("issuer", cfg.Issuer), zap.String("weakness", string(d.What)),
			zap.String("basis", d.Basis), zap.Time("until", d.Until))
	}
	return p, nil
}

// Issuer returns the issuer identifier.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

// ClientID returns the client id.
func (p *Provider) ClientID() string { return p.cfg.ClientID }

// weak reports whether a downgrade is in force.
func (c *Config) weak(w Weakness, now time.Time) bool {
	for _, d := range c.Downgrades {
		if d.What == w && now.Before(d.Until) {
			return true
		}
	}
	return false
}

func (p *Provider) weak(w Weakness) bool { return p.cfg.weak(w, p.o.Now()) }

// Origins returns the origins a browser is sent to: the issuer's and, once
// discovery was read, those of the authorization and the end-session endpoint. A
// page whose form leads there lists them in form-action.
func (p *Provider) Origins() []string {
	urls := []string{p.cfg.Issuer}
	p.disc.mu.Lock()
	if m := p.disc.have; m != nil {
		urls = append(urls, m.AuthURL, m.EndURL)
	}
	p.disc.mu.Unlock()
	var out []string
	seen := make(map[string]bool)
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || seen[u.Scheme+"://"+u.Host] {
			continue
		}
		seen[u.Scheme+"://"+u.Host] = true
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return out
}

// Ping reads discovery, for a health page; it answers from the cache while fresh.
func (p *Provider) Ping(ctx context.Context) error {
	_, err := p.disc.get(ctx)
	return err
}

func (p *Provider) oauth(m *metadata, redirect string) *oauth2.Config {
	// The style is fixed: probing both would send a single-use code twice.
	style := oauth2.AuthStyleInHeader
	if p.cfg.SecretInBody || p.cfg.ClientSecret == "" {
		style = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID:     p.cfg.ClientID,
		ClientSecret: p.cfg.ClientSecret,
		Endpoint:     oauth2.Endpoint{AuthURL: m.AuthURL, TokenURL: m.TokenURL, AuthStyle: style},
		RedirectURL:  redirect,
		Scopes:       append([]string{"openid"}, p.cfg.Scopes...),
	}
}
