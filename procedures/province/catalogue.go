package province

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/motcua/motcua/procedures"
)

// ProceduresFS lays a folder over what the program carries: the national
// definitions and the province's own. The folder's layers replace those of the
// same name as a whole.
func ProceduresFS(dir string, own fs.FS) (fs.FS, error) {
	sources := []fs.FS{procedures.National()}
	if own != nil {
		sources = append(sources, own)
	}
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("procedures folder %s is not there", dir)
		}
		mine := os.DirFS(dir)
		if !slices.ContainsFunc(layerNames, func(name string) bool { _, err := fs.Stat(mine, name); return err == nil }) {
			return nil, fmt.Errorf("procedures folder %s holds none of %s", dir, strings.Join(layerNames, ", "))
		}
		sources = append(sources, mine)
	}
	return procedures.Layered(sources...), nil
}

// layerNames are what a folder of procedures may hold.
var layerNames = []string{"national", "ministry", "province", "commune", "statuses.yaml"}

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
