package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const lines = "dossier C-1\n" +
	"request\tmột người\trequested\tt-0\n" +
	"receive\tmột người\treceived\tt-1\n" +
	"scan\tKý\treceived\tnow-3\n" +
	"compare\tmột người\tcompared\tt-3\n" +
	"ask_fee\tmột người\tawaiting_fee\tt-4\n" +
	"pay\tLan\tawaiting_fee\tnow-6\n" +
	"fee_settled\tmột người\tsigning\tt-5\n" +
	"sign\tKý\tsigning\tnow-7\n" +
	"seal\tDấu\tcertified\tnow-8\n" +
	"certified\tmột người\tcertified\tt-7\n" +
	"return_result\tmột người\treturned\tt-8\n"

// The whole story, line by line.
func TestStory(t *testing.T) {
	t.Parallel()
	f, dir := newFake(t), t.TempDir()
	out, err := f.run(dir)
	require.NoError(t, err)
	f.finished(dir)
	assert.Equal(t, "%PDF-scan", string(f.scan))
	assert.Equal(t, lines, out)
	assert.NotContains(t, f.asked, "POST /ho-so/d1/hoi", "a fresh dossier has not been paid before")
}

// breaks are what can happen to one request. The province may have done what it
// was asked or not: a browser cannot know.
var breaks = map[string]breaking{
	"cut": func(f *fake, _ http.HandlerFunc, w http.ResponseWriter, _ *http.Request) { half(f, w) },
	"lost": func(f *fake, serve http.HandlerFunc, w http.ResponseWriter, r *http.Request) {
		serve(httptest.NewRecorder(), r)
		half(f, w)
	},
	"502": func(_ *fake, _ http.HandlerFunc, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "bad gateway", http.StatusBadGateway)
	},
	"text": func(_ *fake, _ http.HandlerFunc, w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	},
	"empty": func(f *fake, _ http.HandlerFunc, w http.ResponseWriter, _ *http.Request) { f.html(w, 200, "") },
}

type breaking = func(f *fake, serve http.HandlerFunc, w http.ResponseWriter, r *http.Request)

// half answers half a page and closes the connection.
func half(f *fake, w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	require.True(f.t, ok)
	c, _, err := h.Hijack()
	require.NoError(f.t, err)
	_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999\r\n\r\n<main>")
	require.NoError(f.t, err)
	require.NoError(f.t, c.Close())
}

// TestEachRequestFails has each request of the story go wrong, one a run. The run
// ends with an error or goes on to the end, and never says that it has finished
// when it has not; the next run finishes the same dossier.
func TestEachRequestFails(t *testing.T) {
	t.Parallel()
	begin := map[string]func(*testing.T) *fake{"anew": newFake, "draft": func(t *testing.T) *fake {
		f := newFake(t)
		f.exists, f.state = true, "draft" // cut short before it was filled in
		return f
	}}
	for begun, open := range begin {
		whole := open(t)
		_, err := whole.run(t.TempDir())
		require.NoError(t, err)
		total := len(whole.asked)
		require.Greater(t, total, 40)
		if begun == "draft" {
			total = 20 // from there on one story is as the other
		}
		for name, strike := range breaks {
			for n := 1; n <= total; n++ {
				t.Run(begun+" "+name+" "+strconv.Itoa(n), func(t *testing.T) {
					t.Parallel()
					eachFails(t, open(t), name, n, strike)
				})
			}
		}
	}
}

func eachFails(t *testing.T, f *fake, name string, n int, strike breaking) {
	t.Helper()
	dir, struck := t.TempDir(), false
	f.before = func(i int, w http.ResponseWriter, r *http.Request) bool {
		if i != n {
			return false
		}
		struck = true
		serve := f.serve
		if r.Host == f.pay.Listener.Addr().String() {
			serve = f.gateway
		}
		strike(f, serve, w, r)
		return true
	}
	_, err := f.run(dir)
	require.True(t, struck)
	if name == "cut" || name == "lost" {
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "an answer that is not whole is none")
	}
	if err != nil {
		assert.NoFileExists(t, dir+"/out.pdf")
		_, err = f.run(dir)
		require.NoError(t, err, "the next run goes on")
	}
	f.finished(dir)
}
