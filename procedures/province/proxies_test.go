package province

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The address is that of the nearest hop that is no proxy of ours, whatever a
// browser has written into the header before.
func TestBrowserBehindProxies(t *testing.T) {
	t.Parallel()
	p, err := parseProxies([]string{"10.1.2.3/8", "192.0.2.7", "2001:db8::/32"})
	require.NoError(t, err)
	seen := ""
	h := p.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.RemoteAddr }))
	for name, c := range map[string]struct {
		peer, forwarded, want string
	}{
		"no proxy":               {"203.0.113.5:4000", "198.51.100.1", "203.0.113.5:4000"},
		"proxy without a header": {"10.0.0.1:4000", "", "10.0.0.1:4000"},
		"one proxy":              {"10.255.0.1:4000", "198.51.100.1", "198.51.100.1:0"},
		"beside the network":     {"11.0.0.1:4000", "198.51.100.1", "11.0.0.1:4000"},
		"a single address":       {"192.0.2.7:4000", "198.51.100.1", "198.51.100.1:0"},
		"beside it":              {"192.0.2.8:4000", "198.51.100.1", "192.0.2.8:4000"},
		"forged before":          {"10.0.0.1:4000", "1.1.1.1, 198.51.100.1", "198.51.100.1:0"},
		"two proxies":            {"10.0.0.1:4000", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1:0"},
		"proxies alone":          {"10.0.0.1:4000", "10.9.9.9", "10.9.9.9:0"},
		"with a port":            {"10.0.0.1:4000", "198.51.100.1:5123", "198.51.100.1:0"},
		"IPv6":                   {"[2001:db8::1]:4000", "2a00::1", "[2a00::1]:0"},
		"IPv6 in brackets":       {"[2001:db8::1]:4000", "[2a00::1]:99", "[2a00::1]:0"},
		"mapped":                 {"[::ffff:10.0.0.1]:4000", "::ffff:198.51.100.1", "198.51.100.1:0"},
		"no address":             {"10.0.0.1:4000", "unknown", "10.0.0.1:4000"},
		"no address before":      {"10.0.0.1:4000", "unknown, 10.9.9.9", "10.9.9.9:0"},
		"a socket":               {"@", "198.51.100.1", "@"},
		"at most twenty": {"10.0.0.1:4000", "198.51.100.1," + strings.Repeat("10.0.0.2,", maxForwarded-1) + "10.0.0.3",
			"10.0.0.2:0"},
		"the twentieth": {"10.0.0.1:4000", "198.51.100.1," + strings.Repeat("10.0.0.2,", maxForwarded-2) + "10.0.0.3",
			"198.51.100.1:0"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		for _, line := range strings.Split(c.forwarded, ", ") { // each hop on a line of its own is the same
			if line != "" {
				r.Header.Add("X-Forwarded-For", line)
			}
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		assert.Equal(t, c.want, seen, name)
		assert.Equal(t, c.peer, r.RemoteAddr, "%s: the request itself is left alone", name)
	}
}

func TestNoProxyIsTrusted(t *testing.T) {
	t.Parallel()
	p, err := parseProxies(nil)
	require.NoError(t, err)
	seen := ""
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.1")
	p.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.RemoteAddr })).ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, r.RemoteAddr, seen)
	for _, bad := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.1:80", "fe80::1%eth0"} {
		_, err := parseProxies([]string{"10.0.0.0/8", bad})
		require.ErrorContains(t, err, "trusted_proxies", bad)
		require.ErrorContains(t, (&Config{TrustedProxies: []string{bad}}).check(), "trusted_proxies", bad)
	}
}
