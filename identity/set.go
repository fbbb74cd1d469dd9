package identity

import "github.com/google/wire"

// Set provides the register of people and the access journal; the province gives
// the database, the vault and the options.
var Set = wire.NewSet(NewPeople, NewJournal)
