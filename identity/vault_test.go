package identity

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func testVault(t testing.TB) *Vault {
	t.Helper()
	v, err := NewVault(NewVaultKeys())
	require.NoError(t, err)
	return v
}

func TestVaultSealsForOnePlace(t *testing.T) {
	t.Parallel()
	v := testVault(t)
	id, err := ParseCitizenID("070205000001")
	require.NoError(t, err)
	sealed := v.SealCitizenID("people/a", id)
	assert.NotContains(t, string(sealed), id.Reveal())
	got, err := v.OpenCitizenID("people/a", sealed)
	require.NoError(t, err)
	assert.Equal(t, id, got)
	_, err = v.OpenCitizenID("people/b", sealed)
	require.ErrorIs(t, err, ErrTampered)
	assert.NotEqual(t, sealed, v.SealCitizenID("people/a", id), "sealing twice shows no equality")
	_, err = v.OpenCitizenID("people/a", v.Seal("people/a", []byte("x")))
	require.ErrorIs(t, err, ErrTampered)
}

func TestVaultRefusesEveryAlteredByte(t *testing.T) {
	t.Parallel()
	v := testVault(t)
	sealed := v.Seal("p", []byte("Nguyễn Thị An"))
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		_, err := v.Open("p", bad)
		require.ErrorIs(t, err, ErrTampered, "byte %d", i)
	}
	for n := range len(sealed) {
		_, err := v.Open("p", sealed[:n])
		require.ErrorIs(t, err, ErrTampered, "cut at %d", n)
	}
}

func TestVaultRotation(t *testing.T) {
	t.Parallel()
	old := NewVaultKeys()
	next := VaultKeys{Find: old.Find, Seal: append(NewVaultKeys().Seal, old.Seal...)}
	v1, err := NewVault(old)
	require.NoError(t, err)
	v2, err := NewVault(next)
	require.NoError(t, err)
	plain, err := v2.Open("p", v1.Seal("p", []byte("x")))
	require.NoError(t, err)
	assert.Equal(t, "x", string(plain))
	_, err = v1.Open("p", v2.Seal("p", []byte("x")))
	require.ErrorIs(t, err, ErrTampered, "the former key does not open what the new one sealed")
	id, err := ParseCitizenID("070205000001")
	require.NoError(t, err)
	assert.Equal(t, v1.HashCitizenID(id), v2.HashCitizenID(id), "a rotation keeps what is found")
}

func TestVaultHashKeepsPartsApart(t *testing.T) {
	t.Parallel()
	v := testVault(t)
	assert.NotEqual(t, v.Hash("k", "ab", "c"), v.Hash("k", "a", "bc"))
	assert.NotEqual(t, v.Hash("k", "a"), v.Hash("k", "a", ""))
	assert.NotEqual(t, v.Hash("ka"), v.Hash("k", "a"))
	assert.NotEqual(t, v.Hash("k", "a"), v.Mark("k", "a"))
	assert.NotEqual(t, v.Hash("k", "a"), testVault(t).Hash("k", "a"), "without the key nothing is found")
}

func TestVaultPrintsNoKey(t *testing.T) {
	t.Parallel()
	keys := NewVaultKeys()
	v, err := NewVault(keys)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		assert.Equal(t, "identity.Vault", fmt.Sprintf(verb, v))
		assert.Equal(t, "identity.VaultKeys", fmt.Sprintf(verb, keys))
	}
}

func TestOpenVaultMakesOneKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	vaults := make([]*Vault, 8)
	var wg sync.WaitGroup
	for i := range vaults {
		wg.Go(func() {
			v, err := OpenVault(dir)
			assert.NoError(t, err)
			vaults[i] = v
		})
	}
	wg.Wait()
	for _, v := range vaults {
		require.NotNil(t, v)
		assert.Equal(t, vaults[0].Hash("k", "a"), v.Hash("k", "a"))
	}
	st, err := os.Stat(filepath.Join(dir, vaultFile))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), st.Mode().Perm())
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Len(t, names, 1, "no temporary file stays")
}

func TestReadVaultMakesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := ReadVault(dir)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, os.ErrNotExist)
	made, err := OpenVault(dir)
	require.NoError(t, err)
	read, err := ReadVault(dir)
	require.NoError(t, err)
	assert.Equal(t, made.Hash("k", "a"), read.Hash("k", "a"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, vaultFile), []byte("x"), 0o600))
	_, err = OpenVault(dir)
	require.ErrorIs(t, err, ErrInvalid, "a damaged file is not replaced")
	_, err = OpenVault(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, ErrUnavailable)
}

func TestParseVaultKeysRefuses(t *testing.T) {
	t.Parallel()
	good := string(NewVaultKeys().Text())
	_, err := ParseVaultKeys([]byte("# a remark\n\n" + good))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"empty":        "",
		"no header":    good[len(vaultHeader)+1:],
		"no seal":      vaultHeader + "\nfind " + fmt.Sprintf("%064d", 1),
		"two finds":    good + "find " + fmt.Sprintf("%064d", 1),
		"short key":    vaultHeader + "\nfind 00\nseal 00",
		"unknown line": good + "salt " + fmt.Sprintf("%064d", 1),
		"long line":    good + "seal " + string(bytes.Repeat([]byte("0"), 1<<17)),
	} {
		_, err := ParseVaultKeys([]byte(text))
		require.ErrorIs(t, err, ErrInvalid, name)
	}
	_, err = NewVault(VaultKeys{Find: make([]byte, 31), Seal: [][]byte{make([]byte, 32)}})
	require.ErrorIs(t, err, ErrInvalid)
	_, err = NewVault(VaultKeys{Find: make([]byte, 32), Seal: [][]byte{make([]byte, 16)}})
	require.ErrorIs(t, err, ErrInvalid)
}

func FuzzParseVaultKeys(f *testing.F) {
	f.Add(NewVaultKeys().Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := ParseVaultKeys(text)
		if err != nil {
			return
		}
		if again, err := ParseVaultKeys(keys.Text()); err != nil || !bytes.Equal(again.Find, keys.Find) {
			t.Fatalf("keys do not survive their own text: %v", err)
		}
	})
}

func TestVaultRoundTrip(t *testing.T) {
	t.Parallel()
	v := testVault(t)
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.String().Draw(t, "place")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		got, err := v.Open(place, v.Seal(place, plain))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(plain, got))
	})
}
