package sqlkit

import "fmt"

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
