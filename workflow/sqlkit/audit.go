package sqlkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Problem is one wrong thing a module's audit has found by recounting its own
// tables.
type Problem struct {
	// Table is the table's name.
	Table string `json:"table"`
	// Row is the primary key of the row, or of the row it should have.
	Row string `json:"row"`
	// Problem says what is wrong, without personal data.
	Problem string `json:"problem"`
}

// String names table, row and problem on one line.
func (p Problem) String() string { return fmt.Sprintf("%s %s: %s", p.Table, p.Row, p.Problem) }

// ErrUnreadable is an error about a row that holds what its module never wrote,
// such as text where a number belongs. What it wraps may quote the row.
var ErrUnreadable = errors.New("the row cannot be read")

// Recount collects what one audit finds. It serves one goroutine.
type Recount struct {
	// Found is what was found so far.
	Found []Problem
}

// Bad records a problem; row is the key of the row. The text must hold no
// personal data.
func (r *Recount) Bad(table, row, format string, args ...any) {
	r.Found = append(r.Found, Problem{Table: table, Row: row, Problem: fmt.Sprintf(format, args...)})
}

// Each runs a query in the audit's snapshot and calls fn for each row. The first
// key columns of the result name a row of table. A row that cannot be read, by
// scan or for a reason that wraps [ErrUnreadable], is recorded and left out; any
// other error of fn ends the recount. Fn must not use tx.
func (r *Recount) Each(ctx context.Context, tx *sql.Tx, table string, key int, query string,
	fn func(scan func(...any) error) error,
) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		err := fn(marked(rows.Scan))
		if errors.Is(err, ErrUnreadable) {
			name, nameErr := rowName(rows.Scan, len(columns), key)
			if nameErr != nil {
				return errors.Join(nameErr, rows.Err())
			}
			r.Bad(table, name, "it holds what cannot be read")
			continue
		}
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// marked is scan with errors that say what they are: the row is there already.
func marked(scan func(...any) error) func(...any) error {
	return func(into ...any) error {
		if err := scan(into...); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		return nil
	}
}

// rowName joins the first key values of the row that scan reads.
func rowName(scan func(...any) error, columns, key int) (string, error) {
	into := make([]any, columns)
	for i := range into {
		into[i] = new(any)
	}
	if err := scan(into...); err != nil {
		return "", err
	}
	parts := make([]string, key)
	for i := range parts {
		parts[i] = readable(*into[i].(*any))
	}
	return strings.Join(parts, "/"), nil
}
