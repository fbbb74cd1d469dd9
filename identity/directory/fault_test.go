package directory

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
)

var errDisk = errors.New("the disk answers no")

// failingFS fails at one opening of a file or folder, the left-th from now.
type failingFS struct {
	fs.FS
	left int
}

// Open counts: Stat, ReadFile and ReadDir of package fs come here, too.
func (f *failingFS) Open(name string) (fs.File, error) {
	if f.left > 0 {
		if f.left--; f.left == 0 {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errDisk}
		}
	}
	return f.FS.Open(name)
}

// Whatever cannot be read is told, the last state stays in force as a whole, and the
// next look reads what this one missed.
func TestEveryUnreadableFileIsTold(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	f := &failingFS{FS: os.DirFS(dir)}
	l, _, err := Open(f, nil)
	require.NoError(t, err)
	subject := func(sub string) string { return "login: {sub: " + sub + "}" }
	now, next := "can-bo-0001", "can-bo-0009"
	for n := 1; ; n++ {
		require.LessOrEqual(t, n, 100, "reading never ends")
		edit(t, dir, "people.yaml", func(s string) string { return strings.Replace(s, subject(now), subject(next), 1) })
		before := l.Directory()
		f.left = n
		changed, _, err := l.Reload()
		if f.left > 0 { // nothing was left to fail
			f.left = 0
			require.NoError(t, err)
			require.Greater(t, n, 5, "a folder and two files are read")
			return
		}
		require.ErrorIs(t, err, errDisk, "opening %d", n)
		require.ErrorIs(t, err, identity.ErrUnavailable, "opening %d", n)
		assert.False(t, changed)
		assert.Same(t, before, l.Directory())
		changed, _, err = l.Reload()
		require.NoError(t, err, "again, after opening %d", n)
		assert.True(t, changed)
		_, ok := l.SignedIn("https://sso", next, nov)
		assert.True(t, ok, "again, after opening %d", n)
		now, next = next, now
	}
}

// Without a state to fall back on nothing is half loaded.
func TestOpenTellsEveryUnreadableFile(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		require.LessOrEqual(t, n, 100, "reading never ends")
		f := &failingFS{FS: os.DirFS("testdata/province"), left: n}
		l, _, err := Open(f, nil)
		if f.left > 0 {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, errDisk, "opening %d", n)
		assert.Nil(t, l)
	}
}
