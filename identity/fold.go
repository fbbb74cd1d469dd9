package identity

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NFC returns s in the normal form in which text is stored.
func NFC(s string) string { return norm.NFC.String(s) }

// Fold returns the text that is searched instead of s: decomposed, marks dropped,
// đ as d, lower case, letters and digits only, one space between words. It is
// done here, once, because neither database folds Vietnamese alike: SQLite keeps
// đ and PostgreSQL's unaccent cannot be indexed.
//
// Fold(Fold(s)) == Fold(s), and composed and decomposed text fold alike.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case r == 'đ' || r == 'Đ':
			r = 'd'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
