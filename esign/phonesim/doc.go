// Package phonesim simulates a remote signing service (chữ ký số từ xa) whose
// holder confirms on a phone, minutes or a day later: the server keeps the
// holders' keys and their transactions in a folder, [Signer] is its client over
// HTTP and an esign/driver.Signer. It shows that the two steps of the contract
// hold across restarts of both sides.
//
// Its protocol is its own; adapters of real services are packages of their own.
//
//	POST /v1/credentials/chain          {"holder"}                  → {"chain":[…]}
//	POST /v1/signatures                 {"holder","transaction",…}  → {"handle","expires"}
//	POST /v1/signatures/{handle}/status {…the same request}         → {"state","signatures"}
//	GET  /phone/{holder}                the holder's open transactions
//	POST /phone/{holder}/{handle}       {"decision":"confirm"|"refuse"}
//
// The client's half wants "Authorization: Bearer <Secret>", the phone's half the
// holder's own PIN in the header X-Pin. Digests, never documents, cross the wire.
package phonesim
