package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// packed is a document whose objects and cross-reference entries lie in compressed streams.
func packed(t *testing.T) []byte {
	t.Helper()
	deflate := func(s string) string {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, err := z.Write([]byte(s))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		return b.String()
	}
	const filters = "/Filter[/ASCIIHexDecode/FlateDecode]/DecodeParms[null<</Predictor 1>>]"
	stream := func(dict, s string) string {
		s = hex.EncodeToString([]byte(deflate(s))) + ">"
		return fmt.Sprintf("<<%s%s/Length %d>>\nstream\n%s\nendstream\nendobj\n", dict, filters, len(s), s)
	}
	b := []byte("%PDF-1.7\n")
	header := "1 0 2 30 3 120 "
	body := fmt.Sprintf("%-30s%-90s%s", "<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 595 842]/CropBox[0 0 9 9]/Rotate 90>>",
		"<</Type/Page/Parent 2 0 R/Resources<<>>/UserUnit 2/Annots[[(x)/N true 1.5]]>>")
	objects := len(b)
	b = fmt.Appendf(b, "4 0 obj\n%s", stream(fmt.Sprintf("/Type/ObjStm/N 3/First %d", len(header)), header+body))
	at := len(b)
	raw := []byte{0, 0, 0, 0}
	for i := range 3 {
		raw = append(raw, 2, 0, 4, byte(i))
	}
	raw = append(raw, 1, byte(objects>>8), byte(objects), 0, 1, byte(at>>8), byte(at), 0)
	b = fmt.Appendf(b, "5 0 obj\n%s", stream("/Type/XRef/Size 6/Root 1 0 R/W[1 2 1]/Index[0 6]", string(raw)))
	return fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", at)
}

// readWhole reads all of a document that callers read, and stops at the first error.
func readWhole(data []byte, l *Limits) error {
	d, err := Open(data, l)
	if err != nil {
		return err
	}
	if _, _, err := d.Catalog(); err != nil {
		return err
	}
	if _, err := d.Pages(); err != nil {
		return err
	}
	for _, n := range d.Numbers() {
		o, _, _, err := d.ByNumber(n)
		if err != nil {
			return err
		}
		if s, ok := o.(*Stream); ok {
			if _, err := d.Decode(s); err != nil {
				return err
			}
		}
	}
	if _, _, err := d.Span(Ref{Num: 4}, "Length"); err != nil {
		return err
	}
	return d.CheckUpdate(0)
}

// A file that costs more than is allowed is told as that, wherever it is noticed: never as damaged, and never as read.
func TestLimitsAreToldAsLimits(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"table": onePage("<</Length 5 0 R>>\nstream\nab\nendstream", "2", "[<</A(b)>>/N 1.5 true null 4 0 R]"), "streams": packed(t),
		"two revisions": updated(t, onePage("<</Length 2>>\nstream\nab\nendstream")),
	} {
		for what, limit := range map[string]func(int) *Limits{
			"values":  func(n int) *Limits { return &Limits{Values: n} },
			"memory":  func(n int) *Limits { return &Limits{Memory: int64(8 * n)} },
			"decoded": func(n int) *Limits { return &Limits{Decoded: int64(n)} },
			"entries": func(n int) *Limits { return &Limits{Entries: n} },
		} {
			for n := 1; ; n++ {
				require.Less(t, n, 5000, "%s %s: never enough", name, what)
				err := readWhole(data, limit(n))
				if err == nil {
					break
				}
				require.ErrorIs(t, err, ErrLimit, "%s, %d %s", name, n, what)
			}
		}
	}
}
