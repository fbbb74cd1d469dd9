package esign

import (
	"fmt"
	"strings"
	"unicode"
)

// Reason says one thing in plain words, for a program (Code), in Vietnamese and in English. Codes are frozen, texts are not.
type Reason struct {
	Code string `json:"code"`
	VI   string `json:"vi"`
	EN   string `json:"en"`
}

// because builds a Reason from the table of words. Arguments from a file must have gone through quoted.
func because(code string, args ...any) Reason {
	w, ok := verifyWords[code]
	if !ok {
		return Reason{Code: code, VI: code, EN: code}
	}
	if len(args) == 0 {
		return Reason{Code: code, VI: w[0], EN: w[1]}
	}
	return Reason{Code: code, VI: fmt.Sprintf(w[0], args...), EN: fmt.Sprintf(w[1], args...)}
}

// quoted makes a text from a file fit to be shown: no control or formatting characters, at most 120 letters.
func quoted(s string) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > 120 || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
}
