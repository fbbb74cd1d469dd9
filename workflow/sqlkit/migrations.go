package sqlkit

import (
	"io/fs"
	"strings"
)

// Migrations are the tables of one module, in goose's SQL format. A file
// NNN_name.sql serves both dialects, NNN_name.sqlite.sql and
// NNN_name.postgres.sql serve one. Package migrate applies them; any other tool
// that reads the format may do so instead.
type Migrations struct {
	// Module prefixes the module's tables, and names its version table
	// (<module>_versions).
	Module string
	// FS has the files at its root.
	FS fs.FS
}

// Files returns the names of the files which serve a dialect, in order.
func (m Migrations) Files(d Dialect) ([]string, error) {
	all, err := fs.Glob(m.FS, "*.sql")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range all {
		base := strings.TrimSuffix(name, ".sql")
		if strings.HasSuffix(base, "."+SQLite.String()) && d != SQLite ||
			strings.HasSuffix(base, "."+PostgreSQL.String()) && d != PostgreSQL {
			continue
		}
		out = append(out, name)
	}
	return out, nil
}
