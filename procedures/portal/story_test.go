package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answersOK are what a citizen types.
var answersOK = []string{"unit", unitA, "requester_name", "Nguyễn Thị Lan", "phone", "0912 345 678", "document_kind", "diploma",
	"document_name", "Bằng tốt nghiệp đại học", "pages", "2", "copies", "1", "issued_on.d", "5", "issued_on.m", "7", "issued_on.y", "2020"}

func with(more ...string) []string { return append(append([]string{}, answersOK...), more...) }

// file files a dossier for lan and returns its id.
func (b *bundle) file() string {
	b.t.Helper()
	lan := b.as("lan")
	check := lan.press(lan.open("/ho-so/moi/"+procedure), "to-khai", with("next", "continue")...)
	require.Equal(b.t, "check", check.mark("data-page"), check.words())
	done := lan.press(check, "request")
	require.Equal(b.t, "requested", done.mark("data-state"), done.words())
	return done.mark("data-dossier")
}

func TestStoryWithPaymentAndCertification(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	lan, hoa, quang, thu := b.as("lan"), b.as("hoa"), b.as("quang"), b.as("thu")

	// the citizen looks, fills in, checks, files
	home := lan.open("/")
	assert.Contains(t, home.words(), "Chứng thực bản sao từ bản chính")
	lan.open("/thu-tuc/" + procedure)
	form := lan.open("/ho-so/moi/" + procedure)
	assert.Contains(t, form.words(), "Hồ sơ chưa nộp.")
	check := lan.press(form, "to-khai", with("next", "continue")...)
	require.Equal(t, "check", check.mark("data-page"), check.words())
	assert.Contains(t, check.words(), "4.000 đ", "two pages cost 4,000 đ (Circular 226/2016/TT-BTC)")
	assert.Contains(t, check.words(), "05/07/2020")
	filed := lan.press(check, "request")
	require.Equal(t, http.StatusOK, filed.status)
	assert.Equal(t, "requested", filed.mark("data-state"))
	assert.Equal(t, "1", filed.mark("data-national"))
	assert.Contains(t, filed.words(), "Đã nộp hồ sơ")
	id, code := filed.mark("data-dossier"), filed.mark("data-code")
	assert.Equal(t, "H10.12-241115-0001", code)
	lookUp := textOf(filed.id("ma-tra-cuu"))
	require.Len(t, lookUp, 9)

	// reception
	inbox := hoa.open("/can-bo")
	assert.Contains(t, inbox.words(), code)
	page := hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	assert.Equal(t, "received", page.mark("data-state"))
	b.effects()
	mine := lan.open("/ho-so/" + id)
	require.Len(t, mine.papers("receipt_slip"), 1)
	assert.Contains(t, mine.words(), "17:00 15/11/2024", "received at 8:00: due at closing time of the day")
	slip := lan.get(mine.papers("receipt_slip")[0])
	assert.Equal(t, http.StatusOK, slip.status)
	assert.True(t, strings.HasPrefix(slip.text, "%PDF"))

	// supplement and answer
	page = hoa.open("/can-bo/ho-so/" + id)
	page = hoa.press(page, "ask_supplement", "reason", "Trang 2 bị mờ")
	assert.Equal(t, "supplement", page.mark("data-state"))
	mine = lan.open("/ho-so/" + id)
	assert.Contains(t, mine.words(), "Cần bổ sung: Trang 2 bị mờ")
	assert.Contains(t, lan.open("/ho-so").words(), "Cần ông/bà làm")
	mine = lan.press(mine, "supply", "note", "Tôi mang bản rõ hơn")
	assert.Equal(t, "supplied", mine.mark("data-state"))
	page = hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	assert.Contains(t, page.words(), "Tôi mang bản rõ hơn")

	// comparison
	page = quang.open("/can-bo/ho-so/" + id)
	res := quang.upload(page, "form-ban-quet", "scan.pdf", strings.NewReader("%PDF-1.7 two pages"))
	require.Equal(t, http.StatusSeeOther, res.status, res.words())
	page = quang.follow(res)
	require.Len(t, page.papers("scan"), 1)
	refused := quang.press(page, "compare")
	assert.Equal(t, http.StatusUnprocessableEntity, refused.status, "without the tick")
	assert.Equal(t, "received", refused.mark("data-state"))
	page = quang.press(refused, "compare", "not_excluded", "1")
	assert.Equal(t, "compared", page.mark("data-state"), page.words())
	page = quang.press(page, "ask_fee")
	assert.Equal(t, "awaiting_fee", page.mark("data-state"))

	// while a withdrawal is looked at no money is taken, whatever page was open
	mine = lan.open("/ho-so/" + id)
	action, values := mine.fill("pay")
	withdrawn := lan.press(mine, "withdraw")
	require.Equal(t, "withdrawal", withdrawn.mark("data-state"))
	values.Set("version", withdrawn.mark("data-version"))
	assert.Equal(t, http.StatusConflict, lan.post(action, values).status)
	assert.Equal(t, http.StatusConflict, thu.post("/can-bo/ho-so/"+id+"/thu-tien", values).status)
	page = quang.press(quang.open("/can-bo/ho-so/"+id), "reject_withdrawal", "reason", "Đã đối chiếu xong")
	page = quang.press(page, "ask_fee")
	require.Equal(t, "awaiting_fee", page.mark("data-state"))

	// payment: the return page settles nothing, the books do
	mine = lan.open("/ho-so/" + id)
	action, values = mine.fill("pay")
	res = lan.post(action, values)
	require.Equal(t, http.StatusSeeOther, res.status)
	assert.True(t, strings.HasPrefix(res.header.Get("Location"), b.gateway.URL+"/pay?"), res.header.Get("Location"))
	back := lan.open("/thanh-toan/ve?ho-so=" + id + "&vnp_ResponseCode=00&vnp_TransactionStatus=00")
	assert.Equal(t, "no", attr(back.id("ket-qua"), "data-paid"))
	assert.Equal(t, "awaiting_fee", back.mark("data-state"))
	page = thu.press(thu.open("/can-bo/ho-so/"+id), "take_cash")
	assert.Equal(t, "signing", page.mark("data-state"), page.words())
	assert.Equal(t, "yes", attr(lan.open("/thanh-toan/ve?ho-so="+id).id("ket-qua"), "data-paid"))

	// two signatures, by two people
	page = quang.open("/can-bo/ho-so/" + id)
	page = quang.press(page, "form-ky")
	assert.Contains(t, page.words(), "Đang chờ văn thư ký số của cơ quan.")
	page = thu.press(thu.open("/can-bo/ho-so/"+id), "form-ky")
	assert.Equal(t, "certified", page.mark("data-state"))

	// result and return
	mine = lan.open("/ho-so/" + id)
	require.Len(t, mine.papers("result"), 1)
	file := lan.get(mine.papers("result")[0])
	assert.Equal(t, "%PDF-1.7 certified", file.text)
	assert.Equal(t, `attachment; filename="ban-sao-chung-thuc-1.pdf"`, file.header.Get("Content-Disposition"))
	page = hoa.press(hoa.open("/can-bo/ho-so/"+id), "return_result")
	assert.Equal(t, "returned", page.mark("data-state"))
	assert.Contains(t, lan.open("/ho-so").words(), "Đã kết thúc")

	// look-up shows no name
	nobody := b.as("")
	found := nobody.press(nobody.open("/tra-cuu?ma="+code), "tra-cuu", "ma-tra-cuu", lookUp)
	assert.Equal(t, "found", found.mark("data-page"))
	assert.Equal(t, "10", attr(found.id("trang-thai"), "data-national"))
	assert.NotContains(t, found.text, "Lan")
	assert.NotContains(t, found.text, "Bằng tốt nghiệp")

	for _, audit := range []func() error{func() error { p, err := b.desk.Audit(t.Context()); assert.Empty(t, p); return err },
		func() error { p, err := b.engine.Audit(t.Context()); assert.Empty(t, p); return err }} {
		require.NoError(t, audit())
	}
}

func TestStoryOnPaper(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	hoa, quang := b.as("hoa"), b.as("quang")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	page := quang.follow(quang.upload(quang.open("/can-bo/ho-so/"+id), "form-ban-quet", "scan.pdf", strings.NewReader("%PDF x")))
	page = quang.press(page, "compare", "not_excluded", "1")
	page = quang.press(page, "certify_on_paper")
	assert.Equal(t, "certified", page.mark("data-state"), page.words())
	page = hoa.press(hoa.open("/can-bo/ho-so/"+id), "return_result")
	assert.Equal(t, "returned", page.mark("data-state"))
	assert.Equal(t, http.StatusNotFound, b.as("lan").get("/thanh-toan/ve").status, "no payment, no pages of it")
}

func TestRefusalAndWithdrawal(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	hoa, lan := b.as("hoa"), b.as("lan")

	id := b.file()
	page := hoa.open("/can-bo/ho-so/" + id)
	empty := hoa.press(page, "refuse")
	assert.Equal(t, http.StatusUnprocessableEntity, empty.status, "a refusal says why")
	assert.Equal(t, "requested", empty.mark("data-state"))
	page = hoa.press(empty, "refuse", "reason", "Giấy tờ bị tẩy xóa")
	assert.Equal(t, "refused", page.mark("data-state"))
	assert.Contains(t, lan.open("/ho-so/"+id).words(), "Lý do: Giấy tờ bị tẩy xóa")

	id = b.file()
	mine := lan.press(lan.open("/ho-so/"+id), "withdraw")
	assert.Equal(t, "withdrawal", mine.mark("data-state"))
	page = hoa.press(hoa.open("/can-bo/ho-so/"+id), "accept_withdrawal")
	assert.Equal(t, "stopped", page.mark("data-state"))
	assert.Contains(t, lan.open("/ho-so/"+id).words(), "Hồ sơ đã dừng theo yêu cầu")
}
