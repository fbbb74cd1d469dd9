package files

import (
	"context"
	"encoding/hex"
	"hash"
	"io"
	"os"
)

// reader stops when the caller has gone.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// checked compares what was read with the reference at the end.
type checked struct {
	file *os.File
	ctx  context.Context
	sum  hash.Hash
	ref  string
}

// Read gives the content; at its end ErrDamaged instead of io.EOF if it is not
// what was stored.
func (c *checked) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.file.Read(p)
	c.sum.Write(p[:n]) // a hash never fails
	if err == io.EOF && hex.EncodeToString(c.sum.Sum(nil)) != c.ref {
		return n, &Error{CodeDamaged, "file " + c.ref + " is not what was stored; restore it from a copy", nil}
	}
	return n, err
}

// Close closes the file.
func (c *checked) Close() error { return c.file.Close() }
