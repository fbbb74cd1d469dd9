package payment

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	gatewayChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .:_-"
	maxText      = 200 // characters of a title or a name
	maxGateway   = 120
)

// consists says whether s has nothing but the given ASCII characters.
func consists(s, of string) bool {
	for _, c := range []byte(s) {
		if strings.IndexByte(of, c) < 0 {
			return false
		}
	}
	return true
}

// clean is a text as it is stored: NFC, no space around.
func clean(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

// readable says whether a text for people is within bounds.
func readable(s string, least int) bool {
	n := utf8.RuneCountInString(s)
	if !utf8.ValidString(s) || n < least || n > maxText {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// plainText is a title as gateways take it: without accents, without the
// characters their signatures are ambiguous about.
func plainText(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'đ':
			b.WriteByte('d')
		case r == 'Đ':
			b.WriteByte('D')
		case r < utf8.RuneSelf && strings.ContainsRune(gatewayChars, r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	out := strings.Join(strings.Fields(b.String()), " ")
	if len(out) > maxGateway {
		out = strings.TrimSpace(out[:maxGateway])
	}
	if out == "" {
		return "Thanh toan"
	}
	return out
}

// cut shortens a text to n bytes at a character's edge.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
