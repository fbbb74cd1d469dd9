package portal

import "github.com/google/wire"

// Set makes a portal of its Parts and Options, which are the province's to give.
var Set = wire.NewSet(New)
