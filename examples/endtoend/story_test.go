package endtoend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

const (
	trialMark = "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
	citizen   = "Nguyễn Thị Lan" // whom the demo plays
)

// drawn is a scan of two unlike pages.
func drawn(t testing.TB) []byte {
	t.Helper()
	pdf := fpdf.New("P", "mm", "A4", "")
	for page := range 2 {
		pdf.AddPage()
		for i := range 20 {
			pdf.SetFillColor(12*i, 250-60*page-8*i, 40+9*i)
			pdf.Rect(15+float64(3*i), 20+float64(12*i), 90-float64(40*page), 9, "F")
		}
	}
	var out bytes.Buffer
	require.NoError(t, pdf.Output(&out))
	return out.Bytes()
}

var stepLine = regexp.MustCompile(`^[a-z_]+\t[^\t]+\t[a-z_]+\t(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00)$`)

// TestStory tells the whole story on both databases and looks at what it leaves
// with the eyes of programs we have not written.
func TestStory(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) []string{
		"sqlite":   func(testing.TB) []string { return nil },
		"postgres": func(t testing.TB) []string { return []string{"--database", sqltest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scan := drawn(t)
			more := append(database(t), "--date", lawDay)
			s := demo(t, t.TempDir(), append(more, "--in", temp(t, "scan.pdf", scan))...)
			checkLines(t, s)
			checkSignatures(t, s)
			checkPages(t, s, scan)
			srv := serve(t, s.data, more[:len(more)-2]...)
			checkPortal(t, s, srv)
			srv.stop(t)
			assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, append(more[:len(more)-2], "audit", "--data", s.data, "--json")...))
		})
	}
}

func checkLines(t *testing.T, s *story) {
	t.Helper()
	assert.Regexp(t, `^dossier H10\.\d+(\.\d+)?-241115-0001$`, s.lines[0])
	steps := s.lines[1:]
	require.GreaterOrEqual(t, len(steps), 8)
	var order []string
	last := time.Time{}
	for _, l := range steps {
		m := stepLine.FindStringSubmatch(l)
		require.NotNil(t, m, "%q is no line of a step", l)
		at, err := time.Parse(time.RFC3339, m[1])
		require.NoError(t, err)
		assert.False(t, at.Before(last), "%s goes back in time", l)
		last = at
		step, _, _ := strings.Cut(l, "\t")
		order = append(order, step)
	}
	assert.Equal(t, []string{"start", "request", "receive", "scan", "compare", "ask_fee", "pay", "fee_settled", "sign", "seal", "certified",
		"return_result"}, order)
}

// checkPortal looks at what the citizen finds on the portal.
func checkPortal(t *testing.T, s *story, srv *server) {
	t.Helper()
	b := signIn(t, srv.url, "citizen", citizen)
	p := b.mine("receipt_slip", "e_receipt", "scan", "result")
	assert.Equal(t, "returned", p.main("data-state"))
	result := b.get(p.paper("result"))
	assert.Equal(t, s.bytes(t), result.body, "the portal gives the same file")
	assert.Contains(t, result.header.Get("Content-Disposition"), "attachment")
	assert.Equal(t, "nosniff", result.header.Get("X-Content-Type-Options"))
	lookup := regexp.MustCompile(`id="ma-tra-cuu">([0-9A-Z -]+)<`).FindSubmatch(p.body)
	require.NotNil(t, lookup)
	secret := strings.NewReplacer(" ", "", "-", "").Replace(string(lookup[1]))
	require.Len(t, secret, 8)
	for kind, says := range map[string]string{"receipt_slip": "GIẤY TIẾP NHẬN", "e_receipt": "BIÊN LAI"} {
		paper := b.get(p.paper(kind))
		require.Equal(t, 200, paper.status, kind)
		file := temp(t, "paper.pdf", paper.body)
		text := textOf(t, file, 1, 99)
		assert.Contains(t, strings.ToUpper(text), says)
		assert.Contains(t, text, trialMark, "%s bears the trial mark", kind)
		checkClean(t, file)
	}
	slip := temp(t, "slip.pdf", b.get(p.paper("receipt_slip")).body)
	base := filepath.Join(t.TempDir(), "slip")
	out, err := tool(t, "pdftoppm")("-png", "-r", "150", "-singlefile", slip, base)
	require.NoError(t, err, out)
	qr := codes(t, base+".png")
	assert.Contains(t, qr, p.main("data-code"))
	assert.NotContains(t, strings.NewReplacer(" ", "", "-", "").Replace(qr), secret, "the code on paper does not open the dossier")
	assert.Contains(t, strings.NewReplacer(" ", "", "-", "").Replace(textOf(t, slip, 1, 9)), secret)
	scan := b.get(p.paper("scan"))
	require.Equal(t, 200, scan.status, "%s", scan.text())
	sum := sha256.Sum256(scan.body)
	assert.Contains(t, pageCode(t, s), hex.EncodeToString(sum[:]), "the QR names the scan that was compared")
}

// pageCode is the QR of the statement.
func pageCode(t *testing.T, s *story) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "statement")
	n := pages(t, s.file)
	out, err := tool(t, "pdftoppm")("-png", "-r", "200", "-f", itoa(n), "-singlefile", s.file, base)
	require.NoError(t, err, out)
	_, err = os.Stat(base + ".png")
	require.NoError(t, err)
	return codes(t, base+".png")
}

func checkClean(t *testing.T, file string) {
	t.Helper()
	out, err := tool(t, "qpdf")("--check", file)
	require.NoError(t, err, out)
	assert.Contains(t, out, "No syntax or stream encoding errors found")
}
