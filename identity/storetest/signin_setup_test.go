package storetest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/identity/signin"
)

// staff is a directory of one.
type staff struct {
	mu   sync.Mutex
	gone bool
}

func (s *staff) dismiss() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
}

func (s *staff) SignedIn(_, subject string, at time.Time) (*identity.Person, bool) {
	if subject != "u1" {
		return nil, false
	}
	return s.Serving("cb-0001", at)
}

func (s *staff) Serving(id string, _ time.Time) (*identity.Person, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || id != "cb-0001" {
		return nil, false
	}
	return &identity.Person{ID: id, Kind: identity.Official, Name: "Lê Thị Chi", Units: []string{"H10.12"}}, true
}

// site is an application with its sign-in, reached over TCP.
type site struct {
	*bundle
	idp    *hostileidp.IdP
	signIn *signin.SignIn
	server *httptest.Server
	staff  *staff
	logs   *observer.ObservedLogs
}

func newSite(t *testing.T, b *bundle, change func(*signin.Options)) *site {
	t.Helper()
	s := &site{bundle: b, idp: hostileidp.New(t, b.clock.Now), staff: &staff{}}
	mux := http.NewServeMux()
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	rp, err := oidcrp.New(oidcrp.Config{
		Issuer: s.idp.URL, ClientID: hostileidp.Client, ClientSecret: hostileidp.Secret,
		Levels: []oidcrp.Level{{ACR: "LoA1", Level: 1}, {ACR: "LoA2", Level: 2}},
	}, &oidcrp.Options{Now: b.clock.Now})
	require.NoError(t, err)
	base, err := url.Parse(s.server.URL)
	require.NoError(t, err)
	core, logs := observer.New(zap.DebugLevel)
	s.logs = logs
	o := &signin.Options{Now: b.clock.Now, Law: b.clock.Now, Log: zap.New(core), Allow: func(*http.Request) bool { return true }}
	if change != nil {
		change(o)
	}
	s.signIn, err = signin.New(b.db, b.vault, b.people, s.staff, []*url.URL{base}, []signin.Provider{
		{Name: "citizen", RP: rp, Kind: identity.Citizen}, {Name: "official", RP: rp, Kind: identity.Official},
	}, o)
	require.NoError(t, err)
	who := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := identity.From(r.Context())
		if !ok {
			_, _ = io.WriteString(w, "nobody")
			return
		}
		_, _ = io.WriteString(w, p.String()+" "+p.Name)
	})
	mux.Handle("/auth/", s.signIn.Routes())
	mux.Handle("/private", s.signIn.Require(who))
	mux.Handle("/high", s.signIn.RequireLevel(2, who))
	mux.Handle("/public", s.signIn.Attach(who))
	return s
}

// browser has a cookie jar and follows no redirect by itself.
type browser struct {
	t *testing.T
	s *site
	c *http.Client
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

type answer struct {
	status int
	body   string
	header http.Header
	to     *url.URL
}

func (b *browser) do(req *http.Request) answer {
	b.t.Helper()
	resp, err := b.c.Do(req)
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	a := answer{status: resp.StatusCode, body: string(body), header: resp.Header}
	if resp.Header.Get("Location") != "" {
		a.to, err = resp.Location()
		require.NoError(b.t, err)
	}
	return a
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.s.server.URL + path
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	require.NoError(b.t, err)
	return b.do(req)
}

func (b *browser) post(path string, form url.Values, header ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.s.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(req)
}

// toProvider begins a sign-in and returns the provider's answer as a path of ours.
func (b *browser) toProvider(login, provider string, change func(*hostileidp.Answer)) string {
	b.t.Helper()
	a := b.get(login)
	require.Equal(b.t, http.StatusSeeOther, a.status, a.body)
	return "/auth/" + provider + "/callback?" + b.s.idp.Authorize(b.t, a.to.String(), change).Encode()
}

func (b *browser) signIn(provider string, change func(*hostileidp.Answer)) answer {
	b.t.Helper()
	return b.get(b.toProvider("/auth/login?provider="+provider+"&return=/private", provider, change))
}

func (b *browser) session() string {
	u, err := url.Parse(b.s.server.URL)
	require.NoError(b.t, err)
	for _, c := range b.c.Jar.Cookies(u) {
		if c.Name == "motcua_session" {
			return c.Value
		}
	}
	return ""
}

func citizen(a *hostileidp.Answer) {
	a.Claims["SoDinhDanh"], a.Claims["HoVaTen"] = "070205000001", "Nguyễn Thị An"
}
