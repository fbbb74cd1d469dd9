package vnpay_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	secret   = "TESTSECRET"
)

// bank answers querydr from a table, as VNPAY's guide says, and keeps the last
// request.
type bank struct {
	server *httptest.Server

	mu    sync.Mutex
	books map[string]map[string]string
	last  map[string]string
}

func newBank() *bank {
	b := &bank{books: map[string]map[string]string{}}
	b.server = httptest.NewServer(http.HandlerFunc(b.query))
	return b
}

func (b *bank) query(w http.ResponseWriter, r *http.Request) {
	var req map[string]string
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = req
	answer := map[string]string{
		"vnp_ResponseId": "R1", "vnp_Command": "querydr", "vnp_ResponseCode": "91", "vnp_Message": "Not found",
		"vnp_TmnCode": req["vnp_TmnCode"], "vnp_TxnRef": req["vnp_TxnRef"],
	}
	if f, there := b.books[req["vnp_TxnRef"]]; there {
		answer["vnp_ResponseCode"], answer["vnp_Message"] = "00", "Success"
		for k, v := range f {
			answer[k] = v
		}
	}
	answer["vnp_SecureHash"] = vnpay.SignAnswer([]byte(secret), answer)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (b *bank) config() vnpay.Config {
	return vnpay.Config{
		TmnCode: terminal, Secret: []byte(secret), PayURL: "https://pay.test.invalid/vpcpay.html", QueryURL: b.server.URL + "/api/transaction",
	}
}

func (b *bank) Gateway(client *http.Client) (driver.Gateway, error) {
	return vnpay.New(b.config(), client, nil)
}
func (b *bank) Secrets() []string { return []string{secret} }
func (b *bank) Close() error      { b.server.Close(); return nil }

// fields are what a notice and an inquiry say alike.
func fields(f drivertest.Facts) map[string]string {
	m := map[string]string{
		"vnp_TmnCode":           f.Merchant,
		"vnp_TxnRef":            f.Ref,
		"vnp_Amount":            strconv.FormatInt(f.Amount*100, 10),
		"vnp_TransactionNo":     f.GatewayRef,
		"vnp_BankCode":          "NCB",
		"vnp_OrderInfo":         "Phi chung thuc",
		"vnp_TransactionStatus": map[driver.Outcome]string{driver.Paid: "00", driver.Failed: "02", driver.Held: "07"}[f.Outcome],
		"vnp_ResponseCode":      map[driver.Outcome]string{driver.Paid: "00", driver.Failed: "24", driver.Held: "07"}[f.Outcome],
	}
	if f.Outcome == driver.Unknown {
		m["vnp_TransactionStatus"], m["vnp_ResponseCode"] = "01", "00"
	}
	if !f.PaidAt.IsZero() {
		m["vnp_PayDate"] = f.PaidAt.In(time.FixedZone("", 7*3600)).Format("20060102150405")
	}
	return m
}

func (b *bank) Notice(_ context.Context, f drivertest.Facts) (*driver.Raw, error) {
	return &driver.Raw{Method: http.MethodGet, Query: vnpay.SignQuery([]byte(secret), fields(f))}, nil
}

func (b *bank) Book(_ context.Context, f drivertest.Facts) error {
	m := fields(f)
	delete(m, "vnp_ResponseCode")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.books[f.Ref] = m
	return nil
}

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.RunGateway(t, func(context.Context, *testing.T) (drivertest.Harness, error) { return newBank(), nil },
		drivertest.Features{
			Notified: true, Poller: true, Account: true, Failures: true, Held: true, HTTP: true, SignedAnswers: true,
		})
}

func gateway(t *testing.T, o *vnpay.Options) (*vnpay.Gateway, *bank) {
	t.Helper()
	b := newBank()
	t.Cleanup(b.server.Close)
	g, err := vnpay.New(b.config(), b.server.Client(), o)
	require.NoError(t, err)
	return g, b
}

func hour(h, m int) time.Time {
	return time.Date(2025, 1, 1, h, m, 0, 0, time.FixedZone("+07", 7*3600))
}

func TestStartBuildsTheSignedURL(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	s, err := g.Start(t.Context(), &driver.Intent{
		Ref: "H10-250101-0001", Amount: 14_000, Currency: "VND", Text: "Thanh toan ho so H10.12-250101-0001",
		ReturnURL: "https://example.test/return", Locale: "vi", Created: hour(8, 30).UTC(), Expires: hour(8, 45).UTC(),
	})
	require.NoError(t, err)
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	got, err := vnpay.VerifyQuery([]byte(secret), u.RawQuery)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"vnp_Version": "2.1.0", "vnp_Command": "pay", "vnp_TmnCode": terminal, "vnp_Amount": "1400000", "vnp_CurrCode": "VND",
		"vnp_TxnRef": "H10-250101-0001", "vnp_OrderInfo": "Thanh toan ho so H10.12-250101-0001", "vnp_OrderType": "other",
		"vnp_Locale": "vn", "vnp_ReturnUrl": "https://example.test/return", "vnp_IpAddr": "127.0.0.1",
		"vnp_CreateDate": "20250101083000", "vnp_ExpireDate": "20250101084500",
	}, got)
}

func TestStartRefusesWhatVNPAYCannotCarry(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	for name, change := range map[string]func(*driver.Intent){
		"nothing owed":            func(in *driver.Intent) { in.Amount = 0 },
		"a negative amount":       func(in *driver.Intent) { in.Amount = -1 },
		"thirteen digits":         func(in *driver.Intent) { in.Amount = 10_000_000_000 },
		"another currency":        func(in *driver.Intent) { in.Currency = "USD" },
		"a separator in ref":      func(in *driver.Intent) { in.Ref = "A|B" },
		"no reference":            func(in *driver.Intent) { in.Ref = "" },
		"a separator in text":     func(in *driver.Intent) { in.Text = "a&vnp_Amount=1" },
		"accents in text":         func(in *driver.Intent) { in.Text = "Lệ phí" },
		"no address to return to": func(in *driver.Intent) { in.ReturnURL = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &driver.Intent{Ref: "R", Amount: 1, Currency: "VND", Text: "t", ReturnURL: "https://x.test/"}
			_, err := g.Start(t.Context(), in)
			require.NoError(t, err)
			change(in)
			_, err = g.Start(t.Context(), in)
			assert.Equal(t, driver.CodeInvalid, g.ErrorCode(err))
		})
	}
	_, err := g.Start(t.Context(), &driver.Intent{Ref: "R", Amount: 9_999_999_999, Currency: "VND", Text: "t", ReturnURL: "https://x.test/"})
	require.NoError(t, err, "twelve digits are the most vnp_Amount carries")
	_, err = g.Start(t.Context(), &driver.Intent{
		Ref: strings.Repeat("R", 40), Amount: 1, Currency: "VND", Text: strings.Repeat("t", 255), ReturnURL: "https://x.test/",
	})
	require.NoError(t, err)
	_, err = g.Start(t.Context(), &driver.Intent{
		Ref: strings.Repeat("R", 41), Amount: 1, Currency: "VND", Text: "t", ReturnURL: "https://x.test/",
	})
	assert.Equal(t, driver.CodeInvalid, g.ErrorCode(err))
	for text, ok := range map[string]bool{
		"azAZ09 .:_-": true, "{": false, "`": false, "[": false, "@": false, "/": false, ";": false, "": false, strings.Repeat("t", 256): false,
	} {
		_, err := g.Start(t.Context(), &driver.Intent{Ref: "R", Amount: 1, Currency: "VND", Text: text, ReturnURL: "https://x.test/"})
		assert.Equal(t, ok, err == nil, "%q: %v", text, err)
	}
}

func TestAckCodes(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	for v, code := range map[driver.Verdict]string{
		driver.Accepted: "00", driver.UnknownRef: "01", driver.Repeated: "02", driver.WrongAmount: "04", driver.Forged: "97",
		driver.Retry: "99", driver.Verdict(77): "99",
	} {
		var body struct{ RspCode, Message string }
		a := g.Ack(v)
		require.NoError(t, json.Unmarshal(a.Body, &body))
		assert.Equal(t, code, body.RspCode, v)
		assert.NotEmpty(t, body.Message)
		assert.Equal(t, http.StatusOK, a.Status)
	}
}

// TestOutcomes follows VNPAY's tables of vnp_ResponseCode and
// vnp_TransactionStatus.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	for _, c := range []struct {
		response, status string
		want             driver.Outcome
	}{
		{"00", "00", driver.Paid},
		{"00", "01", driver.Unknown}, {"00", "02", driver.Unknown}, {"24", "00", driver.Unknown}, {"00", "", driver.Unknown},
		{"", "00", driver.Unknown}, {"00", "99", driver.Unknown}, {"77", "02", driver.Unknown},
		{"07", "00", driver.Held}, {"07", "02", driver.Held}, {"00", "04", driver.Held}, {"00", "05", driver.Held},
		{"00", "06", driver.Held}, {"00", "07", driver.Held}, {"00", "09", driver.Held},
		{"09", "02", driver.Failed}, {"10", "02", driver.Failed}, {"11", "02", driver.Failed}, {"12", "02", driver.Failed},
		{"13", "02", driver.Failed}, {"24", "02", driver.Failed}, {"51", "02", driver.Failed}, {"65", "02", driver.Failed},
		{"75", "02", driver.Failed}, {"79", "02", driver.Failed}, {"99", "02", driver.Failed},
	} {
		q := vnpay.SignQuery([]byte(secret), map[string]string{
			"vnp_Amount": "100", "vnp_TxnRef": "R", "vnp_TmnCode": terminal, "vnp_TransactionNo": "14", "vnp_PayDate": "20250101083000",
			"vnp_ResponseCode": c.response, "vnp_TransactionStatus": c.status,
		})
		r, err := g.Parse(t.Context(), &driver.Raw{Method: http.MethodGet, Query: q})
		require.NoError(t, err)
		assert.Equal(t, c.want, r.Outcome, "response %s status %s", c.response, c.status)
	}
}

// The longest reference and number that are taken.
func TestLongestReport(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	f := fields(drivertest.Facts{Ref: "R", GatewayRef: "14", Merchant: terminal, Amount: 100, Outcome: driver.Paid, PaidAt: hour(8, 30)})
	f["vnp_TxnRef"], f["vnp_TransactionNo"] = strings.Repeat("R", 100), strings.Repeat("1", 40)
	r, err := g.Parse(t.Context(), &driver.Raw{Method: http.MethodGet, Query: vnpay.SignQuery([]byte(secret), f)})
	require.NoError(t, err)
	assert.Len(t, r.Ref, 100)
	assert.Len(t, r.GatewayRef, 40)
}

func TestSignedNonsenseIsInvalid(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	for name, change := range map[string]func(map[string]string){
		"half a đồng":        func(f map[string]string) { f["vnp_Amount"] = "150" },
		"no amount":          func(f map[string]string) { f["vnp_Amount"] = "" },
		"a float":            func(f map[string]string) { f["vnp_Amount"] = "100.00" },
		"a sign":             func(f map[string]string) { f["vnp_Amount"] = "-100" },
		"thirteen digits":    func(f map[string]string) { f["vnp_Amount"] = "1000000000000" },
		"no reference":       func(f map[string]string) { f["vnp_TxnRef"] = "" },
		"a long reference":   func(f map[string]string) { f["vnp_TxnRef"] = strings.Repeat("R", 101) },
		"a long number":      func(f map[string]string) { f["vnp_TransactionNo"] = strings.Repeat("1", 41) },
		"paid, empty number": func(f map[string]string) { f["vnp_TransactionNo"] = "" },
		"no terminal":        func(f map[string]string) { f["vnp_TmnCode"] = "" },
		"paid, no number":    func(f map[string]string) { f["vnp_TransactionNo"] = "0" },
		"paid, no time":      func(f map[string]string) { f["vnp_PayDate"] = "" },
		"paid on the 32nd":   func(f map[string]string) { f["vnp_PayDate"] = "20250132083000" },
		"a time with a rest": func(f map[string]string) { f["vnp_PayDate"] = "20250101083000.5" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fields(drivertest.Facts{
				Ref: "R", GatewayRef: "14", Merchant: terminal, Amount: 100, Outcome: driver.Paid, PaidAt: hour(8, 30),
			})
			f["vnp_Amount"] = "10000"
			change(f)
			_, err := g.Parse(t.Context(), &driver.Raw{Method: http.MethodGet, Query: vnpay.SignQuery([]byte(secret), f)})
			assert.Equal(t, driver.CodeInvalid, g.ErrorCode(err))
		})
	}
}

func TestPollSignsTheQuestion(t *testing.T) {
	t.Parallel()
	g, b := gateway(t, &vnpay.Options{
		Now: func() time.Time { return hour(13, 5).UTC() }, NewID: func() string { return "REQ0001" }, ServerIP: "10.0.0.7",
	})
	_, err := g.Poll(t.Context(), "H10-250101-0001", hour(8, 30).UTC())
	assert.Equal(t, driver.CodeNotFound, g.ErrorCode(err))
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Equal(t, "20250101130500", b.last["vnp_CreateDate"], "the 24-hour clock of Vietnam")
	assert.Equal(t, "20250101083000", b.last["vnp_TransactionDate"])
	assert.True(t, vnpay.VerifyFields([]byte(secret), b.last["vnp_SecureHash"],
		"REQ0001", "2.1.0", "querydr", terminal, "H10-250101-0001", "20250101083000", "20250101130500", "10.0.0.7",
		"Truy van H10-250101-0001"))
}

func TestPollClassifiesRefusals(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]driver.Code{
		"02": driver.CodeRefused, "97": driver.CodeRefused, "03": driver.CodeInvalid, "94": driver.CodeUnavailable,
		"99": driver.CodeUnavailable, "91": driver.CodeNotFound,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			g, b := gateway(t, nil)
			b.books["R"] = map[string]string{"vnp_ResponseCode": code}
			_, err := g.Poll(t.Context(), "R", hour(8, 30))
			assert.Equal(t, want, g.ErrorCode(err))
			var own *vnpay.Error
			require.ErrorAs(t, err, &own)
			assert.Equal(t, code, own.Response)
		})
	}
}

func TestPollDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	b := newBank()
	t.Cleanup(b.server.Close)
	away := httptest.NewServer(http.RedirectHandler(b.server.URL, http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)
	cfg := b.config()
	cfg.QueryURL = away.URL
	g, err := vnpay.New(cfg, away.Client(), nil)
	require.NoError(t, err)
	_, err = g.Poll(t.Context(), "R", hour(8, 30))
	assert.Equal(t, driver.CodeUnavailable, g.ErrorCode(err))
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Nil(t, b.last)
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := vnpay.New(vnpay.Config{PayURL: "http://pay.test/x", QueryURL: "https://q.test/?a=1"}, nil, nil)
	for _, word := range []string{"TmnCode", "Secret", "PayURL must be https", "QueryURL", "http.Client"} {
		assert.ErrorContains(t, err, word)
	}
	_, err = vnpay.New(vnpay.Config{
		TmnCode: strings.Repeat("T", 20), Secret: []byte(secret), PayURL: vnpay.SandboxPayURL, QueryURL: vnpay.SandboxQueryURL,
	}, http.DefaultClient, nil)
	assert.NoError(t, err)
}
