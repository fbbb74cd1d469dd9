package pdf

import (
	"fmt"
	"maps"
	"slices"
)

// Copier brings what draws a page from one document into an update of another:
// content and resources, each object once. What would make the copy look
// different from what was seen (layers, streams in other files, a page drawn by
// its own page) is refused. Equal input gives equal bytes. It is not safe for
// concurrent use.
type Copier struct {
	from   *Document
	to     *Update
	copied map[Ref]Ref
	left   int
}

// NewCopier starts copying at most limit objects.
func NewCopier(from *Document, to *Update, limit int) *Copier {
	return &Copier{from: from, to: to, copied: map[Ref]Ref{}, left: limit}
}

const maxCopyDepth = 50

// Content returns a page's content as one stream, without its resources.
func (c *Copier) Content(o Object) (*Stream, error) {
	o, err := c.from.Resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case *Stream:
		return c.stream(v, 0)
	case Array:
		var raw []byte
		for _, part := range v {
			part, err := c.from.Resolve(part)
			if err != nil {
				return nil, err
			}
			s, ok := part.(*Stream)
			if !ok {
				return nil, fmt.Errorf("%w: a part of a page's content is no stream", ErrMalformed)
			}
			b, err := c.from.Decode(s)
			if err != nil {
				return nil, err
			}
			raw = append(append(raw, b...), '\n')
		}
		return &Stream{Dict: Dict{}, Raw: raw}, nil
	default:
		return nil, fmt.Errorf("%w: a page has no content", ErrMalformed)
	}
}

// Object copies what an object reaches.
func (c *Copier) Object(o Object) (Object, error) { return c.value(o, 0) }

func (c *Copier) value(o Object, depth int) (Object, error) {
	if depth > maxCopyDepth {
		return nil, fmt.Errorf("%w: what draws the page nests too deep", ErrLimit)
	}
	switch v := o.(type) {
	case Ref:
		return c.ref(v, depth)
	case Array:
		out := make(Array, 0, len(v))
		for _, e := range v {
			e, err := c.value(e, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
		return out, nil
	case Dict:
		return c.dict(v, depth)
	case *Stream:
		return c.stream(v, depth)
	default:
		return o, nil
	}
}

func (c *Copier) stream(s *Stream, depth int) (*Stream, error) {
	if s.Dict["F"] != nil {
		return nil, fmt.Errorf("%w: a stream lies in another file", ErrMalformed)
	}
	d := s.Dict.Clone()
	delete(d, "Length") // the writer knows it
	d, err := c.dict(d, depth)
	if err != nil {
		return nil, err
	}
	return &Stream{Dict: d, Raw: s.Raw}, nil
}

func (c *Copier) dict(d Dict, depth int) (Dict, error) {
	if d["Type"] == Name("OCG") || d["Type"] == Name("OCMD") {
		return nil, fmt.Errorf("%w: it has layers", ErrMalformed)
	}
	out := make(Dict, len(d))
	for _, k := range slices.Sorted(maps.Keys(d)) { // in order, so that new numbers are, too
		switch k {
		case "OC", "Ref", "OPI", "AF":
			return nil, fmt.Errorf("%w: it has layers or refers to other files", ErrMalformed)
		case "StructParent", "StructParents", "Metadata", "PieceInfo", "LastModified":
			continue // about the document it came from
		}
		v, err := c.value(d[k], depth+1)
		if err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, nil
}

func (c *Copier) ref(r Ref, depth int) (Object, error) {
	if to, ok := c.copied[r]; ok {
		return to, nil
	}
	if c.left--; c.left < 0 {
		return nil, fmt.Errorf("%w: what draws the page has too many objects", ErrLimit)
	}
	o, err := c.from.Get(r)
	if err != nil {
		return nil, err
	}
	if d, ok := o.(Dict); ok && (d["Type"] == Name("Page") || d["Type"] == Name("Catalog")) {
		return nil, fmt.Errorf("%w: it draws with its own page", ErrMalformed)
	}
	to := c.to.Reserve()
	c.copied[r] = to
	v, err := c.value(o, depth+1)
	if err != nil {
		return nil, err
	}
	c.to.Set(to, v)
	return to, nil
}
