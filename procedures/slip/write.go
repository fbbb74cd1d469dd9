package slip

import (
	"fmt"
	"io"

	"github.com/motcua/motcua/procedures"
)

// WriteReceipt writes form 01 (Giấy tiếp nhận hồ sơ và hẹn trả kết quả).
func WriteReceipt(w io.Writer, r *Receipt, o *Options) error {
	if err := r.validate(); err != nil {
		return err
	}
	sh := newSheet(&r.Subject, r.Form.Name.VI+" "+r.Code.String(), o)
	sh.head(&r.Subject)
	if err := sh.lookup(r, o != nil && o.Trial); err != nil {
		return err
	}
	sh.title(r.Form.Name.VI)
	sh.strong("Mã hồ sơ", r.Code.String())
	sh.field("Bộ phận tiếp nhận", join(r.Office.Name, r.Office.Address, phone(r.Office.Phone)))
	sh.field("Tiếp nhận hồ sơ của", r.Applicant.Name)
	sh.field("Người nộp", r.Filer)
	sh.field("Địa chỉ", r.Applicant.Address)
	sh.field("Số điện thoại", r.Applicant.Phone)
	sh.field("Email", r.Applicant.Email)
	sh.field("Thủ tục", r.Procedure)
	sh.field("Nội dung yêu cầu giải quyết", r.Content)
	sh.components(r)
	sh.field("Thời gian giải quyết hồ sơ theo quy định", r.LegalTerm)
	sh.field("Thời gian nhận hồ sơ", moment(r.Received))
	sh.strong("Thời gian trả kết quả giải quyết hồ sơ", moment(r.Due))
	if len(r.DueLines) > 0 {
		sh.paragraph("I", "Cách tính thời hạn:")
		for _, l := range r.DueLines {
			sh.listed("- " + l)
		}
	}
	sh.field("Nơi trả kết quả", r.ReturnPlace)
	if r.Book != "" {
		sh.field("Vào sổ theo dõi hồ sơ, quyển số", join(r.Book, "số thứ tự "+r.Line))
	}
	filer := r.Filer
	if filer == "" {
		filer = r.Applicant.Name
	}
	sh.signatures([2]string{"Người nộp hồ sơ", filer}, [2]string{"Người tiếp nhận hồ sơ", r.Officer})
	return sh.write(w)
}

// lookup puts the QR and the look-up code in a strip under the head.
func (sh *sheet) lookup(r *Receipt, trial bool) error {
	if r.LookupURL == "" {
		return nil
	}
	address, err := LookupAddress(r.LookupURL, r.Code.String(), trial)
	if err != nil {
		return err
	}
	const size, quiet = 23.0, 3.0 // a reader needs four modules of white round the code
	y := sh.pdf.GetY() + quiet - 1
	if err := sh.code(address, sh.left+quiet, y, size); err != nil {
		return err
	}
	sh.pdf.SetXY(sh.left+size+2*quiet, y+1)
	sh.style("", sh.size)
	width := sh.width - size - 2*quiet
	sh.pdf.CellFormat(width, sh.line, "Mã tra cứu (giữ riêng, không chia sẻ):", "", 2, "L", false, 0, "")
	sh.style("B", sh.size+4)
	sh.pdf.CellFormat(width, sh.line+2.5, procedures.FormatLookupCode(r.LookupCode), "", 2, "L", false, 0, "")
	sh.style("", sh.size-1)
	sh.pdf.MultiCell(width, sh.line-0.4, clean("Quét mã hoặc vào "+r.LookupURL+", nhập mã hồ sơ và mã tra cứu."), "", "L", false)
	sh.pdf.SetXY(sh.left, max(sh.pdf.GetY(), y+size+1)+0.5)
	return nil
}

func (sh *sheet) components(r *Receipt) {
	if len(r.Components) == 0 {
		return
	}
	sets := max(r.Sets, 1)
	sh.paragraph("", fmt.Sprintf("Thành phần hồ sơ nộp gồm (số lượng: %d bộ):", sets))
	for i, c := range r.Components {
		text := fmt.Sprintf("%d. %s", i+1, c.Name)
		if c.Form != "" {
			text += " (" + c.Form + ")"
		}
		if c.Count > 0 {
			text += fmt.Sprintf(": %d", c.Count)
		}
		sh.listed(text)
	}
	sh.pdf.Ln(0.5)
}

// WriteSupplement writes form 02 (Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ).
func WriteSupplement(w io.Writer, s *Supplement, o *Options) error {
	err := s.validate()
	switch {
	case err == nil && len(s.Items) == 0:
		err = fmt.Errorf("there is nothing to supplement")
	case len(s.Items) > maxItems:
		err = fmt.Errorf("more than %d items", maxItems)
	}
	if err != nil {
		return invalid("supplement request", err)
	}
	sh := newSheet(&s.Subject, s.Form.Name.VI, o)
	sh.head(&s.Subject)
	sh.title(s.Form.Name.VI)
	sh.subject(&s.Subject, s.Content)
	sh.paragraph("", "Để có cơ sở giải quyết hồ sơ theo quy định, đề nghị ông/bà bổ sung, hoàn thiện các nội dung sau:")
	for i, it := range s.Items {
		sh.paragraph("B", fmt.Sprintf("%d. %s", i+1, it.Name))
		if it.What != "" {
			sh.listed("Cần làm: " + it.What)
		}
		if it.Why != "" {
			sh.listed("Lý do: " + it.Why)
		}
		sh.pdf.Ln(0.5)
	}
	if !s.Until.IsZero() {
		sh.strong("Bổ sung trước", moment(s.Until))
	}
	sh.field("Cần hướng dẫn, xin liên hệ", s.Contact)
	sh.signatures([2]string{"Người nộp hồ sơ", s.Applicant.Name}, [2]string{"Người hướng dẫn", s.Officer})
	return sh.write(w)
}

// WriteRefusal writes form 03 (Phiếu từ chối tiếp nhận giải quyết hồ sơ).
func WriteRefusal(w io.Writer, r *Refusal, o *Options) error {
	err := r.validate()
	if err == nil && clean(r.Reason) == "" {
		err = fmt.Errorf("the reason is missing")
	}
	if err != nil {
		return invalid("refusal", err)
	}
	sh := newSheet(&r.Subject, r.Form.Name.VI, o)
	sh.head(&r.Subject)
	sh.title(r.Form.Name.VI)
	sh.subject(&r.Subject, r.Content)
	sh.paragraph("", "Qua xem xét, "+r.Office.Name+" thông báo không tiếp nhận, giải quyết hồ sơ này với lý do:")
	sh.listed(r.Reason)
	sh.pdf.Ln(1)
	sh.field("Ông/bà có thể", r.NextStep)
	sh.field("Phản ánh, kiến nghị", r.Complaint)
	sh.signatures([2]string{"Người nộp hồ sơ", r.Applicant.Name}, [2]string{"Người tiếp nhận hồ sơ", r.Officer})
	return sh.write(w)
}

// subject is the part forms 02 and 03 share.
func (sh *sheet) subject(s *Subject, content string) {
	if c := s.Code.String(); c != "" {
		sh.strong("Mã hồ sơ", c)
	}
	sh.field("Hồ sơ của", s.Applicant.Name)
	sh.field("Địa chỉ", s.Applicant.Address)
	sh.field("Số điện thoại", s.Applicant.Phone)
	sh.field("Email", s.Applicant.Email)
	sh.field("Thủ tục", s.Procedure)
	sh.field("Nội dung yêu cầu giải quyết", content)
	sh.field("Cơ quan", join(s.Office.Name, s.Office.Address, phone(s.Office.Phone)))
}

func phone(number string) string {
	if number == "" {
		return ""
	}
	return "điện thoại " + number
}

func join(parts ...string) string {
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += p
	}
	return out
}
