package sqltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audited is a table which an audit watches.
type Audited struct {
	Table string
	// Key are the columns that name a row.
	Key []string
	// Passing are columns that may change unnoticed, such as counters of looks
	// and times of the next try.
	Passing []string
	// Erasable says that rows may be deleted unnoticed, as a law may ask.
	Erasable bool
}

// watched bounds how many rows of a table are altered: its first and last ones.
const watched = 4

// EachAlteration plays somebody with the database's password on a database in
// which every table has rows: it changes every column of some rows of each table,
// one at a time, deletes each of them, and undoes it. The audit must name the
// table each time and find nothing afterwards. What the database's own
// constraints refuse is not tried.
func EachAlteration(t *testing.T, db *sqlkit.DB, tables []Audited, audit func(context.Context) ([]sqlkit.Problem, error)) {
	t.Helper()
	dropTriggers(t, db)
	for _, a := range tables {
		rows := a.rows(t, db)
		require.NotEmpty(t, rows, "%s has no rows", a.Table)
		if len(rows) > watched {
			rows = append(rows[:watched/2:watched/2], rows[len(rows)-watched/2:]...)
		}
		for _, row := range rows {
			for i, column := range row.columns {
				if slices.Contains(a.Passing, column) {
					continue
				}
				changed := row.with(i, other(row.values[i]))
				done := row.write(t, db, i, changed)
				if done {
					a.named(t, audit, fmt.Sprintf("%s of %s = %v", column, a.Table, changed.values[i]))
					require.True(t, changed.write(t, db, i, row), "cannot be undone")
				}
				require.True(t, done || slices.Contains(a.Key, column), "%s of %s cannot be changed", column, a.Table)
			}
			if !a.Erasable {
				a.without(t, db, row, audit)
			}
		}
	}
	found, err := audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found, "all is as it was")
}

// Recounted leaves out what a seal found, so that a test sees what the recount
// found without it: whoever changes rows may know how to seal them.
func Recounted(found []sqlkit.Problem) []sqlkit.Problem {
	return slices.DeleteFunc(slices.Clone(found), func(p sqlkit.Problem) bool { return strings.HasPrefix(p.Problem, "seal: ") })
}

func (a *Audited) named(t *testing.T, audit func(context.Context) ([]sqlkit.Problem, error), change string) {
	t.Helper()
	found, err := audit(t.Context())
	require.NoError(t, err, change)
	require.True(t, slices.ContainsFunc(found, func(p sqlkit.Problem) bool { return p.Table == a.Table && p.Row != "" }),
		"%s is not noticed: %v", change, found)
}

// without takes a row away and puts it back, if others do not refer to it.
func (a *Audited) without(t *testing.T, db *sqlkit.DB, row *tableRow, audit func(context.Context) ([]sqlkit.Problem, error)) {
	t.Helper()
	require.True(t, row.exec(t, db, "CREATE TABLE kept AS SELECT * FROM "+a.Table))
	if row.exec(t, db, "DELETE FROM "+a.Table+" WHERE "+row.is(1), row.key()...) {
		a.named(t, audit, "a row of "+a.Table+" is gone")
		back := "INSERT INTO " + a.Table + " SELECT * FROM kept WHERE " + row.is(1)
		require.True(t, row.exec(t, db, back, row.key()...), "cannot be undone")
	}
	require.True(t, row.exec(t, db, "DROP TABLE kept"))
}

// tableRow is one row as the driver gave it.
type tableRow struct {
	*Audited
	columns []string
	values  []any
}

func (a *Audited) rows(t *testing.T, db *sqlkit.DB) (out []*tableRow) {
	t.Helper()
	rows, err := db.Write.QueryContext(t.Context(), "SELECT * FROM "+a.Table+" ORDER BY "+strings.Join(a.Key, ", "))
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		r := &tableRow{a, columns, make([]any, len(columns))}
		into := make([]any, len(columns))
		for i := range into {
			into[i] = &r.values[i]
		}
		require.NoError(t, rows.Scan(into...))
		for i, v := range r.values {
			if b, ok := v.([]byte); ok && b == nil {
				r.values[i] = []byte{} // empty, not NULL
			}
		}
		out = append(out, r)
	}
	require.NoError(t, rows.Err())
	return out
}

// other is another value of the same type.
func other(v any) any {
	switch v := v.(type) {
	case int64:
		return v + 17 // fits every integer type, and is no number the next row has
	case string:
		return v + "x"
	case []byte:
		return append(slices.Clone(v), 0xff)
	case bool:
		return !v
	default: // NULL
		return "x"
	}
}

func (r *tableRow) with(column int, v any) *tableRow {
	c := *r
	c.values = slices.Clone(r.values)
	c.values[column] = v
	return &c
}

func (r *tableRow) key() (out []any) {
	for _, k := range r.Key {
		out = append(out, r.values[slices.Index(r.columns, k)])
	}
	return out
}

// is names the row, with placeholders from first on.
func (r *tableRow) is(first int) string {
	var out []string
	for i, k := range r.Key {
		out = append(out, fmt.Sprintf("%s = $%d", k, first+i))
	}
	return strings.Join(out, " AND ")
}

// write makes one column of the row what to says.
func (r *tableRow) write(t *testing.T, db *sqlkit.DB, column int, to *tableRow) bool {
	t.Helper()
	return r.exec(t, db, "UPDATE "+r.Table+" SET "+r.columns[column]+" = $1 WHERE "+r.is(2), append([]any{to.values[column]}, r.key()...)...)
}

// exec reports whether the database's constraints let the statement pass.
func (r *tableRow) exec(t *testing.T, db *sqlkit.DB, query string, args ...any) bool {
	t.Helper()
	done, err := db.Write.ExecContext(t.Context(), db.Dialect.SQL(query), args...)
	if c := db.Classify(err); c == sqlkit.ClassUnique || c == sqlkit.ClassConstraint {
		return false
	}
	require.NoError(t, err, query)
	if len(args) > 0 {
		n, err := done.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, n, query)
	}
	return true
}

// dropTriggers takes away what keeps tables append-only.
func dropTriggers(t *testing.T, db *sqlkit.DB) {
	t.Helper()
	query := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
	if db.Dialect == sqlkit.PostgreSQL {
		query = "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"
	}
	rows, err := db.Write.QueryContext(t.Context(), query)
	require.NoError(t, err)
	var drops []string
	for rows.Next() {
		var drop string
		require.NoError(t, rows.Scan(&drop))
		drops = append(drops, drop)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	for _, drop := range drops {
		_, err := db.Write.ExecContext(t.Context(), drop)
		require.NoError(t, err)
	}
}
