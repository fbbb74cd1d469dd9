package demo

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What cannot be read or written is told, and nothing is left half written.
func TestFilesInTheWay(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]bool{"done": false, "out.pdf": true} {
		f, dir := newFake(t), t.TempDir()
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Join(at, "x"), 0o700))
		_, err := f.run(dir)
		require.ErrorContains(t, err, at)
		assert.Equal(t, asked, f.exists, "what has been done before is asked first")
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Len(t, left, 1)
		require.NoError(t, os.RemoveAll(at))
		_, err = f.run(dir)
		require.NoError(t, err)
		f.finished(dir)
	}
	for _, change := range []func(o *Options){
		func(o *Options) { o.Out = filepath.Join(filepath.Dir(o.Out), "none", "out.pdf") },
		func(o *Options) { o.Done = filepath.Join(filepath.Dir(o.Out), "none", "done") },
	} {
		f := newFake(t)
		_, err := f.run(t.TempDir(), change)
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	f, dir := newFake(t), t.TempDir()
	f.before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/giay-to/d1/result" {
			assert.NoError(t, os.MkdirAll(filepath.Join(dir, "done"), 0o700))
		}
		return false
	}
	_, err := f.run(dir)
	require.ErrorContains(t, err, filepath.Join(dir, "done"))
}

// Lines nobody takes end the walk.
func TestLinesNobodyTakes(t *testing.T) {
	t.Parallel()
	f, dir := newFake(t), t.TempDir()
	for room := 0; ; room++ {
		w := &narrow{room}
		_, err := f.run(dir, func(o *Options) { o.Stdout = w })
		if err == nil {
			assert.GreaterOrEqual(t, room, 8, "the code and seven moves")
			break
		}
		require.ErrorIs(t, err, io.ErrShortWrite)
		assert.NoFileExists(t, filepath.Join(dir, "out.pdf"))
	}
	f.finished(dir)
}

type narrow struct{ room int }

func (n *narrow) Write(p []byte) (int, error) {
	if n.room == 0 {
		return 0, io.ErrShortWrite
	}
	n.room--
	return len(p), nil
}
