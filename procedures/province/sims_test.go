package province

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/identity/directory"
)

func simsOf(t *testing.T) *SimsOptions {
	t.Helper()
	d, found, err := directory.Load(small().Directory)
	require.NoError(t, err)
	require.Empty(t, found)
	return &SimsOptions{Citizens: small().Citizens, Directory: d, Clock: NewLawClock(time.Now, 0), Machine: time.Now, Logger: zap.NewNop()}
}

func ownFolder(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := OpenFolder(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// free proves that nobody listens at the addresses a folder keeps.
func free(t *testing.T, ports map[string]string) {
	t.Helper()
	for name, addr := range ports {
		l, err := net.Listen("tcp", addr)
		if assert.NoError(t, err, "%s is left open", name) {
			require.NoError(t, l.Close())
		}
	}
}

// Whatever keeps a simulator from starting is told, and those that were started
// before it are stopped: the next start finds its addresses free.
func TestSimulatorsThatCannotStart(t *testing.T) {
	t.Parallel()
	const folder, nonsense = "", "{"
	for name, content := range map[string]string{
		"secrets": nonsense, "secrets/oidc-citizens": nonsense, "secrets/oidc-officials": nonsense, "secrets/vnpay": nonsense,
		"sim": nonsense, "sim/oidc": nonsense, "sim/oidc/oidcsim.json": nonsense, "sim/vnpay": nonsense, "sim/vnpay/a.json": nonsense,
		"trust": nonsense, "trust/root.pem": nonsense, "state.json": folder,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := ownFolder(t, t.TempDir())
			at := f.Path(filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
			if content == folder {
				require.NoError(t, os.MkdirAll(filepath.Join(at, "x"), 0o700))
			} else {
				require.NoError(t, os.WriteFile(at, []byte(content), 0o600))
			}
			s, err := StartSims(f, simsOf(t))
			require.ErrorContains(t, err, filepath.Dir(at), "the error names what stands in the way")
			require.ErrorContains(t, err, filepath.Base(at))
			assert.Nil(t, s)
			free(t, f.kept.Ports)
			require.NoError(t, os.RemoveAll(at))
			s, err = StartSims(f, simsOf(t))
			require.NoError(t, err, "nothing was left half done")
			require.NoError(t, s.Stop(t.Context()))
			free(t, f.kept.Ports)
		})
	}
}

// A port somebody else has taken stops the start, whichever simulator it was
// kept for.
func TestSimulatorWhosePortIsTaken(t *testing.T) {
	t.Parallel()
	f := ownFolder(t, t.TempDir())
	s, err := StartSims(f, simsOf(t))
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	require.Len(t, f.kept.Ports, 3)
	for name, addr := range f.kept.Ports {
		l, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		_, err = StartSims(f, simsOf(t))
		require.ErrorContains(t, err, name+" cannot listen at "+addr)
		require.NoError(t, l.Close())
		free(t, f.kept.Ports)
	}
}

// A root whose name cannot be kept might be replaced unnoticed once it is lost.
func TestRootThatCannotBeRemembered(t *testing.T) {
	t.Parallel()
	f := ownFolder(t, served(t))
	f.kept.Secrets = slices.DeleteFunc(f.kept.Secrets, func(name string) bool { return name == "root.pem" })
	require.NoError(t, os.Remove(f.Path("state.json")))
	require.NoError(t, os.MkdirAll(f.Path("state.json", "x"), 0o700))
	_, err := StartSims(f, simsOf(t))
	require.ErrorContains(t, err, "state.json")
	free(t, f.kept.Ports)
}

// The addresses that are told are those that answer, and nobody is a person at
// the provider but citizens and the officials with a login.
func TestSimulatorsAnswer(t *testing.T) {
	t.Parallel()
	f := ownFolder(t, t.TempDir())
	s, err := StartSims(f, simsOf(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	c := &s.Config
	assert.True(t, c.Trial)
	assert.True(t, c.NoSim, "who reads it starts none of its own")
	for address, status := range map[string]int{
		c.Identity.Citizens.Issuer + "/.well-known/openid-configuration": http.StatusOK,
		c.Esign.CA.URL + "/root.pem":                                     http.StatusOK,
		c.Esign.Timestampers[0]:                                          http.StatusMethodNotAllowed,
		c.Payment.VNPAY.PayURL:                                           http.StatusBadRequest,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, status, resp.StatusCode, address)
	}
	for _, name := range []string{"sim/oidc", "sim/vnpay", "trust"} {
		info, err := os.Stat(f.Path(filepath.FromSlash(name)))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), name)
	}
}

// Stop waits for what is being answered until it may wait no longer; then it
// cuts the connection and says so.
func TestStopWhileAnswering(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	asked, answer := make(chan struct{}), make(chan struct{})
	s := &Sims{}
	core, logs := observer.New(zap.ErrorLevel)
	s.serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-answer
	}), zap.New(core))
	got := make(chan error, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String()) //nolint:noctx // it ends with its server
		if err == nil {
			err = resp.Body.Close()
		}
		got <- err
	}()
	<-asked
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Stop(ended), context.Canceled)
	require.Error(t, <-got, "the connection is cut")
	close(answer)
	free(t, map[string]string{"simulator": l.Addr().String()})
	require.NoError(t, s.Stop(t.Context()), "a second stop finds nothing to do")
	assert.Zero(t, logs.Len(), "a stop is no failure")
}

// A simulator whose listener breaks is told in the log.
func TestSimulatorThatStopsByItself(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	s := &Sims{}
	core, logs := observer.New(zap.ErrorLevel)
	s.serve(l, http.NotFoundHandler(), zap.New(core))
	require.Eventually(t, func() bool { return logs.FilterMessage("simulator stopped").Len() == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, s.Stop(t.Context()))
}
