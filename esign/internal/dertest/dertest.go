// Package dertest writes DER by hand, for tests of what reads it.
package dertest

import (
	"bytes"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"
)

// TLV writes one element of at most 65,535 octets: tag, length, content.
func TLV(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	switch n := len(content); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
}

// Seq writes a SEQUENCE.
func Seq(parts ...[]byte) []byte { return TLV(0x30, parts...) }

// Set writes a SET.
func Set(parts ...[]byte) []byte { return TLV(0x31, parts...) }

// OID writes an object identifier.
func OID(t testing.TB, o ...int) []byte {
	t.Helper()
	der, err := asn1.Marshal(asn1.ObjectIdentifier(o))
	require.NoError(t, err)
	return der
}
