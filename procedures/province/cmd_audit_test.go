package province

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// An audit that cannot read one module's tables says whose, and tells what it has
// found in the others.
func TestAuditThatCannotRead(t *testing.T) {
	t.Parallel()
	data, _ := told(t)
	file := filepath.Join(data, "motcua.db")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for module, table := range map[string]string{
		"workflow": "workflow_history", "identity": "identity_openings", "payment": "payment_charges", "esign": "esign_plans",
		"certify": "certify_lines", "procedures": "procedures_moves", "jobs": "river_job", "between modules": "certify_lines",
	} {
		alter(t, data, "ALTER TABLE "+table+" RENAME TO gone")
		code, stdout, stderr := ask(t, "audit", "--data", data, "--json")
		assert.Equal(t, 1, code, module)
		assert.Contains(t, stderr, "audit of "+module+": ")
		var got struct{ OK bool }
		require.NoError(t, json.Unmarshal([]byte(stdout), &got), "%s: %s", module, stdout)
		assert.False(t, got.OK, module)
		require.NoError(t, os.WriteFile(file, whole, 0o600))
	}
	alter(t, data, "UPDATE certify_lines SET pages = pages + 1", "ALTER TABLE river_job RENAME TO gone")
	_, stdout, stderr := ask(t, "audit", "--data", data)
	assert.Contains(t, stdout, "certify_lines", "what was found is told")
	assert.Contains(t, stderr, "audit of jobs", "and what could not be read")
}

// What two modules say of one dossier must agree; neither sees it alone.
func TestBetweenModules(t *testing.T) {
	t.Parallel()
	data, _ := told(t)
	file := filepath.Join(data, "motcua.db")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	find := func(statements ...string) []sqlkit.Problem {
		t.Helper()
		alter(t, data, statements...)
		s, err := newRunner().reading(t.Context(), &Config{Data: data})
		require.NoError(t, err)
		found, err := s.app.between(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.close())
		require.NoError(t, os.WriteFile(file, whole, 0o600))
		return found
	}
	state := func(s string) string { return "UPDATE workflow_dossiers SET state = '" + s + "'" }
	reserved := "UPDATE certify_lines SET state = 'reserved'"
	for _, c := range []struct {
		statements []string
		problem    string
	}{
		{nil, ""},
		{[]string{state("certified")}, ""},
		{[]string{state("signing")}, "it is certified, but its dossier is signing"},
		{[]string{state("signing"), reserved}, ""},
		{[]string{reserved}, "it is reserved, but its dossier is returned"},
		{[]string{"PRAGMA foreign_keys = off", "UPDATE workflow_dossiers SET id = 'another'"}, "its dossier is not in the engine"},
	} {
		found := find(c.statements...)
		if c.problem == "" {
			assert.Empty(t, found, "%v", c.statements)
			continue
		}
		require.Len(t, found, 1, "%v", c.statements)
		assert.Equal(t, "certify_lines", found[0].Table)
		assert.NotEmpty(t, found[0].Row)
		assert.Equal(t, c.problem, found[0].Problem)
	}
	alter(t, data, "ALTER TABLE workflow_dossiers RENAME TO gone")
	s, err := newRunner().reading(t.Context(), &Config{Data: data})
	require.NoError(t, err)
	_, err = s.app.between(t.Context())
	require.ErrorContains(t, err, "workflow_dossiers")
	require.NoError(t, s.close())
}
