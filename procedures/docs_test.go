package procedures_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRulesAreDocumented compares the rule names in the code with docs/rules.md,
// both ways: the names are stable, so none comes or goes unseen.
func TestRulesAreDocumented(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`"([a-z]+-[a-z]+)"`)
	code := map[string]bool{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			code[m[1]] = true
		}
	}
	delete(code, "date-time") // a format of JSON Schema
	text, err := os.ReadFile("docs/rules.md")
	require.NoError(t, err)
	documented := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if first, _, ok := strings.Cut(strings.TrimPrefix(line, "|"), "|"); ok {
			for _, m := range regexp.MustCompile("`([a-z]+-[a-z]+)`").FindAllStringSubmatch(first, -1) {
				documented[m[1]] = true
			}
		}
	}
	assert.Equal(t, keys(code), keys(documented))
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
