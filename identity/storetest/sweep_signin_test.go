package storetest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// told turns an answer into an error: 5xx is how a browser or a provider hears of a
// database that failed.
func told(a answer, want int) error {
	switch {
	case a.status == want:
		return nil
	case a.status >= http.StatusInternalServerError:
		return fmt.Errorf("answered %d: %w", a.status, sqltest.ErrInjected)
	}
	return fmt.Errorf("answered %d, not %d: %s", a.status, want, a.body)
}

// vouched is what the provider says of somebody nobody has seen before.
func vouched(x fresh) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) {
		a.Claims["sub"], a.Claims["sid"] = x.key, x.key
		a.Claims["SoDinhDanh"], a.Claims["HoVaTen"] = x.citizenID, "An"
	}
}

// in returns a browser with a session.
func (s *site) in(t *testing.T, x fresh) *browser {
	t.Helper()
	br := s.browser(t)
	require.Equal(t, http.StatusSeeOther, br.signIn("citizen", vouched(x)).status)
	return br
}

// with returns another browser that has the session's cookie.
func (s *site) with(t *testing.T, session string) *browser {
	t.Helper()
	br := s.browser(t)
	u, err := url.Parse(s.server.URL)
	require.NoError(t, err)
	br.c.Jar.SetCookies(u, []*http.Cookie{{Name: "motcua_session", Value: session, Path: "/"}})
	return br
}

// signInUses are what a browser can ask for.
var signInUses = map[string]func(t *testing.T, s *site, x fresh) sqltest.Use{
	"sign-in of a citizen": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.browser(t)
		return func(context.Context) error {
			if err := told(br.signIn("citizen", vouched(x)), http.StatusSeeOther); err != nil {
				assert.Empty(t, br.session(), "no session without a success")
				return err
			}
			return told(br.get("/private"), http.StatusOK)
		}
	},
	"sign-in that ends a former session": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		former := s.with(t, br.session())
		return func(context.Context) error {
			if err := told(br.signIn("citizen", vouched(x)), http.StatusSeeOther); err != nil {
				return err
			}
			if err := told(former.get("/private"), http.StatusUnauthorized); err != nil {
				return err
			}
			return told(br.get("/private"), http.StatusOK)
		}
	},
	"sign-in of an official": func(t *testing.T, s *site, _ fresh) sqltest.Use {
		br := s.browser(t)
		return func(context.Context) error {
			if err := told(br.signIn("official", nil), http.StatusSeeOther); err != nil {
				return err
			}
			return told(br.get("/private"), http.StatusOK)
		}
	},
	"sign-in of no official": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.browser(t)
		return func(context.Context) error { return told(br.signIn("official", vouched(x)), http.StatusForbidden) }
	},
	"answer used before": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.browser(t)
		path := br.toProvider("/auth/login?provider=citizen", "citizen", vouched(x))
		u, err := url.Parse(s.server.URL)
		require.NoError(t, err)
		kept := br.c.Jar.Cookies(u)
		require.Equal(t, http.StatusSeeOther, br.get(path).status)
		return func(context.Context) error {
			thief := s.browser(t)
			thief.c.Jar.SetCookies(u, kept)
			return told(thief.get(path), http.StatusBadRequest)
		}
	},
	"page for those signed in": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		return func(context.Context) error { return told(br.get("/private"), http.StatusOK) }
	},
	"page for nobody's cookie": func(t *testing.T, s *site, _ fresh) sqltest.Use {
		br := s.with(t, strings.Repeat("A", 43))
		return func(context.Context) error { return told(br.get("/private"), http.StatusUnauthorized) }
	},
	"page for everybody": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		return func(context.Context) error {
			a := br.get("/public")
			assert.NotEqual(t, "nobody", a.body)
			return told(a, http.StatusOK)
		}
	},
	"page for a higher level": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.browser(t)
		br.signIn("citizen", func(a *hostileidp.Answer) { vouched(x)(a); a.Claims["acr"] = "LoA1" })
		return func(context.Context) error { return told(br.get("/high"), http.StatusForbidden) }
	},
	"page after a while": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		s.clock.Add(2 * time.Minute) // the session's use is written
		return func(context.Context) error { return told(br.get("/private"), http.StatusOK) }
	},
	"page after too long": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		s.clock.Add(31 * time.Minute) // the session is removed
		return func(context.Context) error { return told(br.get("/private"), http.StatusUnauthorized) }
	},
	"person": func(t *testing.T, s *site, x fresh) sqltest.Use {
		session := s.in(t, x).session()
		return func(ctx context.Context) error {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/", nil)
			r.AddCookie(&http.Cookie{Name: "motcua_session", Value: session})
			p, err := s.signIn.Person(r)
			assert.Equal(t, err == nil, p != nil)
			assert.Equal(t, err != nil, identity.CodeOf(err) == identity.Unavailable)
			return err
		}
	},
	"sign-out": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		former := s.with(t, br.session())
		return func(context.Context) error {
			if err := told(br.post("/auth/logout", nil), http.StatusSeeOther); err != nil {
				return err
			}
			return told(former.get("/private"), http.StatusUnauthorized)
		}
	},
	"sign-out of nobody": func(t *testing.T, s *site, _ fresh) sqltest.Use {
		br := s.with(t, strings.Repeat("A", 43))
		return func(context.Context) error { return told(br.post("/auth/logout", nil), http.StatusSeeOther) }
	},
	"end sessions": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		id := strings.Fields(br.get("/private").body)[1]
		return func(ctx context.Context) error {
			if err := s.signIn.EndSessions(ctx, id); err != nil {
				return err
			}
			return told(br.get("/private"), http.StatusUnauthorized)
		}
	},
	"sweep": func(t *testing.T, s *site, x fresh) sqltest.Use {
		s.in(t, x)
		s.clock.Add(13 * time.Hour)
		return func(ctx context.Context) error {
			if err := s.signIn.Sweep(ctx); err != nil {
				return err
			}
			n := -1
			err := s.db.Read.QueryRowContext(ctx,
				`SELECT (SELECT count(*) FROM identity_sessions) + (SELECT count(*) FROM identity_used)`).Scan(&n)
			assert.Equal(t, err == nil, n == 0)
			return err
		}
	},
	"provider ends a session":            backchannel(func(c map[string]any) { delete(c, "sub") }),
	"provider ends a subject's sessions": backchannel(func(c map[string]any) { delete(c, "sid") }),
	"provider ends a subject's session":  backchannel(func(map[string]any) {}),
	"provider's word used before": func(t *testing.T, s *site, x fresh) sqltest.Use {
		br := s.in(t, x)
		token := s.logoutToken(func(c map[string]any) { c["sub"], c["sid"] = x.key, x.key })
		require.Equal(t, http.StatusOK, br.post("/auth/citizen/backchannel", token).status)
		return func(context.Context) error {
			return told(br.post("/auth/citizen/backchannel", token), http.StatusBadRequest)
		}
	},
}

// backchannel sends a logout token until it is taken: one that ended nothing is not
// used up.
func backchannel(change func(map[string]any)) func(t *testing.T, s *site, x fresh) sqltest.Use {
	return func(t *testing.T, s *site, x fresh) sqltest.Use {
		br, taken := s.in(t, x), false
		token := s.logoutToken(func(c map[string]any) { c["sub"], c["sid"] = x.key, x.key; change(c) })
		return func(context.Context) error {
			if !taken {
				if err := told(br.post("/auth/citizen/backchannel", token), http.StatusOK); err != nil {
					return err
				}
			}
			taken = true
			return told(br.get("/private"), http.StatusUnauthorized)
		}
	}
}

// A browser and a provider hear of every fault, and trying again helps.
func TestEveryFaultOfTheSignInIsTold(t *testing.T) {
	t.Parallel()
	eachFaulty(t, func(t *testing.T, b *bundle, f *sqltest.Faults) {
		s, n := newSite(t, b, nil), 0
		for name, use := range signInUses {
			t.Run(name, func(t *testing.T) {
				f.Sweep(t, func(t *testing.T) sqltest.Use {
					n++
					return use(t, s, fresh{key: fmt.Sprint("k-", n), citizenID: fmt.Sprintf("070205%06d", n)})
				})
			})
		}
		b.clean(t)
	})
}
