package endtoend

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSimulatorsApart runs the simulators in one process and the province in
// another, which knows of them what province.yaml says and nothing else.
func TestSimulatorsApart(t *testing.T) {
	t.Parallel()
	sim := filepath.Join(t.TempDir(), "sim")
	sims := launch(t, raced, t.TempDir(), "sim", "--data", sim)
	line, more := sims.line(t)
	require.True(t, more, "the simulators do not start")
	assert.Contains(t, line, "province.yaml")
	dir := t.TempDir()
	raw, err := os.ReadFile(filepath.Join(sim, "province.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "province.yaml"), raw, 0o600))

	srv := serving(t, raced, dir, "--no-sim", "--config", "province.yaml")
	out := filepath.Join(t.TempDir(), "certified.pdf")
	r := run(t, "demo", "--url", srv.url, "--out", out)
	require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
	assert.GreaterOrEqual(t, len(r.lines()), 9)
	_, code := judge(t, out, "--trust", filepath.Join(sim, "trust", "root.pem"))
	assert.Zero(t, code)
	data := filepath.Join(dir, ".motcua")
	assert.NoDirExists(t, filepath.Join(data, "trust"), "the province has no simulator's keys")
	assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, "audit", "--data", data, "--json"))
	t.Run("trial mark", func(t *testing.T) { assert.Contains(t, textOf(t, out, 3, 3), trialMark) })
	srv.stop(t)
	sims.stop(t)
}

// interrupted is a sign-in that stops before the province hears the answer.
func interrupted(t *testing.T, srv *server) (b *browser, callback *url.URL, cookies []*http.Cookie) {
	t.Helper()
	b = newBrowser(t, srv.url)
	f := b.get("/auth/login?provider=citizen").form("")
	f.values.Set("person", f.buttons[0].value)
	b.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(req.URL.Path, "/callback") && req.URL.Host == b.base.Host {
			callback = req.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	b.post(f)
	b.client.CheckRedirect = nil
	require.NotNil(t, callback, "the provider does not answer")
	return b, callback, b.client.Jar.Cookies(callback)
}

func TestSignInIsOnesOwn(t *testing.T) {
	t.Parallel()
	srv := serve(t, filepath.Join(t.TempDir(), "data"))
	none := func(b *browser, at *url.URL, why string) {
		t.Helper()
		p := b.get(at.String())
		assert.GreaterOrEqual(t, p.status, 400, why)
		assert.Equal(t, http.StatusUnauthorized, b.get("/ho-so").status, why)
	}
	with := func(cookies []*http.Cookie, at *url.URL) *browser {
		b := newBrowser(t, srv.url)
		b.client.Jar.SetCookies(at, cookies)
		return b
	}
	a, callback, cookies := interrupted(t, srv)
	none(newBrowser(t, srv.url), callback, "a browser that began no sign-in")

	b, other, otherCookies := interrupted(t, srv)
	mixed := *other
	q := mixed.Query()
	q.Set("state", callback.Query().Get("state"))
	mixed.RawQuery = q.Encode()
	none(with(otherCookies, other), &mixed, "the state of another's sign-in")

	assert.Equal(t, http.StatusOK, a.get(callback.String()).status)
	assert.Equal(t, http.StatusOK, a.get("/ho-so").status, "the browser that began it gets in")
	none(with(cookies, callback), callback, "the same answer a second time")

	q = other.Query()
	q.Set("code", callback.Query().Get("code"))
	replayed := *other
	replayed.RawQuery = q.Encode()
	none(b, &replayed, "a code that was used, under a state of one's own")
	srv.stop(t)
}

// Signing out ends the session here: the former cookie opens nothing.
func TestFormerCookie(t *testing.T) {
	t.Parallel()
	srv := serve(t, filepath.Join(t.TempDir(), "data"))
	b := signIn(t, srv.url, "citizen", citizen)
	former := b.client.Jar.Cookies(b.base)
	require.NotEmpty(t, former)
	page := b.get("/ho-so")
	require.Equal(t, http.StatusOK, page.status)
	out := b.post(page.form("dang-xuat"))
	assert.Equal(t, "message", out.main("data-page"))
	assert.Contains(t, out.text(), "Bạn đã đăng xuất.")
	assert.Equal(t, http.StatusUnauthorized, b.get("/ho-so").status)
	again := newBrowser(t, srv.url)
	again.client.Jar.SetCookies(again.base, former)
	assert.Equal(t, http.StatusUnauthorized, again.get("/ho-so").status)
	srv.stop(t)
}

// What the sign-in says is said in the province's looks.
func TestPagesOfTheSignIn(t *testing.T) {
	t.Parallel()
	srv := serve(t, filepath.Join(t.TempDir(), "data"))
	b := newBrowser(t, srv.url)
	p := b.get("/auth/login?return=/ho-so")
	assert.Equal(t, "message", p.main("data-page"))
	assert.Equal(t, http.StatusOK, p.status)
	assert.Contains(t, p.text(), "Đăng nhập bằng VNeID")
	assert.Contains(t, p.text(), "Đăng nhập dành cho cán bộ")
	assert.Contains(t, b.get("/auth/login?return=/en/ho-so").text(), "Sign in with VNeID")

	p = b.post(b.get("/auth/login?provider=citizen").form(""), "cancel", "1")
	assert.Equal(t, b.base.Host, p.url.Host)
	assert.Equal(t, "message", p.main("data-page"))
	assert.Contains(t, p.text(), "Bạn đã hủy đăng nhập.")
	p = b.get("/auth/citizen/callback?code=x&state=foreign")
	assert.Equal(t, http.StatusBadRequest, p.status)
	assert.Equal(t, "message", p.main("data-page"))
	srv.stop(t)
}

func TestNoIdentityFromHeaders(t *testing.T) {
	t.Parallel()
	srv := serve(t, filepath.Join(t.TempDir(), "data"))
	b := newBrowser(t, srv.url)
	for name, value := range map[string]string{
		"X-User": "cb-0001", "Remote-User": "cb-0001", "X-Remote-User": "cb-0001", "X-Forwarded-User": "cb-0001",
		"X-Auth-Request-User": "cb-0001", "X-Forwarded-Email": "lan@example.org", "X-Ssl-Client-Verify": "SUCCESS",
		"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYi0wMDAxIn0.",
		"Cookie":        "session=cb-0001; user=cb-0001; motcua_session=cb-0001",
	} {
		for _, path := range []string{"/ho-so", "/can-bo", "/nhat-ky", "/giay-to/A/B"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.url+path, nil)
			require.NoError(t, err)
			req.Header.Set(name, value)
			p := b.do(req)
			assert.Equal(t, http.StatusUnauthorized, p.status, "%s %s", path, name)
			assert.NotContains(t, string(p.body), "dang-xuat", "nobody is signed in")
		}
	}
	srv.stop(t)
}
