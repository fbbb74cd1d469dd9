package signin

import (
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
	"github.com/motcua/motcua/identity/oidcrp"
)

func site(t testing.TB) *SignIn {
	t.Helper()
	v, err := identity.NewVault(identity.NewVaultKeys())
	require.NoError(t, err)
	s, err := New(nil, v, nil, nil, []*url.URL{{Scheme: "https", Host: "dvc.example"}}, nil, &Options{Home: "/home"})
	require.NoError(t, err)
	return s
}

// Wherever a browser resolves the path, it stays with us: with url.Parse's rules
// and with those of browsers, which take \ for / and drop tabs and line breaks.
func FuzzReturnPath(f *testing.F) {
	for _, s := range []string{"/a", "//evil", `/\evil`, "/\t/evil", "https:evil", "/a?b#c", "/%2f%2fevil", "/．", "\x00/"} {
		f.Add(s)
	}
	s := site(f)
	base := &url.URL{Scheme: "https", Host: "dvc.example", Path: "/auth/citizen/callback"}
	f.Fuzz(func(t *testing.T, wish string) {
		got := s.returnPath(wish)
		browser := strings.NewReplacer("\\", "/", "\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(got))
		for _, path := range []string{got, browser} {
			u, err := base.Parse(path)
			if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || strings.HasPrefix(path, "//") {
				t.Fatalf("%q leads to %v (%v)", wish, u, err)
			}
		}
		if strings.ContainsAny(got, "\r\n") {
			t.Fatalf("%q breaks the header", wish)
		}
	})
}

func TestPendingOpensOnlyWhatWasSealed(t *testing.T) {
	t.Parallel()
	s, other := site(t), site(t)
	value, err := s.seal(&pending{Provider: "citizen", Return: "/a", Attempt: oidcrp.Attempt{State: "st"}})
	require.NoError(t, err)
	p, ok := s.open(value)
	require.True(t, ok)
	assert.Equal(t, "st", p.Attempt.State)
	_, ok = other.open(value)
	assert.False(t, ok, "another vault's")
	for _, bad := range []string{"", "x", value[:len(value)-2], "B" + value[1:], strings.Repeat("A", 20000)} {
		_, ok := s.open(bad)
		assert.False(t, ok)
	}
}

func TestLimiterIsPerAddressAndBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	l := newLimiter(func() time.Time { return now })
	from := func(addr string) bool { return l.allow(&http.Request{RemoteAddr: addr}) }
	for range burst {
		require.True(t, from("192.0.2.1:1000"))
	}
	assert.False(t, from("192.0.2.1:2000"), "another port is the same address")
	assert.True(t, from("192.0.2.2:1000"))
	assert.True(t, from("no port"))
	for i := range maxAddresses {
		l.allow(&http.Request{RemoteAddr: fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)})
	}
	assert.LessOrEqual(t, len(l.fresh)+len(l.previous), maxAddresses)
	now = now.Add(time.Second)
	assert.True(t, from("192.0.2.1:1000"))
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	v, err := identity.NewVault(identity.NewVaultKeys())
	require.NoError(t, err)
	rp, err := oidcrp.New(oidcrp.Config{Issuer: "https://sso.example", ClientID: "x"}, nil)
	require.NoError(t, err)
	good := []*url.URL{{Scheme: "https", Host: "dvc.example"}}
	citizen := Provider{Name: "citizen", RP: rp, Kind: identity.Citizen}
	for name, c := range map[string]struct {
		bases     []*url.URL
		providers []Provider
		o         *Options
	}{
		"no address":                {nil, []Provider{citizen}, nil},
		"address with a path":       {[]*url.URL{{Scheme: "https", Host: "x", Path: "/a"}}, nil, nil},
		"address without a scheme":  {[]*url.URL{{Host: "x"}}, nil, nil},
		"provider twice":            {good, []Provider{citizen, citizen}, nil},
		"provider without a party":  {good, []Provider{{Name: "citizen", Kind: identity.Citizen}}, nil},
		"provider name":             {good, []Provider{{Name: "Citizen/..", RP: rp, Kind: identity.Citizen}}, nil},
		"provider without a kind":   {good, []Provider{{Name: "x", RP: rp}}, nil},
		"officials, no directory":   {good, []Provider{{Name: "x", RP: rp, Kind: identity.Official}}, nil},
		"prefix that is no path":    {good, nil, &Options{Prefix: "auth"}},
		"prefix that is everything": {good, nil, &Options{Prefix: "/"}},
	} {
		_, err := New(nil, v, nil, nil, c.bases, c.providers, c.o)
		assert.ErrorIs(t, err, identity.ErrInvalid, name)
	}
	s, err := New(nil, v, nil, nil, good, []Provider{citizen}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"https://sso.example"}, s.Origins())
	assert.Equal(t, "/auth/logout", s.LogoutPath())
	assert.Equal(t, "/auth/login", s.LoginURL("", "", 0))
	assert.Equal(t, "/auth/login?level=2&provider=citizen&return=%2Fa", s.LoginURL("citizen", "/a", 2))
}

func TestListOfProviders(t *testing.T) {
	t.Parallel()
	v, err := identity.NewVault(identity.NewVaultKeys())
	require.NoError(t, err)
	rp, err := oidcrp.New(oidcrp.Config{Issuer: "https://sso.example", ClientID: "x"}, nil)
	require.NoError(t, err)
	s, err := New(nil, v, nil, nil, []*url.URL{{Scheme: "https", Host: "dvc.example"}}, []Provider{
		{Name: "one", RP: rp, Kind: identity.Citizen}, {Name: "two", RP: rp, Kind: identity.Citizen, Label: identity.Text{VI: "Khác <b>"}},
	}, nil)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	s.Routes().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/login?return=/a", nil))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), "/auth/login?provider=one&amp;return=%2Fa")
	assert.Contains(t, w.Body.String(), "Khác &lt;b&gt;")
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	w = httptest.NewRecorder()
	s.Routes().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/nobody/callback", nil))
	assert.Equal(t, http.StatusNotFound, w.Code)
}
