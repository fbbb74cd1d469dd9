package pdf

import (
	"bytes"
	"fmt"
	"slices"
)

// plain reads an object that stands in the file itself.
func (d *Document) plain(ref Ref, e entry) (Object, error) {
	if p := d.file.objects[e.offset]; p != nil && p.end <= d.size {
		return p.obj, checkRef(p.ref, ref, e.offset)
	}
	if e.offset >= d.size {
		return nil, malformed(e.offset, "object %d lies outside the revision", ref.Num)
	}
	l := d.lexerAt(e.offset)
	got, err := l.header()
	if err != nil {
		return nil, err
	}
	if err := checkRef(got, ref, e.offset); err != nil {
		return nil, err
	}
	obj, shared, err := d.body(l)
	if err != nil {
		return nil, err
	}
	lexed := l.pos - int(e.offset)
	if s, ok := obj.(*Stream); ok {
		lexed -= len(s.Raw)
	}
	if err := d.file.budget.takeLexed(lexed, int64(len(d.file.data))); err != nil {
		return nil, err
	}
	if shared {
		d.file.objects[e.offset] = &parsed{ref: got, obj: obj, end: int64(l.pos)}
	}
	return obj, nil
}

func checkRef(got, want Ref, at int64) error {
	if got != want {
		return malformed(at, "object %d %d stands where %d %d should", got.Num, got.Gen, want.Num, want.Gen)
	}
	return nil
}

func (d *Document) lexerAt(at int64) *lexer {
	return &lexer{data: d.file.data[:d.size], pos: int(at), budget: &d.file.budget}
}

// body reads a value, a stream's bytes and endobj. shared says that the result does not depend on the revision:
// a stream whose /Length is a reference does.
func (d *Document) body(l *lexer) (obj Object, shared bool, err error) {
	if obj, err = l.value(0); err != nil {
		return nil, false, err
	}
	shared = true
	if dict, ok := obj.(Dict); ok && l.keyword("stream") {
		_, byRef := dict["Length"].(Ref)
		shared = !byRef
		if obj, err = d.stream(l, dict); err != nil {
			return nil, false, err
		}
	}
	if !l.keyword("endobj") {
		return nil, false, malformed(int64(l.pos), "endobj is missing")
	}
	return obj, shared, nil
}

// stream stands behind the keyword stream.
func (d *Document) stream(l *lexer, dict Dict) (Object, error) {
	at := int64(l.pos)
	if l.pos < len(l.data) && l.data[l.pos] == '\r' {
		l.pos++
	}
	if l.pos >= len(l.data) || l.data[l.pos] != '\n' {
		return nil, malformed(at, "no end of line behind the keyword stream")
	}
	l.pos++
	length, err := d.Resolve(dict["Length"])
	if err != nil {
		return nil, err
	}
	n, ok := length.(int64)
	if !ok || n < 0 || n > int64(len(l.data)-l.pos) {
		return nil, malformed(at, "a stream has no usable length")
	}
	raw := l.data[l.pos : l.pos+int(n) : l.pos+int(n)]
	l.pos += int(n)
	if err := endStream(l); err != nil {
		return nil, err
	}
	if _, outside := dict["F"]; outside {
		return nil, malformed(at, "a stream's bytes lie in another file")
	}
	return &Stream{Dict: dict, Raw: raw}, nil
}

// endStream wants endstream behind at most one end of line.
func endStream(l *lexer) error {
	at := int64(l.pos)
	if l.pos < len(l.data) && l.data[l.pos] == '\r' {
		l.pos++
	}
	if l.pos < len(l.data) && l.data[l.pos] == '\n' {
		l.pos++
	}
	if !bytes.HasPrefix(l.data[l.pos:], []byte("endstream")) {
		return malformed(at, "a stream's length is wrong")
	}
	l.pos += len("endstream")
	return nil
}

// compressed reads an object out of an object stream.
func (d *Document) compressed(num uint32, e entry) (Object, error) {
	objs, err := d.objectStream(e.stream)
	if err != nil {
		return nil, err
	}
	o, ok := objs[num]
	if !ok {
		return nil, fmt.Errorf("%w: object %d is not in object stream %d", ErrMalformed, num, e.stream)
	}
	return o, nil
}

func (d *Document) objectStream(num uint32) (map[uint32]Object, error) {
	if objs, ok := d.objstms[num]; ok {
		return objs, nil
	}
	e, ok := d.xref[num]
	if !ok || e.kind != entryPlain {
		return nil, fmt.Errorf("%w: object stream %d is missing", ErrMalformed, num)
	}
	o, err := d.Get(Ref{Num: num, Gen: e.gen})
	if err != nil {
		return nil, err
	}
	s, _ := o.(*Stream)
	if s == nil || s.Dict["Type"] != Name("ObjStm") {
		return nil, fmt.Errorf("%w: object %d is no object stream", ErrMalformed, num)
	}
	objs, known := d.file.objstms[s]
	if !known {
		data, err := d.Decode(s)
		if err != nil {
			return nil, err
		}
		if objs, err = d.parseObjectStream(num, s.Dict, data); err != nil {
			return nil, err
		}
		if direct(s.Dict["Filter"]) && direct(s.Dict["DecodeParms"]) {
			d.file.objstms[s] = objs // no later revision can make it read differently
		}
	}
	d.objstms[num] = objs
	return objs, nil
}

// direct says that a value holds no reference.
func direct(o Object) bool {
	switch v := o.(type) {
	case Ref:
		return false
	case Array:
		return !slices.ContainsFunc(v, func(e Object) bool { return !direct(e) })
	case Dict:
		for _, e := range v {
			if !direct(e) {
				return false
			}
		}
	}
	return true
}

func (d *Document) parseObjectStream(num uint32, dict Dict, data []byte) (map[uint32]Object, error) {
	bad := func(what string) error { return fmt.Errorf("%w: object stream %d: %s", ErrMalformed, num, what) }
	n, ok1 := dict["N"].(int64)
	first, ok2 := dict["First"].(int64)
	if !ok1 || !ok2 || n < 0 || first < 0 || first > int64(len(data)) || n > int64(len(data)) {
		return nil, bad("N or First is wrong")
	}
	head := lexer{data: data[:first], budget: &d.file.budget}
	objs := make(map[uint32]Object, n)
	for range n {
		on, ok1 := head.uint()
		off, ok2 := head.uint()
		if !ok1 || !ok2 || on >= maxObject || off > int64(len(data))-first {
			return nil, bad("its index is wrong")
		}
		body := lexer{data: data, pos: int(first + off), budget: &d.file.budget}
		o, err := body.value(0)
		if err != nil {
			return nil, fmt.Errorf("in object stream %d: %w", num, err)
		}
		if err := d.file.budget.takeLexed(body.pos-int(first+off), int64(len(d.file.data))); err != nil {
			return nil, err
		}
		if _, twice := objs[uint32(on)]; twice {
			return nil, bad("it holds an object twice")
		}
		objs[uint32(on)] = o
	}
	return objs, nil
}
