// Package sqltest opens fresh, migrated databases in tests.
//
// SQLite always runs. PostgreSQL runs on the server DATABASE_URL names, else in
// a container (testcontainers-go, image MOTCUA_POSTGRES_IMAGE, by default
// postgres:17-alpine); there is no third way. Where neither answers the
// PostgreSQL half of a test is skipped with the reason, and fails when CI=true.
package sqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// Each runs fn as subtests "sqlite" and "postgres", each on a fresh database
// with the migrations applied.
func Each(t *testing.T, ms []sqlkit.Migrations, fn func(t *testing.T, db *sqlkit.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t, ms...)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t, ms...)) })
}

// SQLite opens a fresh SQLite file that goes away with the test.
func SQLite(t testing.TB, ms ...sqlkit.Migrations) *sqlkit.DB {
	t.Helper()
	return open(t, sqliteURL(t), ms, nil)
}

// Postgres makes a fresh database on the server and drops it with the test. It
// skips, or fails when CI=true, where there is none.
func Postgres(t testing.TB, ms ...sqlkit.Migrations) *sqlkit.DB {
	t.Helper()
	return open(t, PostgresURL(t), ms, nil)
}

// PostgresURL makes a fresh, empty database and returns its URL. It skips, or
// fails when CI=true, where there is no server.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base, why := server()
	if base == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("PostgreSQL is required when CI=true: %s", why)
		}
		t.Skipf("PostgreSQL half skipped: %s", why)
	}
	name := "t_" + strings.ToLower(rand.Text())
	admin, err := sql.Open("pgx", base)
	require.NoError(t, err)
	ctx := context.Background() // outlives the test's own context: the drop runs in a cleanup
	_, err = admin.ExecContext(ctx, `CREATE DATABASE `+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.ExecContext(ctx, `DROP DATABASE `+name+` WITH (FORCE)`)
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	u, err := url.Parse(base)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func sqliteURL(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }

func open(t testing.TB, dsn string, ms []sqlkit.Migrations, wrap func(driver.Connector) driver.Connector) *sqlkit.DB {
	t.Helper()
	db, err := sqlopen.Open(t.Context(), dsn, &sqlopen.Options{MaxConns: 8, Connector: wrap})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, migrate.Up(t.Context(), db, ms...))
	return db
}

// Idle fails the test while a connection of the write pool is in use. A fake
// gateway, signer or file store of a single-threaded test calls it first, and so
// proves that nothing slow is called while a transaction is open.
func Idle(t testing.TB, db *sqlkit.DB) {
	t.Helper()
	require.Zero(t, db.Write.Stats().InUse, "a transaction is open while something outside is called")
}
