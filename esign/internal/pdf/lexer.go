package pdf

import (
	"bytes"
	"math"
	"strconv"
)

// lexer cuts tokens out of data[:len(data)]; pos is an offset in the file, so that errors and spans can name it.
type lexer struct {
	data   []byte
	pos    int
	budget *budget
}

func isSpace(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ':
		return true
	}
	return false
}

func isDelim(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelim(c) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// skip passes white space and comments.
func (l *lexer) skip() {
	for l.pos < len(l.data) {
		switch c := l.data[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

// keyword reads a run of regular characters without moving past it when it differs from want.
func (l *lexer) keyword(want string) bool {
	l.skip()
	end := l.pos + len(want)
	if end > len(l.data) || string(l.data[l.pos:end]) != want {
		return false
	}
	if end < len(l.data) && isRegular(l.data[end]) {
		return false
	}
	l.pos = end
	return true
}

// uint reads an unsigned decimal of at most 10 digits.
func (l *lexer) uint() (int64, bool) {
	l.skip()
	start := l.pos
	var n int64
	for l.pos < len(l.data) && isDigit(l.data[l.pos]) && l.pos-start < 10 {
		n = n*10 + int64(l.data[l.pos]-'0')
		l.pos++
	}
	if l.pos == start || l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		l.pos = start
		return 0, false
	}
	return n, true
}

// number reads an integer or a real; exponents, doubled signs and other writers' habits are refused.
func (l *lexer) number() (Object, error) {
	start := l.pos
	for l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		l.pos++
	}
	tok := l.data[start:l.pos]
	digits, dots := 0, 0
	for i, c := range tok {
		switch {
		case isDigit(c):
			digits++
		case c == '.':
			dots++
		case (c == '-' || c == '+') && i == 0:
		default:
			return nil, malformed(int64(start), "unknown token")
		}
	}
	if digits == 0 || dots > 1 || len(tok) > 64 {
		return nil, malformed(int64(start), "not a number")
	}
	if dots == 0 {
		n, err := strconv.ParseInt(string(tok), 10, 64)
		if err != nil {
			return nil, malformed(int64(start), "integer out of range")
		}
		return n, nil
	}
	f, err := strconv.ParseFloat(string(tok), 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, malformed(int64(start), "real out of range")
	}
	return f, nil
}

func (l *lexer) name() (Name, error) {
	start := l.pos
	l.pos++ // the slash
	from := l.pos
	escaped := false
	for l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		escaped = escaped || l.data[l.pos] == '#'
		l.pos++
	}
	tok := l.data[from:l.pos]
	if len(tok) > 4096 {
		return "", malformed(int64(start), "name too long")
	}
	if !escaped {
		return Name(tok), nil
	}
	out := make([]byte, 0, len(tok))
	for i := 0; i < len(tok); i++ {
		if tok[i] != '#' {
			out = append(out, tok[i])
			continue
		}
		if i+2 >= len(tok) || hexVal(tok[i+1]) < 0 || hexVal(tok[i+2]) < 0 {
			return "", malformed(int64(start), "bad escape in a name")
		}
		out = append(out, byte(hexVal(tok[i+1])<<4|hexVal(tok[i+2])))
		i += 2
	}
	return Name(out), nil
}

func hexVal(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) hexString() (String, error) {
	start := l.pos
	end := bytes.IndexByte(l.data[start:], '>')
	if end < 0 {
		return "", malformed(int64(start), "hex string without end")
	}
	out := make([]byte, 0, end/2)
	high := -1
	for _, c := range l.data[start+1 : start+end] {
		v := hexVal(c)
		switch {
		case isSpace(c):
		case v < 0:
			return "", malformed(int64(start), "hex string with a foreign character")
		case high < 0:
			high = v
		default:
			out = append(out, byte(high<<4|v))
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4))
	}
	l.pos = start + end + 1
	return String(out), nil
}

func (l *lexer) literalString() (String, error) {
	start := l.pos
	l.pos++
	var out []byte
	for depth := 1; l.pos < len(l.data); l.pos++ {
		c := l.data[l.pos]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.pos++
				return String(out), nil
			}
		case '\\':
			out = l.escape(out)
			continue
		case '\r': // an end of line inside a string reads as \n however it is written
			if l.pos+1 < len(l.data) && l.data[l.pos+1] == '\n' {
				l.pos++
			}
			c = '\n'
		}
		out = append(out, c)
	}
	return "", malformed(int64(start), "string without end")
}

// escape stands on a backslash and leaves pos on the last character of the escape.
func (l *lexer) escape(out []byte) []byte {
	l.pos++
	if l.pos >= len(l.data) {
		return out
	}
	switch c := l.data[l.pos]; c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\r':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '\n' {
			l.pos++
		}
		return out
	case '\n':
		return out
	default:
		if c < '0' || c > '7' {
			return append(out, c)
		}
		v := int(c - '0')
		for n := 1; n < 3 && l.pos+1 < len(l.data) && '0' <= l.data[l.pos+1] && l.data[l.pos+1] <= '7'; n++ {
			l.pos++
			v = v<<3 | int(l.data[l.pos]-'0')
		}
		return append(out, byte(v))
	}
}
