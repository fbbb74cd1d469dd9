package files_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/files"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// abcRef is the SHA-256 of abc (FIPS 180-4 test value).
const abcRef = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

// meanwhile gives abc, and does something else before its end.
type meanwhile struct {
	do   func()
	text io.Reader
}

func (m *meanwhile) Read(p []byte) (int, error) {
	n, err := m.text.Read(p)
	if err == io.EOF {
		m.do()
	}
	return n, err
}

// leaving gives a byte at a time for ever, and its reader has gone after the first.
type leaving struct {
	leave func()
	reads int
}

func (l *leaving) Read(p []byte) (int, error) {
	l.leave()
	l.reads++
	return copy(p, "x"), nil
}

// spoil puts something else where a folder was, and returns how to mend it.
func spoil(t *testing.T, path string) (mend func()) {
	t.Helper()
	require.NoError(t, os.Rename(path, path+".away"))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return func() {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Rename(path+".away", path))
	}
}

// Whatever the disk refuses, the caller hears of it, nothing half written stays,
// and putting the file again helps.
func TestPutOnAFailingDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		before bool // else in the middle
		spoil  func(t *testing.T, dir string) (mend func())
	}{
		{"nowhere to write", true, func(t *testing.T, dir string) func() { return spoil(t, filepath.Join(dir, "partial")) }},
		{"the file's folder lost", false, func(t *testing.T, dir string) func() { return spoil(t, filepath.Join(dir, "sha256", "ba")) }},
		{"the file's place taken", false, func(t *testing.T, dir string) func() {
			place := filepath.Join(dir, "sha256", "ba", abcRef)
			require.NoError(t, os.Mkdir(place, 0o700))
			return func() { require.NoError(t, os.Remove(place)) }
		}},
		{"the half-written file lost", false, func(t *testing.T, dir string) func() {
			for _, name := range entries(t, filepath.Join(dir, "partial")) {
				require.NoError(t, os.Remove(filepath.Join(dir, "partial", name)))
			}
			return func() {}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, dir := open(t, nil)
			mend, then := func() {}, func() {}
			if c.before {
				mend = c.spoil(t, dir)
			} else {
				then = func() { mend = c.spoil(t, dir) }
			}
			ref, err := s.Put(t.Context(), &meanwhile{do: then, text: strings.NewReader("abc")})
			require.ErrorIs(t, err, files.ErrStorage)
			assert.Empty(t, ref)
			mend()
			assert.Empty(t, entries(t, filepath.Join(dir, "partial")), "nothing half written stays")
			assert.Zero(t, stored(t, dir))
			ref, err = s.Put(t.Context(), strings.NewReader("abc"))
			require.NoError(t, err)
			assert.Equal(t, abcRef, ref)
			got, err := read(t, s, ref)
			require.NoError(t, err)
			assert.Equal(t, "abc", string(got))
		})
	}
}

func TestCallerGoesInTheMiddle(t *testing.T) {
	t.Parallel()
	s, dir := open(t, &files.Options{MaxBytes: 100})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Put(ctx, &meanwhile{do: cancel, text: strings.NewReader("abc")})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, entries(t, filepath.Join(dir, "partial")))
	assert.Zero(t, stored(t, dir))
	ctx, cancel = context.WithCancel(t.Context())
	left := &leaving{leave: cancel}
	_, err = s.Put(ctx, left)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, left.reads, "nobody waits for the rest")

	_, err = s.Put(t.Context(), strings.NewReader("abc"))
	require.NoError(t, err)
	_, err = s.Open(ctx, abcRef)
	require.ErrorIs(t, err, context.Canceled)
	ctx, cancel = context.WithCancel(t.Context())
	r, err := s.Open(ctx, abcRef)
	require.NoError(t, err)
	cancel()
	_, err = io.ReadAll(r)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, r.Close())
	problems, err := s.Audit(ctx, slices.Values([]files.Reference{{Table: "desk_papers", Row: "p1", Ref: abcRef}}))
	require.ErrorIs(t, err, context.Canceled, "not a finding")
	assert.Empty(t, problems)
}

// A file that cannot be read is neither missing nor damaged.
func TestReadFromAFailingDisk(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	unread := []sqlkit.Problem{{Table: "desk_papers", Row: "p1", Problem: "file " + abcRef + " can't be read"}}
	audit := func() []sqlkit.Problem {
		problems, err := s.Audit(t.Context(), slices.Values([]files.Reference{{Table: "desk_papers", Row: "p1", Ref: abcRef}}))
		require.NoError(t, err)
		return problems
	}
	place := filepath.Join(dir, "sha256", "ba", abcRef)
	require.NoError(t, os.Mkdir(place, 0o700)) // opens, and cannot be read
	_, err := read(t, s, abcRef)
	require.Error(t, err)
	require.NotErrorIs(t, err, files.ErrDamaged)
	assert.Equal(t, unread, audit())
	require.NoError(t, os.Remove(place))

	mend := spoil(t, filepath.Dir(place))
	_, err = s.Open(t.Context(), abcRef)
	require.ErrorIs(t, err, files.ErrStorage)
	require.NotErrorIs(t, err, files.ErrNotFound)
	assert.Equal(t, unread, audit())
	mend()
	_, err = s.Open(t.Context(), abcRef)
	require.ErrorIs(t, err, files.ErrNotFound)
}

// A folder that cannot be a store is told when it is opened, not at the first
// file.
func TestOpenOnAFailingDisk(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]string{"the store": "", "a folder of contents": "sha256/ba", "the folder of halves": "partial"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, dir := open(t, nil)
			mend := spoil(t, filepath.Join(dir, place))
			_, err := files.Open(dir, nil)
			require.ErrorIs(t, err, files.ErrStorage)
			mend()
			_, err = files.Open(dir, nil)
			require.NoError(t, err)
		})
	}
	t.Run("a leftover that stays", func(t *testing.T) {
		t.Parallel()
		_, dir := open(t, nil)
		stays := filepath.Join(dir, "partial", "put-1")
		require.NoError(t, os.MkdirAll(filepath.Join(stays, "full"), 0o700))
		_, err := files.Open(dir, nil)
		require.ErrorIs(t, err, files.ErrStorage)
		require.NoError(t, os.RemoveAll(stays))
		_, err = files.Open(dir, nil)
		require.NoError(t, err)
	})
}
