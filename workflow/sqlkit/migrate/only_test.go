package migrate

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whichever way the files are looked for, those of the other dialect are not there.
func TestOnlyTheFilesOfOneDialect(t *testing.T) {
	t.Parallel()
	all := fstest.MapFS{"001_a.sql": {}, "002_b.sqlite.sql": {}, "002_b.postgres.sql": {}, "readme.md": {}}
	o := only{all, []string{"001_a.sql", "002_b.sqlite.sql"}}
	entries, err := o.ReadDir(".")
	require.NoError(t, err)
	assert.Len(t, entries, 3)
	names, err := o.Glob("*")
	require.NoError(t, err)
	assert.Equal(t, []string{"001_a.sql", "002_b.sqlite.sql", "readme.md"}, names)
	_, err = o.Open("002_b.postgres.sql")
	require.Error(t, err)
	_, err = o.ReadDir("none")
	require.Error(t, err)
	_, err = o.Glob("[")
	require.Error(t, err)
}
