package province

import (
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func noon() time.Time { return time.Date(2026, 11, 25, 5, 0, 0, 0, time.UTC) }

// What cannot be kept is not promised: each call that writes says so when the
// folder has gone away under it.
func TestFolderThatWentAway(t *testing.T) {
	t.Parallel()
	var listened string
	for name, use := range map[string]func(f *Folder) error{
		"clock":    func(f *Folder) error { _, err := f.Clock(lawDay, noon); return err },
		"now":      func(f *Folder) error { _, err := f.Clock("", noon); return err },
		"listen":   func(f *Folder) error { _, err := f.Listen("portal", listened); return err },
		"config":   func(f *Folder) error { return f.keepConfig(&Config{}) },
		"name":     func(f *Folder) error { return f.remember("a") },
		"database": (*Folder).rememberDatabase,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := ownFolder(t, filepath.Join(t.TempDir(), "data"))
			require.NoError(t, os.RemoveAll(f.Dir))
			require.ErrorIs(t, use(f), os.ErrNotExist)
			assert.NoDirExists(t, f.Dir)
			free(t, f.kept.Ports)
		})
	}
}

// A secret that cannot be written, or whose name cannot be kept, is an error: a
// later start would make another one.
func TestSecretThatCannotBeKept(t *testing.T) {
	t.Parallel()
	f := ownFolder(t, t.TempDir())
	require.NoError(t, os.WriteFile(f.Path("secrets"), nil, 0o600))
	_, err := f.Secret("a", 8)
	require.ErrorContains(t, err, f.Path("secrets"))
	require.NoError(t, os.Remove(f.Path("secrets")))
	require.NoError(t, os.MkdirAll(f.Path("state.json", "x"), 0o700))
	_, err = f.Secret("a", 8)
	require.ErrorContains(t, err, "state.json")
	require.NoError(t, os.RemoveAll(f.Path("state.json")))
	require.NoError(t, os.MkdirAll(f.Path("secrets", "b", "x"), 0o700))
	_, err = f.Secret("b", 8)
	require.ErrorContains(t, err, f.Path("secrets", "b"), "a folder is no secret")
}

// The kernel's own files lie in folders where nobody writes, so they stand here
// for a disk that is read-only.
func TestFolderNobodyWritesIn(t *testing.T) {
	t.Parallel()
	_, err := OpenFolder("/proc/self")
	require.ErrorContains(t, err, "/proc/self", "its mode cannot be set")
	for name, to := range map[string]string{"no folder": "nowhere", "read-only": "/proc/self"} {
		f := ownFolder(t, t.TempDir())
		require.NoError(t, os.Symlink(to, f.Path("secrets")))
		key, err := f.Secret("a", 8)
		require.Error(t, err, name)
		assert.Nil(t, key, "%s: a key that is not kept is not used", name)
		assert.Empty(t, f.kept.Secrets, name)
	}
}

// A secret has just the length it was made with, in hex, whatever white space an
// editor has added.
func TestSecretLength(t *testing.T) {
	t.Parallel()
	f := ownFolder(t, t.TempDir())
	key, err := f.Secret("a", 8)
	require.NoError(t, err)
	text := hex.EncodeToString(key)
	for content, good := range map[string]bool{
		text: true, text + "\r\n": true, " " + text: true, strings.ToUpper(text): true,
		"": false, text[:14]: false, text + "00": false, text[:15]: false, text[:15] + "x": false,
	} {
		require.NoError(t, os.WriteFile(f.Path("secrets", "a"), []byte(content), 0o600))
		got, err := f.Secret("a", 8)
		if good {
			require.NoError(t, err, "%q", content)
			assert.Equal(t, key, got)
			continue
		}
		require.ErrorContains(t, err, "8 hex bytes are expected", "%q", content)
		assert.Nil(t, got)
	}
	assert.Equal(t, []string{"a"}, f.kept.Secrets, "a name is kept once")
	require.NoError(t, f.remember("a"))
	assert.Equal(t, []string{"a"}, f.kept.Secrets)
}

// A reader makes nothing, not even a secret that is missing or the choice of a
// clock.
func TestReaderMakesNothing(t *testing.T) {
	t.Parallel()
	f, err := ReadFolder(t.TempDir())
	require.NoError(t, err)
	_, err = f.Secret("a", 8)
	require.ErrorIs(t, err, os.ErrNotExist)
	c, err := f.Clock("", noon)
	require.NoError(t, err)
	assert.True(t, c.Now().Equal(noon()))
	left, err := os.ReadDir(f.Dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, f.Close(), "there is nothing to give up")
}

// The law's clock goes from 2000 to 2100, both included.
func TestDatesAtTheirLimits(t *testing.T) {
	t.Parallel()
	for date, good := range map[string]bool{
		"1999-12-31": false, "1999-12-31T23:59:59": false, "2000-01-01T00:00": true, "2000-01-01": true,
		"2100-12-31": true, "2100-12-31T23:59:59": true, "2101-01-01T00:00": false, "2101-01-01": false,
	} {
		f := ownFolder(t, t.TempDir())
		c, err := f.Clock(date, noon)
		if good {
			require.NoError(t, err, date)
			want, err := ParseDate(date)
			require.NoError(t, err)
			assert.True(t, want.Equal(c.Now()), date)
			assert.FileExists(t, f.Path("state.json"))
			continue
		}
		require.ErrorContains(t, err, "between 2000 and 2100", date)
		assert.NoFileExists(t, f.Path("state.json"), "a folder with a wrong date is not begun")
	}
}

// What is kept is read or told: nobody guesses a clock or an address.
func TestStateThatIsDamaged(t *testing.T) {
	t.Parallel()
	for content, complaint := range map[string]string{
		"":                   "restore it from a copy",
		"{":                  "restore it from a copy",
		"[]":                 "restore it from a copy",
		`{"offset":3}`:       "restore it from a copy",
		`{"offset":"a day"}`: "offset",
	} {
		dir := t.TempDir()
		at := filepath.Join(dir, "state.json")
		require.NoError(t, os.WriteFile(at, []byte(content), 0o600))
		for name, open := range map[string]func(string) (*Folder, error){"owner": OpenFolder, "reader": ReadFolder} {
			f, err := open(dir)
			if err == nil {
				_, err = f.Clock("", noon)
				require.NoError(t, f.Close())
			}
			require.ErrorContains(t, err, complaint, "%s %q", name, content)
			require.ErrorContains(t, err, at)
		}
	}
}

// Whatever keeps a folder from being opened is told, and a folder that was
// refused is not held.
func TestOpenOverObstacles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := OpenFolder(file)
	require.ErrorContains(t, err, file)
	_, err = OpenFolder(filepath.Join(file, "below"))
	require.ErrorContains(t, err, file)
	_, err = ReadFolder(file)
	require.ErrorContains(t, err, file)
	data := filepath.Join(dir, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(data, "lock", "x"), 0o700))
	_, err = OpenFolder(data)
	require.ErrorContains(t, err, filepath.Join(data, "lock"))
	require.NoError(t, os.RemoveAll(filepath.Join(data, "lock")))
	require.NoError(t, os.WriteFile(filepath.Join(data, "state.json"), []byte("{"), 0o600))
	_, err = OpenFolder(data)
	require.ErrorContains(t, err, "state.json")
	require.NoError(t, os.Remove(filepath.Join(data, "state.json")))
	ownFolder(t, data)
}

// An address chosen at the first start is kept, one that was given is not: but
// port 0 asks for a choice, which is kept.
func TestAddressesThatAreKept(t *testing.T) {
	t.Parallel()
	f := ownFolder(t, t.TempDir())
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	given := other.Addr().String()
	require.NoError(t, other.Close())
	for _, c := range []struct {
		want string
		kept bool
	}{{given, false}, {"127.0.0.1:0", true}, {given, false}, {"", true}} {
		l, err := f.Listen("portal", c.want)
		require.NoError(t, err)
		assert.Equal(t, c.kept, f.kept.Ports["portal"] == l.Addr().String(), c.want)
		if c.want == given {
			assert.Equal(t, given, l.Addr().String())
		}
		require.NoError(t, l.Close())
	}
	_, err = f.Listen("portal", "192.0.2.1:1") // TEST-NET-1 (RFC 5737): no machine has it
	require.ErrorContains(t, err, "portal cannot listen at 192.0.2.1:1")
	assert.NotContains(t, err.Error(), "is taken")
	again, err := ReadFolder(f.Dir)
	require.NoError(t, err)
	assert.Equal(t, f.kept, again.kept, "what is kept is in the file")
}

// A file is there whole or not at all, and nothing of a failed attempt is left.
func TestWriteFileOverObstacles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := filepath.Join(dir, "a")
	require.ErrorIs(t, WriteFile(filepath.Join(dir, "none", "a"), nil), os.ErrNotExist)
	require.NoError(t, os.MkdirAll(filepath.Join(at, "x"), 0o700))
	require.ErrorContains(t, WriteFile(at, []byte("new")), at)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1)
	require.NoError(t, os.RemoveAll(at))
	require.NoError(t, WriteFile(at, []byte("new")))
	raw, err := os.ReadFile(at)
	require.NoError(t, err)
	assert.Equal(t, "new", string(raw))
}
