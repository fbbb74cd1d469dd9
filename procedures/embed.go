package procedures

import (
	"embed"
	"io/fs"
)

//go:embed national
var nationalFS embed.FS

// National is the national layer that comes with the library, the folder
// national. Lay a province's folders beside it with [Layered].
func National() fs.FS { return nationalFS }
