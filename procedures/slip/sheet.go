package slip

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/procedures"
)

const font = "liberationserif"

// sheet lays text from top to bottom and breaks pages. Lengths are millimetres,
// type sizes points.
type sheet struct {
	pdf         *fpdf.Fpdf
	size        float64 // of running text
	line        float64 // height of its lines
	left, width float64
}

func newSheet(s *Subject, title string, o *Options) *sheet {
	if o == nil {
		o = &Options{}
	}
	sh := &sheet{size: 10, line: 4.3}
	format, margin := "A5", 10.0
	if o.Paper == A4 {
		format, margin, sh.size, sh.line = "A4", 20.0, 13, 6.2
	}
	pdf := fpdf.New("P", "mm", format, "")
	sh.pdf = pdf
	pdf.SetCatalogSort(true) // the same input gives the same bytes
	pdf.SetCreationDate(s.Issued.UTC())
	pdf.SetModificationDate(s.Issued.UTC())
	pdf.SetProducer("MotCua", true)
	pdf.SetCreator("MotCua", true)
	pdf.SetTitle(clean(title), true)
	pdf.SetAuthor(clean(s.Office.Name), true)
	pdf.SetLang("vi-VN")
	pdf.AddUTF8FontFromBytes(font, "", liberationserifregular.TTF)
	pdf.AddUTF8FontFromBytes(font, "B", liberationserifbold.TTF)
	pdf.AddUTF8FontFromBytes(font, "I", liberationserifitalic.TTF)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin+6)
	page, _ := pdf.GetPageSize()
	sh.left, sh.width = margin, page-2*margin
	pdf.SetHeaderFunc(func() { sh.trial(o.Trial) })
	pdf.SetFooterFunc(func() { sh.footer(s, margin) })
	pdf.AddPage()
	return sh
}

// trial prints the mark at the top of the page; it is part of the text, not an image.
func (sh *sheet) trial(on bool) {
	if !on {
		return
	}
	sh.pdf.SetTextColor(166, 27, 27)
	sh.style("B", sh.size)
	sh.pdf.CellFormat(sh.width, sh.line+1.2, TrialMark, "1", 1, "C", false, 0, "")
	sh.pdf.SetTextColor(0, 0, 0)
	sh.pdf.Ln(1.5)
}

func (sh *sheet) footer(s *Subject, margin float64) {
	_, h := sh.pdf.GetPageSize()
	sh.pdf.SetY(h - margin - 3)
	sh.style("I", sh.size-2)
	text := fmt.Sprintf("Mẫu số %s, Thông tư %s", s.Form.Number, s.Form.Circular)
	if c := s.Code.String(); c != "" {
		text += " · " + c
	}
	sh.pdf.CellFormat(sh.width, sh.line, fmt.Sprintf("%s · Trang %d", clean(text), sh.pdf.PageNo()), "", 0, "C", false, 0, "")
}

func (sh *sheet) style(style string, size float64) { sh.pdf.SetFont(font, style, size) }

// head is the head of official papers by Decree 30/2020/NĐ-CP: who issues it on
// the left, the national title and motto on the right, place and date beneath.
func (sh *sheet) head(s *Subject) {
	pdf, top := sh.pdf, sh.pdf.GetY()
	leftWidth := sh.width * 0.42
	small := sh.size - 1.2
	sh.style("", small)
	if s.Office.Parent != "" {
		pdf.MultiCell(leftWidth, sh.line-0.4, upper(s.Office.Parent), "", "C", false)
	}
	sh.style("B", small)
	pdf.MultiCell(leftWidth, sh.line-0.4, upper(s.Office.Name), "", "C", false)
	sh.rule(sh.left+leftWidth*0.35, leftWidth*0.3)
	bottom := pdf.GetY()

	right := sh.left + leftWidth
	pdf.SetXY(right, top)
	sh.style("B", small)
	pdf.CellFormat(sh.width-leftWidth, sh.line-0.4, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "", 2, "C", false, 0, "")
	sh.style("B", small+0.8)
	pdf.CellFormat(sh.width-leftWidth, sh.line-0.2, "Độc lập - Tự do - Hạnh phúc", "", 2, "C", false, 0, "")
	sh.rule(right+(sh.width-leftWidth)*0.22, (sh.width-leftWidth)*0.56)
	pdf.SetXY(right, pdf.GetY()+1)
	sh.style("I", small)
	pdf.CellFormat(sh.width-leftWidth, sh.line, clean(placeAndDate(s)), "", 2, "C", false, 0, "")
	pdf.SetXY(sh.left, max(bottom, pdf.GetY())+1.5)
}

func (sh *sheet) rule(x, width float64) {
	y := sh.pdf.GetY() + 0.5
	sh.pdf.SetLineWidth(0.2)
	sh.pdf.Line(x, y, x+width, y)
}

func placeAndDate(s *Subject) string {
	y, m, d := s.Issued.In(procedures.Zone).Date()
	month := fmt.Sprint(int(m))
	if m < 3 { // Decree 30/2020: a zero before days under 10 and months 1 and 2
		month = "0" + month
	}
	date := fmt.Sprintf("ngày %02d tháng %s năm %d", d, month, y)
	if s.Office.Place == "" {
		return strings.ToUpper(date[:1]) + date[1:]
	}
	return s.Office.Place + ", " + date
}

func (sh *sheet) title(text string) {
	sh.pdf.Ln(1)
	sh.style("B", sh.size+2.5)
	sh.pdf.MultiCell(sh.width, sh.line+1.2, upper(text), "", "C", false)
	sh.pdf.Ln(0.8)
}

// field is a label and its value; without a value nothing is printed.
func (sh *sheet) field(label, value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	sh.paragraph("", label+": "+value)
}

func (sh *sheet) strong(label, value string) { sh.paragraph("B", label+": "+value) }

func (sh *sheet) paragraph(style, text string) {
	sh.style(style, sh.size)
	sh.pdf.MultiCell(sh.width, sh.line, clean(text), "", "L", false)
	sh.pdf.Ln(0.3)
}

// listed is a line of a list, set in.
func (sh *sheet) listed(text string) {
	const indent = 4
	sh.pdf.SetX(sh.left + indent)
	sh.style("", sh.size)
	sh.pdf.MultiCell(sh.width-indent, sh.line, clean(text), "", "L", false)
}

// signatures puts one or two columns: a role, room for a hand, a name. They stay
// together on one page.
func (sh *sheet) signatures(columns ...[2]string) {
	room := 2.7 * sh.line
	_, pageHeight := sh.pdf.GetPageSize()
	_, _, _, bottom := sh.pdf.GetMargins()
	if sh.pdf.GetY()+room+3*sh.line > pageHeight-bottom-6 {
		sh.pdf.AddPage()
	}
	sh.pdf.Ln(1)
	y, w := sh.pdf.GetY(), sh.width/float64(len(columns))
	for i, c := range columns {
		x := sh.left + float64(i)*w
		sh.pdf.SetXY(x, y)
		sh.style("B", sh.size-0.5)
		sh.pdf.CellFormat(w, sh.line, upper(c[0]), "", 2, "C", false, 0, "")
		sh.style("I", sh.size-1.5)
		sh.pdf.CellFormat(w, sh.line-0.6, "(Ký và ghi rõ họ tên)", "", 2, "C", false, 0, "")
		sh.pdf.SetXY(x, y+room+sh.line)
		sh.style("B", sh.size)
		sh.pdf.CellFormat(w, sh.line, clean(c[1]), "", 2, "C", false, 0, "")
	}
	sh.pdf.SetX(sh.left)
}

func (sh *sheet) write(w io.Writer) error {
	if err := sh.pdf.Output(w); err != nil {
		return fmt.Errorf("slip: write the paper: %w", err)
	}
	return nil
}

// clean makes text printable: NFC, one line, no control or format characters, no
// characters beyond the first plane (the font has none), a bounded length.
func clean(s string) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range norm.NFC.String(strings.Map(shaped, s)) {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0':
			space = b.Len() > 0
			continue
		case r > 0xffff || r == unicode.ReplacementChar:
			r = '?'
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if n++; n > maxText {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// shaped drops what has no shape of its own, before the marks it keeps apart from
// their letters are composed.
func shaped(r rune) rune {
	if unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

func upper(s string) string { return norm.NFC.String(strings.ToUpper(clean(s))) }

// moment writes an hour and a day as Vietnamese papers do.
func moment(t time.Time) string {
	l := t.In(procedures.Zone)
	return fmt.Sprintf("%d giờ %02d phút, ngày %s", l.Hour(), l.Minute(), l.Format("02/01/2006"))
}
