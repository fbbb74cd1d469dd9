package sqlopen

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// What each refusal of SQLite means for the work.
func TestClassifySQLite(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	db, err := Open(t.Context(), url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	exec := func(query string) error { _, err := db.Write.ExecContext(t.Context(), query); return err }
	require.NoError(t, exec("CREATE TABLE t (id TEXT PRIMARY KEY, u TEXT UNIQUE, c INTEGER CHECK (c > 0), r TEXT REFERENCES t (id))"))
	require.NoError(t, exec("CREATE TABLE n (id INTEGER PRIMARY KEY)"))
	require.NoError(t, exec("INSERT INTO t (id, u) VALUES ('a', 'a')"))
	require.NoError(t, exec("INSERT INTO n VALUES (1)"))
	for query, want := range map[string]sqlkit.Class{
		"INSERT INTO t (id) VALUES ('a')":            sqlkit.ClassUnique,
		"INSERT INTO t (id, u) VALUES ('b', 'a')":    sqlkit.ClassUnique,
		"INSERT INTO n VALUES (1)":                   sqlkit.ClassUnique,
		"INSERT INTO t (id, c) VALUES ('b', 0)":      sqlkit.ClassConstraint,
		"INSERT INTO t (id, r) VALUES ('b', 'none')": sqlkit.ClassConstraint,
		"SELECT FROM": sqlkit.ClassOther,
	} {
		err := exec(query)
		require.Error(t, err, query)
		assert.Equal(t, want, classifySQLite(fmt.Errorf("x: %w", err)), query)
		assert.Equal(t, want == sqlkit.ClassUnique, db.IsUnique(err), query)
	}
	assert.Equal(t, sqlkit.ClassOther, classifySQLite(io.ErrUnexpectedEOF))

	// Another process holds the file: busy, and nothing was done.
	held, err := db.Write.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	other, err := OpenReadOnly(filepath.Join(filepath.Dir(url[len("sqlite:"):]), "a.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	second, err := Open(t.Context(), url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Close()) })
	conn, err := second.Read.Conn(t.Context())
	require.NoError(t, err)
	for _, pragma := range []string{"PRAGMA busy_timeout = 0", "PRAGMA query_only = 0"} {
		_, err = conn.ExecContext(t.Context(), pragma)
		require.NoError(t, err)
	}
	_, err = conn.ExecContext(t.Context(), "INSERT INTO n VALUES (2)")
	require.Error(t, err)
	assert.Equal(t, sqlkit.ClassRolledBack, classifySQLite(err), "%v", err)
	require.NoError(t, conn.Close())
	require.NoError(t, held.Rollback())
}

func TestClassifyBrokenConnections(t *testing.T) {
	t.Parallel()
	pg := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		err  error
		want sqlkit.Class
	}{
		{&pgconn.ConnectError{}, sqlkit.ClassConnection}, {&net.OpError{Op: "read", Err: io.EOF}, sqlkit.ClassConnection},
		{driver.ErrBadConn, sqlkit.ClassConnection}, {io.EOF, sqlkit.ClassConnection}, {pgconn.ErrConnClosed, sqlkit.ClassConnection},
		{pg("53300"), sqlkit.ClassConnection}, {pg("08006"), sqlkit.ClassConnection}, {pg("57P02"), sqlkit.ClassConnection},
		{pg("53400"), sqlkit.ClassOther}, {pg("57014"), sqlkit.ClassOther}, {pg("40002"), sqlkit.ClassOther},
		{pg("25001"), sqlkit.ClassOther}, {pg("P0002"), sqlkit.ClassOther}, {pg("23502"), sqlkit.ClassConstraint},
	} {
		assert.Equal(t, c.want, classifyPostgres(fmt.Errorf("x: %w", c.err)), "%v", c.err)
	}
}

// Pools and deadlines are as the options say, or as documented.
func TestOptions(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	for _, c := range []struct {
		o       *Options
		readers int
		timeout time.Duration
	}{
		{nil, 8, 0}, {&Options{}, 8, 0}, {&Options{MaxReaders: 3, Timeout: time.Minute}, 3, time.Minute},
	} {
		db, err := Open(t.Context(), url, c.o)
		require.NoError(t, err)
		assert.Equal(t, 1, db.Write.Stats().MaxOpenConnections, "one writer")
		assert.Equal(t, c.readers, db.Read.Stats().MaxOpenConnections)
		assert.Equal(t, c.timeout, db.Timeout)
		require.NoError(t, db.Close())
	}
	for conns, want := range map[int]int{0: 16, 5: 5} {
		o := Options{MaxConns: conns}
		o.Connector = func(driver.Connector) driver.Connector { return refusing{} }
		_, err := Open(t.Context(), "postgres://u@h/db", &o)
		require.ErrorIs(t, err, errRefused)
		require.ErrorContains(t, err, "database does not answer")
		if conns == 0 {
			o.MaxConns = 16 // Open fills its own copy alone
		}
		db, err := openPostgres("postgres://u@h/db", o)
		require.NoError(t, err)
		assert.Equal(t, want, db.Write.Stats().MaxOpenConnections)
		require.NoError(t, db.Close())
	}
}

// An address at which nothing answers, or no file can be made, is told at once.
func TestOpenTellsWhatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "none", "a.db"), nil)
	require.ErrorContains(t, err, "database does not answer")
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = Open(ended, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), nil)
	require.ErrorIs(t, err, context.Canceled)
}

var errRefused = errors.New("refused")

type refusing struct{ driver.Connector }

func (refusing) Connect(context.Context) (driver.Conn, error) { return nil, errRefused }
