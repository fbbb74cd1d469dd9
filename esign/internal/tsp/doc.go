// Package tsp reads and writes the messages of the Time-Stamp Protocol (RFC
// 3161, RFC 5816): requests, responses and tokens, and checks a token against
// its signer. Trust in the signer's path and the policy for old algorithms are
// its callers'.
package tsp
