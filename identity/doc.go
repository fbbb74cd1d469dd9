// Package identity says who is asking and what they may do.
//
// It is for an application: it holds the value types (CitizenID, TaxCode,
// UnitCode), the Person a request carries, the dated permission table (Policy),
// the register of people under pseudonyms (People) and the journal of openings
// (Journal). Signing in over OpenID Connect is package signin, the protocol
// alone is package oidcrp, units and officials as dated YAML are package
// directory, and a provider to try it all with is package oidcsim.
//
// Other modules see a person only as Person.ID, a pseudonym: never a citizen
// id, a name or a provider's subject. Nothing in this module accepts an identity
// from a request header.
//
// Two clocks are in use. What a person may do is asked of the law's clock
// (Act.At); sessions, tokens and first or last sight of a person follow the
// protocol's clock, which is the machine's.
package identity
