package signin

import "github.com/google/wire"

// Set provides the sign-in; the province gives the database, the vault, the people,
// the officials, the public addresses, the providers and the options.
var Set = wire.NewSet(New)
