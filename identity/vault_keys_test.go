package identity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A key file that cannot be put into its place is told, and leaves nothing behind:
// a server that went on would seal under keys nobody has.
func TestKeyFileThatCannotBeMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	for name, err := range map[string]error{
		"no folder for the temporary file": createVault(missing, filepath.Join(dir, vaultFile)),
		"no folder for the file":           createVault(dir, filepath.Join(missing, vaultFile)),
		"no folder to sync":                syncDir(missing),
	} {
		require.ErrorIs(t, err, os.ErrNotExist, name)
	}
	_, err := OpenVault(missing)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "cannot be made")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// Who was slower takes the file that is there.
func TestKeyFileOfAFasterProcessStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := OpenVault(dir)
	require.NoError(t, err)
	require.NoError(t, createVault(dir, filepath.Join(dir, vaultFile)))
	again, err := ReadVault(dir)
	require.NoError(t, err)
	assert.Equal(t, first.Hash("k", "a"), again.Hash("k", "a"))
}

func TestVaultKeysHaveALimit(t *testing.T) {
	t.Parallel()
	text := string(NewVaultKeys().Text())
	remark := "#" + strings.Repeat("x", 62) + "\n"
	text += strings.Repeat(remark, (1<<16-len(text))/len(remark))
	text += strings.Repeat("\n", 1<<16-len(text))
	_, err := ParseVaultKeys([]byte(text))
	require.NoError(t, err, "64 KiB")
	_, err = ParseVaultKeys([]byte(text + "\n"))
	require.ErrorIs(t, err, ErrInvalid, "one byte more")
}

// A key file with one bad line opens nothing, though its other lines would do.
func TestDamagedKeyFileOpensNothing(t *testing.T) {
	t.Parallel()
	good := string(NewVaultKeys().Text())
	for name, text := range map[string]string{
		"a line of another kind":       good + "salt " + strings.Repeat("00", keySize) + "\n",
		"letters behind a whole key":   good + "seal " + strings.Repeat("00", keySize) + "zz\n",
		"half a digit behind a whole":  good + "seal " + strings.Repeat("00", keySize) + "0\n",
		"two keys for what finds rows": good + "find " + strings.Repeat("00", keySize) + "\n",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, vaultFile), []byte(text), 0o600))
		v, err := OpenVault(dir)
		require.ErrorIs(t, err, ErrInvalid, name)
		assert.Nil(t, v, name)
	}
}
