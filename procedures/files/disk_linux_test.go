package files_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/files"
)

// A file that is not known to be on the disk is not stored: its writer puts a pipe
// in the place of the file that is being written, which no system can sync.
func TestPutThatCannotBeSynced(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	replace := func() {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, syscall.Dup3(int(w.Fd()), writing(t, filepath.Join(dir, "partial")), syscall.O_CLOEXEC))
		require.NoError(t, r.Close())
		require.NoError(t, w.Close())
	}
	_, err := s.Put(t.Context(), &meanwhile{do: replace, text: strings.NewReader("abc")})
	require.ErrorIs(t, err, files.ErrStorage)
	require.ErrorIs(t, err, syscall.EINVAL)
	assert.Empty(t, entries(t, filepath.Join(dir, "partial")))
	assert.Zero(t, stored(t, dir))
}

// writing is the descriptor of the file in a folder that is open.
func writing(t *testing.T, folder string) int {
	t.Helper()
	for _, name := range entries(t, "/proc/self/fd") {
		if at, err := os.Readlink("/proc/self/fd/" + name); err == nil && strings.HasPrefix(at, folder+"/") {
			fd, err := strconv.Atoi(name)
			require.NoError(t, err)
			return fd
		}
	}
	require.Fail(t, "no file is open in "+folder)
	return 0
}
