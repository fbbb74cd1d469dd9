package identity

import (
	"embed"
	"io/fs"

	"github.com/motcua/motcua/workflow/sqlkit"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations returns the module's tables, those of package signin included.
func Migrations() sqlkit.Migrations {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sqlkit.Migrations{Module: "identity", FS: sub}
}
