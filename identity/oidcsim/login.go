package oidcsim

import (
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed login.html
var pages string

var loginTemplates = template.Must(template.New("pages").Parse(pages))

// cookieName is the provider's session in the browser.
const cookieName = "oidcsim_session"

// loginPage shows the people who may sign in, or goes on at once for a person the
// provider remembers.
func (s *Sim) loginPage(w http.ResponseWriter, r *http.Request) {
	req, err := s.storage.request(r.FormValue("id"))
	if err != nil {
		s.page(w, http.StatusNotFound, "over", nil)
		return
	}
	if ses, ok := s.session(r); ok && req.fresh(ses.Auth) {
		if p := s.cfg.person(ses.Sub); s.suits(req, p) && req.asks(p.acr()) {
			s.finish(w, r, req, p, ses)
			return
		}
	}
	var people []Person
	for i := range s.cfg.People {
		if s.suits(req, &s.cfg.People[i]) {
			people = append(people, s.cfg.People[i])
		}
	}
	s.page(w, http.StatusOK, "login", map[string]any{"ID": req.ID, "People": people, "Asked": strings.Join(req.ACR, ", ")})
}

// suits reports whether the person may sign in at the request's client.
func (s *Sim) suits(r *request, p *Person) bool {
	c := s.cfg.client(r.Client)
	return c != nil && p != nil && p.Kind == c.Kind
}

func (s *Sim) session(r *http.Request) (*session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil, false
	}
	var out *session
	s.storage.m.read(func(st *state) {
		if ses := st.Sessions[hash(c.Value)]; ses != nil && time.Since(ses.Auth) <= s.o.SessionLife {
			copied := *ses
			out = &copied
		}
	})
	return out, out != nil
}

// choose signs the chosen person in, in a new session.
func (s *Sim) choose(w http.ResponseWriter, r *http.Request) {
	req, err := s.storage.request(r.PostFormValue("id"))
	if err != nil {
		s.page(w, http.StatusNotFound, "over", nil)
		return
	}
	if r.PostFormValue("cancel") != "" {
		s.cancel(w, r, req)
		return
	}
	p := s.cfg.person(r.PostFormValue("person"))
	if !s.suits(req, p) {
		s.page(w, http.StatusForbidden, "over", nil)
		return
	}
	cookie := rand.Text() + rand.Text()
	ses := &session{ID: rand.Text(), Sub: p.Sub, Auth: time.Now()}
	err = s.storage.m.change(func(st *state) error {
		if old, err := r.Cookie(cookieName); err == nil {
			delete(st.Sessions, hash(old.Value))
		}
		st.Sessions[hash(cookie)] = ses
		return nil
	})
	if err != nil {
		http.Error(w, "the state cannot be saved", http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.cfg.Issuer, "https:"), MaxAge: int(s.o.SessionLife / time.Second),
	})
	s.finish(w, r, req, p, ses)
}

// finish notes who was chosen and sends the browser to the library's callback.
func (s *Sim) finish(w http.ResponseWriter, r *http.Request, req *request, p *Person, ses *session) {
	err := s.storage.m.change(func(st *state) error {
		stored := st.Requests[req.ID]
		if stored == nil || stored.Sub != "" {
			return errUnknown
		}
		stored.Sub, stored.Level, stored.Session, stored.Auth = p.Sub, p.acr(), ses.ID, ses.Auth
		return nil
	})
	if err != nil {
		s.page(w, http.StatusNotFound, "over", nil)
		return
	}
	u, err := url.Parse(s.callback(r.Context(), req.ID))
	if err != nil {
		http.Error(w, "malformed issuer", http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, u.RequestURI(), http.StatusSeeOther) // the same host, whatever name the browser knows it by
}

// cancel sends the browser back with access_denied.
func (s *Sim) cancel(w http.ResponseWriter, r *http.Request, req *request) {
	err := s.storage.m.change(func(st *state) error { delete(st.Requests, req.ID); return nil })
	u, perr := url.Parse(req.Redirect)
	if err != nil || perr != nil {
		s.page(w, http.StatusNotFound, "over", nil)
		return
	}
	q := u.Query()
	q.Set("error", "access_denied")
	q.Set("state", req.State)
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

func (s *Sim) byePage(w http.ResponseWriter, _ *http.Request) { s.page(w, http.StatusOK, "bye", nil) }

func (s *Sim) page(w http.ResponseWriter, status int, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	// The form leads to the relying party by redirect, wherever that is; Chromium
	// applies form-action to redirects, so it is left open here.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_ = loginTemplates.ExecuteTemplate(w, name, data) // the browser left
}
