package pdf

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"encoding/ascii85"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func decoder(t *testing.T, l *Limits) *Document {
	t.Helper()
	d, err := Open(onePage(), l)
	require.NoError(t, err)
	return d
}

func deflate(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestFilters(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("Bản sao chứng thực điện tử. "), 100)
	a85 := make([]byte, ascii85.MaxEncodedLen(len(text)))
	a85 = append(a85[:ascii85.Encode(a85, text)], "~>"...)
	for name, c := range map[string]struct {
		filter Object
		raw    []byte
		want   []byte
	}{
		"none":    {nil, text, text},
		"flate":   {Name("FlateDecode"), deflate(t, text), text},
		"hex":     {Name("ASCIIHexDecode"), []byte("48 656C\n6c6F>"), []byte("Hello")},
		"odd hex": {Name("ASCIIHexDecode"), []byte("485>"), []byte("HP")},
		"ascii85": {Name("ASCII85Decode"), a85, text},
		"zeros":   {Name("ASCII85Decode"), []byte("z!!~>"), []byte{0, 0, 0, 0, 0}},
		"runs":    {Name("RunLengthDecode"), []byte{2, 'a', 'b', 'c', 254, 'x', 128, 9}, []byte("abcxxx")},
		"two":     {Array{Name("ASCIIHexDecode"), Name("RunLengthDecode")}, []byte("00 41 80>"), []byte("A")},
		"lzw of the standard": {Name("LZWDecode"), []byte{0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01},
			[]byte{45, 45, 45, 45, 45, 65, 45, 45, 45, 66}}, // ISO 32000-1 7.4.4.2, example
	} {
		s := &Stream{Dict: Dict{}, Raw: c.raw}
		if c.filter != nil {
			s.Dict["Filter"] = c.filter
		}
		got, err := decoder(t, nil).Decode(s)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestFiltersRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		filter Object
		raw    string
		want   error
	}{
		"image":             {Name("DCTDecode"), "", ErrFilter},
		"crypt":             {Name("Crypt"), "", ErrFilter},
		"no name":           {Array{int64(1)}, "", ErrMalformed},
		"too many":          {Array(slices.Repeat([]Object{Name("A")}, 9)), "", ErrLimit},
		"no zlib":           {Name("FlateDecode"), "hello", ErrMalformed},
		"cut zlib":          {Name("FlateDecode"), "\x78\x9c\xcb", ErrMalformed},
		"hex":               {Name("ASCIIHexDecode"), "4g>", ErrMalformed},
		"behind hex":        {Name("ASCIIHexDecode"), "41>41", ErrMalformed},
		"ascii85 endless":   {Name("ASCII85Decode"), "abc", ErrMalformed},
		"ascii85 foreign":   {Name("ASCII85Decode"), "ab\x7f~>", ErrMalformed},
		"ascii85 too large": {Name("ASCII85Decode"), "uuuuu~>", ErrMalformed},
		"ascii85 single":    {Name("ASCII85Decode"), "a~>", ErrMalformed},
		"cut run":           {Name("RunLengthDecode"), "\x05ab", ErrMalformed},
		"cut repeat":        {Name("RunLengthDecode"), "\xf0", ErrMalformed},
		"lzw":               {Name("LZWDecode"), "\x80\x7f\xff\xff", ErrMalformed},
	} {
		_, err := decoder(t, nil).Decode(&Stream{Dict: Dict{"Filter": c.filter}, Raw: []byte(c.raw)})
		require.ErrorIs(t, err, c.want, name)
	}
	bomb := deflate(t, make([]byte, 1<<20))
	for name, s := range map[string]*Stream{
		"flate": {Dict: Dict{"Filter": Name("FlateDecode")}, Raw: bomb},
		"twice": {Dict: Dict{"Filter": Array{Name("FlateDecode"), Name("FlateDecode")}}, Raw: deflate(t, bomb)},
		"runs":  {Dict: Dict{"Filter": Name("RunLengthDecode")}, Raw: bytes.Repeat([]byte{129, 0}, 1000)},
	} {
		_, err := decoder(t, &Limits{Decoded: 100_000}).Decode(s)
		require.ErrorIs(t, err, ErrLimit, name)
	}
}

// TestLZWAgainstGo: Go's writer makes TIFF's late change, which PDF reads with EarlyChange 0 and we refuse; below the first
// change of width both are the same.
func TestLZWAgainstGo(t *testing.T) {
	t.Parallel()
	text := []byte("chứng thực chứng thực chứng thực bản sao")
	var b bytes.Buffer
	w := lzw.NewWriter(&b, lzw.MSB, 8)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	s := &Stream{Dict: Dict{"Filter": Name("LZWDecode")}, Raw: b.Bytes()}
	got, err := decoder(t, nil).Decode(s)
	require.NoError(t, err)
	require.Equal(t, text, got)
	s.Dict["DecodeParms"] = Dict{"EarlyChange": int64(0)}
	_, err = decoder(t, nil).Decode(s)
	require.ErrorIs(t, err, ErrFilter)
}

func TestPredictors(t *testing.T) {
	t.Parallel()
	// Two rows of three columns; the five row filters of PNG (RFC 2083 6) over the same picture.
	want := []byte{1, 2, 3, 4, 6, 9}
	for name, c := range map[string]struct {
		parms Dict
		data  []byte
	}{
		"none":     {Dict{"Predictor": int64(12)}, []byte{0, 1, 2, 3, 0, 4, 6, 9}},
		"sub":      {Dict{"Predictor": int64(11)}, []byte{1, 1, 1, 1, 1, 4, 2, 3}},
		"up":       {Dict{"Predictor": int64(12)}, []byte{2, 1, 2, 3, 2, 3, 4, 6}},
		"average":  {Dict{"Predictor": int64(13)}, []byte{0, 1, 2, 3, 3, 4, 3, 5}},
		"paeth":    {Dict{"Predictor": int64(14)}, []byte{0, 1, 2, 3, 4, 3, 2, 3}},
		"tiff":     {Dict{"Predictor": int64(2)}, []byte{1, 1, 1, 4, 2, 3}},
		"switched": {Dict{"Predictor": int64(1)}, want},
	} {
		c.parms["Columns"] = int64(3)
		s := &Stream{Dict: Dict{"Filter": Name("FlateDecode"), "DecodeParms": c.parms}, Raw: deflate(t, c.data)}
		got, err := decoder(t, nil).Decode(s)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for _, parms := range []Dict{
		{"Predictor": int64(3)}, {"Predictor": int64(99)}, {"Predictor": int64(12), "Columns": int64(-1)},
		{"Predictor": int64(2), "BitsPerComponent": int64(4)}, {"Predictor": Name("x")},
	} {
		s := &Stream{Dict: Dict{"Filter": Name("FlateDecode"), "DecodeParms": parms}, Raw: deflate(t, []byte{9, 1, 2, 3})}
		_, err := decoder(t, nil).Decode(s)
		require.Error(t, err)
	}
}

// TestQPDFReadsAlike lets qpdf write object streams and compares what both read.
func TestQPDFReadsAlike(t *testing.T) {
	t.Parallel()
	qpdf, err := exec.LookPath("qpdf")
	if err != nil {
		t.Skip("qpdf is not installed: its opinion is not asked")
	}
	in, out := filepath.Join(t.TempDir(), "in.pdf"), filepath.Join(t.TempDir(), "out.pdf")
	require.NoError(t, os.WriteFile(in, onePage("<</Deep[1(x)/Y]>>"), 0o600))
	for _, args := range [][]string{
		{"--object-streams=generate"}, {"--linearize"}, {"--object-streams=generate", "--linearize"}, {"--object-streams=disable"},
	} {
		msg, err := exec.Command(qpdf, append(args, in, out)...).CombinedOutput()
		require.NoError(t, err, string(msg))
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		d, err := Open(data, nil)
		require.NoError(t, err, args)
		pages, err := d.Pages()
		require.NoError(t, err, args)
		require.Len(t, pages, 1)
		require.Equal(t, [4]float64{0, 0, 595, 842}, pages[0].MediaBox)
	}
	msg, err := exec.Command(qpdf, "--encrypt", "a", "b", "256", "--", in, out).CombinedOutput()
	require.NoError(t, err, string(msg))
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	_, err = Open(data, nil)
	require.ErrorIs(t, err, ErrEncrypted)
}
