package scan

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// directoryEnd is the end of a ZIP's central directory (APPNOTE 4.3.16): of so many octets, with a comment of so many.
func directoryEnd(directory uint32, comment uint16) string {
	b := make([]byte, 22)
	copy(b, "PK\x05\x06")
	binary.LittleEndian.PutUint32(b[12:], directory)
	binary.LittleEndian.PutUint16(b[20:], comment)
	return string(b)
}

func TestEndOfAZIP(t *testing.T) {
	t.Parallel()
	const entry = "PK\x01\x02"
	for name, c := range map[string]struct {
		tail         string
		exact, loose bool
	}{
		"nothing":                           {"", false, false},
		"too short":                         {directoryEnd(0, 0)[:21], false, false},
		"an empty ZIP":                      {directoryEnd(0, 0), true, false},
		"an empty ZIP behind text":          {"%%EOF" + directoryEnd(0, 0), true, false},
		"an entry":                          {entry + directoryEnd(4, 0), true, false},
		"an entry behind text":              {"%%EOF" + entry + directoryEnd(4, 0), true, false},
		"no entry where it should be":       {"abcd" + directoryEnd(4, 0), false, false},
		"a directory that begins before":    {"abcd" + directoryEnd(5, 0), true, false},
		"a comment":                         {entry + directoryEnd(4, 3) + "abc", true, false},
		"a comment that ends early":         {entry + directoryEnd(4, 2) + "abc", false, true},
		"a comment that would end later":    {entry + directoryEnd(4, 4) + "abc", false, true},
		"an empty ZIP that ends early":      {directoryEnd(0, 0) + "abc", false, false},
		"the longest comment":               {entry + directoryEnd(4, 0xffff) + strings.Repeat("a", 0xffff), true, false},
		"farther from the end than readers": {entry + directoryEnd(4, 0xffff) + strings.Repeat("a", 0x10000), false, false},
	} {
		exact, loose := zipEnd([]byte(c.tail))
		require.Equal(t, c.exact, exact, name)
		require.Equal(t, c.loose, loose, name)
	}
}

// Formats that are known by a mark further in: tar at 257, DICOM at 128, ISO 9660 at 32,769.
func TestMarksOfOtherFormats(t *testing.T) {
	t.Parallel()
	for mark, at := range map[string]int{"ustar": 257, "DICM": 128, "CD001": 32769} {
		for move, want := range map[int]bool{-1: false, 0: true, 1: false} {
			head := "%PDF-" + strings.Repeat("x", at+move-5) + mark
			require.Equal(t, want, foreignMark([]byte(head)), "%s %d", mark, move)
		}
		require.False(t, foreignMark([]byte("%PDF-"+strings.Repeat("x", at-5))), "%s, cut off before its mark", mark)
		require.False(t, foreignMark([]byte("%PDF-")), mark)
	}
}

// The header may stand within the first 1,024 octets for viewers (ISO 32000-1 annex H.3), but only the first one is ours.
func TestWhereTheHeaderStands(t *testing.T) {
	t.Parallel()
	const end = "\n%%EOF\n"
	for name, c := range map[string]struct {
		file string
		want Class
	}{
		"first":                    {"%PDF-1.7" + end, ""},
		"second":                   {" %PDF-1.7" + end, Polyglot},
		"as far as viewers look":   {strings.Repeat("x", 1024) + "%PDF-1.7" + end, Polyglot},
		"behind a picture":         {strings.Repeat("x", 1025) + "%PDF-1.7" + end, Polyglot},
		"behind one, with no end":  {strings.Repeat("x", 1025) + "%PDF-1.7", NotPDF},
		"with an error":            {"%PDF 1.7" + end, Broken},
		"none":                     {"hello", NotPDF},
		"none, but an end":         {"hello" + end, NotPDF},
		"an archive behind it":     {"%PDF-1.7" + end + "PK\x03\x04", Polyglot},
		"an archive before an end": {"%PDF-1.7 PK\x03\x04" + end, ""},
	} {
		got, _ := envelope([]byte(c.file), []byte(c.file))
		require.Equal(t, c.want, got, name)
	}
}

// ISO 32000-1 7.3.5: #xx in a name; what is no pair of hexadecimal digits stays as it stands.
func TestUnescape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]pdf.Name{
		"OC": "OC", "#4F#43": "OC", "#4f#43": "OC", "O#43": "OC", "#0a": "\n", "#a0": "\xa0", "#00": "\x00", "#ff": "\xff",
		"#": "#", "#4": "#4", "O#": "O#", "O#4": "O#4", "#4g": "#4g", "#g4": "#g4", "##41": "#A", "#41B": "AB",
	} {
		require.Equal(t, want, unescape(in), in)
	}
}
