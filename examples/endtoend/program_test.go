package endtoend

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests of this folder run examples/binhphuoc as its users do: they build it
// once, start it as a process, and talk to it over HTTP.

var scratch string // what all tests of the process share

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "binhphuoc"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch) //nolint:errcheck // a temporary folder
		return m.Run()
	}())
}

// plain is the program as its users build it, without cgo.
var plain = sync.OnceValues(func() (string, error) {
	return makeProgram("program", append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+strings.ReplaceAll(os.Getenv("GOFLAGS"), "-race", "")))
})

// raced is the program as the tests are built: with the race detector where they
// have it. Long-running servers are this one; what is run hundreds of times is the
// plain one, which is several times as fast.
var raced = sync.OnceValues(func() (string, error) {
	if !strings.Contains(os.Getenv("GOFLAGS"), "-race") {
		return plain()
	}
	return makeProgram("raced", os.Environ())
})

func makeProgram(name string, env []string) (string, error) {
	path := filepath.Join(scratch, name)
	cmd := exec.Command("go", "build", "-o", path, "../binhphuoc")
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// program returns the path of one of the two.
func program(t testing.TB, built func() (string, error)) string {
	t.Helper()
	name, err := built()
	require.NoError(t, err)
	return name
}

// patience bounds one process; nothing comes near it on a healthy machine.
const patience = 3 * time.Minute

// result is how a process ended.
type result struct {
	code           int
	stdout, stderr string
}

func (r *result) lines() []string { return strings.Split(strings.TrimSpace(r.stdout), "\n") }

// run runs the program in an empty folder and waits for it.
func run(t testing.TB, args ...string) *result {
	t.Helper()
	return runIn(t, t.TempDir(), args...)
}

// runIn is [run] in a folder.
func runIn(t testing.TB, dir string, args ...string) *result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, plain), args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	require.NoError(t, ctx.Err(), "%v takes more than %s\n%s", args, patience, errs.String())
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return &result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// ok is [run] that must end with exit code 0; it returns standard output.
func ok(t testing.TB, args ...string) string {
	t.Helper()
	r := run(t, args...)
	require.Zero(t, r.code, "%v: %s%s", args, r.stdout, r.stderr)
	return r.stdout
}

// child is a running process whose lines are read as they come.
type child struct {
	cmd    *exec.Cmd
	lines  chan string
	stderr *bytes.Buffer
	once   sync.Once
	err    error
}

// launch starts a program in a folder.
func launch(t testing.TB, built func() (string, error), dir string, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(program(t, built), args...), lines: make(chan string, 100), stderr: &bytes.Buffer{}}
	c.cmd.Dir, c.cmd.Stderr = dir, c.stderr
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
		close(c.lines)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // it has ended already, as a rule
		_ = c.wait()
	})
	return c
}

// line returns the next line of standard output; false when there is none any more.
func (c *child) line(t testing.TB) (string, bool) {
	t.Helper()
	select {
	case s, more := <-c.lines:
		return s, more
	case <-time.After(patience):
		require.FailNow(t, "no line within "+patience.String())
		return "", false
	}
}

// wait reads what is left of standard output and returns how the process ended.
func (c *child) wait() error {
	c.once.Do(func() {
		for range c.lines { // the pipe must be empty before Wait closes it
		}
		c.err = c.cmd.Wait()
	})
	return c.err
}

// kill ends the process at once, as a power cut does.
func (c *child) kill(t testing.TB) {
	t.Helper()
	_ = c.cmd.Process.Signal(syscall.SIGKILL) // where it has ended by itself that is fine too
	_ = c.wait()
}

// stop asks the process to end and expects it to do so properly.
func (c *child) stop(t testing.TB) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, c.wait(), c.stderr.String())
	assert.NotContains(t, c.stderr.String(), "DATA RACE")
}

// server is a running province.
type server struct {
	*child
	url string
}

// serve starts a server on a data folder and waits until it tells its address.
func serve(t testing.TB, data string, args ...string) *server {
	t.Helper()
	return serving(t, raced, t.TempDir(), append([]string{"--data", data}, args...)...)
}

// serving is [serve] with everything given.
func serving(t testing.TB, built func() (string, error), dir string, args ...string) *server {
	t.Helper()
	s := &server{child: launch(t, built, dir, append([]string{"serve"}, args...)...)}
	for s.url == "" {
		line, more := s.line(t)
		if !more {
			_ = s.wait()
			require.FailNow(t, "the server does not start", s.stderr.String())
		}
		if strings.HasPrefix(line, "http://") {
			s.url = line
		}
	}
	return s
}

// copyFolder copies a data folder.
func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return to
}
