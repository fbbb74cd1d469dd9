package sqlopen

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// openSQLite opens one writing connection, whose transactions begin at once as
// writers (so that none dies of a late upgrade), and a pool of read-only ones.
// synchronous=FULL makes a commit survive a power cut, as PostgreSQL's does.
func openSQLite(path string, o Options) (*sqlkit.DB, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, fmt.Errorf("%w: sqlite needs a file (sqlite:motcua.db)", ErrURL)
	}
	if strings.HasPrefix(path, "//") {
		return nil, fmt.Errorf("%w: write sqlite:FILE, without //", ErrURL)
	}
	common := url.Values{"_pragma": {"busy_timeout(5000)", "foreign_keys(1)"}}
	write := url.Values{"_txlock": {"immediate"}, "_pragma": append(
		[]string{"journal_mode(WAL)", "synchronous(FULL)"}, common["_pragma"]...)}
	read := url.Values{"_pragma": append([]string{"query_only(1)"}, common["_pragma"]...)}
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	writer, err := sqlite.NewConnector(name + "?" + write.Encode())
	if err != nil {
		return nil, err
	}
	reader, err := sqlite.NewConnector(name + "?" + read.Encode())
	if err != nil {
		return nil, err
	}
	w := o.open(writer)
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	r := o.open(reader)
	r.SetMaxOpenConns(o.MaxReaders)
	r.SetMaxIdleConns(o.MaxReaders)
	return &sqlkit.DB{Read: r, Write: w, Dialect: sqlkit.SQLite, Classify: classifySQLite}, nil
}

// OpenReadOnly opens an SQLite file for reading alone, beside a running server:
// both pools are read-only and no file is made.
func OpenReadOnly(path string) (*sqlkit.DB, error) {
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	if err := db.Ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s cannot be read: %w", strconv.Quote(path), err), db.Close())
	}
	return &sqlkit.DB{Read: db, Write: db, Dialect: sqlkit.SQLite, Classify: classifySQLite}, nil
}

func classifySQLite(err error) sqlkit.Class {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return sqlkit.ClassOther
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return sqlkit.ClassUnique
	}
	switch e.Code() & 0xff { // the low byte is the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return sqlkit.ClassRolledBack
	case sqlite3.SQLITE_CONSTRAINT:
		return sqlkit.ClassConstraint
	}
	return sqlkit.ClassOther
}
