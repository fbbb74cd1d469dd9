package pdf

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// ErrRoom means that a signature is larger than the room kept for it.
var ErrRoom = errors.New("the signature is larger than the room kept for it in the pdf")

// Update collects new and changed objects and writes them as one incremental update: nothing before it changes.
// It is not safe for concurrent use.
type Update struct {
	base    *Document
	next    uint32
	objects map[Ref]Object
	trailer Dict
}

// NewUpdate starts an update of the newest revision of a file, so d must come from Open or end where the file ends.
func NewUpdate(d *Document) *Update {
	return &Update{base: d, next: d.NextNum(), objects: map[Ref]Object{}, trailer: Dict{}}
}

// Reserve returns a new object number to be Set later, for objects that refer to each other.
func (u *Update) Reserve() Ref {
	r := Ref{Num: u.next}
	u.next++
	return r
}

// Add puts a new object and returns its reference.
func (u *Update) Add(o Object) Ref {
	r := u.Reserve()
	u.objects[r] = o
	return r
}

// Set replaces the object at ref, or puts a reserved one.
func (u *Update) Set(ref Ref, o Object) { u.objects[ref] = o }

// Get returns the object as it will be after the update.
func (u *Update) Get(ref Ref) (Object, error) {
	if o, ok := u.objects[ref]; ok {
		return o, nil
	}
	return u.base.Get(ref)
}

// Dict resolves o as it will be after the update; the result is a copy to change and Set again, nil when o is no dictionary.
func (u *Update) Dict(o Object) (Dict, error) {
	if r, ok := o.(Ref); ok {
		var err error
		if o, err = u.Get(r); err != nil {
			return nil, err
		}
	}
	if d, ok := o.(Dict); ok {
		return d.Clone(), nil
	}
	return nil, nil
}

// Trailer sets a key of the new trailer, such as Info. Root, Info and ID stay as they are when not set; Size and Prev are
// the writer's.
func (u *Update) Trailer(key Name, o Object) { u.trailer[key] = o }

// Signed is a written update with one signature placeholder.
type Signed struct {
	// Data are the bytes to append to the base document.
	Data []byte
	// ByteRange as it stands in Data: offset and length of both parts, in the whole file.
	ByteRange [4]int64

	at, room int
}

// Bytes writes an update that holds no signature placeholder (a DSS, for instance).
func (u *Update) Bytes() ([]byte, error) {
	w, err := u.write()
	if err != nil {
		return nil, err
	}
	if w.contents >= 0 || w.byteRange >= 0 {
		return nil, errors.New("pdf: the update holds a signature: use Sign")
	}
	return w.buf, nil
}

// Sign writes an update that holds exactly one Contents and one ByteRange. The caller hashes the two ranges, signs, and
// calls Fill. Equal input gives equal bytes.
func (u *Update) Sign() (*Signed, error) {
	w, err := u.write()
	if err != nil {
		return nil, err
	}
	if w.contents < 0 || w.byteRange < 0 {
		return nil, errors.New("pdf: the update lacks a Contents or ByteRange placeholder")
	}
	base := u.base.size
	gap := base + int64(w.contents)
	behind := gap + int64(2*w.room+2)
	s := &Signed{
		Data: w.buf, at: w.contents + 1, room: w.room,
		ByteRange: [4]int64{0, gap, behind, base + int64(len(w.buf)) - behind},
	}
	r := fmt.Sprintf("%d %d %d %d", s.ByteRange[0], s.ByteRange[1], s.ByteRange[2], s.ByteRange[3])
	if len(r) > byteRangeWidth {
		return nil, errors.New("pdf: the file is too large for a signature")
	}
	copy(s.Data[w.byteRange+1:], r)
	return s, nil
}

// Parts returns the signed bytes of Data: before and behind the signature. The whole first range is the base document
// followed by before.
func (s *Signed) Parts() (before, behind []byte) {
	return s.Data[:s.at-1], s.Data[s.at+2*s.room+1:]
}

// Fill puts the DER signature into its room, in lower case hex padded with zeros. It may be called again.
func (s *Signed) Fill(der []byte) error {
	if len(der) > s.room {
		return fmt.Errorf("%w: %d bytes into %d", ErrRoom, len(der), s.room)
	}
	room := s.Data[s.at : s.at+2*s.room]
	n := hex.Encode(room, der)
	copy(room[n:], zeros(len(room)-n))
	return nil
}

func (u *Update) write() (*writer, error) {
	w := &writer{contents: -1, byteRange: -1}
	base := u.base
	if base.size != int64(len(base.file.data)) {
		return nil, errors.New("pdf: an update must follow the newest revision")
	}
	if c := base.file.data[base.size-1]; c != '\n' && c != '\r' {
		w.buf = append(w.buf, '\n')
	}
	refs := make([]Ref, 0, len(u.objects))
	for r := range u.objects {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, func(a, b Ref) int { return int(a.Num) - int(b.Num) })
	for i := 1; i < len(refs); i++ {
		if refs[i].Num == refs[i-1].Num {
			return nil, fmt.Errorf("pdf: object %d set under two generations", refs[i].Num)
		}
	}
	offsets := make([]int64, len(refs))
	for i, r := range refs {
		offsets[i] = base.size + int64(len(w.buf))
		if err := w.indirect(r, u.objects[r]); err != nil {
			return nil, err
		}
	}
	return w, u.writeXref(w, refs, offsets)
}

// writeXref continues in the form of the newest section, as ISO 32000-2 7.5.8.4 asks.
func (u *Update) writeXref(w *writer, refs []Ref, offsets []int64) error {
	t := u.trailer.Clone()
	t["Prev"] = u.base.StartXref
	for _, k := range []Name{"Root", "Info", "ID"} {
		if _, set := t[k]; !set && u.base.Trailer[k] != nil {
			t[k] = u.base.Trailer[k]
		}
	}
	at := u.base.size + int64(len(w.buf))
	var err error
	if u.base.Trailer["Type"] == Name("XRef") {
		err = u.xrefStream(w, t, refs, offsets, at)
	} else {
		err = u.xrefTable(w, t, refs, offsets)
	}
	if err != nil {
		return err
	}
	w.buf = fmt.Appendf(w.buf, "startxref\n%d\n%%%%EOF\n", at)
	return nil
}

func (u *Update) xrefTable(w *writer, t Dict, refs []Ref, offsets []int64) error {
	t["Size"] = int64(u.next)
	w.buf = append(w.buf, "xref\n"...)
	for i := 0; i < len(refs); {
		n := 1
		for i+n < len(refs) && refs[i+n].Num == refs[i].Num+uint32(n) {
			n++
		}
		w.buf = fmt.Appendf(w.buf, "%d %d\n", refs[i].Num, n)
		for j := i; j < i+n; j++ {
			w.buf = fmt.Appendf(w.buf, "%010d %05d n\r\n", offsets[j], refs[j].Gen)
		}
		i += n
	}
	w.buf = append(w.buf, "trailer\n"...)
	err := w.value(t, 0)
	w.buf = append(w.buf, '\n')
	return err
}

func (u *Update) xrefStream(w *writer, t Dict, refs []Ref, offsets []int64, at int64) error {
	self := Ref{Num: u.next}
	refs, offsets = append(slices.Clip(refs), self), append(slices.Clip(offsets), at)
	t["Type"], t["Size"] = Name("XRef"), int64(u.next)+1
	t["W"] = Array{1, 8, 2}
	index, raw := Array{}, []byte(nil)
	for i, r := range refs {
		index = append(index, int64(r.Num), 1)
		raw = append(raw, 1)
		for s := 56; s >= 0; s -= 8 {
			raw = append(raw, byte(offsets[i]>>s))
		}
		raw = append(raw, byte(r.Gen>>8), byte(r.Gen))
	}
	t["Index"] = index
	return w.indirect(self, &Stream{Dict: t, Raw: raw})
}
