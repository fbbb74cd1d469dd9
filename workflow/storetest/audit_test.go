package storetest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// Whatever somebody changes by hand, the audit names its table and row.
func TestAuditNames(t *testing.T) {
	for _, c := range []struct{ name, change, table, row string }{
		{"dossier state", "UPDATE workflow_dossiers SET state = 'granted' WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier version", "UPDATE workflow_dossiers SET version = 9 WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier due date", "UPDATE workflow_dossiers SET due_us = 5 WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier unit", "UPDATE workflow_dossiers SET unit = 'x' WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier head", "UPDATE workflow_dossiers SET head = salt FROM workflow_payloads WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier's creation", "UPDATE workflow_dossiers SET created_us = 5 WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier's place", "UPDATE workflow_dossiers SET sort_us = 5 WHERE id = 'd'", "workflow_dossiers", "d"},
		{"dossier gone", "DELETE FROM workflow_dossiers WHERE id = 'd'", "workflow_dossiers", "d"},
		{"line's actor", "UPDATE workflow_history SET actor_id = 'x' WHERE version = 1", "workflow_history", "d/1"},
		{"line's time", "UPDATE workflow_history SET at_us = at_us + 1 WHERE version = 2", "workflow_history", "d/2"},
		{"line's roles", "UPDATE workflow_history SET roles = '[\"approver\"]' WHERE version = 2", "workflow_history", "d/2"},
		{"line unreadable", "UPDATE workflow_history SET roles = 'x' WHERE version = 1", "workflow_history", "d/1"},
		{"line gone", "DELETE FROM workflow_history WHERE version = 1", "workflow_history", "d/2"},
		{"last line gone", "DELETE FROM workflow_history WHERE version = 2", "workflow_dossiers", "d"},
		{"body", "UPDATE workflow_payloads SET body = salt WHERE version = 1", "workflow_payloads", "d/1"},
		{"body of no line", "UPDATE workflow_payloads SET version = 7 WHERE version = 1", "workflow_payloads", "d/7"},
		{"key moved", "UPDATE workflow_keys SET version = 9 WHERE key = 'k2'", "workflow_keys", "k2"},
		{"key's result", "UPDATE workflow_keys SET result = replace(result, 'received', 'granted') WHERE key = 'k2'", "workflow_keys", "k2"},
		{"key gone", "DELETE FROM workflow_keys WHERE key = 'k2'", "workflow_keys", "d/2"},
		{"message renamed", "UPDATE workflow_outbox SET topic = 'x' WHERE id = 'd/2/slip'", "workflow_outbox", "d/2/slip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, b *bundle) {
				start := receive(b.startAs(t, "d", "k1"), "k2")
				_, err := b.Apply(t.Context(), start)
				require.NoError(t, err)
				b.clean(t)
				b.tamper(t, c.change)
				problems, err := b.Audit(t.Context())
				require.NoError(t, err)
				require.NotEmpty(t, problems)
				assert.Equal(t, c.table, problems[0].Table, "%v", problems)
				assert.Equal(t, c.row, problems[0].Row, "%v", problems)
			})
		})
	}
}

// tamper does what only the owner of the database can: it drops the triggers.
func (b *bundle) tamper(t *testing.T, change string) {
	t.Helper()
	drop := []string{"DROP TRIGGER workflow_history_no_update", "DROP TRIGGER workflow_history_no_delete",
		"DROP TRIGGER workflow_payloads_no_update"}
	if b.db.Dialect == sqlkit.PostgreSQL {
		drop = []string{"DROP TRIGGER workflow_history_no_change ON workflow_history",
			"DROP TRIGGER workflow_payloads_no_change ON workflow_payloads"}
	}
	require.NoError(t, b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, q := range append(drop, change) {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
}

// No column of any table can be changed and no row taken away unnoticed.
func TestAuditWatchesEveryColumn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, id := range []string{"d", "e"} {
			_, err := b.Apply(t.Context(), receive(b.startAs(t, workflow.DossierID(id), id+"1"), id+"2"))
			require.NoError(t, err)
		}
		sqltest.EachAlteration(t, b.db, []sqltest.Audited{
			{Table: "workflow_dossiers", Key: []string{"id"}},
			{Table: "workflow_history", Key: []string{"dossier_id", "version"}},
			{Table: "workflow_payloads", Key: []string{"dossier_id", "version"}, Erasable: true},
			{Table: "workflow_keys", Key: []string{"key"}, Passing: []string{"seen"}},
			{Table: "workflow_outbox", Key: []string{"id"}, Passing: []string{"at_us", "lease", "leased_until_us"}, Erasable: true},
		}, b.Audit)
	})
}

// A body or message is of a line that is there, and a message can be read.
func TestAuditFindsStrayRows(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		_, err := b.Apply(t.Context(), receive(b.startAs(t, "d", "k1"), "k2"))
		require.NoError(t, err)
		exec := func(query string, args ...any) {
			t.Helper()
			_, err := b.db.Write.ExecContext(t.Context(), b.db.Dialect.SQL(query), args...)
			require.NoError(t, err)
		}
		stray := func(table, row string) {
			t.Helper()
			found, err := b.Audit(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []sqlkit.Problem{{Table: table, Row: row, Problem: "it belongs to no history line"}}, found)
		}
		for _, c := range []struct{ id, topic, payload string }{
			{"x/1/slip", "slip", `{"dossier":"x","version":1}`}, {"d/3/slip", "slip", `{"dossier":"d","version":3}`},
			{"d/0/slip", "slip", `{"dossier":"d","version":0}`}, {"/0/slip", "slip", `{`},
			{"d/1/slip", "slip", `{"dossier":"d","version":2}`}, {"d/2/fax", "slip", `{"dossier":"d","version":2}`},
			{"d/2/a/b", "a/b", `{"dossier":"d","version":2}`},
		} {
			exec("UPDATE workflow_outbox SET id = $1, topic = $2, payload = $3 WHERE topic <> 'notify'", c.id, c.topic, []byte(c.payload))
			stray("workflow_outbox", c.id)
		}
		exec("DELETE FROM workflow_outbox WHERE topic <> 'notify'")
		for _, c := range []struct {
			id string
			v  int
		}{{"d", 0}, {"d", 3}, {"e", 1}} {
			exec("INSERT INTO workflow_payloads (dossier_id, version, salt, body) VALUES ($1, $2, $3, $3)", c.id, c.v, []byte("x"))
			stray("workflow_payloads", workflow.EntryID(workflow.DossierID(c.id), workflow.Version(c.v)))
			exec("DELETE FROM workflow_payloads WHERE dossier_id = $1 AND version = $2", c.id, c.v)
		}
		b.clean(t)
	})
}

// SQLite takes a text for a number. The row is named as one that cannot be read, and the audit goes on.
func TestAuditTellsUnreadableRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ change, table, row string }{
		{"UPDATE workflow_dossiers SET sort_us = 'x'", "workflow_dossiers", "d"},
		{"UPDATE workflow_history SET at_us = 'x' WHERE version = 2", "workflow_history", "d/2"},
		{"UPDATE workflow_payloads SET version = 'x' WHERE version = 2", "workflow_payloads", "d/x"},
		{"UPDATE workflow_keys SET at_us = 'x' WHERE key = 'k2'", "workflow_keys", "k2"},
	} {
		b := setup(t, sqltest.SQLite(t, workflow.Migrations()))
		_, err := b.Apply(t.Context(), receive(b.startAs(t, "d", "k1"), "k2"))
		require.NoError(t, err)
		b.tamper(t, c.change)
		found, err := b.Audit(t.Context())
		require.NoError(t, err)
		assert.Contains(t, found, sqlkit.Problem{Table: c.table, Row: c.row, Problem: "it holds what cannot be read"})
	}
}
