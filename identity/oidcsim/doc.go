// Package oidcsim is an OpenID provider to try a province with: VNeID's claims, two
// levels of assurance, citizens and officials, over the real protocol
// (zitadel/oidc). Signing in is choosing a person from a list; there are no
// passwords, so it must never be reachable from outside: the server that mounts it
// refuses a non-loopback address.
//
// Keys, codes, tokens and sessions lie in a folder and survive a restart. A person
// who is signed in at the provider is not asked again until the session ends there,
// as with the real one; so a sign-out that forgets the provider shows.
package oidcsim
