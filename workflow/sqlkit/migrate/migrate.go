// Package migrate brings modules' tables up to date with pressly/goose.
package migrate

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Up applies what is missing of each module's migrations, in the order given.
// Every module has its own version table, so modules come and go independently.
// On PostgreSQL a session lock lets one process migrate while others wait;
// connect directly for this and not through a transaction-pooling proxy. It may
// be repeated at any time.
func Up(ctx context.Context, db *sqlkit.DB, ms ...sqlkit.Migrations) error {
	for _, m := range ms {
		p, err := Provider(db, m)
		if err != nil {
			return err
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate %s: %w", m.Module, err)
		}
	}
	return nil
}

// Provider returns goose's own handle on one module's migrations, for tools
// that want its status, steps or way down.
func Provider(db *sqlkit.DB, m sqlkit.Migrations) (*goose.Provider, error) {
	files, err := m.Files(db.Dialect)
	if err != nil {
		return nil, err
	}
	dialect := database.DialectSQLite3
	var opts []goose.ProviderOption
	if db.Dialect == sqlkit.PostgreSQL {
		dialect = database.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	store, err := database.NewStore(dialect, m.Module+"_versions")
	if err != nil {
		return nil, err
	}
	opts = append(opts, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	p, err := goose.NewProvider("", db.Write, only{m.FS, files}, opts...)
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", m.Module, err)
	}
	return p, nil
}

// only shows the files of one dialect.
type only struct {
	fs.FS
	files []string
}

// Open hides the other dialect's files.
func (o only) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".sql") && !slices.Contains(o.files, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.FS.Open(name)
}

// ReadDir hides the other dialect's files.
func (o only) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(o.FS, name)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool {
		return strings.HasSuffix(e.Name(), ".sql") && !slices.Contains(o.files, e.Name())
	}), nil
}

// Glob lists the files of one dialect that match.
func (o only) Glob(pattern string) ([]string, error) {
	all, err := fs.Glob(o.FS, pattern)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(n string) bool {
		return strings.HasSuffix(n, ".sql") && !slices.Contains(o.files, n)
	}), nil
}
