package province

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Verify's exit code is the highest of its files'.
func TestVerifyExitCodes(t *testing.T) {
	t.Parallel()
	data, copied := told(t)
	whole, err := os.ReadFile(copied)
	require.NoError(t, err)
	dir := t.TempDir()
	forged, unsigned := filepath.Join(dir, "forged.pdf"), filepath.Join(dir, "unsigned.pdf")
	altered := bytes.Clone(whole)
	at := bytes.Index(altered, []byte("/MediaBox"))
	require.Positive(t, at)
	altered[at+1] = 'm'
	require.NoError(t, os.WriteFile(forged, altered, 0o600))
	require.NoError(t, os.WriteFile(unsigned, []byte("%PDF-1.7"), 0o600))
	root := filepath.Join(data, "trust", "root.pem")
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{copied, "--data", data}, 0},
		{[]string{copied, "--trust", root}, 0},
		{[]string{copied}, 2}, // nobody is trusted
		{[]string{forged, "--data", data}, 1},
		{[]string{unsigned, "--data", data}, 3},
		{[]string{dir, "--data", data}, 3},
		{[]string{copied, forged, "--data", data}, 1},
		{[]string{unsigned, copied, "--data", data}, 3},
		{[]string{copied, "--trust", dir}, 3},
		{[]string{copied, "--trust", copied}, 3},
	} {
		code, stdout, stderr := ask(t, append([]string{"verify"}, c.args...)...)
		assert.Equal(t, c.code, code, "%v %s %s", c.args, stdout, stderr)
	}
	code, stdout, _ := ask(t, "verify", copied, dir, "--data", data, "--json")
	assert.Equal(t, 3, code)
	dec := json.NewDecoder(bytes.NewReader([]byte(stdout)))
	for _, want := range []struct{ file, state, trouble string }{{copied, "signed", ""}, {dir, "unreadable", dir + " is no file"}} {
		var line map[string]any
		require.NoError(t, dec.Decode(&line))
		assert.Equal(t, want.file, line["file"])
		assert.Equal(t, want.state, line["state"])
		trouble, _ := line["error"].(string)
		assert.Equal(t, want.trouble, trouble)
	}
	assert.False(t, dec.More(), "one object a file")

	require.NoError(t, os.RemoveAll(filepath.Join(data, "trust")))
	code, stdout, _ = ask(t, "verify", copied, "--data", data)
	assert.Zero(t, code, "a province without simulators has its roots in its settings: %s", stdout)
	require.NoError(t, os.WriteFile(filepath.Join(data, keptConfig), []byte("esign: {roots: x}\n"), 0o600))
	code, _, stderr := ask(t, "verify", copied, "--data", data)
	assert.Equal(t, 3, code, stderr)
	require.NoError(t, os.WriteFile(filepath.Join(data, "state.json"), []byte(`{"offset":"x"}`), 0o600))
	code, _, stderr = ask(t, "verify", copied, "--data", data)
	assert.Equal(t, 3, code)
	assert.Contains(t, stderr, "offset")
}

// Roots are a file of at most four megabytes.
func TestRootsAtTheirLimit(t *testing.T) {
	t.Parallel()
	for size, good := range map[int64]bool{maxRoots: true, maxRoots + 1: false} {
		name := written(t, "")
		require.NoError(t, os.Truncate(name, size))
		raw, err := readRoots(name)
		assert.Equal(t, good, err == nil, "%d %v", size, err)
		if good {
			assert.Len(t, raw, int(size))
		} else {
			assert.ErrorContains(t, err, "at most 4194304 bytes")
		}
	}
}
