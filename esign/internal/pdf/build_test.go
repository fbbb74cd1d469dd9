package pdf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// table builds a file with a classic cross-reference table from the bodies of objects 1, 2, ….
func table(bodies ...string) []byte {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
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
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(bodies)+1, at)
}

// onePage is a minimal document; more objects may follow.
func onePage(more ...string) []byte {
	return table(append([]string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R/Resources<<>>>>",
	}, more...)...)
}

// asStream turns a one-page document into one whose newest section is a cross-reference stream with an object stream.
func asStream(t testing.TB) []byte {
	t.Helper()
	b := []byte("%PDF-1.7\n")
	bodies := "1 0 2 30 3 90 "
	body := fmt.Sprintf("%-30s%-60s%s", "<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>", "<</Type/Page/Parent 2 0 R/Resources<<>>>>")
	objstm := len(b)
	b = fmt.Appendf(b, "4 0 obj\n<</Type/ObjStm/N 3/First %d/Length %d>>\nstream\n%s%s\nendstream\nendobj\n",
		len(bodies), len(bodies)+len(body), bodies, body)
	at := len(b)
	raw := []byte{0, 0, 0, 0}
	for i := range 3 {
		raw = append(raw, 2, 0, 4, byte(i))
	}
	raw = append(raw, 1, byte(objstm>>8), byte(objstm), 0, 1, byte(at>>8), byte(at), 0)
	b = fmt.Appendf(b, "5 0 obj\n<</Type/XRef/Size 6/Root 1 0 R/W[1 2 1]/Length %d>>\nstream\n%s\nendstream\nendobj\n", len(raw), raw)
	return fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", at)
}

// qpdfCheck is the independent opinion on what we write.
func qpdfCheck(t *testing.T, data []byte) {
	t.Helper()
	qpdf, err := exec.LookPath("qpdf")
	if err != nil {
		return // the structural assertions beside this call still hold
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.Command(qpdf, "--check", path).CombinedOutput()
	require.NoError(t, err, string(out))
}
