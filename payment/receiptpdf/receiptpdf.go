// Package receiptpdf draws a receipt (biên lai thu phí, lệ phí) as a PDF page.
//
// The page is a view of a receipt row: the same row, agency and mark give the
// same bytes, so that it may be drawn again at any time and compared by hash. It
// is not signed; the legal e-receipt is the data, and the tax office's format
// for it is an adapter's matter.
//
// Contents follow Decree 123/2020/NĐ-CP, Article 32: name, template symbol,
// series and number, agency and its tax code, payer, each fee, the amount in
// figures and in words, the day.
//
// The typeface is Liberation Serif, under the SIL Open Font License; a subset of
// it is embedded in each page.
package receiptpdf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/payment"
)

const (
	font   = "liberationserif" // metric-compatible with Times New Roman
	margin = 12.0              // mm
	size   = 10.5              // pt
	line   = 5.4               // mm
)

// Agency is who collected the fee (cơ quan thu).
type Agency struct {
	// Name is required.
	Name string
	// TaxCode (mã số thuế) and Address are left out where empty.
	TaxCode, Address string
}

// Options are the options of [Render]; nil means defaults.
type Options struct {
	// Mark is printed in red at the top, for papers of a trial; empty means none.
	Mark string
	// Note is printed in italics at the foot.
	Note string
}

// Render draws one page, A5. It is safe for concurrent use.
func Render(r *payment.Receipt, by Agency, o *Options) ([]byte, error) {
	if r == nil || r.Kind.VI() == "" || len(r.Lines) == 0 || clean(by.Name) == "" {
		return nil, errors.New("receiptpdf: a receipt with a kind and lines, and the agency's name, are needed")
	}
	if o == nil {
		o = &Options{}
	}
	p := newPage(r)
	p.mark(o.Mark)
	p.head(r, by)
	p.payer(r)
	p.table(r)
	p.foot(r, o)
	var b bytes.Buffer
	if err := p.pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("receiptpdf: %w", err)
	}
	return b.Bytes(), nil
}

type page struct {
	pdf   *fpdf.Fpdf
	width float64
}

func newPage(r *payment.Receipt) *page {
	pdf := fpdf.New("P", "mm", "A5", "")
	pdf.SetCatalogSort(true) // the same input gives the same bytes
	pdf.SetCreationDate(r.Issued.UTC())
	pdf.SetModificationDate(r.Issued.UTC())
	pdf.SetProducer("MotCua", true)
	pdf.SetCreator("MotCua", true)
	pdf.SetTitle(clean(title(r)+" "+r.Series+" "+r.Label()), true)
	pdf.SetLang("vi-VN")
	pdf.AddUTF8FontFromBytes(font, "", liberationserifregular.TTF)
	pdf.AddUTF8FontFromBytes(font, "B", liberationserifbold.TTF)
	pdf.AddUTF8FontFromBytes(font, "I", liberationserifitalic.TTF)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin)
	pdf.AddPage()
	w, _ := pdf.GetPageSize()
	return &page{pdf: pdf, width: w - 2*margin}
}

func title(r *payment.Receipt) string { return "Biên lai thu " + r.Kind.VI() }

// clean makes text fit to draw: NFC, because decomposed Vietnamese is drawn with
// its marks displaced, one line, and only what the font can show.
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

func (p *page) style(style string, pt float64) { p.pdf.SetFont(font, style, pt) }

func (p *page) text(style, align, s string) {
	p.style(style, size)
	p.pdf.MultiCell(p.width, line, clean(s), "", align, false)
}

func (p *page) mark(s string) {
	if s == "" {
		return
	}
	p.pdf.SetTextColor(166, 27, 27)
	p.style("B", size)
	p.pdf.MultiCell(p.width, line+1, clean(s), "1", "C", false)
	p.pdf.SetTextColor(0, 0, 0)
	p.pdf.Ln(2)
}

func (p *page) head(r *payment.Receipt, by Agency) {
	top := p.pdf.GetY()
	left := p.width * 0.58
	p.style("B", size)
	p.pdf.MultiCell(left, line, clean(by.Name), "", "L", false)
	p.style("", size)
	if by.TaxCode != "" {
		p.pdf.MultiCell(left, line, "Mã số thuế: "+clean(by.TaxCode), "", "L", false)
	}
	if by.Address != "" {
		p.pdf.MultiCell(left, line, clean(by.Address), "", "L", false)
	}
	bottom := p.pdf.GetY()
	p.pdf.SetXY(margin+left, top)
	for _, s := range []string{"Mẫu số: " + r.Template, "Ký hiệu: " + r.Series, "Số: " + r.Label()} {
		p.pdf.CellFormat(p.width-left, line, clean(s), "", 2, "R", false, 0, "")
	}
	p.pdf.SetXY(margin, max(bottom, p.pdf.GetY())+3)
	p.style("B", size+4)
	p.pdf.CellFormat(p.width, line+3, strings.ToUpper(clean(title(r))), "", 1, "C", false, 0, "")
	p.text("I", "C", dateWords(r.Issued))
	p.pdf.Ln(2)
}

// dateWords writes the day as official papers do.
func dateWords(t time.Time) string {
	d := t.In(time.FixedZone("+07", 7*3600))
	month := fmt.Sprint(int(d.Month()))
	if d.Month() <= time.February { // Decree 30/2020/NĐ-CP: a zero before days below 10 and months 1 and 2
		month = "0" + month
	}
	return fmt.Sprintf("Ngày %02d tháng %s năm %d", d.Day(), month, d.Year())
}

func (p *page) payer(r *payment.Receipt) {
	name := r.PayerName
	if name == "" {
		name = "(không ghi tên)"
	}
	p.text("", "L", "Người nộp: "+name)
	p.text("", "L", "Nội dung: "+r.Title)
	if r.Method != "" {
		p.text("", "L", "Hình thức thanh toán: "+r.Method)
	}
	p.pdf.Ln(2)
}

func (p *page) table(r *payment.Receipt) {
	const number, amount = 12.0, 34.0
	name := p.width - number - amount
	p.style("B", size)
	p.pdf.CellFormat(number, line+1, "STT", "1", 0, "C", false, 0, "")
	p.pdf.CellFormat(name, line+1, "Khoản thu", "1", 0, "C", false, 0, "")
	p.pdf.CellFormat(amount, line+1, "Số tiền (đồng)", "1", 1, "C", false, 0, "")
	p.style("", size)
	for i, l := range r.Lines {
		rows := p.pdf.SplitText(clean(l.Name), name-2)
		h := line * float64(max(1, len(rows)))
		if _, page := p.pdf.GetPageSize(); p.pdf.GetY()+h > page-margin {
			p.pdf.AddPage()
		}
		y := p.pdf.GetY()
		p.pdf.CellFormat(number, h, fmt.Sprint(i+1), "1", 0, "C", false, 0, "")
		p.pdf.MultiCell(name, line, strings.Join(rows, "\n"), "1", "L", false)
		p.pdf.SetXY(margin+number+name, y)
		p.pdf.CellFormat(amount, h, l.Amount.Digits(), "1", 1, "R", false, 0, "")
	}
	p.style("B", size)
	p.pdf.CellFormat(number+name, line+1, "Tổng cộng", "1", 0, "R", false, 0, "")
	p.pdf.CellFormat(amount, line+1, r.Amount.Digits(), "1", 1, "R", false, 0, "")
	p.pdf.Ln(1)
	p.text("", "L", "Số tiền viết bằng chữ: "+r.Amount.Words()+".")
}

func (p *page) foot(r *payment.Receipt, o *Options) {
	p.pdf.Ln(3)
	p.text("I", "L", "Mã tra cứu biên lai: "+r.ID)
	if o.Note != "" {
		p.text("I", "L", o.Note)
	}
}
