// Package workflow moves dossiers (hồ sơ) through procedures (thủ tục hành chính).
//
// A [Definition] is data: states, transitions, guards and effects by name.
// [Compile] checks it and returns an immutable [Machine]. An [Engine] keeps
// dossiers in the embedder's own database and applies commands to them: each
// [Command] names the version it expects and carries an idempotency key, so
// that two officials, a double click or a lost answer never move a dossier
// twice. Every move appends one entry to a chained history and one outbox row
// for each effect, in the same statement (PostgreSQL) or transaction (SQLite).
//
// The package links no database driver and no job engine. Databases are opened
// by [github.com/motcua/motcua/workflow/sqlkit/sqlopen] or by the embedder,
// effects are run by [github.com/motcua/motcua/workflow/riverjobs] or by any
// function that drains the outbox.
package workflow
