package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/portal"
)

// Another handler of the server answers in the portal's looks.
func TestMessage(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	m := &portal.Message{
		Status: http.StatusForbidden, Reason: identity.Reason{Code: "gone", VI: "Bạn đã đăng xuất.", EN: "You are signed out."},
		Links:      []portal.MessageLink{{URL: "/auth/login?provider=a&return=%2Fho-so", Text: identity.Text{VI: "Đăng nhập", EN: "Sign in"}}},
		Stylesheet: "/auth/signed-out.css",
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.portal.Say(w, r, m) }))
	t.Cleanup(other.Close)
	nobody := b.as("")

	v := nobody.request(http.MethodGet, other.URL+"/auth/x?return=/enough", nil)
	assert.Equal(t, http.StatusForbidden, v.status)
	assert.Equal(t, "message", v.mark("data-page"))
	assert.Equal(t, "gone", attr(v.id("thong-diep"), "data-reason"))
	assert.Equal(t, "Bạn đã đăng xuất – Cổng dịch vụ công", v.title())
	words := v.words()
	assert.Contains(t, words, "Bạn đã đăng xuất.")
	assert.Contains(t, words, "You are signed out.", "whoever reads no Vietnamese is told, too")
	assert.Contains(t, words, "Đăng nhập")
	assert.Contains(t, textOf(v.id("ban-thu-nghiem")), "BẢN THỬ NGHIỆM")
	assert.Contains(t, v.header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Equal(t, "no-store", v.header.Get("Cache-Control"))
	var links, styles []string
	for _, a := range v.all("a") {
		links = append(links, attr(a, "href"))
	}
	for _, l := range v.all("link") {
		styles = append(styles, attr(l, "href"))
	}
	assert.Contains(t, links, "/auth/login?provider=a&return=%2Fho-so")
	assert.Contains(t, links, "/dang-nhap", "to sign in, but not to come back to a page that is no place")
	assert.Contains(t, links, "/en", "the other language has no page of this address")
	assert.NotContains(t, links, "/en/auth/x?return=/enough")
	assert.Contains(t, styles, "/auth/signed-out.css")

	m.Stylesheet, m.Links = "", nil
	for _, back := range []string{"/en", "/en/ho-so"} {
		v = nobody.request(http.MethodGet, other.URL+"/auth/x?return="+back, nil)
		assert.Equal(t, "You are signed out – Public services", v.title(), back)
		assert.NotContains(t, v.words(), "Bạn đã đăng xuất.")
		assert.Len(t, v.all("link"), len(styles)-1)
	}

	v = nobody.request(http.MethodGet, other.URL+"/auth/x", nil, "Accept", "application/json")
	assert.Equal(t, http.StatusForbidden, v.status)
	assert.Equal(t, "application/problem+json", v.header.Get("Content-Type"))
	var problem struct {
		Code, Detail string
		Status       int
	}
	require.NoError(t, json.Unmarshal([]byte(v.text), &problem))
	assert.Equal(t, "gone", problem.Code)
	assert.Equal(t, "You are signed out.", problem.Detail)
	assert.Equal(t, http.StatusForbidden, problem.Status)
}
