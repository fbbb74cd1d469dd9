package signin

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Provider is one way to sign in. Citizens and officials may share an issuer with
// two clients.
type Provider struct {
	// Name stands in paths, such as /auth/citizen/callback: a word in lower case.
	Name string
	RP   *oidcrp.Provider
	// Kind is what those who sign in here become.
	Kind identity.Kind
	// Level is the least level of assurance asked of everybody here.
	Level int
	// Label is the text of the link.
	Label identity.Text
	// CitizenIDClaim and NameClaim are the provider's names for them. Default
	// SoDinhDanh and HoVaTen (VNeID); without the latter "name" is read.
	CitizenIDClaim, NameClaim string
}

// Officials says which official a provider's subject is, and whether one is still in
// service; directory.Live is one. Both hold at a moment of the law's clock.
type Officials interface {
	SignedIn(issuer, subject string, at time.Time) (*identity.Person, bool)
	Serving(id string, at time.Time) (*identity.Person, bool)
}

// Options are the options of New; nil means defaults.
type Options struct {
	// Prefix is where Routes is mounted. Default "/auth".
	Prefix string
	// Home is where a sign-in without a wish leads. Default "/".
	Home string
	// Lifetime ends a session whatever happens. Default 12 h.
	Lifetime time.Duration
	// Idle ends a session nobody used for so long. Default 30 min.
	Idle time.Duration
	// Now is the protocol's clock, Law the law's. Default time.Now for both.
	Now, Law func() time.Time
	// Log receives refusals by rule, without personal data. Default none.
	Log *zap.Logger
	// Page writes an answer that is a page: the status, why, and links to go on.
	// Default a plain page in Vietnamese and English.
	Page func(http.ResponseWriter, *http.Request, *Page)
	// Allow limits sign-ins and callbacks; false is answered 429. Default 200 at
	// once and 20 more each second for an address: a whole one-stop desk may have
	// one, and no password can be guessed here.
	Allow func(*http.Request) bool
}

// Page is what Options.Page shows.
type Page struct {
	Status int
	Reason identity.Reason
	// Links lead on: to the providers, or home.
	Links []Link
	// Clear asks for the stylesheet Routes serves, whose answer empties the browser's
	// cache: after a sign-out on a shared computer Back must show nothing.
	Clear string
}

// Link is a link with its text.
type Link struct {
	URL  string
	Text identity.Text
}

// SignIn is the sign-in of one application. It may be used concurrently.
type SignIn struct {
	bases     []*url.URL
	providers []Provider
	people    *identity.People
	officials Officials
	vault     *identity.Vault
	store     *store
	sessions  *sessions
	o         Options
}

var providerName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// New makes a sign-in. public are the addresses under which browsers reach the
// application, without a path; a request is answered under the one whose host it
// names, else under the first. No other use is made of the Host header.
func New(db *sqlkit.DB, v *identity.Vault, people *identity.People, officials Officials,
	public []*url.URL, providers []Provider, o *Options) (*SignIn, error) {
	s := &SignIn{bases: public, people: people, officials: officials, vault: v}
	if o != nil {
		s.o = *o
	}
	s.o.defaults()
	if s.o.Page == nil {
		s.o.Page = s.plainPage
	}
	if s.o.Allow == nil {
		s.o.Allow = newLimiter(s.o.Now).allow
	}
	if err := s.check(providers); err != nil {
		return nil, err
	}
	s.store = &store{db: db, v: v, now: s.o.Now}
	s.sessions = newSessions(s.store)
	return s, nil
}

func (o *Options) defaults() {
	o.Prefix = strings.TrimSuffix(cmp.Or(o.Prefix, "/auth"), "/")
	o.Home = cmp.Or(o.Home, "/")
	o.Lifetime = cmp.Or(o.Lifetime, 12*time.Hour)
	o.Idle = cmp.Or(o.Idle, 30*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Law == nil {
		o.Law = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
}

func (s *SignIn) check(providers []Provider) error {
	bad := func(format string, args ...any) error {
		return identity.Errorf(identity.Invalid, "sign-in: "+format, args...)
	}
	if len(s.bases) == 0 {
		return bad("a public address is needed")
	}
	for _, b := range s.bases {
		if b.Host == "" || b.Scheme != "https" && b.Scheme != "http" || strings.Trim(b.Path, "/") != "" {
			return bad("the public address %q is not http(s)://host without a path", b)
		}
	}
	if !strings.HasPrefix(s.o.Prefix, "/") || len(s.o.Prefix) < 2 {
		return bad("the prefix %q is not a path", s.o.Prefix)
	}
	seen := map[string]bool{}
	for _, p := range providers {
		switch {
		case !providerName.MatchString(p.Name) || seen[p.Name] || p.RP == nil:
			return bad("provider %q: a name of its own in lower case and a relying party are needed", p.Name)
		case p.Kind != identity.Citizen && p.Kind != identity.Official:
			return bad("provider %s: kind is %s or %s", p.Name, identity.Citizen, identity.Official)
		case p.Kind == identity.Official && s.officials == nil:
			return bad("provider %s: officials need a directory", p.Name)
		}
		seen[p.Name] = true
		p.CitizenIDClaim = cmp.Or(p.CitizenIDClaim, "SoDinhDanh")
		p.NameClaim = cmp.Or(p.NameClaim, "HoVaTen")
		s.providers = append(s.providers, p)
	}
	return nil
}

// Routes serves, below the prefix: login, {provider}/callback, logout, signed-out
// and {provider}/backchannel. Cross-site posts are refused, as
// http.CrossOriginProtection does.
func (s *SignIn) Routes() http.Handler {
	mux := http.NewServeMux()
	p := s.o.Prefix
	mux.HandleFunc("GET "+p+"/login", s.limited(s.login))
	mux.HandleFunc("GET "+p+"/{provider}/callback", s.limited(s.callback))
	mux.HandleFunc("POST "+p+"/logout", s.logout)
	mux.HandleFunc("GET "+p+"/signed-out", s.signedOut)
	mux.HandleFunc("GET "+p+"/signed-out.css", s.clearing)
	mux.HandleFunc("POST "+p+"/{provider}/backchannel", s.limited(s.backchannel))
	return http.NewCrossOriginProtection().Handler(private(mux))
}

// private marks everything here as not to be stored or framed.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		next.ServeHTTP(w, r)
	})
}

func (s *SignIn) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.o.Allow(r) {
			w.Header().Set("Retry-After", "5")
			s.o.Page(w, r, &Page{Status: http.StatusTooManyRequests, Reason: reasonTooMany})
			return
		}
		next(w, r)
	}
}

func (s *SignIn) provider(name string) *Provider {
	for i := range s.providers {
		if s.providers[i].Name == name {
			return &s.providers[i]
		}
	}
	return nil
}

// base returns the public address a request came in under.
func (s *SignIn) base(r *http.Request) *url.URL {
	for _, b := range s.bases {
		if strings.EqualFold(b.Host, r.Host) {
			return b
		}
	}
	return s.bases[0]
}

func (s *SignIn) url(r *http.Request, path string) string {
	b := s.base(r)
	return b.Scheme + "://" + b.Host + s.o.Prefix + path
}

// LoginURL returns the path that begins a sign-in at a provider ("" shows the list)
// and leads to a path of ours afterwards.
func (s *SignIn) LoginURL(provider, back string, level int) string {
	q := url.Values{}
	if provider != "" {
		q.Set("provider", provider)
	}
	if back != "" {
		q.Set("return", back)
	}
	if level > 0 {
		q.Set("level", string(rune('0'+min(level, 9))))
	}
	if len(q) == 0 {
		return s.o.Prefix + "/login"
	}
	return s.o.Prefix + "/login?" + q.Encode()
}

// LogoutPath is where a form posts to sign out.
func (s *SignIn) LogoutPath() string { return s.o.Prefix + "/logout" }

// Origins returns the origins of the providers, for the form-action of pages with a
// sign-out form: Chromium applies it to the redirect that follows.
func (s *SignIn) Origins() []string {
	var out []string
	seen := map[string]bool{}
	for i := range s.providers {
		for _, o := range s.providers[i].RP.Origins() {
			if !seen[o] {
				seen[o] = true
				out = append(out, o)
			}
		}
	}
	return out
}

// Sweep removes sessions and used states that are over. The province calls it now
// and then; a row that is over is refused whether or not it was removed.
func (s *SignIn) Sweep(ctx context.Context) error { return s.store.sweep(ctx) }

// EndSessions ends every session of a person at once, on all nodes.
func (s *SignIn) EndSessions(ctx context.Context, person string) error {
	return s.store.end(ctx, `person = $1`, person)
}
