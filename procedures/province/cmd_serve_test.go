package province

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spoken is an output that may be read while it is written.
type spoken struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *spoken) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Split(s.b.String(), "\n")
	return all[:len(all)-1] // the last one is not whole yet
}

// launch runs a command that ends when it is asked to, and waits for its first
// lines. The function it returns ends it.
func launch(t *testing.T, lines int, args ...string) (out *spoken, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out = &spoken{}
	errs := &spoken{}
	code := make(chan int, 1)
	go func() { code <- Run(ctx, small(), assemble, args, out, errs) }()
	require.Eventually(t, func() bool { return len(out.lines()) >= lines }, time.Minute, time.Millisecond, "%v %v", args, errs)
	return out, func() int {
		cancel()
		return <-code
	}
}

// server answers until the test ends. It does not close as httptest's servers do:
// they close the idle connections of everybody in the process, of which a POST
// that is just about to be sent may be one.
func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(func() { _ = srv.Config.Close() })
	return srv
}

func status(t *testing.T, address string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// A server says who it is, where it is, and that nothing it does is valid while
// anything of it is simulated; it answers until it is asked to stop.
func TestServeAndStop(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	out, end := launch(t, 3, "serve", "--data", data, "--date", lawDay)
	lines := out.lines()
	assert.Equal(t, "Tỉnh Mẫu", lines[0])
	assert.Equal(t, http.StatusOK, status(t, lines[1]+"/"))
	assert.Equal(t, "law's clock 08:00 15/11/2024; simulated: nothing here is valid in law", lines[2])
	assert.Zero(t, end())
	f, err := ReadFolder(data)
	require.NoError(t, err)
	free(t, f.kept.Ports)
	assert.FileExists(t, filepath.Join(data, keptConfig))
}

// Simulators that run alone say how they are reached, in a file that a province
// without simulators takes as it is.
func TestSimulatorsAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sim, data := filepath.Join(dir, "sim"), filepath.Join(dir, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(sim, "province.yaml", "x"), 0o700))
	code, _, stderr := ask(t, "sim", "--data", sim, "--date", lawDay)
	assert.Equal(t, 1, code, "what cannot be told is not started")
	assert.Contains(t, stderr, "province.yaml")
	f, err := ReadFolder(sim)
	require.NoError(t, err)
	require.Len(t, f.kept.Ports, 3)
	free(t, f.kept.Ports)
	require.NoError(t, os.RemoveAll(filepath.Join(sim, "province.yaml")))

	out, end := launch(t, 1, "sim", "--data", sim)
	file := filepath.Join(sim, "province.yaml")
	assert.Contains(t, out.lines()[0], file)
	copied := filepath.Join(dir, "out.pdf")
	code, _, stderr = ask(t, "demo", "--config", file, "--data", data, "--date", lawDay, "--out", copied)
	assert.Zero(t, code, stderr)
	assert.FileExists(t, copied)
	assert.NoDirExists(t, filepath.Join(data, "trust"), "the province has no simulator of its own")
	assert.Zero(t, end())
	free(t, f.kept.Ports)
	require.NoError(t, os.WriteFile(filepath.Join(sim, "secrets", "vnpay"), []byte("x"), 0o600))
	code, _, stderr = ask(t, "sim", "--data", sim)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "secrets/vnpay is damaged")
	code, _, stderr = ask(t, "sim", "--data", data, "--directory", dir)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "directory: ")
}

// A demo talks to a server that runs elsewhere, and remembers in the folder it is
// given which copies are written.
func TestDemoElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, end := launch(t, 3, "serve", "--data", filepath.Join(dir, "data"), "--date", lawDay)
	address, copied := out.lines()[1], filepath.Join(dir, "out.pdf")
	first := []string{"demo", "--url", address, "--out", copied}
	for _, args := range [][]string{first, append(first, "--data", dir)} {
		code, _, stderr := ask(t, args...)
		require.Zero(t, code, stderr)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "demo.done"))
	require.NoError(t, err)
	assert.Equal(t, "H99.02-241115-0001\n", string(raw), "the folder did not know it: its copy is written again")
	assert.Zero(t, end())
}
