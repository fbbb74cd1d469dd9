package receiptpdf

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is drawn is one line of composed letters the font has.
func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                     "",
		"a\nb\tc\n":            "a b c",
		"1.234\u00a0đ":         "1.234\u00a0đ", // an amount stays on one line
		"a\x00b":               "a b",
		"a\u200bb\u202e":       "ab",
		"Nguye\u0302\u0303n":   "Nguyễn",
		"e\u200d\u0301":        "é", // also when a joiner kept them apart
		"\uffee":               "\uffee",
		"\U00010000\U0001f600": "??",
		"\xff":                 "?",
	} {
		assert.Equal(t, want, clean(in), "%q", in)
	}
}
