package scan

import (
	"bytes"
	"encoding/binary"
)

// What of a file is looked at before its size is: enough for every mark below.
const (
	headBytes = 36 << 10
	tailBytes = 68 << 10
)

// headerWithin is how far into a file viewers look for the header (ISO 32000-1 annex H.3, note 13).
const headerWithin = 1024

var header = []byte("%PDF-")

// envelope looks at a file from outside: is it a PDF from its first byte, and nothing else besides? tail is the end of
// the file, or all of it. looseZIP says that a ZIP ends somewhere inside, which may be an attached file.
func envelope(head, tail []byte) (c Class, looseZIP bool) {
	switch at := bytes.Index(head[:min(len(head), headerWithin+len(header))], header); {
	case at > 0:
		return Polyglot, false
	case at < 0:
		return headless(head, tail), false
	case foreignMark(head):
		return Polyglot, false
	}
	if i := bytes.LastIndex(tail, []byte("%%EOF")); i >= 0 && holdsArchive(tail[i:]) {
		return Polyglot, false
	}
	exact, loose := zipEnd(tail)
	if exact {
		return Polyglot, false
	}
	return "", loose
}

// headless names a file without a header where viewers look for it. Those that start from the end open a PDF behind a
// picture all the same; a header with an error in it is damage.
func headless(head, tail []byte) Class {
	switch end := bytes.TrimRight(tail, "\x00\t\n\f\r "); {
	case bytes.HasPrefix(head, header[:4]):
		return Broken
	case bytes.HasSuffix(end, []byte("%%EOF")) && (bytes.Contains(head, header) || bytes.Contains(tail, header)):
		return Polyglot
	}
	return NotPDF
}

// foreignMark finds the formats that are known by a mark further in, so that a PDF header can stand before it.
func foreignMark(head []byte) bool {
	for _, m := range []struct {
		at   int
		mark string
	}{
		{257, "ustar"},   // tar
		{128, "DICM"},    // DICOM
		{32769, "CD001"}, // ISO 9660
	} {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.mark)) {
			return true
		}
	}
	return false
}

// holdsArchive looks behind the end of the PDF for the archives whose readers search for their beginning.
func holdsArchive(rest []byte) bool {
	for _, mark := range []string{"PK\x03\x04", "PK\x05\x06", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c"} {
		if bytes.Contains(rest, []byte(mark)) {
			return true
		}
	}
	return false
}

const zipEndBytes = 22

// zipEnd looks for the end of a ZIP's directory, which its readers search from the end of the file (APPNOTE 4.3.16). It
// is exact when the ZIP's comment reaches the end of the file, loose when something else follows.
func zipEnd(tail []byte) (exact, loose bool) {
	for p := len(tail) - zipEndBytes; p >= max(0, len(tail)-zipEndBytes-0xffff); p-- {
		if !bytes.HasPrefix(tail[p:], []byte("PK\x05\x06")) {
			continue
		}
		directory := p - int(binary.LittleEndian.Uint32(tail[p+12:]))
		comment := int(binary.LittleEndian.Uint16(tail[p+20:]))
		proven := directory == p || directory >= 0 && bytes.HasPrefix(tail[directory:], []byte("PK\x01\x02"))
		switch {
		case p+zipEndBytes+comment == len(tail) && (proven || directory < 0):
			return true, false
		case proven && directory < p:
			loose = true
		}
	}
	return false, loose
}
