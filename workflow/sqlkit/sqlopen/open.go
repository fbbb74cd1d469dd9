// Package sqlopen opens databases by URL and links their drivers: pgx for
// PostgreSQL, the cgo-free modernc.org/sqlite for SQLite.
package sqlopen

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Options are the options of [Open]; nil means defaults.
type Options struct {
	// MaxConns bounds the PostgreSQL pool. Connections are kept open, because
	// reconnecting under load costs more than keeping them. Defaults to 16.
	MaxConns int
	// MaxReaders bounds the read-only pool on SQLite. Defaults to 8.
	MaxReaders int
	// Timeout bounds each transaction; defaults to [sqlkit.DefaultTimeout].
	Timeout time.Duration
	// Connector wraps the driver of every pool, to trace statements, say, or
	// to lose an answer in a test (sqltest.Faults). Defaults to none.
	Connector func(driver.Connector) driver.Connector
}

// open returns a pool over a driver, wrapped if the options say so.
func (o Options) open(c driver.Connector) *sql.DB {
	if o.Connector != nil {
		c = o.Connector(c)
	}
	return sql.OpenDB(c)
}

// ErrURL is what every complaint about a database URL is.
var ErrURL = errors.New("database URL")

// Open opens the database a URL names and asks it one question, so that a wrong
// address is noticed here:
//
//	sqlite:motcua.db              a file, made if absent; also sqlite:/abs/path
//	postgres://user@host:5432/db  any URL pgx reads; several hosts with
//	                              target_session_attrs=read-write
//
// PostgreSQL gets connect_timeout=2 when the URL names none, for a frozen host
// would otherwise eat the caller's whole deadline; default_query_exec_mode
// simple_protocol is refused, because with it a lost answer runs a statement
// twice. An error never repeats the URL, which may hold a password.
func Open(ctx context.Context, url string, o *Options) (*sqlkit.DB, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	opts.MaxConns = cmp.Or(opts.MaxConns, 16)
	opts.MaxReaders = cmp.Or(opts.MaxReaders, 8)
	scheme, rest, _ := strings.Cut(url, ":")
	var db *sqlkit.DB
	var err error
	switch scheme {
	case "sqlite":
		db, err = openSQLite(rest, opts)
	case "postgres", "postgresql":
		db, err = openPostgres(url, opts)
	default:
		return nil, fmt.Errorf("%w: unknown scheme (use sqlite:FILE or postgres://…)", ErrURL)
	}
	if err != nil {
		return nil, err
	}
	db.Timeout = opts.Timeout
	bound, cancel := db.Bound(ctx)
	defer cancel()
	if err := db.Write.PingContext(bound); err != nil {
		return nil, errors.Join(fmt.Errorf("database does not answer: %w", err), db.Close())
	}
	return db, nil
}
