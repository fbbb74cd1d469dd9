package endtoend

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAsNobody asks the assembled server for everything without a session.
func TestAsNobody(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.file()
	b := newBrowser(t, c.srv.url)
	for path, want := range map[string]int{
		"/": 200, "/en/": 200, "/thu-tuc/2.000815": 200, "/thu-tuc/9.999999": 404, "/tra-cuu": 200, "/kiem-tra": 200, "/thanh-toan/ve": 200,
		"/auth/login": 200, "/auth/nobody/callback": 404, "/static/none.css": 404, "/nowhere": 404, "/.git/config": 404, "/metrics": 404,
		"/debug/pprof/": 404, "/thanh-toan/thong-bao/": 404, "/ho-so": 401, "/ho-so/moi/2.000815": 401, mine(id): 401, mine(id) + "/sua": 401,
		mine(id) + "/kiem-tra": 401, "/can-bo": 401, official(id): 401, "/giay-to/" + id + "/x": 401, "/nhat-ky": 401,
		mine("..%2f..%2fetc"): 404, mine(id) + "/buoc": 405,
	} {
		assert.Equal(t, want, b.get(path).status, path)
	}
	for _, path := range []string{mine(id) + "/buoc", mine(id) + "/sua", mine(id) + "/thanh-toan", official(id) + "/buoc",
		official(id) + "/ky", official(id) + "/ban-quet", official(id) + "/thu-tien", "/ho-so/moi/2.000815"} {
		f := &form{page: b.get("/"), action: path, values: url.Values{"event": {"receive"}, "version": {"2"}, "key": {"K"}}}
		assert.Equal(t, http.StatusUnauthorized, b.post(f).status, path)
		req := c.reception.request(f)
		req.Header.Set("Origin", "http://evil.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		assert.Equal(t, http.StatusForbidden, c.reception.do(req).status, "%s from another site, with an official's cookie", path)
	}
	// The citizen at the officials' pages, officials at the citizen's, another commune's official.
	assert.Equal(t, http.StatusForbidden, c.citizen.get(official(id)).status)
	assert.Equal(t, http.StatusForbidden, c.citizen.get("/can-bo").status)
	assert.Contains(t, []int{403, 404}, c.reception.get(mine(id)).status)
	assert.Equal(t, http.StatusNotFound, signIn(t, c.srv.url, "official", "Lê Thị Hoa").get(official(id)).status)
	assert.Equal(t, http.StatusNotFound, signIn(t, c.srv.url, "citizen", "Điểu Minh").get(mine(id)).status)
	assert.Equal(t, "requested", c.state(id))
	c.close()
}

// TestNoGetChangesAnything follows every link a citizen and an official find and
// compares the books before and after. Sessions, the journal of openings and jobs
// go on with any request.
func TestNoGetChangesAnything(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.owing()
	other := c.file()
	require.Eventually(t, func() bool {
		return c.citizen.get(mine(id)).paper("receipt_slip") != ""
	}, patience, 100*time.Millisecond)
	db := books(t, c.data, "")
	left := []string{"identity_sessions", "identity_used", "identity_openings", "identity_heads"}
	tables := slices.DeleteFunc(texts(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"), func(name string) bool {
		return strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "sqlite_") || slices.Contains(left, name)
	})
	snapshot := func() map[string][]string {
		out := map[string][]string{}
		for _, table := range tables {
			columns := strings.Join(texts(t, db, "SELECT 'coalesce(quote(' || name || '), 1)' FROM pragma_table_info('%s')", table), " || '|' || ")
			out[table] = texts(t, db, "SELECT %s FROM %s ORDER BY 1", columns, table)
		}
		return out
	}
	require.Greater(t, len(tables), 20)
	before := snapshot()
	require.NotEmpty(t, before["workflow_history"])
	for b, start := range map[*browser][]string{
		c.citizen:   {"/", "/ho-so", mine(id), mine(other)},
		c.certifier: {"/can-bo", official(id), official(other)},
	} {
		seen := map[string]bool{}
		for queue := start; len(queue) > 0 && len(seen) < 80; queue = queue[1:] {
			if seen[queue[0]] {
				continue
			}
			seen[queue[0]] = true
			p := b.get(queue[0])
			assert.Less(t, p.status, 500, queue[0])
			queue = append(queue, links(p)...)
		}
		assert.Greater(t, len(seen), 8, "links were followed")
	}
	// And the addresses of forms, asked with GET.
	for _, path := range []string{mine(id) + "/buoc?event=withdraw&version=5&key=K",
		official(id) + "/buoc?event=stop&version=5&key=K&reason=x", mine(id) + "/thanh-toan?version=5&key=K",
		official(id) + "/thu-tien?version=5&key=K"} {
		assert.Equal(t, http.StatusMethodNotAllowed, c.certifier.get(path).status, path)
	}
	after := snapshot()
	for _, table := range tables {
		assert.Equal(t, before[table], after[table], "a GET changed %s", table)
	}
	c.close()
}

// links are the addresses of a page on its own server, sign-in apart.
func links(p *answer) []string {
	var out []string
	for n := range p.root.Descendants() {
		if href := attr(n, "href"); n.Data == "a" && href != "" {
			u, err := p.url.Parse(href)
			if err == nil && u.Host == p.url.Host && !strings.HasPrefix(u.Path, "/auth/") {
				out = append(out, u.RequestURI())
			}
		}
	}
	return out
}
