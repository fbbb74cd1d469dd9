package portal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
)

func TestLookUpTellsNothingMore(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	filed := b.as("lan").open("/ho-so/" + b.file())
	code, secret := filed.mark("data-code"), textOf(filed.id("ma-tra-cuu"))
	nobody := b.as("")
	form := nobody.open("/tra-cuu?ma=" + strings.ToLower(code))
	_, values := form.fill("tra-cuu")
	assert.Equal(t, code, values.Get("ma"), "the QR code fills in the dossier code")

	found := nobody.press(form, "tra-cuu", "ma-tra-cuu", strings.ToLower(strings.ReplaceAll(secret, "-", " ")))
	assert.Equal(t, http.StatusOK, found.status)
	assert.Equal(t, "1", attr(found.id("trang-thai"), "data-national"))
	for _, personal := range []string{"Lan", "0912345678", "Bằng"} {
		assert.NotContains(t, found.text, personal)
	}
	// whichever is wrong, the answer is the same but for what was typed
	wrongSecret := nobody.press(form, "tra-cuu", "ma-tra-cuu", "AAAA-AAAA")
	wrongCode := nobody.press(form, "tra-cuu", "ma", "H10.12-241115-9999", "ma-tra-cuu", secret)
	assert.Equal(t, http.StatusUnprocessableEntity, wrongSecret.status)
	assert.Equal(t, wrongSecret.status, wrongCode.status)
	assert.Equal(t, strings.ReplaceAll(wrongSecret.text, code, ""), strings.ReplaceAll(wrongCode.text, "H10.12-241115-9999", ""))
	assert.Contains(t, wrongCode.words(), "Không tìm thấy hồ sơ với hai mã này.")
	empty := nobody.press(form, "tra-cuu", "ma", "")
	assert.Contains(t, empty.words(), "Nhập mã hồ sơ")
	assert.Contains(t, empty.words(), "Nhập mã tra cứu gồm 8 ký tự")
	// the look-up code in an address opens nothing
	assert.Equal(t, "lookup", nobody.open("/tra-cuu?ma="+code+"&ma-tra-cuu="+secret).mark("data-page"))
}

func TestLookUpIsSlowedDown(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	nobody := b.as("")
	form := nobody.open("/tra-cuu")
	try := func(i int) *view {
		return nobody.press(form, "tra-cuu", "ma", fmt.Sprintf("H10.12-241115-%04d", i), "ma-tra-cuu", "AAAAAAAA")
	}
	for i := range 10 {
		require.Equal(t, http.StatusUnprocessableEntity, try(i).status)
	}
	v := try(10)
	assert.Equal(t, http.StatusTooManyRequests, v.status)
	assert.Equal(t, "6", v.header.Get("Retry-After"))
	b.later(6 * time.Second)
	assert.Equal(t, http.StatusUnprocessableEntity, try(11).status)
	assert.Equal(t, http.StatusTooManyRequests, try(12).status)
}

func TestVerifyPage(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	nobody := b.as("")
	before := b.rows()
	page := nobody.open("/kiem-tra")
	good := nobody.upload(page, "kiem-tra", "a.pdf", strings.NewReader("a valid one"))
	assert.Equal(t, http.StatusOK, good.status)
	assert.Equal(t, "valid", attr(good.id("ket-luan"), "data-verdict"))
	assert.Equal(t, "true", attr(good.id("ket-luan"), "data-intact"))
	assert.Contains(t, good.words(), "Hợp lệ. Chữ ký hợp lệ.")
	assert.Contains(t, good.words(), "Trần Quang")
	assert.Contains(t, good.words(), "09:00 15/11/2024")
	bad := nobody.upload(page, "kiem-tra", "a.pdf", strings.NewReader("altered"))
	assert.Equal(t, "invalid", attr(bad.id("ket-luan"), "data-verdict"))
	assert.Contains(t, bad.words(), "Không hợp lệ. Tệp đã bị sửa sau khi ký.")
	none := nobody.upload(page, "kiem-tra", "", nil)
	assert.Equal(t, http.StatusUnprocessableEntity, none.status)
	assert.Equal(t, before, b.rows(), "nothing is kept")

	body := "--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a.pdf\"\r\n\r\nvalid\r\n--x--\r\n"
	v := nobody.request(http.MethodPost, "/kiem-tra", strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=x",
		"Accept", "application/json")
	assert.Equal(t, "application/json", v.header.Get("Content-Type"))
	var report esign.Report
	require.NoError(t, json.Unmarshal([]byte(v.text), &report))
	assert.Equal(t, esign.Valid, report.Verdict)
	assert.True(t, report.Intact)
	for range 10 {
		nobody.upload(page, "kiem-tra", "a.pdf", strings.NewReader("x"))
	}
	assert.Equal(t, http.StatusTooManyRequests, nobody.upload(page, "kiem-tra", "a.pdf", strings.NewReader("x")).status)
}

// merged is a directory in which the first commune has taken over the second.
type merged struct{ offices }

func (merged) UnitAt(c string, at time.Time) (desk.Unit, bool) {
	if c == unitB {
		c = unitA
	}
	return offices{}.UnitAt(c, at)
}

func (merged) Covered(c string, _ bool, _ time.Time) []string { return []string{c, unitB} }

// Work that came from a unit which has ended is told apart from the heir's own.
func TestInboxOfAnHeir(t *testing.T) {
	t.Parallel()
	b := setup(t, plain, func(p *portal.Parts, _ *portal.Options) { p.Units, p.Policy = merged{}, policyOf(merged{}) })
	options := func(path string) map[string]string {
		out := map[string]string{}
		for _, o := range b.as("hoa").open(path).all("option") {
			out[attr(o, "value")] = textOf(o)
			if has(o, "selected") {
				out["selected"] = attr(o, "value")
			}
		}
		return out
	}
	name := "UBND phường Tân Phú"
	assert.Equal(t, map[string]string{"": "Tất cả đơn vị của tôi", unitA: name, unitB: name + " (hồ sơ của đơn vị cũ " + unitB + ")"},
		options("/can-bo"))
	assert.Equal(t, unitB, options("/can-bo?don-vi=" + unitB)["selected"])
	assert.Equal(t, unitA, options("/can-bo?don-vi=" + unitA)["selected"])
}

func TestInbox(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	var ids []string
	for range 3 {
		ids = append(ids, b.file())
	}
	hoa := b.as("hoa")
	hoa.press(hoa.open("/can-bo/ho-so/"+ids[0]), "receive")
	rows := func(path string) (out []string) {
		for _, tr := range hoa.open(path).all("tr") {
			if has(tr, "data-dossier") {
				out = append(out, attr(tr, "data-dossier"))
			}
		}
		return out
	}
	all := rows("/can-bo")
	assert.ElementsMatch(t, ids, all)
	assert.Equal(t, ids[0], all[0], "what is due comes first")
	assert.Equal(t, ids[:1], rows("/can-bo?trang-thai=received"))
	assert.ElementsMatch(t, ids[1:], rows("/can-bo?trang-thai=requested"))
	assert.Empty(t, rows("/can-bo?don-vi="+unitB))
	assert.Contains(t, hoa.open("/can-bo?trang-thai=compared").words(), "Không có hồ sơ khớp bộ lọc.")
	assert.Equal(t, http.StatusNotFound, hoa.get("/can-bo?trang-thai=draft").status)
	assert.Equal(t, http.StatusUnprocessableEntity, hoa.get("/can-bo?sau=nonsense").status)
	assert.Empty(t, b.as("xuan").open("/can-bo").all("td"))

	// the filter goes to the dossier and back
	page := hoa.open("/can-bo/ho-so/" + ids[1] + "?trang-thai=requested&don-vi=" + unitA + "&x=1")
	action, values := page.fill("receive")
	assert.Equal(t, "/can-bo/ho-so/"+ids[1]+"/buoc?don-vi="+unitA+"&trang-thai=requested", action)
	after := hoa.follow(hoa.post(action, values))
	back := ""
	for _, a := range after.all("a") {
		if strings.HasPrefix(attr(a, "href"), "/can-bo?") {
			back = attr(a, "href")
		}
	}
	assert.Equal(t, "/can-bo?don-vi="+unitA+"&trang-thai=requested", back)
	assert.Equal(t, ids[2:], rows(back))

	// and a code finds a dossier, in one's own units only
	code := after.mark("data-code")
	assert.Equal(t, "/can-bo/ho-so/"+ids[1], hoa.get("/can-bo?ma="+strings.ToLower(code)).header.Get("Location"))
	assert.Equal(t, http.StatusNotFound, b.as("xuan").get("/can-bo?ma="+code).status)
}

func TestManyDossiersArePaged(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	_, values := b.as("lan").open("/ho-so/moi/"+procedure).fill("to-khai", with("next", "later")...)
	for i := range 23 {
		values.Set("key", fmt.Sprint("many-", i))
		require.Equal(t, http.StatusSeeOther, b.as("lan").post("/ho-so/moi/"+procedure, values).status)
	}
	seen := map[string]bool{}
	page := b.as("lan").open("/ho-so")
	for range 3 {
		next := ""
		for _, li := range page.all("li") {
			if d := attr(li, "data-dossier"); d != "" {
				assert.False(t, seen[d])
				seen[d] = true
			}
		}
		for _, a := range page.all("a") {
			if attr(a, "rel") == "next" {
				next = attr(a, "href")
			}
		}
		if next == "" {
			break
		}
		page = b.as("lan").open(next)
	}
	assert.Len(t, seen, 23)
}
