// Package oidcrp is a strict OpenID Connect relying party: authorization code
// flow with PKCE S256, state and nonce, over coreos/go-oidc and x/oauth2.
//
// go-oidc verifies signature, issuer and audience and leaves the rest to its
// caller. This package is that caller: before go-oidc sees a token its form is
// checked (size, header, duplicate and case-variant claims), afterwards its
// meaning (nonce, azp, iat, lifetime, level). A token go-oidc would take and this
// package refuses is named in the tests, one by one.
//
// It knows protocol only: no pages, no cookies, no database. Package signin has
// those. Whoever calls it binds an Attempt to the browser and uses it once.
//
// Sources: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0,
// Back-Channel Logout 1.0; RFC 6749, 7636, 9207, 9700.
package oidcrp
