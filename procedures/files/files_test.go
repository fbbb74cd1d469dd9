package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/procedures/files"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// emptyRef is the SHA-256 of nothing (FIPS 180-4 test value).
const emptyRef = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func open(t *testing.T, o *files.Options) (*files.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	s, err := files.Open(dir, o)
	require.NoError(t, err)
	return s, dir
}

func read(t *testing.T, s *files.Store, ref string) ([]byte, error) {
	t.Helper()
	r, err := s.Open(t.Context(), ref)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	return io.ReadAll(r)
}

func TestPutAndOpen(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	ref, err := s.Put(t.Context(), strings.NewReader("abc"))
	require.NoError(t, err)
	assert.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ref, "FIPS 180-4: SHA-256 of abc")
	got, err := read(t, s, ref)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(got))

	empty, err := s.Put(t.Context(), strings.NewReader(""))
	require.NoError(t, err)
	assert.Equal(t, emptyRef, empty)

	again, err := files.Open(dir, nil)
	require.NoError(t, err)
	got, err = read(t, again, ref)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(got), "a store opened anew reads what was put")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s, _ := open(t, nil)
	rapid.Check(t, func(rt *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(rt, "content")
		ref, err := s.Put(context.Background(), iotestOneByte{bytes.NewReader(content)})
		require.NoError(rt, err)
		sum := sha256.Sum256(content)
		require.Equal(rt, hex.EncodeToString(sum[:]), ref)
		got, err := read(t, s, ref)
		require.NoError(rt, err)
		require.True(rt, bytes.Equal(content, got))
	})
}

// iotestOneByte gives short reads, as a network does.
type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 7)]) }

func TestLimit(t *testing.T) {
	t.Parallel()
	s, dir := open(t, &files.Options{MaxBytes: 10})
	_, err := s.Put(t.Context(), strings.NewReader("0123456789"))
	require.NoError(t, err)
	_, err = s.Put(t.Context(), strings.NewReader("0123456789a"))
	require.ErrorIs(t, err, files.ErrTooLarge)
	assert.Empty(t, entries(t, filepath.Join(dir, "partial")), "nothing half written stays")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s, _ := open(t, nil)
	for _, ref := range []string{"", "../../etc/passwd", strings.Repeat("A", 64), emptyRef[:63], emptyRef + "0", emptyRef[:62] + "/."} {
		_, err := s.Open(t.Context(), ref)
		assert.ErrorIs(t, err, files.ErrInvalid, ref)
		assert.NotContains(t, fmt.Sprint(err), "passwd", "the text does not repeat what came from outside")
	}
	_, err := s.Open(t.Context(), emptyRef)
	assert.ErrorIs(t, err, files.ErrNotFound)
}

// The numbers of the codes are kept by others; they don't change.
func TestCodesAreFrozen(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []files.Code{1, 2, 3, 4, 5},
		[]files.Code{files.CodeInvalid, files.CodeNotFound, files.CodeTooLarge, files.CodeDamaged, files.CodeStorage})
	sentinels := []*files.Error{files.ErrInvalid, files.ErrNotFound, files.ErrTooLarge, files.ErrDamaged, files.ErrStorage}
	for i, a := range sentinels {
		for j, b := range sentinels {
			assert.Equal(t, i == j, errors.Is(a, b), "%v, %v", a, b)
		}
	}
}

func TestBrokenReader(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	lost := errors.New("connection lost")
	_, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), failing{lost}))
	require.ErrorIs(t, err, lost)
	require.ErrorIs(t, err, files.ErrStorage)
	assert.Empty(t, entries(t, filepath.Join(dir, "partial")))
	assert.Zero(t, stored(t, dir))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Put(ctx, strings.NewReader("x"))
	require.ErrorIs(t, err, context.Canceled)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLeftovers(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	ref, err := s.Put(t.Context(), strings.NewReader("kept"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "partial", "put-1"), []byte("cut by a crash"), 0o600))
	_, err = files.Open(dir, nil)
	require.NoError(t, err)
	assert.Empty(t, entries(t, filepath.Join(dir, "partial")))
	_, err = read(t, s, ref)
	require.NoError(t, err)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	ref, err := s.Put(t.Context(), strings.NewReader("original"))
	require.NoError(t, err)
	place := filepath.Join(dir, "sha256", ref[:2], ref)
	require.NoError(t, os.Chmod(place, 0o600))
	require.NoError(t, os.WriteFile(place, []byte("0riginal"), 0o600))
	_, err = read(t, s, ref)
	require.ErrorIs(t, err, files.ErrDamaged)

	problems, err := s.Audit(t.Context(), slices.Values([]files.Reference{
		{Table: "desk_papers", Row: "p1", Ref: ref},
		{Table: "desk_papers", Row: "p2", Ref: emptyRef},
		{Table: "desk_papers", Row: "p3", Ref: "x"},
	}))
	require.NoError(t, err)
	assert.Equal(t, []sqlkit.Problem{
		{Table: "desk_papers", Row: "p1", Problem: "file " + ref + " is damaged"},
		{Table: "desk_papers", Row: "p2", Problem: "file " + emptyRef + " is missing"},
		{Table: "desk_papers", Row: "p3", Problem: "the file reference is malformed"},
	}, problems)

	_, err = s.Put(t.Context(), strings.NewReader("original"))
	require.NoError(t, err)
	got, err := read(t, s, ref)
	require.NoError(t, err)
	assert.Equal(t, "original", string(got), "putting the content again heals it")
}

func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	s, dir := open(t, nil)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			content := fmt.Sprintf("content %d", i%4)
			ref, err := s.Put(context.Background(), strings.NewReader(content))
			if assert.NoError(t, err) {
				r, err := s.Open(context.Background(), ref)
				if assert.NoError(t, err) {
					got, err := io.ReadAll(r)
					assert.NoError(t, err)
					assert.Equal(t, content, string(got))
					assert.NoError(t, r.Close())
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 4, stored(t, dir), "equal contents are one file")
}

func TestReadOnlyMakesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "absent")
	s := files.OpenReadOnly(dir, nil)
	_, err := s.Open(t.Context(), emptyRef)
	require.ErrorIs(t, err, files.ErrNotFound)
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

// stored counts the files a store holds.
func stored(t *testing.T, dir string) int {
	t.Helper()
	count := 0
	for _, d := range entries(t, filepath.Join(dir, "sha256")) {
		count += len(entries(t, filepath.Join(dir, "sha256", d)))
	}
	return count
}
