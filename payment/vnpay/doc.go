// Package vnpay is the adapter of VNPAY 2.1.0: the pay URL, the IPN and the
// querydr inquiry.
//
// Three details decide whether an integration is safe, and this one is tested
// on each:
//
//   - A notice is verified over its raw query, split at '&', without the hash,
//     sorted. It is never decoded and encoded again: encoders differ in what
//     they leave alone ('~', '*', and others), and so would the hash.
//   - vnp_Amount is đồng × 100. The hash is taken over the field as received,
//     and only then is it divided.
//   - Paid means vnp_ResponseCode 00 and vnp_TransactionStatus 00, both.
//
// The address the browser returns to carries the same signed fields. It shows a
// page; it settles nothing.
//
// Source: VNPAY's integration guide (sandbox.vnpayment.vn/apis/docs) for
// version 2.1.0.
package vnpay
