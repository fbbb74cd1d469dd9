package pdf

import (
	"errors"
	"slices"
)

// maxObject bounds object numbers (ISO 32000-1 annex C says 8,388,607).
const maxObject = 8_388_608

type entryKind uint8

const (
	entryFree entryKind = iota
	entryPlain
	entryCompressed
)

// entry says where an object is.
type entry struct {
	kind   entryKind
	gen    uint16
	offset int64  // of a plain object
	stream uint32 // object stream of a compressed object
}

// section is one cross-reference table or stream with its trailer.
type section struct {
	trailer Dict
	entries map[uint32]entry
	end     int64
}

// readChain reads the newest section and all it rests on. The first mention of an object wins; a hybrid file's stream
// comes between its table and what that table rests on.
func (d *Document) readChain() error {
	seen := map[int64]bool{}
	for at := d.StartXref; ; {
		s, err := d.addSection(at, seen)
		if err != nil {
			return err
		}
		if d.Trailer == nil {
			d.Trailer = s.trailer
		}
		if v, hybrid := s.trailer["XRefStm"]; hybrid {
			n, ok := v.(int64)
			if !ok {
				return malformed(at, "XRefStm is no offset")
			}
			if err := d.addHybrid(n, seen); err != nil {
				return err
			}
		}
		prev, more := s.trailer["Prev"]
		if !more {
			return nil
		}
		n, ok := prev.(int64)
		if !ok {
			return malformed(at, "Prev is no offset")
		}
		at = n
	}
}

// addHybrid adds the stream of a hybrid section. Programs that append to such a file copy XRefStm into each new trailer,
// so that the old stream comes before newer tables. Where it would hide one of their entries readers differ in what they
// show, and the file is refused; elsewhere the repetition says nothing.
func (d *Document) addHybrid(at int64, seen map[int64]bool) error {
	first := slices.Index(d.Sections, at)
	if first < 0 {
		_, err := d.addSection(at, seen)
		return err
	}
	stream := d.file.sections[at].entries
	for _, between := range d.Sections[first+1:] {
		for n, e := range d.file.sections[between].entries {
			if s, ok := stream[n]; ok && s != e && d.xref[n] == s {
				return malformed(at, "an old cross-reference stream hides object %d of a newer table", n)
			}
		}
	}
	return nil
}

func (d *Document) addSection(at int64, seen map[int64]bool) (*section, error) {
	if at < 0 || at >= d.size {
		return nil, malformed(at, "a cross-reference section lies outside the revision")
	}
	if seen[at] {
		return nil, malformed(at, "the cross-reference sections form a ring")
	}
	seen[at] = true
	if len(seen) > d.file.budget.limits.Sections {
		return nil, overLimit("cross-reference sections", int64(d.file.budget.limits.Sections))
	}
	s := d.file.sections[at]
	if s == nil || s.end > d.size {
		var err error
		if s, err = d.parseSection(at); err != nil {
			return nil, err
		}
		d.file.sections[at] = s
	}
	if err := d.file.budget.takeEntries(len(s.entries)); err != nil {
		return nil, err
	}
	for n, e := range s.entries {
		if _, newer := d.xref[n]; !newer {
			d.xref[n] = e
		}
	}
	d.Sections = append(d.Sections, at)
	return s, nil
}

func (d *Document) parseSection(at int64) (*section, error) {
	l := d.lexerAt(at)
	if l.keyword("xref") {
		return d.parseTable(l)
	}
	return d.parseXrefStream(l)
}

func (d *Document) parseTable(l *lexer) (*section, error) {
	s := &section{entries: map[uint32]entry{}}
	for !l.keyword("trailer") {
		at := int64(l.pos)
		first, ok1 := l.uint()
		count, ok2 := l.uint()
		if !ok1 || !ok2 || first >= maxObject || count > maxObject-first {
			return nil, malformed(at, "the cross-reference table is wrong")
		}
		for n := first; n < first+count; n++ {
			e, err := tableEntry(l)
			if err != nil {
				return nil, err
			}
			if err := s.add(&d.file.budget, uint32(n), e, at); err != nil {
				return nil, err
			}
		}
	}
	l.skip()
	at := int64(l.pos)
	if l.pos+1 >= len(l.data) || l.data[l.pos] != '<' || l.data[l.pos+1] != '<' {
		return nil, malformed(at, "the trailer is missing")
	}
	o, err := l.dict(0)
	if err != nil {
		return nil, err
	}
	s.trailer, _ = o.(Dict)
	s.end = int64(l.pos)
	return s, nil
}

func tableEntry(l *lexer) (entry, error) {
	off, ok1 := l.uint()
	gen, ok2 := l.uint()
	switch {
	case !ok1 || !ok2:
	case gen <= 65535 && l.keyword("n"):
		return entry{kind: entryPlain, gen: uint16(gen), offset: off}, nil
	case gen <= 99_999 && l.keyword("f"): // MuPDF writes 65536 here; nothing is read by a free entry's generation
		return entry{}, nil
	}
	return entry{}, malformed(int64(l.pos), "a cross-reference entry is wrong")
}

func (s *section) add(b *budget, num uint32, e entry, at int64) error {
	if err := b.takeEntries(1); err != nil {
		return err
	}
	if _, twice := s.entries[num]; twice {
		return malformed(at, "object %d stands twice in one cross-reference section", num)
	}
	if num == 0 && e.kind != entryFree {
		return malformed(at, "object 0 is in use")
	}
	s.entries[num] = e
	return nil
}

func (d *Document) parseXrefStream(l *lexer) (*section, error) {
	at := int64(l.pos)
	if _, err := l.header(); err != nil {
		return nil, malformed(at, "no cross-reference section begins here")
	}
	o, _, err := d.body(l)
	if err != nil {
		return nil, err
	}
	st, _ := o.(*Stream)
	if st == nil || st.Dict["Type"] != Name("XRef") {
		return nil, malformed(at, "no cross-reference stream begins here")
	}
	data, err := d.Decode(st)
	if err != nil {
		return nil, err
	}
	s := &section{trailer: st.Dict, entries: map[uint32]entry{}, end: int64(l.pos)}
	if err := s.fill(&d.file.budget, data, at); err != nil {
		return nil, err
	}
	return s, nil
}

// fill reads the entries of a cross-reference stream (ISO 32000-1 7.5.8.3).
func (s *section) fill(b *budget, data []byte, at int64) error {
	bad := func(what string) error { return malformed(at, "cross-reference stream: %s", what) }
	w, err := widths(s.trailer["W"])
	if err != nil {
		return bad(err.Error())
	}
	size, ok := s.trailer["Size"].(int64)
	if !ok || size < 0 || size > maxObject {
		return bad("Size is wrong")
	}
	index := Array{int64(0), size}
	if v, ok := s.trailer["Index"]; ok {
		if index, ok = v.(Array); !ok || len(index)%2 != 0 {
			return bad("Index is wrong")
		}
	}
	for ; len(index) > 0; index = index[2:] {
		first, ok1 := index[0].(int64)
		count, ok2 := index[1].(int64)
		if !ok1 || !ok2 || first < 0 || count < 0 || first >= maxObject || count > maxObject-first {
			return bad("Index is wrong")
		}
		for n := first; n < first+count; n++ {
			e, rest, ok := streamEntry(data, w)
			if !ok {
				return bad("an entry is wrong or missing")
			}
			data = rest
			if err := s.add(b, uint32(n), e, at); err != nil {
				return err
			}
		}
	}
	return nil
}

var errWidths = errors.New("its field widths are wrong")

func widths(o Object) ([3]int, error) {
	var w [3]int
	a, _ := o.(Array)
	if len(a) != 3 {
		return w, errWidths
	}
	for i, v := range a {
		n, ok := v.(int64)
		if !ok || n < 0 || n > 8 {
			return w, errWidths
		}
		w[i] = int(n)
	}
	if w[1] == 0 {
		return w, errWidths
	}
	return w, nil
}

func streamEntry(data []byte, w [3]int) (e entry, rest []byte, ok bool) {
	if len(data) < w[0]+w[1]+w[2] {
		return e, nil, false
	}
	var f [3]uint64
	for i, n := range w {
		for _, c := range data[:n] {
			f[i] = f[i]<<8 | uint64(c)
		}
		data = data[n:]
	}
	if w[0] == 0 {
		f[0] = 1
	}
	switch {
	case f[0] == 0:
		return entry{}, data, true
	case f[0] == 1 && f[1] < 1<<40 && f[2] <= 65535:
		return entry{kind: entryPlain, offset: int64(f[1]), gen: uint16(f[2])}, data, true
	case f[0] == 2 && f[1] < maxObject:
		return entry{kind: entryCompressed, stream: uint32(f[1])}, data, true
	}
	return e, nil, false
}
