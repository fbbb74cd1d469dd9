package riverjobs

import "github.com/google/wire"

// Set provides the runner. Database, sources and options are the application's.
var Set = wire.NewSet(New)
