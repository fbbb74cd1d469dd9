package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// Whatever is altered by hand, the audit names the table and the row.
func TestAuditNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		for _, key := range []string{"done", "stopped"} {
			second := map[string]string{"done": agency, "stopped": phone}[key]
			_, err := s.Prepare(t.Context(), w.plan(key, second))
			require.NoError(t, err)
			_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: key})
			require.NoError(t, err)
		}
		w.decide(false)
		_, err := s.Advance(t.Context(), &esign.AdvanceRequest{Key: "stopped"})
		require.NoError(t, err)
		w.clean(s)
		for _, c := range []struct{ table, row, set, where string }{
			{"esign_plans", "done", "plan = digest", "key = 'done'"},
			{"esign_plans", "done", "digest = current_hash", "key = 'done'"},
			{"esign_plans", "done", "purpose = 'khác'", "key = 'done'"},
			{"esign_plans", "done", "state = 1", "key = 'done'"},
			{"esign_plans", "done", "state = 9", "key = 'done'"},
			{"esign_plans", "stopped", "state = 1", "key = 'stopped'"},
			{"esign_plans", "done", "done = 1", "key = 'done'"},
			{"esign_plans", "done", "total = 3", "key = 'done'"},
			{"esign_plans", "done", "current = prepared", "key = 'done'"},
			{"esign_plans", "done", "current_hash = digest", "key = 'done'"},
			{"esign_plans", "done", "reason = 'x'", "key = 'done'"},
			{"esign_signatures", "done/0", "field = 'khác'", "plan_key = 'done' AND seq = 0"},
			{"esign_signatures", "done/1", "holder = 'khác'", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/1", "state = 3", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/1", "state = 8", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "stopped/1", "state = 0", "plan_key = 'stopped' AND seq = 1"},
			{"esign_signatures", "done/1", "chain = attrs", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/1", "attrs = value", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/1", "to_sign = result_hash", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/1", "value = token", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/0", "token = value", "plan_key = 'done' AND seq = 0"},
			{"esign_signatures", "done/0", "token = (SELECT token FROM esign_signatures WHERE plan_key = 'done' AND seq = 1)",
				"plan_key = 'done' AND seq = 0"},
			{"esign_signatures", "done/1", "base = increment", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/1", "increment = 'none'", "plan_key = 'done' AND seq = 1"},
			{"esign_signatures", "done/0", "result = base", "plan_key = 'done' AND seq = 0"},
			{"esign_signatures", "done/0", "result_hash = to_sign", "plan_key = 'done' AND seq = 0"},
			{"esign_signatures", "done/0", "tail = tail + 1", "plan_key = 'done' AND seq = 0"},
			{"esign_attempts", "done/1/1", "transaction_id = 'x'", "plan_key = 'done' AND seq = 1"},
			{"esign_attempts", "stopped/1/1", "outcome = 0", "plan_key = 'stopped' AND seq = 1"},
			{"esign_attempts", "done/0/2", "attempt = 2", "plan_key = 'done' AND seq = 0"},
			{"esign_outbox", "done", "topic = 'khác'", "id = 'done'"},
			{"esign_outbox", "done", "payload = id", "id = 'done'"},
			{"esign_outbox", "x", "id = 'x'", "id = 'done'"},
		} {
			if c.set == "payload = id" && w.db.Dialect.String() == "postgres" {
				c.set = "payload = 'x'::bytea"
			}
			name := c.table + " " + c.set
			undo := w.alter(c.table, c.set, c.where)
			found, err := s.Audit(t.Context())
			require.NoError(t, err, name)
			named := false
			for _, f := range sqltest.Recounted(found) {
				named = named || f.Table == c.table && f.Row == c.row
			}
			require.True(t, named, "%s: %v", name, found)
			undo()
			w.clean(s)
		}
	})
}

// alter changes rows and returns what undoes it: the table as it was.
func (w *world) alter(table, set, where string) (undo func()) {
	w.t.Helper()
	exec := func(q string) {
		w.t.Helper()
		_, err := w.db.Write.ExecContext(w.t.Context(), q)
		require.NoError(w.t, err, q)
	}
	exec("CREATE TABLE kept AS SELECT * FROM " + table)
	exec("UPDATE " + table + " SET " + set + " WHERE " + where)
	return func() {
		key := map[string]string{
			"esign_plans": "key = kept.key", "esign_outbox": "",
			"esign_signatures": "plan_key = kept.plan_key AND seq = kept.seq", "esign_attempts": "",
		}[table]
		if key == "" {
			exec("DELETE FROM " + table)
			exec("INSERT INTO " + table + " SELECT * FROM kept")
		} else {
			// Rows that others refer to are changed back, not replaced.
			var sets []string
			for _, column := range w.columns(table) {
				sets = append(sets, column+" = kept."+column)
			}
			where := table + "." + strings.ReplaceAll(key, "AND ", "AND "+table+".")
			exec("UPDATE " + table + " SET " + strings.Join(sets, ", ") + " FROM kept WHERE " + where)
		}
		exec("DROP TABLE kept")
	}
}

func (w *world) columns(table string) []string {
	rows, err := w.db.Write.QueryContext(w.t.Context(), "SELECT * FROM "+table+" LIMIT 1")
	require.NoError(w.t, err)
	names, err := rows.Columns()
	require.NoError(w.t, err)
	require.NoError(w.t, rows.Err())
	require.NoError(w.t, rows.Close())
	return names
}

// No column of any table can be changed and no row taken away unnoticed, save
// what replays count and when the next step is due.
func TestAuditWatchesEveryColumn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		_, err := s.Prepare(t.Context(), w.plan("done", agency))
		require.NoError(t, err)
		w.finish(s, "done")
		_, err = s.Prepare(t.Context(), w.plan("cancelled", phone))
		require.NoError(t, err)
		_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "cancelled"})
		require.NoError(t, err)
		require.NoError(t, s.Cancel(t.Context(), &esign.CancelRequest{Key: "cancelled", Reason: "rút hồ sơ"}))
		sqltest.EachAlteration(t, w.db, []sqltest.Audited{
			{Table: "esign_plans", Key: []string{"key"}, Passing: []string{"seen", "due_us"}},
			{Table: "esign_signatures", Key: []string{"plan_key", "seq"}},
			{Table: "esign_attempts", Key: []string{"plan_key", "seq", "attempt"}},
			{Table: "esign_outbox", Key: []string{"id"}, Passing: []string{"at_us", "lease", "leased_until_us"}, Erasable: true},
		}, s.Audit)
	})
}
