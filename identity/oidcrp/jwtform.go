package oidcrp

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// maxToken bounds a token; a real one has 1 to 3 KB.
const maxToken = 16 << 10

// algorithms are pinned: what discovery announces decides nothing.
var algorithms = []string{"RS256", "PS256", "ES256"}

// form is a token whose form was checked and whose signature was not.
type form struct {
	header, claims map[string]any
}

// wireClaims are claims with a meaning in the protocol. A name that equals one of
// them but for case is refused: some reader might take it for the real one.
var wireClaims = []string{
	"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "acr", "amr", "auth_time",
	"at_hash", "c_hash", "sid", "events", "_claim_names", "_claim_sources",
}

// badHeaders let a token bring or name its own key, change how it is read, or nest
// another one.
var badHeaders = []string{"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"}

// checkForm checks the form of a compact signed token. types are the accepted
// values of typ, in lower case, "" for an absent one.
func checkForm(raw string, types []string) (*form, error) {
	if len(raw) > maxToken {
		return nil, refuse("token_too_large", "a token has at most %d bytes", maxToken)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, refuse("token_form", "not a compact signed token of three parts")
	}
	header, err := decodePart(parts[0])
	if err != nil {
		return nil, refuse("token_form", "header: %v", err)
	}
	if err := checkHeader(header, types); err != nil {
		return nil, err
	}
	claims, err := decodePart(parts[1])
	if errors.Is(err, errDuplicate) {
		return nil, refuse("claim_duplicate", "claims: %v", err)
	}
	if err != nil {
		return nil, refuse("token_form", "claims: %v", err)
	}
	for name := range claims {
		if low := foldName(name); low != name && slices.Contains(wireClaims, low) {
			return nil, refuse("claim_duplicate", "a claim differs from %s by case only", low)
		}
	}
	return &form{header: header, claims: claims}, nil
}

func decodePart(part string) (map[string]any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") {
		return nil, errors.New("not base64url")
	}
	return parseObject(data)
}

func checkHeader(h map[string]any, types []string) error {
	for _, name := range badHeaders {
		if _, ok := h[name]; ok {
			return refuse("header_forbidden", "the header has %s", name)
		}
	}
	for name := range h {
		if low := foldName(name); low != name && (slices.Contains(badHeaders, low) || low == "alg" || low == "kid" || low == "typ") {
			return refuse("header_forbidden", "a header differs from %s by case only", low)
		}
	}
	if alg, _ := h["alg"].(string); !slices.Contains(algorithms, alg) {
		return refuse("alg", "the algorithm is none of %s", strings.Join(algorithms, ", "))
	}
	if kid, ok := h["kid"]; ok {
		if s, isText := kid.(string); !isText || s == "" || len(s) > 256 {
			return refuse("kid", "kid is not a text of 1 to 256 bytes")
		}
	}
	typ := ""
	if v, ok := h["typ"]; ok {
		s, isText := v.(string)
		if !isText || s == "" {
			return refuse("typ", "typ is not a text")
		}
		typ = strings.TrimPrefix(strings.ToLower(s), "application/")
	}
	if !slices.Contains(types, typ) {
		return refuse("typ", "this type of token is not wanted here")
	}
	return nil
}
