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
				if row.write(t, db, changed) {
					a.named(t, audit, fmt.Sprintf("%s of %s = %v", column, a.Table, changed.values[i]))
					require.True(t, changed.write(t, db, row), "cannot be undone")
				}
			}
			if !a.Erasable && row.exec(t, db, "DELETE FROM "+a.Table+" WHERE "+row.is(1), row.key()...) {
				a.named(t, audit, "a row of "+a.Table+" is gone")
				require.True(t, row.insert(t, db), "cannot be undone")
			}
		}
	}
	found, err := audit(t.Context())
	require.NoError(t, err)
	require.Empty(t, found, "all is as it was")
}

func (a *Audited) named(t *testing.T, audit func(context.Context) ([]sqlkit.Problem, error), change string) {
	t.Helper()
	found, err := audit(t.Context())
	require.NoError(t, err, change)
	require.True(t, slices.ContainsFunc(found, func(p sqlkit.Problem) bool { return p.Table == a.Table && p.Row != "" }),
		"%s is not noticed: %v", change, found)
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
		out = append(out, r)
	}
	require.NoError(t, rows.Err())
	return out
}

// other is another value of the same type.
func other(v any) any {
	switch v := v.(type) {
	case int64:
		return v + 1
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

// write makes the row what to says.
func (r *tableRow) write(t *testing.T, db *sqlkit.DB, to *tableRow) bool {
	t.Helper()
	var set []string
	for i, c := range r.columns {
		set = append(set, fmt.Sprintf("%s = $%d", c, i+1))
	}
	return r.exec(t, db, "UPDATE "+r.Table+" SET "+strings.Join(set, ", ")+" WHERE "+r.is(len(set)+1),
		append(slices.Clone(to.values), r.key()...)...)
}

func (r *tableRow) insert(t *testing.T, db *sqlkit.DB) bool {
	t.Helper()
	var marks []string
	for i := range r.columns {
		marks = append(marks, fmt.Sprintf("$%d", i+1))
	}
	return r.exec(t, db, "INSERT INTO "+r.Table+" ("+strings.Join(r.columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", r.values...)
}

// exec reports whether the database's constraints let the statement pass.
func (r *tableRow) exec(t *testing.T, db *sqlkit.DB, query string, args ...any) bool {
	t.Helper()
	done, err := db.Write.ExecContext(t.Context(), db.Dialect.SQL(query), args...)
	if c := db.Classify(err); c == sqlkit.ClassUnique || c == sqlkit.ClassConstraint {
		return false
	}
	require.NoError(t, err, query)
	n, err := done.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 1, n, query)
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
