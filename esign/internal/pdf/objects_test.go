package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStreamsAtTheirEdges(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{ // "!" for a refusal
		"<</Length 2>>stream\nab\nendstream":     "ab",
		"<</Length 2>>stream\r\nab\r\nendstream": "ab",
		"<</Length 2>>stream\nab\rendstream":     "ab",
		"<</Length 2>>stream\nabendstream":       "ab",
		"<</Length 0>>stream\nendstream":         "",
		"<</Length 0>>stream\n\nendstream":       "",
		"<</Length 2>>stream\rab\nendstream":     "!", // ISO 32000-1 7.3.8.1: not a carriage return alone
		"<</Length 2>>stream ab\nendstream":      "!",
		"<</Length 2>>stream\nab\n\nendstream":   "!",
		"<</Length 2>>stream\nab endstream":      "!",
		"<</Length -1>>stream\nab\nendstream":    "!",
		"<</Length 2.0>>stream\nab\nendstream":   "!",
		"<</Length 9999>>stream\nab\nendstream":  "!",
		"<<>>stream\n\nendstream":                "!",
		"<</Length 2>>stream\nab\nendstreams":    "!",
	} {
		d, err := Open(onePage(body), nil)
		require.NoError(t, err)
		o, err := d.Get(Ref{Num: 4})
		if want == "!" {
			require.ErrorIs(t, err, ErrMalformed, body)
			continue
		}
		require.NoError(t, err, body)
		require.Equal(t, want, string(o.(*Stream).Raw), body)
	}
}

func TestReferencesToReferences(t *testing.T) {
	t.Parallel()
	d, err := Open(onePage("5 0 R", "6 0 R", "7 0 R", "8 0 R", "9 0 R", "10 0 R", "(end)", "12 0 R", "11 0 R"), nil)
	require.NoError(t, err)
	o, err := d.Resolve(Ref{Num: 4})
	require.NoError(t, err)
	require.Equal(t, String("end"), o)
	for name, get := range map[string]func(Object) error{
		"dictionary": func(o Object) error { _, err := d.Dict(o); return err },
		"array":      func(o Object) error { _, err := d.Array(o); return err },
		"any":        func(o Object) error { _, err := d.Resolve(o); return err },
	} {
		require.NoError(t, get(Ref{Num: 4}), name)
		require.NoError(t, get(Ref{Num: 99}), "a reference to nothing is null")
		require.ErrorIs(t, get(Ref{Num: 11}), ErrMalformed, name)
	}
}

func TestObjectStreams(t *testing.T) {
	t.Parallel()
	parse := func(n, first Object, data string) (map[uint32]Object, error) {
		d, err := Open(onePage(), nil)
		require.NoError(t, err)
		return d.parseObjectStream(9, Dict{"N": n, "First": first}, []byte(data))
	}
	objs, err := parse(int64(2), int64(8), "1 0 2 2 5 (x)")
	require.NoError(t, err)
	require.Equal(t, map[uint32]Object{1: int64(5), 2: String("x")}, objs)
	none, err := parse(int64(0), int64(0), "")
	require.NoError(t, err)
	require.Empty(t, none)
	for name, c := range map[string]struct {
		n, first Object
		data     string
	}{
		"no N":                 {nil, int64(4), "1 0 5"},
		"no First":             {int64(1), nil, "1 0 5"},
		"neither is a number":  {Name("A"), Name("A"), ""},
		"negative N":           {int64(-1), int64(4), "1 0 5"},
		"negative First":       {int64(1), int64(-1), "1 0 5"},
		"First behind the end": {int64(0), int64(6), "1 0 5"},
		"N over the octets":    {int64(6), int64(4), "1 0 5"},
		"index cut":            {int64(2), int64(4), "1 0 5"},
		"number is a name":     {int64(1), int64(5), "/A 0 5"},
		"offset is a name":     {int64(1), int64(5), "1 /A 5"},
		"number too large":     {int64(1), int64(10), "8388608 0 5"},
		"offset behind":        {int64(1), int64(4), "1 2 5"},
		"offset at the end":    {int64(1), int64(4), "1 1 5"},
		"body is no value":     {int64(1), int64(4), "1 0 }"},
		"object twice":         {int64(2), int64(8), "1 0 1 0 5"},
	} {
		_, err := parse(c.n, c.first, c.data)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	largest, err := parse(int64(1), int64(10), "8388607 0 5")
	require.NoError(t, err)
	require.Contains(t, largest, uint32(8388607))

	good := asStream(t)
	for name, c := range map[string][2]string{
		"another type":     {"/Type/ObjStm", "/Type/XXXXXX"},
		"holds another":    {"1 0 2 30", "6 0 2 30"},
		"N is wrong":       {"/N 3", "/N/3"},
		"number is a name": {"1 0 2 30", "/A 0 2 3"},
	} {
		d, err := Open(bytes.Replace(good, []byte(c[0]), []byte(c[1]), 1), nil)
		require.NoError(t, err, name)
		_, _, err = d.Catalog()
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	for name, c := range map[string]struct {
		o    Object
		want bool
	}{
		"null": {nil, true}, "name": {Name("A"), true}, "reference": {Ref{Num: 1}, false}, "array": {Array{int64(1), Name("A")}, true},
		"in an array": {Array{int64(1), Ref{Num: 1}}, false}, "dictionary": {Dict{"A": int64(1)}, true},
		"in a dictionary": {Dict{"A": Array{Ref{Num: 1}}}, false},
	} {
		require.Equal(t, c.want, direct(c.o), name)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	data := onePage("<</A 1/B<</C(x)/D[1 2]>>/A 1>>", "[1]", "<")
	d, err := Open(data, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		ref  Ref
		keys []Name
		want string // empty for a refusal
	}{
		{Ref{Num: 4}, []Name{"A"}, "1"},
		{Ref{Num: 4}, []Name{"B", "C"}, "(x)"},
		{Ref{Num: 4}, []Name{"B", "D"}, "[1 2]"},
		{Ref{Num: 4}, []Name{"X"}, ""},
		{Ref{Num: 4}, []Name{"A", "B"}, ""},
		{Ref{Num: 5}, []Name{"A"}, ""},
		{Ref{Num: 6}, []Name{"A"}, ""},
		{Ref{Num: 9}, []Name{"A"}, ""},
		{Ref{Num: 4, Gen: 1}, []Name{"A"}, ""},
		{Ref{}, []Name{"A"}, ""},
	} {
		from, to, err := d.Span(c.ref, c.keys...)
		if c.want == "" {
			require.ErrorIs(t, err, ErrMalformed, c)
			continue
		}
		require.NoError(t, err, c)
		require.Equal(t, c.want, string(data[from:to]))
	}
	from, _, err := d.Span(Ref{Num: 4}, "A")
	require.NoError(t, err)
	require.Equal(t, int64(bytes.Index(data, []byte("/A 1"))+3), from, "the first of two")
	inside, err := Open(asStream(t), nil)
	require.NoError(t, err)
	_, _, err = inside.Span(Ref{Num: 1}, "Type")
	require.ErrorIs(t, err, ErrMalformed, "an object in an object stream has no place of its own")
}

func TestDatesAtTheirEdges(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{ // "" for a refusal
		"2024": "2024-01-01T00:00:00Z", "202402": "2024-02-01T00:00:00Z", "20240229": "2024-02-29T00:00:00Z", "20230229": "",
		"2024022923": "2024-02-29T23:00:00Z", "2024022924": "", "202402292359": "2024-02-29T23:59:00Z", "202402292360": "",
		"20240229235959": "2024-02-29T23:59:59Z", "20240229235960": "", "202": "", "20240": "", "202400": "", "20240100": "",
		"20240229235959Z": "2024-02-29T23:59:59Z", "20240229235959Z00'00'": "2024-02-29T23:59:59Z", "202402292359599": "",
		"20240229235959+07": "2024-02-29T23:59:59+07:00", "20240229235959+0730": "2024-02-29T23:59:59+07:30",
		"20240229235959-05'30'": "2024-02-29T23:59:59-05:30", "20240229235959+7": "", "20240229235959+": "", "20240229235959x": "",
	} {
		at, err := ParseDate("D:" + in)
		if want == "" {
			require.ErrorIs(t, err, ErrMalformed, in)
			continue
		}
		require.NoError(t, err, in)
		require.Equal(t, want, at.Format("2006-01-02T15:04:05Z07:00"), in)
	}
}

// PDF text is told by its mark; what has none is Latin-1 here.
func TestDecodeTextAtItsEdges(t *testing.T) {
	t.Parallel()
	for in, want := range map[String]string{
		"": "", "\xfe\xff": "", "\xfe": "þ", "\xfea": "þa", "a\xff": "aÿ", "\xfe\xff\x00a": "a", "\xfe\xff\x00a\x00": "a",
		"\xef\xbb\xbf": "", "\xef\xbb": "ï»", "\xef\xbb\xbfa": "a", "\xef\xbb\xbf\xff": "ï»¿ÿ", "abc": "abc",
	} {
		require.Equal(t, want, DecodeText(in), "%q", string(in))
	}
}

func TestRealsAreShort(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]string{
		0: "0.0", 1: "1.0", 10: "10.0", 0.5: "0.5", -0.25: "-0.25", 0.1234567: "0.123457", 100.100: "100.1", 1e-9: "0.0",
	} {
		require.Equal(t, want, string(appendReal(nil, in)))
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) Object {
		var o Object = 1
		for range n {
			o = Array{o}
		}
		return o
	}
	for name, c := range map[string]struct {
		o  Object
		ok bool
	}{
		"a hundred levels": {deep(100), true},
		"one more":         {deep(101), false},
		"in a dictionary":  {Dict{"A": deep(100)}, false},
		"unknown type":     {Array{struct{}{}}, false},
		"stream inside":    {Dict{"A": &Stream{}}, false},
	} {
		d, err := Open(onePage(), nil)
		require.NoError(t, err)
		u := NewUpdate(d)
		u.Add(c.o)
		_, err = u.Bytes()
		require.Equal(t, c.ok, err == nil, name)
		_, err = u.Sign()
		require.Error(t, err, name)
	}
	w := &writer{}
	require.NoError(t, w.value(Dict{"A": math.MaxInt64, "#x": nil, "~ \x7f": true}, 0))
	require.Equal(t, "<</#23x null/A 9223372036854775807/~#20#7f true>>", string(w.buf))
}

func TestUpdateRefusesTwoGenerations(t *testing.T) {
	t.Parallel()
	d, err := Open(onePage(), nil)
	require.NoError(t, err)
	u := NewUpdate(d)
	u.Set(Ref{Num: 3}, 1)
	u.Set(Ref{Num: 3, Gen: 1}, 2)
	_, err = u.Bytes()
	require.ErrorContains(t, err, "two generations")
}

func TestSignWantsBothPlaceholders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dict        Dict
		bytes, sign bool
	}{
		"none":     {Dict{}, true, false},
		"contents": {Dict{"Contents": Contents{Bytes: 8}}, false, false},
		"range":    {Dict{"ByteRange": ByteRange{}}, false, false},
		"both":     {Dict{"Contents": Contents{Bytes: 8}, "ByteRange": ByteRange{}}, false, true},
	} {
		d, err := Open(onePage(), nil)
		require.NoError(t, err)
		u := NewUpdate(d)
		u.Add(c.dict)
		_, err = u.Bytes()
		require.Equal(t, c.bytes, err == nil, name)
		s, err := u.Sign()
		require.Equal(t, c.sign, err == nil, name)
		if s == nil {
			continue
		}
		require.NoError(t, s.Fill(make([]byte, 8)))
		require.ErrorIs(t, s.Fill(make([]byte, 9)), ErrRoom)
	}
}

func TestTouchedAndNumbers(t *testing.T) {
	t.Parallel()
	base := onePage("(a)", "(b)")
	now, err := Open(updated(t, base), nil)
	require.NoError(t, err)
	old, err := now.At(int64(len(base)))
	require.NoError(t, err)
	require.Equal(t, []uint32{3}, now.Touched(old))
	require.Equal(t, []uint32{3}, old.Touched(now))
	require.Empty(t, now.Touched(now))
	// A revision that frees one object and adds another; a free entry for a number never used says nothing.
	at, added := len(base), "6 0 obj\n(c)\nendobj\n"
	more := fmt.Sprintf("%sxref\n4 1\n0000000000 00001 f\r\n6 2\n%010d 00000 n\r\n0000000000 00000 f\r\n"+
		"trailer\n<</Size 8/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", added, at, old.StartXref, at+len(added))
	freed, err := Open(append(bytes.Clone(base), more...), nil)
	require.NoError(t, err)
	require.Equal(t, []uint32{4, 6}, freed.Touched(old))
	require.Equal(t, []uint32{4, 6}, old.Touched(freed))
	require.Equal(t, []uint32{1, 2, 3, 5, 6}, freed.Numbers())
	for _, n := range []uint32{4, 99} {
		_, _, in, err := freed.ByNumber(n)
		require.NoError(t, err)
		require.False(t, in)
	}
	o, ref, in, err := freed.ByNumber(6)
	require.NoError(t, err)
	require.True(t, in)
	require.Equal(t, []any{String("c"), Ref{Num: 6}}, []any{o, ref})
	require.NoError(t, freed.CheckUpdate(int64(at)))
}

// Some writers' offsets point at the end of line before an object, or at space before it: up to sixteen octets.
func TestOffsetsBeforeTheObject(t *testing.T) {
	t.Parallel()
	base := bytes.TrimRight(onePage(), "\n")
	for name, c := range map[string]struct {
		end    string // of the base
		before int    // how far in front of the new octets the offset points
		spaces int
		ok     bool
	}{
		"exact":                   {"\n", 0, 0, true},
		"end of line before":      {"\n", 1, 0, true},
		"two octets before":       {"\r\n", 2, 0, true},
		"sixteen spaces":          {"\n", 0, 16, true},
		"seventeen spaces":        {"\n", 0, 17, false},
		"end of line and fifteen": {"\n", 1, 15, true},
		"end of line and sixteen": {"\n", 1, 16, false},
	} {
		data := append(bytes.Clone(base), c.end...)
		d, err := Open(data, nil)
		require.NoError(t, err)
		from := len(data)
		data = append(data, strings.Repeat(" ", c.spaces)+"4 0 obj\n(c)\nendobj\n"...)
		at := len(data)
		data = fmt.Appendf(data, "xref\n4 1\n%010d 00000 n\r\ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n",
			from-c.before, d.StartXref, at)
		now, err := Open(data, nil)
		require.NoError(t, err, name)
		err = now.CheckUpdate(int64(from))
		if c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, ErrMalformed, name)
		}
	}
}

// An entry that points behind the last %%EOF is no object; nothing stands there to be listed.
func TestOffsetAtTheEndOfTheFile(t *testing.T) {
	t.Parallel()
	base := onePage()
	d, err := Open(base, nil)
	require.NoError(t, err)
	at := len(base)
	data := fmt.Appendf(bytes.Clone(base), "xref\n4 1\n0000009999 00000 n\r\n"+
		"trailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", d.StartXref, at)
	data = bytes.Replace(data, []byte("0000009999"), fmt.Appendf(nil, "%010d", len(data)-1), 1)
	now, err := Open(data, nil)
	require.NoError(t, err)
	require.NoError(t, now.CheckUpdate(int64(at)))
	_, err = now.Get(Ref{Num: 4})
	require.ErrorIs(t, err, ErrMalformed)
}
