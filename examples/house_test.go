package examples

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The five modules, the examples, and what every repository has: who opens the
// house sees its plan.
func TestTopLevel(t *testing.T) {
	t.Parallel()
	allowed := []string{"workflow", "esign", "payment", "identity", "procedures", "examples",
		"README.md", "CONTRIBUTING.md", "LICENSE", "go.mod", "go.sum"}
	for _, name := range topLevel(t) {
		if !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s does not belong to the top level (find it a room in one of the modules)", name)
		}
	}
}

// topLevel asks git, so that what a developer has lying about and ignores does
// not count; without git, the folder.
func topLevel(t *testing.T) (names []string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		entries, err := os.ReadDir(root)
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	for line := range strings.Lines(string(out)) {
		names = append(names, strings.SplitN(strings.TrimSpace(line), "/", 2)[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The root package of a ground-floor module links the standard library, zap and
// at most a small field library or two; wire's package of a few empty functions
// carries the Sets. The contracts which vendors implement link nothing at all.
func TestRootsAreLight(t *testing.T) {
	t.Parallel()
	everywhere := []string{module, "go.uber.org/zap", "go.uber.org/multierr", "github.com/google/wire"}
	for pkg, extra := range map[string][]string{
		"workflow":        {"github.com/looplab/fsm"},
		"esign":           {"golang.org/x/crypto", "golang.org/x/text"},
		"payment":         {"golang.org/x/text"},
		"identity":        {"golang.org/x/text", "golang.org/x/crypto"},
		"workflow/sqlkit": nil,
		"payment/driver":  nil,
		"esign/driver":    nil,
	} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			allowed := []string{module}
			if len(extra) > 0 {
				allowed = slices.Concat(everywhere, extra)
			}
			for _, m := range linked(t, pkg) {
				assert.Contains(t, allowed, m, "%s links it (put what needs it into a subpackage)", pkg)
			}
		})
	}
}

// linked returns the modules whose packages a package links.
func linked(t *testing.T, pkg string) (modules []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./"+pkg)
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if m := strings.TrimSpace(line); m != "" {
			modules = append(modules, m)
		}
	}
	require.NotEmpty(t, modules)
	slices.Sort(modules)
	return slices.Compact(modules)
}

// A province is wiring, configuration and theme: what needs more Go than this
// belongs into a module, where the second province finds it.
func TestProvinceIsSmall(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("binhphuoc/*.go")
	require.NoError(t, err)
	lines := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == "wire_gen.go" {
			continue
		}
		f, err := os.Open(name)
		require.NoError(t, err)
		for s := bufio.NewScanner(f); s.Scan(); {
			lines++
		}
		require.NoError(t, f.Close())
	}
	assert.Less(t, lines, 400)
}
