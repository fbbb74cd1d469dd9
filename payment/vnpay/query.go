package vnpay

import (
	"net/url"
	"slices"
	"strings"

	"github.com/motcua/motcua/payment/driver"
)

const (
	maxQuery  = 4096 // a genuine notice has about 500 bytes
	maxFields = 40
)

// VerifyQuery checks the hash of a raw query (of a pay URL, an IPN or a return)
// and only then decodes it. Fields whose names don't begin with vnp_ are not
// signed and are left out. A field that comes twice, a name that is not plain,
// or a value that does not decode is CodeInvalid; a hash that does not hold is
// CodeForged.
func VerifyQuery(secret []byte, raw string) (map[string]string, error) {
	if len(raw) > maxQuery {
		return nil, &Error{Code: driver.CodeInvalid, Text: "notice is longer than 4096 bytes"}
	}
	var (
		signed []string
		sent   string
		names  = map[string]string{}
	)
	for pair := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(key, "vnp_") {
			continue
		}
		if !plain(key) {
			return nil, &Error{Code: driver.CodeInvalid, Text: "notice has a field name that is not letters, digits and _"}
		}
		if _, twice := names[key]; twice || len(names) >= maxFields {
			return nil, &Error{Code: driver.CodeInvalid, Text: "notice has a field twice, or too many fields"}
		}
		names[key] = value
		switch {
		case key == fieldHash:
			sent = value
		case key == fieldHashType || value == "":
		default:
			signed = append(signed, pair)
		}
	}
	slices.SortFunc(signed, byKey)
	if !sameDigest(secret, strings.Join(signed, "&"), sent) {
		return nil, &Error{Code: driver.CodeForged, Text: "notice is not signed with the secret of this merchant"}
	}
	delete(names, fieldHash)
	delete(names, fieldHashType)
	for k, v := range names {
		dec, err := url.QueryUnescape(v)
		if err != nil {
			return nil, &Error{Code: driver.CodeInvalid, Text: k + " does not decode", Err: err}
		}
		names[k] = dec
	}
	return names, nil
}

// byKey sorts pairs by name. Names are compared without their '=': a name that
// is the beginning of another comes first.
func byKey(a, b string) int {
	ka, _, _ := strings.Cut(a, "=")
	kb, _, _ := strings.Cut(b, "=")
	return strings.Compare(ka, kb)
}

func plain(key string) bool {
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
