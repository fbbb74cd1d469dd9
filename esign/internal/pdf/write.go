package pdf

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// Contents stands for the /Contents of a signature dictionary while an update is written: a hex string with room for
// Bytes bytes, all zero until Signed.Fill.
type Contents struct{ Bytes int }

// ByteRange stands for the /ByteRange of a signature dictionary; the writer knows its four numbers.
type ByteRange struct{}

// byteRangeWidth has room for four numbers of 10 digits, so files up to 9.9 GB.
const byteRangeWidth = 4*10 + 3

// writer serialises objects and remembers where the two placeholders came to lie.
type writer struct {
	buf       []byte
	contents  int // offset of '<', -1 without
	room      int // bytes of signature
	byteRange int // offset of '[', -1 without
}

func (w *writer) value(o Object, depth int) error {
	if depth > 100 {
		return fmt.Errorf("pdf: an object nests deeper than 100")
	}
	switch v := o.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case int:
		w.buf = strconv.AppendInt(w.buf, int64(v), 10)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case float64:
		w.buf = appendReal(w.buf, v)
	case Name:
		w.buf = appendName(w.buf, v)
	case String:
		w.buf = append(w.buf, '<')
		w.buf = hex.AppendEncode(w.buf, []byte(v))
		w.buf = append(w.buf, '>')
	case Ref:
		w.buf = fmt.Appendf(w.buf, "%d %d R", v.Num, v.Gen)
	case Array:
		return w.array(v, depth)
	case Dict:
		return w.dict(v, depth)
	case Contents:
		w.contents, w.room = len(w.buf), v.Bytes
		w.buf = append(w.buf, '<')
		w.buf = append(w.buf, zeros(2*v.Bytes)...)
		w.buf = append(w.buf, '>')
	case ByteRange:
		w.byteRange = len(w.buf)
		w.buf = append(w.buf, '[')
		w.buf = append(w.buf, spaces(byteRangeWidth)...)
		w.buf = append(w.buf, ']')
	default:
		return fmt.Errorf("pdf: %T can't be written inside an object", o)
	}
	return nil
}

func (w *writer) array(a Array, depth int) error {
	w.buf = append(w.buf, '[')
	for i, v := range a {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		if err := w.value(v, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

// dict writes keys in order, so that equal input gives equal bytes.
func (w *writer) dict(d Dict, depth int) error {
	keys := make([]Name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	w.buf = append(w.buf, "<<"...)
	for _, k := range keys {
		w.buf = appendName(w.buf, k)
		w.buf = append(w.buf, ' ')
		if err := w.value(d[k], depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ">>"...)
	return nil
}

// indirect writes a whole indirect object.
func (w *writer) indirect(ref Ref, o Object) error {
	w.buf = fmt.Appendf(w.buf, "%d %d obj\n", ref.Num, ref.Gen)
	s, isStream := o.(*Stream)
	if isStream {
		d := s.Dict.Clone()
		d["Length"] = len(s.Raw)
		o = d
	}
	if err := w.value(o, 0); err != nil {
		return err
	}
	if isStream {
		w.buf = append(w.buf, "\nstream\n"...)
		w.buf = append(w.buf, s.Raw...)
		w.buf = append(w.buf, "\nendstream"...)
	}
	w.buf = append(w.buf, "\nendobj\n"...)
	return nil
}

func appendName(b []byte, n Name) []byte {
	b = append(b, '/')
	for i := range len(n) {
		if c := n[i]; c > ' ' && c < 0x7f && c != '#' && isRegular(c) {
			b = append(b, c)
		} else {
			b = fmt.Appendf(b, "#%02x", c)
		}
	}
	return b
}

// appendReal writes at most 6 decimals, which is a 70-millionth of an inch.
func appendReal(b []byte, v float64) []byte {
	b = strconv.AppendFloat(b, v, 'f', 6, 64)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = append(b, '0')
	}
	return b
}

func zeros(n int) []byte { return fill(n, '0') }

func spaces(n int) []byte { return fill(n, ' ') }

func fill(n int, c byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = c
	}
	return b
}
