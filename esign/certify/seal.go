package certify

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
)

// drawSignature draws the official's mark: blue, on a transparent ground.
func drawSignature(name string, at time.Time) ([]byte, error) {
	w, h := officialRect.width(), officialRect.height()
	pdf := newPDF(w, h, at)
	pdf.SetTextColor(20, 60, 170)
	pdf.SetDrawColor(20, 60, 170)
	name = clean(name)
	size := 26.0
	pdf.SetFont(font, "I", size)
	for pdf.GetStringWidth(name) > w*0.94 && size > 8 {
		size--
		pdf.SetFont(font, "I", size)
	}
	pdf.SetXY(0, h*0.16)
	pdf.CellFormat(w, size*1.1, name, "", 0, "C", false, 0, "")
	pdf.SetLineWidth(1.2)
	pdf.Curve(w*0.12, h*0.72, w*0.5, h*0.52, w*0.9, h*0.74, "D")
	pdf.SetFont(font, "", 7.5)
	pdf.SetXY(0, h-11)
	pdf.CellFormat(w, 9, "Ký số "+at.Format("15:04:05 02/01/2006 -07:00"), "", 0, "C", false, 0, "")
	return output(pdf, nil)
}

// drawSeal draws the agency's seal: red, two rings, the unit's name along the
// upper arc, the agency's along the lower, a star in the middle.
func drawSeal(unit, agency string, at time.Time) ([]byte, error) {
	pdf := newPDF(sealSize, sealSize, at)
	c := sealSize / 2
	pdf.SetDrawColor(206, 17, 38)
	pdf.SetTextColor(206, 17, 38)
	pdf.SetFillColor(206, 17, 38)
	pdf.SetLineWidth(2)
	pdf.Circle(c, c, c-1.5, "D")
	pdf.SetLineWidth(0.7)
	pdf.Circle(c, c, c-5, "D")
	pdf.Circle(c, c, c*0.48, "D")
	arc(pdf, strings.ToUpper(clean(unit)), c, c-16, false, 200)
	if agency != "" {
		arc(pdf, strings.ToUpper(clean(agency)), c, c-16, true, 130)
	}
	star(pdf, c, c, c*0.36)
	return output(pdf, nil)
}

// arc writes text along the upper or the lower half of a circle of radius r round
// (c, c), read from left to right, within at most span degrees.
func arc(pdf *fpdf.Fpdf, text string, c, r float64, lower bool, span float64) {
	size := 10.0
	pdf.SetFont(font, "B", size)
	limit := span * math.Pi / 180 * r
	for pdf.GetStringWidth(text) > limit && size > 4 {
		size -= 0.25
		pdf.SetFont(font, "B", size)
	}
	total := pdf.GetStringWidth(text) / r * 180 / math.Pi
	pos := 0.0
	for len(text) > 0 {
		_, n := utf8.DecodeRuneInString(text)
		ch := text[:n]
		text = text[n:]
		w := pdf.GetStringWidth(ch) / r * 180 / math.Pi
		turn := -total/2 + pos + w/2 // degrees from the middle, reading direction
		pos += w
		pdf.TransformBegin()
		if lower {
			pdf.TransformRotate(turn, c, c)
			pdf.SetXY(c-pdf.GetStringWidth(ch)/2, c+r-size*0.55)
		} else {
			pdf.TransformRotate(-turn, c, c)
			pdf.SetXY(c-pdf.GetStringWidth(ch)/2, c-r-size*0.55)
		}
		pdf.CellFormat(pdf.GetStringWidth(ch), size*1.1, ch, "", 0, "L", false, 0, "")
		pdf.TransformEnd()
	}
}

func star(pdf *fpdf.Fpdf, x, y, r float64) {
	var points []fpdf.PointType
	for i := range 10 {
		radius := r
		if i%2 == 1 {
			radius = r * 0.382
		}
		a := -math.Pi/2 + float64(i)*math.Pi/5
		points = append(points, fpdf.PointType{X: x + radius*math.Cos(a), Y: y + radius*math.Sin(a)})
	}
	pdf.Polygon(points, "F")
}

// bookName names the electronic register of a year (quyển số). The symbol of
// electronic books is the one a running system uses; the operator confirms it.
func bookName(volume, year int) string { return fmt.Sprintf("%02d/%d-SCTĐT/BS", volume, year) }
