package pdf

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValues(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Object{
		"12": int64(12), "-7": int64(-7), "+3": int64(3), "0.5": 0.5, "-.25": -0.25, "4.": 4.0,
		"true": true, "false": false, "null": nil,
		"/Name": Name("Name"), "/A#20B": Name("A B"), "/": Name(""),
		"(a(b)c)": String("a(b)c"), `(\n\r\t\b\f\\\(\101\7x\q)`: String("\n\r\t\b\f\\(A\x07xq"), "(a\r\nb\rc)": String("a\nb\nc"),
		"(a\\\r\nb)": String("ab"), "<48 65 6c6C6f>": String("Hello"), "<4>": String("@"), "<>": String(""),
		"[1 2 R 1 2 R]": Array{Ref{1, 2}, Ref{1, 2}}, "[1 2 R 3]": Array{Ref{1, 2}, int64(3)},
		"<</A 1/A 1>>": Dict{"A": int64(1)}, "<</A 1/B[/C]/D null>>": Dict{"A": int64(1), "B": Array{Name("C")}},
		"% comment\n 5": int64(5),
	} {
		got, err := parseValue(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
}

func TestMalformedValues(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "--1", "1-", "1.2.3", ".", "+", "1e5", "99999999999999999999", "(abc", `(abc\`, "<4g>", "<41", "[1", "<</A>>", "<</A 1",
		"<<1 2>>", "<</A 1/A 2>>", "<</A null/A 2>>", "/A#4", "/A#zz", "]", ">>", "{", "truex", "nul", "/" + strings.Repeat("a", 5000),
	} {
		_, err := parseValue(in)
		require.ErrorIs(t, err, ErrMalformed, in)
	}
	_, err := parseValue(strings.Repeat("[", 200))
	require.ErrorIs(t, err, ErrLimit)
	_, err = parseValue("[" + strings.Repeat("0 ", 3_000_000))
	require.ErrorIs(t, err, ErrLimit)
}

func parseValue(in string) (Object, error) {
	l := lexer{data: []byte(in), budget: &budget{limits: (*Limits)(nil).withDefaults()}}
	return l.value(0)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := string(onePage())
	cut := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	require.Contains(t, good, "0000000015 00000 n")
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"no header":               {good[1:], ErrNotPDF},
		"something before":        {"\n" + good, ErrNotPDF},
		"no end of file":          {strings.TrimSuffix(good, "%%EOF\n"), ErrMalformed},
		"bytes behind the end":    {good + "x", ErrMalformed},
		"too many spaces behind":  {good + strings.Repeat(" ", 2000), ErrMalformed},
		"no startxref":            {cut("startxref", "startxxxx"), ErrMalformed},
		"startxref without table": {cut("xref\n0", "xxxx\n0"), ErrMalformed},
		"entry of no kind":        {cut("0000000015 00000 n", "0000000015 00000 x"), ErrMalformed},
		"object twice":            {cut("xref\n0 4", "xref\n1 1\n0000000015 00000 n\r\n0 4"), ErrMalformed},
		"object 0 in use":         {cut("65535 f", "00000 n"), ErrMalformed},
		"no trailer":              {cut("trailer\n<<", "trailer\n(("), ErrMalformed},
		"no root":                 {cut("/Root 1 0 R", ""), ErrMalformed},
		"root in place":           {cut("/Root 1 0 R", "/Root<<>>"), ErrMalformed},
		"encrypted":               {cut("/Root", "/Encrypt<<>>/Root"), ErrEncrypted},
		"prev is a name":          {cut("/Root", "/Prev/X/Root"), ErrMalformed},
		"prev outside":            {cut("/Root", "/Prev 99999/Root"), ErrMalformed},
		"hybrid stream nowhere":   {cut("/Root", "/XRefStm 9/Root"), ErrMalformed},
	} {
		_, err := Open([]byte(c.file), nil)
		require.ErrorIs(t, err, c.want, name)
	}
	for name, l := range map[string]*Limits{"bytes": {Size: 100}, "entries": {Entries: 3}, "values": {Values: 1}} {
		_, err := Open([]byte(good), l)
		require.ErrorIs(t, err, ErrLimit, name)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	data := onePage(
		"<</Length 5 0 R>>\nstream\nhello\nendstream", "5", // 4, 5
		"<</Length 4>>\nstream\nhello\nendstream",                                          // 6: length is wrong
		"<</Length 8 0 R>>\nstream\n\nendstream", "<</Length 7 0 R>>\nstream\n\nendstream", // 7, 8: they need each other
		"10 0 R", "11 0 R", "10 0 R", // 9, 10, 11: a ring
		"<</Length 0/F(x)>>\nstream\n\nendstream", // 12: bytes elsewhere
	)
	d, err := Open(data, nil)
	require.NoError(t, err)
	o, err := d.Get(Ref{Num: 4})
	require.NoError(t, err)
	require.Equal(t, "hello", string(o.(*Stream).Raw))
	for _, n := range []uint32{6, 7, 12} {
		_, err := d.Get(Ref{Num: n})
		require.ErrorIs(t, err, ErrMalformed, n)
	}
	_, err = d.Resolve(Ref{Num: 9})
	require.ErrorIs(t, err, ErrMalformed)
	for _, r := range []Ref{{Num: 99}, {Num: 4, Gen: 1}, {}} {
		o, err := d.Get(r)
		require.NoError(t, err)
		require.Nil(t, o, "a reference to nothing is null")
	}
	broken := bytes.Replace(data, []byte("\n5 0 obj"), []byte("\n5 1 obj"), 1)
	d, err = Open(broken, nil)
	require.NoError(t, err)
	_, err = d.Get(Ref{Num: 5})
	require.ErrorIs(t, err, ErrMalformed)
}

// TestRevisionDecidesIndirectLength: the same stream at the same place reads differently once its length object changes.
func TestRevisionDecidesIndirectLength(t *testing.T) {
	t.Parallel()
	base := onePage("<</Length 5 0 R>>\nstream\nab endstream\nendobj x\nendstream", "21")
	d, err := Open(base, nil)
	require.NoError(t, err)
	o, err := d.Get(Ref{Num: 4})
	require.NoError(t, err)
	require.Len(t, o.(*Stream).Raw, 21)
	u := NewUpdate(d)
	u.Set(Ref{Num: 5}, 3)
	more, err := u.Bytes()
	require.NoError(t, err)
	now, err := Open(append(bytes.Clone(base), more...), nil)
	require.NoError(t, err)
	old, err := now.At(int64(len(base)))
	require.NoError(t, err)
	for _, c := range []struct {
		d    *Document
		want string
	}{{now, "ab "}, {old, string(o.(*Stream).Raw)}, {now, "ab "}} {
		o, err := c.d.Get(Ref{Num: 4})
		require.NoError(t, err)
		require.Equal(t, c.want, string(o.(*Stream).Raw))
	}
	require.Equal(t, []uint32{5}, now.Touched(old))
}

func TestPages(t *testing.T) {
	t.Parallel()
	d, err := Open(table(
		"<</Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R 4 0 R]/MediaBox[595 842 0 0]/Rotate 450>>",
		"<</Type/Page/CropBox[10 10 20 20]/UserUnit 2>>",
		"<</Type/Pages/Kids[5 0 R]/Rotate -90/CropBox 6 0 R>>", "<</Type/Page/MediaBox[0 0 1 1]>>", "[1 2 3 4]",
	), nil)
	require.NoError(t, err)
	pages, err := d.Pages()
	require.NoError(t, err)
	require.Len(t, pages, 2)
	require.Equal(t, [4]float64{0, 0, 595, 842}, pages[0].MediaBox)
	require.Equal(t, [4]float64{10, 10, 20, 20}, pages[0].CropBox)
	require.Equal(t, []any{90, 2.0, 270, 1.0}, []any{pages[0].Rotate, pages[0].UserUnit, pages[1].Rotate, pages[1].UserUnit})
	require.Equal(t, [4]float64{1, 2, 3, 4}, pages[1].CropBox)

	for name, bodies := range map[string][]string{
		"ring":       {"<</Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R]>>"},
		"shared kid": {"<</Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 3 0 R]>>", "<</Type/Page>>"},
		"no tree":    {"<<>>"},
		"no type":    {"<</Pages 2 0 R>>", "<</Kids[]>>"},
		"in place":   {"<</Pages 2 0 R>>", "<</Type/Pages/Kids[<</Type/Page>>]>>"},
		"rotate":     {"<</Pages 2 0 R>>", "<</Type/Pages/Rotate 45/Kids[]>>"},
		"box":        {"<</Pages 2 0 R>>", "<</Type/Pages/MediaBox[1 2 3]/Kids[]>>"},
		"unit":       {"<</Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]>>", "<</Type/Page/UserUnit 0>>"},
	} {
		d, err := Open(table(bodies...), nil)
		require.NoError(t, err)
		_, err = d.Pages()
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	d, err = Open(onePage(), &Limits{Pages: 1})
	require.NoError(t, err)
	_, err = d.Pages()
	require.NoError(t, err)
}

func TestCheckUpdate(t *testing.T) {
	t.Parallel()
	base := onePage()
	d, err := Open(base, nil)
	require.NoError(t, err)
	update := func(extra string) []byte {
		u := NewUpdate(d)
		u.Set(Ref{Num: 3}, Dict{"Type": Name("Page"), "Parent": Ref{Num: 2}, "A": 1})
		more, err := u.Bytes()
		require.NoError(t, err)
		at := int64(len(base)) + int64(bytes.Index(more, []byte("xref\n")))
		more = bytes.Replace(more, []byte("xref\n"), []byte(extra+"xref\n"), 1)
		more = more[:bytes.LastIndex(more, []byte("startxref"))]
		more = append(more, []byte("startxref\n"+itoa(at+int64(len(extra)))+"\n%%EOF\n")...)
		return append(bytes.Clone(base), more...)
	}
	for extra, good := range map[string]bool{
		"": true, "\n\n": true, "% a comment\n": true, "\x00": true,
		"4 0 obj\n<<>>\nendobj\n": false, "hello\n": false, "startxref\n9\n%%EOF\n": true, "xref\n0 0\ntrailer\n<<>>\n": false,
	} {
		d, err := Open(update(extra), nil)
		require.NoError(t, err, extra)
		err = d.CheckUpdate(int64(len(base)))
		if good {
			require.NoError(t, err, extra)
		} else {
			require.ErrorIs(t, err, ErrMalformed, extra)
		}
	}
}

func itoa(n int64) string { return string(appendInt(nil, n)) }

func appendInt(b []byte, n int64) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

func TestEqual(t *testing.T) {
	t.Parallel()
	a := Dict{"A": Array{int64(1), String("x"), Ref{1, 0}}, "B": &Stream{Dict: Dict{}, Raw: []byte("y")}}
	b := Dict{"A": Array{1.0, String("x"), Ref{1, 0}}, "B": &Stream{Dict: Dict{}, Raw: []byte("y")}}
	require.True(t, Equal(a, b))
	for _, c := range []Object{
		nil, Dict{}, Dict{"A": a["A"]}, Dict{"A": Array{int64(1)}, "B": b["B"]}, Dict{"A": a["A"], "C": b["B"]},
		Dict{"A": a["A"], "B": &Stream{Dict: Dict{}, Raw: []byte("z")}}, Dict{"A": Array{1.5, String("x"), Ref{1, 0}}, "B": b["B"]},
	} {
		require.False(t, Equal(a, c))
		require.False(t, Equal(c, a))
	}
	require.False(t, Equal(String("a"), Name("a")))
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"D:20241115100000+07'00'": "2024-11-15T10:00:00+07:00", "D:20241115100000Z": "2024-11-15T10:00:00Z",
		"D:20241115100000+07'00": "2024-11-15T10:00:00+07:00", "20241115": "2024-11-15T00:00:00Z", "D:2024": "2024-01-01T00:00:00Z",
		"D:20241115100000-05": "2024-11-15T10:00:00-05:00",
	} {
		at, err := ParseDate(in)
		require.NoError(t, err, in)
		require.Equal(t, want, at.Format("2006-01-02T15:04:05Z07:00"), in)
	}
	for _, in := range []string{"", "D:", "D:202", "D:20241", "D:20241315", "yesterday", "D:20241115100000+99'99'"} {
		_, err := ParseDate(in)
		require.Error(t, err, in)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "abc", "Nghĩa trang Vĩnh Long", "đã ký", "𝔻"} {
		require.Equal(t, s, DecodeText(Text(s)))
	}
	require.Equal(t, "é", DecodeText("\xe9"))
	require.Equal(t, "đ", DecodeText("\xef\xbb\xbfđ"))
}

// hybrid is a document with a table, an older cross-reference stream over the same objects, and an empty table that names
// both, as Microsoft Word writes it.
func hybrid(t *testing.T) (file []byte, stream int64) {
	t.Helper()
	base := onePage()
	d, err := Open(base, nil)
	require.NoError(t, err)
	raw := []byte{0, 0, 0, 0}
	for n := uint32(1); n <= 3; n++ {
		at := d.xref[n].offset
		raw = append(raw, 1, byte(at>>8), byte(at), 0)
	}
	stream = int64(len(base))
	base = append(base, "4 0 obj\n<</Type/XRef/Size 4/W[1 2 1]/Root 1 0 R/Length 16>>\nstream\n"...)
	base = append(append(base, raw...), "\nendstream\nendobj\n"...)
	at := int64(len(base))
	base = append(base, "xref\n0 0\ntrailer\n<</Size 5/Root 1 0 R/Prev "+itoa(d.StartXref)+"/XRefStm "+itoa(stream)+">>\nstartxref\n"+
		itoa(at)+"\n%%EOF\n"...)
	return base, stream
}

func TestHybridFiles(t *testing.T) {
	t.Parallel()
	base, stream := hybrid(t)
	change := func(file []byte, n uint32, copied bool) []byte {
		d, err := Open(file, nil)
		require.NoError(t, err)
		u := NewUpdate(d)
		o, err := u.Dict(Ref{Num: n})
		require.NoError(t, err)
		o["Changed"] = true
		u.Set(Ref{Num: n}, o)
		if copied {
			u.Trailer("XRefStm", stream)
		}
		more, err := u.Bytes()
		require.NoError(t, err)
		return append(bytes.Clone(file), more...)
	}
	for _, copied := range []bool{false, true} {
		d, err := Open(change(base, 1, copied), nil)
		require.NoError(t, err, "the reference to the old stream may be copied")
		cat, _, err := d.Catalog()
		require.NoError(t, err)
		require.Equal(t, true, cat["Changed"])
	}
	twice := change(change(base, 1, true), 3, false)
	_, err := Open(twice, nil)
	require.NoError(t, err)
	_, err = Open(change(change(base, 1, true), 1, true), nil)
	require.NoError(t, err, "the newest table has the object itself")
	_, err = Open(change(change(base, 1, true), 3, true), nil)
	require.ErrorIs(t, err, ErrMalformed, "the old stream would hide the changed catalog from some readers")
}
