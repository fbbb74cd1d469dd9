package sqlkit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrKeyReused is what a [*KeyConflict] is: the idempotency key stands for
// another request. Test with errors.Is; use a new key for a new request.
var ErrKeyReused = errors.New("idempotency key was used for another request")

// KeyConflict names the key that was used twice with different bodies.
type KeyConflict struct{ Key string }

// Error names the key and the remedy.
func (e *KeyConflict) Error() string {
	return fmt.Sprintf("idempotency key %q was used for another request (use a new key, or send the same body)", e.Key)
}

// Is makes errors.Is(err, ErrKeyReused) true.
func (e *KeyConflict) Is(target error) bool { return target == ErrKeyReused }

// Key keeps the idempotency rows of one module in the table it names, which
// has the columns key TEXT PRIMARY KEY, digest BYTEA, result BYTEA, seen
// BIGINT, at_us BIGINT.
type Key struct{ Table string }

// Replay looks a key up and, if it is there, counts the look-up on its row
// before it returns the first result. The write matters: its commit waits for
// the synchronous standby and carries the first one along, where a mere read
// may show a row that a fail-over takes away. A row with another digest is a
// [*KeyConflict].
func (k Key) Replay(ctx context.Context, tx *sql.Tx, d Dialect, key string, digest []byte) (result []byte, found bool, err error) {
	var stored []byte
	row := tx.QueryRowContext(ctx, d.SQL("UPDATE "+k.Table+" SET seen = seen + 1 WHERE key = $1 RETURNING digest, result"), key)
	switch err := row.Scan(&stored, &result); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	if !bytes.Equal(stored, digest) {
		return nil, true, &KeyConflict{Key: key}
	}
	return result, true, nil
}

// Save records the first result of a key, in the transaction of the work. If
// another attempt won meanwhile, the database's unique violation is returned
// and the transaction must be rolled back; repeating it finds the winner.
func (k Key) Save(ctx context.Context, tx *sql.Tx, d Dialect, key string, digest, result []byte, now time.Time) error {
	_, err := tx.ExecContext(ctx, d.SQL("INSERT INTO "+k.Table+
		" (key, digest, result, seen, at_us) VALUES ($1, $2, $3, 0, $4)"), key, digest, result, now.UnixMicro())
	return err
}
