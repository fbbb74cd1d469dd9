package endtoend

import (
	"image"
	"image/color"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

// checkSignatures asks pdfsig and OpenSSL about both signatures.
func checkSignatures(t *testing.T, s *story) {
	t.Helper()
	out, _ := tool(t, "pdfsig")(s.file) // its exit code tells of the roots it knows
	assert.Equal(t, 2, strings.Count(out, "Signature is Valid."), out)
	parts := strings.Split(out, "Signature #")
	require.Len(t, parts, 3, out)
	assert.Contains(t, parts[1], "Not total document signed")
	assert.Contains(t, parts[2], "- Total document signed")
	name := regexp.MustCompile(`Distinguished Name: (.*)`)
	assert.NotEqual(t, name.FindString(parts[1]), name.FindString(parts[2]), "official and agency have certificates of their own")
	checkClean(t, s.file)
	pdf := s.bytes(t)
	list := signatures(t, pdf)
	require.Len(t, list, 2)
	assert.Less(t, list[0].end, list[1].end, "the official signs first")
	assert.Equal(t, len(pdf), list[1].end)
	openssl := tool(t, "openssl")
	for _, sig := range list {
		out, err := openssl("cms", "-verify", "-cades", "-purpose", "any", "-CAfile", s.root(), "-inform", "DER", "-binary",
			"-in", temp(t, "cms.der", sig.cms), "-content", temp(t, "signed.bin", sig.signed), "-out", "verified.bin")
		require.NoError(t, err, out)
		token, stamped := stampOf(t, sig.cms)
		out, err = openssl("ts", "-verify", "-token_in", "-in", temp(t, "token.der", token), "-data", temp(t, "value.bin", stamped),
			"-CAfile", s.root())
		require.NoError(t, err, out)
		assert.Contains(t, out, "Verification: OK")
	}
}

// checkPages looks at the pages: the scan as it came, then the statement.
func checkPages(t *testing.T, s *story, scan []byte) {
	t.Helper()
	in := temp(t, "in.pdf", scan)
	n := pages(t, in)
	require.Equal(t, n+1, pages(t, s.file), "one statement page follows the scan")
	for page := 1; page <= n; page++ {
		assert.Equal(t, render(t, in, page, 72), render(t, s.file, page, 72), "page %d renders as it came", page)
	}
	statement := textOf(t, s.file, n+1, n+1)
	assert.Regexp(t, `(?m)Số chứng thực: 1$`, statement)
	assert.Contains(t, statement, trialMark)
	assert.NotContains(t, textOf(t, s.file, 1, n), "NGHIỆM", "the scan is not stamped")
	qr := pageCode(t, s)
	assert.Regexp(t, `;\d\d/\d{4}-[^;]+;1;[0-9a-f]{64};`, qr, "the QR tells number and scan")
	assert.Contains(t, qr, trialMark)
	checkSeals(t, s, n+1)
}

// checkSeals measures the two signatures on the page: the agency's seal, red, lies
// over the left third of the official's, blue (Decree 30/2020).
func checkSeals(t *testing.T, s *story, page int) {
	t.Helper()
	const dpi = 144
	img := render(t, s.file, page, dpi)
	rects := widgets(t, s.file, img.Bounds(), dpi)
	require.Len(t, rects, 2)
	official, agency := rects[0], rects[1]
	third := official
	third.Max.X = official.Min.X + official.Dx()/3
	rest := official
	rest.Min.X = third.Max.X + official.Dx()/20
	assert.Greater(t, count(img, third, red), 50, "the seal reaches over the left third")
	assert.Zero(t, count(img, rest, red), "and no further")
	assert.Greater(t, count(img, rest, blue), 200, "the official's signature is blue")
	assert.Greater(t, count(img, agency, red), 2000, "the agency's seal is red")
	assert.Less(t, agency.Min.X, official.Min.X, "it stands on the left")
	assert.InDelta(t, (agency.Min.Y+agency.Max.Y)/2, (official.Min.Y+official.Max.Y)/2, float64(official.Dy()), "at the same height")
}

var rectangle = regexp.MustCompile(`/Rect \[\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*\]`)

// widgets are the rectangles of the signature fields in pixels of a picture, the
// official's first.
func widgets(t *testing.T, file string, page image.Rectangle, dpi int) []image.Rectangle {
	t.Helper()
	out, err := tool(t, "qpdf")("--qdf", "--object-streams=disable", file, "-")
	require.NoError(t, err)
	var all []image.Rectangle
	for _, object := range strings.Split(out, "endobj") {
		m := rectangle.FindStringSubmatch(object)
		if m == nil || !strings.Contains(object, "/Sig") {
			continue
		}
		var v [4]int
		for i := range v {
			f, err := strconv.ParseFloat(m[i+1], 64)
			require.NoError(t, err)
			v[i] = int(f * float64(dpi) / 72)
		}
		r := image.Rect(v[0], page.Max.Y-v[3], v[2], page.Max.Y-v[1])
		if strings.Contains(object, "(official)") {
			all = append([]image.Rectangle{r}, all...)
		} else {
			all = append(all, r)
		}
	}
	return all
}

func count(img image.Image, r image.Rectangle, is func(r, g, b int) bool) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c, _ := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			if is(int(c.R), int(c.G), int(c.B)) {
				n++
			}
		}
	}
	return n
}

func red(r, g, b int) bool  { return r > 150 && g < 110 && b < 110 }
func blue(r, g, b int) bool { return b > 120 && r < 110 && b > r+50 && g < 140 }
