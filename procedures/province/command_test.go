package province

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), &Province{Program: "test"}, nil, args, &out, &errs)
	return code, out.String(), errs.String()
}

// What cannot be read is told, with the exit code of it, and nothing waits for it.
func TestVerifyUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	file := filepath.Join(dir, "a.pdf")
	require.NoError(t, os.WriteFile(file, []byte("%PDF-1.7"), 0o600))
	for _, args := range [][]string{
		{"verify", pipe}, {"verify", filepath.Join(dir, "none.pdf")}, {"verify", file},
		{"verify", file, "--trust", filepath.Join(dir, "none.pem")}, {"verify", file, "--trust", pipe}, {"verify", file, "--trust", "/dev/zero"},
	} {
		code, out, errs := command(t, args...)
		assert.Equal(t, exitUnreadable, code, "%v %s %s", args, out, errs)
	}
	_, _, errs := command(t, "verify", file, "--trust", filepath.Join(dir, "none.pem"))
	assert.Contains(t, errs, "none.pem", "the error names the file")
}

// A province does not start on a directory that contradicts itself.
func TestServeRefusesAFaultyDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "people.yaml"), []byte("officials: [\n"), 0o600))
	code, _, errs := command(t, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--directory", dir)
	assert.NotZero(t, code)
	assert.Contains(t, errs, "people.yaml", "the finding names the file")
}

// A folder of procedures that is none is told, not passed over.
func TestCheckRefusesAnotherFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := command(t, "procedures", "check", dir)
	assert.NotZero(t, code, out)
	assert.Contains(t, errs, "holds none of national")
}

// Every command that needs settings says which file of them it cannot read, and
// makes no folder.
func TestCommandsTellAMissingConfig(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"serve": {"serve"}, "demo": {"demo"}, "audit": {"audit"}, "export": {"export", "national", "--day", "2024-11-15"}, "default": nil,
	} {
		data := filepath.Join(t.TempDir(), "data")
		code, out, errs := command(t, append(args, "--data", data, "--config", filepath.Join(t.TempDir(), "none.yaml"))...)
		assert.NotZero(t, code, name)
		assert.Contains(t, errs, "none.yaml", "%s: %s", name, out)
		assert.NoDirExists(t, data, name)
	}
	code, _, errs := command(t, "export", "national", "--day", "15/11/2024")
	assert.NotZero(t, code)
	assert.Contains(t, errs, "write 2024-11-15")
}

// A command that reads finds nothing where no program has run, and says so.
func TestReadingWithoutAFolder(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"audit": {"audit"}, "export": {"export", "national", "--day", "2024-11-15"}} {
		data := filepath.Join(t.TempDir(), "data")
		code, _, errs := command(t, append(args, "--data", data)...)
		assert.NotZero(t, code, name)
		assert.Contains(t, errs, data, name)
		assert.NoDirExists(t, data, name)
	}
}
