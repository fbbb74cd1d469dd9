package endtoend

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// lawDay is the day on which the shared story is told: a Friday of the old
// province.
const lawDay = "2024-11-15"

// story is a finished demo.
type story struct {
	data, file string
	lines      []string
}

func (s *story) root() string { return filepath.Join(s.data, "trust", "root.pem") }

func (s *story) bytes(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile(s.file)
	require.NoError(t, err)
	return raw
}

// demo runs the demo in a fresh folder below dir.
func demo(t testing.TB, dir string, args ...string) *story {
	t.Helper()
	s := &story{data: filepath.Join(dir, "data"), file: filepath.Join(dir, "certified.pdf")}
	r := run(t, append([]string{"demo", "--data", s.data, "--out", s.file}, args...)...)
	require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
	s.lines = r.lines()
	return s
}

var (
	toldOnce sync.Once
	toldOne  *story
)

// told is one finished story for all tests that only read it.
func told(t testing.TB) *story {
	t.Helper()
	toldOnce.Do(func() { toldOne = demo(t, filepath.Join(scratch, "told"), "--date", lawDay) })
	require.NotNil(t, toldOne, "the shared story has failed")
	return toldOne
}
