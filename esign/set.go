package esign

import "github.com/google/wire"

// Set provides the service. The database, the source of signers, the timestampers, the files and the options are the
// application's.
var Set = wire.NewSet(New)
