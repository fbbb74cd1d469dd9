package oidcrp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// maxKeys bounds a key set; providers publish 1 to 5 keys.
const maxKeys = 64

// staleLimit is how long metadata serves while the provider does not answer.
const staleLimit = 24 * time.Hour

// keySet holds the provider's public keys. Unlike go-oidc's it asks for new keys
// at most once in a cool-down, so that tokens with made-up kids cause no flood,
// and it keeps a key only as long as the provider publishes it.
type keySet struct {
	url      string
	client   *http.Client
	now      func() time.Time
	maxAge   time.Duration
	coolDown time.Duration

	fetching sync.Mutex // one fetch at a time; never held while mu is wanted by readers
	tried    time.Time  // guarded by fetching

	mu      sync.RWMutex
	keys    []jose.JSONWebKey
	fetched time.Time
}

// failure carries the key set's error past go-oidc, which keeps only its text.
type failure struct{ err error }

type failureKey struct{}

// VerifySignature implements oidc.KeySet.
func (s *keySet) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	payload, err := s.verify(ctx, raw)
	if f, ok := ctx.Value(failureKey{}).(*failure); ok {
		f.err = err
	}
	return payload, err
}

func (s *keySet) verify(ctx context.Context, raw string) ([]byte, error) {
	algs := make([]jose.SignatureAlgorithm, len(algorithms))
	for i, a := range algorithms {
		algs[i] = jose.SignatureAlgorithm(a)
	}
	jws, err := jose.ParseSignedCompact(raw, algs)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, refuse("token_form", "not a compact signed token")
	}
	keys, age := s.cached()
	if age > s.maxAge {
		keys = s.refresh(ctx, keys)
	}
	if payload := tryKeys(jws, keys); payload != nil {
		return payload, nil
	}
	// The provider may have changed its keys a moment ago.
	if payload := tryKeys(jws, s.refresh(ctx, keys)); payload != nil {
		return payload, nil
	}
	if _, age := s.cached(); age > staleLimit {
		return nil, unavailable("the provider's keys cannot be fetched (try again later)")
	}
	return nil, refuse("signature", "no published key made this signature")
}

func (s *keySet) cached() ([]jose.JSONWebKey, time.Duration) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	age := s.now().Sub(s.fetched)
	if age > staleLimit {
		return nil, age
	}
	return s.keys, age
}

// refresh returns newer keys, or the given ones when the cool-down has not passed
// or the provider does not answer.
func (s *keySet) refresh(ctx context.Context, old []jose.JSONWebKey) []jose.JSONWebKey {
	s.fetching.Lock()
	defer s.fetching.Unlock()
	now := s.now()
	if !s.tried.IsZero() && now.Sub(s.tried) < s.coolDown {
		keys, _ := s.cached() // perhaps fetched while waiting for the lock
		return keys
	}
	s.tried = now
	keys, err := s.fetch(ctx)
	if err != nil {
		s.tried = now.Add(min(retryAfter, s.coolDown) - s.coolDown) // an outage is soon over
		return old
	}
	s.mu.Lock()
	s.keys, s.fetched = keys, now
	s.mu.Unlock()
	return keys
}

func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	data, err := getJSON(ctx, s.client, s.url, "", "application/json", "application/jwk-set+json")
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("malformed key set")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		// A key of a kind that is not known here is none of ours.
		if json.Unmarshal(raw, &k) == nil && usable(&k) && len(keys) < maxKeys {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// usable refuses secrets, private keys, keys for encryption, RSA under 2048 bits
// and curves that no pinned algorithm uses.
func usable(k *jose.JSONWebKey) bool {
	if k.Use != "" && k.Use != "sig" {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= 2048 && key.N.BitLen() <= 8192
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256()
	}
	return false
}

// tryKeys tries the keys of the token's kid, or each key once when it has none.
func tryKeys(jws *jose.JSONWebSignature, keys []jose.JSONWebKey) []byte {
	h := jws.Signatures[0].Header
	for i := range keys {
		k := &keys[i]
		if h.KeyID != "" && k.KeyID != h.KeyID || k.Algorithm != "" && k.Algorithm != h.Algorithm {
			continue
		}
		if payload, err := jws.Verify(k.Key); err == nil {
			return payload
		}
	}
	return nil
}

var _ oidc.KeySet = (*keySet)(nil)
