package payment

import "github.com/google/wire"

// Set provides the service. The database, the gateways, the move and the options
// are the application's.
var Set = wire.NewSet(New)
