// Package storetest holds the suites of module identity that need a database, apart
// from the module's own packages so that their tests stay light. They run on
// SQLite and PostgreSQL alike.
package storetest
