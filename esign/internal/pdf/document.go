// Package pdf reads PDF files strictly, revision by revision, and writes incremental updates.
//
// Strict means: what ISO 32000 does not allow is an error and never repaired, because every viewer repairs in its own way
// and a signature must not depend on which one is used. Nothing in this package follows an address found in a file.
package pdf

import (
	"bytes"
	"fmt"
)

// file is what all revisions of one file share: bytes, work budget and parsed pieces.
type file struct {
	data     []byte
	budget   budget
	sections map[int64]*section
	objects  map[int64]*parsed // by offset
	objstms  map[*Stream]map[uint32]Object
}

// parsed is an indirect object as found at an offset.
type parsed struct {
	ref Ref
	obj Object
	end int64 // offset behind endobj
}

// Document is one revision of a file: the bytes up to a point, read as a PDF of their own.
// It is not safe for concurrent use.
type Document struct {
	Trailer Dict
	// StartXref is the offset of this revision's newest cross-reference section.
	StartXref int64
	// EOF is the offset behind the last %%EOF, its end of line included.
	EOF int64
	// Sections are the offsets of the cross-reference sections, newest first; hybrid streams stand behind their table.
	Sections []int64

	file    *file
	size    int64
	xref    map[uint32]entry
	cache   map[uint32]Object
	objstms map[uint32]map[uint32]Object
	loading map[uint32]bool

	encrypted bool
}

// Open reads the cross-reference chain of a file. A nil limits has the defaults. data must not change afterwards.
// The error is one of ErrNotPDF, ErrMalformed, ErrEncrypted, ErrLimit. With ErrEncrypted the document comes all the same:
// what stands outside strings and streams can be read, and Decode fails with ErrEncrypted.
func Open(data []byte, limits *Limits) (*Document, error) {
	f := &file{data: data, sections: map[int64]*section{}, objects: map[int64]*parsed{}, objstms: map[*Stream]map[uint32]Object{}}
	f.budget.limits = limits.withDefaults()
	if int64(len(data)) > f.budget.limits.Size {
		return nil, overLimit("bytes", f.budget.limits.Size)
	}
	if !bytes.HasPrefix(data, []byte("%PDF-")) {
		return nil, ErrNotPDF
	}
	return open(f, int64(len(data)))
}

// At reads the first size bytes as a document of their own, at the cost of the same Limits.
func (d *Document) At(size int64) (*Document, error) {
	if size < 0 || size > int64(len(d.file.data)) {
		return nil, malformed(size, "a revision ends outside the file")
	}
	return open(d.file, size)
}

func open(f *file, size int64) (*Document, error) {
	d := &Document{
		file: f, size: size,
		xref: map[uint32]entry{}, cache: map[uint32]Object{},
		objstms: map[uint32]map[uint32]Object{}, loading: map[uint32]bool{},
	}
	var err error
	if d.StartXref, d.EOF, err = startXref(f.data[:size]); err != nil {
		return nil, err
	}
	if err := d.readChain(); err != nil {
		return nil, err
	}
	_, d.encrypted = d.Trailer["Encrypt"]
	if _, ok := d.Trailer["Root"].(Ref); !ok {
		return nil, malformed(d.StartXref, "the trailer names no catalog")
	}
	if d.encrypted {
		return d, ErrEncrypted
	}
	return d, nil
}

// startXref finds the last "startxref N %%EOF". Behind it only white space may stand, at most 1,024 bytes.
func startXref(data []byte) (at, eof int64, err error) {
	end := len(data)
	for end > 0 && isSpace(data[end-1]) && len(data)-end < 1024 {
		end--
	}
	if !bytes.HasSuffix(data[:end], []byte("%%EOF")) {
		return 0, 0, malformed(int64(end), "the file does not end with %%%%EOF")
	}
	eof = int64(end)
	if end < len(data) && data[end] == '\r' {
		end++
	}
	if end < len(data) && data[end] == '\n' {
		end++
	}
	tail := data[max(0, eof-64) : eof-5]
	i := bytes.LastIndex(tail, []byte("startxref"))
	if i < 0 {
		return 0, 0, malformed(eof, "startxref is missing")
	}
	l := lexer{data: tail, pos: i + len("startxref")}
	at, ok := l.uint()
	if l.skip(); !ok || l.pos != len(tail) || at >= eof {
		return 0, 0, malformed(eof, "startxref is wrong")
	}
	return at, int64(end), nil
}

// Size is the length of this revision in bytes.
func (d *Document) Size() int64 { return d.size }

// Bytes are this revision's bytes; not to be changed.
func (d *Document) Bytes() []byte { return d.file.data[:d.size] }

// NextNum is the first object number that this revision does not use: the largest number in use or Size of the trailer.
func (d *Document) NextNum() uint32 {
	var next uint32 = 1
	if n, ok := d.Trailer["Size"].(int64); ok && n > 0 && n < maxObject {
		next = uint32(n)
	}
	for n := range d.xref {
		next = max(next, n+1)
	}
	return next
}

// Get returns the object ref points to, nil when there is none (which ISO 32000 defines as null).
func (d *Document) Get(ref Ref) (Object, error) {
	e, ok := d.xref[ref.Num]
	if !ok || e.kind == entryFree || e.gen != ref.Gen {
		return nil, nil
	}
	if o, ok := d.cache[ref.Num]; ok {
		return o, nil
	}
	if d.loading[ref.Num] {
		return nil, fmt.Errorf("%w: object %d needs itself to be read", ErrMalformed, ref.Num)
	}
	d.loading[ref.Num] = true
	defer delete(d.loading, ref.Num)
	var o Object
	var err error
	if e.kind == entryCompressed {
		o, err = d.compressed(ref.Num, e)
	} else {
		o, err = d.plain(ref, e)
	}
	if err != nil {
		return nil, err
	}
	d.cache[ref.Num] = o
	return o, nil
}

// Resolve follows o if it is a reference, and references to references at most 8 deep.
func (d *Document) Resolve(o Object) (Object, error) {
	for range 8 {
		r, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		var err error
		if o, err = d.Get(r); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: references to references", ErrMalformed)
}

// Dict resolves o and returns it when it is a dictionary, else nil.
func (d *Document) Dict(o Object) (Dict, error) {
	o, err := d.Resolve(o)
	v, _ := o.(Dict)
	return v, err
}

// Array resolves o and returns it when it is an array, else nil.
func (d *Document) Array(o Object) (Array, error) {
	o, err := d.Resolve(o)
	v, _ := o.(Array)
	return v, err
}

// Catalog returns the document catalog and where it stands.
func (d *Document) Catalog() (Dict, Ref, error) {
	ref, _ := d.Trailer["Root"].(Ref)
	c, err := d.Dict(ref)
	if err != nil {
		return nil, ref, err
	}
	if c == nil {
		return nil, ref, fmt.Errorf("%w: the catalog is missing", ErrMalformed)
	}
	return c, ref, nil
}
