package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
)

// tokenOf takes the time stamp and the signature value out of a CMS, for openssl to judge.
func tokenOf(t testing.TB, der []byte) (token, value []byte) {
	t.Helper()
	sd, err := cms.Parse(der, nil)
	require.NoError(t, err)
	require.Empty(t, sd.Irregularities())
	require.Len(t, sd.Signers[0].Unsigned, 1)
	return sd.Signers[0].Unsigned[0].Values[0], sd.Signers[0].Signature
}
