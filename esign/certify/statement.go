package certify

import (
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Statement (lời chứng) is what the page after the scan says.
type Statement struct {
	// Agency (cơ quan chủ quản) stands above Unit in the head; Place before the
	// date. They are the names of the day.
	Agency, Unit, Place string
	Book                string
	Number              int64
	// Document names the paper, Pages counts its pages.
	Document string
	Pages    int
	// Date is the day of certification, of the law's clock.
	Date time.Time
	// Title and Name are those of who certifies, e.g. "PHÓ CHỦ TỊCH".
	Title, Name string
	// Scan is the SHA-256 of the scan, in hex.
	Scan string
	// Code is the text of the QR.
	Code string
	// Trial prints [TrialMark].
	Trial bool
}

// A4, in points.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
	margin     = 62.0
)

// Where the two signatures stand on the page, in PDF coordinates: the agency's
// seal, 36 mm wide as commune seals are, covers the left third of the official's
// signature (Decree 30/2020/NĐ-CP, Annex I).
var (
	officialRect = rect{340, 372, 340 + 150, 372 + 62}
	agencyRect   = rect{340 + 50 - sealSize, 352, 340 + 50, 352 + sealSize}
)

const sealSize = 102.05 // 36 mm

type rect [4]float64

func (r rect) width() float64  { return r[2] - r[0] }
func (r rect) height() float64 { return r[3] - r[1] }

// drawStatement draws the page. Its text is embedded and NFC, so that number and
// mark can be extracted.
func drawStatement(s *Statement) ([]byte, error) {
	pdf := newPDF(pageWidth, pageHeight, s.Date)
	width := pageWidth - 2*margin
	y := margin
	if s.Trial {
		pdf.SetTextColor(166, 27, 27)
		pdf.SetDrawColor(166, 27, 27)
		pdf.SetFont(font, "B", 14)
		pdf.SetXY(margin, y)
		pdf.CellFormat(width, 24, TrialMark, "1", 0, "C", false, 0, "")
		pdf.SetTextColor(0, 0, 0)
		pdf.SetDrawColor(0, 0, 0)
		y += 40
	}
	y = head(pdf, s, y, width)
	pdf.SetFont(font, "B", 15)
	pdf.SetXY(margin, y+18)
	pdf.CellFormat(width, 22, "CHỨNG THỰC BẢN SAO ĐÚNG VỚI BẢN CHÍNH", "", 0, "C", false, 0, "")
	y += 56
	d := s.Date
	lines := []string{
		fmt.Sprintf("Số chứng thực: %d", s.Number),
		"Quyển số: " + s.Book,
		fmt.Sprintf("Ngày %02d tháng %02d năm %d", d.Day(), int(d.Month()), d.Year()),
		"Giấy tờ: " + s.Document,
		fmt.Sprintf("Số trang: %d", s.Pages),
	}
	pdf.SetFont(font, "", 13)
	for _, line := range lines {
		pdf.SetXY(margin, y)
		pdf.MultiCell(width, 20, clean(line), "", "L", false)
		y = pdf.GetY() + 2
	}
	signatory(pdf, s)
	return output(pdf, footer(pdf, s))
}

func head(pdf *fpdf.Fpdf, s *Statement, y, width float64) float64 {
	left := width * 0.42
	pdf.SetXY(margin, y)
	pdf.SetFont(font, "", 11.5)
	if s.Agency != "" {
		pdf.MultiCell(left, 15, strings.ToUpper(clean(s.Agency)), "", "C", false)
	}
	pdf.SetX(margin)
	pdf.SetFont(font, "B", 11.5)
	pdf.MultiCell(left, 15, strings.ToUpper(clean(s.Unit)), "", "C", false)
	bottom := pdf.GetY()
	pdf.SetLineWidth(0.6)
	pdf.Line(margin+left*0.35, bottom+2, margin+left*0.65, bottom+2)
	x, right := margin+left, width-left
	pdf.SetFont(font, "B", 11.5)
	pdf.SetXY(x, y)
	pdf.CellFormat(right, 15, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "", 0, "C", false, 0, "")
	pdf.SetFont(font, "B", 12.5)
	pdf.SetXY(x, y+15)
	pdf.CellFormat(right, 16, "Độc lập - Tự do - Hạnh phúc", "", 0, "C", false, 0, "")
	pdf.Line(x+right*0.22, y+33, x+right*0.78, y+33)
	return max(bottom, y+36) + 4
}

// signatory writes title above and name beneath the place of the signatures.
func signatory(pdf *fpdf.Fpdf, s *Statement) {
	center := (officialRect[0] + officialRect[2]) / 2
	const w = 230.0
	top := pageHeight - agencyRect[3] - 44
	pdf.SetFont(font, "B", 12.5)
	pdf.SetXY(center-w/2, top)
	pdf.CellFormat(w, 16, "NGƯỜI THỰC HIỆN CHỨNG THỰC", "", 0, "C", false, 0, "")
	pdf.SetXY(center-w/2, top+17)
	pdf.CellFormat(w, 16, strings.ToUpper(clean(s.Title)), "", 0, "C", false, 0, "")
	pdf.SetXY(center-w/2, pageHeight-agencyRect[1]+8)
	pdf.SetFont(font, "B", 13)
	pdf.CellFormat(w, 16, clean(s.Name), "", 0, "C", false, 0, "")
}

func footer(pdf *fpdf.Fpdf, s *Statement) error {
	const size = 118.0
	y := pageHeight - 92 - size
	if err := drawQR(pdf, s.Code, margin, y, size); err != nil {
		return err
	}
	x := margin + size + 14
	pdf.SetFont(font, "", 10)
	for i, line := range []string{
		"Mã này chứa số chứng thực và dấu vân tay (SHA-256) của bản quét,",
		"được ký bằng khóa dịch vụ của cơ quan; kiểm tra được ngoại tuyến.",
		"Kiểm tra chữ ký số của tệp này tại trang kiểm tra văn bản của cơ quan.",
		"Bản quét: " + s.Scan[:32],
		"                " + s.Scan[32:],
	} {
		pdf.SetXY(x, y+float64(i)*14)
		pdf.CellFormat(pageWidth-margin-x, 14, line, "", 0, "L", false, 0, "")
	}
	return nil
}
