// Package esign signs documents and verifies signatures (chữ ký số): who signed what, and whether it was changed since.
//
// [Service] makes PAdES signatures (ETSI EN 319 142-1, levels B-B and B-T) of several holders in a fixed order. A plan is
// prepared once, which makes every field in the document; then it is advanced, step by step, with each result recorded
// before the next step relies on it. So a holder who confirms on a phone tomorrow, a process that is killed and an
// authority that is down are the same thing: the next call goes on where the last one stopped. Vendors of signers and
// time stamps implement esign/driver; their adapters are packages beside this one.
//
// [Verify] judges a file by itself: it needs no database, trusts only the roots it is given, and calls nothing valid that
// it has not proved.
//
// Package esign/certify makes certified electronic copies (chứng thực bản sao điện tử) of both.
package esign
