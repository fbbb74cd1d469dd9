package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

func (v *view) value(name string) string {
	v.t.Helper()
	_, values := v.fill("to-khai")
	return values.Get(name)
}

func TestEmptyFormKeepsEverything(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	lan := b.as("lan")
	v := lan.press(lan.open("/ho-so/moi/"+procedure), "to-khai", "unit", unitA, "requester_name", "Ngô", "pages", "nhiều",
		"issued_on.d", "41", "issued_on.m", "1", "issued_on.y", "2020", "appointment.d", "18", "appointment.m", "11", "appointment.y", "2024",
		"appointment.t", "9h30", "use_vneid", "1", "next", "continue")
	assert.Equal(t, http.StatusUnprocessableEntity, v.status)
	assert.True(t, strings.HasPrefix(v.title(), "Lỗi: "), v.title())
	summary := v.id("loi")
	require.NotNil(t, summary)
	assert.True(t, has(summary, "autofocus"))
	assert.Equal(t, "-1", attr(summary, "tabindex"))
	assert.Equal(t, "alert", attr(summary, "role"))
	assert.Contains(t, textOf(summary), "Có 5 chỗ cần sửa")
	for _, field := range []string{"f-document-kind", "f-document-name", "f-pages", "f-copies"} {
		assert.Equal(t, "true", attr(v.id(field), "aria-invalid"), field)
	}
	assert.Contains(t, textOf(v.id("f-pages-loi")), "bằng chữ số", "the text says the fix")
	for name, want := range map[string]string{"requester_name": "Ngô", "pages": "nhiều", "issued_on.d": "41", "issued_on.y": "2020",
		"use_vneid": "1", "appointment.d": "18", "appointment.t": "09:30", "unit": unitA} {
		assert.Equal(t, want, v.value(name), name)
	}
	// it is on the server too, and says so
	id := v.mark("data-dossier")
	again := lan.open("/ho-so/" + id + "/sua")
	assert.Equal(t, "nhiều", again.value("pages"))
	assert.Contains(t, lan.open("/ho-so/"+id).words(), "Chưa nộp")
	check := lan.open("/ho-so/" + id + "/kiem-tra")
	assert.Nil(t, check.id("nop-ho-so"), "what is to be corrected is not filed")
	assert.Contains(t, check.words(), "Có 5 chỗ cần sửa")
	filed := lan.post("/ho-so/"+id+"/buoc", url.Values{"event": {"request"}, "version": {"1"}, "key": {"early"}})
	assert.Equal(t, http.StatusUnprocessableEntity, filed.status, "nor by hand")
	assert.Equal(t, "draft", filed.mark("data-state"))
	// corrected, it goes on
	done := lan.press(filed, "to-khai", with("next", "continue")...)
	assert.Equal(t, "check", done.mark("data-page"), done.words())
}

func TestDraftIsSavedAndResumed(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	lan := b.as("lan")
	form := lan.open("/ho-so/moi/" + procedure)
	assert.Equal(t, "Nguyễn Thị Lan", form.value("requester_name"), "what is known is not asked again")
	saved := lan.press(form, "to-khai", "unit", unitA, "document_name", "Bằng", "next", "later")
	assert.Equal(t, http.StatusOK, saved.status)
	assert.Contains(t, textOf(saved.id("thong-bao")), "Hồ sơ chưa nộp")
	assert.NotContains(t, saved.words(), "Đã nộp")
	assert.Equal(t, "Bằng", saved.value("document_name"))
	list := lan.open("/ho-so")
	assert.Contains(t, list.words(), "Lưu tạm, chưa nộp")
	goOn := lan.open("/ho-so/" + saved.mark("data-dossier") + "/sua")
	assert.Equal(t, unitA, goOn.value("unit"))
	assert.Equal(t, "Bằng", goOn.value("document_name"))
}

func TestUnitMustBeChosen(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	lan := b.as("lan")
	before := b.rows()
	v := lan.press(lan.open("/ho-so/moi/"+procedure), "to-khai", "document_name", "Bằng", "next", "later")
	assert.Equal(t, http.StatusUnprocessableEntity, v.status)
	assert.Equal(t, "Bằng", v.value("document_name"))
	assert.Equal(t, before, b.rows())
}

func TestSamePageSentTwice(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	lan := b.as("lan")
	form := lan.open("/ho-so/moi/" + procedure)
	action, values := form.fill("to-khai", with("next", "continue")...)
	first, second := lan.post(action, values), lan.post(action, values)
	require.Equal(t, http.StatusSeeOther, first.status)
	assert.Equal(t, first.header.Get("Location"), second.header.Get("Location"), "two clicks, one draft")

	// gone back, changed, sent again: the change is kept, in the same draft
	values.Set("document_name", "Bằng thạc sĩ")
	third := lan.post(action, values)
	assert.Equal(t, first.header.Get("Location"), third.header.Get("Location"))
	check := lan.follow(third)
	assert.Contains(t, check.words(), "Bằng thạc sĩ")

	// filing twice files once
	at, filing := check.fill("request")
	one, two := lan.post(at, filing), lan.post(at, filing)
	assert.Equal(t, http.StatusSeeOther, one.status)
	assert.Equal(t, one.header.Get("Location"), two.header.Get("Location"))
	v := lan.follow(two)
	assert.Equal(t, "2", v.mark("data-version"))
	assert.Equal(t, 2, b.rows()["workflow_history"])
	// and the old form leads to the filed dossier
	fourth := lan.post(action, values)
	assert.Equal(t, "/ho-so/"+v.mark("data-dossier"), fourth.header.Get("Location"))
}

func TestDraftChangedElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	lan := b.as("lan")
	saved := lan.press(lan.open("/ho-so/moi/"+procedure), "to-khai", with("next", "later")...)
	at := "/ho-so/" + saved.mark("data-dossier") + "/sua"
	phone, desktop := lan.open(at), lan.open(at)
	lan.press(phone, "to-khai", "document_name", "Giấy khai sinh", "next", "later")
	v := lan.press(desktop, "to-khai", "document_name", "Hộ chiếu", "next", "later")
	assert.Equal(t, http.StatusConflict, v.status)
	assert.Contains(t, textOf(v.id("da-nhap")), "Hộ chiếu", "what was typed")
	assert.Contains(t, v.words(), "Giấy khai sinh", "what is kept")
	assert.Equal(t, "2", attr(v.id("su-co"), "data-current"))
	assert.Equal(t, at, attr(v.id("quay-lai"), "href"))
	assert.Equal(t, "Giấy khai sinh", lan.open(at).value("document_name"))
}

func TestSearchWithoutAccents(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	found := func(q string) (codes []string) {
		v := b.as("").open("/?q=" + url.QueryEscape(q))
		for _, li := range v.all("li") {
			if has(li, "data-procedure") {
				codes = append(codes, attr(li, "data-procedure"))
			}
		}
		return codes
	}
	nfd := "ba\u0309n sao" // decomposed, as Macs type it
	for _, q := range []string{"bản sao", nfd, "ban sao", "BẢN SAO chứng", "2.000815", "certified copy"} {
		assert.Equal(t, []string{procedure}, found(q), q)
	}
	assert.Empty(t, found("khai sinh"))
	v := b.as("").open("/?q=" + url.QueryEscape("khai <b>sinh"))
	assert.Contains(t, textOf(v.id("khong-thay")), "“khai <b>sinh”")
	assert.Nil(t, v.find(func(n *html.Node) bool { return n.Data == "b" }))
}

func TestProcedurePage(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	b.at("2024-11-15 15:01") // a Friday after 15:00
	v := b.as("").open("/thu-tuc/" + procedure)
	assert.Contains(t, v.words(), "Một phần")
	assert.Contains(t, v.words(), "17:00 18/11/2024", "received now it is due on Monday")
	assert.Contains(t, v.words(), "12.000 đ", "10 pages (Circular 226/2016/TT-BTC)")
	assert.Contains(t, v.words(), "61/2018/NĐ-CP")
	assert.NotContains(t, v.words(), "118/2025/NĐ-CP", "not yet in force")
	b.at("2026-01-20 09:00")
	v = b.as("").open("/thu-tuc/" + procedure)
	assert.Contains(t, v.words(), "118/2025/NĐ-CP")
	assert.NotContains(t, v.words(), "61/2018/NĐ-CP")
	assert.Equal(t, http.StatusNotFound, b.as("").get("/thu-tuc/9.999999").status)
}
