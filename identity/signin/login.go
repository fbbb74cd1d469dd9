package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
)

// pending is a sign-in under way, sealed in a cookie of the browser that began it.
type pending struct {
	Provider string
	Return   string
	Attempt  oidcrp.Attempt
}

const (
	pendingAge   = 15 * time.Minute
	pendingPlace = "signin/pending"
)

// pendingCookie is a cookie for each attempt, so that two tabs don't disturb each
// other.
func pendingCookie(state string) string { return "motcua_login_" + state[:min(8, len(state))] }

// login sends the browser to a provider, or shows the list of providers.
func (s *SignIn) login(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back := s.returnPath(q.Get("return"))
	p := s.provider(q.Get("provider"))
	if p == nil && len(s.providers) == 1 && q.Get("provider") == "" {
		p = &s.providers[0]
	}
	if p == nil {
		s.o.Page(w, r, &Page{Status: http.StatusOK, Reason: reasonChoose, Links: s.links(back)})
		return
	}
	level, _ := strconv.Atoi(q.Get("level"))
	if level < 0 || level > 9 {
		level = 0
	}
	address, attempt, err := p.RP.Begin(r.Context(), &oidcrp.BeginRequest{
		RedirectURL: s.url(r, "/"+p.Name+"/callback"),
		Level:       max(level, p.Level),
		Prompt:      q.Get("prompt") == "login",
	})
	if err != nil {
		s.fail(w, r, p, err)
		return
	}
	value, err := s.seal(&pending{Provider: p.Name, Return: back, Attempt: *attempt})
	if err != nil {
		s.fail(w, r, p, err)
		return
	}
	s.setCookie(w, r, pendingCookie(attempt.State), value, int(pendingAge/time.Second))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (s *SignIn) seal(p *pending) (string, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.vault.Seal(pendingPlace, plain)), nil
}

func (s *SignIn) open(value string) (*pending, bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(sealed) > 8<<10 {
		return nil, false
	}
	plain, err := s.vault.Open(pendingPlace, sealed)
	if err != nil {
		return nil, false
	}
	var p pending
	return &p, json.Unmarshal(plain, &p) == nil
}

// links are the ways to sign in.
func (s *SignIn) links(back string) []Link {
	if back == s.o.Home {
		back = ""
	}
	var out []Link
	for i := range s.providers {
		p := &s.providers[i]
		text := p.Label
		if text.VI == "" {
			text = defaultLabel(p.Kind)
		}
		out = append(out, Link{URL: s.LoginURL(p.Name, back, 0), Text: text})
	}
	return out
}

func defaultLabel(k identity.Kind) identity.Text {
	if k == identity.Official {
		return identity.Text{VI: "Đăng nhập dành cho cán bộ, công chức", EN: "Sign in as an official"}
	}
	return identity.Text{VI: "Đăng nhập bằng tài khoản định danh điện tử", EN: "Sign in with your electronic identification account"}
}

// callback turns the provider's answer into a session.
func (s *SignIn) callback(w http.ResponseWriter, r *http.Request) {
	p := s.provider(r.PathValue("provider"))
	if p == nil {
		s.o.Page(w, r, &Page{Status: http.StatusNotFound, Reason: reasonNotFound})
		return
	}
	pend, err := s.take(w, r, p)
	if err != nil {
		s.fail(w, r, p, err)
		return
	}
	id, err := p.RP.Finish(r.Context(), &pend.Attempt, r.URL.Query())
	if err != nil {
		s.fail(w, r, p, err)
		return
	}
	person, err := s.known(r.Context(), p, id)
	if err != nil {
		s.fail(w, r, p, err)
		return
	}
	if err := s.begin(w, r, p, person, id); err != nil {
		s.fail(w, r, p, err)
		return
	}
	http.Redirect(w, r, s.returnPath(pend.Return), http.StatusSeeOther)
}

// take returns the sign-in this browser began, once.
func (s *SignIn) take(w http.ResponseWriter, r *http.Request, p *Provider) (*pending, error) {
	state := r.URL.Query().Get("state")
	c, err := r.Cookie(s.cookieName(r, pendingCookie(state)))
	if err != nil || state == "" {
		return nil, refused("attempt_missing")
	}
	s.setCookie(w, r, pendingCookie(state), "", -1)
	pend, ok := s.open(c.Value)
	if !ok || pend.Provider != p.Name || pend.Attempt.State != state {
		return nil, refused("attempt_foreign")
	}
	first, err := s.store.use(r.Context(), s.vault.Hash("state", state), s.o.Now().Add(2*pendingAge), nil)
	if err != nil {
		return nil, identity.Errorf(identity.Unavailable, "the state cannot be marked as used: %w", err)
	}
	if !first {
		return nil, refused("state_used")
	}
	return pend, nil
}

func refused(rule string) error { return &oidcrp.Refused{Rule: rule} }

// known returns the person an identity means here.
func (s *SignIn) known(ctx context.Context, p *Provider, id *oidcrp.Identity) (*identity.Person, error) {
	if p.Kind == identity.Official {
		person, ok := s.officials.SignedIn(id.Issuer, id.Subject, s.o.Law())
		if !ok {
			return nil, identity.Errorf(identity.Denied, "the directory lists no official in service with this account")
		}
		return person, nil
	}
	in := &identity.SignInRequest{Issuer: id.Issuer, Subject: id.Subject, Assurance: id.Level}
	if in.Name = id.Text(p.NameClaim); in.Name == "" {
		in.Name = id.Text("name")
	}
	if text := id.Text(p.CitizenIDClaim); text != "" {
		c, err := identity.ParseCitizenID(text)
		if err != nil {
			return nil, refused("citizen_id_form")
		}
		in.CitizenID = c
	}
	return s.people.SignIn(ctx, in)
}
