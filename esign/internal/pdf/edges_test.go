package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What stands at a limit of the tokens is read; what is one beyond is not.
func TestTokensAtTheirEdges(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 4096)
	for in, want := range map[string]Object{ // nil for a refusal
		"/" + long: Name(long), "/" + long + "a": nil, "/A#": nil, "/A#4": nil, "/#41": Name("A"), "/#4g": nil, "/#g4": nil,
		"/A#41B": Name("AAB"), "/#2f": Name("/"), "/": Name(""),
		"<0>": String("\x00"), "<09afAF>": String("\x09\xaf\xaf"), "<0:>": nil, "<0/>": nil, "<0`>": nil, "<0g>": nil, "<0@>": nil, "<0G>": nil,
		"0": int64(0), "9": int64(9), strings.Repeat("0", 64): int64(0), strings.Repeat("0", 65): nil,
		"9223372036854775807": int64(9223372036854775807), "9223372036854775808": nil, "-9223372036854775808": int64(-9223372036854775808),
		".5": 0.5, "5.": 5.0, "1.5.": nil, "-": nil, "-.": nil, "1+": nil, "1/": int64(1), "1:": nil,
		`(\0)`: String("\x00"), `(\7)`: String("\x07"), `(\8)`: String("8"), `(\/)`: String("/"), `(\12)`: String("\n"),
		`(\018)`: String("\x018"), `(\1234)`: String("S4"), `(\12/)`: String("\n/"), `(\128)`: String("\n8"),
		"(a\\\rb)": String("ab"), "(a\\\nb)": String("ab"), "(a\rb)": String("a\nb"), "(a\nb)": String("a\nb"), "(\r)": String("\n"),
		"(a\\": nil, "(a\\\r": nil, "(a\r": nil, "(": nil, "(()": nil,
		"4294967295 65535 R": Ref{Num: 4294967295, Gen: 65535}, "[4294967296 0 R]": nil, "[1 65536 R]": nil, "[1 0 Rx]": nil, "[1 0R]": nil,
		"true": true, "true/": true, "true]": true, "true1": nil, "tru": nil,
		"<": nil, "<<": nil, "<<>": nil, "<</A 1>": nil, "<</A 1>/": nil, "<</A 1x>": nil, "<<>>": Dict{}, "[": nil, "[]": Array{}, "[1": nil,
		"%x\r1": int64(1), "%x\n1": int64(1), "%x": nil, "% ": nil,
	} {
		got, err := parseValue(in)
		if want == nil {
			require.ErrorIs(t, err, ErrMalformed, in)
			continue
		}
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	// Ten digits are a number that a cross-reference table may hold, eleven are none.
	for in, want := range map[string]bool{"1234567890": true, "12345678901": false, "12x": false, "12/": true, "": false, "x": false} {
		l := lexer{data: []byte(in)}
		_, ok := l.uint()
		require.Equal(t, want, ok, in)
	}
	for in, want := range map[string]bool{
		"1 0 obj": true, "4294967295 65535 obj<<": true, "4294967296 0 obj": false, "1 65536 obj": false, "1 0 objx": false,
		"x 0 obj": false, "1 x obj": false, "1 0": false, "1 obj": false, "obj": false,
	} {
		l := lexer{data: []byte(in)}
		_, err := l.header()
		require.Equal(t, want, err == nil, in)
	}
}

func TestDepthAndBudget(t *testing.T) {
	t.Parallel()
	parse := func(in string, l Limits) error {
		x := lexer{data: []byte(in), budget: &budget{limits: l.withDefaults()}}
		_, err := x.value(0)
		return err
	}
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	require.NoError(t, parse(nested(4), Limits{Depth: 3}))
	require.ErrorIs(t, parse(nested(5), Limits{Depth: 3}), ErrLimit)
	require.NoError(t, parse("<</A<</A 1>>>>", Limits{Depth: 2}))
	require.ErrorIs(t, parse("<</A<</A 1>>>>", Limits{Depth: 1}), ErrLimit)
	require.NoError(t, parse("[1 2]", Limits{Values: 3}))
	require.ErrorIs(t, parse("[1 2]", Limits{Values: 2}), ErrLimit)
	// A value takes 24 bytes and those of its text.
	require.NoError(t, parse("1", Limits{Memory: 24}))
	require.ErrorIs(t, parse("1", Limits{Memory: 23}), ErrLimit)
	require.NoError(t, parse("(ab)", Limits{Memory: 26}))
	require.ErrorIs(t, parse("(ab)", Limits{Memory: 25}), ErrLimit)
	require.ErrorIs(t, parse("/ab", Limits{Memory: 25}), ErrLimit)
	require.NoError(t, parse("<<>>", Limits{Memory: 24 + dictBytes}))
	require.ErrorIs(t, parse("<<>>", Limits{Memory: 24 + dictBytes - 1}), ErrLimit)

	b := &budget{limits: Limits{Entries: 3, Decoded: 3}}
	require.NoError(t, b.takeEntries(3))
	require.ErrorIs(t, b.takeEntries(1), ErrLimit)
	require.NoError(t, b.takeDecoded(3))
	require.ErrorIs(t, b.takeDecoded(1), ErrLimit)
	b = &budget{decoded: 2}
	require.NoError(t, b.takeLexed(8*(10+2)+1<<20, 10))
	require.ErrorIs(t, b.takeLexed(1, 10), ErrLimit)
}

// What a file may end with: %%EOF, one end of line and white space.
func TestStartXref(t *testing.T) {
	t.Parallel()
	const head = "1234567890"
	for in, want := range map[string][2]int64{ // where the section begins, where the file ends; zero for a refusal
		head + "startxref\n5\n%%EOF":                             {5, 27},
		head + "startxref\n5\n%%EOF\n":                           {5, 28},
		head + "startxref\n5\n%%EOF\r":                           {5, 28},
		head + "startxref\n5\n%%EOF\r\n":                         {5, 29},
		head + "startxref\n5\n%%EOF\n\r":                         {5, 28},
		head + "startxref\n5\n%%EOF  ":                           {5, 27},
		head + "startxref\n5\n%%EOF" + strings.Repeat(" ", 1024): {5, 27},
		head + "startxref\n5\n%%EOF" + strings.Repeat(" ", 1025): {},
		head + "startxref\n26\n%%EOF":                            {26, 28},
		head + "startxref\n27\n%%EOF":                            {27, 28},
		head + "startxref\n28\n%%EOF":                            {},
		head + "startxref\n5 6\n%%EOF":                           {},
		head + "startxref\nx\n%%EOF":                             {},
		head + "startxref\n%%EOF":                                {},
		head + "start\n5\n%%EOF":                                 {},
		"%%EOF":                                                  {},
		"":                                                       {},
		"startxref\n5\n%%EOF":                                    {5, 17},
		"startxref" + strings.Repeat(" ", 49) + "5%%EOF":         {5, 64},
		"startxref" + strings.Repeat(" ", 50) + "5%%EOF":         {},
	} {
		at, eof, err := startXref([]byte(in))
		if want == [2]int64{} {
			require.ErrorIs(t, err, ErrMalformed, "%q", in)
			continue
		}
		require.NoError(t, err, "%q", in)
		require.Equal(t, want, [2]int64{at, eof}, "%q", in)
	}
}

func TestOpenAtItsLimits(t *testing.T) {
	t.Parallel()
	data := onePage()
	n := int64(len(data))
	_, err := Open(data, &Limits{Size: n})
	require.NoError(t, err)
	_, err = Open(data, &Limits{Size: n - 1})
	require.ErrorIs(t, err, ErrLimit)
	// Each of the four entries counts when the section is read and once for the revision.
	_, err = Open(data, &Limits{Entries: 8})
	require.NoError(t, err)
	_, err = Open(data, &Limits{Entries: 7})
	require.ErrorIs(t, err, ErrLimit)
	d, err := Open(data, nil)
	require.NoError(t, err)
	for _, size := range []int64{-1, 0, n + 1} {
		_, err = d.At(size)
		require.ErrorIs(t, err, ErrMalformed, size)
	}
	same, err := d.At(n)
	require.NoError(t, err)
	require.Equal(t, n, same.Size())
	require.Equal(t, data, same.Bytes())

	two, err := Open(updated(t, data), &Limits{Sections: 2})
	require.NoError(t, err)
	require.Len(t, two.Sections, 2)
	_, err = Open(updated(t, data), &Limits{Sections: 1})
	require.ErrorIs(t, err, ErrLimit)
}

// updated appends a revision that changes the only page.
func updated(t testing.TB, base []byte) []byte {
	t.Helper()
	d, err := Open(base, nil)
	require.NoError(t, err)
	u := NewUpdate(d)
	u.Set(Ref{Num: 3}, Dict{"Type": Name("Page"), "Parent": Ref{Num: 2}, "A": 1})
	more, err := u.Bytes()
	require.NoError(t, err)
	return append(bytes.Clone(base), more...)
}

// A cross-reference table is what ISO 32000-1 7.5.4 says, in its numbers, too.
func TestTableAtItsEdges(t *testing.T) {
	t.Parallel()
	open := func(table, trailer string) error {
		_, err := Open([]byte("%PDF-1.7\nxref\n"+table+trailer+"\nstartxref\n9\n%%EOF\n"), nil)
		return err
	}
	const trailer = "trailer\n<</Root 1 0 R/Size 5>>"
	for table, ok := range map[string]bool{
		"0 0\n": true, "8388607 1\n0000000009 00000 n\r\n": true, "8388608 0\n": false, "8388607 2\n": false, "1 x\n": false, "x 1\n": false,
		"1 1\n0000000009 65535 n\r\n": true, "1 1\n0000000009 65536 n\r\n": false, "1 1\n0000000000 99999 f\r\n": true,
		"1 1\n0000000000 100000 f\r\n": false, "1 1\nx 00000 n\r\n": false, "1 1\n0000000000 x n\r\n": false,
		"0 1\n0000000009 00000 n\r\n": false, "1 1\n0000000009 00000 n\r\n": true, "1 2\n0000000009 00000 n\r\n": false,
	} {
		err := open(table, trailer)
		if ok {
			require.NoError(t, err, table)
		} else {
			require.ErrorIs(t, err, ErrMalformed, table)
		}
	}
	for _, bad := range []string{
		"", "<", "<x", "x<", "[]", "<</Root>>", "<</Root 1>>",
		"x</Root 1 0 R/Size 5>>", "<x/Root 1 0 R/Size 5>>", "xx/Root 1 0 R/Size 5>>",
	} {
		require.ErrorIs(t, open("0 0\n", "trailer\n"+bad), ErrMalformed, bad)
	}
}

// xrefStream is a file whose only section is a cross-reference stream with these keys and bytes.
func xrefStream(keys string, raw []byte) []byte {
	b := fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<</Type/XRef/Root 1 0 R%s/Length %d>>\nstream\n", keys, len(raw))
	return append(append(b, raw...), "\nendstream\nendobj\nstartxref\n9\n%%EOF\n"...)
}

func TestXrefStreamAtItsEdges(t *testing.T) {
	t.Parallel()
	free, plain := []byte{0, 0, 0}, []byte{1, 9, 0}
	entries := func(e ...[]byte) []byte { return bytes.Join(e, nil) }
	wide := entries(make([]byte, 7), []byte{1}, make([]byte, 7), []byte{9}, make([]byte, 8))
	for name, c := range map[string]struct {
		keys string
		raw  []byte
		ok   bool
	}{
		"plain":                {"/Size 2/W[1 1 1]", entries(free, plain), true},
		"empty":                {"/Size 0/W[1 1 1]", nil, true},
		"largest Size":         {"/Size 8388608/Index[]/W[1 1 1]", nil, true},
		"Size too large":       {"/Size 8388609/Index[]/W[1 1 1]", nil, false},
		"negative Size":        {"/Size -1/Index[]/W[1 1 1]", nil, false},
		"no Size":              {"/W[1 1 1]/Index[]", nil, false},
		"an entry is missing":  {"/Size 2/W[1 1 1]", free, false},
		"an octet is missing":  {"/Size 2/W[1 1 1]", entries(free, plain[:2]), false},
		"Index":                {"/Size 9/W[1 1 1]/Index[0 1 7 1]", entries(free, plain), true},
		"Index at the end":     {"/Size 9/W[1 1 1]/Index[8388607 1]", plain, true},
		"Index beyond the end": {"/Size 9/W[1 1 1]/Index[8388608 0]", plain, false},
		"Index too long":       {"/Size 9/W[1 1 1]/Index[8388607 2]", entries(plain, plain), false},
		"Index is odd":         {"/Size 9/W[1 1 1]/Index[0 1 7]", entries(free, plain), false},
		"Index is no array":    {"/Size 9/W[1 1 1]/Index 1", entries(free, plain), false},
		"Index of names":       {"/Size 9/W[1 1 1]/Index[/A 1]", plain, false},
		"Index counts names":   {"/Size 9/W[1 1 1]/Index[1/A]", plain, false},
		"Index is negative":    {"/Size 9/W[1 1 1]/Index[-1 1]", plain, false},
		"Index counts down":    {"/Size 9/W[1 1 1]/Index[1 -1]", plain, false},
		"object 0 in use":      {"/Size 1/W[1 1 1]", plain, false},
		"twice":                {"/Size 9/W[1 1 1]/Index[1 1 1 1]", entries(plain, plain), false},
		"W of two":             {"/Size 1/W[1 1]", free, false},
		"W of four":            {"/Size 1/W[1 1 1 1]", append(free, 0), false},
		"W of names":           {"/Size 1/W[1/A 1]", free, false},
		"W is negative":        {"/Size 1/W[1 1 -1]", free, false},
		"W of 8":               {"/Size 2/W[8 8 8]/Index[1 1]", wide, true},
		"W of 9":               {"/Size 2/W[9 1 1]/Index[1 1]", entries(make([]byte, 8), plain), false},
		"no offsets":           {"/Size 2/W[1 0 1]/Index[1 1]", []byte{1, 0}, false},
		"no kinds":             {"/Size 2/W[0 1 1]/Index[1 1]", []byte{9, 0}, true},
		"no generations":       {"/Size 2/W[1 1 0]/Index[1 1]", []byte{1, 9}, true},
		"unknown kind":         {"/Size 2/W[1 1 1]/Index[1 1]", []byte{3, 9, 0}, false},
		"largest offset":       {"/Size 2/W[1 6 1]/Index[1 1]", []byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, true},
		"offset too large":     {"/Size 2/W[1 6 1]/Index[1 1]", []byte{1, 1, 0, 0, 0, 0, 0, 0}, false},
		"largest generation":   {"/Size 2/W[1 1 3]/Index[1 1]", []byte{1, 9, 0, 0xff, 0xff}, true},
		"generation too large": {"/Size 2/W[1 1 3]/Index[1 1]", []byte{1, 9, 1, 0, 0}, false},
		"largest stream":       {"/Size 2/W[1 3 1]/Index[1 1]", []byte{2, 0x7f, 0xff, 0xff, 0}, true},
		"stream too large":     {"/Size 2/W[1 3 1]/Index[1 1]", []byte{2, 0x80, 0, 0, 0}, false},
		"filter that fails":    {"/Size 2/W[1 1 1]/Filter/FlateDecode", entries(free, plain), false},
	} {
		_, err := Open(xrefStream(c.keys, c.raw), nil)
		if c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, ErrMalformed, name)
		}
	}
}
