package vnpaysim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/vnpay"
)

// payQuery is a signed pay URL's query with some fields changed.
func payQuery(ref string, change map[string]string) string {
	f := map[string]string{
		"vnp_Version": "2.1.0", "vnp_Command": "pay", "vnp_TmnCode": terminal, "vnp_Amount": "10000", "vnp_CurrCode": "VND",
		"vnp_TxnRef": ref, "vnp_CreateDate": "20241115080000", "vnp_ReturnUrl": "http://127.0.0.1:1/x",
	}
	maps.Copy(f, change)
	return vnpay.SignQuery([]byte(secret), f)
}

// Every field of a pay URL is taken up to its limit and refused beyond.
func TestEachFieldOfAPayURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		key, value string
		ok         bool
	}{
		{"vnp_Amount", "100", true}, {"vnp_Amount", "99", false}, {"vnp_Amount", "", false}, {"vnp_Amount", "-100", false},
		{"vnp_Amount", strings.Repeat("9", 12), true}, {"vnp_Amount", "1" + strings.Repeat("0", 12), false},
		{"vnp_Version", "2.0.1", false}, {"vnp_Command", "refund", false}, {"vnp_CurrCode", "USD", false}, {"vnp_TxnRef", "", false},
		{"vnp_CreateDate", "2024111508000", false}, {"vnp_CreateDate", "202411150800000", false}, {"vnp_TmnCode", "OTHER", false},
		{"vnp_ReturnUrl", "https://127.0.0.1/x", true}, {"vnp_ReturnUrl", "http://localhost/x", true},
		{"vnp_ReturnUrl", "http://[::1]:8/x", true}, {"vnp_ReturnUrl", "ftp://127.0.0.1/x", false},
		{"vnp_ReturnUrl", "http://10.0.0.1/x", false}, {"vnp_ReturnUrl", "", false}, {"vnp_ReturnUrl", "http://[::1/x", false},
	} {
		_, err := w.sim.accept(payQuery(fmt.Sprint("E", i), map[string]string{c.key: c.value}))
		assert.Equal(t, c.ok, err == nil, "%s=%s: %v", c.key, c.value, err)
	}
	_, err := w.sim.accept("vnp_TmnCode=" + terminal)
	require.ErrorContains(t, err, "code 70", "what is not signed is told as that")
}

// A reference is one payment for its day: asked for again it is the same one.
func TestOneReferenceADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.sim.accept(payQuery("R", nil))
	require.NoError(t, err)
	again, err := w.sim.accept(payQuery("R", map[string]string{"vnp_CreateDate": "20241115090000"}))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	_, err = w.sim.accept(payQuery("R", map[string]string{"vnp_Amount": "10001"}))
	require.ErrorContains(t, err, "01")
	next, err := w.sim.accept(payQuery("R", map[string]string{"vnp_CreateDate": "20241116080000"}))
	require.NoError(t, err)
	assert.NotEqual(t, first.Token, next.Token)
	_, err = w.sim.accept(payQuery("A", map[string]string{"vnp_CreateDate": "20241116080000"}))
	require.NoError(t, err)
	var order []string
	for _, t := range w.sim.Transactions() {
		order = append(order, t.Created+t.Ref)
	}
	assert.Equal(t, []string{"20241115080000R", "20241116080000A", "20241116080000R"}, order, "oldest first, then by reference")
}

func TestFormRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr, err := w.sim.accept(payQuery("R", nil))
	require.NoError(t, err)
	for _, c := range []struct {
		token, behave, action string
		status                int
	}{
		{tr.Token, "normal", "", http.StatusBadRequest}, {tr.Token, "normal", "refund", http.StatusBadRequest},
		{tr.Token, "nonsense", "pay", http.StatusBadRequest}, {tr.Token, "nonsense", "cancel", http.StatusBadRequest},
		{"other", "normal", "pay", http.StatusNotFound}, {tr.Token, "silent", "pay", http.StatusSeeOther},
	} {
		res, err := w.browser.PostForm(w.server.URL+PayPath, url.Values{
			"token": {c.token}, "behave": {c.behave}, "action": {c.action},
		})
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, c.status, res.StatusCode, c)
	}
	res, err := w.browser.Get(w.server.URL + PayPath + "?" + payQuery("R", nil))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusSeeOther, res.StatusCode, "what is decided goes straight back")
	to, err := res.Location()
	require.NoError(t, err)
	assert.Equal(t, "/x", to.Path)
	assert.Equal(t, "00", to.Query().Get("vnp_ResponseCode"))
	withQuery := *tr
	withQuery.ReturnURL += "?a=b"
	rec := httptest.NewRecorder()
	w.sim.back(rec, httptest.NewRequest(http.MethodGet, "/", nil), &withQuery)
	assert.Contains(t, rec.Header().Get("Location"), "/x?a=b&vnp_")
}

func TestQueryRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, status := range map[string]int{
		"[]": http.StatusBadRequest, `{"a":{"b":"c"}}`: http.StatusBadRequest, `{"a":"b"}`: http.StatusOK,
		`{"a":"` + strings.Repeat("b", maxRequest) + `"}`:   http.StatusRequestEntityTooLarge,
		`{"a":"` + strings.Repeat("b", maxRequest-8) + `"}`: http.StatusOK,
	} {
		res, err := w.browser.Post(w.server.URL+QueryPath, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, status, res.StatusCode, "%.20s", body)
	}
	ask := func(change map[string]string) map[string]string {
		req := map[string]string{
			"vnp_RequestId": "1", "vnp_Version": "2.1.0", "vnp_Command": "querydr", "vnp_TmnCode": terminal, "vnp_TxnRef": "R",
			"vnp_TransactionDate": "20241115080000", "vnp_CreateDate": "20241115080000", "vnp_IpAddr": "127.0.0.1", "vnp_OrderInfo": "q",
		}
		maps.Copy(req, change)
		var values []string
		for _, n := range vnpay.RequestFields() {
			values = append(values, req[n])
		}
		req["vnp_SecureHash"] = vnpay.SignFields([]byte(secret), values...)
		return w.sim.answer(req)
	}
	for field, value := range map[string]string{"vnp_Command": "pay", "vnp_Version": "2.0.0", "vnp_RequestId": ""} {
		assert.Equal(t, "03", ask(map[string]string{field: value})["vnp_ResponseCode"], field)
	}
	tr, err := w.sim.accept(payQuery("R", nil))
	require.NoError(t, err)
	a := ask(nil)
	assert.Equal(t, []string{"00", "01", "10000"}, []string{a["vnp_ResponseCode"], a["vnp_TransactionStatus"], a["vnp_Amount"]})
	assert.NotContains(t, a, "vnp_TransactionNo", "an open payment has no number")
	_, err = w.sim.decide(tr.Token, Short, false)
	require.NoError(t, err)
	a = ask(nil)
	assert.Equal(t, []string{"00", "9900", "14000001"}, []string{a["vnp_TransactionStatus"], a["vnp_Amount"], a["vnp_TransactionNo"]})
}

// The last second is in time, the next one is not; a payer who cancels did cancel.
func TestTheLastSecond(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after    time.Duration
		expires  string
		cancel   bool
		response string
	}{
		{15 * time.Minute, "20241115081500", false, "00"}, {15*time.Minute + time.Second, "20241115081500", false, "11"},
		{16 * time.Minute, "20241115081500", true, "24"}, {time.Minute, "20241115081500", true, "24"}, {1000 * time.Hour, "", false, "00"},
	} {
		w := newWorld(t)
		tr, err := w.sim.accept(payQuery("R", map[string]string{"vnp_ExpireDate": c.expires}))
		require.NoError(t, err)
		w.pass(c.after)
		got, err := w.sim.decide(tr.Token, Normal, c.cancel)
		require.NoError(t, err)
		assert.Equal(t, c.response, got.Response, c)
	}
}

// A notice is due at its time, not before: 5 s late, or 1 s, 2 s, 4 s … after what was not confirmed.
func TestWhenANoticeIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers = []string{"99", "97", "", "04"}
	w.pay("R", Late, "pay")
	for n, pause := range []time.Duration{5 * time.Second, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		w.pass(pause - time.Microsecond)
		sent, err := w.sim.Deliver(t.Context())
		require.NoError(t, err)
		require.Zero(t, sent, n)
		w.pass(time.Microsecond)
		sent, err = w.sim.Deliver(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, sent, n)
	}
	assert.Equal(t, []string{"99", "97", "-", "04", "00"}, w.sim.Transactions()[0].Answers, "an empty code is none")
}

// Ten notices are all there are, also where two are to be confirmed.
func TestTheTenthNoticeIsTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers = append(slices.Repeat([]string{"99"}, maxTries-1), "00")
	w.pay("R", Twice, "pay")
	for range 2 * maxTries {
		w.pass(time.Hour)
		_, err := w.sim.Deliver(t.Context())
		require.NoError(t, err)
	}
	assert.Len(t, w.notices(), maxTries)
	assert.Zero(t, w.sim.Transactions()[0].Left)
}

// While a notice is on its way nobody sends it again; after a crash it is due once
// its deadline and the pause are over.
func TestNoticeOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr, err := w.sim.accept(payQuery("R", nil))
	require.NoError(t, err)
	_, err = w.sim.decide(tr.Token, Normal, false)
	require.NoError(t, err)
	for _, pause := range []time.Duration{time.Second, 2 * time.Second} {
		none, err := w.sim.claim("another")
		require.NoError(t, err)
		require.Nil(t, none)
		due, err := w.sim.claim(tr.Token)
		require.NoError(t, err)
		require.NotNil(t, due)
		w.restart()
		w.pass(noticeTimeout + pause - time.Microsecond)
		due, err = w.sim.claim("")
		require.NoError(t, err)
		require.Nil(t, due)
		w.pass(time.Microsecond)
	}
}

// Whoever pays is sent back once the first notice is answered: meanwhile nobody
// else sends it.
func TestNoticeOfAPayerAtThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr, err := w.sim.accept(payQuery("R", nil))
	require.NoError(t, err)
	other, err := w.sim.accept(payQuery("S", nil))
	require.NoError(t, err)
	w.sim.hold(tr.Token)
	w.sim.hold(tr.Token) // in two windows
	for _, token := range []string{tr.Token, other.Token} {
		_, err = w.sim.decide(token, Normal, false)
		require.NoError(t, err)
	}
	due, err := w.sim.claim("")
	require.NoError(t, err)
	require.NotNil(t, due)
	require.Equal(t, "S", due.Ref, "others' are sent")
	w.sim.release(tr.Token)
	due, err = w.sim.claim("")
	require.NoError(t, err)
	require.Nil(t, due)
	w.sim.release(tr.Token)
	due, err = w.sim.claim("")
	require.NoError(t, err)
	require.NotNil(t, due)
	require.Equal(t, "R", due.Ref)
	require.Empty(t, w.sim.held)
	require.Len(t, w.sim.wake, 1, "what is left is looked at, at once")

	w.pay("T", Normal, "pay")
	require.Empty(t, w.sim.held, "who has left the page holds nothing")
}

// What goes wrong with the merchant is noted as no answer, without the query in the log.
func TestNoticesNobodyTakes(t *testing.T) {
	t.Parallel()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, map[string]string{"/cut": `{"RspCode":"00"}`}[r.URL.Path])
	}))
	t.Cleanup(cut.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, map[string]string{"/html": "<html>", "/empty": "{}", "/good": `{"RspCode":"00"}`}[r.URL.Path])
	}))
	t.Cleanup(other.Close)
	for name, c := range map[string]struct{ returns, notice, want string }{
		"confirmed":       {other.URL, "/good", "00"},
		"address":         {"http://127.0.0.1:1", other.URL + "/good", "00"},
		"no JSON":         {other.URL, "/html", "-"},
		"no code":         {other.URL, "/empty", "-"},
		"cut short":       {cut.URL, "/cut", "-"},
		"nobody listens":  {"http://127.0.0.1:1", "/good", "-"},
		"far away":        {"http://merchant.invalid", "/good", "-"},
		"no address":      {"http://[::1", "/good", "-"},
		"no scheme at it": {"//127.0.0.1:1", "/good", "-"},
	} {
		core, logs := observer.New(zap.DebugLevel)
		s, err := New(t.TempDir(), config(c.notice), http.DefaultClient, &Options{Logger: zap.New(core)})
		require.NoError(t, err)
		s.add(&Transaction{Terminal: terminal, Ref: "R", Created: "20241115080000", ReturnURL: c.returns, Status: "00", Left: 1})
		_, err = s.Deliver(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, []string{c.want}, s.Transactions()[0].Answers, name)
		assert.Equal(t, c.want == "-", logs.Len() == 1, name)
		for _, e := range logs.All() {
			assert.NotContains(t, fmt.Sprint(e.ContextMap()), "vnp_", name)
		}
	}
}

// Whatever digit a signature ends with, the flipped one is wrong.
func TestFlippedIsAlwaysForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ends := map[byte]bool{}
	for i := range 200 {
		tr := &Transaction{Terminal: terminal, Ref: strconv.Itoa(i), Paid: 100, Status: "02", Response: "24", Number: 1}
		good := w.sim.notice(tr)
		ends[good[len(good)-1]] = true
		_, err := vnpay.VerifyQuery([]byte(secret), good)
		require.NoError(t, err)
		tr.Behave = Flipped
		flipped := w.sim.notice(tr)
		_, err = w.gateway.Parse(t.Context(), &driver.Raw{Method: http.MethodGet, Query: flipped})
		require.Equal(t, driver.CodeForged, w.gateway.ErrorCode(err))
		require.Equal(t, good[:len(good)-1], flipped[:len(flipped)-1])
	}
	assert.Len(t, ends, 16, "each hex digit was met")
}

// What cannot be written is not taken as done, and leaves no half a file behind.
func TestEveryUnwritableFileIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr, err := w.sim.accept(payQuery("R", nil))
	require.NoError(t, err)
	file := w.sim.file(tr)
	block := func() { // a folder stands where the file should go
		require.NoError(t, os.RemoveAll(file))
		require.NoError(t, os.MkdirAll(filepath.Join(file, "x"), 0o700))
	}
	block()
	_, err = w.sim.decide(tr.Token, Normal, false)
	require.Error(t, err)
	assert.Equal(t, "01", w.sim.Transactions()[0].Status)
	require.NoError(t, os.RemoveAll(file))
	_, err = w.sim.decide(tr.Token, Normal, false)
	require.NoError(t, err)
	block()
	sent, err := w.sim.Deliver(t.Context())
	require.Error(t, err)
	assert.Zero(t, sent)
	require.Error(t, w.sim.Run(t.Context()), "a folder that is no good ends the sending")
	assert.Zero(t, w.sim.Transactions()[0].Tries)
	require.NoError(t, os.RemoveAll(file))
	due, err := w.sim.claim(tr.Token)
	require.NoError(t, err)
	block()
	require.Error(t, w.sim.send(t.Context(), due))
	assert.Empty(t, w.sim.Transactions()[0].Answers)
	left, err := filepath.Glob(filepath.Join(w.dir, "new-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, os.RemoveAll(w.dir))
	_, err = w.sim.accept(payQuery("R2", nil))
	require.Error(t, err)
	assert.Len(t, w.sim.Transactions(), 1)
}

func TestEachPartOfTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for notice, ok := range map[string]bool{
		"/ipn": true, "http://127.0.0.1:8/ipn": true, "http://localhost/ipn": true, "http://[::1]/ipn": true,
		"": false, "http://127.0.0.1": false, "http://10.0.0.1/ipn": false, "http://[::1": false,
	} {
		_, err := New(dir, config(notice), http.DefaultClient, nil)
		assert.Equal(t, ok, err == nil, notice)
	}
	_, err := New(dir, config("/ipn"), nil, nil)
	require.Error(t, err)
	_, err = New(dir, Config{Secret: []byte(secret), NoticeURL: "/ipn"}, http.DefaultClient, nil)
	require.Error(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	_, err = New(filepath.Join(dir, "file"), config("/ipn"), http.DefaultClient, nil)
	require.Error(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "new-1", "x"), 0o700))
	_, err = New(dir, config("/ipn"), http.DefaultClient, nil)
	require.Error(t, err, "what is left cannot be removed")
	for host, ok := range map[string]bool{"localhost": true, "127.3.2.1": true, "::1": true, "": false, "10.0.0.1": false, "a.b": false} {
		assert.Equal(t, ok, vnpay.Loopback(host), host)
	}
}

// The page says what is paid, offers what was set, and forbids scripts.
func TestPageOfAPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.sim.Behave(Late))
	res, err := w.browser.Get(w.server.URL + PayPath + "?" + payQuery("R", map[string]string{"vnp_Amount": "2000000"}))
	require.NoError(t, err)
	var page bytes.Buffer
	_, err = page.ReadFrom(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Contains(t, page.String(), "20000")
	assert.NotContains(t, page.String(), "2000000")
	assert.Regexp(t, `value="late"[^>]*selected`, page.String())
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
	list := httptest.NewRecorder()
	w.sim.writeJSON(list, w.sim.Transactions())
	assert.True(t, json.Valid(list.Body.Bytes()))
}
