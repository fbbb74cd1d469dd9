package scan

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// mark replaces every operator that has two names before it.
func mark(op string, operands [2]pdf.Name) string {
	if operands[0] == "" || operands[1] == "" {
		return ""
	}
	return "<" + string(operands[0]) + "," + string(operands[1]) + "," + op + ">"
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*windowBytes)
	for in, want := range map[string]string{
		"":                              "",
		"  q\nQ ":                       "  q\nQ ",
		"/OC /L BDC q EMC":              "<OC,L,BDC> q EMC",
		"q /OC/L BDC":                   "q <OC,L,BDC>",
		"q/OC%c\n/L BDC Q":              "q<OC,L,BDC> Q",
		"/A /B /C BDC":                  "<B,C,BDC>",
		"/#4fC /a#2Fb#g BDC":            "<OC,a/b#g,BDC>",
		"/OC <</MCID 1>> BDC":           "/OC <</MCID 1>> BDC",
		"/OC <</N /L>> BDC":             "/OC <</N /L>> BDC",
		"/OC [/L /M] BDC":               "/OC [/L /M] BDC",
		"/OC (/L) BDC":                  "/OC (/L) BDC",
		"/OC <4c> BDC":                  "/OC <4c> BDC",
		"/OC 1 BDC":                     "/OC 1 BDC",
		"/OC true BDC":                  "/OC true BDC",
		"/OC /L 1 BDC":                  "/OC /L 1 BDC",
		"(\\) /OC /L BDC (a)) pop":      "(\\) /OC /L BDC (a)) pop",
		"% /OC /L BDC":                  "% /OC /L BDC",
		"% /OC /L\r/A /B BDC":           "% /OC /L\r<A,B,BDC>",
		"BI /W 1 ID /A /B C EI /A /B X": "BI /W 1 ID /A /B C EI <A,B,X>",
		"BI ID x EI\x01 /A /B C EI Q":   "BI ID x EI\x01 /A /B C EI Q",
		"BI ID xEI EIx EI\nQ":           "BI ID xEI EIx EI\nQ",
		"BI ID x EI":                    "BI ID x EI",
		"(" + long + ") Tj /A /B C":     "(" + long + ") Tj <A,B,C>",
		"<" + long + "> Tj /A /B C":     "<" + long + "> Tj <A,B,C>",
		"%" + long + "\n/A /B C":        "%" + long + "\n<A,B,C>",
		strings.Repeat("q Q ", windowBytes) + "/A /B C":              strings.Repeat("q Q ", windowBytes) + "<A,B,C>",
		"[" + strings.Repeat("(a) 1 ", windowBytes) + "] TJ /A /B C": "[" + strings.Repeat("(a) 1 ", windowBytes) + "] TJ <A,B,C>",
	} {
		name := in[:min(len(in), 40)]
		for _, r := range []io.Reader{
			strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in)),
		} {
			var out bytes.Buffer
			require.NoError(t, rewrite(r, &out, mark), name)
			assert.Equal(t, want, out.String(), name)
		}
	}
}

// TestRewriteUnclear: what readers may cut up differently is not touched.
func TestRewriteUnclear(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"(a", "(a\\", "<4", "[", "[ q ]", "<< q >>", "]", ">>", ">", "> q", ")", "{", "}", "BI ID x", "<<", "<",
		"/" + strings.Repeat("n", maxToken+1), strings.Repeat("n", windowBytes+1),
		"(" + strings.Repeat("x", 2*windowBytes) + ") /A /B C", // operands too long to be replaced
	} {
		assert.ErrorIs(t, rewrite(strings.NewReader(in), io.Discard, mark), errUnclear, in[:min(len(in), 20)])
	}
	broken := errors.New("broken")
	for _, in := range []string{"", "q ", "(a", "/a", "% a", "<a", "<", "BI ID x EI", "ab"} {
		r := io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken))
		assert.ErrorIs(t, rewrite(r, io.Discard, mark), broken, in)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestRewriteToFull(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"q Q", "/A /B C", strings.Repeat(" ", 2*windowBytes)} {
		assert.ErrorIs(t, rewrite(strings.NewReader(in), full{}, mark), io.ErrShortWrite)
	}
}

// TestRewriteNothing: content in which nothing is replaced comes out as it went in, however it arrives.
func TestRewriteNothing(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"q", " ", "\n", "(a\\)b(c))", "<4142>", "/N", "/OC", "/L", "BDC", "[1 2]", "<</A(b)>>", "%c\n", "1.5", "BI ID \x00\xff EI q ",
	}
	rapid.Check(t, func(rt *rapid.T) {
		in := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(rt, "pieces"), " ")
		pad := strings.Repeat(" ", rapid.IntRange(0, 64).Draw(rt, "pad")+windowBytes-32)
		in = pad + in
		var out bytes.Buffer
		require.NoError(rt, rewrite(strings.NewReader(in), &out, func(string, [2]pdf.Name) string { return "" }))
		require.Equal(rt, in, out.String())
	})
}

func TestPixelBytes(t *testing.T) {
	t.Parallel()
	doc, err := pdf.Open([]byte("%PDF-1.4\n1 0 obj\nnull\nendobj\nxref\n0 2\n0000000000 65535 f\r\n0000000009 00000 n\r\n"+
		"trailer\n<</Root 1 0 R/Size 2>>\nstartxref\n29\n%%EOF\n"), nil)
	require.NoError(t, err)
	in := &inspection{doc: doc}
	for name, c := range map[string]struct {
		more pdf.Dict
		want int64
	}{
		"nothing known":  {pdf.Dict{}, 800 * 400 * 4},
		"grey":           {pdf.Dict{"ColorSpace": pdf.Name("DeviceGray")}, 800 * 400},
		"colour":         {pdf.Dict{"ColorSpace": pdf.Name("DeviceRGB"), "BitsPerComponent": int64(16)}, 800 * 400 * 6},
		"palette":        {pdf.Dict{"ColorSpace": pdf.Array{pdf.Name("Indexed")}, "BitsPerComponent": int64(4)}, 800 * 400 / 2},
		"mask":           {pdf.Dict{"ImageMask": true}, 800 * 400 / 8},
		"black or white": {pdf.Dict{"BitsPerComponent": int64(1)}, 800 * 400 / 8},
		"no bits":        {pdf.Dict{"BitsPerComponent": int64(0)}, 800 * 400 * 4},
		"odd bits":       {pdf.Dict{"BitsPerComponent": int64(99)}, 800 * 400 * 4},
	} {
		d := c.more
		d["Width"], d["Height"] = int64(800), int64(400)
		assert.Equal(t, c.want, in.pixelBytes(d), name)
	}
	assert.Zero(t, in.pixelBytes(pdf.Dict{"Width": int64(-1 << 62), "Height": int64(1 << 62)}))
	assert.Positive(t, in.pixelBytes(pdf.Dict{"Width": int64(1 << 62), "Height": int64(1 << 62)}))
}
