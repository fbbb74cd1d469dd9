package oidcrp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/identity/oidcrp"
)

type forgery struct {
	name   string
	rule   string
	change func(*hostileidp.Answer)
}

func claim(name string, v any) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) { a.Claims[name] = v }
}

func without(name string) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) { delete(a.Claims, name) }
}

func header(name string, v any) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) { a.Header[name] = v }
}

// shift moves a claim that is a time.
func shift(name string, d time.Duration) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) { a.Claims[name] = a.Claims["iat"].(int64) + int64(d/time.Second) }
}

// splice writes text before the end of the claims.
func splice(text string) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) {
		b, err := json.Marshal(a.Claims)
		if err != nil {
			panic(err)
		}
		a.Payload = append(b[:len(b)-1], (text + "}")...)
	}
}

func all(fs ...func(*hostileidp.Answer)) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) {
		for _, f := range fs {
			f(a)
		}
	}
}

func hs256(secret []byte) func(*hostileidp.Answer) {
	return func(a *hostileidp.Answer) {
		a.Header["alg"] = "HS256"
		a.Sign = func(input string) []byte {
			h := hmac.New(sha256.New, secret)
			_, _ = h.Write([]byte(input))
			return h.Sum(nil)
		}
	}
}

const week = 7 * 24 * time.Hour

// goOIDCAccepts are the tokens that the library under this package takes as good
// ID tokens. TestGoOIDCAcceptsWhatWeRefuse proves for each that this is so.
var goOIDCAccepts = []forgery{
	{"two audiences without azp", "azp_missing", claim("aud", []string{hostileidp.Client, "other"})},
	{"azp of another, one audience", "azp_wrong", claim("azp", "other")},
	{"azp of another, two audiences", "azp_wrong", all(claim("aud", []string{hostileidp.Client, "other"}), claim("azp", "other"))},
	{"iat missing", "iat_missing", without("iat")},
	{"iat in an hour", "iat_future", all(shift("exp", 2*time.Hour), shift("iat", time.Hour))},
	{"iat seven days old", "iat_old", all(shift("exp", 5*time.Minute), shift("iat", -week))},
	{"sub missing", "sub_missing", without("sub")},
	{"nonce of another sign-in", "nonce_wrong", claim("nonce", "bm90IHRoaXMgb25l")},
	{"nonce missing", "nonce_missing", without("nonce")},
	{"sub twice", "claim_duplicate", splice(`,"sub":"admin"`)},
	{"SUB beside sub", "claim_duplicate", splice(`,"SUB":"admin"`)},
	{"logout token as ID token", "logout_token", claim("events", map[string]any{
		"http://schemas.openid.net/event/backchannel-logout": map[string]any{}})},
	{"logout+jwt as ID token", "typ", header("typ", "logout+jwt")},
	{"at+jwt as ID token", "typ", header("typ", "at+jwt")},
	{"exp in ten years", "exp_far", shift("exp", 10*365*24*time.Hour)},
	{"sub of 300 characters", "sub_form", claim("sub", strings.Repeat("a", 300))},
}

// furtherForgeries are refused too, by this package or by go-oidc under it.
var furtherForgeries = []forgery{
	{"iss of another", "iss_wrong", claim("iss", "https://evil.example")},
	{"iss with a slash at the end", "iss_wrong", func(a *hostileidp.Answer) { a.Claims["iss"] = a.Claims["iss"].(string) + "/" }},
	{"iss missing", "iss_wrong", without("iss")},
	{"aud of another", "aud_wrong", claim("aud", "other")},
	{"aud missing", "aud_missing", without("aud")},
	{"aud an empty list", "aud_missing", claim("aud", []string{})},
	{"aud a number", "aud_missing", claim("aud", 7)},
	{"a second audience nobody agreed on", "aud_untrusted", all(claim("aud", []string{hostileidp.Client, "other"}),
		claim("azp", hostileidp.Client))},
	{"azp a number", "azp_wrong", claim("azp", 7)},
	{"exp missing", "exp_missing", without("exp")},
	{"exp past", "exp_past", shift("exp", -61*time.Second)},
	{"exp a text", "token_invalid", claim("exp", "tomorrow")},
	{"exp with a fraction", "claim_form", func(a *hostileidp.Answer) { a.Claims["exp"] = float64(a.Claims["iat"].(int64)) + 0.5 }},
	{"iat 61 s ahead", "iat_future", shift("iat", 61*time.Second)},
	{"nbf in an hour", "nbf_future", shift("nbf", time.Hour)},
	{"nbf 61 s ahead", "nbf_future", shift("nbf", 61*time.Second)},
	{"auth_time ahead", "auth_time_future", shift("auth_time", time.Hour)},
	{"only SUB", "claim_duplicate", all(without("sub"), splice(`,"SUB":"admin"`))},
	{"ſub with a long s", "claim_duplicate", splice(`,"ſub":"admin"`)},
	{"escaped duplicate", "claim_duplicate", splice(`,"s\u0075b":"admin"`)},
	{"duplicate in a nested object", "claim_duplicate", splice(`,"address":{"a":1,"a":2}`)},
	{"distributed claims", "claims_elsewhere", all(claim("_claim_names", map[string]any{"x": "s"}),
		claim("_claim_sources", map[string]any{"s": map[string]any{"endpoint": "http://127.0.0.1:1/"}}))},
	{"sub empty", "sub_missing", claim("sub", "")},
	{"sub a number", "sub_missing", claim("sub", 7)},
	{"sub with a line break", "sub_form", claim("sub", "a\nb")},
	{"sub beyond ASCII", "sub_form", claim("sub", "аdmin")},
	{"at_hash of another token", "at_hash_wrong", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
	{"acr a number", "claim_form", claim("acr", 2)},
	{"none", "alg", all(header("alg", "none"), func(a *hostileidp.Answer) { a.Sign = func(string) []byte { return nil } })},
	{"nOnE", "alg", all(header("alg", "nOnE"), func(a *hostileidp.Answer) { a.Sign = func(string) []byte { return nil } })},
	{"HS256 with the client secret", "alg", hs256([]byte(hostileidp.Secret))},
	{"HS256 with the public key as PEM", "alg", func(a *hostileidp.Answer) { hs256(publicPEM())(a) }},
	{"RS512", "alg", header("alg", "RS512")},
	{"alg missing", "alg", func(a *hostileidp.Answer) { delete(a.Header, "alg") }},
	{"foreign key under our kid", "signature", func(a *hostileidp.Answer) { a.Sign = hostileidp.RS256(hostileidp.Foreign()) }},
	{"unknown kid", "signature", header("kid", "k9")},
	{"kid as a path", "signature", header("kid", "../../../../dev/null")},
	{"kid as SQL", "signature", header("kid", "k1' OR '1'='1")},
	{"kid a number", "kid", header("kid", 1)},
	{"kid empty", "kid", header("kid", "")},
	{"kid of 300 characters", "kid", header("kid", strings.Repeat("k", 300))},
	{"jwk in the header", "header_forbidden", func(a *hostileidp.Answer) {
		a.Header["jwk"] = jose.JSONWebKey{Key: &hostileidp.Foreign().PublicKey}
		a.Sign = hostileidp.RS256(hostileidp.Foreign())
	}},
	{"jku in the header", "header_forbidden", header("jku", "http://127.0.0.1:1/jwks")},
	{"x5u in the header", "header_forbidden", header("x5u", "http://127.0.0.1:1/x")},
	{"x5c in the header", "header_forbidden", header("x5c", []string{"AA"})},
	{"crit in the header", "header_forbidden", header("crit", []string{"exp"})},
	{"nested token", "header_forbidden", header("cty", "JWT")},
	{"compressed", "header_forbidden", header("zip", "DEF")},
	{"Alg beside alg", "token_form", header("Alg", "none")},
	{"JWK in capitals", "header_forbidden", header("JWK", "x")},
	{"KID in capitals", "header_forbidden", all(func(a *hostileidp.Answer) { delete(a.Header, "kid") }, header("KID", "k1"))},
	{"Typ with a capital", "header_forbidden", all(func(a *hostileidp.Answer) { delete(a.Header, "typ") }, header("Typ", "JWT"))},
	{"typ a number", "typ", header("typ", 1)},
	{"unknown typ", "typ", header("typ", "secevent+jwt")},
	{"200 KB", "token_too_large", func(a *hostileidp.Answer) { a.Raw = strings.Repeat("a", 200<<10) }},
	{"encrypted token", "token_form", func(a *hostileidp.Answer) { a.Raw = "e30.e30.e30.e30.e30" }},
	{"two parts", "token_form", func(a *hostileidp.Answer) { a.Raw = "e30.e30" }},
	{"JSON serialisation", "token_form", func(a *hostileidp.Answer) { a.Raw = `{"payload":"e30"}` }},
	{"not base64url", "token_form", func(a *hostileidp.Answer) { a.Raw = "e30=.e30.e30" }},
	{"claims not an object", "token_form", func(a *hostileidp.Answer) { a.Payload = []byte(`["sub"]`) }},
	{"claims with something behind", "token_form", splice(`}{"sub":"admin"`)},
	{"claims not UTF-8", "token_form", splice(",\"x\":\"\xff\"")},
	{"claims nested deeply", "token_form", splice(`,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100))},
	{"300 claims", "token_form", func(a *hostileidp.Answer) {
		for i := range 300 {
			a.Claims[fmt.Sprint("c", i)] = i
		}
	}},
	{"no ID token", "id_token_missing", func(a *hostileidp.Answer) { a.NoToken = true }},
	{"access token of another type", "token_type", func(a *hostileidp.Answer) { a.TokenType = "mac" }},
}

func publicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&hostileidp.Key().PublicKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestGoodTokenIsAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, err := b.signIn(t, nil)
	require.NoError(t, err)
	assert.Equal(t, b.idp.URL, id.Issuer)
	assert.Equal(t, "u1", id.Subject)
	assert.Equal(t, 2, id.Level)
	assert.Equal(t, "s1", id.SessionID)
	assert.True(t, b.clock.Now().Equal(id.AuthTime))
	assert.NotContains(t, fmt.Sprintf("%+v %v", id, *id), "u1")
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, f := range append(append([]forgery{}, goOIDCAccepts...), furtherForgeries...) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			id, err := b.signIn(t, f.change)
			assert.Nil(t, id)
			requireRule(t, err, f.rule)
			assert.NotContains(t, err.Error(), "admin", "an error repeats no claim")
		})
	}
	assert.Zero(t, b.idp.Hits("/userinfo"), "after a bad token nobody asks for userinfo")
}

// What this package adds is worth its code only while the library lets it through.
func TestGoOIDCAcceptsWhatWeRefuse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := oidc.NewProvider(t.Context(), b.idp.URL)
	require.NoError(t, err)
	v := p.Verifier(&oidc.Config{ClientID: hostileidp.Client, Now: b.clock.Now})
	for _, f := range goOIDCAccepts {
		a := &hostileidp.Answer{Header: map[string]any{"alg": "RS256", "kid": "k1"}, Claims: b.idp.Claims("n")}
		f.change(a)
		_, err := v.Verify(t.Context(), b.idp.Token(a))
		assert.NoError(t, err, f.name)
	}
}

func TestNearlyForgedTokensAreAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *oidcrp.Config) { c.Audiences = []string{"other"} })
	for name, change := range map[string]func(*hostileidp.Answer){
		"clock 59 s ahead":              shift("iat", 59*time.Second),
		"expired 59 s ago":              shift("exp", -59*time.Second),
		"nbf 59 s ahead":                shift("nbf", 59*time.Second),
		"azp is us":                     claim("azp", hostileidp.Client),
		"aud a list of one":             claim("aud", []string{hostileidp.Client}),
		"an audience agreed on":         all(claim("aud", []string{hostileidp.Client, "other"}), claim("azp", hostileidp.Client)),
		"no typ":                        func(a *hostileidp.Answer) { delete(a.Header, "typ") },
		"typ in lower case":             header("typ", "jwt"),
		"custom claims of either case":  all(claim("HoVaTen", "Nguyễn Thị An"), claim("hoten", "x")),
		"sub of 255 characters":         claim("sub", strings.Repeat("a", 255)),
		"at_hash of the access token":   func(a *hostileidp.Answer) { a.Claims["at_hash"] = atHash(a.Access()) },
		"x5t in the header is harmless": header("x5t", "AA"),
		"so is a header of their own":   header("Tenant", "AA"),
		"typ with its media type":       header("typ", "application/JWT"),
	} {
		_, err := b.signIn(t, change)
		assert.NoError(t, err, name)
	}
	b.idp.Publish(jose.JSONWebKey{Key: &hostileidp.EC().PublicKey, KeyID: "e1", Algorithm: "ES256"})
	b.clock.Add(time.Minute)
	_, err := b.signIn(t, es256)
	assert.NoError(t, err, "ES256")
	b.idp.Publish(jose.JSONWebKey{Key: &hostileidp.Key().PublicKey, KeyID: "r1"})
	b.clock.Add(time.Minute)
	_, err = b.signIn(t, ps256)
	assert.NoError(t, err, "PS256, with a key that names no algorithm")
}

func atHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func ps256(a *hostileidp.Answer) {
	a.Header = maps.Clone(a.Header)
	a.Header["alg"] = "PS256"
	delete(a.Header, "kid")
	a.Sign = func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		sig, err := rsa.SignPSS(rand.Reader, hostileidp.Key(), crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 32})
		if err != nil {
			panic(err)
		}
		return sig
	}
}

func es256(a *hostileidp.Answer) {
	a.Header["alg"], a.Header["kid"] = "ES256", "e1"
	a.Sign = func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, hostileidp.EC(), sum[:])
		if err != nil {
			panic(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}
