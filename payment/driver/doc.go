// Package driver is the contract a payment gateway vendor implements.
// Applications use package payment and never call a Gateway themselves.
//
// An adapter is one package with one type that has Gateway's two methods and
// at least one way to tell how a payment ended:
//
//   - Notified: the gateway calls us (an IPN, a webhook);
//   - Poller: we ask the gateway;
//   - Reconciled: the gateway sends a statement file.
//
// payment.New refuses a gateway that has none of them. Account is an optional
// addition. Everything else (storing, comparing amounts, idempotency, retries,
// ledger, receipts) is done once, by package payment.
//
// # Rules
//
// The rules have numbers because package drivertest cites them when a case
// fails.
//
// For the adapter:
//
//   - S1 Start MUST be safe to repeat: the same Intent is the same payment at
//     the gateway, never a second one. Package payment repeats it after a crash.
//   - S2 Start MUST return an error that ErrorCode classifies as CodeInvalid or
//     CodeRefused only when it is certain that no payment came to be.
//   - S3 No secret MUST stand in a URL, an Ack or the text of an error.
//   - N1 Parse MUST verify the bytes as received before it believes any field,
//     and MUST compare signatures in constant time.
//   - N2 Parse MUST report what the notice says, not what was expected: a
//     foreign merchant, another amount and an unknown reference are reported,
//     and package payment judges them.
//   - N3 Parse MUST NOT call the network, change Raw, or remember anything: the
//     same bytes give the same Report, today and next week.
//   - N4 A notice that does not verify, or has more than one reading (a field
//     twice), MUST be an error of CodeForged or CodeInvalid.
//   - N5 Ack MUST say in the gateway's own words what the verdict means, so
//     that the gateway stops after Accepted and Repeated and tries again after
//     Retry.
//   - P1 Poll MUST report Unknown for what is not final, and CodeNotFound for a
//     reference the gateway does not know. Neither is ever Failed.
//   - P2 Poll MUST refuse an answer about another reference, and verify the
//     answer's signature where the protocol has one.
//   - R1 Report.Amount is whole đồng, whatever unit the gateway uses.
//   - R2 Report.Currency MUST be filled, also where the protocol knows only one.
//   - R3 An outcome code the adapter does not know MUST be Unknown.
//   - E1 ErrorCode(nil) is CodeOK; an error of the context or the network is
//     CodeUnavailable, also when wrapped.
//
// All methods may be called by several goroutines at once.
//
// For package payment: it calls Start and Poll outside any transaction and with
// a deadline, compares every Report with what it stored, never settles on a
// browser's return, and never asks the gateway inside a notice.
package driver
