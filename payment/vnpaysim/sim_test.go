package vnpaysim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/drivertest"
	"github.com/motcua/motcua/payment/vnpay"
)

const (
	terminal = "DEMO0001"
	secret   = "SIMSECRET"
)

func config(notice string) Config {
	return Config{Terminal: terminal, Secret: []byte(secret), NoticeURL: notice}
}

// world is a simulator, a merchant that hears its notices, and a clock.
type world struct {
	t        *testing.T
	dir      string
	sim      *Sim
	server   *httptest.Server
	merchant *httptest.Server
	gateway  *vnpay.Gateway
	browser  *http.Client

	mu      sync.Mutex
	now     time.Time
	heard   []string // raw queries
	answers []string // what to answer next; then 00
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC)}
	w.merchant = httptest.NewServer(http.HandlerFunc(w.ipn))
	t.Cleanup(w.merchant.Close)
	w.browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.restart()
	return w
}

// restart opens the folder anew, as another process would.
func (w *world) restart() {
	w.t.Helper()
	sim, err := New(w.dir, config("/thanh-toan/vnpay/ipn"), w.merchant.Client(), &Options{Now: w.clock})
	require.NoError(w.t, err)
	w.sim = sim
	w.server = httptest.NewServer(sim.Handler())
	w.t.Cleanup(w.server.Close)
	w.gateway, err = vnpay.New(vnpay.Config{
		TmnCode: terminal, Secret: []byte(secret), PayURL: w.server.URL + PayPath, QueryURL: w.server.URL + QueryPath,
	}, w.server.Client(), &vnpay.Options{Now: w.clock})
	require.NoError(w.t, err)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) ipn(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	assert.Equal(w.t, "/thanh-toan/vnpay/ipn", r.URL.Path)
	w.heard = append(w.heard, r.URL.RawQuery)
	code := "00"
	if len(w.answers) > 0 {
		code, w.answers = w.answers[0], w.answers[1:]
	}
	_, err := io.WriteString(rw, `{"RspCode":"`+code+`","Message":""}`)
	assert.NoError(w.t, err)
}

func (w *world) notices() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heard
}

func (w *world) intent(ref string) *driver.Intent {
	return &driver.Intent{
		Ref: ref, Amount: 20_000, Currency: "VND", Text: "Phi chung thuc", ReturnURL: w.merchant.URL + "/tra-ve?x=1",
		Created: w.clock(), Expires: w.clock().Add(15 * time.Minute),
	}
}

// pay goes through the page like a browser and returns where it was sent.
func (w *world) pay(ref string, b Behaviour, action string) *url.URL {
	w.t.Helper()
	s, err := w.gateway.Start(w.t.Context(), w.intent(ref))
	require.NoError(w.t, err)
	page := w.get(s.URL)
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page)
	require.Len(w.t, token, 2, page)
	res, err := w.browser.PostForm(w.server.URL+PayPath, url.Values{"token": {token[1]}, "behave": {string(b)}, "action": {action}})
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	require.Equal(w.t, http.StatusSeeOther, res.StatusCode)
	to, err := res.Location()
	require.NoError(w.t, err)
	return to
}

func (w *world) get(at string) string {
	w.t.Helper()
	res, err := w.browser.Get(at)
	require.NoError(w.t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	require.Equal(w.t, http.StatusOK, res.StatusCode, string(body))
	return string(body)
}

func (w *world) parse(n int) (*driver.Report, error) {
	w.t.Helper()
	require.Greater(w.t, len(w.notices()), n)
	return w.gateway.Parse(w.t.Context(), &driver.Raw{Method: http.MethodGet, Query: w.notices()[n]})
}

func TestPayTellsBeforeTheBrowserReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	to := w.pay("R1", Normal, "pay")
	r, err := w.parse(0)
	require.NoError(t, err)
	assert.Equal(t, &driver.Report{
		Ref: "R1", GatewayRef: "14000001", Merchant: terminal, Currency: "VND", Amount: 20_000,
		PaidAt: w.clock().In(r.PaidAt.Location()), Outcome: driver.Paid,
	}, r)
	assert.Equal(t, "/tra-ve", to.Path)
	back, err := vnpay.VerifyQuery([]byte(secret), to.RawQuery)
	require.NoError(t, err, "the return carries the same signed fields")
	assert.Equal(t, "00", back["vnp_ResponseCode"])
	polled, err := w.gateway.Poll(t.Context(), "R1", w.clock())
	require.NoError(t, err)
	assert.Equal(t, r, polled)
	sent, err := w.sim.Deliver(t.Context())
	require.NoError(t, err)
	assert.Zero(t, sent, "a confirmed notice is not sent again")
}

func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	for b, c := range map[Behaviour]struct {
		notices int
		code    driver.Code
		notice  driver.Report
		polled  driver.Report
	}{
		Twice:   {2, driver.CodeOK, driver.Report{Merchant: terminal, Amount: 20_000, Outcome: driver.Paid}, driver.Report{}},
		Short:   {1, driver.CodeOK, driver.Report{Merchant: terminal, Amount: 19_999, Outcome: driver.Paid}, driver.Report{Amount: 19_999}},
		Foreign: {1, driver.CodeOK, driver.Report{Merchant: foreign, Amount: 20_000, Outcome: driver.Paid}, driver.Report{}},
		Flipped: {1, driver.CodeForged, driver.Report{}, driver.Report{}},
		Silent:  {0, driver.CodeOK, driver.Report{}, driver.Report{}},
		Held: {
			1, driver.CodeOK, driver.Report{Merchant: terminal, Amount: 20_000, Outcome: driver.Held}, driver.Report{Outcome: driver.Held},
		},
	} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pay("R1", b, "pay")
			require.Len(t, w.notices(), c.notices)
			for n := range c.notices {
				r, err := w.parse(n)
				require.Equal(t, c.code, w.gateway.ErrorCode(err))
				if err == nil {
					got := driver.Report{Merchant: r.Merchant, Amount: r.Amount, Outcome: r.Outcome}
					assert.Equal(t, c.notice, got)
				}
			}
			polled, err := w.gateway.Poll(t.Context(), "R1", w.clock())
			require.NoError(t, err)
			if c.polled.Amount == 0 {
				c.polled.Amount = 20_000
			}
			if c.polled.Outcome == driver.Unknown {
				c.polled.Outcome = driver.Paid
			}
			got := driver.Report{Amount: polled.Amount, Outcome: polled.Outcome}
			assert.Equal(t, c.polled, got)
		})
	}
}

func TestLateComesAfterTheBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pay("R1", Late, "pay")
	assert.Empty(t, w.notices())
	w.pass(6 * time.Second)
	sent, err := w.sim.Deliver(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, sent)
	assert.Len(t, w.notices(), 1)
}

func TestRetriesUntilConfirmedAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers = []string{"99", "04", "01", "02"}
	w.pay("R1", Normal, "pay")
	for range 5 {
		w.restart()
		w.pass(time.Minute)
		_, err := w.sim.Deliver(t.Context())
		require.NoError(t, err)
	}
	all := w.sim.Transactions()
	require.Len(t, all, 1)
	assert.Equal(t, []string{"99", "04", "01", "02"}, all[0].Answers)
	assert.Zero(t, all[0].Left)
	w.pay("R2", Normal, "pay")
	assert.Equal(t, int64(14_000_002), w.sim.Transactions()[1].Number, "numbers go on after a restart")
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers = slices.Repeat([]string{"97"}, 100)
	w.pay("R1", Flipped, "pay")
	for range 30 {
		w.pass(time.Hour)
		_, err := w.sim.Deliver(t.Context())
		require.NoError(t, err)
	}
	assert.Len(t, w.notices(), maxTries)
}

func TestCancelAndSecondClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	to := w.pay("R1", Normal, "cancel")
	assert.Equal(t, "24", to.Query().Get("vnp_ResponseCode"))
	r, err := w.parse(0)
	require.NoError(t, err)
	assert.Equal(t, driver.Failed, r.Outcome)
	token := w.sim.Transactions()[0].Token
	res, err := w.browser.PostForm(w.server.URL+PayPath, url.Values{"token": {token}, "action": {"pay"}})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Contains(t, res.Header.Get("Location"), "vnp_ResponseCode=24", "what was decided stays decided")
	assert.Len(t, w.notices(), 1)
}

func TestExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, err := w.gateway.Start(t.Context(), w.intent("R1"))
	require.NoError(t, err)
	w.get(s.URL)
	w.pass(16 * time.Minute)
	got, err := w.sim.decide(w.sim.Transactions()[0].Token, Normal, false)
	require.NoError(t, err)
	assert.Equal(t, "11", got.Response)
	assert.Equal(t, "02", got.Status)
}

func TestPageRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := map[string]string{
		"vnp_Version": "2.1.0", "vnp_Command": "pay", "vnp_TmnCode": terminal, "vnp_Amount": "10000", "vnp_CurrCode": "VND",
		"vnp_TxnRef": "R", "vnp_CreateDate": "20241115080000", "vnp_ReturnUrl": "http://127.0.0.1:1/x",
	}
	sign := func(key, value string) string {
		f := map[string]string{}
		for k, v := range good {
			f[k] = v
		}
		f[key] = value
		return vnpay.SignQuery([]byte(secret), f)
	}
	for name, q := range map[string]string{
		"unsigned":             "vnp_Amount=1",
		"another secret":       vnpay.SignQuery([]byte("x"), good),
		"another terminal":     sign("vnp_TmnCode", "OTHER"),
		"another version":      sign("vnp_Version", "2.0.0"),
		"no amount":            sign("vnp_Amount", "0"),
		"a return far away":    sign("vnp_ReturnUrl", "https://evil.example/"),
		"a script as return":   sign("vnp_ReturnUrl", "javascript://127.0.0.1/"),
		"a date cut":           sign("vnp_CreateDate", "20241115"),
		"an amount of letters": sign("vnp_Amount", "10O00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := w.browser.Get(w.server.URL + PayPath + "?" + q)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusBadRequest, res.StatusCode)
		})
	}
	w.get(w.server.URL + PayPath + "?" + sign("vnp_Locale", "vn"))
	res, err := w.browser.Get(w.server.URL + PayPath + "?" + sign("vnp_Amount", "20000"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusBadRequest, res.StatusCode, "one reference, one amount")
}

func TestQueryRefusesInSignedWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(change func(map[string]string), key string) map[string]string {
		req := map[string]string{
			"vnp_RequestId": "1", "vnp_Version": "2.1.0", "vnp_Command": "querydr", "vnp_TmnCode": terminal, "vnp_TxnRef": "R",
			"vnp_TransactionDate": "20241115080000", "vnp_CreateDate": "20241115080000", "vnp_IpAddr": "127.0.0.1", "vnp_OrderInfo": "q",
		}
		change(req)
		var values []string
		for _, n := range vnpay.RequestFields() {
			values = append(values, req[n])
		}
		req["vnp_SecureHash"] = vnpay.SignFields([]byte(key), values...)
		body, err := json.Marshal(req)
		require.NoError(t, err)
		res, err := http.Post(w.server.URL+QueryPath, "application/json", strings.NewReader(string(body)))
		require.NoError(t, err)
		data, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		a, err := vnpay.ReadFlat(data)
		require.NoError(t, err)
		sent := a["vnp_SecureHash"]
		assert.Equal(t, sent, vnpay.SignAnswer([]byte(secret), a))
		return a
	}
	same := func(map[string]string) {}
	assert.Equal(t, "91", ask(same, secret)["vnp_ResponseCode"])
	assert.Equal(t, "97", ask(same, "wrong")["vnp_ResponseCode"])
	assert.Equal(t, "02", ask(func(f map[string]string) { f["vnp_TmnCode"] = "OTHER" }, secret)["vnp_ResponseCode"])
	assert.Equal(t, "03", ask(func(f map[string]string) { f["vnp_Command"] = "refund" }, secret)["vnp_ResponseCode"])
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(b string) int {
		res, err := w.browser.PostForm(w.server.URL+"/admin/behave", url.Values{"behave": {b}})
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	assert.Equal(t, http.StatusBadRequest, set("nonsense"))
	assert.Equal(t, http.StatusNoContent, set("silent"))
	w.pay("R1", "", "pay") // a form without the field takes what was set
	assert.Empty(t, w.notices())
	var all []Transaction
	require.NoError(t, json.Unmarshal([]byte(w.get(w.server.URL+"/admin/transactions")), &all))
	require.Len(t, all, 1)
	assert.Equal(t, Silent, all[0].Behave)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := New(t.TempDir(), config("https://evil.example/ipn"), http.DefaultClient, nil)
	require.ErrorContains(t, err, "loopback")
	_, err = New(t.TempDir(), Config{Terminal: terminal, NoticeURL: "/x"}, http.DefaultClient, nil)
	require.ErrorContains(t, err, "secret")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.json"), []byte("{"), 0o600))
	_, err = New(dir, config("/x"), http.DefaultClient, nil)
	require.ErrorContains(t, err, "bad.json")
	require.NoError(t, os.Rename(filepath.Join(dir, "bad.json"), filepath.Join(dir, "new-1")))
	_, err = New(dir, config("/x"), http.DefaultClient, nil)
	require.NoError(t, err, "what a crash left before its rename is cleared away")
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pay("R1", Late, "pay")
	w.pass(time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.sim.Run(ctx) }()
	require.Eventually(t, func() bool { return len(w.notices()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}

// harness runs the gateway's kit against the simulator.
type harness struct {
	sim    *Sim
	server *httptest.Server
}

func (h *harness) Gateway(client *http.Client) (driver.Gateway, error) {
	return vnpay.New(vnpay.Config{
		TmnCode: terminal, Secret: []byte(secret), PayURL: h.server.URL + PayPath, QueryURL: h.server.URL + QueryPath,
	}, client, nil)
}
func (h *harness) Secrets() []string { return []string{secret} }
func (h *harness) Close() error      { h.server.Close(); return nil }

func transaction(f drivertest.Facts) *Transaction {
	n, _ := strconv.ParseInt(f.GatewayRef, 10, 64)
	t := &Transaction{
		Terminal: f.Merchant, Ref: f.Ref, Token: f.Ref, Created: f.Created.In(time.FixedZone("", zoneSpan)).Format(stamp),
		Amount: f.Amount * 100, Paid: f.Amount * 100, Number: n, Status: "00", Response: "00",
	}
	switch f.Outcome {
	case driver.Failed:
		t.Status, t.Response = "02", "24"
	case driver.Held:
		t.Status, t.Response = "07", "07"
	case driver.Unknown:
		t.Status, t.Response = "01", ""
	case driver.Paid:
		t.PaidAt = f.PaidAt.In(time.FixedZone("", zoneSpan)).Format(stamp)
	}
	return t
}

func (h *harness) Notice(_ context.Context, f drivertest.Facts) (*driver.Raw, error) {
	return &driver.Raw{Method: http.MethodGet, Query: h.sim.notice(transaction(f))}, nil
}

func (h *harness) Book(_ context.Context, f drivertest.Facts) error {
	h.sim.mu.Lock()
	defer h.sim.mu.Unlock()
	t := transaction(f)
	h.sim.add(t)
	return h.sim.save(t)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.RunGateway(t, func(_ context.Context, t *testing.T) (drivertest.Harness, error) {
		s, err := New(t.TempDir(), config("/ipn"), http.DefaultClient, nil)
		if err != nil {
			return nil, err
		}
		return &harness{s, httptest.NewServer(s.Handler())}, nil
	}, drivertest.Features{
		Notified: true, Poller: true, Account: true, Failures: true, Held: true, HTTP: true, SignedAnswers: true,
	})
}

// A folder that cannot be read is told at the start; what a crash left is removed,
// what is not the simulator's stays.
func TestFolderAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"new-1": "half", "notes.txt": "x"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	_, err := New(dir, config("/thanh-toan/vnpay/ipn"), http.DefaultClient, nil)
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(dir, "new-1"))
	assert.FileExists(t, filepath.Join(dir, "notes.txt"))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "T.json"), 0o700))
	_, err = New(dir, config("/thanh-toan/vnpay/ipn"), http.DefaultClient, nil)
	require.Error(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "T.json")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "T.json"), []byte("{"), 0o600))
	_, err = New(dir, config("/thanh-toan/vnpay/ipn"), http.DefaultClient, nil)
	require.Error(t, err)
}
