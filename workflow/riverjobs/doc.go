// Package riverjobs carries outbox messages to their handlers through River
// (riverqueue/river), on SQLite and on PostgreSQL.
//
// Each module writes its messages in its own outbox, in the transaction of the
// change they announce. A relay claims them in batches and inserts one River
// job each, unique by outbox and message id; River runs the handlers with
// retries, growing pauses and, in the end, a dead letter that stays visible. A
// handler runs at least once for a message: what it does outside the database
// must carry the message's id.
//
// A job cut by a killed process stays "running" in River, by default for an
// hour. On SQLite, where the process owns the file, [Runner.Start] makes such
// jobs available at once. On PostgreSQL other nodes may really be running them,
// so they are rescued after [Options.RescueAfter].
package riverjobs
