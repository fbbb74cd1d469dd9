package sqlkit

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Message is one row of an outbox: something that happened and is to be acted
// on after the commit.
type Message struct {
	// ID is stable: a message that comes twice comes with the same id.
	ID string
	// Topic is what handlers are found by.
	Topic string
	// Payload is the module's own encoding.
	Payload []byte
	// At is when it happened, to the microsecond.
	At time.Time
}

// Outbox keeps the messages of one module in the table it was given, with the
// columns id TEXT PRIMARY KEY, topic TEXT, payload BYTEA, at_us BIGINT, lease
// TEXT DEFAULT (empty), leased_until_us BIGINT DEFAULT 0. Its methods may be called
// concurrently, from many processes.
type Outbox struct {
	db    *DB
	table string
	o     OutboxOptions
}

// OutboxOptions are the options of [NewOutbox]; nil means defaults.
type OutboxOptions struct {
	// Now is the protocol clock, which bounds leases. Defaults to time.Now.
	Now func() time.Time
	// Lease is how long a drained message is held before others may take it;
	// it must be longer than the function given to Drain takes. Defaults to
	// 30 s.
	Lease time.Duration
	// NewID names leases. Defaults to 26 random characters.
	NewID func() string
}

// NewOutbox returns the outbox kept in table. The name is trusted: it is code,
// never input.
func NewOutbox(db *DB, table string, o *OutboxOptions) *Outbox {
	b := &Outbox{db: db, table: table}
	if o != nil {
		b.o = *o
	}
	if b.o.Now == nil {
		b.o.Now = time.Now
	}
	b.o.Lease = cmp.Or(b.o.Lease, 30*time.Second)
	if b.o.NewID == nil {
		b.o.NewID = rand.Text
	}
	return b
}

// Table returns the table's name.
func (b *Outbox) Table() string { return b.table }

// PutTx writes messages in the transaction of the change they announce. An id
// that is already there is left as it is.
func (b *Outbox) PutTx(ctx context.Context, tx *sql.Tx, ms ...Message) error {
	for _, m := range ms {
		_, err := tx.ExecContext(ctx, b.db.Dialect.SQL("INSERT INTO "+b.table+
			" (id, topic, payload, at_us) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING"),
			m.ID, m.Topic, m.Payload, m.At.UnixMicro())
		if err != nil {
			return err
		}
	}
	return nil
}

// Fragment returns an INSERT of ms for a data-modifying CTE of the module's own
// statement on PostgreSQL, with placeholders from $first on, and its arguments.
// Rows are written only where the condition holds, e.g. "EXISTS (SELECT 1 FROM
// moved)".
func (b *Outbox) Fragment(first int, condition string, ms []Message) (string, []any) {
	var s strings.Builder
	args := make([]any, 0, 4*len(ms))
	fmt.Fprintf(&s, "INSERT INTO %s (id, topic, payload, at_us) SELECT * FROM (VALUES ", b.table)
	for i, m := range ms {
		if i > 0 {
			s.WriteString(", ")
		}
		n := first + 4*i
		fmt.Fprintf(&s, "($%d::text, $%d::text, $%d::bytea, $%d::bigint)", n, n+1, n+2, n+3)
		args = append(args, m.ID, m.Topic, m.Payload, m.At.UnixMicro())
	}
	fmt.Fprintf(&s, ") AS v WHERE %s", condition)
	return s.String(), args
}

// Drain claims up to n messages by a lease, calls fn with them while no
// transaction is open, and deletes them if fn succeeds. It returns how many
// were handed over. Messages come at least once, roughly in order of time, in
// no order across commits. If fn fails they are released at once and its error
// is returned.
func (b *Outbox) Drain(ctx context.Context, n int, fn func(context.Context, []Message) error) (int, error) {
	lease := b.o.NewID()
	ms, err := b.claim(ctx, lease, n)
	if err != nil || len(ms) == 0 {
		return 0, err
	}
	if err := fn(ctx, ms); err != nil {
		release, cancel := b.db.Bound(context.WithoutCancel(ctx))
		defer cancel()
		_, rerr := b.db.Write.ExecContext(release, b.db.Dialect.SQL("UPDATE "+b.table+
			" SET lease = '', leased_until_us = 0 WHERE lease = $1"), lease)
		if rerr != nil { // the lease runs out by itself
			return 0, fmt.Errorf("%w (and its lease could not be released: %w)", err, rerr)
		}
		return 0, err
	}
	del, cancel := b.db.Bound(context.WithoutCancel(ctx))
	defer cancel()
	query, args := b.deletion(lease, ms)
	if _, err := b.db.Write.ExecContext(del, query, args...); err != nil {
		return 0, fmt.Errorf("outbox %s: handed over but not deleted, they will come again: %w", b.table, err)
	}
	return len(ms), nil
}

// deletion names the rows by their primary key, so that a long backlog is not
// searched for them, and by the lease, so that none is deleted which another has
// taken over since.
func (b *Outbox) deletion(lease string, ms []Message) (string, []any) {
	var s strings.Builder
	fmt.Fprintf(&s, "DELETE FROM %s WHERE lease = $1 AND id IN (", b.table)
	args := []any{lease}
	for i, m := range ms {
		if i > 0 {
			s.WriteString(", ")
		}
		args = append(args, m.ID)
		fmt.Fprintf(&s, "$%d", len(args))
	}
	s.WriteString(")")
	return b.db.Dialect.SQL(s.String()), args
}

func (b *Outbox) claim(ctx context.Context, lease string, n int) ([]Message, error) {
	ctx, cancel := b.db.Bound(ctx)
	defer cancel()
	lock := ""
	if b.db.Dialect == PostgreSQL {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	now := b.o.Now()
	rows, err := b.db.Write.QueryContext(ctx, b.db.Dialect.SQL("UPDATE "+b.table+
		" SET lease = $1, leased_until_us = $2 WHERE id IN (SELECT id FROM "+b.table+
		" WHERE leased_until_us < $3 ORDER BY at_us, id LIMIT $4"+lock+") RETURNING id, topic, payload, at_us"),
		lease, now.Add(b.o.Lease).UnixMicro(), now.UnixMicro(), n)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below tells
	var ms []Message
	for rows.Next() {
		var m Message
		var at int64
		if err := rows.Scan(&m.ID, &m.Topic, &m.Payload, &at); err != nil {
			return nil, err
		}
		m.At = time.UnixMicro(at).UTC()
		ms = append(ms, m)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(ms, func(x, y Message) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	return ms, nil
}

// ClearLeases makes every message available again. Call it only where one
// process owns the database, before it starts to drain: what a killed
// predecessor held need not wait for its lease to run out.
func (b *Outbox) ClearLeases(ctx context.Context) error {
	ctx, cancel := b.db.Bound(ctx)
	defer cancel()
	_, err := b.db.Write.ExecContext(ctx, b.db.Dialect.SQL("UPDATE "+b.table+
		" SET lease = '', leased_until_us = 0 WHERE leased_until_us > $1"), 0)
	return err
}

// Pending counts the messages that wait, leased ones included.
func (b *Outbox) Pending(ctx context.Context) (int, error) {
	ctx, cancel := b.db.Bound(ctx)
	defer cancel()
	var n int
	err := b.db.Read.QueryRowContext(ctx, "SELECT count(*) FROM "+b.table).Scan(&n)
	return n, err
}
