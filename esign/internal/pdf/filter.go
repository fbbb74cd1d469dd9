package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// maxFilters bounds a filter chain; real files use one or two.
const maxFilters = 8

// Decode undoes all filters of s: Flate, LZW, ASCIIHex, ASCII85, RunLength with their predictors. Image filters
// (DCT, JPX, CCITT, JBIG2) and Crypt are ErrFilter. Every byte any filter puts out counts towards Limits.Decoded.
func (d *Document) Decode(s *Stream) ([]byte, error) {
	if d.encrypted {
		return nil, ErrEncrypted
	}
	names, parms, err := d.Filters(s.Dict)
	if err != nil {
		return nil, err
	}
	data := s.Raw
	for i, f := range names {
		if data, err = d.decodeOne(f, data); err != nil {
			return nil, err
		}
		if f != "FlateDecode" && f != "LZWDecode" || parms[i] == nil {
			continue
		}
		if data, err = unpredict(data, parms[i]); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// Filters lists the filters of a stream and the parameters of each (nil where there are none).
func (d *Document) Filters(dict Dict) ([]Name, []Dict, error) {
	filters, err := d.list(dict["Filter"])
	if err != nil {
		return nil, nil, err
	}
	parms, err := d.list(dict["DecodeParms"])
	if err != nil {
		return nil, nil, err
	}
	names, ps := make([]Name, len(filters)), make([]Dict, len(filters))
	for i, f := range filters {
		var ok bool
		if names[i], ok = f.(Name); !ok {
			return nil, nil, fmt.Errorf("%w: a filter is no name", ErrMalformed)
		}
		if i < len(parms) {
			if ps[i], err = d.Dict(parms[i]); err != nil {
				return nil, nil, err
			}
		}
		if early, ok := ps[i]["EarlyChange"]; ok && names[i] == "LZWDecode" && early != int64(1) {
			return nil, nil, fmt.Errorf("%w: LZWDecode without early change", ErrFilter)
		}
	}
	return names, ps, nil
}

// list makes a resolved list of one value or an array of values.
func (d *Document) list(o Object) (Array, error) {
	o, err := d.Resolve(o)
	if err != nil || o == nil {
		return nil, err
	}
	a, ok := o.(Array)
	if !ok {
		return Array{o}, nil
	}
	if len(a) > maxFilters { // before it is walked: many streams may share one long list
		return nil, overLimit("filters on one stream", maxFilters)
	}
	out := make(Array, len(a))
	for i := range a {
		if out[i], err = d.Resolve(a[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d *Document) decodeOne(f Name, data []byte) ([]byte, error) {
	sink := &sink{budget: &d.file.budget}
	var err error
	switch f {
	case "FlateDecode":
		err = inflate(sink, data)
	case "LZWDecode":
		err = unLZW(sink, data)
	case "ASCIIHexDecode":
		err = unHex(sink, data)
	case "ASCII85Decode":
		err = un85(sink, data)
	case "RunLengthDecode":
		err = unRunLength(sink, data)
	default:
		err = fmt.Errorf("%w: %q", ErrFilter, string(f))
	}
	if err != nil {
		return nil, err
	}
	return sink.out, nil
}

// sink collects a filter's output and stops it at the limit.
type sink struct {
	out    []byte
	budget *budget
}

func (s *sink) Write(p []byte) (int, error) {
	if err := s.budget.takeDecoded(len(p)); err != nil {
		return 0, err
	}
	s.out = append(s.out, p...)
	return len(p), nil
}

func inflate(w io.Writer, data []byte) error {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: flate: %w", ErrMalformed, err)
	}
	if _, err := io.Copy(w, z); err != nil {
		if errors.Is(err, ErrLimit) {
			return err
		}
		return fmt.Errorf("%w: flate: %w", ErrMalformed, err)
	}
	return nil
}

func unHex(w io.Writer, data []byte) error {
	out := make([]byte, 0, len(data)/2)
	high, ended := -1, false
	for i, c := range data {
		v := hexVal(c)
		switch {
		case isSpace(c):
			continue
		case ended:
			return malformed(int64(i), "bytes behind the end of ASCIIHex data")
		case c == '>':
			ended = true
		case v < 0:
			return malformed(int64(i), "a foreign character in ASCIIHex data")
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
	_, err := w.Write(out)
	return err
}

func un85(w io.Writer, data []byte) error {
	var group [5]byte
	n := 0
	buf := make([]byte, 0, len(data))
	for i, c := range data {
		switch {
		case isSpace(c):
			continue
		case c == '~':
			out, err := tail85(buf, group, n)
			if err != nil {
				return err
			}
			_, err = w.Write(out)
			return err
		case c == 'z' && n == 0:
			buf = append(buf, 0, 0, 0, 0)
		case c < '!' || c > 'u':
			return malformed(int64(i), "a foreign character in ASCII85 data")
		default:
			group[n] = c - '!'
			if n++; n < 5 {
				continue
			}
			out, err := group85(group)
			if err != nil {
				return err
			}
			buf = append(buf, out[:]...)
			n = 0
		}
		if len(buf) > 1<<16 {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	return fmt.Errorf("%w: ASCII85 data without end", ErrMalformed)
}

func group85(g [5]byte) (out [4]byte, err error) {
	var v uint64
	for _, d := range g {
		v = v*85 + uint64(d)
	}
	if v > 1<<32-1 {
		return out, fmt.Errorf("%w: ASCII85 group out of range", ErrMalformed)
	}
	return [4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}, nil
}

func tail85(buf []byte, g [5]byte, n int) ([]byte, error) {
	if n == 0 {
		return buf, nil
	}
	if n == 1 {
		return nil, fmt.Errorf("%w: ASCII85 data with a single last character", ErrMalformed)
	}
	for i := n; i < 5; i++ {
		g[i] = 84
	}
	out, err := group85(g)
	return append(buf, out[:n-1]...), err
}

func unRunLength(w io.Writer, data []byte) error {
	for i := 0; i < len(data); {
		n := int(data[i])
		i++
		switch {
		case n == 128:
			return nil
		case n < 128:
			if i+n+1 > len(data) {
				return malformed(int64(i), "run length data is cut")
			}
			if _, err := w.Write(data[i : i+n+1]); err != nil {
				return err
			}
			i += n + 1
		default:
			if i >= len(data) {
				return malformed(int64(i), "run length data is cut")
			}
			if _, err := w.Write(bytes.Repeat(data[i:i+1], 257-n)); err != nil {
				return err
			}
			i++
		}
	}
	return nil
}
