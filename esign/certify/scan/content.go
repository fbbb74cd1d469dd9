package scan

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// errUnclear means content that readers may cut into operators each in their own way.
var errUnclear = errors.New("the page's content can't be read for sure")

// maxPending bounds the bytes kept of one operator; longer ones pass through unseen.
const maxPending = 64 << 10

// rewriter copies a content stream and lets replace look at each operator. It works in constant memory.
type rewriter struct {
	in  *bufio.Reader
	out io.Writer
	// replace gets an operator and the names among its last two operands ("" for other operands); what it returns stands
	// for operator and operands, "" leaves them.
	replace func(op string, operands [2]pdf.Name) string

	pending []byte // operands so far
	passed  bool   // a part of the operands has been written
	last    [2]pdf.Name
	depth   int // of arrays and dictionaries
}

func rewrite(r io.Reader, w io.Writer, replace func(string, [2]pdf.Name) string) error {
	c := &rewriter{in: bufio.NewReaderSize(r, 32<<10), out: w, replace: replace}
	for {
		b, err := c.byte()
		if err == io.EOF {
			if c.depth != 0 {
				return errUnclear
			}
			return c.flush()
		}
		if err != nil {
			return err
		}
		if err := c.token(b); err != nil {
			if err == io.EOF {
				err = errUnclear
			}
			return err
		}
	}
}

// byte takes the next byte into pending.
func (c *rewriter) byte() (byte, error) {
	b, err := c.in.ReadByte()
	if err != nil {
		return 0, err
	}
	c.pending = append(c.pending, b)
	if len(c.pending) > maxPending {
		c.passed = true
		return b, c.flush()
	}
	return b, nil
}

func (c *rewriter) flush() error {
	_, err := c.out.Write(c.pending)
	c.pending = c.pending[:0]
	return err
}

func (c *rewriter) operand(n pdf.Name) { c.last = [2]pdf.Name{c.last[1], n} }

func (c *rewriter) token(b byte) error {
	switch {
	case isSpace(b):
		return nil
	case b == '%':
		return c.comment()
	case b == '/':
		return c.nameOperand()
	case b == '(':
		c.operand("")
		return c.text()
	case b == '<':
		return c.angle()
	case b == '>':
		if next, err := c.byte(); err != nil || next != '>' {
			return errors.Join(err, errUnclear)
		}
		return c.close()
	case b == '[':
		c.depth++
		return nil
	case b == ']':
		return c.close()
	case b == ')', b == '{', b == '}':
		return errUnclear
	}
	return c.word(b)
}

func (c *rewriter) close() error {
	c.operand("")
	if c.depth--; c.depth < 0 {
		return errUnclear
	}
	return nil
}

func (c *rewriter) comment() error {
	for {
		if b, err := c.byte(); err != nil || b == '\n' || b == '\r' {
			if err == io.EOF {
				err = nil
			}
			return err
		}
	}
}

// regular reads the rest of a run of regular characters.
func (c *rewriter) regular(run []byte) (string, error) {
	for {
		next, err := c.in.Peek(1)
		if err == io.EOF || err == nil && !isRegular(next[0]) {
			return string(run), nil
		}
		if err != nil {
			return "", err
		}
		b, err := c.byte()
		if err != nil {
			return "", err
		}
		if run = append(run, b); len(run) > 4096 {
			return "", errUnclear
		}
	}
}

func (c *rewriter) nameOperand() error {
	run, err := c.regular(nil)
	if err != nil {
		return err
	}
	if c.depth == 0 {
		c.operand(unescape(run))
	}
	return nil
}

func (c *rewriter) text() error {
	for depth := 1; depth > 0; {
		b, err := c.byte()
		if err != nil {
			return err
		}
		switch b {
		case '(':
			depth++
		case ')':
			depth--
		case '\\':
			if _, err := c.byte(); err != nil {
				return err
			}
		}
	}
	return nil
}

// angle stands behind a '<': a dictionary or a hex string.
func (c *rewriter) angle() error {
	b, err := c.byte()
	if err != nil {
		return err
	}
	if b == '<' {
		c.depth++
		return nil
	}
	for b != '>' {
		if b, err = c.byte(); err != nil {
			return err
		}
	}
	c.operand("")
	return nil
}

// word reads a number, a constant or an operator.
func (c *rewriter) word(b byte) error {
	run, err := c.regular([]byte{b})
	if err != nil {
		return err
	}
	switch {
	case strings.IndexByte("+-.0123456789", run[0]) >= 0, run == "true", run == "false", run == "null":
		if c.depth == 0 {
			c.operand("")
		}
		return nil
	case c.depth > 0:
		return errUnclear
	}
	err = c.operator(run)
	c.last, c.passed = [2]pdf.Name{}, false
	if err == nil && run == "ID" {
		err = c.inlineImage()
	}
	return err
}

func (c *rewriter) operator(op string) error {
	with := c.replace(op, c.last)
	if with == "" {
		return c.flush()
	}
	if c.passed {
		return errUnclear
	}
	c.pending = append(c.pending[:0], with...)
	return c.flush()
}

// inlineImage passes the samples of an inline image. They have no length; as readers do, it takes an EI between white
// space that text follows for their end.
func (c *rewriter) inlineImage() error {
	before := byte(0)
	for {
		b, err := c.byte()
		if err != nil {
			return err
		}
		if b == 'E' && isSpace(before) {
			next, err := c.in.Peek(11)
			if err != nil && err != io.EOF {
				return err
			}
			if len(next) > 0 && next[0] == 'I' && plain(next[1:]) {
				_, err := c.byte()
				return errors.Join(err, c.flush())
			}
		}
		before = b
	}
}

// plain says whether bytes look like operators and not like samples.
func plain(b []byte) bool {
	if len(b) > 0 && !isSpace(b[0]) {
		return false
	}
	for _, c := range b {
		if c > '~' || c < ' ' && !isSpace(c) || c == 0 {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return strings.IndexByte("\x00\t\n\f\r ", c) >= 0 }

func isRegular(c byte) bool { return !isSpace(c) && strings.IndexByte("()<>[]{}/%", c) < 0 }

// unescape undoes #xx in a name.
func unescape(run string) pdf.Name {
	if !strings.Contains(run, "#") {
		return pdf.Name(run)
	}
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(run))
	for i := 0; i < len(run); i++ {
		if run[i] == '#' && i+2 < len(run) {
			hi := strings.IndexByte(digits, run[i+1]|0x20)
			lo := strings.IndexByte(digits, run[i+2]|0x20)
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, run[i])
	}
	return pdf.Name(out)
}
