package examples

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// README shows a part of a program that compiles, and names only paths that are
// there.
func TestReadme(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		doc, err := os.ReadFile("../" + name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(doc), -1) {
			_, err := os.Stat("../" + m[1])
			assert.NoError(t, err, "%s links to %s", name, m[1])
		}
	}
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, blocks, 1)
	program, err := os.ReadFile("embed/main.go")
	require.NoError(t, err)
	assert.Contains(t, string(program), strings.TrimSpace(blocks[0][1]))
}
