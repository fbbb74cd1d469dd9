package signin

import (
	"context"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
)

// sessions is scs without its middleware: cookies depend on the request's address,
// and only a sign-in may make a session.
type sessions struct{ m *scs.SessionManager }

func newSessions(st *store) *sessions {
	// scs.New would start the clean-up of a memory store that is never used.
	return &sessions{&scs.SessionManager{
		Store: st, Codec: scs.GobCodec{}, HashTokenInStore: true, Lifetime: 24 * time.Hour, // the real one is set at the sign-in
	}}
}

// Keys of a session's values.
const (
	keyPerson   = "person"
	keyName     = "name"
	keyProvider = "provider"
	keyLevel    = "level"
	keyAuth     = "auth"  // Unix seconds, when the provider authenticated the person
	keySeen     = "seen"  // Unix seconds, protocol's clock
	keyToken    = "token" // the ID token, for the sign-out
)

// touchEvery spares the database a write at each request.
const touchEvery = time.Minute

// cookieName has the prefix that binds a cookie to this very host where browsers
// honour it, which is with https.
func (s *SignIn) cookieName(r *http.Request, name string) string {
	if s.base(r).Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

const sessionCookie = "motcua_session"

func (s *SignIn) setCookie(w http.ResponseWriter, r *http.Request, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(r, name), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.base(r).Scheme == "https",
	})
}

// load returns a context that holds the session of the request's cookie, and
// whether there is one.
func (s *SignIn) load(r *http.Request) (context.Context, bool, error) {
	c, err := r.Cookie(s.cookieName(r, sessionCookie))
	if err != nil || len(c.Value) != 43 {
		return nil, false, nil //nolint:nilerr // no cookie is nobody, not an error
	}
	ctx, err := s.sessions.m.Load(r.Context(), c.Value)
	if err != nil {
		return nil, false, identity.Errorf(identity.Unavailable, "sessions cannot be read: %w", err)
	}
	return ctx, s.sessions.m.GetString(ctx, keyPerson) != "", nil
}

// begin makes a new session, ends the one the browser had, and sets the cookie.
func (s *SignIn) begin(w http.ResponseWriter, r *http.Request, p *Provider, person *identity.Person, id *oidcrp.Identity) error {
	m := s.sessions.m
	if old, err := r.Cookie(s.cookieName(r, sessionCookie)); err == nil && len(old.Value) == 43 {
		ctx, err := m.Load(r.Context(), old.Value)
		if err != nil {
			return err // else the former session would live on beside the new one
		}
		if err := m.Destroy(ctx); err != nil {
			return err
		}
	}
	ctx := context.WithValue(r.Context(), subjectKey{}, &subject{
		person:  person.ID,
		subject: s.vault.Hash("session subject", id.Issuer, id.Subject),
		sid:     s.vault.Hash("session sid", id.Issuer, id.SessionID),
	})
	ctx, err := m.Load(ctx, "")
	if err != nil {
		return err
	}
	now := s.o.Now()
	m.Put(ctx, keyPerson, person.ID)
	m.Put(ctx, keyName, person.Name)
	m.Put(ctx, keyProvider, p.Name)
	m.Put(ctx, keyLevel, id.Level)
	m.Put(ctx, keyAuth, id.AuthTime.Unix())
	m.Put(ctx, keySeen, now.Unix())
	m.Put(ctx, keyToken, id.IDToken)
	m.SetDeadline(ctx, now.Add(s.o.Lifetime))
	token, _, err := m.Commit(ctx)
	if err != nil {
		return err
	}
	s.setCookie(w, r, sessionCookie, token, 0)
	return nil
}

// person returns who is asking, nil for nobody. A session that is idle for too long,
// or whose official is no longer in service, is nobody's.
func (s *SignIn) person(r *http.Request) (*identity.Person, error) {
	ctx, ok, err := s.load(r)
	if err != nil || !ok {
		return nil, err
	}
	m := s.sessions.m
	p := s.provider(m.GetString(ctx, keyProvider))
	now, seen := s.o.Now(), time.Unix(m.GetInt64(ctx, keySeen), 0)
	if p == nil || now.Sub(seen) > s.o.Idle {
		return nil, m.Destroy(ctx)
	}
	who := &identity.Person{ID: m.GetString(ctx, keyPerson), Kind: p.Kind, Name: m.GetString(ctx, keyName)}
	if p.Kind == identity.Official {
		// The session stays: a mistake in the directory, once corrected, costs nobody
		// a sign-in.
		if who, ok = s.officials.Serving(who.ID, s.o.Law()); !ok {
			return nil, nil
		}
	}
	who.Assurance = m.GetInt(ctx, keyLevel)
	who.SignedInAt = time.Unix(m.GetInt64(ctx, keyAuth), 0)
	if now.Sub(seen) > touchEvery {
		m.Put(ctx, keySeen, now.Unix())
		if _, _, err := m.Commit(ctx); err != nil {
			return nil, identity.Errorf(identity.Unavailable, "the session cannot be written: %w", err)
		}
	}
	return who, nil
}
