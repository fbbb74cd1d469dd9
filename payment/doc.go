// Package payment keeps what is owed and whether it was paid.
//
// A Charge (khoản phải nộp) is what somebody owes, in fee lines of kind phí or
// lệ phí. It is separate from the attempts to pay it: a payer may try one
// gateway, give up, and pay at the counter. Both follow a small machine that is
// data (ChargeGraph, AttemptGraph); docs/states.md shows it.
//
// What the module promises:
//
//   - A verified payment is a fact and always commits. The application's own
//     move, OnSettled, runs in the same transaction under a savepoint. If it is
//     refused the money still commits, the gateway hears that it was accepted,
//     and an exception with a retry remains.
//   - Money that cannot be matched is never lost: it is posted to suspense or
//     over-payment and an exception says so.
//   - A charge settles once, gives one receipt for each fee kind, and the same
//     word of a gateway said twice changes nothing.
//   - A gateway's word is compared with what was stored: reference, merchant,
//     currency, amount. Its late truth is a correction event, never an
//     overwrite.
//   - What is not known stays unknown and is asked again (PollDue), also when
//     the process died between the debit and the notice.
//   - The page the browser returns to settles nothing.
//
// Vendors implement package driver and run package drivertest.
//
// # Clocks
//
// Options.Now is the law's clock: when a charge came to be and settled, receipt
// years and forms. Options.ProtocolNow is the machine's: what gateways are told,
// when to poll, leases.
package payment
