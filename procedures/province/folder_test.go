package province

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2024-11-15": "2024-11-15T08:00:00+07:00", "2024-11-15T15:01": "2024-11-15T15:01:00+07:00",
		"2024-02-29T23:59:30": "2024-02-29T23:59:30+07:00",
	} {
		got, err := ParseDate(in)
		require.NoError(t, err)
		assert.Equal(t, want, got.Format(time.RFC3339))
	}
	for _, in := range []string{"", "15/11/2024", "2023-02-29", "2024-11-15 15:01", "2024-11-15T25:00"} {
		_, err := ParseDate(in)
		require.Error(t, err, in)
	}
}

func TestFolderIsOwnedByOne(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	f, err := OpenFolder(dir)
	require.NoError(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	_, err = OpenFolder(dir)
	require.ErrorContains(t, err, "in use by another process")
	_, err = ReadFolder(dir)
	require.NoError(t, err, "reading takes no lock")
	require.NoError(t, f.Close())
	f, err = OpenFolder(dir)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = ReadFolder(dir + "-none")
	require.ErrorContains(t, err, "is not there")
	assert.NoDirExists(t, dir+"-none")
}

func TestFolderClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	machine := func() time.Time { return now }
	open := func(date string) (*LawClock, error) {
		f, err := OpenFolder(dir)
		require.NoError(t, err)
		defer func() { require.NoError(t, f.Close()) }()
		return f.Clock(date, machine)
	}
	_, err := open("tomorrow")
	require.ErrorContains(t, err, "tomorrow")
	c, err := open("2024-11-15")
	require.NoError(t, err)
	assert.Equal(t, "2024-11-15T08:00:00+07:00", c.Now().Format(time.RFC3339))
	now = now.Add(90 * time.Minute)
	assert.Equal(t, "2024-11-15T09:30:00+07:00", c.Now().Format(time.RFC3339), "it ticks on")
	for _, date := range []string{"", "2024-11-15"} {
		c, err = open(date)
		require.NoError(t, err)
		assert.Equal(t, "2024-11-15T09:30:00+07:00", c.Now().Format(time.RFC3339), "the folder remembers it")
	}
	_, err = open("2024-11-16")
	require.ErrorContains(t, err, "was started with date 2024-11-15, not 2024-11-16")
}

func TestFolderClockWithoutDate(t *testing.T) {
	t.Parallel()
	f, err := OpenFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	machine := func() time.Time { return now }
	c, err := f.Clock("", machine)
	require.NoError(t, err)
	assert.True(t, c.Now().Equal(now))
	_, err = f.Clock("2024-11-15", machine)
	require.ErrorContains(t, err, "was started with date today's")
}

func TestFolderPorts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := OpenFolder(dir)
	require.NoError(t, err)
	l, err := f.Listen("portal", "")
	require.NoError(t, err)
	addr := l.Addr().String()
	_, err = f.Listen("portal", "")
	require.ErrorContains(t, err, "the port is taken", "a kept port that is taken is an error, not another port")
	require.NoError(t, l.Close())
	require.NoError(t, f.Close())
	f, err = OpenFolder(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	l, err = f.Listen("portal", "")
	require.NoError(t, err)
	assert.Equal(t, addr, l.Addr().String(), "the folder keeps its port")
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	_, err = f.Listen("portal", other.Addr().String())
	require.ErrorContains(t, err, "the port is taken")
}

func TestFolderSecret(t *testing.T) {
	t.Parallel()
	f, err := OpenFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	a, err := f.Secret("vault", 32)
	require.NoError(t, err)
	require.Len(t, a, 32)
	again, err := f.Secret("vault", 32)
	require.NoError(t, err)
	assert.Equal(t, a, again)
	b, err := f.Secret("session", 32)
	require.NoError(t, err)
	assert.NotEqual(t, a, b)
	info, err := os.Stat(f.Path("secrets", "vault"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(f.Path("secrets", "vault"), []byte("zz"), 0o600))
	_, err = f.Secret("vault", 32)
	require.ErrorContains(t, err, "is damaged")
	require.NoError(t, os.Remove(f.Path("secrets", "vault")))
	_, err = f.Secret("vault", 32)
	require.ErrorContains(t, err, "is gone", "a new one would open nothing the old one closed")
}
