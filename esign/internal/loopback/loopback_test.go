package loopback_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/loopback"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", "127.8.9.1:80", "[::1]:80", "localhost:8080"} {
		require.NoError(t, loopback.Check(addr, false), addr)
	}
	for _, addr := range []string{":80", "0.0.0.0:80", "[::]:80", "192.168.1.2:80", "example.vn:80", "127.0.0.1", ""} {
		require.Error(t, loopback.Check(addr, false), addr)
		require.NoError(t, loopback.Check(addr, true), addr)
	}
}
