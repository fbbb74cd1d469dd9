package vnpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// One field of the configuration is wrong, and only that one is told.
func TestEachPartOfTheConfiguration(t *testing.T) {
	t.Parallel()
	at := func(raw string) func(*vnpay.Config) { return func(c *vnpay.Config) { c.QueryURL = raw } }
	code := func(s string) func(*vnpay.Config) { return func(c *vnpay.Config) { c.TmnCode = s } }
	for name, c := range map[string]struct {
		change func(*vnpay.Config)
		word   string // of the error; "" for none
	}{
		"all is well":           {func(*vnpay.Config) {}, ""},
		"no code":               {code(""), "TmnCode"},
		"code of 20":            {code(strings.Repeat("T", 20)), ""},
		"code of 21":            {code(strings.Repeat("T", 21)), "TmnCode"},
		"code with a separator": {code("A|B"), "TmnCode"},
		"no secret":             {func(c *vnpay.Config) { c.Secret = nil }, "Secret"},
		"pay over http":         {func(c *vnpay.Config) { c.PayURL = "http://pay.test/" }, "PayURL must be https"},
		"no host":               {at("https:///x"), "QueryURL is not"},
		"no address":            {at("https://[::1"), "QueryURL is not"},
		"a query":               {at("https://q.test/?a=1"), "QueryURL is not"},
		"a fragment":            {at("https://q.test/#a"), "QueryURL is not"},
		"ftp":                   {at("ftp://127.0.0.1/"), "QueryURL must be https"},
		"http":                  {at("http://q.test/"), "QueryURL must be https"},
		"http, a name like one": {at("http://127.example.test/"), "QueryURL must be https"},
		"http on localhost":     {at("http://localhost:8/"), ""},
		"http on 127.1.2.3":     {at("http://127.1.2.3/"), ""},
		"http on ::1":           {at("http://[::1]:8/"), ""},
		"https on localhost":    {at("https://localhost/"), ""},
	} {
		cfg := vnpay.Config{TmnCode: terminal, Secret: []byte(secret), PayURL: vnpay.SandboxPayURL, QueryURL: vnpay.SandboxQueryURL}
		c.change(&cfg)
		_, err := vnpay.New(cfg, http.DefaultClient, nil)
		if c.word == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.word, name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
}

func TestWhatStartTells(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	in := &driver.Intent{Ref: "R", Amount: 1, Currency: "VND", Text: "t", ReturnURL: "https://x.test/", Locale: "en", PayerIP: "10.1.2.3"}
	s, err := g.Start(t.Context(), in)
	require.NoError(t, err)
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	f, err := vnpay.VerifyQuery([]byte(secret), u.RawQuery)
	require.NoError(t, err)
	assert.Equal(t, []string{"en", "10.1.2.3", "100"}, []string{f["vnp_Locale"], f["vnp_IpAddr"], f["vnp_Amount"]})
	assert.NotContains(t, f, "vnp_ExpireDate", "a time that is not set is not told")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = g.Start(ctx, in)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, driver.CodeUnavailable, g.ErrorCode(err))
}

func TestLimitsOfAQuery(t *testing.T) {
	t.Parallel()
	signed := func(q string) string { return q + "&vnp_SecureHash=" + vnpay.SignFields([]byte(secret), q) }
	many := func(n int) string { // n fields, the hash included
		pairs := make([]string, 0, n)
		for i := range n - 1 {
			pairs = append(pairs, fmt.Sprintf("vnp_%02d=1", i))
		}
		return signed(strings.Join(pairs, "&"))
	}
	long := func(n int) string { return signed("vnp_A=" + strings.Repeat("a", n-len(signed("vnp_A=")))) }
	require.Len(t, long(4096), 4096)
	for name, c := range map[string]struct {
		raw string
		ok  bool
	}{
		"40 fields": {many(40), true}, "41 fields": {many(41), false}, "4096 bytes": {long(4096), true}, "4097 bytes": {long(4097), false},
		"an empty value": {signed("vnp_A=1") + "&vnp_B=", true}, "others' fields": {"a%zz=1&" + signed("vnp_A=1"), true},
	} {
		_, err := vnpay.VerifyQuery([]byte(secret), c.raw)
		assert.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
	object := func(n int) []byte {
		parts := make([]string, 0, n)
		for i := range n {
			parts = append(parts, strconv.Quote(strconv.Itoa(i))+":1")
		}
		return []byte("{" + strings.Join(parts, ",") + "}")
	}
	f, err := vnpay.ReadFlat(object(40))
	require.NoError(t, err)
	assert.Len(t, f, 40)
	_, err = vnpay.ReadFlat(object(41))
	require.Error(t, err)
}

// The least and the most vnp_Amount can say, and that an open payment needs neither a
// number nor a time.
func TestAmountsOfANotice(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	parse := func(method string, change map[string]string) (*driver.Report, error) {
		f := map[string]string{
			"vnp_Amount": "100", "vnp_TxnRef": "R", "vnp_TmnCode": terminal, "vnp_TransactionNo": "14", "vnp_PayDate": "20250101083000",
			"vnp_ResponseCode": "00", "vnp_TransactionStatus": "00",
		}
		maps.Copy(f, change)
		return g.Parse(t.Context(), &driver.Raw{Method: method, Query: vnpay.SignQuery([]byte(secret), f)})
	}
	for text, want := range map[string]int64{"0": 0, "100": 1, "999999999900": 9_999_999_999} {
		r, err := parse(http.MethodGet, map[string]string{"vnp_Amount": text})
		require.NoError(t, err, text)
		assert.Equal(t, want, r.Amount)
	}
	for _, text := range []string{"1", "99", "101", "+100", "1e4", "0000000000100"} {
		_, err := parse(http.MethodGet, map[string]string{"vnp_Amount": text})
		assert.Equal(t, driver.CodeInvalid, g.ErrorCode(err), text)
	}
	r, err := parse(http.MethodGet, map[string]string{"vnp_TransactionStatus": "01", "vnp_TransactionNo": "0", "vnp_PayDate": ""})
	require.NoError(t, err)
	assert.Equal(t, driver.Unknown, r.Outcome)
	assert.True(t, r.PaidAt.IsZero())
	_, err = parse(http.MethodPost, nil)
	assert.Equal(t, driver.CodeInvalid, g.ErrorCode(err))
}

// An answer is believed only where all of it is about what was asked.
func TestAnswersAboutSomethingElse(t *testing.T) {
	t.Parallel()
	for field, value := range map[string]string{"vnp_Command": "refund", "vnp_TxnRef": "R2", "vnp_TmnCode": "OTHER"} {
		g, b := gateway(t, nil)
		b.books["R"] = map[string]string{"vnp_Amount": "100", "vnp_TransactionStatus": "01"}
		_, err := g.Poll(t.Context(), "R", hour(8, 30))
		require.NoError(t, err)
		b.books["R"][field] = value
		_, err = g.Poll(t.Context(), "R", hour(8, 30))
		assert.Equal(t, driver.CodeForged, g.ErrorCode(err), field)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		want   driver.Code
	}{
		"HTTP 500": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }, driver.CodeUnavailable},
		"cut": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{}")
		}, driver.CodeUnavailable},
		"no JSON":       {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }, driver.CodeInvalid},
		"unsigned":      {func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"vnp_ResponseCode":"91"}`) }, driver.CodeForged},
		"64 KiB":        {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "{}"+strings.Repeat(" ", 64<<10-2)) }, driver.CodeForged},
		"64 KiB and 1":  {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "{}"+strings.Repeat(" ", 64<<10-1)) }, driver.CodeInvalid},
		"without words": {func(http.ResponseWriter) {}, driver.CodeInvalid},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer(w) }))
		g, err := vnpay.New(vnpay.Config{
			TmnCode: terminal, Secret: []byte(secret), PayURL: vnpay.SandboxPayURL, QueryURL: server.URL,
		}, server.Client(), &vnpay.Options{Logger: zap.New(core)})
		require.NoError(t, err)
		_, err = g.Poll(t.Context(), "R", hour(8, 30))
		assert.Equal(t, c.want, g.ErrorCode(err), "%s: %v", name, err)
		server.Close()
		_, err = g.Poll(t.Context(), "R", hour(8, 30))
		assert.Equal(t, driver.CodeUnavailable, g.ErrorCode(err), "%s: %v", name, err)
	}
	assert.Equal(t, 14, logs.Len(), "each is in the log")
}

// An inquiry ends at its deadline.
func TestInquiryHasADeadline(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the end of the caller is seen
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	g, err := vnpay.New(vnpay.Config{
		TmnCode: terminal, Secret: []byte(secret), PayURL: vnpay.SandboxPayURL, QueryURL: server.URL,
	}, server.Client(), &vnpay.Options{Timeout: time.Millisecond})
	require.NoError(t, err)
	_, err = g.Poll(t.Context(), "R", hour(8, 30))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, driver.CodeUnavailable, g.ErrorCode(err))
}

func TestCodesOfErrors(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t, nil)
	cause := errors.New("cause")
	own := &vnpay.Error{Code: driver.CodeRefused, Text: "no", Response: "02", Err: cause}
	for _, c := range []struct {
		err  error
		want driver.Code
	}{
		{nil, driver.CodeOK}, {own, driver.CodeRefused}, {fmt.Errorf("x: %w", own), driver.CodeRefused}, {cause, driver.CodeUnknown},
		{context.Canceled, driver.CodeUnavailable}, {context.DeadlineExceeded, driver.CodeUnavailable},
		{&net.DNSError{}, driver.CodeUnavailable},
	} {
		assert.Equal(t, c.want, g.ErrorCode(c.err), c.err)
	}
	require.ErrorIs(t, own, cause)
	assert.Equal(t, "vnpay: no (response code 02)", own.Error())
	assert.Equal(t, "vnpay: no", (&vnpay.Error{Text: "no"}).Error())
}
