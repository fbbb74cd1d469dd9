package pdf

import (
	"fmt"
	"io"
)

// unpredict undoes the PNG and TIFF predictors of Flate and LZW streams (ISO 32000-1 7.4.4.4).
func unpredict(data []byte, p Dict) ([]byte, error) {
	predictor, e1 := parm(p, "Predictor", 1, 15)
	components, e2 := parm(p, "Colors", 1, 32) //nolint:misspell // the key is spelt so
	bits, e3 := parm(p, "BitsPerComponent", 8, 16)
	columns, e4 := parm(p, "Columns", 1, 1<<20)
	for _, err := range []error{e1, e2, e3, e4} {
		if err != nil {
			return nil, err
		}
	}
	row := (components*bits*columns + 7) / 8
	bpp := max(1, components*bits/8)
	switch {
	case predictor == 1:
		return data, nil
	case predictor == 2 && bits == 8:
		out := append([]byte(nil), data...)
		for r := 0; r < len(out); r += row {
			for i := r + bpp; i < min(r+row, len(out)); i++ {
				out[i] += out[i-bpp]
			}
		}
		return out, nil
	case predictor >= 10:
		return unPNG(data, row, bpp)
	}
	return nil, fmt.Errorf("%w: predictor %d with %d bits", ErrFilter, predictor, bits)
}

func parm(p Dict, key Name, def, most int) (int, error) {
	v, ok := p[key]
	if !ok {
		return def, nil
	}
	n, ok := v.(int64)
	if !ok || n < 1 || n > int64(most) {
		return 0, fmt.Errorf("%w: %s of a predictor is wrong", ErrMalformed, string(key))
	}
	return int(n), nil
}

func unPNG(data []byte, row, bpp int) ([]byte, error) {
	out := make([]byte, 0, len(data))
	prior := make([]byte, min(row, len(data))) // a row may claim to be 64 MiB long
	for len(data) > 0 {
		kind := data[0]
		n := min(row, len(data)-1)
		cur := append(out[len(out):len(out):cap(out)], data[1:1+n]...)
		data = data[1+n:]
		for i := range cur {
			var left, up, corner byte
			up = prior[i]
			if i >= bpp {
				left, corner = cur[i-bpp], prior[i-bpp]
			}
			switch kind {
			case 0:
			case 1:
				cur[i] += left
			case 2:
				cur[i] += up
			case 3:
				cur[i] += byte((int(left) + int(up)) / 2)
			case 4:
				cur[i] += paeth(left, up, corner)
			default:
				return nil, fmt.Errorf("%w: png row filter %d", ErrMalformed, kind)
			}
		}
		out = out[:len(out)+n]
		clear(prior[copy(prior, cur):])
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// unLZW undoes PDF's LZW, which widens its codes one code early and so cannot be read by compress/lzw.
func unLZW(w io.Writer, data []byte) error {
	const clearCode, endCode = 256, 257
	var table [4096][]byte
	for i := range 256 {
		table[i] = []byte{byte(i)}
	}
	next, width := 258, 9
	var prev []byte
	acc, nbits := 0, 0
	for _, c := range data {
		acc, nbits = acc<<8|int(c), nbits+8
		for nbits >= width {
			code := acc >> (nbits - width) & (1<<width - 1)
			nbits -= width
			acc &= 1<<nbits - 1
			switch code {
			case endCode:
				return nil
			case clearCode:
				next, width, prev = 258, 9, nil
				continue
			}
			cur, err := lzwEntry(table[:next], code, next, prev)
			if err != nil {
				return err
			}
			if _, err := w.Write(cur); err != nil {
				return err
			}
			if prev != nil && next < len(table) {
				table[next] = append(prev[:len(prev):len(prev)], cur[0])
				next++
			}
			prev = cur
			switch next + 1 {
			case 512, 1024, 2048:
				width = 10 + (next+1)/1024
			}
		}
	}
	return nil
}

func lzwEntry(table [][]byte, code, next int, prev []byte) ([]byte, error) {
	switch {
	case code < next && table[code] != nil:
		return table[code], nil
	case code == next && prev != nil:
		return append(prev[:len(prev):len(prev)], prev[0]), nil
	}
	return nil, fmt.Errorf("%w: lzw code out of range", ErrMalformed)
}
