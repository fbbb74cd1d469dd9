package oidcrp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/identity/oidcrp"
)

func key(kid string, k *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: &k.PublicKey, KeyID: kid, Algorithm: "RS256", Use: "sig"}
}

func noKid(a *hostileidp.Answer) { delete(a.Header, "kid") }

func TestKidAbsent(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]jose.JSONWebKey{
		"single key":    {key("k1", hostileidp.Key())},
		"several keys":  {key("k0", hostileidp.Foreign()), key("k1", hostileidp.Key())},
		"keys, no kids": {key("", hostileidp.Foreign()), key("", hostileidp.Key())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.idp.Publish(keys...)
			_, err := b.signIn(t, noKid)
			require.NoError(t, err)
			assert.Equal(t, 1, b.idp.Hits("/jwks"))
		})
	}
}

func TestKidAbsentTriesOnlyPublishedKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.idp.Publish(key("k0", hostileidp.Foreign()))
	_, err := b.signIn(t, noKid)
	requireRule(t, err, "signature")
}

func TestUnknownKidsCauseNoFlood(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.signIn(t, nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			_, err := b.signIn(t, header("kid", fmt.Sprint("made-up-", i)))
			assert.Error(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 1, b.idp.Hits("/jwks"), "the cool-down began with the first fetch")
	b.clock.Add(31 * time.Second)
	for range 5 {
		_, err := b.signIn(t, header("kid", "made-up"))
		requireRule(t, err, "signature")
	}
	assert.Equal(t, 2, b.idp.Hits("/jwks"))
}

func TestKeyRotationJustBeforeSigning(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.signIn(t, nil)
	require.NoError(t, err)
	b.clock.Add(31 * time.Second)
	b.idp.Publish(key("k2", hostileidp.Foreign()))
	_, err = b.signIn(t, func(a *hostileidp.Answer) {
		a.Header["kid"] = "k2"
		a.Sign = hostileidp.RS256(hostileidp.Foreign())
	})
	require.NoError(t, err)
	_, err = b.signIn(t, nil)
	requireRule(t, err, "signature")
}

func TestWithdrawnKeyIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.signIn(t, nil)
	require.NoError(t, err)
	b.idp.Publish(key("k2", hostileidp.Foreign()))
	b.clock.Add(61 * time.Minute)
	_, err = b.signIn(t, nil)
	requireRule(t, err, "signature")
}

func TestKeysMove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.signIn(t, nil)
	require.NoError(t, err)
	b.idp.Discover("jwks_uri", b.idp.URL+"/jwks2")
	b.idp.Fail("/jwks", http.StatusGone)
	b.idp.Publish(key("k2", hostileidp.Foreign()))
	b.clock.Add(61 * time.Minute)
	_, err = b.signIn(t, func(a *hostileidp.Answer) {
		a.Header["kid"] = "k2"
		a.Sign = hostileidp.RS256(hostileidp.Foreign())
	})
	require.NoError(t, err)
	assert.Equal(t, 1, b.idp.Hits("/jwks2"))
}

func TestProviderOutage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.signIn(t, nil)
	require.NoError(t, err)
	b.idp.Fail("/.well-known/openid-configuration", http.StatusBadGateway)
	b.idp.Fail("/jwks", http.StatusBadGateway)
	b.clock.Add(2 * time.Hour)
	_, err = b.signIn(t, nil)
	require.NoError(t, err, "what was read serves on")
	b.clock.Add(23 * time.Hour)
	_, err = b.signIn(t, nil)
	require.ErrorIs(t, err, identity.ErrUnavailable, "but not for ever")
	b.idp.Fail("/.well-known/openid-configuration", 0)
	b.idp.Fail("/jwks", 0)
	b.clock.Add(2 * time.Second)
	_, err = b.signIn(t, nil)
	require.NoError(t, err)
}

func TestUnusableKeysAreIgnored(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil { // GODEBUG may forbid so small a key
		t.Skip("this Go makes no RSA key of 1024 bits")
	}
	b := setup(t)
	weak := key("k1", small)
	secret := jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "k1", Algorithm: "HS256"}
	enc := key("k1", hostileidp.Key())
	enc.Use = "enc"
	b.idp.Publish(weak, secret, enc)
	_, err = b.signIn(t, nil)
	requireRule(t, err, "signature")
	_, err = b.signIn(t, func(a *hostileidp.Answer) { a.Sign = hostileidp.RS256(small) })
	requireRule(t, err, "signature")
}

// The bound on a key set is exact: the 64th key counts, the 65th does not.
func TestKeySetHasALimit(t *testing.T) {
	t.Parallel()
	for foreign, rule := range map[int]string{63: "", 64: "signature"} {
		b := setup(t)
		var keys []jose.JSONWebKey
		for i := range foreign {
			keys = append(keys, key(fmt.Sprint("foreign-", i), hostileidp.Foreign()))
		}
		b.idp.Publish(append(keys, key("k1", hostileidp.Key()))...)
		_, err := b.signIn(t, nil)
		if rule == "" {
			require.NoError(t, err, "%d keys before ours", foreign)
			continue
		}
		requireRule(t, err, rule)
	}
}

// An answer that is no key set takes no key away.
func TestMalformedKeySetIsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var broken atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if broken.Load() {
			_, _ = w.Write([]byte(`["no", "keys"]`))
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key("k1", hostileidp.Key())}})
	}))
	t.Cleanup(s.Close)
	b.idp.Discover("jwks_uri", s.URL)
	_, err := b.signIn(t, nil)
	require.NoError(t, err)
	broken.Store(true)
	b.clock.Add(61 * time.Minute)
	_, err = b.signIn(t, nil)
	require.NoError(t, err)
}

// A node that has not met the provider yet cannot finish what another began while
// the provider is down.
func TestFinishWithoutDiscovery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, attempt := b.begin(t)
	answer := b.idp.Authorize(t, address, nil)
	b.idp.Fail("/.well-known/openid-configuration", http.StatusBadGateway)
	other, err := oidcrp.New(oidcrp.Config{Issuer: b.idp.URL, ClientID: hostileidp.Client, ClientSecret: hostileidp.Secret},
		&oidcrp.Options{Now: b.clock.Now})
	require.NoError(t, err)
	_, err = other.Finish(t.Context(), attempt, answer)
	require.ErrorIs(t, err, identity.ErrUnavailable)
}
