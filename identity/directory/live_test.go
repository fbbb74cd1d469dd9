package directory

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/identity"
)

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/province")))
	return dir
}

func edit(t *testing.T, dir, name string, change func(string) string) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(change(string(data))), 0o600))
}

func dismiss(s string) string {
	return strings.ReplaceAll(s, "login: {sub: can-bo-0001}", "login: {sub: nobody}")
}

var nov = day("2024-11-15")

func TestReload(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	l, list, err := Open(os.DirFS(dir), nil)
	require.NoError(t, err)
	require.Empty(t, list)
	an, ok := l.SignedIn("https://sso", "can-bo-0001", nov)
	require.True(t, ok)
	assert.Equal(t, "cb-0001", an.ID)
	assert.Equal(t, []string{"H10.41.01"}, an.Units)
	changed, _, err := l.Reload()
	require.NoError(t, err)
	assert.False(t, changed)
	edit(t, dir, "people.yaml", dismiss)
	changed, _, err = l.Reload()
	require.NoError(t, err)
	assert.True(t, changed)
	_, ok = l.SignedIn("https://sso", "can-bo-0001", nov)
	assert.False(t, ok)
	_, ok = l.Serving("cb-0001", nov)
	assert.True(t, ok, "the post is still held")
	edit(t, dir, "people.yaml", func(s string) string {
		return strings.Replace(s, "from: 2023-01-01", "from: 2024-12-01", 1)
	})
	_, _, err = l.Reload()
	require.NoError(t, err)
	_, ok = l.Serving("cb-0001", nov)
	assert.False(t, ok)
}

func TestFaultyFilesKeepTheLastState(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	l, _, err := Open(os.DirFS(dir), nil)
	require.NoError(t, err)
	before := l.Directory()
	edit(t, dir, "people.yaml", func(s string) string { return s + "\nnonsense: [" })
	changed, list, err := l.Reload()
	require.ErrorIs(t, err, identity.ErrInvalid)
	assert.False(t, changed)
	assert.NotEmpty(t, list)
	assert.Equal(t, list, l.Findings())
	assert.Same(t, before, l.Directory())
	assert.True(t, can(l, "cb-0001"))
	require.NoError(t, os.RemoveAll(dir))
	_, _, err = l.Reload()
	require.ErrorIs(t, err, identity.ErrUnavailable)
	assert.True(t, can(l, "cb-0001"), "an unmounted folder locks nobody out")
	_, _, err = Open(os.DirFS(dir), nil)
	require.ErrorIs(t, err, identity.ErrUnavailable)
}

func can(l *Live, who string) bool {
	d := l.Policy().Can(&identity.Person{ID: who, Kind: identity.Official}, identity.Act{Step: "receive", Unit: "H10.41.01", At: nov})
	return d.Allowed
}

// A removed official loses access within a second.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	core, logs := observer.New(zap.InfoLevel)
	l, _, err := Open(os.DirFS(dir), &Options{Log: zap.New(core)})
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Watch(ctx) }()
		tick := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		tick(time.Second)
		require.Zero(t, logs.Len())
		edit(t, dir, "people.yaml", func(s string) string { return strings.Replace(s, "roles: [reception]", "roles: [auditor]", 1) })
		require.True(t, can(l, "cb-0001"))
		tick(250 * time.Millisecond)
		require.True(t, can(l, "cb-0001"), "a file is read when two looks see the same: it may be half written")
		tick(750 * time.Millisecond)
		assert.False(t, can(l, "cb-0001"))
		assert.Equal(t, 1, logs.FilterMessage("directory reloaded").Len())
		edit(t, dir, "people.yaml", func(string) string { return "" })
		tick(250 * time.Millisecond)
		edit(t, dir, "people.yaml", func(string) string { return "roles: [" })
		tick(time.Second)
		assert.Equal(t, 1, logs.FilterLevelExact(zap.ErrorLevel).Len(), "a fault is reported once")
		require.NoError(t, os.RemoveAll(dir))
		tick(2 * time.Second)
		assert.Equal(t, 1, logs.FilterLevelExact(zap.WarnLevel).Len(), "and so is a folder that is away")
		cancel()
		require.NoError(t, <-done)
	})
}

// A file replaced by one of the same size and time is noticed.
func TestSameSizeAndTime(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	path := filepath.Join(dir, "people.yaml")
	st, err := os.Stat(path)
	require.NoError(t, err)
	l, _, err := Open(os.DirFS(dir), nil)
	require.NoError(t, err)
	edit(t, dir, "people.yaml", func(s string) string { return strings.Replace(s, "can-bo-0001", "can-bo-0009", 1) })
	require.NoError(t, os.Chtimes(path, st.ModTime(), st.ModTime()))
	changed, _, err := l.Reload()
	require.NoError(t, err)
	assert.True(t, changed)
}
