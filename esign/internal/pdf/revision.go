package pdf

import (
	"slices"
)

// Touched lists the object numbers whose place differs between an earlier revision of the same file and d, in order.
// Places that differ may still hold equal objects; places that don't differ hold the same bytes.
func (d *Document) Touched(earlier *Document) []uint32 {
	var out []uint32
	for n, e := range d.xref {
		if old, ok := earlier.xref[n]; !ok && e.kind != entryFree || ok && !d.same(earlier, e, old) {
			out = append(out, n)
		}
	}
	for n, e := range earlier.xref {
		if _, ok := d.xref[n]; !ok && e.kind != entryFree {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

func (d *Document) same(earlier *Document, e, old entry) bool {
	if e != old {
		return false
	}
	return e.kind != entryCompressed || d.xref[e.stream] == earlier.xref[e.stream]
}

// ByNumber returns the object in use under a number and its reference, false when there is none.
func (d *Document) ByNumber(num uint32) (Object, Ref, bool, error) {
	e, ok := d.xref[num]
	if !ok || e.kind == entryFree {
		return nil, Ref{}, false, nil
	}
	r := Ref{Num: num, Gen: e.gen}
	o, err := d.Get(r)
	return o, r, err == nil, err
}

// Numbers lists the objects in use, in order. It leaves out those said to stand at byte 0, where the header is: Word and
// macOS write such entries for numbers they don't use. A reference to one is an error all the same.
func (d *Document) Numbers() []uint32 {
	out := make([]uint32, 0, len(d.xref))
	for n, e := range d.xref {
		if e.kind == entryCompressed || e.kind == entryPlain && e.offset > 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// CheckUpdate reads the bytes from an earlier end of file to the end of d one after the other. They may hold only white
// space, comments, cross-reference sections and objects that a section of d's chain lists where they stand: what a
// repairing viewer might pick up must not differ from what the chain says.
func (d *Document) CheckUpdate(from int64) error {
	listed := map[int64]bool{}
	for _, at := range d.Sections {
		for _, e := range d.file.sections[at].entries {
			if e.kind == entryPlain && e.offset >= from-2 && e.offset < d.size {
				listed[d.skipFrom(e.offset)] = true
			}
		}
		listed[d.skipFrom(at)] = true
	}
	l := d.lexerAt(from)
	for {
		l.skip()
		at := int64(l.pos)
		switch {
		case at >= d.size:
			return nil
		case l.keyword("startxref"):
			if _, ok := l.uint(); !ok {
				return malformed(at, "startxref is wrong")
			}
			continue
		case !listed[at]:
			return malformed(at, "bytes that no cross-reference section lists")
		case l.keyword("xref"):
			if _, err := d.parseTable(l); err != nil {
				return err
			}
			continue
		}
		if _, err := l.header(); err != nil {
			return err
		}
		if _, _, err := d.body(l); err != nil {
			return err
		}
	}
}

// skipFrom returns where the token at or behind an offset begins: some writers' offsets point at the end of line before it.
func (d *Document) skipFrom(at int64) int64 {
	l := d.lexerAt(at)
	for l.pos < len(l.data) && isSpace(l.data[l.pos]) && int64(l.pos)-at < 16 {
		l.pos++
	}
	return int64(l.pos)
}

// Equal compares two objects: dictionaries by key, numbers by value, strings by content, streams by dictionary and bytes,
// references by number, without following them.
func Equal(a, b Object) bool {
	switch x := a.(type) {
	case Array:
		y, ok := b.(Array)
		return ok && slices.EqualFunc(x, y, Equal)
	case Dict:
		y, ok := b.(Dict)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			w, ok := y[k]
			if !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	case *Stream:
		y, ok := b.(*Stream)
		return ok && (x == y || string(x.Raw) == string(y.Raw) && Equal(x.Dict, y.Dict))
	case int64:
		if y, ok := b.(float64); ok {
			return float64(x) == y
		}
	case float64:
		if y, ok := b.(int64); ok {
			return x == float64(y)
		}
	}
	return a == b
}
