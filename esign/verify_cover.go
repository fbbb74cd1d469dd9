package esign

import (
	"bytes"
	"encoding/hex"
	"slices"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// check is the judgement of one signature. It is valid only when every stage was passed and nothing was found.
type check struct {
	v     *verification
	field signatureField

	out       Signature
	found     []finding
	covered   bool // what it covers is in order
	holds     bool // digest and signature are right
	unchanged bool // nothing came later that is not allowed
	trusted   bool // its signer leads to a root

	gap      [2]int64 // where /Contents stands
	end      int64    // of the signed revision
	rev      *pdf.Document
	contents []byte // decoded, padding included
	seal     seal
}

type finding struct {
	verdict Verdict
	why     Reason
}

func (c *check) find(v Verdict, why Reason) { c.found = append(c.found, finding{v, why}) }

func (c *check) fail(code string, args ...any) { c.find(Invalid, because(code, args...)) }

func (c *check) doubt(code string, args ...any) { c.find(Indeterminate, because(code, args...)) }

// result turns the stages into a verdict.
func (c *check) result() Signature {
	c.out.Field = quoted(c.field.name)
	c.out.Intact = c.covered && c.holds && c.unchanged
	c.out.Verdict = Valid
	c.out.Reason = because("valid")
	if !c.covered || !c.holds || !c.unchanged || !c.trusted {
		c.out.Verdict, c.out.Reason = Indeterminate, because("unknown-root")
	}
	if !c.out.Intact {
		c.out.Verdict, c.out.Reason = Invalid, because("bad-attributes")
	}
	for i, f := range c.found {
		worse := f.verdict == Invalid && !slices.ContainsFunc(c.found[:i], func(e finding) bool { return e.verdict == Invalid })
		if i == 0 || worse {
			c.out.Verdict, c.out.Reason = f.verdict, f.why
		}
	}
	return c.out
}

// cover checks that the signature covers all of its revision except exactly the string that holds it, and that the
// signature dictionary is in that revision what it is in the file.
func (c *check) cover() {
	c.out.Kind = KindSignature
	if c.field.dict["SubFilter"] == pdf.Name("ETSI.RFC3161") {
		c.out.Kind = KindTimestamp
	} else if t, ok := c.claimed(); ok {
		c.out.Time, c.out.TimeSource = t, TimeClaimed
	}
	if !c.byteRange() {
		return
	}
	c.out.Revision = c.end
	if !c.readContents() {
		return
	}
	c.covered = c.revision()
}

// byteRange wants [0 a b c] with the gap from a to b exactly where /Contents stands.
func (c *check) byteRange() bool {
	d := c.v.doc
	if c.field.dict == nil || c.field.ref == (pdf.Ref{}) {
		c.fail("signature-object")
		return false
	}
	o, err := d.Resolve(c.field.dict["ByteRange"])
	a, _ := o.(pdf.Array)
	if err != nil || len(a) != 4 {
		c.fail("byte-range")
		return false
	}
	var r [4]int64
	for i, o := range a {
		n, ok := o.(int64)
		if !ok || n < 0 || n > d.Size() {
			c.fail("byte-range")
			return false
		}
		r[i] = n
	}
	start, end, err := d.Span(c.field.ref, "Contents")
	if err != nil {
		c.fail("signature-object")
		return false
	}
	if r[0] != 0 || r[1] != start || r[2] != end || r[2]+r[3] > d.Size() {
		c.fail("byte-range")
		return false
	}
	c.gap, c.end = [2]int64{start, end}, r[2]+r[3]
	return true
}

// readContents decodes the hex string. Nothing in it is covered by the signature, so it may only be what a signer writes:
// no white space, letters of one case.
func (c *check) readContents() bool {
	raw := c.v.data[c.gap[0]:c.gap[1]]
	if len(raw) < 4 || raw[0] != '<' || raw[len(raw)-1] != '>' {
		c.fail("contents-altered")
		return false
	}
	digits := raw[1 : len(raw)-1]
	c.contents = make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(c.contents, digits); err != nil {
		c.fail("contents-altered")
		return false
	}
	if bytes.ContainsAny(digits, "abcdef") && bytes.ContainsAny(digits, "ABCDEF") {
		c.fail("contents-altered")
		return false
	}
	return true
}

// revision opens what was signed as a document of its own.
func (c *check) revision() bool {
	rev, err := c.v.doc.At(c.end)
	if err != nil {
		c.find(Invalid, because("revision-unreadable"))
		return false
	}
	fields, err := signatureFields(rev, c.v.opts.MaxSignatures)
	if err != nil {
		c.fail("revision-unreadable")
		return false
	}
	for _, f := range fields {
		if f.ref != c.field.ref {
			continue
		}
		if !pdf.Equal(f.dict, c.field.dict) {
			break
		}
		at, end, err := rev.Span(f.ref, "Contents")
		if err != nil || at != c.gap[0] || end != c.gap[1] {
			break
		}
		c.rev = rev
		c.field.lock = f.lock
		return true
	}
	c.fail("signature-object")
	return false
}

// order sorts by what is covered; signatures that cover nothing readable stand last.
func order(checks []*check) {
	slices.SortStableFunc(checks, func(a, b *check) int {
		switch {
		case a.rev == nil && b.rev == nil:
			return 0
		case a.rev == nil:
			return 1
		case b.rev == nil:
			return -1
		}
		return int(a.end - b.end)
	})
	for i := 1; i < len(checks); i++ {
		a, b := checks[i-1], checks[i]
		if a.rev != nil && b.rev != nil && a.end == b.end {
			// Both would have to leave the other's gap out as well.
			a.fail("byte-range")
			b.fail("byte-range")
			a.covered, b.covered = false, false
		}
	}
}
