package demo

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationserifregular"
)

// drawScan draws two pages that look like a scanned paper.
func drawScan() ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(time.Unix(0, 0).UTC())
	pdf.SetModificationDate(time.Unix(0, 0).UTC())
	pdf.AddUTF8FontFromBytes("serif", "", liberationserifregular.TTF)
	for page := 1; page <= 2; page++ {
		pdf.AddPage()
		pdf.SetFillColor(250, 248, 240)
		pdf.Rect(0, 0, 210, 297, "F")
		pdf.SetDrawColor(150, 120, 60)
		pdf.SetLineWidth(1)
		pdf.Rect(12, 12, 186, 273, "D")
		pdf.SetFont("serif", "", 22)
		pdf.SetXY(20, 40)
		pdf.CellFormat(170, 12, "BẰNG TỐT NGHIỆP TRUNG HỌC PHỔ THÔNG", "", 0, "C", false, 0, "")
		pdf.SetFont("serif", "", 13)
		for i := range 18 {
			pdf.SetXY(30, 70+float64(i)*9)
			pdf.CellFormat(150, 8, fmt.Sprintf("Dòng %d, trang %d của bản chính giả định", i+1, page), "B", 0, "L", false, 0, "")
		}
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("example scan: %w", err)
	}
	return out.Bytes(), nil
}
