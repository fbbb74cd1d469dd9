package scan

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/motcua/motcua/esign/internal/pdf"
)

var errExpands = fmt.Errorf("%w: its streams expand beyond what is allowed", pdf.ErrLimit)

// draws says whether a stream is content besides that of pages: a form, a pattern or a glyph.
func (in *inspection) draws(s *pdf.Stream) bool {
	return in.name(s.Dict["Subtype"]) == "Form" || in.get(s.Dict["PatternType"]) != nil || in.glyphs[s]
}

// expand measures a stream: what its filters put out counts, and so does what goes from one filter to the next, since two
// layers of Flate make 4 GiB out of 7 KB. Samples of images are not undone; their size is what pixelBytes says.
func (in *inspection) expand(o pdf.Object, _ pdf.Ref) error {
	s, ok := o.(*pdf.Stream)
	if !ok || in.measured[s] {
		return nil
	}
	if in.draws(s) {
		return in.measure(s)
	}
	names, parms, err := in.doc.Filters(s.Dict)
	if errors.Is(err, pdf.ErrFilter) {
		return nil // nothing that draws, in a filter that few readers know
	}
	if err != nil {
		return err
	}
	names = besidesImage(names, in.name(s.Dict["Subtype"]) == "Image")
	if !expands(names) {
		return nil
	}
	r, err := in.undo(s.Raw, names, parms)
	if errors.Is(err, pdf.ErrFilter) {
		return nil
	}
	return drain(r, err)
}

// measure reads a content stream to its end, once.
func (in *inspection) measure(s *pdf.Stream) error {
	if in.measured[s] {
		return nil
	}
	in.measured[s] = true
	return drain(in.open(s))
}

func drain(r io.Reader, err error) error {
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return err
}

// open undoes a content stream. Image filters are refused there: a page description is no picture, and JBIG2 makes a
// gigabyte out of nothing.
func (in *inspection) open(s *pdf.Stream) (io.Reader, error) {
	names, parms, err := in.doc.Filters(s.Dict)
	if err != nil {
		return nil, err
	}
	for _, f := range names {
		if imageFilter(f) {
			return nil, fmt.Errorf("%w: an image filter on what is no image", pdf.ErrLimit)
		}
	}
	return in.undo(s.Raw, names, parms)
}

func imageFilter(f pdf.Name) bool {
	switch f {
	case "DCTDecode", "JPXDecode", "CCITTFaxDecode", "JBIG2Decode":
		return true
	}
	return false
}

// besidesImage leaves out the filter that yields an image's samples.
func besidesImage(names []pdf.Name, image bool) []pdf.Name {
	for i, f := range names {
		if imageFilter(f) {
			return names[:i]
		}
	}
	if image {
		return names[:max(0, len(names)-1)]
	}
	return names
}

func expands(names []pdf.Name) bool {
	for _, f := range names {
		if f == "FlateDecode" || f == "LZWDecode" || f == "RunLengthDecode" {
			return true
		}
	}
	return false
}

func (in *inspection) undo(raw []byte, names []pdf.Name, parms []pdf.Dict) (io.Reader, error) {
	var r io.Reader = bytes.NewReader(raw)
	if len(raw) == 0 {
		return r, nil // nothing, whatever filters it claims
	}
	if !flateOnly(names, parms) {
		return in.undoAtOnce(raw, names, parms)
	}
	for range names {
		z, err := in.inflater(r)
		if err != nil {
			return nil, malformedFlate(err)
		}
		r = &meter{in: in, r: z, z: z}
	}
	return r, nil
}

func flateOnly(names []pdf.Name, parms []pdf.Dict) bool {
	for i, f := range names {
		if f != "FlateDecode" || parms[i]["Predictor"] != nil {
			return false
		}
	}
	return true
}

// undoAtOnce is for the filters that real content seldom has.
func (in *inspection) undoAtOnce(raw []byte, names []pdf.Name, parms []pdf.Dict) (io.Reader, error) {
	filters, list := make(pdf.Array, len(names)), make(pdf.Array, len(names))
	for i := range names {
		filters[i] = names[i]
		if parms[i] != nil {
			list[i] = parms[i]
		}
	}
	out, err := in.doc.Decode(&pdf.Stream{Dict: pdf.Dict{"Filter": filters, "DecodeParms": list}, Raw: raw})
	if err != nil {
		return nil, err
	}
	return &meter{in: in, r: bytes.NewReader(out)}, nil
}

// inflater undoes Flate. It takes one that has done its work where there is one, since each has 40 kB of its own and a
// file may have a hundred thousand streams.
func (in *inspection) inflater(r io.Reader) (io.Reader, error) {
	n := len(in.idle)
	if n == 0 {
		return zlib.NewReader(r)
	}
	z := in.idle[n-1]
	in.idle = in.idle[:n-1]
	resetter, ok := z.(zlib.Resetter)
	if !ok {
		return zlib.NewReader(r)
	}
	return z, resetter.Reset(r, nil)
}

// meter counts what a filter puts out and stops it at the limit or when the caller gives up.
type meter struct {
	in *inspection
	r  io.Reader
	z  io.Reader // the inflater, until it is given back
}

func (m *meter) Read(p []byte) (int, error) {
	if err := m.in.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if m.in.left -= int64(n); m.in.left < 0 {
		return n, errExpands
	}
	if errors.Is(err, io.EOF) && m.z != nil {
		m.in.idle, m.z, m.r = append(m.in.idle, m.z), nil, bytes.NewReader(nil)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = malformedFlate(err)
	}
	return n, err
}

func malformedFlate(err error) error {
	for _, own := range []error{pdf.ErrLimit, pdf.ErrMalformed, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, own) {
			return err
		}
	}
	return fmt.Errorf("%w: flate: %w", pdf.ErrMalformed, err)
}

// joined reads content streams one after the other, white space between, as readers join them.
type joined struct {
	in    *inspection
	parts []*pdf.Stream
	now   io.Reader
}

func (j *joined) Read(p []byte) (int, error) {
	for {
		if j.now == nil {
			if len(j.parts) == 0 {
				return 0, io.EOF
			}
			r, err := j.in.open(j.parts[0])
			if err != nil {
				return 0, err
			}
			j.parts, j.now = j.parts[1:], io.MultiReader(r, bytes.NewReader([]byte{'\n'}))
		}
		n, err := j.now.Read(p)
		if errors.Is(err, io.EOF) {
			j.now, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}
