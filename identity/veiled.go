package identity

// veiled holds a personal value in memory so that printing a struct which has it
// in an unexported field shows letters instead of digits: fmt does not call the
// Format of unexported fields. It protects against accidents, not against a
// reader of memory. Values compare with ==, and "" veils to "".
type veiled string

const veil = 0x5A

func veilText(s string) veiled { return veiled(flip(s)) }

func (v veiled) text() string { return flip(string(v)) }

func flip(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] ^= veil
	}
	return string(b)
}
