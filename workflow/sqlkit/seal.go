package sqlkit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Seal covers a row, its head, and the rows of other tables that belong to it,
// such as a charge with its attempts and receipts: the head keeps a digest of
// each, so that an audit names what was changed, added or deleted by other hands
// than the module's. It finds accidents and partial edits; it is no proof against
// whoever can compute it.
//
// Names and expressions are trusted: they are code, never input.
type Seal struct {
	// Head is the table of the heads, ID its key, a TEXT column, and Column the
	// TEXT column that keeps the digests as JSON.
	Head, ID, Column string
	// Except names columns of the head that are not covered: what other writers
	// count or schedule without writing the seal.
	Except []string
	// Members are the tables of what belongs to a head.
	Members []Member
}

// Member is one table of rows that belong to heads.
type Member struct {
	// Table is what audits call it.
	Table string
	// From is its FROM clause, in which the table is m; by default it alone.
	From string
	// Of gives the head's key, e.g. "m.charge_id".
	Of string
	// Key names the columns that name a row, in the order in which audits show
	// them.
	Key []string
	// Except names columns that are not covered.
	Except []string
}

// digests are those of one table's rows, by the row's name.
type digests map[string]string

// Write seals a head and what belongs to it as they stand, as the last thing a
// transaction does with them. It locks the head, so that of two transactions the
// later sees what the earlier wrote. A head that is not there is sql.ErrNoRows.
func (s *Seal) Write(ctx context.Context, tx *sql.Tx, d Dialect, id string) error {
	if d == PostgreSQL {
		var one int
		if err := tx.QueryRowContext(ctx, "SELECT 1 FROM "+s.Head+" WHERE "+s.ID+" = $1 FOR UPDATE", id).Scan(&one); err != nil {
			return err
		}
	}
	all := map[string]digests{}
	for _, m := range s.tables() {
		err := m.read(ctx, tx, d, " WHERE "+m.Of+" = $1", []any{id}, func(_, row, digest string, _ []byte) {
			if all[m.Table] == nil {
				all[m.Table] = digests{}
			}
			all[m.Table][row] = digest
		})
		if err != nil {
			return err
		}
	}
	if len(all[s.Head]) == 0 {
		return sql.ErrNoRows
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, d.SQL("UPDATE "+s.Head+" SET "+s.Column+" = $1 WHERE "+s.ID+" = $2"), string(text), id)
	return err
}

// sealPage is how many heads are compared at once.
const sealPage = 500

// Check compares every head and what belongs to it with what was sealed. Its
// problems begin with "seal: ".
func (s *Seal) Check(ctx context.Context, tx *sql.Tx, d Dialect) ([]Problem, error) {
	var found []Problem
	for after, more := "", true; more; {
		var last string
		heads, err := s.heads(ctx, tx, d, after)
		if err != nil {
			return nil, err
		}
		where, args := " WHERE "+"%s"+" > $1", []any{after}
		if more = len(heads) == sealPage; more {
			last = heads[len(heads)-1]
			where, args = where+" AND %[1]s <= $2", append(args, last)
		}
		problems, err := s.page(ctx, tx, d, where, args)
		if err != nil {
			return nil, err
		}
		found = append(found, problems...)
		after = last
	}
	return found, nil
}

func (s *Seal) heads(ctx context.Context, tx *sql.Tx, d Dialect, after string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, d.SQL(fmt.Sprintf("SELECT %[1]s FROM %[2]s WHERE %[1]s > $1 ORDER BY %[1]s LIMIT %[3]d",
		s.ID, s.Head, sealPage)), after)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// page compares the heads that where chooses.
func (s *Seal) page(ctx context.Context, tx *sql.Tx, d Dialect, where string, args []any) (found []Problem, err error) {
	sealed := map[string]map[string]digests{} // by head and table: what is left of it was deleted
	missing := map[string]bool{}
	for _, m := range s.tables() {
		head := m.Table == s.Head
		err := m.read(ctx, tx, d, fmt.Sprintf(where, m.Of), args, func(of, row, digest string, seal []byte) {
			if head {
				var all map[string]digests
				if err := json.Unmarshal(seal, &all); err != nil {
					found = append(found, Problem{m.Table, row, "seal: it cannot be read"})
				}
				sealed[of] = all
			}
			was, there := sealed[of][m.Table][row]
			delete(sealed[of][m.Table], row)
			switch {
			case sealed[of] == nil && !head:
				if !missing[of] {
					missing[of] = true
					found = append(found, Problem{s.Head, of, "seal: it is gone or was never sealed"})
				}
				found = append(found, Problem{m.Table, row, fmt.Sprintf("seal: it belongs to no sealed row of %s", s.Head)})
			case sealed[of] == nil: // said already
			case !there:
				found = append(found, Problem{m.Table, row, "seal: it was added by other hands"})
			case was != digest:
				found = append(found, Problem{m.Table, row, "seal: it is not as it was last written"})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	var gone []Problem
	for of, tables := range sealed {
		for table, rows := range tables {
			for row := range rows {
				gone = append(gone, Problem{table, row, fmt.Sprintf("seal: it is gone; %s %s had it", s.Head, of)})
			}
		}
	}
	slices.SortFunc(gone, func(x, y Problem) int { return cmp.Or(cmp.Compare(x.Table, y.Table), cmp.Compare(x.Row, y.Row)) })
	return append(found, gone...), nil
}

// tables are the head's table, first, and the members'.
func (s *Seal) tables() []member {
	out := []member{{Member: Member{Table: s.Head, Of: "m." + s.ID, Key: []string{s.ID}, Except: s.Except}, seal: s.Column}}
	for _, m := range s.Members {
		out = append(out, member{Member: m})
	}
	return out
}

type member struct {
	Member
	seal string // the column of a head that keeps the seal
}

// read calls fn with each row's head, name and digest, and a head's seal.
func (m *member) read(ctx context.Context, tx *sql.Tx, d Dialect, where string, args []any,
	fn func(of, row, digest string, seal []byte),
) (err error) {
	rows, err := tx.QueryContext(ctx, d.SQL("SELECT "+m.Of+", m.* FROM "+cmp.Or(m.From, m.Table+" AS m")+where), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		var seal []byte
		var columns, key []string
		of := text(values[0])
		for i, name := range names[1:] {
			v := values[i+1]
			if name == m.seal {
				seal = []byte(text(v))
				continue
			}
			if t := text(v); t != "" && !slices.Contains(m.Except, name) {
				columns = append(columns, name+"="+t)
			}
		}
		for _, name := range m.Key {
			key = append(key, readable(values[slices.Index(names[1:], name)+1]))
		}
		slices.Sort(columns)
		fn(of, strings.Join(key, "/"), digest(columns), seal)
	}
	return rows.Err()
}

// text is a value as it is digested: "" for every zero, so that a migration may
// add columns which are zero in old rows.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case string:
		return v
	}
	if t := fmt.Sprint(v); t != "0" && t != "false" {
		return t
	}
	return ""
}

// readable is a value as it stands in the name of a row.
func readable(v any) string {
	if b, ok := v.([]byte); ok {
		return hex.EncodeToString(b)
	}
	return fmt.Sprint(v)
}

// digest tells rows apart; 64 bits do for accidents.
func digest(columns []string) string {
	h := sha256.New()
	var n [8]byte
	for _, c := range columns {
		binary.BigEndian.PutUint64(n[:], uint64(len(c)))
		h.Write(n[:]) // a hash never returns an error
		h.Write([]byte(c))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
