package province

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/procedures"
)

// allSteps lets one role of each kind take every step of the national definition.
const allSteps = `units:
  - {code: H10.40.18, name: A, kind: office, level: commune, from: 2001-01-01}
roles:
  - {id: reception_officer, name: X}
  - {id: certifier, name: X}
  - {id: clerk, name: X}
grants:
  - {role: citizen, steps: [request, supply, withdraw], scope: all, from: 2001-01-01, basis: b}
  - {role: reception_officer, steps: [receive, refuse, ask_supplement, stop, return_result], scope: own, from: 2001-01-01, basis: b}
  - {role: certifier, steps: [compare, ask_fee, reserve, sign, take_cash, read, reveal, audit], scope: own, from: 2001-01-01, basis: b}
  - {role: certifier, steps: [certify_on_paper, accept_withdrawal, reject_withdrawal], scope: own, from: 2001-01-01, basis: b}
  - {role: clerk, steps: [seal], scope: own, from: 2001-01-01, basis: b}
`

// A directory and a folder of procedures that are right by themselves may still
// leave a dossier standing.
func TestProceduresAndDirectoryTogether(t *testing.T) {
	t.Parallel()
	source, err := ProceduresFS("../testdata/binhphuoc", nil)
	require.NoError(t, err)
	c, err := LoadCatalogue(source)
	require.NoError(t, err)
	require.Equal(t, []string{"H10.40.18"}, c.Offices())
	for name, c := range map[string]struct {
		c        *procedures.Catalogue
		old, new string
		day      string
		want     []string
	}{
		"they agree": {c, "", "", "2024-11-15", nil},
		"a misspelt step": {c, "[seal]", "[seal, approve]", "2024-11-15",
			[]string{`directory: role clerk is granted the step "approve", which no procedure has`}},
		"a unit nobody lists": {c, "code: H10.40.18", "code: H10.40.19", "2024-11-15",
			[]string{"procedures: unit H10.40.18 has procedures of its own, but the directory does not list it"}},
		"every step": {c, "[receive, refuse, ask_supplement, stop, return_result]", "['*']", "2024-11-15", nil},
		"a step nobody may take": {c, "supply, ", "", "2024-11-15",
			[]string{"procedure 2.000815: nobody may take step supply: the directory grants it to none of applicant, reception_officer"}},
		"a step of another role": {c, "compare, ", "", "2024-11-15",
			[]string{"procedure 2.000815: nobody may take step compare: the directory grants it to none of certifier"}},
		"a grant from that day": {c, "withdraw], scope: all, from: 2001-01-01", "withdraw], scope: all, from: 2024-11-15", "2024-11-15", nil},
		"a grant until the day before": {c, "[seal], scope: own, from: 2001-01-01",
			"[seal], scope: own, from: 2001-01-01, to: 2024-11-15", "2024-11-15", nil}, // the seal moves no dossier
		"before any edition": {c, "withdraw], scope: all, from: 2001-01-01", "withdraw], scope: all, from: 2024-11-15", "1999-01-01", nil},
	} {
		text := strings.Replace(allSteps, c.old, c.new, 1)
		d, found, err := directory.Load(fstest.MapFS{"d.yaml": {Data: []byte(text)}})
		require.NoError(t, err)
		require.Empty(t, slices.DeleteFunc(found, func(f directory.Finding) bool { return f.Warning }), name)
		day, err := time.ParseInLocation(time.DateOnly, c.day, hanoi)
		require.NoError(t, err)
		assert.Equal(t, c.want, disagreements(c.c, d, day), name)
	}
	// A grant of the applicants' that ends or begins leaves its steps to nobody.
	for _, when := range []string{"from: 2001-01-01, to: 2024-11-15", "from: 2024-11-16"} {
		text := strings.Replace(allSteps, "withdraw], scope: all, from: 2001-01-01", "withdraw], scope: all, "+when, 1)
		d, _, err := directory.Load(fstest.MapFS{"d.yaml": {Data: []byte(text)}})
		require.NoError(t, err)
		assert.Len(t, disagreements(c, d, time.Date(2024, 11, 15, 8, 0, 0, 0, hanoi)), 3, when)
	}
}

// The commands that check one folder tell what it and the other say of each other.
func TestChecksLookAtBothFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "d.yaml"), []byte(strings.ReplaceAll(allSteps, "H10.40.18", "H10.40.19")), 0o600))
	const warning = "warning: procedures: unit H10.40.18 has procedures of its own"
	for _, args := range [][]string{
		{"procedures", "check", "../testdata/binhphuoc", "--directory", dir},
		{"directory", "check", dir, "--procedures", "../testdata/binhphuoc"},
	} {
		code, out, errs := command(t, args...)
		assert.Zero(t, code, "a warning is no fault: %s", errs)
		assert.Contains(t, out, warning)
		code, _, errs = command(t, append(args, "--date", "soon")...)
		assert.NotZero(t, code)
		assert.Contains(t, errs, "soon")
	}
	code, out, _ := command(t, "directory", "check", dir)
	assert.Zero(t, code)
	assert.NotContains(t, out, "warning")
	for _, args := range [][]string{
		{"procedures", "check", "../testdata/binhphuoc", "--directory", dir + "-none"},
		{"directory", "check", dir, "--procedures", dir + "-none"}, {"directory", "check", dir, "--procedures", dir},
		{"directory", "check", dir, "--config", dir + "-none"},
	} {
		code, _, errs := command(t, args...)
		assert.NotZero(t, code, args)
		assert.Contains(t, errs, dir, args)
	}
}
