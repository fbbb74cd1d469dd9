package vnpay

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

const (
	fieldHash     = "vnp_SecureHash"
	fieldHashType = "vnp_SecureHashType" // of version 2.0; never part of what is signed
)

// digest is HMAC-SHA512, the only algorithm of version 2.1.0.
func digest(secret []byte, data string) []byte {
	m := hmac.New(sha512.New, secret)
	m.Write([]byte(data)) // a hash never returns an error
	return m.Sum(nil)
}

// sameDigest compares in constant time. Hex of either case is the same hash.
func sameDigest(secret []byte, data, sent string) bool {
	got, err := hex.DecodeString(sent)
	return err == nil && hmac.Equal(got, digest(secret, data))
}

// SignQuery puts fields into the order and encoding VNPAY prescribes (keys A to
// Z, form encoding, a space is '+', empty values left out), and appends the
// hash. The simulator and tests make genuine notices with it; adapters of other
// systems have no use for it.
func SignQuery(secret []byte, fields map[string]string) string {
	q := encode(fields)
	return q + "&" + fieldHash + "=" + hex.EncodeToString(digest(secret, q))
}

func encode(fields map[string]string) string {
	pairs := make([]string, 0, len(fields))
	for k, v := range fields {
		if v != "" {
			pairs = append(pairs, url.QueryEscape(k)+"="+url.QueryEscape(v))
		}
	}
	slices.SortFunc(pairs, byKey)
	return strings.Join(pairs, "&")
}

// SignFields is the checksum of querydr and of its answer: the values in the
// protocol's fixed order, joined by '|', as lower-case hex. An absent field is
// an empty value.
func SignFields(secret []byte, values ...string) string {
	return hex.EncodeToString(digest(secret, strings.Join(values, "|")))
}

// VerifyFields says whether sent is the checksum of the values, in constant time.
func VerifyFields(secret []byte, sent string, values ...string) bool {
	return sameDigest(secret, strings.Join(values, "|"), sent)
}
