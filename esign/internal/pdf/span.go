package pdf

import "fmt"

// Span returns where in the file the value of a key stands, from its first byte to behind its last. The object at ref
// must be a dictionary of its own in the file, not in an object stream; more keys lead into direct dictionaries.
func (d *Document) Span(ref Ref, keys ...Name) (start, end int64, err error) {
	e, ok := d.xref[ref.Num]
	if !ok || e.kind != entryPlain || e.gen != ref.Gen || e.offset >= d.size {
		return 0, 0, fmt.Errorf("%w: object %d does not stand in the file by itself", ErrMalformed, ref.Num)
	}
	l := d.lexerAt(e.offset)
	if _, err := l.header(); err != nil {
		return 0, 0, err
	}
	for _, key := range keys {
		if start, end, err = l.find(key); err != nil {
			return 0, 0, err
		}
		l.pos = int(start)
	}
	return start, end, nil
}

// find stands before a dictionary and returns where the value of key lies.
func (l *lexer) find(key Name) (start, end int64, err error) {
	l.skip()
	if l.pos+1 >= len(l.data) || l.data[l.pos] != '<' || l.data[l.pos+1] != '<' {
		return 0, 0, malformed(int64(l.pos), "no dictionary")
	}
	found := false
	err = l.entries(func(k Name) error {
		l.skip()
		at := l.pos
		if _, err := l.value(1); err != nil {
			return err
		}
		if k == key && !found {
			found, start, end = true, int64(at), int64(l.pos)
		}
		return nil
	})
	if err == nil && !found {
		err = malformed(int64(l.pos), "the key %q is missing", key)
	}
	return start, end, err
}
