package payment

import "strings"

// Words writes the amount in Vietnamese, as a receipt must show it (số tiền bằng
// chữ): "Một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy đồng".
func (d Dong) Words() string {
	var words []string
	n := uint64(d)
	if d < 0 {
		words = append(words, "âm")
		n = -n
	}
	words = append(words, readNumber(n)...)
	s := strings.Join(append(words, "đồng"), " ")
	for i, r := range s { // the first letter is a capital: Một, Âm, Không
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

func digitWord(d uint64) string {
	return [...]string{"không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"}[d]
}

// readNumber reads groups of three; above a billion the words repeat: nghìn tỷ,
// triệu tỷ, tỷ tỷ.
func readNumber(n uint64) []string {
	if n == 0 {
		return []string{digitWord(0)}
	}
	const billion = 1_000_000_000
	if n >= billion {
		out := append(readNumber(n/billion), "tỷ")
		if rest := n % billion; rest > 0 {
			out = append(out, readBelow(rest, true)...)
		}
		return out
	}
	return readBelow(n, false)
}

// readBelow reads a number below a billion. inner says that something larger
// stands before it, so that a missing hundred is read.
func readBelow(n uint64, inner bool) []string {
	var out []string
	for _, g := range []struct {
		size uint64
		word string
	}{{1_000_000, "triệu"}, {1_000, "nghìn"}, {1, ""}} {
		group := n / g.size % 1000
		if group == 0 {
			continue
		}
		out = append(out, readGroup(group, inner || len(out) > 0)...)
		if g.word != "" {
			out = append(out, g.word)
		}
	}
	return out
}

// readGroup reads 1 to 999.
func readGroup(n uint64, inner bool) []string {
	h, t, u := n/100, n/10%10, n%10
	var out []string
	if h > 0 || inner {
		out = append(out, digitWord(h), "trăm")
	}
	switch {
	case t == 0 && u > 0 && len(out) > 0:
		out = append(out, "linh")
	case t == 1:
		out = append(out, "mười")
	case t > 1:
		out = append(out, digitWord(t), "mươi")
	}
	switch {
	case u == 0:
	case u == 1 && t > 1:
		out = append(out, "mốt")
	case u == 4 && t > 1:
		out = append(out, "tư")
	case u == 5 && t > 0:
		out = append(out, "lăm")
	default:
		out = append(out, digitWord(u))
	}
	return out
}
