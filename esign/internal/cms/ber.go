package cms

import "fmt"

// Limits bounds the reading of bytes that come from outside. The zero value of
// a field means its default.
type Limits struct {
	Bytes        int // size of the input; default 16 MiB
	Depth        int // nesting of elements; default 64
	Elements     int // number of elements; default 200,000
	Certificates int // default 64
	CRLs         int // default 64
	Signers      int // default 16
	Attributes   int // per signer and side; default 64
}

func (l *Limits) withDefaults() Limits {
	var v Limits
	if l != nil {
		v = *l
	}
	for _, f := range []struct {
		field *int
		value int
	}{
		{&v.Bytes, 16 << 20},
		{&v.Depth, 64},
		{&v.Elements, 200_000},
		{&v.Certificates, 64},
		{&v.CRLs, 64},
		{&v.Signers, 16},
		{&v.Attributes, 64},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return v
}

const (
	tagClassMask   = 0xc0
	tagConstructed = 0x20
	tagNumberMask  = 0x1f
	tagBitString   = 3
	tagOctetString = 4
)

// ToDER reads the first BER element of b and returns it with definite, minimal
// lengths and unsegmented strings, together with the number of bytes of b the
// element took. When the element already is so, der is a part of b (no copy) and
// exact is true. The order of SETs is kept, because what was signed was signed
// in the order it stands in.
//
// Strings under a context-specific tag are not joined: their type cannot be
// seen, and no field of SignedData that is read here is segmented in practice.
func ToDER(b []byte, l *Limits) (der []byte, consumed int, exact bool, err error) {
	lim := l.withDefaults()
	if len(b) > lim.Bytes {
		// Only the element counts, not what follows it, such as the padding of
		// a PDF signature; still nothing beyond the limit is looked at.
		b = b[:lim.Bytes]
	}
	r := berReader{data: b, lim: lim}
	el, err := r.element(0)
	if err != nil {
		return nil, 0, false, err
	}
	if el.exact {
		return b[:r.pos], r.pos, true, nil
	}
	return el.append(make([]byte, 0, r.pos), b), r.pos, false, nil
}

// berElement is one element with the DER length of its content already known,
// so that writing it needs no second copy per level.
type berElement struct {
	tag      []byte // identifier octets as they will be written
	start    int    // content of a primitive in the input
	end      int
	children []berElement
	joined   bool // children are segments of one primitive string
	unused   byte // of a joined BIT STRING
	size     int  // length of the content in DER
	exact    bool // the element is DER as it stands
	from, to int  // the whole element in the input, meaningful when exact
}

type berReader struct {
	data     []byte
	pos      int
	elements int
	lim      Limits
}

func (r *berReader) element(depth int) (berElement, error) {
	if depth > r.lim.Depth {
		return berElement{}, fmt.Errorf("%w: nested deeper than %d", ErrLimit, r.lim.Depth)
	}
	if r.elements++; r.elements > r.lim.Elements {
		return berElement{}, fmt.Errorf("%w: more than %d elements", ErrLimit, r.lim.Elements)
	}
	el := berElement{from: r.pos}
	tag, err := r.identifier()
	if err != nil {
		return el, err
	}
	el.tag = tag
	length, indefinite, minimal, err := r.length()
	if err != nil {
		return el, err
	}
	constructed := tag[0]&tagConstructed != 0
	if indefinite && !constructed {
		return el, malformed("a primitive element of indefinite length")
	}
	el.exact = minimal && !indefinite
	if !constructed {
		el.start, el.end = r.pos, r.pos+length
		el.size = length
		r.pos += length
		el.to = r.pos
		return el, nil
	}
	if err := r.children(&el, depth, length, indefinite); err != nil {
		return el, err
	}
	el.to = r.pos
	if isSegmented(tag) {
		return el, r.join(&el)
	}
	for i := range el.children {
		el.size += el.children[i].total()
		el.exact = el.exact && el.children[i].exact
	}
	if el.exact {
		el.children = nil
		el.start, el.end = r.pos-length, r.pos
	}
	return el, nil
}

func (r *berReader) children(el *berElement, depth, length int, indefinite bool) error {
	whole := r.data
	if !indefinite {
		// A child must not reach over the end of its parent.
		r.data = r.data[:r.pos+length]
		defer func() { r.data = whole }()
	}
	for {
		if indefinite {
			if len(r.data)-r.pos < 2 {
				return malformed("an element of indefinite length has no end")
			}
			if r.data[r.pos] == 0 && r.data[r.pos+1] == 0 {
				r.pos += 2
				return nil
			}
		} else if r.pos == len(r.data) {
			return nil
		}
		child, err := r.element(depth + 1)
		if err != nil {
			return err
		}
		el.children = append(el.children, child)
	}
}

func (r *berReader) identifier() ([]byte, error) {
	start := r.pos
	if r.pos >= len(r.data) {
		return nil, malformed("cut short at a tag")
	}
	first := r.data[r.pos]
	r.pos++
	if first == 0 {
		return nil, malformed("an end-of-contents mark out of place")
	}
	if first&tagNumberMask != tagNumberMask {
		return r.data[start:r.pos], nil
	}
	for n := 0; ; n++ {
		if r.pos >= len(r.data) || n == 4 {
			return nil, malformed("bad high tag number")
		}
		c := r.data[r.pos]
		r.pos++
		if c&0x80 == 0 {
			return r.data[start:r.pos], nil
		}
	}
}

func (r *berReader) length() (n int, indefinite, minimal bool, err error) {
	if r.pos >= len(r.data) {
		return 0, false, false, malformed("cut short at a length")
	}
	first := r.data[r.pos]
	r.pos++
	switch {
	case first == 0x80:
		return 0, true, false, nil
	case first < 0x80:
		n = int(first)
		minimal = true
	default:
		octets := int(first & 0x7f)
		if octets > 8 || len(r.data)-r.pos < octets {
			return 0, false, false, malformed("bad length")
		}
		var v uint64
		for _, c := range r.data[r.pos : r.pos+octets] {
			v = v<<8 | uint64(c)
		}
		if v > uint64(len(r.data)) {
			return 0, false, false, malformed("an element is longer than what holds it")
		}
		n = int(v)
		minimal = n >= 0x80 && r.data[r.pos] != 0
		r.pos += octets
	}
	if n > len(r.data)-r.pos {
		return 0, false, false, malformed("an element is longer than what holds it")
	}
	return n, false, minimal, nil
}

// isSegmented says whether a constructed element of this tag is a string in
// segments (X.690 8.7.3, 8.14).
func isSegmented(tag []byte) bool {
	if tag[0]&tagClassMask != 0 {
		return false
	}
	switch n := tag[0] & tagNumberMask; n {
	case tagBitString, tagOctetString, 12, 18, 19, 20, 21, 22, 25, 26, 27, 28, 30:
		return true
	default:
		return false
	}
}

// join turns a segmented string into a primitive one.
func (r *berReader) join(el *berElement) error {
	el.exact, el.joined = false, true
	number := el.tag[0] & tagNumberMask
	el.tag = []byte{number}
	for i := range el.children {
		c := &el.children[i]
		segment := c.tag[0] & tagNumberMask
		if c.tag[0]&tagClassMask != 0 || segment != number && segment != tagOctetString {
			return malformed("a segmented string holds another type")
		}
		if number != tagBitString {
			el.size += c.size
			continue
		}
		if c.joined || c.size == 0 || el.unused != 0 {
			return malformed("a segmented bit string is out of shape")
		}
		el.unused = r.data[c.start]
		c.start++
		c.size--
		el.size += c.size
	}
	if number == tagBitString {
		el.size++
	}
	return nil
}

func (el *berElement) total() int {
	if el.exact {
		return el.to - el.from
	}
	return len(el.tag) + lengthSize(el.size) + el.size
}

func (el *berElement) append(out, in []byte) []byte {
	if el.exact {
		return append(out, in[el.from:el.to]...)
	}
	out = append(out, el.tag...)
	out = appendLength(out, el.size)
	if el.joined && el.tag[0] == tagBitString {
		out = append(out, el.unused)
	}
	return el.appendContent(out, in)
}

func (el *berElement) appendContent(out, in []byte) []byte {
	switch {
	case el.joined:
		for i := range el.children {
			out = el.children[i].appendContent(out, in)
		}
	case len(el.children) > 0:
		for i := range el.children {
			out = el.children[i].append(out, in)
		}
	default:
		out = append(out, in[el.start:el.end]...)
	}
	return out
}

func lengthSize(n int) int {
	if n < 0x80 {
		return 1
	}
	size := 1
	for ; n > 0; n >>= 8 {
		size++
	}
	return size
}

func appendLength(out []byte, n int) []byte {
	if n < 0x80 {
		return append(out, byte(n))
	}
	octets := lengthSize(n) - 1
	out = append(out, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		out = append(out, byte(n>>(8*i)))
	}
	return out
}
