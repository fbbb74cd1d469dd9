package certify

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/text/unicode/norm"
)

const font = "liberationserif" // metric-compatible with Times New Roman, which Decree 30/2020 asks for

// newPDF starts a document of one page, in points, whose bytes depend on its
// content alone.
func newPDF(width, height float64, at time.Time) *fpdf.Fpdf {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: width, Ht: height}})
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(at.UTC())
	pdf.SetModificationDate(at.UTC())
	pdf.SetProducer("MotCua", true)
	pdf.AddUTF8FontFromBytes(font, "", liberationserifregular.TTF)
	pdf.AddUTF8FontFromBytes(font, "B", liberationserifbold.TTF)
	pdf.AddUTF8FontFromBytes(font, "I", liberationserifitalic.TTF)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	pdf.AddPage()
	return pdf
}

// output ends the document, unless drawing it failed.
func output(pdf *fpdf.Fpdf, drawn error) ([]byte, error) {
	if drawn != nil {
		return nil, drawn
	}
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("statement page: %w", err)
	}
	return b.Bytes(), nil
}

// clean makes text fit to draw: NFC, because decomposed Vietnamese is drawn with
// its marks displaced, one line, and only what the font can show: a title typed
// with an emoji must not stand in the way of a signature.
func clean(s string) string {
	return strings.TrimSpace(norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0', unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1 // has no shape of its own
		case r > 0xffff || r == unicode.ReplacementChar:
			return '?' // the embedded font has no such character
		}
		return r
	}, s)))
}

// drawQR draws a code as squares, sharp at any size; level M survives a fold.
func drawQR(pdf *fpdf.Fpdf, content string, x, y, size float64) error {
	b, err := qr.Encode(content, qr.M, qr.Unicode)
	if err != nil {
		return fmt.Errorf("statement page: QR code: %w", err)
	}
	n := b.Bounds().Dx()
	cell := size / float64(n)
	pdf.SetFillColor(0, 0, 0)
	for row := range n {
		for col := 0; col < n; {
			run := 0
			for col+run < n {
				r, _, _, _ := b.At(col+run, row).RGBA()
				if r >= 0x8000 {
					break
				}
				run++
			}
			if run > 0 { // one rectangle for a run leaves no hairlines between cells
				pdf.Rect(x+float64(col)*cell, y+float64(row)*cell, float64(run)*cell, cell, "F")
			}
			col += run + 1
		}
	}
	return nil
}
