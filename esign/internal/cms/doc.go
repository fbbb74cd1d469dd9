// Package cms builds and reads the CMS SignedData (RFC 5652) of electronic
// signatures in their CAdES form (ETSI EN 319 122-1): detached over a digest,
// as PAdES and CAdES files need them, or round a content, as RFC 3161 tokens
// need them. It knows structure and mathematics only: whom to trust, which
// algorithm is still good enough on a given day and which irregularity makes a
// file worthless is decided by its callers.
//
// Reading: [Parse] bounds its work by [Limits], converts BER to DER where a
// file needs it and keeps the exact octets that were signed.
// [SignerInfo.Verify] checks one signer against one certificate.
// [SignedData.Irregularities] lists what a signature made by this package never
// shows, so that a changed octet outside the signed ones does not go unseen.
//
// Building is two-step, because the key may sit in a phone that answers
// tomorrow: [SignedAttributes] gives the octets to be hashed and signed,
// [Assemble] puts the parts together afterwards, and both depend on nothing but
// their arguments.
package cms
