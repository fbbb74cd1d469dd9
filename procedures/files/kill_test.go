package files_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/files"
)

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FILES_TEST_WRITER"); dir != "" {
		write(dir)
		return
	}
	os.Exit(m.Run())
}

// write puts files until it is killed, and names each one after Put returned.
func write(dir string) {
	s, err := files.Open(dir, nil)
	if err != nil {
		panic(err)
	}
	for i := 0; ; i++ {
		ref, err := s.Put(context.Background(), bytes.NewReader(bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 20_000)))
		if err != nil {
			panic(err)
		}
		fmt.Println(ref)
	}
}

// TestKilled kills the writer at several points: whatever reference it had told
// reads back whole, and nothing half written stays after the next start.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	told := map[string]bool{}
	for round := range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "FILES_TEST_WRITER="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 1 + 7*round {
			require.True(t, lines.Scan())
			told[lines.Text()] = true
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() { // told before the kill arrived
			if files.ValidRef(lines.Text()) {
				told[lines.Text()] = true
			}
		}
		require.Error(t, cmd.Wait(), "killed")
	}
	s, err := files.Open(dir, nil)
	require.NoError(t, err)
	require.Empty(t, entries(t, filepath.Join(dir, "partial")))
	require.NotEmpty(t, told)
	for ref := range told {
		_, err := read(t, s, ref)
		require.NoError(t, err, ref)
	}
}
