package procedures_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
)

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, procedures.Zone) }

// certified is the national definition as text, for tests that change a line.
func certified(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("national/2.000815.yaml")
	require.NoError(t, err)
	return string(text)
}

// folder makes a catalogue's folder from pairs of path and text.
func folder(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

// national loads the embedded procedure, which must be sound.
func national(t testing.TB) *procedures.Procedure {
	t.Helper()
	c, found, err := procedures.Load(procedures.National())
	require.NoError(t, err)
	require.Empty(t, found)
	p, err := c.At("2.000815", day(2024, 11, 15))
	require.NoError(t, err)
	return p
}

// lineOf finds the line of a text's first occurrence.
func lineOf(t testing.TB, text, part string) int {
	t.Helper()
	i := strings.Index(text, part)
	require.GreaterOrEqual(t, i, 0, "%q is not in the text", part)
	return 1 + strings.Count(text[:i], "\n")
}

// change replaces exactly one occurrence.
func change(t testing.TB, text, old, replacement string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, old), "%q must stand once", old)
	return strings.Replace(text, old, replacement, 1)
}

func bindings() workflow.Bindings {
	b := workflow.Bindings{Guards: procedures.Guards()}
	for _, e := range procedures.StandardBindings().Effects {
		b.Effects = append(b.Effects, e.Name)
	}
	return b
}
