package storetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/vnpay"
	"github.com/motcua/motcua/payment/vnpaysim"
)

func TestForgedNoticesLeaveNoTrace(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		a := b.attempt(c, "bank", "a1")
		raw := b.raw(b.report(a))
		bad := *raw
		bad.Body = []byte(strings.Replace(string(raw.Body), `"paid"`, `"failed"`, 1))
		for range 3 {
			require.Equal(b.t, forged, b.send("bank", &bad))
		}
		require.Equal(b.t, again, b.send("bank", &driver.Raw{Method: "GET", Query: "a=b"}), "not a notice at all")
		assert.Equal(b.t, 4, b.forge, "the province's rate limit hears of each")
		assert.Zero(b.t, b.count("payment_notices", ""))
		assert.Equal(b.t, payment.StatePending, b.get(c.ID).Attempts[0].State, "a forged failure poisons nothing")
		require.Equal(b.t, accepted, b.send("bank", raw))
		b.settledOnce(c, "gateway:bank")
		b.sound()
	})
}

func TestCallbackLimits(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		long := strings.Repeat("a", 64<<10+1)
		assert.Equal(b.t, http.StatusRequestEntityTooLarge, b.send("bank", &driver.Raw{Method: "POST", Body: []byte(long)}))
		assert.Equal(b.t, http.StatusRequestURITooLong, b.send("bank", &driver.Raw{Method: "GET", Query: long[:8<<10+1]}))
		assert.Equal(b.t, http.StatusNotFound, b.send("polls", &driver.Raw{Method: "POST"}), "it has no notices")
		assert.Equal(b.t, http.StatusNotFound, b.send("nobody", &driver.Raw{Method: "POST"}))
		assert.Equal(b.t, http.StatusNotFound, b.send(payment.Cash, &driver.Raw{Method: "POST"}))
	})
}

func TestNoDatabaseMeansTryAgain(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		c := b.create("k1")
		raw := b.raw(b.report(b.attempt(c, "bank", "a1")))
		_, err := b.db.Write.ExecContext(b.t.Context(), "ALTER TABLE payment_notices RENAME TO payment_notices_away")
		require.NoError(b.t, err)
		require.Equal(b.t, again, b.send("bank", raw))
		assert.Equal(b.t, payment.StateDue, b.get(c.ID).State)
		assert.Zero(b.t, b.count("app_moves", ""))
		_, err = b.db.Write.ExecContext(b.t.Context(), "ALTER TABLE payment_notices_away RENAME TO payment_notices")
		require.NoError(b.t, err)
		require.Equal(b.t, accepted, b.send("bank", raw))
		b.settledOnce(c, "gateway:bank")
		b.sound()
	})
}

// street is the whole way with VNPAY: adapter, simulator and service over HTTP.
type street struct {
	*bench
	sim    *vnpaysim.Sim
	server *httptest.Server
	host   *httptest.Server
}

const vnpSecret = "TESTSECRET"

func newStreet(b *bench) *street {
	st := &street{bench: b}
	st.host = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.s.Callback("vnpay").ServeHTTP(w, r)
	}))
	b.t.Cleanup(st.host.Close)
	var err error
	st.sim, err = vnpaysim.New(b.t.TempDir(), vnpaysim.Config{
		Terminal: "DEMO0001", Secret: []byte(vnpSecret), NoticeURL: "/thanh-toan/vnpay/ipn",
	}, st.host.Client(), &vnpaysim.Options{Now: b.clock})
	require.NoError(b.t, err)
	st.server = httptest.NewServer(st.sim.Handler())
	b.t.Cleanup(st.server.Close)
	g, err := vnpay.New(vnpay.Config{
		TmnCode: "DEMO0001", Secret: []byte(vnpSecret), PayURL: st.server.URL + vnpaysim.PayPath, QueryURL: st.server.URL + vnpaysim.QueryPath,
	}, st.server.Client(), &vnpay.Options{Now: b.clock})
	require.NoError(b.t, err)
	b.s = b.service(map[string]driver.Gateway{"vnpay": g})
	return st
}

// pay opens an attempt and pays on the simulator's page like a browser.
func (st *street) pay(c *payment.Charge, key string, behave vnpaysim.Behaviour) *payment.Attempt {
	st.t.Helper()
	a, err := st.s.Attempt(st.t.Context(), &payment.AttemptRequest{
		Key: key, Charge: c.ID, Scope: all, Gateway: "vnpay", ReturnURL: st.host.URL + "/ve",
	})
	require.NoError(st.t, err)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(a.URL)
	require.NoError(st.t, err)
	page, err := io.ReadAll(res.Body)
	require.NoError(st.t, err)
	require.NoError(st.t, res.Body.Close())
	assert.Contains(st.t, string(page), "Phi chung thuc ho so H10.12-241115-0001")
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindSubmatch(page)
	require.Len(st.t, token, 2)
	res, err = browser.PostForm(st.server.URL+vnpaysim.PayPath, url.Values{
		"token": {string(token[1])}, "behave": {string(behave)}, "action": {"pay"},
	})
	require.NoError(st.t, err)
	require.NoError(st.t, res.Body.Close())
	require.Equal(st.t, http.StatusSeeOther, res.StatusCode)
	return a
}

func (st *street) answers() []string {
	ts := st.sim.Transactions()
	return ts[len(ts)-1].Answers
}

// TestVNPAY pays on every behaviour of the simulator. The answers are VNPAY's own
// codes, and each payment is booked exactly once, by the notice or by querydr.
func TestVNPAY(t *testing.T) {
	t.Parallel()
	for behave, c := range map[vnpaysim.Behaviour]struct {
		answers []string
		settled bool // by the notice
		polled  bool // settled after querydr
		kinds   []payment.ExceptionKind
	}{
		vnpaysim.Normal:  {[]string{"00"}, true, true, nil},
		vnpaysim.Twice:   {[]string{"00", "02"}, true, true, nil},
		vnpaysim.Late:    {nil, false, true, nil},
		vnpaysim.Silent:  {nil, false, true, nil},
		vnpaysim.Flipped: {[]string{"97"}, false, true, nil},
		vnpaysim.Foreign: {[]string{"01"}, false, true, []payment.ExceptionKind{payment.MerchantMismatch}},
		vnpaysim.Short:   {[]string{"04"}, false, false, []payment.ExceptionKind{payment.AmountMismatch}},
		vnpaysim.Held:    {[]string{"00"}, false, false, []payment.ExceptionKind{payment.HeldBack}},
	} {
		t.Run(string(behave), func(t *testing.T) {
			t.Parallel()
			each(t, func(b *bench) {
				st := newStreet(b)
				ch := b.create("k1")
				st.pay(ch, "a1", behave)
				assert.Equal(b.t, c.answers, st.answers())
				assert.Equal(b.t, c.settled, b.get(ch.ID).State == payment.StateSettled)
				b.pass(time.Hour)
				b.poll()
				assert.Equal(b.t, c.polled, b.get(ch.ID).State == payment.StateSettled)
				for range 4 { // retries and late notices
					_, err := st.sim.Deliver(b.t.Context())
					require.NoError(b.t, err)
					b.pass(time.Hour)
					b.poll()
				}
				assert.Equal(b.t, c.kinds, b.kinds())
				if c.polled {
					b.settledOnce(ch, "gateway:vnpay")
					assert.Len(b.t, b.moves, 1)
				} else {
					assert.Equal(b.t, payment.StateDue, b.get(ch.ID).State)
					assert.Zero(b.t, b.count("payment_receipts", ""))
				}
				b.sound()
			})
		})
	}
}

func TestVNPAYAfterWithdrawal(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		st := newStreet(b)
		c := b.create("k1")
		a, err := b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
			Key: "a1", Charge: c.ID, Scope: all, Gateway: "vnpay", ReturnURL: st.host.URL + "/ve",
		})
		require.NoError(b.t, err)
		_, err = b.s.Cancel(b.t.Context(), &payment.CancelRequest{Charge: c.ID, Scope: all, Actor: "p1", Reason: "rút hồ sơ"})
		require.NoError(b.t, err)
		st.payOpened(a)
		assert.Equal(b.t, []string{"00"}, st.answers())
		assert.Equal(b.t, []payment.ExceptionKind{payment.PaidAfterCancel}, b.kinds())
		assert.Equal(b.t, payment.Dong(20_000), b.balances()["gateway:vnpay"])
		b.sound()
	})
}

func (st *street) payOpened(a *payment.Attempt) {
	st.t.Helper()
	res, err := http.Get(a.URL)
	require.NoError(st.t, err)
	require.NoError(st.t, res.Body.Close())
	ts := st.sim.Transactions()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err = browser.PostForm(st.server.URL+vnpaysim.PayPath, url.Values{
		"token": {ts[len(ts)-1].Token}, "action": {"pay"},
	})
	require.NoError(st.t, err)
	require.NoError(st.t, res.Body.Close())
}
