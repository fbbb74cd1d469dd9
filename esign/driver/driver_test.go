package driver_test

import (
	"crypto"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
)

func request(change func(*driver.BeginRequest)) *driver.BeginRequest {
	d := sha256.Sum256([]byte("bản sao"))
	r := &driver.BeginRequest{
		Transaction: "gd-1", Hash: crypto.SHA256, Scheme: driver.ECDSA,
		Items: []driver.Item{{Name: "Bản sao số 1", Digest: d[:]}},
	}
	if change != nil {
		change(r)
	}
	return r
}

func TestValid(t *testing.T) {
	t.Parallel()
	require.True(t, request(nil).Valid())
	for name, change := range map[string]func(*driver.BeginRequest){
		"no transaction":        func(r *driver.BeginRequest) { r.Transaction = "" },
		"long transaction":      func(r *driver.BeginRequest) { r.Transaction = strings.Repeat("a", 65) },
		"transaction as a path": func(r *driver.BeginRequest) { r.Transaction = "../x" },
		"no items":              func(r *driver.BeginRequest) { r.Items = nil },
		"no hash":               func(r *driver.BeginRequest) { r.Hash = 0 },
		"short digest":          func(r *driver.BeginRequest) { r.Items[0].Digest = r.Items[0].Digest[1:] },
		"digest of another":     func(r *driver.BeginRequest) { r.Hash = crypto.SHA512 },
	} {
		require.False(t, request(change).Valid(), name)
	}
	var none *driver.BeginRequest
	require.False(t, none.Valid())
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	other := sha256.Sum256([]byte("bản khác"))
	require.Equal(t, request(nil).Fingerprint(), request(func(r *driver.BeginRequest) { r.Items[0].Name = "khác" }).Fingerprint())
	for name, change := range map[string]func(*driver.BeginRequest){
		"transaction": func(r *driver.BeginRequest) { r.Transaction = "gd-2" },
		"digest":      func(r *driver.BeginRequest) { r.Items[0].Digest = other[:] },
		"scheme":      func(r *driver.BeginRequest) { r.Scheme = driver.RSAPSS },
		"more items":  func(r *driver.BeginRequest) { r.Items = append(r.Items, driver.Item{Digest: other[:]}) },
	} {
		require.NotEqual(t, request(nil).Fingerprint(), request(change).Fingerprint(), name)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for c := driver.CodeOK; c <= driver.CodeUnauthorised; c++ {
		require.False(t, seen[c.String()])
		seen[c.String()] = true
		require.NotContains(t, c.String(), "code ")
	}
	require.Equal(t, "code 99", driver.Code(99).String())
	require.Equal(t, []string{"unknown scheme", "RSA PKCS#1 v1.5", "RSA-PSS", "ECDSA"},
		[]string{driver.Scheme(0).String(), driver.RSAPKCS1v15.String(), driver.RSAPSS.String(), driver.ECDSA.String()})
}
