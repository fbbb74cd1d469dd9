package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

func TestRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "market.db")
	var out strings.Builder
	require.NoError(t, run(t.Context(), file, &out))
	assert.Equal(t, `seller-7 asks for a stall: asked, version 1
clerk-1 grants it: granted, version 2
a letter goes out: grant by clerk-1
`, out.String())

	out.Reset()
	require.NoError(t, run(t.Context(), file, &out))
	assert.Equal(t, "seller-7 asks for a stall: asked, version 1\n", out.String(),
		"the same keys again: the first answer, no second move, row or letter")

	db, err := sqlopen.OpenReadOnly(file)
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // read-only
	for table, want := range map[string]int{"stalls": 1, "workflow_history": 2, "workflow_outbox": 0} {
		var n int
		require.NoError(t, db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		assert.Equal(t, want, n, table)
	}
}
