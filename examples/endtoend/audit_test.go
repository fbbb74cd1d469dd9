package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// altered is one column of each table that the audit recounts, and what an
// intruder makes of it. Sessions, jobs and versions are recounted by nobody.
var altered = []struct{ table, row, set string }{
	{"workflow_dossiers", "id", "state = 'certified'"},
	{"workflow_history", "dossier_id", "actor_id = 'somebody'"},
	{"workflow_payloads", "dossier_id", "body = x'5b5d'"},
	{"workflow_keys", "key", "version = version + 1"},
	{"identity_people", "id", "assurance = assurance + 1"},
	{"identity_accounts", "", "first_us = first_us + 1"},
	{"identity_heads", "name", "n = n + 1"},
	{"identity_openings", "id", "purpose = 'none'"},
	{"payment_charges", "id", "total = total + 1"},
	{"payment_fee_lines", "charge_id", "amount = amount + 1"},
	{"payment_attempts", "id", "amount = amount + 1"},
	{"payment_events", "charge_id", "to_state = 'cancelled'"},
	{"payment_postings", "group_id", "amount = amount + 1"},
	{"payment_sequences", "", "last = last + 1"},
	{"payment_receipts", "id", "number = number + 1"},
	{"payment_notices", "", "attempt_id = 'another'"},
	{"payment_exceptions", "id", "amount = amount + 1"},
	{"payment_keys", "key", "result = x'00'"},
	{"esign_plans", "key", "digest = x'00'"},
	{"esign_signatures", "plan_key", "result_hash = x'00'"},
	{"esign_attempts", "plan_key", "outcome = 3"},
	{"certify_lines", "id", "pages = pages + 1"},
	{"certify_numbers", "", "last = last + 1"},
	{"procedures_dossiers", "dossier_id", "unit = 'H10.40.01'"},
	{"procedures_moves", "dossier_id", "national = national + 1"},
	{"procedures_papers", "id", "size = size + 1"},
	{"procedures_sequences", "", "last = last + 1"},
}

// erasable are the tables that may lose rows: payloads, as the personal-data law
// asks.
var erasable = map[string]bool{"workflow_payloads": true}

// audited is what audit --json writes.
type audited struct {
	OK       bool
	Problems []sqlkit.Problem
}

// lived is a stopped data folder in which every table above has rows: a finished
// dossier, one whose payment was short, and a paper an official has opened.
func lived(t *testing.T) string {
	t.Helper()
	c := openCounter(t)
	id := c.owing()
	c.citizen.post(c.gateway(id).form(""), "action", "pay", "behave", "normal")
	require.Equal(t, "signing", c.state(id))
	c.take(c.certifier, id, "sign")
	c.take(c.clerk, id, "seal")
	c.take(c.reception, id, "return_result")
	require.Equal(t, 200, c.reception.get(c.reception.get(official(id)).paper("scan")).status)
	short := c.owing()
	c.citizen.post(c.gateway(short).form(""), "action", "pay", "behave", "short")
	c.close()
	return c.data
}

// TestAuditNamesWhatWasAltered alters each table by hand, one at a time, and
// deletes a row of each, one at a time: the audit names table and row.
func TestAuditNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	data := lived(t)
	file := filepath.Join(data, "motcua.db")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	recount := func(statement string) audited {
		t.Helper()
		r := run(t, "audit", "--data", data, "--json")
		require.NoError(t, os.WriteFile(file, whole, 0o600))
		var got audited
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &got), r.stdout)
		if assert.NotEmpty(t, got.Problems, statement) {
			assert.Equal(t, 1, r.code, "%s: %s", statement, r.stderr)
			assert.False(t, got.OK)
			assert.Contains(t, r.stderr, got.Problems[0].Table+" "+got.Problems[0].Row, "the exit names the first")
		}
		return got
	}
	for _, a := range altered {
		row := alter(t, file, a.table, a.row, fmt.Sprintf("UPDATE %s SET %s WHERE %s", a.table, a.set, last(a.table)))
		got := recount(a.table + ": " + a.set)
		assert.True(t, slices.ContainsFunc(got.Problems, func(p sqlkit.Problem) bool {
			return p.Table == a.table && strings.Contains(p.Row, row)
		}), "%s, row %s, is not named: %v", a.table, row, got.Problems)
		if erasable[a.table] {
			continue
		}
		alter(t, file, a.table, "", fmt.Sprintf("DELETE FROM %s WHERE %s", a.table, last(a.table)))
		got = recount("a row of " + a.table + " is gone")
		module, _, _ := strings.Cut(a.table, "_")
		if len(got.Problems) > 0 { // what is gone is missed by the table itself or by what refers to it
			assert.True(t, strings.HasPrefix(got.Problems[0].Table, module+"_"), "%s: %v", a.table, got.Problems)
		}
	}
	assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, "audit", "--data", data, "--json"), "restored, it adds up again")
}

// last chooses the row of a table that is hit.
func last(table string) string {
	return "rowid = (SELECT max(rowid) FROM " + table + ")"
}

// alter runs a statement past all triggers and returns the name of the row it
// hits, if the table has a column for it.
func alter(t *testing.T, file, table, column, statement string) string {
	t.Helper()
	ctx := context.Background()
	db, err := sqlopen.Open(ctx, "sqlite:"+file, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, trigger := range texts(t, db.Read, "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
		_, err := db.Write.ExecContext(ctx, "DROP TRIGGER "+trigger)
		require.NoError(t, err)
	}
	row := ""
	if column != "" {
		row = texts(t, db.Read, "SELECT %s FROM %s WHERE %s", column, table, last(table))[0]
	}
	_, err = db.Write.ExecContext(ctx, "PRAGMA foreign_keys = OFF")
	require.NoError(t, err)
	done, err := db.Write.ExecContext(ctx, statement)
	require.NoError(t, err, statement)
	n, err := done.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 1, n, "%s: the table has no rows", statement)
	return row
}

// A paper that is changed or gone in the file store is named too.
func TestAuditNamesLostPapers(t *testing.T) {
	t.Parallel()
	s := told(t)
	for _, change := range []func(string) error{os.Remove, func(name string) error {
		return os.WriteFile(name, []byte("%PDF-1.7 another"), 0o600)
	}} {
		data := copyFolder(t, s.data)
		db := books(t, data, "")
		ref := texts(t, db, "SELECT ref FROM procedures_papers WHERE kind = 'result'")[0]
		id := texts(t, db, "SELECT id FROM procedures_papers WHERE kind = 'result'")[0]
		var name string
		require.NoError(t, filepath.WalkDir(filepath.Join(data, "files"), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Base(path) == ref {
				name = path
			}
			return err
		}))
		require.NotEmpty(t, name, "no file is called %s", ref)
		require.NoError(t, os.Chmod(name, 0o600))
		require.NoError(t, change(name))
		r := run(t, "audit", "--data", data)
		assert.Equal(t, 1, r.code)
		assert.Contains(t, r.stdout, id)
	}
}
