package vnpay

import "github.com/google/wire"

// Set provides the adapter. The configuration, the http.Client and the options
// are the application's.
var Set = wire.NewSet(New)
