// Package sqlkit is the foundation under every module that keeps rows: a
// database with its dialect, transactions with a deadline, retries that know
// what an error says about a commit, idempotency keys and an outbox.
//
// It imports the standard library alone. Databases are opened by package
// sqlopen, or by the embedder, who hands them to [Wrap]. Rules which every
// caller keeps:
//
//   - An error from COMMIT says nothing about the commit. What is repeated
//     carries a key or a version.
//   - A replay writes before it answers, or it may tell of something that a
//     fail-over takes away again.
//   - No write outside a transaction goes without arguments: pgx 5.9.2 to
//     5.12.0 runs such a statement twice when the answer is lost.
//   - No network, file or signer call happens while a transaction is open.
package sqlkit
