package province

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/motcua/motcua/procedures"
)

// layered reads each layer from the first source that has its folder.
type layered []fs.FS

// Open implements fs.FS.
func (l layered) Open(name string) (fs.File, error) {
	for _, source := range l {
		if name == "." {
			return source.Open(name)
		}
		top, _, _ := strings.Cut(name, "/")
		if _, err := fs.Stat(source, top); err == nil {
			return source.Open(name)
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir implements fs.ReadDirFS; the root lists what any source has.
func (l layered) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		for _, source := range l {
			top, _, _ := strings.Cut(name, "/")
			if _, err := fs.Stat(source, top); err == nil {
				return fs.ReadDir(source, name)
			}
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	seen := map[string]bool{}
	var out []fs.DirEntry
	for _, source := range l {
		entries, err := fs.ReadDir(source, ".")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !seen[e.Name()] {
				seen[e.Name()] = true
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// ProceduresFS lays a folder over what the program carries: the national
// definitions and the province's own. The folder's layers replace those of the
// same name as a whole.
func ProceduresFS(dir string, own fs.FS) (fs.FS, error) {
	sources := layered{}
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("procedures folder %s is not there", dir)
		}
		sources = append(sources, os.DirFS(dir))
	}
	if own != nil {
		sources = append(sources, own)
	}
	return append(sources, procedures.National()), nil
}

// LoadCatalogue reads and checks procedures. Findings are an error that names
// them all: a server does not start on definitions that contradict the law.
func LoadCatalogue(source fs.FS) (*procedures.Catalogue, error) {
	c, found, err := procedures.Load(source)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, f := range found {
		wrong = append(wrong, errors.New(f.String()))
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("procedures: %w", errors.Join(wrong...))
	}
	return c, nil
}
