package scan

import (
	"errors"
	"io"
	"strings"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// errUnclear means content that readers may cut into operators each in their own way.
var errUnclear = errors.New("the page's content can't be read for sure")

const (
	windowBytes = 128 << 10
	maxOperands = 64 << 10 // bytes kept of one operator's operands; what is longer passes unseen
	maxToken    = 4096     // bytes of a name or an operator
)

// replacer gets an operator and the names among its last two operands, "" for other operands. What it returns takes the
// place of operator and operands; "" leaves them.
type replacer func(op string, operands [2]pdf.Name) string

// rewriter copies a content stream and shows each operator to a replacer, in constant memory.
type rewriter struct {
	r       io.Reader
	w       io.Writer
	replace replacer

	buf    []byte
	pos    int // next byte to read
	kept   int // first byte not yet written
	from   int // first byte of the operands so far, once there are any
	tok    int // first byte of the token
	ended  bool
	begun  bool // there are operands
	passed bool // a part of the operands has been written
	last   [2]pdf.Name
	depth  int // of arrays and dictionaries
}

func rewrite(r io.Reader, w io.Writer, replace replacer) error {
	c := &rewriter{r: r, w: w, replace: replace, buf: make([]byte, 0, windowBytes)}
	for {
		more, err := c.more()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := c.token(); err != nil {
			return err
		}
	}
	if c.depth != 0 {
		return errUnclear
	}
	_, err := w.Write(c.buf[c.kept:])
	return err
}

// more says whether there is a byte at pos, and reads on when the window ends there.
func (c *rewriter) more() (bool, error) {
	for c.pos == len(c.buf) {
		if c.ended {
			return false, nil
		}
		if err := c.fill(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// fill writes what is done with and reads on. Operands are kept whole, and when they are too long the token.
func (c *rewriter) fill() error {
	keep := c.pos
	if c.begun {
		keep = c.from
	}
	if c.pos-keep > maxOperands {
		if keep, c.passed = c.tok, true; c.pos-keep > maxToken {
			keep = c.pos
		}
	}
	if _, err := c.w.Write(c.buf[c.kept:keep]); err != nil {
		return err
	}
	n := copy(c.buf[:cap(c.buf)], c.buf[keep:])
	c.pos, c.tok, c.from, c.kept = c.pos-keep, max(0, c.tok-keep), 0, 0
	got, err := c.r.Read(c.buf[n:cap(c.buf)])
	c.buf = c.buf[:n+got]
	if errors.Is(err, io.EOF) {
		c.ended, err = true, nil
	}
	return err
}

// need is more where something must follow.
func (c *rewriter) need() error {
	ok, err := c.more()
	if err == nil && !ok {
		err = errUnclear
	}
	return err
}

func (c *rewriter) operand(n pdf.Name) {
	if c.depth == 0 {
		c.last = [2]pdf.Name{c.last[1], n}
	}
}

func (c *rewriter) token() error {
	c.tok = c.pos
	b := c.buf[c.pos]
	c.pos++
	switch b {
	case '\x00', '\t', '\n', '\f', '\r', ' ':
		return nil
	case '%':
		return c.comment()
	}
	if !c.begun {
		c.begun, c.passed, c.from = true, false, c.tok
	}
	switch b {
	case '/':
		if err := c.run(); err != nil {
			return err
		}
		c.operand(unescape(string(c.buf[c.tok+1 : c.pos])))
		return nil
	case '(':
		c.operand("")
		return c.text()
	case '<':
		return c.angle()
	case '>':
		if err := c.need(); err != nil || c.buf[c.pos] != '>' {
			return errors.Join(err, errUnclear)
		}
		c.pos++
		return c.close()
	case '[':
		c.depth++
		return nil
	case ']':
		return c.close()
	case ')', '{', '}':
		return errUnclear
	}
	return c.word(b)
}

func (c *rewriter) close() error {
	if c.depth--; c.depth < 0 {
		return errUnclear
	}
	c.operand("")
	return nil
}

func (c *rewriter) comment() error {
	for {
		if ok, err := c.more(); err != nil || !ok {
			return err
		}
		b := c.buf[c.pos]
		c.pos++
		if b == '\n' || b == '\r' {
			return nil
		}
	}
}

// run passes regular characters up to the end of the token.
func (c *rewriter) run() error {
	for {
		for c.pos < len(c.buf) && isRegular(c.buf[c.pos]) {
			c.pos++
		}
		if c.pos-c.tok > maxToken {
			return errUnclear
		}
		if c.pos < len(c.buf) {
			return nil
		}
		if ok, err := c.more(); err != nil || !ok {
			return err
		}
	}
}

func (c *rewriter) text() error {
	for depth := 1; depth > 0; {
		if err := c.need(); err != nil {
			return err
		}
		b := c.buf[c.pos]
		c.pos++
		switch b {
		case '(':
			depth++
		case ')':
			depth--
		case '\\':
			if err := c.need(); err != nil {
				return err
			}
			c.pos++
		}
	}
	return nil
}

// angle stands behind a '<': a dictionary or a hex string.
func (c *rewriter) angle() error {
	if err := c.need(); err != nil {
		return err
	}
	if c.buf[c.pos] == '<' {
		c.pos++
		c.depth++
		return nil
	}
	for {
		if err := c.need(); err != nil {
			return err
		}
		b := c.buf[c.pos]
		c.pos++
		if b == '>' {
			c.operand("")
			return nil
		}
	}
}

// word reads a number, a constant or an operator.
func (c *rewriter) word(first byte) error {
	if err := c.run(); err != nil {
		return err
	}
	if '0' <= first && first <= '9' || first == '-' || first == '.' || first == '+' {
		c.operand("")
		return nil
	}
	op := c.buf[c.tok:c.pos]
	switch string(op) {
	case "true", "false", "null":
		c.operand("")
		return nil
	}
	if c.depth > 0 {
		return errUnclear
	}
	if with := c.replace(string(op), c.last); with != "" {
		if c.passed {
			return errUnclear
		}
		if _, err := c.w.Write(append(c.buf[c.kept:c.from:c.from], with...)); err != nil {
			return err
		}
		c.kept = c.pos
	}
	image := string(op) == "ID"
	c.last, c.begun = [2]pdf.Name{}, false
	if image {
		return c.inlineImage()
	}
	return nil
}

// inlineImage passes the samples of an inline image. They have no length; as readers do, it takes an EI between white
// space that text follows for their end.
func (c *rewriter) inlineImage() error {
	const ahead = 12
	for spaced := false; ; {
		if err := c.need(); err != nil {
			return err
		}
		b := c.buf[c.pos]
		if b == 'E' && spaced {
			for len(c.buf)-c.pos < ahead && !c.ended {
				if err := c.fill(); err != nil {
					return err
				}
			}
			next := c.buf[c.pos+1 : min(len(c.buf), c.pos+ahead)]
			if len(next) > 0 && next[0] == 'I' && plain(next[1:]) {
				c.pos += 2
				return nil
			}
		}
		spaced = isSpace(b)
		c.pos++
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

func isSpace(c byte) bool {
	switch c {
	case '\x00', '\t', '\n', '\f', '\r', ' ':
		return true
	}
	return false
}

func isRegular(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return false
	}
	return !isSpace(c)
}

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
