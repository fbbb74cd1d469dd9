package slip_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/slip"
)

var friday = time.Date(2024, 11, 15, 15, 1, 0, 0, procedures.Zone)

func subject(t testing.TB, form string, at time.Time) slip.Subject {
	t.Helper()
	f, err := procedures.Forms().At(at).Form(form)
	require.NoError(t, err)
	code, err := procedures.NewDossierCode("H10.40.18", at, 1)
	require.NoError(t, err)
	return slip.Subject{
		Form: f, Code: code, Procedure: "Chứng thực bản sao từ bản chính", Issued: at, Officer: "Trần Văn Bình",
		Office: slip.Office{
			Parent: "Ủy ban nhân dân thành phố Đồng Xoài", Name: "Ủy ban nhân dân phường Tân Phú", Place: "Tân Phú",
			Address: "Quốc lộ 14, phường Tân Phú", Phone: "0271 3 879 000",
		},
		Applicant: slip.Person{Name: "Nguyễn Thị Ngọc Huệ", Address: "Số 12, đường Phú Riềng Đỏ", Phone: "0912 345 678"},
	}
}

func receipt(t testing.TB) *slip.Receipt {
	t.Helper()
	return &slip.Receipt{
		Subject: subject(t, procedures.FormReceiptSlip, friday), LookupCode: "7KQM3XWA", LookupURL: "https://motcua.example.vn/tra-cuu",
		Content: "Chứng thực 3 bản sao Bằng tốt nghiệp đại học", LegalTerm: "Trong ngày làm việc",
		Components: []slip.Component{{Name: "Bằng tốt nghiệp đại học", Form: "xuất trình bản chính", Count: 1},
			{Name: "Bản sao cần chứng thực", Count: 3}},
		Received: friday, Due: time.Date(2024, 11, 18, 17, 0, 0, 0, procedures.Zone),
		DueLines: []string{
			"Tiếp nhận lúc 15:01 thứ Sáu 15/11/2024, sau 15 giờ, nên tính từ ngày làm việc tiếp theo.",
			"Thứ Bảy 16/11 và Chủ nhật 17/11 là ngày nghỉ hằng tuần.",
		},
		ReturnPlace: "Bộ phận Một cửa, UBND phường Tân Phú", Book: "01/2024", Line: "125",
	}
}

// text extracts with an outside tool.
func text(t testing.TB, pdf []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed (apt-get install poppler-utils)")
	}
	file := filepath.Join(t.TempDir(), "slip.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	out, err := exec.Command(tool, "-enc", "UTF-8", "-raw", file, "-").Output()
	require.NoError(t, err)
	return strings.Join(strings.Fields(string(out)), " ")
}

func writeReceipt(t testing.TB, r *slip.Receipt, o *slip.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, slip.WriteReceipt(&b, r, o))
	return b.Bytes()
}

func TestReceiptText(t *testing.T) {
	t.Parallel()
	got := text(t, writeReceipt(t, receipt(t), &slip.Options{Trial: true}))
	assert.True(t, norm.NFC.IsNormalString(got))
	for _, want := range []string{
		"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ỦY BAN NHÂN DÂN PHƯỜNG TÂN PHÚ", "Tân Phú, ngày 15 tháng 11 năm 2024",
		"GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "Mã hồ sơ: H10.40.18-241115-0001", "7KQM-3XWA", "Nguyễn Thị Ngọc Huệ",
		"Địa chỉ: Số 12, đường Phú Riềng Đỏ", "Số điện thoại: 0912 345 678", "Thủ tục: Chứng thực bản sao từ bản chính",
		"Nội dung yêu cầu giải quyết: Chứng thực 3 bản sao Bằng tốt nghiệp đại học",
		"Thời gian giải quyết hồ sơ theo quy định: Trong ngày làm việc", "Nơi trả kết quả: Bộ phận Một cửa, UBND phường Tân Phú",
		"15 giờ 01 phút, ngày 15/11/2024", "Thời gian trả kết quả giải quyết hồ sơ: 17 giờ 00 phút, ngày 18/11/2024",
		"sau 15 giờ, nên tính từ ngày làm việc tiếp theo",
		"(số lượng: 1 bộ): 1. Bằng tốt nghiệp đại học (xuất trình bản chính): 1 2. Bản sao cần chứng thực: 3",
		"quyển số: 01/2024, số thứ tự 125", "Mẫu số 01, Thông tư 01/2018/TT-VPCP", slip.TrialMark,
	} {
		assert.Contains(t, got, want)
	}
	assert.NotContains(t, text(t, writeReceipt(t, receipt(t), nil)), slip.TrialMark)
}

func TestFormOfTheDay(t *testing.T) {
	t.Parallel()
	r := receipt(t)
	at := time.Date(2025, 9, 15, 8, 0, 0, 0, procedures.Zone)
	r.Subject = subject(t, procedures.FormReceiptSlip, at)
	r.Received, r.Due = at, at.Add(time.Hour)
	assert.Contains(t, text(t, writeReceipt(t, r, nil)), "Mẫu số 01, Thông tư 03/2025/TT-VPCP")
}

func TestSameInputSameBytes(t *testing.T) {
	t.Parallel()
	first := writeReceipt(t, receipt(t), nil)
	for range 5 {
		require.True(t, bytes.Equal(first, writeReceipt(t, receipt(t), nil)))
	}
	other := receipt(t)
	other.Issued = other.Issued.In(time.UTC)
	require.True(t, bytes.Equal(first, writeReceipt(t, other, nil)), "the zone of the input does not matter")
}

// TestQR reads the printed code with an outside tool.
func TestQR(t *testing.T) {
	t.Parallel()
	for _, o := range []*slip.Options{{}, {Paper: slip.A4, Trial: true}} {
		got := decodeQR(t, writeReceipt(t, receipt(t), o))
		want, err := slip.LookupAddress("https://motcua.example.vn/tra-cuu", "H10.40.18-241115-0001", o.Trial)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.NotContains(t, got, "7KQM3XWA", "the look-up code is never in the QR")
	}
}

func decodeQR(t *testing.T, pdf []byte) string {
	t.Helper()
	for _, tool := range []string{"pdftoppm", "zbarimg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed (apt-get install poppler-utils zbar-tools)")
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "slip.pdf"), pdf, 0o600))
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(out))
	}
	run("pdftoppm", "-r", "200", "-png", "-singlefile", "slip.pdf", "page")
	return run("zbarimg", "-q", "--raw", "page.png")
}

func TestLookupAddress(t *testing.T) {
	t.Parallel()
	got, err := slip.LookupAddress("https://a.vn/tra-cuu?lang=vi", "H10-241115-0001", false)
	require.NoError(t, err)
	assert.Equal(t, "https://a.vn/tra-cuu?code=H10-241115-0001&lang=vi", got)
	for _, page := range []string{"", "javascript:alert(1)", "/tra-cuu", "ftp://a.vn", "https://"} {
		_, err := slip.LookupAddress(page, "x", false)
		assert.ErrorIs(t, err, procedures.ErrInvalid, page)
	}
}

func TestReceiptRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*slip.Receipt){
		"no code":                func(r *slip.Receipt) { r.Code = procedures.DossierCode{} },
		"no applicant":           func(r *slip.Receipt) { r.Applicant.Name = " " },
		"no form":                func(r *slip.Receipt) { r.Form = procedures.OfficialForm{} },
		"no office":              func(r *slip.Receipt) { r.Office.Name = "" },
		"no due hour":            func(r *slip.Receipt) { r.Due = time.Time{} },
		"due before reception":   func(r *slip.Receipt) { r.Due = r.Received.Add(-time.Minute) },
		"look-up code in the QR": func(r *slip.Receipt) { r.LookupURL += "?k=" + r.LookupCode },
		"look-up code alone":     func(r *slip.Receipt) { r.LookupURL = "" },
		"no date of issue":       func(r *slip.Receipt) { r.Issued = time.Time{} },
		"endless list":           func(r *slip.Receipt) { r.DueLines = make([]string, 1000) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receipt(t)
			change(r)
			var b bytes.Buffer
			err := slip.WriteReceipt(&b, r, nil)
			require.ErrorIs(t, err, procedures.ErrInvalid)
			assert.NotContains(t, err.Error(), "Nguyễn", "no personal data in errors")
			assert.Zero(t, b.Len(), "nothing is written")
		})
	}
}

func supplement(t testing.TB) *slip.Supplement {
	t.Helper()
	return &slip.Supplement{
		Subject: subject(t, procedures.FormSupplement, friday),
		Items: []slip.Item{
			{Name: "Bằng tốt nghiệp", What: "Mang bản chính đến quầy", Why: "Bản chụp trang 2 bị mờ (Điều 20 Nghị định 23/2015/NĐ-CP)"},
			{Name: "Bản dịch", What: "Nộp bản dịch tiếng Việt"},
		},
		Until: friday.AddDate(0, 0, 5), Contact: "Bộ phận Một cửa, 0271 3 879 000",
	}
}

func TestSupplementAndRefusal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, slip.WriteSupplement(&b, supplement(t), &slip.Options{Paper: slip.A4}))
	got := text(t, b.Bytes())
	for _, want := range []string{"PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ", "1. Bằng tốt nghiệp",
		"Lý do: Bản chụp trang 2 bị mờ", "2. Bản dịch", "Mẫu số 02"} {
		assert.Contains(t, got, want)
	}
	none := supplement(t)
	none.Items = nil
	require.ErrorIs(t, slip.WriteSupplement(&b, none, nil), procedures.ErrInvalid)

	b.Reset()
	r := &slip.Refusal{
		Subject: subject(t, procedures.FormRefusal, friday), Reason: "Bản chính bị tẩy xóa (Điều 22 Nghị định 23/2015/NĐ-CP)",
		NextStep: "xin cấp lại giấy tờ tại nơi cấp", Complaint: "Cổng Dịch vụ công quốc gia",
	}
	require.NoError(t, slip.WriteRefusal(&b, r, nil))
	got = text(t, b.Bytes())
	for _, want := range []string{"PHIẾU TỪ CHỐI TIẾP NHẬN GIẢI QUYẾT HỒ SƠ", "Bản chính bị tẩy xóa", "Mẫu số 03"} {
		assert.Contains(t, got, want)
	}
	r.Reason = "\n"
	require.ErrorIs(t, slip.WriteRefusal(&b, r, nil), procedures.ErrInvalid)
}

func TestManyLinesBreakPages(t *testing.T) {
	t.Parallel()
	r := receipt(t)
	for range 60 {
		r.DueLines = append(r.DueLines, strings.Repeat("Ngày nghỉ bù theo thông báo. ", 3))
	}
	got := text(t, writeReceipt(t, r, &slip.Options{Trial: true}))
	assert.Contains(t, got, "Trang 3")
	assert.Equal(t, strings.Count(got, "Trang "), strings.Count(got, slip.TrialMark), "the mark stands on every page")
}

// TestAnyText: whatever people type, a slip comes out.
func TestAnyText(t *testing.T) {
	t.Parallel()
	text := rapid.SliceOfN(rapid.String(), 40, 40)
	for seed := range 3 {
		r := receipt(t)
		words := text.Example(seed)
		r.Applicant.Name = "A" + words[0]
		r.DueLines = append(words, "\U0001F600", "\u202e", "a\x00b", strings.Repeat("Nguyễn", 3000))
		pdf := writeReceipt(t, r, nil)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
		require.True(t, bytes.HasSuffix(bytes.TrimSpace(pdf), []byte("%%EOF")))
	}
}

func TestDecomposedInput(t *testing.T) {
	t.Parallel()
	r := receipt(t)
	r.Applicant.Name = norm.NFD.String("Nguyễn Thị Ngọc Huệ")
	assert.Contains(t, text(t, writeReceipt(t, r, nil)), "Nguyễn Thị Ngọc Huệ")
}
