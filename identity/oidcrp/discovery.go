package oidcrp

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// metadata is what discovery said.
type metadata struct {
	AuthURL     string   `json:"authorization_endpoint"`
	TokenURL    string   `json:"token_endpoint"`
	UserInfoURL string   `json:"userinfo_endpoint"`
	KeysURL     string   `json:"jwks_uri"`
	EndURL      string   `json:"end_session_endpoint"`
	Challenges  []string `json:"code_challenge_methods_supported"`
	ResponseIss bool     `json:"authorization_response_iss_parameter_supported"`

	keys     *keySet
	verifier *oidc.IDTokenVerifier
	fetched  time.Time
}

// discovery fetches the provider's metadata when first needed, keeps it, and asks
// again after a while; an outage of the provider does not take it away at once.
type discovery struct {
	cfg *Config
	o   *Options

	mu     sync.Mutex
	have   *metadata
	failed time.Time
	err    error
}

// retryAfter spares a provider that just failed.
const retryAfter = time.Second

func (d *discovery) get(ctx context.Context) (*metadata, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.o.Now()
	if d.have != nil && now.Sub(d.have.fetched) < d.o.MetadataAge {
		return d.have, nil
	}
	if d.err == nil || now.Sub(d.failed) >= retryAfter {
		m, err := d.fetch(ctx)
		if err == nil {
			if d.have != nil && d.have.KeysURL == m.KeysURL {
				m.keys, m.verifier = d.have.keys, d.have.verifier
			}
			d.have, d.err = m, nil
			return m, nil
		}
		if ctx.Err() == nil { // a caller who left says nothing about the provider
			d.failed, d.err = now, err
		} else if d.have == nil {
			return nil, err
		}
	}
	if d.have != nil && now.Sub(d.have.fetched) < staleLimit {
		return d.have, nil
	}
	return nil, d.err
}

func (d *discovery) fetch(ctx context.Context) (*metadata, error) {
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, d.o.HTTP), d.cfg.Issuer)
	if err != nil {
		// go-oidc repeats the answer's body in its error; it is not ours to log.
		return nil, unavailable("discovery at %s failed or names another issuer (check address and issuer)", d.cfg.Issuer)
	}
	var raw json.RawMessage
	if err := p.Claims(&raw); err != nil {
		return nil, unavailable("discovery at %s cannot be read", d.cfg.Issuer)
	}
	if _, err := parseObject(raw); err != nil {
		return nil, unavailable("discovery at %s: %w", d.cfg.Issuer, err)
	}
	m := &metadata{fetched: d.o.Now()}
	if err := p.Claims(m); err != nil {
		return nil, unavailable("discovery at %s: a member has the wrong type", d.cfg.Issuer)
	}
	if err := d.checkEndpoints(m); err != nil {
		return nil, err
	}
	m.keys = &keySet{url: m.KeysURL, client: d.o.HTTP, now: d.o.Now, maxAge: d.o.MetadataAge, coolDown: d.o.KeyCoolDown}
	m.verifier = oidc.NewVerifier(d.cfg.Issuer, m.keys, &oidc.Config{
		ClientID:             d.cfg.ClientID,
		SupportedSigningAlgs: algorithms,
		SkipExpiryCheck:      true, // done here, with the clock and the skew of Options
	})
	return m, nil
}

// checkEndpoints refuses addresses that leave TLS: a discovery document that was
// tampered with on the way must not send a code or a secret in clear.
func (d *discovery) checkEndpoints(m *metadata) error {
	issuer, err := checkURL(d.cfg.Issuer, true)
	if err != nil {
		return err
	}
	addresses := []string{m.AuthURL, m.TokenURL, m.KeysURL}
	for _, optional := range []string{m.UserInfoURL, m.EndURL} {
		if optional != "" {
			addresses = append(addresses, optional)
		}
	}
	for _, s := range addresses {
		u, err := checkURL(s, d.cfg.weak(PlainHTTP, d.o.Now()))
		if err != nil {
			return unavailable("discovery at %s: an endpoint is missing or unfit: %w", d.cfg.Issuer, err)
		}
		if issuer.Scheme == "https" && u.Scheme != "https" {
			return unavailable("discovery at %s: an endpoint has no TLS", d.cfg.Issuer)
		}
	}
	return nil
}

// getJSON gets a document of one of the given types, with a bearer token if there
// is one.
func getJSON(ctx context.Context, c *http.Client, address, bearer string, types ...string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, unavailable("the provider's address is malformed")
	}
	req.Header.Set("Accept", types[0])
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, unavailable("the provider does not answer at %s", req.URL.Host)
	}
	data, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, unavailable("the provider's answer from %s breaks off or is too large", req.URL.Host)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, unavailable("the provider answers %d at %s", resp.StatusCode, req.URL.Host)
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, media) {
		return nil, refuse("content_type", "the provider's answer is not %s", types[0])
	}
	return data, nil
}
