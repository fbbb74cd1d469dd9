package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
)

// Options bound what is accepted. A zero field has its default; nil has all of them.
type Options struct {
	// MaxBytes of the file, default 20 MiB. Memory grows with it.
	MaxBytes int64
	// MaxPages of the file, default 300.
	MaxPages int
	// MaxDecoded is how many bytes all streams other than images may put out, default 128 MiB.
	MaxDecoded int64
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	c.MaxBytes = cmp.Or(c.MaxBytes, 20<<20)
	c.MaxPages = cmp.Or(c.MaxPages, 300)
	c.MaxDecoded = cmp.Or(c.MaxDecoded, 128<<20)
	return c
}

// Scan is a scan that may be certified.
type Scan struct {
	// Data is the file to compare, to hash and to certify. Only incremental updates may follow.
	Data []byte
	// Pages counts its pages.
	Pages int
	// Normalised says that Data is the uploaded file followed by one update, which takes away layers that are always on or
	// an AcroForm without fields. Without it Data is the uploaded file.
	Normalised bool
}

// Check decides whether the size bytes of r may be certified. The error is a *[Refused] (errors.Is: [ErrRefused]) when
// they may not, the context's when it ends, else one of reading r. Equal input gives an equal answer, and checking
// Scan.Data again gives it unchanged. It may be called concurrently.
func Check(ctx context.Context, r io.ReaderAt, size int64, o *Options) (*Scan, error) {
	opts := o.withDefaults()
	if size > opts.MaxBytes {
		return nil, tooLarge(r, size, opts.MaxBytes)
	}
	if size < 0 {
		return nil, errors.New("scan: the size of the file is negative")
	}
	data, err := read(r, 0, size)
	if err != nil {
		return nil, err
	}
	return check(ctx, data, opts)
}

// tooLarge refuses a file by its size, unless its two ends already tell that it is no PDF or not only one.
func tooLarge(r io.ReaderAt, size, most int64) error {
	head, err := read(r, 0, min(size, headBytes))
	if err != nil {
		return err
	}
	tail, err := read(r, max(0, size-tailBytes), min(size, tailBytes))
	if err != nil {
		return err
	}
	var f findings
	f.add(TooLarge, 0, fmt.Errorf("%d bytes, %d are allowed", size, most))
	if c, _ := envelope(head, tail); c == Polyglot || c == NotPDF {
		f.add(c, 0, nil)
	}
	return f.err()
}

func read(r io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if got, err := r.ReadAt(b, at); got < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("scan: reading the file: %w", err)
	}
	return b, nil
}

func check(ctx context.Context, data []byte, opts Options) (*Scan, error) {
	s, more, err := normalised(ctx, data, opts)
	if err != nil || more == nil {
		return s, err
	}
	s.Data, s.Normalised = append(data[:len(data):len(data)], more...), true
	// What was written must be a scan that Check leaves as it is, with the same pages.
	again := inspect(ctx, s.Data, opts)
	again.left *= 2 // content stands in it before and after
	if err := again.all(); err != nil {
		return nil, unflat(ctx, err)
	}
	if len(again.pages) != s.Pages || again.dirty() {
		return nil, unflat(ctx, errTraces)
	}
	return s, nil
}

// normalised inspects a file and returns the update it needs, nil when it can stay as it is. Nothing of the inspection
// lives on, because the result is inspected again.
func normalised(ctx context.Context, data []byte, opts Options) (*Scan, []byte, error) {
	in := inspect(ctx, data, opts)
	if err := in.all(); err != nil {
		return nil, nil, err
	}
	s := &Scan{Data: data, Pages: len(in.pages)}
	if !in.dirty() {
		return s, nil, nil
	}
	more, err := in.normalise()
	if err != nil {
		return nil, nil, unflat(ctx, err)
	}
	return s, more, nil
}

var errTraces = errors.New("traces of layers remain")

// unflat turns a failure of normalising into a refusal: the layers are there, and can't be taken away.
func unflat(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var f findings
	f.add(Layers, 0, err)
	return f.err()
}
