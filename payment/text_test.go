package payment

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestPlainText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Lệ phí đăng ký hộ tịch":           "Le phi dang ky ho tich",
		"ĐƠN ĐỀ NGHỊ":                      "DON DE NGHI",
		"Hồ sơ H10.12-241115-0001":         "Ho so H10.12-241115-0001",
		"a&b=c|d\"e":                       "a b c d e",
		"   ":                              "Thanh toan",
		"😀":                                "Thanh toan",
		norm.NFD.String("Lệ phí"):          "Le phi",
		strings.Repeat("ab ", 100):         strings.TrimSpace(strings.Repeat("ab ", 40)),
		"100% của\tphí":                    "100 cua phi",
		"https://evil.example/?a=1&vnp_x=": "https: evil.example a 1 vnp_x",
	} {
		assert.Equal(t, want, plainText(in))
	}
	rapid.Check(t, func(t *rapid.T) {
		out := plainText(rapid.String().Draw(t, "s"))
		if len(out) < 1 || len(out) > maxGateway || !consists(out, gatewayChars) {
			t.Fatalf("%q", out)
		}
	})
}

func TestCutKeepsCharacters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(0, 20).Draw(t, "n")
		out := cut(s, n)
		if len(out) > n || !strings.HasPrefix(s, out) || !utf8.ValidString(out) {
			t.Fatalf("cut(%q, %d) is %q", s, n, out)
		}
	})
}
