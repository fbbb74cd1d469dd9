package portal_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTwoOfficialsOneVersion: one wins, the other is told the current version and
// keeps what was typed.
func TestTwoOfficialsOneVersion(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	hoa, other := b.as("hoa"), b.as("hoa")
	mine, theirs := hoa.open("/can-bo/ho-so/"+id), other.open("/can-bo/ho-so/"+id)
	won := hoa.press(mine, "receive")
	require.Equal(t, "received", won.mark("data-state"))
	lost := other.press(theirs, "ask_supplement", "reason", "Thiếu trang 3")
	assert.Equal(t, http.StatusConflict, lost.status)
	assert.Equal(t, "3", attr(lost.id("su-co"), "data-current"))
	assert.Contains(t, lost.words(), "phiên bản 3")
	assert.Contains(t, lost.words(), "Lê Thị Hoa")
	assert.Contains(t, textOf(lost.id("da-nhap")), "Thiếu trang 3")
	assert.Equal(t, "/can-bo/ho-so/"+id, attr(lost.id("quay-lai"), "href"))
	assert.Equal(t, "received", other.open("/can-bo/ho-so/"+id).mark("data-state"))
}

func TestEveryStepTwice(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.file()
	hoa, quang, thu, lan := b.as("hoa"), b.as("quang"), b.as("thu"), b.as("lan")
	twice := func(c *browser, form string, pairs ...string) *view {
		t.Helper()
		action, values := c.open("/can-bo/ho-so/"+id).fill(form, pairs...)
		one, two := c.post(action, values), c.post(action, values)
		require.Equal(t, http.StatusSeeOther, one.status, "%s: %s", form, one.words())
		require.Equal(t, http.StatusSeeOther, two.status, "%s: %s", form, two.words())
		return c.follow(two)
	}
	assert.Equal(t, "3", twice(hoa, "receive").mark("data-version"))
	page := quang.open("/can-bo/ho-so/" + id)
	quang.upload(page, "form-ban-quet", "a.pdf", strings.NewReader("%PDF a"))
	quang.upload(page, "form-ban-quet", "a.pdf", strings.NewReader("%PDF a"))
	assert.Len(t, quang.open("/can-bo/ho-so/"+id).papers("scan"), 1)
	assert.Equal(t, "4", twice(quang, "compare", "not_excluded", "1").mark("data-version"))
	assert.Equal(t, "5", twice(quang, "ask_fee").mark("data-version"))
	action, values := lan.open("/ho-so/" + id).fill("pay")
	lan.post(action, values)
	lan.post(action, values)
	assert.Len(t, b.gate.begun, 1, "one key, so the gateway opens one payment")
	assert.Equal(t, "6", twice(thu, "take_cash").mark("data-version"))
	assert.Len(t, b.gate.cash, 1)
	twice(quang, "form-ky")
	assert.Equal(t, 1, b.reg.signs)
	assert.Equal(t, "7", twice(thu, "form-ky").mark("data-version"))
	assert.Equal(t, 2, b.reg.signs)
	assert.Equal(t, "8", twice(hoa, "return_result").mark("data-version"))
	assert.Equal(t, 8, b.rows()["workflow_history"])
	again := lan.post(action, url.Values{"key": {"x"}, "version": {"5"}})
	assert.Equal(t, http.StatusSeeOther, again.status)
	assert.Equal(t, "/ho-so/"+id, again.header.Get("Location"), "what is paid is not paid again")
	assert.Len(t, b.gate.begun, 1)
}

func TestKeyUsedForSomethingElse(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	hoa := b.as("hoa")
	at, values := hoa.open("/can-bo/ho-so/"+id).fill("ask_supplement", "reason", "Mờ")
	require.Equal(t, http.StatusSeeOther, hoa.post(at, values).status)
	values.Set("reason", "Thiếu")
	v := hoa.post(at, values)
	assert.Equal(t, http.StatusConflict, v.status)
	assert.Equal(t, "key_reused", attr(v.id("su-co"), "data-problem"))
}

func TestProblemDetails(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	ask := func(who, method, path string, values url.Values) map[string]any {
		t.Helper()
		v := b.as(who).request(method, path, strings.NewReader(values.Encode()), "Accept", "application/json",
			"Content-Type", "application/x-www-form-urlencoded")
		assert.Equal(t, "application/problem+json", v.header.Get("Content-Type"))
		var out map[string]any
		require.NoError(t, json.Unmarshal([]byte(v.text), &out), v.text)
		assert.InDelta(t, v.status, out["status"], 0)
		assert.NotEmpty(t, out["title"])
		assert.NotContains(t, v.text, "Lan")
		return out
	}
	assert.Equal(t, "sign_in", ask("", "GET", "/ho-so", nil)["code"])
	assert.Equal(t, "not_found", ask("minh", "GET", "/ho-so/"+id, nil)["code"])
	stale := ask("hoa", "POST", "/can-bo/ho-so/"+id+"/buoc", url.Values{"event": {"receive"}, "version": {"1"}, "key": {"k"}})
	assert.Equal(t, "conflict", stale["code"])
	assert.InDelta(t, 2, stale["current"], 0)
	no := ask("quang", "POST", "/can-bo/ho-so/"+id+"/buoc", url.Values{"event": {"receive"}, "version": {"2"}, "key": {"k"}})
	assert.Equal(t, "role_missing", no["reason"])
	assert.InDelta(t, http.StatusForbidden, no["status"], 0)
	assert.Equal(t, "method", ask("", "PUT", "/tra-cuu", nil)["code"])
}
