package endtoend

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRestart stops a server and starts it again: the law's clock goes on from
// where it was, addresses stay, and what would surprise is an error.
func TestRestart(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	srv := serve(t, data, "--date", "2024-11-15T15:01")
	address := srv.url
	p := newBrowser(t, srv.url).get("/")
	assert.True(t, strings.HasPrefix(p.main("data-now"), "2024-11-15T15:0"), p.main("data-now"))

	second := run(t, "serve", "--data", data)
	assert.Equal(t, 1, second.code)
	assert.Contains(t, second.stderr, "is in use by another process")
	assert.Equal(t, 200, newBrowser(t, srv.url).get("/").status, "the first is not disturbed")
	assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, "audit", "--data", data, "--json"), "audit works beside a server")
	srv.stop(t)

	other := run(t, "serve", "--data", data, "--date", "2024-11-16")
	assert.Equal(t, 1, other.code)
	assert.Contains(t, other.stderr, "was started with date 2024-11-15T15:01, not 2024-11-16")

	srv = serve(t, data, "--date", "2024-11-15T15:01")
	srv.stop(t)
	srv = serve(t, data)
	assert.Equal(t, address, srv.url, "the folder keeps its port")
	p = newBrowser(t, srv.url).get("/")
	assert.True(t, strings.HasPrefix(p.main("data-now"), "2024-11-15T15:"), p.main("data-now"))
	assert.Greater(t, p.main("data-now"), "2024-11-15T15:01:00", "it ticks on")
	srv.stop(t)

	taken, err := net.Listen("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	r := run(t, "serve", "--data", data)
	require.NoError(t, taken.Close())
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, "the port is taken by another process")
}

// TestCopiedFolder goes on from a copy at another path: what the original holds
// is there.
func TestCopiedFolder(t *testing.T) {
	t.Parallel()
	first := demo(t, t.TempDir(), "--date", lawDay)
	data := copyFolder(t, first.data)
	require.NoError(t, os.RemoveAll(first.data), "nothing may point at the original")
	out := filepath.Join(t.TempDir(), "second.pdf")
	r := run(t, "demo", "--data", data, "--out", out)
	require.Zero(t, r.code, r.stderr)
	assert.NotEqual(t, first.lines[0], r.lines()[0], "the first dossier is finished")
	assert.True(t, strings.HasSuffix(r.lines()[0], "-241115-0002"), r.lines()[0])
	for _, file := range []string{first.file, out} {
		_, code := judge(t, file, "--data", data)
		assert.Zero(t, code, file)
	}
	assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, "audit", "--data", data, "--json"))
}

func TestFlagsStandAnywhere(t *testing.T) {
	t.Parallel()
	s := told(t)
	before := ok(t, "--data", s.data, "export", "national", "--day", lawDay)
	assert.Equal(t, before, ok(t, "export", "--day", lawDay, "national", "--data", s.data))
	assert.Contains(t, before, "H10.")
	r := run(t, "audit")
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, "is not there")
	r = run(t, "serve", "--listen", "0.0.0.0:0")
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, "simulators accept anybody")
}

func TestCommandsThatOnlyRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"procedures", "check", filepath.Join(here(t), "procedures")}, {"directory", "check", filepath.Join(here(t), "directory")},
		{"procedures", "draw", "2.000815"}, {"procedures", "bindings"},
	} {
		r := runIn(t, dir, args...)
		assert.Zero(t, r.code, "%v: %s%s", args, r.stdout, r.stderr)
		assert.NotEmpty(t, r.stdout)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Contains(t, ok(t, "procedures", "draw", "2.000815"), "stateDiagram-v2")
	bad := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(bad, "province"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(bad, "province", "2.000815.yaml"),
		[]byte("format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\nextension: {working_days: 9}\n"), 0o600))
	r := run(t, "procedures", "check", bad)
	assert.Equal(t, 1, r.code, r.stdout)
	assert.Regexp(t, `(?m)2\.000815\.yaml:4: term-longer: `, r.stdout, "a finding names file, line and what is wrong")
	assert.Equal(t, 1, run(t, "directory", "check", filepath.Join(bad, "none")).code)
}

// here is the province's own folder.
func here(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../binhphuoc")
	require.NoError(t, err)
	return dir
}
