package certify

import "github.com/google/wire"

// Set provides the register. Database, esign service, move and options are the
// application's.
var Set = wire.NewSet(New)
