package workflow

import "github.com/google/wire"

// Set provides the engine. The database, the machines and the options are the
// application's.
var Set = wire.NewSet(New)
