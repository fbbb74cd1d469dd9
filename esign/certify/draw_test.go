package certify

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/boombuler/barcode/qr"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

var dayOfTests = time.Date(2024, 11, 15, 10, 0, 0, 0, zone)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                          "",
		" a ":                       "a",
		"a\nb\tc":                   "a b c",
		"a\u00a0b":                  "a\u00a0b", // keeps a name on one line
		"a\u2003b":                  "a b",
		"a\x00b\x7f":                "a b",
		"a\u200bb\u00ad":            "ab", // no shape of their own
		"\uffee":                    "\uffee",
		"\U00010000":                "?",
		"😀":                         "?",
		"\xff":                      "?",
		"Nguye\u0302\u0303n":        "Nguyễn", // decomposed marks are drawn displaced
		"e\u200d\u0301":             "é",      // also when a joiner kept them apart
		"Cộng hòa xã hội chủ nghĩa": "Cộng hòa xã hội chủ nghĩa",
	} {
		require.Equal(t, want, clean(in), "%q", in)
	}
}

// content returns what the only page of a document draws.
func content(t *testing.T, file []byte) string {
	t.Helper()
	d, err := pdf.Open(file, nil)
	require.NoError(t, err)
	pages, err := d.Pages()
	require.NoError(t, err)
	require.Len(t, pages, 1)
	o, err := d.Resolve(pages[0].Dict["Contents"])
	require.NoError(t, err)
	b, err := d.Decode(o.(*pdf.Stream))
	require.NoError(t, err)
	return string(b)
}

// numbers returns the operands of every operator of one name.
func numbers(t *testing.T, content, operator string, n int) [][]float64 {
	t.Helper()
	var out [][]float64
	form := regexp.MustCompile(`((?:-?[0-9.]+ ){` + fmt.Sprint(n) + `})` + operator + `\b`)
	for _, m := range form.FindAllStringSubmatch(content, -1) {
		var row []float64
		for _, f := range strings.Fields(m[1]) {
			v, err := strconv.ParseFloat(f, 64)
			require.NoError(t, err)
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out
}

// The squares drawn are the dark ones of the code (ISO/IEC 18004), no more and no fewer.
func TestQRIsDrawnWhole(t *testing.T) {
	t.Parallel()
	const text, size = "CTDT1;H10.12;01/2024-SCTĐT/BS;7", 210.0
	p := newPDF(300, 300, dayOfTests)
	file, err := output(p, drawQR(p, text, 20, 30, size))
	require.NoError(t, err)
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	require.NoError(t, err)
	n := code.Bounds().Dx()
	cell := size / float64(n)
	drawn := make([]bool, n*n)
	for _, r := range numbers(t, content(t, file), "re", 4) {
		// The page's coordinates begin at the lower left, and a height is drawn downwards.
		row, from, to := int((300-30-r[1])/cell+0.5), int((r[0]-20)/cell+0.5), int((r[0]-20+r[2])/cell+0.5)
		require.InDelta(t, cell, -r[3], 0.02)
		require.Less(t, from, to)
		for col := from; col < to; col++ {
			require.False(t, drawn[row*n+col], "drawn twice")
			drawn[row*n+col] = true
		}
	}
	for row := range n {
		for col := range n {
			red, _, _, _ := code.At(col, row).RGBA()
			require.Equal(t, red == 0, drawn[row*n+col], "row %d, column %d", row, col)
		}
	}
	_, err = output(p, drawQR(p, strings.Repeat("a", 3000), 0, 0, size))
	require.ErrorContains(t, err, "QR code", "more than any code holds")
}

// A name is written as large as it fits, and never so small that it can't be read.
func TestSignatureFitsItsName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]float64{"Lê A": 26, strings.Repeat("Nguyễn Thị ", 30): 8} {
		file, err := drawSignature(name, dayOfTests)
		require.NoError(t, err)
		require.Contains(t, sizes(t, file), want, name)
		require.Len(t, sizes(t, file), 2, "the name, and beneath it the time")
		require.Contains(t, sizes(t, file), 7.5)
	}
	file, err := drawSignature("Nguyễn Thị Phương Thảo Nguyên", dayOfTests)
	require.NoError(t, err)
	p := newPDF(1, 1, dayOfTests)
	for size := range sizes(t, file) {
		if size == 7.5 {
			continue
		}
		require.Less(t, size, 26.0)
		p.SetFont(font, "I", size)
		require.LessOrEqual(t, p.GetStringWidth("Nguyễn Thị Phương Thảo Nguyên"), officialRect.width()*0.94)
		p.SetFont(font, "I", size+1)
		require.Greater(t, p.GetStringWidth("Nguyễn Thị Phương Thảo Nguyên"), officialRect.width()*0.94)
	}
}

// sizes returns the sizes of letters that a document draws text in.
func sizes(t *testing.T, file []byte) map[float64]bool {
	t.Helper()
	out := map[float64]bool{}
	// A font that is set and set again before anything is drawn shows nothing.
	for _, part := range regexp.MustCompile(`T[jJ]`).Split(content(t, file), -1) {
		if all := numbers(t, part, "Tf", 1); len(all) > 0 {
			out[all[len(all)-1][0]] = true
		}
	}
	return out
}

// On the seal each letter is turned by its place on the circle: the unit's name along the upper half within 200 degrees,
// the agency's along the lower within 130, unless the letters would be too small to be read.
func TestSeal(t *testing.T) {
	t.Parallel()
	const unit, agency = "UBND Tân Phú", "UBND Đồng Xoài"
	both, err := drawSeal(unit, agency, dayOfTests)
	require.NoError(t, err)
	alone, err := drawSeal(unit, "", dayOfTests)
	require.NoError(t, err)
	n := utf8.RuneCountInString(unit)
	require.Len(t, turns(t, alone), n)
	require.Len(t, turns(t, both), n+utf8.RuneCountInString(agency))
	require.Equal(t, map[float64]bool{10: true}, sizes(t, alone), "a short name keeps its size")
	long, err := drawSeal(strings.Repeat("Ủy ban nhân dân ", 20), "", dayOfTests)
	require.NoError(t, err)
	require.Equal(t, map[float64]bool{4: true}, sizes(t, long))
	// Along the upper half one reads clockwise, along the lower against it; both are symmetric to the middle.
	upper, lower := turns(t, both)[:n], turns(t, both)[n:]
	for i := 1; i < len(upper); i++ {
		require.Less(t, upper[i], upper[i-1])
	}
	for i := 1; i < len(lower); i++ {
		require.Greater(t, lower[i], lower[i-1])
	}
	for _, half := range [][]float64{upper, lower} {
		require.InDelta(t, 0, half[0]+half[len(half)-1], 8, "about as far from the middle on either side")
	}
	require.LessOrEqual(t, math.Abs(upper[0]), 100.0)
	require.LessOrEqual(t, math.Abs(lower[0]), 65.0)
}

// turns returns by how many degrees the letters are turned, counterclockwise as PDF counts.
func turns(t *testing.T, file []byte) []float64 {
	t.Helper()
	var out []float64
	for _, m := range numbers(t, content(t, file), "cm", 6) {
		if m[4] != 0 || m[5] != 0 {
			out = append(out, math.Atan2(m[1], m[0])*180/math.Pi)
		}
	}
	return out
}

// The seal covers the left third of the official's signature (Decree 30/2020/NĐ-CP, Annex I), and both stand on the page.
func TestPlacesOfTheSignatures(t *testing.T) {
	t.Parallel()
	require.InDelta(t, officialRect[0]+officialRect.width()/3, agencyRect[2], 0.01)
	require.Less(t, agencyRect[1], officialRect[1])
	require.Greater(t, agencyRect[3], officialRect[3])
	require.InDelta(t, 36*72/25.4, agencyRect.width(), 0.01, "36 mm")
	require.InDelta(t, agencyRect.width(), agencyRect.height(), 0.01)
	for _, r := range []rect{officialRect, agencyRect} {
		require.True(t, r[0] > 0 && r[1] > 0 && r[2] < pageWidth && r[3] < pageHeight)
	}
}
