package procedures

import (
	"fmt"
	"io"
	"strings"
)

// lookupAlphabet leaves out what is misread on paper or over the telephone:
// 0 O, 1 I L, U (like V), S 5, Z 2, B 8. Its size 24 divides no power of two, so bytes
// beyond the last whole multiple are drawn again.
const lookupAlphabet = "34679ACDEFGHJKMNPQRTVWXY"

// LookupCodeLength is the number of characters of a look-up code.
const LookupCodeLength = 8

// NewLookupCode draws a look-up code (mã tra cứu): eight characters that no one
// can guess (about 36.7 bits), printed on the slip and asked for beside the
// dossier code, which is only a running number. Pass crypto/rand.Reader.
func NewLookupCode(random io.Reader) (string, error) {
	const usable = 256 - 256%len(lookupAlphabet)
	var out strings.Builder
	var b [1]byte
	for tries := 0; out.Len() < LookupCodeLength; tries++ {
		if tries > 1000 {
			return "", &Error{CodeInvalid, "look-up code: the source of randomness repeats itself"}
		}
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", fmt.Errorf("procedures: look-up code: source of randomness: %w", err)
		}
		if int(b[0]) < usable {
			out.WriteByte(lookupAlphabet[int(b[0])%len(lookupAlphabet)])
		}
	}
	return out.String(), nil
}

// NormalizeLookupCode reads what a person typed: spaces and dashes are dropped,
// letters are raised. It says false when the result can't be a code.
func NormalizeLookupCode(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	var out strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == ' ' || r == '-' || r == '\u00a0':
		case r < 0x80 && strings.ContainsRune(lookupAlphabet, r):
			out.WriteRune(r)
		default:
			return "", false
		}
	}
	return out.String(), out.Len() == LookupCodeLength
}

// FormatLookupCode splits a code in two groups of four for reading: 7KQM-3XWA.
func FormatLookupCode(code string) string {
	if len(code) != LookupCodeLength {
		return code
	}
	return code[:4] + "-" + code[4:]
}
