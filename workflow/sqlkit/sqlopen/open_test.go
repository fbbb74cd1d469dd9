package sqlopen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"", "mysql://x", "sqlite:", "sqlite::memory:", "sqlite:///tmp/x.db",
		"postgres://u:geheim@h/db?default_query_exec_mode=simple_protocol", "postgres://u:geheim@h:port/db",
	} {
		_, err := Open(t.Context(), u, nil)
		require.ErrorIs(t, err, ErrURL, u)
		assert.NotContains(t, err.Error(), "geheim", "an error never repeats a password")
	}
}

func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "thư mục #1?.db") // a path is a path, whatever it holds
	db, err := Open(t.Context(), "sqlite:"+path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.FileExists(t, path)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		require.NoError(t, db.Write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		assert.Equal(t, want, got, pragma)
	}
	_, err = db.Read.ExecContext(t.Context(), "CREATE TABLE t (x TEXT)")
	require.Error(t, err, "the read pool cannot write")
	ro, err := OpenReadOnly(path)
	require.NoError(t, err)
	require.NoError(t, ro.Close())
	_, err = OpenReadOnly(path + "-none")
	require.Error(t, err)
	assert.NoFileExists(t, path+"-none")
}

func TestClassifyPostgres(t *testing.T) {
	t.Parallel()
	pg := func(code string) error { return fmt.Errorf("x: %w", &pgconn.PgError{Code: code}) }
	for _, c := range []struct {
		err  error
		want sqlkit.Class
	}{
		{pg("23505"), sqlkit.ClassUnique}, {pg("23503"), sqlkit.ClassConstraint}, {pg("P0001"), sqlkit.ClassConstraint},
		{pg("40001"), sqlkit.ClassRolledBack}, {pg("40P01"), sqlkit.ClassRolledBack}, {pg("25006"), sqlkit.ClassWrongNode},
		{pg("57P01"), sqlkit.ClassConnection}, {pg("57P03"), sqlkit.ClassConnection}, {pg("08P01"), sqlkit.ClassConnection},
		{pg("42601"), sqlkit.ClassOther}, {io.ErrUnexpectedEOF, sqlkit.ClassConnection},
		{context.DeadlineExceeded, sqlkit.ClassConnection}, {context.Canceled, sqlkit.ClassOther}, {errors.New("x"), sqlkit.ClassOther},
	} {
		assert.Equal(t, c.want, classifyPostgres(c.err), "%v", c.err)
	}
}
