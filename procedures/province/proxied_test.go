package province

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/province/demo"
)

// proxied serves a province behind a proxy that breaks one request: the n-th from
// the time it is told so, by a cut connection or a 502, before the province has
// heard of it or after it has answered.
type proxied struct {
	url    string
	app    *App
	left   atomic.Int64
	struck atomic.Int64
	how    atomic.Int64
}

func newProxied(t *testing.T) *proxied {
	t.Helper()
	p := &proxied{}
	var forward atomic.Pointer[httputil.ReverseProxy]
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		if p.left.Add(-1) != 0 {
			forward.Load().ServeHTTP(w, r)
			return
		}
		p.struck.Add(1)
		how := p.how.Load()
		if how%2 == 1 { // the province has done it, the answer is lost
			forward.Load().ServeHTTP(httptest.NewRecorder(), r)
		}
		if how < 2 {
			http.Error(w, "bad gateway", http.StatusBadGateway)
			return
		}
		panic(http.ErrAbortHandler)
	})
	p.url = srv.URL
	s, err := newRunner().start(t.Context(), &Config{Data: filepath.Join(t.TempDir(), "data"), Date: lawDay, PublicURL: srv.URL})
	require.NoError(t, err)
	p.app = s.app
	target, err := url.Parse("http://" + s.listener.Addr().String())
	require.NoError(t, err)
	forward.Store(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the address browsers know is the public one
	}})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.app.Serve(ctx, s.listener) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-served)
		assert.NoError(t, s.close())
	})
	return p
}

// A demo of which one request breaks ends with an error or goes on to its end, and
// never says that it has finished when it has not; the next one goes on with the
// same dossier. In the end everything adds up.
func TestDemoBehindABrokenProxy(t *testing.T) {
	t.Parallel()
	p := newProxied(t)
	dir := t.TempDir()
	walk := func(out string) (string, error) {
		var lines bytes.Buffer
		err := demo.Run(t.Context(), &demo.Options{URL: p.url, Out: out, Done: filepath.Join(dir, "done"), Stdout: &lines})
		return lines.String(), err
	}
	dossiers := func() (n int) {
		require.NoError(t, p.app.DB.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM workflow_dossiers").Scan(&n))
		return n
	}
	certified := 0
	for n := int64(1); ; n += 5 {
		p.how.Store(n / 5 % 4)
		p.left.Store(n)
		struck, out := p.struck.Load(), filepath.Join(dir, "out.pdf")
		require.NoError(t, os.RemoveAll(out))
		lines, err := walk(out)
		if err == nil {
			certified++
			raw, err := os.ReadFile(out)
			require.NoError(t, err)
			assert.True(t, bytes.HasPrefix(raw, []byte("%PDF-")))
			assert.Contains(t, lines, "\nreturn_result\t")
		} else {
			assert.NoFileExists(t, out, "request %d: %s", n, err)
		}
		assert.LessOrEqual(t, dossiers(), certified+1, "request %d: a dossier is begun after the one before is finished", n)
		if err == nil && p.struck.Load() == struck {
			break // the story has fewer requests
		}
	}
	p.left.Store(0)
	found, err := p.app.Audit(t.Context())
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.Greater(t, p.struck.Load(), int64(10))
}
