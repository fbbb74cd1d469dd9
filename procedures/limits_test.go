package procedures_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/procedures"
)

// TestHostileTexts: text at the size limit costs little, whatever its shape.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	var keys, indented strings.Builder
	for i := range 14_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for i := range 600 {
		indented.WriteString(strings.Repeat(" ", i) + "k:\n")
	}
	for name, text := range map[string]string{
		"flow map":  "{" + strings.Repeat("a,", 120_000) + "}",
		"wide map":  "{" + strings.Repeat("a: 1, ", 12_000) + "}",
		"documents": strings.Repeat("---\na: 1\n", 25_000),
		"flow list": "a: [" + strings.Repeat("[],", 80_000) + "]",
		"colons":    strings.Repeat("a: ", 80_000),
		"quotes":    strings.Repeat("'", 250_000),
		"comments":  strings.Repeat("#\n", 120_000),
		"escapes":   "a: \"" + strings.Repeat("\\n", 120_000) + "\"",
		"literal":   "a: |\n" + strings.Repeat(" x\n", 80_000),
		"keys":      keys.String(),
		"indented":  indented.String(),
	} {
		start := time.Now()
		_, found := procedures.ParseProcedures("x.yaml", []byte(text), nil)
		if name != "comments" { // a file of comments alone is empty, not wrong
			assert.NotEmpty(t, found, name)
		}
		assert.Less(t, time.Since(start), 5*time.Second, name)
	}
}
