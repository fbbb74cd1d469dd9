package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/portal"
)

// TestEveryRouteAsEveryStranger walks every page as nobody, another citizen, an
// official of another unit and a person of the wrong kind.
func TestEveryRouteAsEveryStranger(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.file()
	hoa := b.as("hoa")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	b.effects()
	paper := strings.TrimPrefix(b.as("lan").open("/ho-so/" + id).papers("receipt_slip")[0], "/giay-to/"+id+"/")
	draft := b.as("lan").press(b.as("lan").open("/ho-so/moi/"+procedure), "to-khai", with("next", "later")...).mark("data-dossier")
	before := b.rows()

	const open = http.StatusOK
	routes := map[string]bool{}
	for _, c := range []struct {
		route                                 string
		nobody, citizen, citizens, otherUnits int // of officials: on citizens' pages, of another unit
	}{
		{"GET /", open, open, open, open},
		{"GET /thu-tuc/{code}", open, open, open, open},
		{"GET /ho-so", 401, open, 403, 403},
		{"GET /ho-so/moi/{code}", 401, open, 403, 403},
		{"POST /ho-so/moi/{code}", 401, 422, 403, 403},
		{"GET /ho-so/{id}", 401, 404, 403, 403},
		{"GET /ho-so/{id}/sua", 401, 404, 403, 403},
		{"POST /ho-so/{id}/sua", 401, 404, 403, 403},
		{"GET /ho-so/{id}/kiem-tra", 401, 404, 403, 403},
		{"POST /ho-so/{id}/buoc", 401, 404, 403, 403},
		{"POST /ho-so/{id}/thanh-toan", 401, 404, 403, 403},
		{"POST /ho-so/{id}/thanh-toan/xem-lai", 401, 404, 403, 403},
		{"GET /thanh-toan/ve", open, open, open, open},
		{"GET /can-bo", 401, 403, open, open},
		{"GET /can-bo/ho-so/{id}", 401, 403, open, 404},
		{"POST /can-bo/ho-so/{id}/ban-quet", 401, 403, 422, 404},
		{"POST /can-bo/ho-so/{id}/buoc", 401, 403, 422, 404},
		{"POST /can-bo/ho-so/{id}/ky", 401, 403, 422, 404},
		{"POST /can-bo/ho-so/{id}/thu-tien", 401, 403, 403, 404},
		{"POST /can-bo/ho-so/{id}/khoan-tien/{exception}", 401, 403, 403, 404},
		{"GET /giay-to/{dossier}/{paper}", 401, 404, open, 404},
		{"GET /tra-cuu", open, open, open, open},
		{"POST /tra-cuu", 422, 422, 422, 422},
		{"GET /kiem-tra", open, open, open, open},
		{"POST /kiem-tra", 422, 422, 422, 422},
		{"GET /nhat-ky", 401, open, 403, 403},
	} {
		method, path, _ := strings.Cut(c.route, " ")
		path = strings.NewReplacer("{code}", procedure, "{id}", id, "{dossier}", id, "{paper}", paper, "{exception}", "E1").Replace(path)
		for who, want := range map[string]int{"": c.nobody, "minh": c.citizen, "hoa": c.citizens, "xuan": c.otherUnits} {
			var v *view
			if method == http.MethodGet {
				v = b.as(who).get(path)
			} else {
				v = b.as(who).post(path, url.Values{"key": {"k"}})
			}
			assert.Equal(t, want, v.status, "%s as %q: %s", c.route, who, v.words())
			if v.status >= 400 {
				assert.NotContains(t, v.text, "Nguyễn Thị Lan", "%s as %q", c.route, who)
				assert.NotContains(t, v.text, "0912345678", "%s as %q", c.route, who)
			}
		}
		routes[c.route] = true
	}
	for _, r := range portal.Routes(b.portal) {
		assert.True(t, routes[r], "%s is not in the table", r)
	}
	after := b.rows()
	after["identity_openings"], after["identity_heads"] = before["identity_openings"], before["identity_heads"] // hoa opened the slip
	assert.Equal(t, before, after, "strangers changed nothing")

	// a draft is nobody's but its owner's, even in the unit it will go to
	assert.Equal(t, http.StatusNotFound, hoa.get("/can-bo/ho-so/"+draft).status)
	assert.NotContains(t, hoa.open("/can-bo").text, draft)
	assert.Equal(t, http.StatusNotFound, b.as("minh").get("/ho-so/"+draft).status)
}

func TestAssuranceTooLow(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	low := b.as("thap")
	v := low.get("/ho-so/moi/" + procedure)
	assert.Equal(t, http.StatusForbidden, v.status)
	assert.Contains(t, v.words(), "mức cao hơn")
	_, values := b.as("lan").open("/ho-so/moi/"+procedure).fill("to-khai", with("next", "continue")...)
	before := b.rows()
	assert.Equal(t, http.StatusForbidden, low.post("/ho-so/moi/"+procedure, values).status)
	assert.Equal(t, before, b.rows())
}

// TestForbiddenStepByHand: the page shows the reason; posting by hand gets the
// same reason and changes nothing.
func TestForbiddenStepByHand(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.file()
	quang := b.as("quang")
	page := quang.open("/can-bo/ho-so/" + id)
	assert.Contains(t, page.words(), "Công chức tiếp nhận và trả kết quả", "the reason names the role in words")
	before := b.rows()
	for _, event := range []string{"receive", "return_result", "fee_settled", "certified", "nonsense"} {
		v := quang.post("/can-bo/ho-so/"+id+"/buoc", url.Values{"event": {event}, "version": {page.mark("data-version")},
			"key": {"by-hand-" + event}})
		assert.Equal(t, http.StatusForbidden, v.status, event)
		assert.Equal(t, "refused", attr(v.id("su-co"), "data-problem"), event)
	}
	// a citizen cannot take an official's step on their own dossier
	v := b.as("lan").post("/ho-so/"+id+"/buoc", url.Values{"event": {"receive"}, "version": {"2"}, "key": {"mine"}})
	assert.Equal(t, http.StatusForbidden, v.status)
	// nor is cash anybody's to book
	v = quang.post("/can-bo/ho-so/"+id+"/thu-tien", url.Values{"version": {"2"}, "key": {"cash"}})
	assert.Equal(t, http.StatusForbidden, v.status)
	assert.Equal(t, before, b.rows())
}

func TestGetChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.file()
	hoa := b.as("hoa")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	b.effects()
	before := b.rows()
	lan := b.as("lan")
	slip := lan.open("/ho-so/" + id).papers("receipt_slip")[0]
	mine, theirs := "/ho-so/"+id, "/can-bo/ho-so/"+id
	for _, path := range []string{"/", "/?q=ban+sao", "/thu-tuc/" + procedure, "/ho-so", "/ho-so/moi/" + procedure, mine, mine + "/sua",
		mine + "/kiem-tra", "/thanh-toan/ve?ho-so=" + id + "&vnp_ResponseCode=00", "/tra-cuu?ma=H10.12-241115-0001", "/kiem-tra", "/nhat-ky",
		slip, mine + "/buoc?event=withdraw&version=3&key=k", "/en" + mine} {
		lan.get(path)
		lan.request(http.MethodHead, path, nil)
	}
	for _, path := range []string{"/can-bo", "/can-bo?trang-thai=received", theirs, theirs + "/buoc?event=stop&reason=x"} {
		hoa.get(path)
		hoa.request(http.MethodHead, path, nil)
	}
	hoa.request(http.MethodHead, slip, nil)
	assert.Equal(t, before, b.rows())
	require.Equal(t, http.StatusOK, hoa.get(slip).status)
	after := b.rows()
	assert.Equal(t, before["identity_openings"]+1, after["identity_openings"], "an official's opening is journalled, and that alone")
}

func TestJournalOfOpenings(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	hoa, lan := b.as("hoa"), b.as("lan")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	b.effects()
	slip := lan.open("/ho-so/" + id).papers("receipt_slip")[0]
	lan.get(slip)
	assert.Contains(t, lan.open("/nhat-ky").words(), "Chưa có lần mở nào.", "one's own opening is nobody's news")
	hoa.get(slip)
	for who, name := range map[string]string{"tra": "Lê Thị Hoa", "lan": "Cán bộ"} {
		page := b.as(who).open("/nhat-ky").words()
		assert.Contains(t, page, name, who)
		assert.Contains(t, page, "UBND phường Tân Phú", who)
		assert.Contains(t, page, "Giải quyết hồ sơ H10.12-241115-0001, bước Được tiếp nhận", who)
		assert.Contains(t, page, "08:00 15/11/2024", who)
	}
	assert.Contains(t, b.as("minh").open("/nhat-ky").words(), "Chưa có lần mở nào.")
}

// TestNothingLeavesUnrecorded: when the journal cannot record, no byte is given.
func TestNothingLeavesUnrecorded(t *testing.T) {
	t.Parallel()
	b := setup(t, plain, func(p *portal.Parts, _ *portal.Options) { p.Journal = brokenJournal{p.Journal} })
	id := b.file()
	hoa := b.as("hoa")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	b.effects()
	slip := b.as("lan").open("/ho-so/" + id).papers("receipt_slip")[0]
	v := hoa.get(slip)
	assert.Equal(t, http.StatusInternalServerError, v.status)
	assert.NotContains(t, v.text, "%PDF")
	assert.NotEmpty(t, attr(v.id("su-co"), "data-incident"))
	assert.Equal(t, http.StatusOK, b.as("lan").get(slip).status)
}
