package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// A cashier lets a paid dossier go on, or says what was done about money that
// belongs nowhere; others see that it is there.
func TestExceptionsAreClosed(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.file()
	quang, hoa, thu := b.as("quang"), b.as("hoa"), b.as("thu")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	quang.upload(quang.open("/can-bo/ho-so/"+id), "form-ban-quet", "a.pdf", strings.NewReader("%PDF a"))
	quang.press(quang.open("/can-bo/ho-so/"+id), "compare", "not_excluded", "1")
	quang.press(quang.open("/can-bo/ho-so/"+id), "ask_fee")
	stuck := desk.OwedException{ID: "E1", Retry: true,
		Reason: workflow.Reason{Code: "move_refused", VI: "Tiền đã thu, hồ sơ chưa chuyển.", EN: "x"}}
	twice := desk.OwedException{ID: "E2", Reason: workflow.Reason{Code: "over_paid", VI: "Đã thu hai lần.", EN: "x"}}
	page := quang.open("/can-bo/ho-so/" + id)
	assert.Contains(t, page.words(), "Đơn giá")
	owed := b.gate.owed[workflow.DossierID(id)]
	require.NotEmpty(t, owed.Lines)
	for i := range owed.Lines { // of what was charged only the amount may be known
		owed.Lines[i].Unit, owed.Lines[i].Quantity = 0, 0
	}
	assert.NotContains(t, quang.open("/can-bo/ho-so/"+id).words(), "Đơn giá")
	owed.Exceptions = []desk.OwedException{stuck, twice}
	at := "/can-bo/ho-so/" + id

	page = hoa.open(at)
	assert.Contains(t, page.words(), stuck.Reason.VI)
	assert.Nil(t, page.id("form-khoan-E1"), "who takes no money closes nothing")
	values := url.Values{"action": {"retry"}}
	assert.Equal(t, http.StatusForbidden, hoa.post(at+"/khoan-tien/E1", values).status)
	assert.Equal(t, http.StatusNotFound, b.as("xuan").post(at+"/khoan-tien/E1", values).status, "another unit's")

	page = thu.open(at)
	b.gate.stuck = true
	still := thu.press(page, "form-khoan-E1", "action", "retry")
	assert.Equal(t, http.StatusConflict, still.status)
	assert.Contains(t, textOf(still.id("f-khoan-E1-loi")), "chưa chuyển bước được")
	b.gate.stuck = false
	page = thu.press(still, "form-khoan-E1", "action", "retry")
	require.Equal(t, http.StatusOK, page.status)
	assert.Contains(t, page.words(), "Hồ sơ đã sang bước tiếp.")
	assert.Nil(t, page.id("form-khoan-E1"))

	action, _ := page.fill("form-khoan-E2")
	assert.Equal(t, http.StatusUnprocessableEntity, thu.post(action, url.Values{"action": {"steal"}}).status)
	long := thu.press(page, "form-khoan-E2", "action", "resolve", "note", words(161))
	assert.Equal(t, http.StatusUnprocessableEntity, long.status)
	bad := thu.press(page, "form-khoan-E2", "action", "resolve", "note", "  ")
	assert.Equal(t, http.StatusUnprocessableEntity, bad.status)
	assert.Contains(t, textOf(bad.id("f-khoan-E2-loi")), "Ghi rõ")
	page = thu.press(bad, "form-khoan-E2", "action", "resolve", "note", words(160))
	assert.Contains(t, page.words(), "Đã ghi là đã xử lý.")
	assert.NotContains(t, page.words(), twice.Reason.VI)
	assert.Equal(t, []string{people["thu"].ID + ": " + words(160)}, b.gate.notes)
}

// words is a text of n characters.
func words(n int) string {
	out := make([]rune, n)
	for i := range out {
		out[i] = 'ệ'
	}
	return string(out)
}
