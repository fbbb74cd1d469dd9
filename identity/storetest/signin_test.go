package storetest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/identity/signin"
)

func TestCitizenSignsInAndOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		a := br.get("/private")
		assert.Equal(t, http.StatusUnauthorized, a.status)
		assert.Contains(t, a.body, `href="/auth/login?provider=citizen&amp;return=%2Fprivate"`)
		assert.Equal(t, "nobody", br.get("/public").body)

		a = br.signIn("citizen", citizen)
		require.Equal(t, http.StatusSeeOther, a.status, a.body)
		assert.Equal(t, "/private", a.to.Path)
		body := br.get("/private").body
		assert.Regexp(t, `^citizen c-[a-z0-9]+ Nguyễn Thị An$`, body)
		assert.Equal(t, body, br.get("/public").body)
		assert.Equal(t, http.StatusOK, br.get("/high").status)

		token := br.session()
		require.NotEmpty(t, token)
		text := s.dump(t, "identity_sessions")
		for _, secret := range []string{token, "070205000001", "Nguyễn", "eyJ"} {
			assert.NotContains(t, text, secret)
		}

		a = br.post("/auth/logout", nil)
		require.Equal(t, http.StatusSeeOther, a.status)
		assert.Equal(t, s.idp.URL+"/end", a.to.Scheme+"://"+a.to.Host+a.to.Path, "the provider's session ends too")
		assert.Contains(t, a.to.Query().Get("id_token_hint"), "eyJ")
		assert.Equal(t, s.server.URL+"/auth/signed-out", a.to.Query().Get("post_logout_redirect_uri"))
		assert.Zero(t, s.count(t, "identity_sessions"))
		assert.Equal(t, http.StatusUnauthorized, br.get("/private").status)

		thief := s.browser(t)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/private", nil)
		require.NoError(t, err)
		req.AddCookie(&http.Cookie{Name: "motcua_session", Value: token})
		assert.Equal(t, http.StatusUnauthorized, thief.do(req).status, "the former cookie is nobody's")

		a = br.get("/auth/signed-out")
		assert.Equal(t, http.StatusOK, a.status)
		assert.Contains(t, a.body, "/auth/signed-out.css")
		assert.Equal(t, `"cache"`, br.get("/auth/signed-out.css").header.Get("Clear-Site-Data"))
		for _, e := range s.logs.All() {
			assert.NotContains(t, e.ContextMap(), "070205000001")
		}
	})
}

func TestCookieIsGuarded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		a := s.browser(t).signIn("citizen", citizen)
		var session string
		for _, c := range a.header.Values("Set-Cookie") {
			if strings.HasPrefix(c, "motcua_session=") {
				session = c
			}
		}
		assert.Contains(t, session, "HttpOnly")
		assert.Contains(t, session, "SameSite=Lax")
		assert.Contains(t, session, "Path=/")
		assert.NotContains(t, session, "Domain")
		assert.NotContains(t, session, "Expires", "it goes with the browser")
		assert.NotContains(t, session, "Secure", "this site has no https")
	})
}

func TestHTTPSCookiesHaveTheHostPrefix(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		idp := hostileidp.New(t, b.clock.Now)
		rp, err := oidcrp.New(oidcrp.Config{Issuer: idp.URL, ClientID: hostileidp.Client, ClientSecret: hostileidp.Secret},
			&oidcrp.Options{Now: b.clock.Now})
		require.NoError(t, err)
		plain, secure := &url.URL{Scheme: "http", Host: "127.0.0.1:80"}, &url.URL{Scheme: "https", Host: "dvc.example"}
		si, err := signin.New(b.db, b.vault, b.people, nil, []*url.URL{secure, plain},
			[]signin.Provider{{Name: "citizen", RP: rp, Kind: identity.Citizen}}, &signin.Options{Now: b.clock.Now})
		require.NoError(t, err)
		for host, want := range map[string]struct{ cookie, redirect string }{
			"dvc.example":  {"__Host-motcua_login_", "https://dvc.example/auth/citizen/callback"},
			"127.0.0.1:80": {"motcua_login_", "http://127.0.0.1:80/auth/citizen/callback"},
			"evil.example": {"__Host-motcua_login_", "https://dvc.example/auth/citizen/callback"},
		} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "http://x/auth/login", nil)
			r.Host = host
			r.Header.Set("X-Forwarded-Host", "evil.example")
			si.Routes().ServeHTTP(w, r)
			require.Equal(t, http.StatusSeeOther, w.Code)
			c := w.Header().Get("Set-Cookie")
			assert.True(t, strings.HasPrefix(c, want.cookie), "%s: %s", host, c)
			assert.Equal(t, strings.HasPrefix(want.cookie, "__Host-"), strings.Contains(c, "Secure"))
			to, err := w.Result().Location()
			require.NoError(t, err)
			assert.Equal(t, want.redirect, to.Query().Get("redirect_uri"), "never from a header")
		}
	})
}

func TestSignInThatWasNotBegunHere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		mine, victim := s.browser(t), s.browser(t)
		noSession := func(br *browser, a answer, why string) {
			t.Helper()
			assert.Equal(t, http.StatusBadRequest, a.status, why)
			assert.Empty(t, br.session(), why)
			assert.Equal(t, http.StatusUnauthorized, br.get("/private").status, why)
		}
		// Login CSRF: the attacker's answer in the victim's browser.
		path := mine.toProvider("/auth/login?provider=citizen", "citizen", citizen)
		noSession(victim, victim.get(path), "foreign state")
		// The victim has a sign-in of their own under way.
		victim.toProvider("/auth/login?provider=citizen", "citizen", citizen)
		noSession(victim, victim.get(path), "foreign state beside an own one")
		noSession(victim, victim.get("/auth/citizen/callback?code=x"), "no state")
		noSession(victim, victim.get("/auth/citizen/callback?code=x&state=y"), "short state")
		// The same answer at the other provider's callback.
		other := strings.Replace(path, "/auth/citizen/", "/auth/official/", 1)
		noSession(mine, mine.get(other), "another provider's callback")
		noSession(mine, mine.get(path), "the cookie was given up with the first use")
		assert.Zero(t, s.count(t, "identity_sessions"))
	})
}

func TestReplayedAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		login := br.get("/auth/login?provider=citizen")
		answer := s.idp.Authorize(t, login.to.String(), citizen)
		path := "/auth/citizen/callback?" + answer.Encode()
		var kept []*http.Cookie
		u, err := url.Parse(s.server.URL)
		require.NoError(t, err)
		kept = append(kept, br.c.Jar.Cookies(u)...)
		require.Equal(t, http.StatusSeeOther, br.get(path).status)
		thief := s.browser(t)
		thief.c.Jar.SetCookies(u, kept)
		hits := s.idp.Hits("/token")
		assert.Equal(t, http.StatusBadRequest, thief.get(path).status, "even with the cookie of the attempt")
		assert.Empty(t, thief.session())
		assert.Equal(t, hits, s.idp.Hits("/token"), "the code is not sent again")
	})
}

func TestDoubleClickMakesOneSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		path := br.toProvider("/auth/login?provider=citizen", "citizen", citizen)
		u, err := url.Parse(s.server.URL)
		require.NoError(t, err)
		cookies := br.c.Jar.Cookies(u)
		var wg sync.WaitGroup
		status := make([]int, 4)
		for i := range status {
			tab := s.browser(t)
			tab.c.Jar.SetCookies(u, cookies)
			wg.Go(func() { status[i] = tab.get(path).status })
		}
		wg.Wait()
		ok := 0
		for _, c := range status {
			if c == http.StatusSeeOther {
				ok++
			}
		}
		assert.Equal(t, 1, ok, "%v", status)
		assert.Equal(t, 1, s.count(t, "identity_sessions"))
	})
}

func TestSessionIsNewAtEachSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		fixed := strings.Repeat("A", 43)
		u, err := url.Parse(s.server.URL)
		require.NoError(t, err)
		br.c.Jar.SetCookies(u, []*http.Cookie{{Name: "motcua_session", Value: fixed, Path: "/"}})
		br.signIn("citizen", citizen)
		first := br.session()
		assert.NotEqual(t, fixed, first, "a planted token stays nobody's")
		br.signIn("citizen", citizen)
		assert.NotEqual(t, first, br.session())
		assert.Equal(t, 1, s.count(t, "identity_sessions"), "the former one is ended")
	})
}

func TestOfficialIsLookedUpAtEachRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		require.Equal(t, http.StatusSeeOther, br.signIn("official", nil).status)
		assert.Equal(t, "official cb-0001 Lê Thị Chi", br.get("/private").body)
		s.staff.dismiss()
		assert.Equal(t, http.StatusUnauthorized, br.get("/private").status)
		assert.Equal(t, "nobody", br.get("/public").body)
		a := s.browser(t).signIn("official", nil)
		assert.Equal(t, http.StatusForbidden, a.status)
		assert.Contains(t, a.body, "danh bạ")
		assert.Zero(t, s.count(t, "identity_people"), "officials are not in the register of citizens")
	})
}

func TestUnknownOfficialGetsNoSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		a := s.browser(t).signIn("official", func(a *hostileidp.Answer) { a.Claims["sub"] = "u2" })
		assert.Equal(t, http.StatusForbidden, a.status)
		assert.Zero(t, s.count(t, "identity_sessions"))
	})
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		br.signIn("citizen", citizen)
		for range 25 { // used every 29 minutes: idle never passes, the lifetime does
			s.clock.Add(29 * time.Minute)
			if br.get("/private").status != http.StatusOK {
				break
			}
		}
		assert.Equal(t, http.StatusUnauthorized, br.get("/private").status)
		br.signIn("citizen", citizen)
		assert.Equal(t, http.StatusOK, br.get("/private").status)
		s.clock.Add(31 * time.Minute)
		assert.Equal(t, http.StatusUnauthorized, br.get("/private").status, "idle")
		br.signIn("citizen", citizen)
		s.clock.Add(13 * time.Hour)
		require.NoError(t, s.signIn.Sweep(ctx))
		assert.Zero(t, s.count(t, "identity_sessions"))
		assert.Zero(t, s.count(t, "identity_used"))
	})
}

func TestEndSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		phone, desk := s.browser(t), s.browser(t)
		phone.signIn("citizen", citizen)
		desk.signIn("citizen", citizen)
		id := strings.Fields(phone.get("/private").body)[1]
		require.NoError(t, s.signIn.EndSessions(ctx, id))
		assert.Equal(t, http.StatusUnauthorized, phone.get("/private").status)
		assert.Equal(t, http.StatusUnauthorized, desk.get("/private").status)
	})
}

// A request that notes its use does not bring back a session ended meanwhile.
func TestEndedSessionIsNotRevived(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		br.signIn("citizen", citizen)
		token := br.session()
		s.clock.Add(2 * time.Minute) // the next request writes
		s.exec(t, `DELETE FROM identity_sessions WHERE person <> $1`, "")
		assert.Equal(t, http.StatusUnauthorized, br.get("/private").status)
		assert.Equal(t, token, br.session())
		assert.Zero(t, s.count(t, "identity_sessions"))
	})
}

func TestAlteredSessionIsNobodys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		one, two := s.browser(t), s.browser(t)
		one.signIn("citizen", citizen)
		two.signIn("official", nil)
		s.exec(t, `UPDATE identity_sessions SET data = (SELECT data FROM identity_sessions WHERE person = $1)`, "cb-0001")
		assert.Equal(t, http.StatusUnauthorized, one.get("/private").status, "an official's session in a citizen's row")
		assert.Equal(t, http.StatusOK, two.get("/private").status)
	})
}

func TestLevels(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		low := func(a *hostileidp.Answer) { citizen(a); a.Claims["acr"] = "LoA1" }
		br.signIn("citizen", low)
		assert.Equal(t, http.StatusOK, br.get("/private").status)
		a := br.get("/high")
		assert.Equal(t, http.StatusForbidden, a.status)
		assert.Contains(t, a.body, "level=2")
		path := br.toProvider("/auth/login?provider=citizen&level=2&return=/high&prompt=login", "citizen", low)
		assert.Equal(t, http.StatusForbidden, br.get(path).status, "the provider gave less than asked")
		path = br.toProvider("/auth/login?provider=citizen&level=2&return=/high", "citizen", citizen)
		a = br.get(path)
		require.Equal(t, http.StatusSeeOther, a.status)
		assert.Equal(t, "/high", a.to.Path)
		assert.Equal(t, http.StatusOK, br.get("/high").status)
	})
}

func TestReturnPath(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, func(o *signin.Options) { o.Home = "/home" })
		for wish, want := range map[string]string{
			"/private": "/private", "/a?b=c&d=%2F": "/a?b=c&d=%2F", "/tra-cuu/h%E1%BB%93-s%C6%A1": "/tra-cuu/h%E1%BB%93-s%C6%A1",
			"": "/home", "//evil.example": "/home", "///evil.example": "/home", `/\evil.example`: "/home", `\\evil.example`: "/home",
			"https:evil.example": "/home", "https://evil.example/": "/home", "javascript:alert(1)": "/home", "evil": "/home",
			"/\t/evil.example": "/home", "/\r\nSet-Cookie: a=b": "/home", "/%5cevil.example": "/home", "/%2f/evil.example": "/home",
			"/%09/evil.example": "/home", "/．．/evil": "/home", "@evil.example": "/home", "/auth/login": "/home", "/auth": "/home",
			"/" + strings.Repeat("a", 2000): "/home", "/a b": "/home",
		} {
			br := s.browser(t)
			a := br.get(br.toProvider("/auth/login?provider=citizen&return="+url.QueryEscape(wish), "citizen", citizen))
			require.Equal(t, http.StatusSeeOther, a.status)
			assert.Equal(t, want, a.header.Get("Location"), "%q", wish)
		}
	})
}

func TestNothingAcceptsAnIdentityFromAHeader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		br.signIn("official", nil)
		token := br.session()
		for _, h := range []string{
			"X-Remote-User", "X-Forwarded-User", "Remote-User", "X-User", "X-Auth-Request-User", "X-Authenticated-User", "From",
			"X-Ssl-Client-S-Dn", "X-Amzn-Oidc-Identity",
		} {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/private", nil)
			require.NoError(t, err)
			req.Header.Set(h, "cb-0001")
			assert.Equal(t, http.StatusUnauthorized, s.browser(t).do(req).status, h)
		}
		for _, v := range []string{"Bearer " + token, "Basic Y2ItMDAwMTp4", "motcua_session " + token} {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/private?motcua_session="+token, nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", v)
			assert.Equal(t, http.StatusUnauthorized, s.browser(t).do(req).status, v)
		}
	})
}

func TestRawUserInfoIsNoSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		br := s.browser(t)
		a := br.post("/auth/citizen/callback", url.Values{"sub": {"u1"}, "SoDinhDanh": {"070205000001"}, "HoVaTen": {"X"}})
		assert.Equal(t, http.StatusMethodNotAllowed, a.status)
		assert.Empty(t, br.session())
		assert.Equal(t, http.StatusMethodNotAllowed, br.get("/auth/logout").status, "a link signs nobody out")
		br.signIn("citizen", citizen)
		a = br.post("/auth/logout", nil, "Sec-Fetch-Site", "cross-site")
		assert.Equal(t, http.StatusForbidden, a.status, "nor does another site's form")
		assert.Equal(t, http.StatusOK, br.get("/private").status)
	})
}

func TestProviderIsDown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		s.idp.Fail("/.well-known/openid-configuration", 502)
		a := s.browser(t).get("/auth/login?provider=citizen")
		assert.Equal(t, http.StatusServiceUnavailable, a.status)
		s.idp.Fail("/.well-known/openid-configuration", 0)
		s.clock.Add(2 * time.Second)
		br := s.browser(t)
		br.signIn("citizen", citizen)
		s.idp.Fail("/.well-known/openid-configuration", 502)
		s.clock.Add(29 * time.Minute)
		a = br.post("/auth/logout", nil)
		require.Equal(t, http.StatusSeeOther, a.status)
		assert.Equal(t, "/end", a.to.Path, "the address is known from before")
		s.idp.Discover("end_session_endpoint", nil)
	})
}

func TestCitizenClaims(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		a := s.browser(t).signIn("citizen", func(a *hostileidp.Answer) { a.Claims["SoDinhDanh"] = "285123456" })
		assert.Equal(t, http.StatusBadRequest, a.status, "a nine-digit number is nobody's id")
		a = s.browser(t).signIn("citizen", func(a *hostileidp.Answer) { a.Claims["SoCMND"], a.Claims["name"] = "285123456", "An" })
		assert.Equal(t, http.StatusSeeOther, a.status, "without a citizen id the subject counts")
		br := s.browser(t)
		br.signIn("citizen", func(a *hostileidp.Answer) {
			citizen(a)
			a.Claims["sub"] = "u7"
			a.Claims["HoVaTen"] = "<script>\u202eAn"
		})
		assert.True(t, strings.HasSuffix(br.get("/private").body, " <script>An"), "a name is text; pages escape it")
		a = s.browser(t).signIn("citizen", func(a *hostileidp.Answer) {
			citizen(a)
			a.Claims["sub"] = "u7"
			a.Claims["SoDinhDanh"] = "070205000002"
		})
		assert.Equal(t, http.StatusForbidden, a.status, "a subject does not change its citizen id")
	})
}

func TestForgedTokenMakesNoSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		for name, change := range map[string]func(*hostileidp.Answer){
			"nonce":       func(a *hostileidp.Answer) { a.Claims["nonce"] = "x" },
			"foreign key": func(a *hostileidp.Answer) { a.Sign = hostileidp.RS256(hostileidp.Foreign()) },
			"audience":    func(a *hostileidp.Answer) { a.Claims["aud"] = "x" },
		} {
			br := s.browser(t)
			a := br.signIn("citizen", change)
			assert.Equal(t, http.StatusBadRequest, a.status, name)
			assert.Empty(t, br.session(), name)
		}
		assert.Zero(t, s.count(t, "identity_sessions"))
		assert.Zero(t, s.count(t, "identity_people"))
	})
}

func TestProgramsGetProblemDocuments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, nil)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/private", nil)
		require.NoError(t, err)
		req.Header.Set("Accept", "application/json")
		a := s.browser(t).do(req)
		assert.Equal(t, http.StatusUnauthorized, a.status)
		assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
		assert.Contains(t, a.body, `"code":"not_signed_in"`)
	})
}

func TestSignInsAreLimited(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		s := newSite(t, b, func(o *signin.Options) { o.Allow = nil })
		br := s.browser(t)
		last := 0
		for range 201 {
			last = br.get("/auth/citizen/callback").status
		}
		assert.Equal(t, http.StatusTooManyRequests, last)
		s.clock.Add(2 * time.Second)
		assert.Equal(t, http.StatusBadRequest, br.get("/auth/citizen/callback").status)
	})
}
