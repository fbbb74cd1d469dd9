package receiptpdf_test

import (
	"bytes"
	"fmt"
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

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/receiptpdf"
)

func receipt() *payment.Receipt {
	return &payment.Receipt{
		ID: "K7Q2M5", Charge: "C1", Kind: payment.Phi, Template: "01BLP", Agency: "H10.12", Series: "PH-24E", Year: 2024, Number: 123,
		PayerName: "Nguyễn Thị Bình", Title: "Chứng thực bản sao, hồ sơ H10.12-241115-0001", Method: "Chuyển khoản",
		Lines: []payment.FeeLine{
			{Kind: payment.Phi, Code: "chung_thuc", Name: "Phí chứng thực bản sao từ bản chính", Amount: 12_000},
			{Kind: payment.Phi, Code: "ban_sao", Name: "Phí cấp thêm " + strings.Repeat("bản sao ", 20), Amount: 12_000},
		},
		Amount: 24_000, Issued: time.Date(2024, 2, 4, 18, 0, 0, 0, time.UTC),
	}
}

func agency() receiptpdf.Agency {
	return receiptpdf.Agency{Name: "Ủy ban nhân dân phường Tân Phú", TaxCode: "0100109071", Address: "Đường Lý Thường Kiệt"}
}

func TestTheSameReceiptGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	o := &receiptpdf.Options{Mark: "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"}
	first, err := receiptpdf.Render(receipt(), agency(), o)
	require.NoError(t, err)
	again, err := receiptpdf.Render(receipt(), agency(), o)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(first, again))
	assert.Less(t, len(first), 200_000, "fonts are embedded as subsets")
	r := receipt()
	r.Number++
	other, err := receiptpdf.Render(r, agency(), o)
	require.NoError(t, err)
	assert.False(t, bytes.Equal(first, other))
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*payment.Receipt, *receiptpdf.Agency){
		func(r *payment.Receipt, _ *receiptpdf.Agency) { r.Kind = "" },
		func(r *payment.Receipt, _ *receiptpdf.Agency) { r.Lines = nil },
		func(_ *payment.Receipt, a *receiptpdf.Agency) { a.Name = " " },
	} {
		r, a := receipt(), agency()
		change(r, &a)
		_, err := receiptpdf.Render(r, a, nil)
		require.Error(t, err)
	}
	_, err := receiptpdf.Render(nil, agency(), nil)
	require.Error(t, err)
}

// TestAnyNameIsPrinted: what people type never stands in the way of a receipt.
func TestAnyNameIsPrinted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := receipt()
		r.PayerName = "Lan " + rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"😀", "\U0010ffff", "\u200b", "\u2028", "\ufffd"})).
			Draw(t, "name")
		_, err := receiptpdf.Render(r, agency(), &receiptpdf.Options{})
		require.NoError(t, err)
	})
}

// TestTextCanBeExtracted reads the page with a program we didn't write.
func TestTextCanBeExtracted(t *testing.T) {
	t.Parallel()
	pdftotext, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	r := receipt()
	r.PayerName = norm.NFD.String(r.PayerName) // as some keyboards type it
	page, err := receiptpdf.Render(r, agency(), &receiptpdf.Options{Mark: "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ", Note: "Ghi chú"})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "receipt.pdf")
	require.NoError(t, os.WriteFile(file, page, 0o600))
	out, err := exec.CommandContext(t.Context(), pdftotext, "-layout", file, "-").Output()
	require.NoError(t, err)
	text := string(out)
	for _, want := range []string{
		"BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ", "Ủy ban nhân dân phường Tân Phú", "Mã số thuế: 0100109071", "Mẫu số: 01BLP",
		"Ký hiệu: PH-24E", "Số: 0000123", "BIÊN LAI THU PHÍ", "Ngày 05 tháng 02 năm 2024", "Người nộp: Nguyễn Thị Bình",
		"Phí chứng thực bản sao từ bản chính", "24.000", "Hai mươi tư nghìn đồng.", "K7Q2M5", "Ghi chú", "Đường Lý Thường Kiệt",
	} {
		assert.Contains(t, text, want)
	}
	for _, row := range []string{ // each on one line
		`STT +Khoản thu +Số tiền \(đồng\)`, `1 +Phí chứng thực bản sao từ bản chính +12\.000`, `2 +12\.000`,
		`Tổng cộng +24\.000`,
	} {
		assert.Regexp(t, `(?m)^ *`+row+`$`, text)
	}
}

func ExampleRender() {
	page, err := receiptpdf.Render(&payment.Receipt{
		ID: "K7Q2M5", Kind: payment.LePhi, Template: "01BLP", Series: "LP-24E", Year: 2024, Number: 1, Title: "Đăng ký hộ tịch",
		Lines:  []payment.FeeLine{{Kind: payment.LePhi, Code: "ho_tich", Name: "Lệ phí hộ tịch", Amount: 8_000}},
		Amount: 8_000, Issued: time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC),
	}, receiptpdf.Agency{Name: "Ủy ban nhân dân phường Tân Phú"}, nil)
	fmt.Println(string(page[:5]), err)
	// Output: %PDF- <nil>
}
