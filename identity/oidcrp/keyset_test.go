package oidcrp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
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
