package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/portal"
)

func TestHeadersOfPages(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.received()
	for who, paths := range map[string][]string{"": {"/", "/tra-cuu", "/ho-so", "/nirgends", "/en"}, "lan": {"/ho-so", "/ho-so/" + id},
		"hoa": {"/can-bo", "/can-bo/ho-so/" + id}} {
		for _, path := range paths {
			v := b.as(who).get(path)
			csp := v.header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
				"form-action 'self' " + b.gateway.URL} {
				assert.Contains(t, csp, want, path)
			}
			assert.NotContains(t, csp, "unsafe", path)
			assert.NotContains(t, csp, "script-src", "none is allowed by default-src")
			assert.Equal(t, "nosniff", v.header.Get("X-Content-Type-Options"), path)
			assert.Equal(t, "same-origin", v.header.Get("Referrer-Policy"), path)
			assert.Equal(t, "no-store", v.header.Get("Cache-Control"), path)
			assert.Equal(t, "max-age=31536000", v.header.Get("Strict-Transport-Security"), path)
			assert.Empty(t, v.header.Get("Refresh"), path)
			assert.Empty(t, v.header.Values("Set-Cookie"), "cookies are sign-in's")
		}
	}
	v := b.as("").open("/")
	assert.Contains(t, textOf(v.id("ban-thu-nghiem")), "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ")
}

func TestPlainHTTPAsksForNoHSTS(t *testing.T) {
	t.Parallel()
	b := setup(t, plain, func(_ *portal.Parts, o *portal.Options) { o.PublicURL, o.Trial = "http://127.0.0.1:8080", false })
	v := b.as("").open("/")
	assert.Empty(t, v.header.Get("Strict-Transport-Security"))
	assert.Nil(t, v.id("ban-thu-nghiem"))
}

func TestHeadersOfDownloads(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.received()
	b.effects()
	slip := b.as("lan").open("/ho-so/" + id).papers("receipt_slip")[0]
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		v := b.as("lan").request(method, slip, nil)
		assert.Equal(t, http.StatusOK, v.status)
		assert.Equal(t, "application/pdf", v.header.Get("Content-Type"))
		assert.Equal(t, `attachment; filename="giay-tiep-nhan.pdf"`, v.header.Get("Content-Disposition"))
		assert.True(t, strings.HasPrefix(v.header.Get("Content-Security-Policy"), "sandbox; default-src 'none'"))
		assert.Equal(t, "nosniff", v.header.Get("X-Content-Type-Options"))
		assert.Equal(t, "same-origin", v.header.Get("Cross-Origin-Resource-Policy"))
		assert.Equal(t, "no-store", v.header.Get("Cache-Control"))
		assert.Equal(t, method == http.MethodHead, v.text == "")
	}
}

func TestStaticFilesAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	page := b.as("").open("/")
	var css string
	for _, l := range page.all("link") {
		if attr(l, "rel") == "stylesheet" {
			css = attr(l, "href")
		}
	}
	v := b.as("").get(css)
	require.Equal(t, http.StatusOK, v.status)
	assert.Equal(t, "text/css; charset=utf-8", v.header.Get("Content-Type"))
	assert.Equal(t, "public, max-age=31536000, immutable", v.header.Get("Cache-Control"))
	assert.Less(t, len(v.text)+len(page.text), 100<<10, "a page with its style stays under 100 KB")
	assert.Equal(t, http.StatusMethodNotAllowed, b.as("").post(css, nil).status)
}

func TestCrossOriginPostsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	lan := b.as("lan")
	_, values := lan.open("/ho-so/" + id).fill("withdraw")
	before := b.rows()
	for _, head := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		v := lan.request(http.MethodPost, "/ho-so/"+id+"/buoc", strings.NewReader(values.Encode()),
			append(head, "Content-Type", "application/x-www-form-urlencoded")...)
		assert.Equal(t, http.StatusForbidden, v.status, head)
		assert.Equal(t, "cross_origin", attr(v.id("su-co"), "data-problem"))
	}
	assert.Equal(t, before, b.rows())
	v := lan.request(http.MethodPost, "/ho-so/"+id+"/buoc", strings.NewReader(values.Encode()), "Sec-Fetch-Site", "same-origin",
		"Content-Type", "application/x-www-form-urlencoded")
	assert.Equal(t, http.StatusSeeOther, v.status)
}

func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	nobody := b.as("")
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"POST", "/", 405, "GET, HEAD"},
		{"DELETE", "/tra-cuu", 405, "GET, HEAD, POST"},
		{"GET", "/ho-so/x/buoc", 405, "POST"},
		{"GET", "/ho-so/moi/" + procedure + "/", 404, ""},
		{"GET", "//evil.example/", 404, ""},
		{"GET", "/\\evil.example", 404, ""},
		{"GET", "/ho-so//sua", 404, ""},
		{"GET", "/" + strings.Repeat("a", 600), 404, ""},
		{"GET", "/enough", 404, ""},
	} {
		v := nobody.request(c.method, b.server.URL+c.path, nil)
		assert.Equal(t, c.status, v.status, "%s %s", c.method, c.path)
		assert.Equal(t, c.allow, v.header.Get("Allow"), "%s %s", c.method, c.path)
		assert.Equal(t, "trouble", v.mark("data-page"))
	}
	assert.Empty(t, nobody.request(http.MethodHead, "/", nil).text)
}

func TestSignInComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	v := b.as("").get("/ho-so?nhom=can-lam")
	assert.Equal(t, http.StatusUnauthorized, v.status)
	assert.Equal(t, "/dang-nhap?return="+url.QueryEscape("/ho-so?nhom=can-lam"), attr(v.id("dang-nhap"), "href"))
	// a session that died while somebody typed: the text is shown, nothing is done
	id := b.file()
	before := b.rows()
	v = b.as("").post("/ho-so/"+id+"/buoc", url.Values{"event": {"supply"}, "version": {"2"}, "key": {"k"}, "note": {"Trang 2 chụp lại"}})
	assert.Equal(t, http.StatusUnauthorized, v.status)
	assert.Contains(t, textOf(v.id("da-nhap")), "Trang 2 chụp lại")
	assert.Equal(t, "/dang-nhap?return=%2F", attr(v.id("dang-nhap"), "href"))
	assert.Equal(t, before, b.rows())
}

func TestPanicIsAnIncident(t *testing.T) {
	t.Parallel()
	b := setup(t, plain, func(p *portal.Parts, _ *portal.Options) { p.Verify = nil; p.SignIn = panics{} })
	v := b.as("lan").get("/ho-so")
	assert.Equal(t, http.StatusInternalServerError, v.status)
	assert.Len(t, attr(v.id("su-co"), "data-incident"), 10)
	assert.NotContains(t, v.text, "secret")
	assert.Equal(t, http.StatusNotFound, b.as("").get("/kiem-tra").status, "without a verifier there is no such page")
}

type panics struct{}

func (panics) Require(http.Handler) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })
}
