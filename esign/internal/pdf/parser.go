package pdf

import "math"

// value reads one object at the current place.
func (l *lexer) value(depth int) (Object, error) {
	l.skip()
	at := int64(l.pos)
	if l.pos >= len(l.data) {
		return nil, malformed(at, "the file ends inside an object")
	}
	if depth > l.budget.limits.Depth {
		return nil, overLimit("levels of nesting", int64(l.budget.limits.Depth))
	}
	if err := l.budget.takeValue(); err != nil {
		return nil, err
	}
	switch c := l.data[l.pos]; {
	case c == '/':
		n, err := l.name()
		if err == nil {
			err = l.budget.takeMemory(len(n))
		}
		return n, err
	case c == '(':
		return l.str(l.literalString)
	case c == '[':
		return l.array(depth)
	case c == '<':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
			return l.dict(depth)
		}
		return l.str(l.hexString)
	case isDigit(c):
		if r, ok := l.ref(); ok {
			return r, nil
		}
		return l.number()
	case c == '+' || c == '-' || c == '.':
		return l.number()
	}
	switch {
	case l.keyword("true"):
		return true, nil
	case l.keyword("false"):
		return false, nil
	case l.keyword("null"):
		return nil, nil
	}
	return nil, malformed(at, "unknown token")
}

func (l *lexer) str(read func() (String, error)) (Object, error) {
	s, err := read()
	if err == nil {
		err = l.budget.takeMemory(len(s))
	}
	return s, err
}

// ref tries "n g R" and moves only when it finds it.
func (l *lexer) ref() (Ref, bool) {
	start := l.pos
	num, ok := l.uint()
	if ok {
		var gen int64
		if gen, ok = l.uint(); ok && l.keyword("R") && num <= math.MaxUint32 && gen <= math.MaxUint16 {
			return Ref{Num: uint32(num), Gen: uint16(gen)}, true
		}
	}
	l.pos = start
	return Ref{}, false
}

func (l *lexer) array(depth int) (Object, error) {
	l.pos++
	out := Array{}
	for {
		l.skip()
		if l.pos < len(l.data) && l.data[l.pos] == ']' {
			l.pos++
			return out, nil
		}
		v, err := l.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

func (l *lexer) dict(depth int) (Object, error) {
	if err := l.budget.takeMemory(dictBytes); err != nil {
		return nil, err
	}
	out := Dict{}
	err := l.entries(func(k Name) error {
		if err := l.budget.takeMemory(entryBytes + len(k)); err != nil {
			return err
		}
		at := int64(l.pos)
		v, err := l.value(depth + 1)
		if err != nil {
			return err
		}
		if old, twice := out[k]; twice && !Equal(old, v) {
			// Readers differ in which of the two they take.
			return malformed(at, "a dictionary has the key %q twice", k)
		}
		out[k] = v
		return nil
	})
	if err != nil {
		return nil, err
	}
	for k, v := range out {
		if v == nil { // a null value is the same as an absent key
			delete(out, k)
		}
	}
	return out, nil
}

// entries stands on "<<", calls each after every key and ends behind ">>".
func (l *lexer) entries(each func(Name) error) error {
	l.pos += 2
	for {
		l.skip()
		if l.pos+1 < len(l.data) && l.data[l.pos] == '>' && l.data[l.pos+1] == '>' {
			l.pos += 2
			return nil
		}
		if l.pos >= len(l.data) || l.data[l.pos] != '/' {
			return malformed(int64(l.pos), "a dictionary key is missing")
		}
		k, err := l.name()
		if err != nil {
			return err
		}
		if err := each(k); err != nil {
			return err
		}
	}
}

// header reads "n g obj".
func (l *lexer) header() (Ref, error) {
	l.skip()
	at := int64(l.pos)
	num, ok1 := l.uint()
	gen, ok2 := l.uint()
	if !ok1 || !ok2 || num > math.MaxUint32 || gen > math.MaxUint16 || !l.keyword("obj") {
		return Ref{}, malformed(at, "no object begins where the cross-reference table says")
	}
	return Ref{Num: uint32(num), Gen: uint16(gen)}, nil
}
