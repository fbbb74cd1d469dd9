package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var families = sqlkit.Migrations{Module: "family", FS: fstest.MapFS{
	"001_tables.sql": {Data: []byte(`-- +goose Up
CREATE TABLE family_heads (id TEXT PRIMARY KEY, name TEXT NOT NULL, seen BIGINT NOT NULL, seal TEXT NOT NULL);
CREATE TABLE family_lines (head TEXT NOT NULL, n BIGINT NOT NULL, amount BIGINT NOT NULL, note TEXT, PRIMARY KEY (head, n));
CREATE TABLE family_marks (digest BYTEA PRIMARY KEY, line TEXT NOT NULL, at_us BIGINT NOT NULL);
-- +goose Down
DROP TABLE family_marks;
DROP TABLE family_lines;
DROP TABLE family_heads;
`)},
}}

var seal = sqlkit.Seal{Head: "family_heads", ID: "id", Column: "seal", Except: []string{"seen"}, Members: []sqlkit.Member{
	{Table: "family_lines", Of: "m.head", Key: []string{"head", "n"}},
	{
		Table: "family_marks", From: "family_marks AS m JOIN family_lines AS l ON l.note = m.line", Of: "l.head",
		Key: []string{"digest"}, Except: []string{"at_us"},
	},
}}

type family struct {
	t  *testing.T
	db *sqlkit.DB
}

func (f *family) exec(query string, args ...any) {
	f.t.Helper()
	_, err := f.db.Write.ExecContext(f.t.Context(), f.db.Dialect.SQL(query), args...)
	require.NoError(f.t, err)
}

// write makes a head of two lines, one of which has a mark, and seals it.
func (f *family) write(id string) {
	f.t.Helper()
	require.NoError(f.t, f.db.InTx(f.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, q := range []string{
			"INSERT INTO family_heads VALUES ($1, 'name', 0, '')",
			"INSERT INTO family_lines VALUES ($1, 1, 0, NULL)", "INSERT INTO family_lines VALUES ($1, 2, 20, 'note of ' || $1)",
		} {
			if _, err := tx.ExecContext(ctx, f.db.Dialect.SQL(q), id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, f.db.Dialect.SQL("INSERT INTO family_marks VALUES ($1, $2, 5)"),
			append([]byte{0xab}, id...), "note of "+id)
		if err != nil {
			return err
		}
		return seal.Write(ctx, tx, f.db.Dialect, id)
	}))
}

func (f *family) check() []sqlkit.Problem {
	f.t.Helper()
	var out []sqlkit.Problem
	require.NoError(f.t, f.db.Snapshot(f.t.Context(), func(ctx context.Context, tx *sql.Tx) (err error) {
		out, err = seal.Check(ctx, tx, f.db.Dialect)
		return err
	}))
	return out
}

func eachFamily(t *testing.T, fn func(f *family)) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{families}, func(t *testing.T, db *sqlkit.DB) { fn(&family{t, db}) })
}

// Whatever other hands change, its table and row are named.
func TestSealNamesWhatOthersChanged(t *testing.T) {
	eachFamily(t, func(f *family) {
		f.write("a")
		f.write("b")
		assert.Empty(f.t, f.check())
		for change, want := range map[string]string{
			"UPDATE family_heads SET name = 'other' WHERE id = 'b'":          "family_heads b: seal: it is not as it was last written",
			"UPDATE family_heads SET seal = '{}' WHERE id = 'b'":             "family_heads b: seal: it was added by other hands",
			"UPDATE family_heads SET seal = '' WHERE id = 'b'":               "family_heads b: seal: it cannot be read",
			"UPDATE family_lines SET amount = 21 WHERE head = 'b' AND n = 2": "family_lines b/2: seal: it is not as it was last written",
			"UPDATE family_lines SET amount = 1 WHERE head = 'b' AND n = 1":  "family_lines b/1: seal: it is not as it was last written",
			"UPDATE family_lines SET note = 'x' WHERE head = 'b' AND n = 1":  "family_lines b/1: seal: it is not as it was last written",
			"DELETE FROM family_lines WHERE head = 'b' AND n = 1":            "family_lines b/1: seal: it is gone; family_heads b had it",
			"INSERT INTO family_lines VALUES ('b', 3, 0, '')":                "family_lines b/3: seal: it was added by other hands",
			"INSERT INTO family_lines VALUES ('c', 1, 0, '')":                "family_heads c: seal: it is gone or was never sealed",
			"DELETE FROM family_marks WHERE line = 'note of b'":              "family_marks ab62: seal: it is gone; family_heads b had it",
			"UPDATE family_heads SET seen = 7":                               "",
			"UPDATE family_marks SET at_us = 7":                              "",
			"DELETE FROM family_heads WHERE id = 'b'":                        "family_heads b: seal: it is gone or was never sealed",
			"INSERT INTO family_heads VALUES ('c', 'by hand', 0, '')":        "family_heads c: seal: it cannot be read",
		} {
			f.exec("DELETE FROM family_heads WHERE id > 'a'")
			f.exec("DELETE FROM family_lines WHERE head > 'a'")
			f.exec("DELETE FROM family_marks WHERE line > 'note of a'")
			f.write("b")
			f.exec(change)
			found := f.check()
			if want == "" {
				assert.Empty(f.t, found, change)
				continue
			}
			if assert.NotEmpty(f.t, found, change) {
				assert.Equal(f.t, want, found[0].String(), change)
			}
		}
	})
}

// More heads than are compared at once, and not one mistaken for another's.
func TestSealOfManyHeads(t *testing.T) {
	eachFamily(t, func(f *family) {
		make100 := func(first int) func(context.Context, *sql.Tx) error {
			return func(ctx context.Context, tx *sql.Tx) error {
				for i := first; i < first+100; i++ {
					id := fmt.Sprintf("h%04d", i)
					if _, err := tx.ExecContext(ctx, f.db.Dialect.SQL("INSERT INTO family_heads VALUES ($1, 'name', 0, '')"), id); err != nil {
						return err
					}
					if _, err := tx.ExecContext(ctx, f.db.Dialect.SQL("INSERT INTO family_lines VALUES ($1, $2, 1, '')"), id, i); err != nil {
						return err
					}
					if err := seal.Write(ctx, tx, f.db.Dialect, id); err != nil {
						return err
					}
				}
				return nil
			}
		}
		for first := 0; first < 1100; first += 100 {
			require.NoError(f.t, f.db.InTx(f.t.Context(), make100(first)))
		}
		assert.Empty(f.t, f.check())
		for _, i := range []int{0, 499, 500, 501, 999, 1000, 1099} {
			f.exec("UPDATE family_lines SET amount = 2 WHERE n = $1", i)
			assert.Equal(f.t, []sqlkit.Problem{{
				Table: "family_lines", Row: fmt.Sprintf("h%04d/%d", i, i), Problem: "seal: it is not as it was last written",
			}}, f.check())
			f.exec("UPDATE family_lines SET amount = 1 WHERE n = $1", i)
		}
		f.exec("INSERT INTO family_lines VALUES ('i', 1, 1, '')")
		assert.Len(f.t, f.check(), 2, "behind the last head, too")
	})
}

// Of two transactions with one head the later seals what both have written.
func TestSealInARace(t *testing.T) {
	eachFamily(t, func(f *family) {
		f.write("a")
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				assert.NoError(f.t, f.db.Retry(f.t.Context(), false, func(ctx context.Context) error {
					return f.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
						_, err := tx.ExecContext(ctx, f.db.Dialect.SQL("INSERT INTO family_lines VALUES ('a', $1, 1, '')"), 10+i)
						if err != nil {
							return err
						}
						return seal.Write(ctx, tx, f.db.Dialect, "a")
					})
				}))
			})
		}
		wg.Wait()
		assert.Empty(f.t, f.check())
		require.ErrorIs(f.t, f.db.InTx(f.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return seal.Write(ctx, tx, f.db.Dialect, "nobody")
		}), sql.ErrNoRows)
	})
}
