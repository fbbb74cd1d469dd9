package demo

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shown is a page a server answers with, as a browser sees it.
func shown(t *testing.T, kind, body string) (*browser, *page) {
	t.Helper()
	srv := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	})
	base, err := url.Parse(srv.URL)
	require.NoError(t, err)
	b, err := newBrowser(base, time.Minute)
	require.NoError(t, err)
	p, err := b.get(t.Context(), "/a")
	require.NoError(t, err)
	return b, p
}

// A page that is no HTML has nothing to look for, and nothing breaks over it.
func TestPageWithoutHTML(t *testing.T) {
	t.Parallel()
	_, p := shown(t, "text/plain", `<main data-state="x"><form method="post"></form>`)
	assert.Nil(t, p.form(""))
	assert.Nil(t, p.form("x"))
	assert.Empty(t, p.main("data-state"))
	assert.Empty(t, p.paper("result"))
	assert.Empty(t, p.options("unit"))
	assert.Equal(t, "status 200", p.trouble())
	assert.Equal(t, "status 200", p.refusal())
	require.NoError(t, (&run{}).timeline(p))
}

// A form is found by its event or id, the first that posts without either; it has
// the values a browser would send.
func TestForm(t *testing.T) {
	t.Parallel()
	_, p := shown(t, "text/html", `<form id="get" method="get"></form><form id="dang-xuat" method="post"></form>
		<form id="one" method="POST" action="/one" enctype="multipart/form-data"><input name="a" value="1"><input name="a" value="2">
			<input value="nameless"><input type="file" name="f">
			<input type="checkbox" name="c" value="1"><input type="checkbox" name="d" value="1" checked>
			<input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked><textarea name="t">x
			y</textarea><select name="s"><option value="1"></option><option value="2" selected></option><option value="3"></option></select>
			<select name="u"><option value="1"></option><option value="2"></option></select><select name="v"></select>
			<button name="b" value="1">Một  hai</button></form>
		<form data-event="two" method="post"></form>`)
	assert.Nil(t, p.form("get"))
	assert.NotNil(t, p.form("two"))
	assert.NotNil(t, p.form("dang-xuat"), "by its name")
	assert.Nil(t, p.form("three"))
	f := p.form("")
	require.NotNil(t, f)
	assert.Equal(t, "/one", f.action)
	assert.True(t, f.multipart)
	assert.False(t, p.form("two").multipart)
	assert.Equal(t, "f", f.file)
	assert.Equal(t, []button{{"b", "1", "Một hai"}}, f.buttons)
	assert.Equal(t, url.Values{"a": {"1", "2"}, "d": {"1"}, "r": {"2"}, "t": {"x y"}, "s": {"2"}, "u": {"1"}}, f.values)
	assert.Equal(t, []string{"1", "2", "3"}, p.options("s"))
	assert.Empty(t, p.options("none"))
}

func TestPaperAndTrouble(t *testing.T) {
	t.Parallel()
	_, p := shown(t, "text/html", `<ul><li data-kind="slip"></li><li data-kind="result"><a href="/r"></a></li></ul>
		<p id="noi-dung">sau</p><p id="loi">`+strings.Repeat("ả", 200)+`</p><p id="f-tep-loi">tệp  hỏng</p>`)
	assert.Equal(t, "/r", p.paper("result"))
	assert.Empty(t, p.paper("slip"), "not drawn yet")
	assert.Empty(t, p.paper("none"))
	assert.Equal(t, "status 200, "+strings.Repeat("ả", 100), p.trouble(), "at most 300 bytes of the error, whole characters")
	assert.Equal(t, "tệp hỏng", p.refusal())
	assert.Empty(t, p.main("data-state"), "no main")
	_, p = shown(t, "text/html", `<p id="noi-dung">`+strings.Repeat("a", 300)+`</p>`)
	assert.Equal(t, "status 200, "+strings.Repeat("a", 300), p.trouble())
	assert.Equal(t, p.trouble(), p.refusal())
}

// An answer has at most 64 MiB.
func TestAnswerAtItsLimit(t *testing.T) {
	t.Parallel()
	b, p := shown(t, "text/plain", strings.Repeat("x", maxPage))
	assert.Len(t, p.body, maxPage)
	srv := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", maxPage+1)) })
	_, err := b.get(t.Context(), srv.URL+"/big")
	require.ErrorContains(t, err, "/big answers more than 67108864 bytes")
}

// A file that cannot be sent is not sent in part: whoever takes the parts may
// fail at each of them.
func TestPartsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	f := &form{values: url.Values{"a": {"1", "2"}}, file: "f", content: []byte("x")}
	for room := 0; ; room++ {
		w := &narrow{room}
		_, err := f.parts(w)
		if w.room > 0 {
			require.NoError(t, err)
			assert.Greater(t, room, 6, "three heads, three bodies and the end")
			return
		}
		if err != nil {
			require.ErrorIs(t, err, io.ErrShortWrite)
		}
	}
}

// What is no address is told, wherever it stands.
func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	b, p := shown(t, "text/html", "<main></main>")
	_, err := b.get(t.Context(), "http://a b")
	require.Error(t, err)
	_, err = b.get(t.Context(), "http://127.0.0.1:1/") // tcpmux: nobody listens
	require.Error(t, err)
	_, err = b.get(t.Context(), "gopher://x/")
	require.ErrorContains(t, err, "gopher")
	_, err = b.submit(t.Context(), &form{page: p, action: "http://a b"})
	require.Error(t, err)
	_, err = b.submit(t.Context(), &form{page: p, action: "gopher://x/"})
	require.ErrorContains(t, err, "gopher")
	for _, address := range []string{"", "nowhere", "http://", "http://a b"} {
		require.ErrorContains(t, Run(t.Context(), &Options{URL: address}), "is no address of a province")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.get(ended, "/a")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, pause(ended, time.Hour), context.Canceled)
	require.NoError(t, pause(t.Context(), time.Nanosecond))
}

// The drawn scan is a PDF and the same each time: a demo that is cut short shows
// what it has shown before.
func TestDrawnScan(t *testing.T) {
	t.Parallel()
	a, err := drawScan()
	require.NoError(t, err)
	b, err := drawScan()
	require.NoError(t, err)
	assert.Equal(t, a, b)
	assert.True(t, strings.HasPrefix(string(a), "%PDF-"))
	assert.Contains(t, string(a), "/Count 2", "two pages, as the form says")
}
