package slip

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\n\tb":                       "a b",
		norm.NFD.String("Huệ"):         "Huệ",
		"a\x00b\u202ec":                "abc",
		"e\u200d\u0301 o\x00\u0302":    "é ô", // joined again, whatever kept them apart
		"\U0001F600":                   "?",
		strings.Repeat("ệ", maxText+5): strings.Repeat("ệ", maxText) + "…",
		"1.234.567\u00a0đ":             "1.234.567\u00a0đ",
	} {
		assert.Equal(t, want, clean(in))
	}
}

func TestCleanIsPrintable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		got := clean(rapid.String().Draw(rt, "text"))
		require.True(rt, norm.NFC.IsNormalString(got))
		require.LessOrEqual(rt, utf8.RuneCountInString(got), maxText+1)
		for _, r := range got {
			require.False(rt, unicode.IsControl(r) || r > 0xffff)
		}
		require.Equal(rt, got, clean(got))
	})
}
