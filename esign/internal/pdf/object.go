package pdf

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Object is one PDF value: nil (null), bool, int64, float64, String, Name, Array, Dict, *Stream or Ref.
// Reading yields exactly these; writing takes int as well.
type Object any

// Name is a PDF name without its slash, escapes decoded.
type Name string

// String is the bytes of a PDF string, whichever way it was written.
type String string

// Array is a PDF array.
type Array []Object

// Dict is a PDF dictionary. A value read from a document is shared with its cache: copy before changing it (Clone).
type Dict map[Name]Object

// Stream is a dictionary and its bytes as they lie in the file, filters not undone.
type Stream struct {
	Dict Dict
	Raw  []byte
}

// Ref names an indirect object.
type Ref struct {
	Num uint32
	Gen uint16
}

// Clone copies the top level of d; values inside stay shared.
func (d Dict) Clone() Dict {
	c := make(Dict, len(d)+2)
	for k, v := range d {
		c[k] = v
	}
	return c
}

// Text encodes s as a PDF text string: UTF-16BE with a byte order mark, so that no Vietnamese letter can end or escape it.
// Callers pass NFC. Invalid UTF-8 becomes U+FFFD.
func Text(s string) String {
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return String(b)
}

// DecodeText reads a PDF text string: UTF-16BE or UTF-8 by its mark, else PDFDocEncoding, of which only the part shared
// with Latin-1 is told apart.
func DecodeText(s String) string {
	switch {
	case len(s) >= 2 && s[0] == 0xfe && s[1] == 0xff:
		u := make([]uint16, 0, len(s)/2)
		for i := 2; i+1 < len(s); i += 2 {
			u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
		}
		return string(utf16.Decode(u))
	case len(s) >= 3 && s[:3] == "\xef\xbb\xbf" && utf8.ValidString(string(s[3:])):
		return string(s[3:])
	}
	r := make([]rune, len(s))
	for i := range len(s) {
		r[i] = rune(s[i])
	}
	return string(r)
}
