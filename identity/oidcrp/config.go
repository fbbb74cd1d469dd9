package oidcrp

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
)

// Config says which provider is trusted and as which client. One issuer may be
// configured twice with two clients, for citizens and for officials.
type Config struct {
	// Issuer is the exact issuer identifier, https unless it is on loopback.
	Issuer string
	// ClientID and ClientSecret were given by the provider. Without a secret the
	// client is a public one and PKCE alone protects the code.
	ClientID, ClientSecret string
	// SecretInBody sends the secret as client_secret_post instead of
	// client_secret_basic.
	SecretInBody bool
	// Scopes are asked for besides openid.
	Scopes []string
	// Levels map acr values to levels of assurance, as data: which value means
	// which level is the provider's agreement with the province. An acr that is
	// not listed has level 0.
	Levels []Level
	// Audiences may stand in aud beside the client id; any other is refused.
	Audiences []string
	// UserInfo asks the userinfo endpoint for claims the ID token lacks.
	UserInfo bool
	// Downgrades switch single checks off for this issuer; none by default.
	Downgrades []Downgrade
}

// Level is one acr value and the level of assurance it stands for.
type Level struct {
	ACR   string
	Level int
}

// Weakness names a check that a provider cannot satisfy.
type Weakness string

// The weaknesses that can be agreed to. A value that is present and wrong is
// refused all the same.
const (
	// NoNonce: the provider does not return the nonce.
	NoNonce Weakness = "no-nonce"
	// NoPKCE: the provider announces no S256.
	NoPKCE Weakness = "no-pkce"
	// NoResponseIssuer: the provider announces iss in its answers (RFC 9207) and
	// does not send it.
	NoResponseIssuer Weakness = "no-response-iss"
	// PlainLogoutType: logout tokens are not typed logout+jwt.
	PlainLogoutType Weakness = "plain-logout-typ"
	// PlainHTTP: the issuer is reached without TLS beyond loopback. For a closed
	// test network only.
	PlainHTTP Weakness = "plain-http"
)

var weaknesses = []Weakness{NoNonce, NoPKCE, NoResponseIssuer, PlainLogoutType, PlainHTTP}

// Downgrade switches a check off for one issuer until a day. It is logged as a
// warning when the provider is made.
type Downgrade struct {
	What  Weakness
	Basis string    // who agreed and where it is written
	Until time.Time // the check is back from then on; required
}

// Options are what a Provider takes from its surroundings; nil means defaults.
type Options struct {
	// Now is the protocol's clock. Default time.Now.
	Now func() time.Time
	// HTTP is copied; redirects are refused, answers cut at 256 KiB, and a missing
	// timeout becomes 10 s. Default a new client.
	HTTP *http.Client
	// Log receives warnings without personal data. Default none.
	Log *zap.Logger
	// Rand is the source of state, nonce and verifier. Default crypto/rand.
	Rand io.Reader
	// Skew is how far clocks may differ. Default 60 s.
	Skew time.Duration
	// MaxAge is how old iat may be in an ID token or a logout token. Default 10 min.
	MaxAge time.Duration
	// MaxLifetime is the longest time from iat to exp. Default 24 h.
	MaxLifetime time.Duration
	// MetadataAge is how long discovery and keys are used before they are asked for
	// again. Default 1 h. When the provider is down they serve for 24 h.
	MetadataAge time.Duration
	// KeyCoolDown is the least time between two fetches of the keys for tokens
	// whose key is unknown. Default 30 s.
	KeyCoolDown time.Duration
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	if out.Log == nil {
		out.Log = zap.NewNop()
	}
	if out.Rand == nil {
		out.Rand = rand.Reader
	}
	out.Skew = cmp.Or(out.Skew, time.Minute)
	out.MaxAge = cmp.Or(out.MaxAge, 10*time.Minute)
	out.MaxLifetime = cmp.Or(out.MaxLifetime, 24*time.Hour)
	out.MetadataAge = cmp.Or(out.MetadataAge, time.Hour)
	out.KeyCoolDown = cmp.Or(out.KeyCoolDown, 30*time.Second)
	out.HTTP = restrict(out.HTTP)
	return out
}

func (c *Config) validate() error {
	var errs []error
	for i, d := range c.Downgrades {
		switch {
		case !slices.Contains(weaknesses, d.What):
			errs = append(errs, fmt.Errorf("downgrade %d: unknown weakness %q", i+1, d.What))
		case strings.TrimSpace(d.Basis) == "":
			errs = append(errs, fmt.Errorf("downgrade %s: say who agreed (basis)", d.What))
		case d.Until.IsZero():
			errs = append(errs, fmt.Errorf("downgrade %s: say until when", d.What))
		}
	}
	plain := slices.ContainsFunc(c.Downgrades, func(d Downgrade) bool { return d.What == PlainHTTP })
	if _, err := checkURL(c.Issuer, plain); err != nil {
		errs = append(errs, fmt.Errorf("issuer: %w", err))
	}
	if strings.Contains(c.Issuer, "?") {
		errs = append(errs, errors.New("issuer: no query"))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("client id: missing"))
	}
	for _, l := range c.Levels {
		if l.ACR == "" || strings.ContainsAny(l.ACR, " \t\n") || l.Level < 0 {
			errs = append(errs, fmt.Errorf("level %d: an acr is one word and a level is not negative", l.Level))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return identity.Errorf(identity.Invalid, "the provider's configuration: %w", err)
	}
	return nil
}

// checkURL accepts https anywhere and http on loopback, or anywhere when plain.
func checkURL(s string, plain bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || len(s) > 2048:
		return nil, errors.New("not an absolute URL")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("no user and no fragment in the URL")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && (plain || isLoopback(u.Hostname())):
		return u, nil
	}
	return nil, errors.New("https is required (http only on loopback)")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
