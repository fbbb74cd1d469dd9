package sqlkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Dialect names the SQL a database speaks. The zero value is none.
type Dialect int

// The dialects modules are written for. Numbers are frozen.
const (
	SQLite     Dialect = 1
	PostgreSQL Dialect = 2
)

// String returns "sqlite" or "postgres", the infix of migration file names.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case PostgreSQL:
		return "postgres"
	default:
		return fmt.Sprintf("dialect(%d)", int(d))
	}
}

// SQL turns the placeholders $1, $2, … of a query into those of the dialect.
// The query must not hold a $ followed by a digit anywhere else.
func (d Dialect) SQL(query string) string {
	if d != SQLite || !strings.Contains(query, "$") {
		return query
	}
	var b strings.Builder
	b.Grow(len(query))
	for i := range len(query) {
		if query[i] == '$' && i+1 < len(query) && query[i+1] >= '0' && query[i+1] <= '9' {
			b.WriteByte('?')
			continue
		}
		b.WriteByte(query[i])
	}
	return b.String()
}

// DefaultTimeout bounds a transaction whose context has no earlier deadline.
// It is longer than two connection attempts of 2 s, so that the last of three
// hosts is still reached.
const DefaultTimeout = 5 * time.Second

// DB is one database. Its fields are read-only after construction; all methods
// may be called concurrently.
type DB struct {
	// Read serves queries. On SQLite it is a pool of read-only connections,
	// on PostgreSQL the same pool as Write.
	Read *sql.DB
	// Write serves everything else. On SQLite it has one connection.
	Write *sql.DB
	// Dialect says which SQL the database speaks.
	Dialect Dialect
	// Classify says what an error of the driver means. Nil makes every error
	// of a commit an unknown outcome and no other error worth a retry.
	Classify func(error) Class
	// Timeout bounds each transaction; 0 means [DefaultTimeout].
	Timeout time.Duration
}

// Wrap makes a DB of a pool the embedder has opened. Since nothing is known of
// its driver, every error of a commit counts as an unknown outcome. On SQLite
// the pool must have one connection and begin transactions immediately.
func Wrap(db *sql.DB, d Dialect) *DB {
	return &DB{Read: db, Write: db, Dialect: d}
}

// Close closes both pools. The error joins those of the pools.
func (db *DB) Close() error {
	if db.Read == db.Write {
		return db.Write.Close()
	}
	return errors.Join(db.Read.Close(), db.Write.Close())
}

// Bound returns ctx with the deadline every statement and transaction needs.
func (db *DB) Bound(ctx context.Context) (context.Context, context.CancelFunc) {
	d := db.Timeout
	if d <= 0 {
		d = DefaultTimeout
	}
	return context.WithTimeout(ctx, d)
}

// InTx runs fn in one write transaction with a deadline and commits it, or
// rolls it back if fn fails or panics. It repeats nothing: see [DB.Retry]. An
// error that arose at BEGIN or COMMIT is a [*TxError]; one of fn is returned
// as it is, inside a [*TxError] only if the connection broke.
func (db *DB) InTx(ctx context.Context, fn func(context.Context, *sql.Tx) error) (err error) {
	ctx, cancel := db.Bound(ctx)
	defer cancel()
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return &TxError{Phase: PhaseBegin, Err: err}
	}
	done := false
	defer func() {
		if !done { // fn failed or panicked; the server rolls back by itself if this cannot reach it
			_ = tx.Rollback()
		}
	}()
	if err := fn(ctx, tx); err != nil {
		switch db.class(err) {
		case ClassConnection, ClassRolledBack, ClassWrongNode:
			return &TxError{Phase: PhaseBody, Err: err}
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return &TxError{Phase: PhaseBody, Err: err}
		}
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return &TxError{Phase: PhaseCommit, Err: err}
	}
	return nil
}

func (db *DB) class(err error) Class {
	if db.Classify == nil {
		return ClassOther
	}
	return db.Classify(err)
}

// IsUnique reports whether err says that a unique key is already there. Without
// a classifier it is false, and callers read again before they give up.
func (db *DB) IsUnique(err error) bool {
	return err != nil && db.class(err) == ClassUnique
}

// Snapshot runs fn on a consistent view of the database that takes no locks
// against writers: what an audit counts must all be of one moment. It bounds
// nothing; give ctx a deadline.
func (db *DB) Snapshot(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	o := &sql.TxOptions{}
	if db.Dialect == PostgreSQL {
		o = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.Read.BeginTx(ctx, o)
	if err != nil {
		return &TxError{Phase: PhaseBegin, Err: err}
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return fn(ctx, tx)
}
