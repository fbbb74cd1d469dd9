// Package driver is the contract a vendor of signatures or time stamps
// implements. Applications use package esign and never call a Signer or a
// Timestamper themselves.
//
// A Signer is one credential of one holder: a PKCS#12 file, a key in a token or
// HSM, a remote credential whose holder confirms on a phone tomorrow morning. It
// signs digests, never documents: in CMS, the digest of the signed attributes.
// Everything else (PDF, CMS, order, persistence, retries, the time stamp) is
// done once, by package esign.
//
// # Rules
//
// The rules have numbers because package drivertest cites them when a case
// fails.
//
// For a Signer:
//
//   - C1 Chain MUST return the holder's certificate first and then its issuers
//     in order, each DER; the root MAY be left out and is never embedded. It
//     MUST NOT ask the holder for anything.
//   - B1 Begin MUST be safe to repeat: the same Transaction with the same items
//     is the same act of the holder and gives the same Handle, also from
//     another process after a restart. Package esign repeats it after a crash.
//   - B2 The same Transaction with other items MUST be CodeConflict or get
//     another Handle. A confirmation of one set of digests MUST NOT sign
//     another.
//   - B3 Begin MUST refuse with CodeInvalid: no Transaction, no items, a digest
//     whose length is not that of Hash, a hash or scheme the key cannot use.
//   - B4 Begin MUST NOT wait for the holder.
//   - M1 Complete MUST answer Pending, not an error, while the holder has not
//     decided, and MUST NOT wait for it.
//   - M2 Complete MUST return one signature value for each item, in order, over
//     exactly that digest by the scheme asked for. Package esign verifies each.
//   - M3 Complete MUST be safe to repeat after it answered Signed, for as long as
//     the vendor keeps the transaction; the values SHOULD be the same bytes.
//   - M4 Complete MUST work in another process than Begin: all it needs stands in
//     the request or at the vendor.
//   - M5 Complete with a Handle that was not given for this request MUST be
//     CodeNotFound or CodeConflict.
//   - M6 A holder who says no is CodeRefused, a transaction that ran out is
//     CodeExpired. Both are final: repeating gives the same.
//   - E1 ErrorCode(nil) is CodeOK; an error of the context or the network is
//     CodeUnavailable, also when wrapped.
//   - E2 No secret and no digest stands in the text of an error.
//
// For a Timestamper:
//
//   - T1 Timestamp MUST return the DER of an RFC 3161 TimeStampToken over exactly
//     the imprint, which carries the certificates its path needs (certReq).
//   - T2 It MUST refuse an answer with another imprint, hash or nonce, an answer
//     that is not granted, and one whose signer has no critical time-stamping
//     extended key usage or does not match the token's ESS attribute.
//   - T3 It MUST send a fresh random nonce with each request, and refuse an
//     answer it has seen before.
//   - T4 It MUST refuse an answer from a signer it does not trust, when it was
//     given whom to trust.
//   - T5 It MUST give up when the context ends, and bound the size of an answer.
//   - T6 It MUST refuse an imprint whose length is not that of the hash without
//     asking the authority.
//
// All methods may be called by several goroutines at once.
//
// For package esign: it calls neither inside a transaction, always with a
// deadline, records the Transaction before Begin, the Handle before the first
// Complete and the signature value before anything is done with it.
package driver
