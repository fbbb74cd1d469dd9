package oidcrp

import (
	"context"
	"encoding/base64"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// attemptLife is how long a person may take at the provider.
const attemptLife = 15 * time.Minute

// Attempt is one sign-in under way. It is secret: the caller keeps it bound to the
// browser that began it, and out of its reach or sealed, and uses it once.
type Attempt struct {
	State, Nonce, Verifier string
	RedirectURL            string
	// Level and MaxAge are what was asked for; Finish refuses less.
	Level  int
	MaxAge time.Duration
	Began  time.Time
}

// BeginRequest says what kind of sign-in is wanted.
type BeginRequest struct {
	// RedirectURL is our callback, as registered. It comes from configuration, never
	// from a request's Host header.
	RedirectURL string
	// Level is the least level of assurance; 0 asks for none.
	Level int
	// MaxAge asks that the person was authenticated at most so long ago; 0 does
	// not ask.
	MaxAge time.Duration
	// Prompt forces the person to sign in again, for a shared computer.
	Prompt bool
}

// Begin makes an attempt and the address to send the browser to. Every parameter
// is set here; nothing from the browser's request is passed on.
func (p *Provider) Begin(ctx context.Context, r *BeginRequest) (string, *Attempt, error) {
	m, err := p.disc.get(ctx)
	if err != nil {
		return "", nil, err
	}
	if !slices.Contains(m.Challenges, "S256") && !p.weak(NoPKCE) {
		return "", nil, unavailable("provider %s announces no PKCE with S256 (agree on a downgrade or have it switched on)", p.cfg.Issuer)
	}
	a := &Attempt{RedirectURL: r.RedirectURL, Level: r.Level, MaxAge: r.MaxAge, Began: p.o.Now()}
	for _, s := range []*string{&a.State, &a.Nonce, &a.Verifier} {
		if *s, err = p.random(); err != nil {
			return "", nil, err
		}
	}
	opts := []oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("nonce", a.Nonce),
		// The callback must be a GET: form_post arrives without SameSite=Lax cookies.
		oauth2.SetAuthURLParam("response_mode", "query"),
	}
	if acr := p.acrValues(r.Level); acr != "" {
		opts = append(opts, oauth2.SetAuthURLParam("acr_values", acr))
	}
	if r.MaxAge > 0 {
		opts = append(opts, oauth2.SetAuthURLParam("max_age", strconv.FormatInt(int64(r.MaxAge/time.Second), 10)))
	}
	if r.Prompt {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "login"))
	}
	return p.oauth(m, r.RedirectURL).AuthCodeURL(a.State, opts...), a, nil
}

// random returns 256 bits as 43 characters, which is also a fit PKCE verifier.
func (p *Provider) random() (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(p.o.Rand, b); err != nil {
		return "", unavailable("no random numbers: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// acrValues lists the acr values of the level and above, in the order configured.
func (p *Provider) acrValues(level int) string {
	var out []string
	for _, l := range p.cfg.Levels {
		if level > 0 && l.Level >= level {
			out = append(out, l.ACR)
		}
	}
	return strings.Join(out, " ")
}

// levelOf returns the level an acr value stands for, 0 for one nobody agreed on.
func (p *Provider) levelOf(acr string) int {
	for _, l := range p.cfg.Levels {
		if l.ACR == acr {
			return l.Level
		}
	}
	return 0
}

// single returns the one value of a parameter, "" when it is absent, and false
// when it stands twice or is longer than the limit.
func single(q url.Values, name string, limit int) (string, bool) {
	v := q[name]
	switch {
	case len(v) == 0:
		return "", true
	case len(v) > 1 || len(v[0]) > limit:
		return "", false
	}
	return v[0], true
}
