package sqltest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Outcome is what the server has done by the time a connection breaks. The
// client cannot tell: it sees the same error.
type Outcome int

// The outcomes.
const (
	// Done: the work is committed, the answer is lost.
	Done Outcome = 1
	// Undone: the work never arrived, or was rolled back.
	Undone Outcome = 2
)

// Faults breaks connections at the worst moment, on demand. The driver
// underneath is the real one, and so is what it commits; the error is the
// io.ErrUnexpectedEOF of a connection that closes before the answer. Its methods
// may be called concurrently.
type Faults struct {
	mu    sync.Mutex
	armed []fault
	lost  int
	left  int    // questions until one fails, 0: none does
	at    string // the question that failed
}

type fault struct {
	commit  bool
	part    string // of a statement outside a transaction
	outcome Outcome
}

// EachFaulty is [Each] on databases whose answers can be lost.
func EachFaulty(t *testing.T, ms []sqlkit.Migrations, fn func(t *testing.T, db *sqlkit.DB, f *Faults)) {
	t.Helper()
	run := func(t *testing.T, dsn string) {
		f := &Faults{}
		fn(t, open(t, dsn, ms, func(c driver.Connector) driver.Connector { return &faultyConnector{c, f} }), f)
	}
	t.Run("sqlite", func(t *testing.T) { run(t, sqliteURL(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, PostgresURL(t)) })
}

// LoseCommit has the connection break at the next COMMIT. Calls add up.
func (f *Faults) LoseCommit(o Outcome) { f.arm(fault{commit: true, outcome: o}) }

// LoseStatement has the connection break at the next statement outside a
// transaction whose text contains part. Calls add up.
func (f *Faults) LoseStatement(o Outcome, part string) { f.arm(fault{part: part, outcome: o}) }

// Lost returns how many faults have struck, so that a test knows it met them.
func (f *Faults) Lost() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

func (f *Faults) arm(x fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = append(f.armed, x)
}

// strikes returns the outcome of the first fault meant for this moment, or 0.
func (f *Faults) strikes(commit bool, query string) Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.armed {
		if x.commit == commit && (commit || strings.Contains(query, x.part)) {
			f.armed = append(f.armed[:i:i], f.armed[i+1:]...)
			f.lost++
			return x.outcome
		}
	}
	return 0
}

type faultyConnector struct {
	driver.Connector
	f *Faults
}

// realConn is what both drivers' connections can do.
type realConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

// Connect opens a real connection that can break.
func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(realConn)
	if !ok {
		return nil, fmt.Errorf("connections of %T do not have all of database/sql/driver's interfaces", c.Driver())
	}
	return &faultyConn{realConn: full, f: c.f}, nil
}

type faultyConn struct {
	realConn
	f      *Faults
	inTx   bool
	broken bool
}

// IsValid tells the pool to drop a broken connection.
func (c *faultyConn) IsValid() bool {
	v, ok := c.realConn.(driver.Validator)
	return !c.broken && (!ok || v.IsValid())
}

// CheckNamedValue passes on the driver's own rule.
func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.realConn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// BeginTx begins a transaction whose commit can be lost.
func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.f.asked("BEGIN"); err != nil {
		return nil, err
	}
	tx, err := c.realConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	c.inTx = true
	return &faultyTx{tx, c}, nil
}

// ExecContext runs a statement; outside a transaction its answer can be lost.
func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.f.asked(query); err != nil {
		return nil, err
	}
	outcome := c.statement(query)
	if outcome == Undone {
		return nil, io.ErrUnexpectedEOF
	}
	r, err := c.realConn.ExecContext(ctx, query, args)
	if err == nil && outcome == Done {
		return nil, io.ErrUnexpectedEOF
	}
	return r, err
}

// QueryContext runs a query; outside a transaction its answer can be lost.
func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.f.asked(query); err != nil {
		return nil, err
	}
	outcome := c.statement(query)
	if outcome == Undone {
		return nil, io.ErrUnexpectedEOF
	}
	rows, err := c.realConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if outcome != Done {
		return &faultyRows{Rows: rows, f: c.f, query: query}, nil
	}
	row := make([]driver.Value, len(rows.Columns()))
	for err == nil { // the server has finished once the last row has come
		err = rows.Next(row)
	}
	if err != io.EOF { //nolint:errorlint // the driver's contract is io.EOF itself
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return nil, io.ErrUnexpectedEOF
}

func (c *faultyConn) statement(query string) Outcome {
	if c.inTx {
		return 0
	}
	outcome := c.f.strikes(false, query)
	c.broken = c.broken || outcome != 0
	return outcome
}

type faultyTx struct {
	driver.Tx
	c *faultyConn
}

// Commit commits, unless the connection breaks before the server hears of it;
// either way it may report a broken connection.
func (tx *faultyTx) Commit() error {
	tx.c.inTx = false
	if err := tx.c.f.asked(commit); err != nil {
		_ = tx.Tx.Rollback() // as the server would
		return err
	}
	outcome := tx.c.f.strikes(true, "")
	tx.c.broken = tx.c.broken || outcome != 0
	if outcome == Undone {
		if err := tx.Tx.Rollback(); err != nil {
			return err
		}
		return io.ErrUnexpectedEOF
	}
	if err := tx.Tx.Commit(); err != nil || outcome == 0 {
		return err
	}
	return io.ErrUnexpectedEOF
}

// Rollback rolls back.
func (tx *faultyTx) Rollback() error {
	tx.c.inTx = false
	return tx.Tx.Rollback()
}
