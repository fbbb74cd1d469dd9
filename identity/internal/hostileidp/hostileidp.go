// Package hostileidp is an OpenID provider that lies on request, for tests of the
// relying party. It signs whatever it is told to, under any header, and counts
// what is asked of it.
package hostileidp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Client is what the provider knows its relying party as.
const (
	Client = "motcua"
	Secret = "a secret with : and %"
)

// IdP is the provider. Fields may be changed between requests, under Change.
type IdP struct {
	URL string
	Now func() time.Time

	mu       sync.Mutex
	key      *rsa.PrivateKey
	keys     []jose.JSONWebKey // published
	answers  map[string]*Answer
	discover map[string]any
	hits     map[string]int
	status   map[string]int // by path, overriding 200
	redirect map[string]string
	huge     map[string]bool
	auth     string
}

// Answer is what the provider gives for one code.
type Answer struct {
	Header  map[string]any // of the ID token
	Claims  map[string]any
	Payload []byte // instead of Claims, byte for byte
	// Sign signs the signing input; nil signs with the provider's RSA key (RS256).
	Sign func(input string) []byte
	// Raw replaces the whole token.
	Raw string
	// NoToken leaves the ID token out; TokenType overrides Bearer.
	NoToken   bool
	TokenType string
	UserInfo  map[string]any
	// UserInfoRaw replaces the userinfo body, UserInfoType its media type.
	UserInfoRaw, UserInfoType string
	// Request is the authorization request the code was made for.
	Request url.Values
	access  string
}

// Key is the published RSA key; a shared one keeps tests fast.
var Key = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

// Foreign is a key the provider does not publish.
var Foreign = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

// EC is a P-256 key.
var EC = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// New starts a provider that behaves until told otherwise.
func New(tb testing.TB, now func() time.Time) *IdP {
	tb.Helper()
	i := &IdP{Now: now, key: Key(), answers: map[string]*Answer{}, hits: map[string]int{}, status: map[string]int{},
		redirect: map[string]string{}, huge: map[string]bool{}}
	i.keys = []jose.JSONWebKey{{Key: &i.key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /jwks", i.jwks)
	mux.HandleFunc("GET /jwks2", i.jwks)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", i.userinfo)
	s := httptest.NewServer(i.count(mux))
	tb.Cleanup(s.Close)
	i.URL = s.URL
	i.discover = map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
		"userinfo_endpoint": s.URL + "/userinfo", "jwks_uri": s.URL + "/jwks", "end_session_endpoint": s.URL + "/end",
		"code_challenge_methods_supported":      []string{"plain", "S256"},
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
	}
	return i
}

func (i *IdP) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.hits[r.URL.Path]++
		status, target, huge := i.status[r.URL.Path], i.redirect[r.URL.Path], i.huge[r.URL.Path]
		i.mu.Unlock()
		switch {
		case target != "":
			http.Redirect(w, r, target, http.StatusFound)
		case status != 0:
			http.Error(w, `{"error":"server_error"}`, status)
		case huge:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"x":"`))
			for range 1024 {
				if _, err := w.Write(make([]byte, 1024)); err != nil {
					return
				}
			}
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// Hits says how often a path was asked for.
func (i *IdP) Hits(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.hits[path]
}

// Fail makes a path answer the status, 0 heals it.
func (i *IdP) Fail(path string, status int) { i.set(func() { i.status[path] = status }) }

// Redirect makes a path answer with a redirect.
func (i *IdP) Redirect(path, target string) { i.set(func() { i.redirect[path] = target }) }

// ClientAuth sets how the client must authenticate: "" (basic), "post" or "none".
func (i *IdP) ClientAuth(how string) { i.set(func() { i.auth = how }) }

// Huge makes a path answer a megabyte.
func (i *IdP) Huge(path string) { i.set(func() { i.huge[path] = true }) }

// Discover changes a member of the discovery document; nil removes it.
func (i *IdP) Discover(name string, v any) {
	i.set(func() {
		if v == nil {
			delete(i.discover, name)
			return
		}
		i.discover[name] = v
	})
}

// Publish replaces the key set.
func (i *IdP) Publish(keys ...jose.JSONWebKey) { i.set(func() { i.keys = keys }) }

func (i *IdP) set(fn func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	fn()
}

// Authorize acts as the authorization endpoint for the address a browser was sent
// to and returns the parameters of the redirect back. change may alter what the
// code will yield.
func (i *IdP) Authorize(tb testing.TB, address string, change func(*Answer)) url.Values {
	tb.Helper()
	u, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	a := &Answer{
		Request: q,
		Header:  map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"},
		Claims:  i.Claims(q.Get("nonce")),
		access:  rand.Text(),
	}
	if change != nil {
		change(a)
	}
	code := rand.Text()
	i.set(func() { i.answers[code] = a })
	return url.Values{"state": {q.Get("state")}, "code": {code}}
}

// Claims are those of a good ID token.
func (i *IdP) Claims(nonce string) map[string]any {
	now := i.Now().Unix()
	return map[string]any{
		"iss": i.URL, "sub": "u1", "aud": Client, "iat": now, "exp": now + 300, "nonce": nonce, "acr": "LoA2", "sid": "s1",
	}
}

// LogoutClaims are those of a good logout token.
func (i *IdP) LogoutClaims() map[string]any {
	now := i.Now().Unix()
	return map[string]any{
		"iss": i.URL, "sub": "u1", "aud": Client, "iat": now, "exp": now + 120, "jti": rand.Text(), "sid": "s1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
}

// RS256 signs with an RSA key.
func RS256(key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		h := crypto.SHA256.New()
		_, _ = io.WriteString(h, input)
		return must(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, h.Sum(nil)))
	}
}

// Token makes a compact token of the answer.
func (i *IdP) Token(a *Answer) string {
	if a.Raw != "" {
		return a.Raw
	}
	payload := a.Payload
	if payload == nil {
		payload = must(json.Marshal(a.Claims))
	}
	sign := a.Sign
	if sign == nil {
		sign = RS256(i.key)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	input := b64(must(json.Marshal(a.Header))) + "." + b64(payload)
	return input + "." + b64(sign(input))
}

func (i *IdP) discovery(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	writeJSON(w, maps.Clone(i.discover))
}

func (i *IdP) jwks(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	writeJSON(w, jose.JSONWebKeySet{Keys: i.keys})
}

func (i *IdP) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	a := i.answers[r.PostFormValue("code")]
	delete(i.answers, r.PostFormValue("code"))
	i.mu.Unlock()
	switch {
	case !i.authenticated(r):
		w.WriteHeader(http.StatusUnauthorized)
		writeJSON(w, map[string]string{"error": "invalid_client"})
		return
	case a == nil, r.PostFormValue("redirect_uri") != a.Request.Get("redirect_uri"),
		challenge(r.PostFormValue("code_verifier")) != a.Request.Get("code_challenge"):
		w.WriteHeader(http.StatusBadRequest)
		writeJSON(w, map[string]string{"error": "invalid_grant"})
		return
	}
	i.set(func() { i.answers["access "+a.access] = a })
	out := map[string]any{"access_token": a.access, "token_type": "Bearer", "expires_in": 60}
	if a.TokenType != "" {
		out["token_type"] = a.TokenType
	}
	if !a.NoToken {
		out["id_token"] = i.Token(a)
	}
	writeJSON(w, out)
}

func (i *IdP) authenticated(r *http.Request) bool {
	i.mu.Lock()
	how := i.auth
	i.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	form, formSecret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	switch how {
	case "post":
		return !basic && form == Client && formSecret == Secret
	case "none":
		return !basic && form == Client && formSecret == ""
	}
	return basic && id == Client && secret == Secret && formSecret == ""
}

func challenge(verifier string) string {
	h := crypto.SHA256.New()
	_, _ = io.WriteString(h, verifier)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (i *IdP) userinfo(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	var access string
	if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer %s", &access); err != nil {
		access = ""
	}
	a := i.answers["access "+access]
	i.mu.Unlock()
	if a == nil {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	if a.UserInfoRaw != "" {
		w.Header().Set("Content-Type", a.UserInfoType)
		_, _ = io.WriteString(w, a.UserInfoRaw)
		return
	}
	info := a.UserInfo
	if info == nil {
		info = map[string]any{"sub": a.Claims["sub"]}
	}
	writeJSON(w, info)
}

// Access returns the access token of an answer, for at_hash.
func (a *Answer) Access() string { return a.access }

func writeJSON(w http.ResponseWriter, v any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	_ = json.NewEncoder(w).Encode(v)
}
