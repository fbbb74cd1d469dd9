package province

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The scan of a demo that is refused is told in the last line, with a code of its
// own, unless the line is not taken.
func TestDemoIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	scan := filepath.Join(dir, "scan.pdf")
	require.NoError(t, os.WriteFile(scan, []byte("no PDF"), 0o600))
	args := []string{"demo", "--data", filepath.Join(dir, "data"), "--date", lawDay, "--in", scan, "--out", filepath.Join(dir, "out.pdf")}
	code, stdout, stderr := ask(t, args...)
	assert.Equal(t, exitRefused, code, stderr)
	assert.Regexp(t, `\nrefused not-pdf: [^\n]+\n$`, stdout)
	assert.Empty(t, stderr, "output has said it all")
	lines := bytes.Count([]byte(stdout), []byte("\n"))
	for room := range lines {
		var errs bytes.Buffer
		code = Run(t.Context(), small(), assemble, args, &full{room}, &errs)
		assert.Equal(t, 1, code, "room for %d of %d lines", room, lines)
		assert.Contains(t, errs.String(), errFull.Error())
	}
	assert.NoFileExists(t, filepath.Join(dir, "out.pdf"))
}

// A demo whose lines are not taken ends, and the next one goes on.
func TestDemoNobodyHears(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copied := filepath.Join(dir, "out.pdf")
	args := []string{"demo", "--data", filepath.Join(dir, "data"), "--date", lawDay, "--out", copied}
	for room := 0; ; room++ {
		var errs bytes.Buffer
		code := Run(t.Context(), small(), assemble, args, &full{room}, &errs)
		if code == 0 {
			assert.GreaterOrEqual(t, room, 9, `"dossier CODE" and eight moves at least are written`)
			break
		}
		assert.Equal(t, 1, code)
		require.Contains(t, errs.String(), errFull.Error())
		assert.NoFileExists(t, copied)
	}
	assert.FileExists(t, copied)
	s, err := newRunner().reading(t.Context(), &Config{Data: filepath.Join(dir, "data")})
	require.NoError(t, err)
	lines, err := s.app.Register.List(t.Context())
	require.NoError(t, err)
	assert.Len(t, lines, 1, "it was one dossier all the time")
	require.NoError(t, s.close())
}
