package identity

import (
	"bytes"
	"context"
	"database/sql"
	"strconv"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// A head counts the rows of a list and keeps the mark of its last row, so that an
// audit misses a row that was removed, the last one included. Taking the next
// number locks the head until the transaction ends.

// nextNo takes the next number of a list and returns it with the last mark.
func nextNo(ctx context.Context, tx *sql.Tx, d sqlkit.Dialect, name string) (n int64, last []byte, err error) {
	err = tx.QueryRowContext(ctx, d.SQL(`INSERT INTO identity_heads (name, n, digest, mark) VALUES ($1, 1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET n = identity_heads.n + 1 RETURNING n, digest`),
		name, []byte{}, []byte{}).Scan(&n, &last)
	return n, notNull(last), err
}

// setHead records the mark of the row that took number n.
func setHead(ctx context.Context, tx *sql.Tx, d sqlkit.Dialect, v *Vault, name string, n int64, digest []byte) error {
	_, err := tx.ExecContext(ctx, d.SQL(`UPDATE identity_heads SET digest = $1, mark = $2 WHERE name = $3`),
		notNull(digest), headMark(v, name, n, digest), name)
	return err
}

// notNull turns nil, which drivers take for NULL, into an empty value.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func headMark(v *Vault, name string, n int64, digest []byte) []byte {
	return v.Mark("identity_heads", name, strconv.FormatInt(n, 10), string(digest))
}

// head is one row of identity_heads.
type head struct {
	name         string
	n            int64
	digest, mark []byte
}

func (h *head) good(v *Vault) bool { return bytes.Equal(h.mark, headMark(v, h.name, h.n, h.digest)) }

// write runs fn in a transaction, and again when the outcome is unknown or another
// transaction was faster with the same key: fn finds what is there already.
func write(ctx context.Context, db *sqlkit.DB, fn func(context.Context, *sql.Tx) error) error {
	once := func(ctx context.Context) error { return db.InTx(ctx, fn) }
	var err error
	for range raceAttempts {
		if err = db.Retry(ctx, true, once); err == nil {
			return nil
		}
		// A database without a classifier does not tell which error is a taken key.
		if !db.IsUnique(err) && (db.Classify != nil || CodeOf(err) != Unknown) {
			return err
		}
	}
	return err
}

// raceAttempts is more than the keys one transaction can find taken in turn: those
// of a person, an account and an opening, once each.
const raceAttempts = 4
