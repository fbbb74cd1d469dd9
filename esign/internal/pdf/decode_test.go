package pdf

import (
	"bytes"
	"encoding/ascii85"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// decoded undoes one filter; nil for a refusal.
func decoded(t testing.TB, filter Name, raw []byte, parms Dict) []byte {
	t.Helper()
	d, err := Open(onePage(), nil)
	require.NoError(t, err)
	s := &Stream{Dict: Dict{"Filter": filter}, Raw: raw}
	if parms != nil {
		s.Dict["DecodeParms"] = parms
	}
	out, err := d.Decode(s)
	if err != nil {
		require.ErrorIs(t, err, ErrMalformed)
		return nil
	}
	return append([]byte{}, out...)
}

// ISO 32000-1 7.4.2, 7.4.3 and 7.4.5, at the first and last value of each case.
func TestFiltersAtTheirEdges(t *testing.T) {
	t.Parallel()
	run := func(n byte, octets int) string { return string(append([]byte{n}, bytes.Repeat([]byte{7}, octets)...)) }
	for _, c := range []struct {
		filter Name
		raw    string
		want   []byte // nil for a refusal
	}{
		{"ASCIIHexDecode", "", []byte{}},
		{"ASCIIHexDecode", ">", []byte{}},
		{"ASCIIHexDecode", "4>", []byte{0x40}},
		{"ASCIIHexDecode", "41", []byte{0x41}},
		{"ASCIIHexDecode", "41> \n", []byte{0x41}},
		{"ASCIIHexDecode", "41>>", nil},
		{"ASCIIHexDecode", "0", []byte{0}},
		{"ASCIIHexDecode", "00", []byte{0}},
		{"ASCII85Decode", "~>", []byte{}},
		{"ASCII85Decode", "!!!!!~>", []byte{0, 0, 0, 0}},
		{"ASCII85Decode", "z!!!!!z~>", make([]byte, 12)},
		{"ASCII85Decode", "s8W-!~>", []byte{0xff, 0xff, 0xff, 0xff}},
		{"ASCII85Decode", "s8W-\"~>", nil},
		{"ASCII85Decode", "!z~>", nil},
		{"ASCII85Decode", " ! ! ~>", []byte{0}},
		{"ASCII85Decode", "!~>", nil},
		{"ASCII85Decode", "!!v~>", nil},
		{"ASCII85Decode", "!!!!!", nil},
		{"ASCII85Decode", "uuuu~>", nil},
		{"RunLengthDecode", "", []byte{}},
		{"RunLengthDecode", run(0, 1), []byte{7}},
		{"RunLengthDecode", run(0, 0), nil},
		{"RunLengthDecode", run(127, 128), bytes.Repeat([]byte{7}, 128)},
		{"RunLengthDecode", run(127, 127), nil},
		{"RunLengthDecode", run(128, 5), []byte{}},
		{"RunLengthDecode", run(129, 1), bytes.Repeat([]byte{7}, 128)},
		{"RunLengthDecode", run(255, 1), []byte{7, 7}},
		{"RunLengthDecode", run(255, 0), nil},
	} {
		require.Equal(t, c.want, decoded(t, c.filter, []byte(c.raw), nil), "%s %q", c.filter, c.raw)
	}
	// Every length of ASCII85's last group, and more than is written out at once.
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 1<<16 - 1, 1 << 16, 1<<16 + 4, 200_001} {
		want := make([]byte, n)
		for i := range want {
			want[i] = byte(i*7 + 1)
		}
		raw := make([]byte, ascii85.MaxEncodedLen(n))
		raw = append(raw[:ascii85.Encode(raw, want)], "~>"...)
		require.True(t, bytes.Equal(want, decoded(t, "ASCII85Decode", raw, nil)), n)
	}
}

// earlyLZW packs codes as ISO 32000-1 7.4.4.2 asks: the width grows one code before it must.
func earlyLZW(codes []int) []byte {
	var out []byte
	acc, bits, next, width, first := 0, 0, 258, 9, true
	for _, c := range codes {
		acc, bits = acc<<width|c, bits+width
		for bits >= 8 {
			out = append(out, byte(acc>>(bits-8)))
			bits -= 8
			acc &= 1<<bits - 1
		}
		if c == 256 {
			next, width, first = 258, 9, true
			continue
		}
		if !first {
			next++
		}
		first = false
		for width < 12 && next+1 >= 1<<width {
			width++
		}
	}
	return append(out, byte(acc<<(8-bits)))
}

func TestLZWThroughEveryWidth(t *testing.T) {
	t.Parallel()
	lzw := func(codes ...int) []byte { return decoded(t, "LZWDecode", earlyLZW(append(codes, 257)), nil) }
	// Single octets only: each adds an entry, so that 3,838 of them fill the table of 4,096.
	for _, n := range []int{1, 252, 253, 254, 255, 765, 766, 767, 1789, 1790, 1791, 3838} {
		codes, want := []int{256}, []byte(nil)
		for i := range n {
			codes, want = append(codes, i%256), append(want, byte(i))
		}
		require.Equal(t, want, lzw(codes...), n)
	}
	// After a clear the codes are narrow again, and the table is empty.
	require.Equal(t, []byte("aabb"), lzw(256, 'a', 'a', 256, 'b', 'b'))
	require.Equal(t, []byte("aaa"), lzw(256, 'a', 258), "the entry being made")
	require.Nil(t, lzw(256, 258), "nothing is being made yet")
	require.Nil(t, lzw(256, 'a', 259), "beyond the table")
	require.Nil(t, lzw(256, 'a', 'b', 256, 258), "cleared away")
}

func TestPredictorsAtTheirEdges(t *testing.T) {
	t.Parallel()
	n := func(v int) Object { return int64(v) }
	of := func(predictor, columns int) Dict { return Dict{"Predictor": n(predictor), "Columns": n(columns)} }
	two := func(predictor int) Dict { return Dict{"Predictor": n(predictor), "Columns": n(2), "Colors": n(2)} } //nolint:misspell // the key
	one := []byte{1}
	for name, c := range map[string]struct {
		parms      Dict
		data, want []byte // want is nil for a refusal
	}{
		"TIFF of two colours": {two(2), []byte{1, 2, 1, 1, 5, 6, 1, 1}, []byte{1, 2, 2, 3, 5, 6, 6, 7}},
		"TIFF, cut row":       {of(2, 3), []byte{1, 1, 1, 1, 1}, []byte{1, 2, 3, 1, 2}},
		"PNG, cut row":        {of(12, 3), []byte{0, 1, 2, 3, 2, 1, 1}, []byte{1, 2, 3, 2, 3}},
		"PNG of two colours":  {two(10), []byte{1, 1, 2, 1, 1}, []byte{1, 2, 2, 3}},
		"PNG of half octets": {
			Dict{"Predictor": n(15), "Columns": n(3), "BitsPerComponent": n(4)}, []byte{1, 1, 1, 1, 1, 1}, []byte{1, 2, 1, 2},
		},
		"PNG of no octets":        {of(15, 1), []byte{}, []byte{}},
		"PNG, unknown row":        {of(15, 1), []byte{5, 1}, nil},
		"PNG, last known row":     {of(15, 1), []byte{4, 1}, one},
		"predictor 0":             {of(0, 1), one, nil},
		"predictor 16":            {of(16, 1), one, nil},
		"no columns":              {of(1, 0), one, nil},
		"most columns":            {of(1, 1<<20), one, one},
		"too many columns":        {of(1, 1<<20+1), one, nil},
		"most colours":            {Dict{"Colors": n(32)}, one, one}, //nolint:misspell // the key is spelt so
		"too many colours":        {Dict{"Colors": n(33)}, one, nil}, //nolint:misspell // the key is spelt so
		"most bits":               {Dict{"BitsPerComponent": n(16)}, one, one},
		"too many bits":           {Dict{"BitsPerComponent": n(17)}, one, nil},
		"a name for a number":     {Dict{"Columns": Name("A")}, one, nil},
		"average rounds down":     {of(13, 2), []byte{0, 3, 4, 3, 0, 0}, []byte{3, 4, 1, 2}},
		"average of large values": {of(13, 2), []byte{0, 255, 255, 3, 128, 0}, []byte{255, 255, 255, 255}},
	} {
		require.Equal(t, c.want, decoded(t, "FlateDecode", deflate(t, c.data), c.parms), name)
	}
	// A predictor concerns Flate and LZW alone (ISO 32000-1 table 8).
	require.Equal(t, []byte{9}, decoded(t, "ASCIIHexDecode", []byte("09"), of(99, 1)))
	require.Equal(t, []byte{1, 3}, decoded(t, "LZWDecode", earlyLZW([]int{256, 1, 2, 257}), of(2, 2)))
}

// The reference nearest to left + up - corner is taken; of equally near ones left before up before corner (RFC 2083 §6.6).
func TestPaeth(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]byte{ // left, up, corner, answer
		{1, 2, 3, 1}, {2, 1, 3, 1}, {5, 5, 5, 5}, {10, 20, 20, 10}, {20, 10, 20, 10}, {10, 20, 15, 15}, {10, 20, 10, 20},
		{10, 20, 14, 14}, {10, 20, 30, 10}, {0, 3, 1, 3}, {3, 0, 1, 3}, {0, 2, 1, 1}, {0, 4, 2, 2}, {7, 7, 3, 7}, {1, 3, 0, 3},
		{3, 9, 5, 9}, {6, 0, 4, 0}, {9, 3, 5, 9}, {255, 0, 128, 128}, {0, 255, 128, 128},
	} {
		require.Equal(t, c[3], paeth(c[0], c[1], c[2]), c)
	}
}

func TestFilterLists(t *testing.T) {
	t.Parallel()
	d, err := Open(onePage("/ASCIIHexDecode", "<</Predictor 2>>", "6 0 R"), nil)
	require.NoError(t, err)
	hex, lzw := Name("ASCIIHexDecode"), Name("LZWDecode")
	early, late := Dict{"EarlyChange": int64(1)}, Dict{"EarlyChange": int64(0)}
	two := []Dict{{"Predictor": int64(2)}}
	for name, c := range map[string]struct {
		filter, parms Object
		names         []Name
		dicts         []Dict
		want          error
	}{
		"none":                     {nil, nil, []Name{}, []Dict{}, nil},
		"by reference":             {Ref{Num: 4}, Ref{Num: 5}, []Name{hex}, two, nil},
		"array by reference":       {Array{Ref{Num: 4}}, Array{Ref{Num: 5}}, []Name{hex}, two, nil},
		"fewer parameters":         {Array{hex, hex}, Array{nil}, []Name{hex, hex}, []Dict{nil, nil}, nil},
		"most filters":             {Array(slices.Repeat([]Object{hex}, 8)), nil, slices.Repeat([]Name{hex}, 8), make([]Dict, 8), nil},
		"one more":                 {Array(slices.Repeat([]Object{hex}, 9)), nil, nil, nil, ErrLimit},
		"too many parameters":      {hex, Array(make([]Object, 9)), nil, nil, ErrLimit},
		"no name":                  {int64(1), nil, nil, nil, ErrMalformed},
		"a ring":                   {Ref{Num: 6}, nil, nil, nil, ErrMalformed},
		"a ring in an array":       {Array{Ref{Num: 6}}, nil, nil, nil, ErrMalformed},
		"a ring of parameters":     {hex, Ref{Num: 6}, nil, nil, ErrMalformed},
		"early change":             {lzw, early, []Name{lzw}, []Dict{early}, nil},
		"late change":              {lzw, late, nil, nil, ErrFilter},
		"late change of no matter": {hex, late, []Name{hex}, []Dict{late}, nil},
	} {
		names, parms, err := d.Filters(Dict{"Filter": c.filter, "DecodeParms": c.parms})
		require.ErrorIs(t, err, c.want, name)
		if c.want == nil {
			require.Equal(t, c.names, names, name)
			require.Equal(t, c.dicts, parms, name)
		}
	}
}

// What a filter puts out counts up to the limit and not beyond, for each of them.
func TestDecodedAtItsLimit(t *testing.T) {
	t.Parallel()
	want := make([]byte, 8)
	for filter, raw := range map[Name][]byte{
		"FlateDecode": deflate(t, want), "ASCIIHexDecode": []byte("0000000000000000"), "ASCII85Decode": []byte("zz~>"),
		"RunLengthDecode": {249, 0}, "LZWDecode": earlyLZW([]int{256, 0, 258, 259, 0, 0, 257}),
	} {
		for limit, ok := range map[int64]bool{8: true, 7: false} {
			d, err := Open(onePage(), &Limits{Decoded: limit})
			require.NoError(t, err)
			got, err := d.Decode(&Stream{Dict: Dict{"Filter": filter}, Raw: raw})
			if ok {
				require.NoError(t, err, filter)
				require.Equal(t, want, got, filter)
			} else {
				require.ErrorIs(t, err, ErrLimit, filter)
			}
		}
	}
}
