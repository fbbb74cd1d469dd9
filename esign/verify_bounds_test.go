package esign_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// hostile builds a file whose catalog is object 1 from bodies and a cross-reference table over them.
func hostile(trailer string, bodies ...string) []byte {
	b := []byte("%PDF-1.7\n")
	offsets := make([]int, len(bodies))
	for i, body := range bodies {
		offsets[i] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	at := len(b)
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f\r\n", len(bodies)+1)
	for _, o := range offsets {
		b = fmt.Appendf(b, "%010d 00000 n\r\n", o)
	}
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(bodies)+1, trailer, at)
}

// xrefStream builds a file that is a cross-reference stream only.
func xrefStream(dict, raw string) []byte {
	return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<</Type/XRef/Root 1 0 R%s/Length %d>>\nstream\n%s\nendstream\nendobj\n"+
		"startxref\n9\n%%%%EOF", dict, len(raw), raw)
}

func deflated(t *testing.T, n int) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	chunk := make([]byte, 1<<20)
	for range n {
		_, err := z.Write(chunk)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.String()
}

// inTime verifies within the deadline. A machine that is busy with something else gets three tries.
func inTime(t *testing.T, data []byte, o *esign.VerifyOptions, name string) *esign.Report {
	t.Helper()
	for try := 1; ; try++ {
		start := time.Now()
		r := verify(t, data, o)
		if took := time.Since(start); took < deadline {
			return r
		} else if try == 3 {
			t.Fatalf("%s: %v, the deadline is %v", name, took, deadline)
		}
	}
}

// TestHostileFilesEndSoon: whatever the file, an answer within two seconds, and never that it is valid.
func TestHostileFilesEndSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official})
	bomb := deflated(t, 80)
	manyFields := make([]string, 30_000)
	for i := range manyFields {
		manyFields[i] = "3 0 R"
	}
	later := func(body string) []byte { // a signed file with one more object that a page leads to
		return updated(t, file, func(u *pdf.Update) {
			setKeys(t, u, pageRef, pdf.Dict{"PieceInfo": u.Add(&pdf.Stream{Dict: pdf.Dict{}, Raw: []byte(body)})})
		})
	}
	for name, data := range map[string][]byte{
		"brackets":       hostile("", strings.Repeat("[", 1_000_000)),
		"dictionaries":   hostile("", strings.Repeat("<</A", 500_000)),
		"numbers":        hostile("", "["+strings.Repeat("1 ", 8_000_000)+"]"),
		"strings":        hostile("", "["+strings.Repeat("()", 5_000_000)+"]"),
		"references":     hostile("", "<</AcroForm<</Fields["+strings.Repeat("3 0 R ", 1_000_000)+"]>>>>", "null", "<</FT/Sig>>"),
		"reference ring": hostile("", "2 0 R", "1 0 R"),
		"length ring":    hostile("", "<</AcroForm 2 0 R>>", "<</Length 2 0 R>>\nstream\n\nendstream"),
		"field ring":     hostile("", "<</AcroForm<</Fields[2 0 R]>>>>", "<</Kids[2 0 R 2 0 R]/T(x)>>"),
		"direct fields":  hostile("", "<</AcroForm<</Fields["+strings.Repeat("<</FT/Sig/V<</ByteRange[0 1 2 3]>>>>", 5000)+"]>>>>"),
		"page ring":      append(file[:0:0], later("x")...),
		"prev ring":      hostile("/Prev 9", "<<>>"),
		"prev to itself": []byte("%PDF-1.7\nxref\n0 1\n0000000000 65535 f\r\ntrailer\n<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF"),
		"huge table":     []byte("%PDF-1.7\nxref\n0 9999999\ntrailer\n<<>>\nstartxref\n9\n%%EOF"),
		"object of 2^64": hostile("", "<</AcroForm 18446744073709551616 0 R>>"),
		"deflated xref":  xrefStream("/W[1 4 1]/Size 8000000/Filter/FlateDecode", bomb),
		"many filters":   xrefStream("/W[1 1 1]/Size 1/Filter["+strings.Repeat("/FlateDecode", 50)+"]", ""),
		"long name":      hostile("", "<</AcroForm<</Fields[2 0 R]>>>>", "<</T("+strings.Repeat("x", 1_000_000)+")/FT/Sig/V 1 0 R>>"),
		"spaces":         []byte("%PDF-1.7" + strings.Repeat(" ", 10_000_000) + "%%EOF"),
		"comments":       hostile("", strings.Repeat("%\n", 3_000_000)+"<<>>"),
	} {
		r := inTime(t, data, w.trusting(), name)
		require.NotEqual(t, esign.Valid, r.Verdict, name)
		require.NotEmpty(t, r.Reason.Code, name)
	}
}

// TestManySignatures: the cost of a file grows with its signatures, not with their square.
func TestManySignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := blank(t)
	const n = 40
	fields := pdf.Array{officialRef, agencyRef, noteRef}
	var refs []pdf.Ref
	file = updated(t, file, func(u *pdf.Update) {
		for i := range n {
			r := u.Add(pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.Text(fmt.Sprint("s", i)), "Subtype": pdf.Name("Widget")})
			refs, fields = append(refs, r), append(fields, r)
		}
		setKeys(t, u, formRef, pdf.Dict{"Fields": fields})
	})
	for _, r := range refs {
		file = signed(t, file, recipe{by: w.official, field: r})
	}
	r := inTime(t, file, w.trusting(), "many")
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	require.Len(t, r.Signers, n)
	require.Len(t, r.Signers[0].Notes, n, "time and every later signature")
}

// FuzzVerify wants an answer for anything, and valid only for bytes that were signed.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	once := signed(f, blank(f), recipe{by: w.official, stamp: w.tsa})
	twice := signed(f, once, recipe{by: w.agency, field: agencyRef})
	f.Add(blank(f))
	f.Add(once)
	f.Add(twice)
	if root := os.Getenv("MOTCUA_CORPUS"); root != "" {
		dir, rows := corpus(f)
		for _, r := range rows {
			if data, err := os.ReadFile(dir + "/" + r.file); err == nil && len(data) < 100_000 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := verify(t, data, w.trusting())
		if r.Verdict == esign.Valid && !bytes.Equal(data, once) && !bytes.Equal(data, twice) {
			t.Fatal("valid, but nobody signed it")
		}
		if r.State != esign.Signed && (r.Verdict != esign.Invalid || r.Intact) {
			t.Fatal("a verdict without a signature")
		}
	})
}
