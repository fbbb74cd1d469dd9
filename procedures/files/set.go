package files

import "github.com/google/wire"

// Set provides the store; the province gives the folder and the options.
var Set = wire.NewSet(Open)
