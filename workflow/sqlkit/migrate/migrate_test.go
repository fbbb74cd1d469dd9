package migrate_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// unreadable is a directory that cannot be searched.
type unreadable struct{ fstest.MapFS }

var errUnreadable = errors.New("unreadable")

func (unreadable) Glob(string) ([]string, error) { return nil, errUnreadable }

func file(sql string) fs.FS {
	return fstest.MapFS{"001_tables.sql": {Data: []byte("-- +goose Up\n" + sql + "\n-- +goose Down\nSELECT 1;\n")}}
}

// What is wrong with a module's migrations is told, and the modules before it stand.
func TestUpTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := sqlkit.Migrations{Module: "good", FS: file("CREATE TABLE good_t (x TEXT);")}
	for name, c := range map[string]struct {
		m    sqlkit.Migrations
		want string
	}{
		"unreadable":     {sqlkit.Migrations{Module: "bad", FS: unreadable{}}, "unreadable"},
		"no files":       {sqlkit.Migrations{Module: "bad", FS: fstest.MapFS{}}, "migrations of bad"},
		"no module":      {sqlkit.Migrations{FS: fstest.MapFS{}}, "migrations of"},
		"wrong SQL":      {sqlkit.Migrations{Module: "bad", FS: file("CREATE TABEL bad_t (x TEXT);")}, "migrate bad"},
		"another's name": {sqlkit.Migrations{Module: "bad", FS: file("CREATE TABLE good_t (x TEXT);")}, "migrate bad"},
	} {
		db := sqltest.SQLite(t)
		err := migrate.Up(t.Context(), db, good, c.m)
		require.ErrorContains(t, err, c.want, name)
		_, err = db.Read.ExecContext(t.Context(), "SELECT x FROM good_t")
		assert.NoError(t, err, name)
	}
}
