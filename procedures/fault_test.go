package procedures_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
)

// failingFS fails at one opening or reading of a file or folder, the left-th
// from now.
type failingFS struct {
	fs.FS
	left int
}

func (f *failingFS) fails(op, name string) error {
	if f.left > 0 {
		if f.left--; f.left == 0 {
			return &fs.PathError{Op: op, Path: name, Err: errDisk}
		}
	}
	return nil
}

// Open counts: Stat and ReadDir of package fs come here, too.
func (f *failingFS) Open(name string) (fs.File, error) {
	if err := f.fails("open", name); err != nil {
		return nil, err
	}
	file, err := f.FS.Open(name)
	if dir, ok := file.(fs.ReadDirFile); ok && err == nil {
		return &failingFolder{dir, f, name}, nil
	}
	return &failingFile{file, f, name}, err
}

type failingFile struct {
	fs.File
	f    *failingFS
	name string
}

func (f *failingFile) Read(b []byte) (int, error) {
	if err := f.f.fails("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(b)
}

type failingFolder struct {
	fs.ReadDirFile
	f    *failingFS
	name string
}

func (f *failingFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := f.f.fails("readdir", f.name); err != nil {
		return nil, err
	}
	return f.ReadDirFile.ReadDir(n)
}

func (f *failingFolder) Read(b []byte) (int, error) {
	if err := f.f.fails("read", f.name); err != nil {
		return 0, err
	}
	return f.ReadDirFile.Read(b)
}

// Whatever cannot be read is told: a catalogue without what a bad disk holds
// would be another law.
func TestEveryUnreadableFileIsTold(t *testing.T) {
	t.Parallel()
	files := func() *failingFS {
		return &failingFS{FS: folder("national/2.000815.yaml", certified(t), "province/2.000815.yaml",
			"format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\n", "commune/H10.40.18/2.000815.yaml",
			"format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\n", "statuses.yaml", builtIn(t, "statuses.yaml"))}
	}
	for what, load := range map[string]func(*failingFS) error{
		"catalogue": func(f *failingFS) error {
			c, found, err := procedures.Load(f)
			if err == nil {
				assert.Empty(t, found)
				assert.Len(t, c.Codes(), 1)
			}
			return err
		},
		"forms": func(f *failingFS) error {
			f.FS = folder("forms.yaml", builtIn(t, "forms.yaml"))
			table, found, err := procedures.LoadForms(f)
			if err == nil {
				assert.Empty(t, found)
				assert.NotNil(t, table)
			}
			return err
		},
	} {
		for n := 1; ; n++ {
			require.LessOrEqual(t, n, 500, "reading never ends")
			f := files()
			f.left = n
			err := load(f)
			if f.left > 0 { // nothing was left to fail
				require.NoError(t, err, what)
				require.Greater(t, n, 2, what)
				break
			}
			require.ErrorIs(t, err, errDisk, "%s, %d", what, n)
		}
	}
	f := files()
	f.left = 1
	found := procedures.Check(f)
	require.NotEmpty(t, found)
	assert.Equal(t, "file-read", found[len(found)-1].Rule)
}

// builtIn is a list the package has built in, as a province would copy it.
func builtIn(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
