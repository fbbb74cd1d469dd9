package endtoend

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment/vnpay"
)

// ipn is a notice as VNPAY sends it, for the test to bend.
type ipn map[string]string

// notice is the genuine notice of a payment whose page is open at the gateway.
func (c *counter) notice(gateway *answer) ipn {
	q := gateway.url.Query()
	return ipn{"vnp_Amount": q.Get("vnp_Amount"), "vnp_BankCode": "NCB", "vnp_OrderInfo": q.Get("vnp_OrderInfo"),
		"vnp_PayDate": time.Now().In(hanoi).Format("20060102150405"), "vnp_ResponseCode": "00", "vnp_TmnCode": q.Get("vnp_TmnCode"),
		"vnp_TransactionNo": "14999001", "vnp_TransactionStatus": "00", "vnp_TxnRef": q.Get("vnp_TxnRef")}
}

// with returns a copy with other fields.
func (n ipn) with(fields ...string) ipn {
	out := ipn{}
	for k, v := range n {
		out[k] = v
	}
	for i := 0; i < len(fields); i += 2 {
		out[fields[i]] = fields[i+1]
	}
	return out
}

// signed signs a notice with the terminal's secret.
func (c *counter) signed(n ipn) string {
	c.t.Helper()
	raw, err := os.ReadFile(filepath.Join(c.data, "secrets", "vnpay"))
	require.NoError(c.t, err)
	return vnpay.SignQuery([]byte(strings.TrimSpace(string(raw))), n)
}

// tell sends a notice as the gateway does and returns the code of the answer.
func (c *counter) tell(query string) string {
	c.t.Helper()
	p := newBrowser(c.t, c.srv.url).get("/thanh-toan/thong-bao/vnpay?" + query)
	require.Equal(c.t, http.StatusOK, p.status)
	var a struct{ RspCode string }
	require.NoError(c.t, json.Unmarshal(p.body, &a), string(p.body))
	return a.RspCode
}

// TestNotices sends the callback notices that are forged, short, foreign or
// repeated: the answers are VNPAY's own codes and nothing wrong happens.
func TestNotices(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.owing()
	n := c.notice(c.gateway(id))
	amount := atoi(t, n["vnp_Amount"])
	flip := func(query string) string {
		last := query[len(query)-1]
		return query[:len(query)-1] + string("10"[(last-'0')&1])
	}
	for _, w := range []struct{ why, query, code string }{
		{"forged", flip(c.signed(n)), "97"},
		{"unsigned", "vnp_TxnRef=" + n["vnp_TxnRef"] + "&vnp_Amount=" + n["vnp_Amount"], "97"},
		{"changed after signing", strings.Replace(c.signed(n), "vnp_Amount="+n["vnp_Amount"], "vnp_Amount=1"+n["vnp_Amount"], 1), "97"},
		{"another merchant's", c.signed(n.with("vnp_TmnCode", "KHAC0001")), "01"},
		{"an unknown order's", c.signed(n.with("vnp_TxnRef", "NOSUCHREF0001")), "01"},
		{"one đồng short", c.signed(n.with("vnp_Amount", strconv.Itoa(amount-100), "vnp_TransactionNo", "14999002")), "04"},
	} {
		assert.Equal(t, w.code, c.tell(w.query), w.why)
		assert.Equal(t, "awaiting_fee", c.state(id), w.why)
	}
	db := books(t, c.data, "")
	assert.Zero(t, number(t, db, "SELECT count(*) FROM payment_receipts"))
	assert.Zero(t, number(t, db, "SELECT count(*) FROM payment_charges WHERE settled_us > 0"))

	assert.Equal(t, "00", c.tell(c.signed(n)))
	assert.Equal(t, "signing", c.state(id))
	for range 3 {
		assert.Equal(t, "02", c.tell(c.signed(n)), "the same once more")
	}
	assert.Equal(t, "97", c.tell(flip(c.signed(n))), "forged, of what is paid")
	assert.Equal(t, 1, number(t, db, "SELECT count(*) FROM payment_receipts"))
	assert.Equal(t, 1, number(t, db, "SELECT count(*) FROM certify_lines"))
	assert.Equal(t, 1, number(t, db, "SELECT count(*) FROM workflow_history WHERE event = 'fee_settled'"))
	c.citizen.mine("e_receipt")
	assert.Equal(t, 1, number(t, db, "SELECT count(*) FROM procedures_papers WHERE kind = 'e_receipt'"))
	assert.Equal(t, http.StatusNotFound, newBrowser(t, c.srv.url).get("/thanh-toan/thong-bao/momo").status, "no such gateway")
	c.close()
}

// TestPaidAfterWithdrawal pays at the gateway what is not owed any more: the money
// is kept, the gateway hears 00, and officials see the exception.
func TestPaidAfterWithdrawal(t *testing.T) {
	t.Parallel()
	for _, stopped := range []bool{false, true} {
		t.Run(map[bool]string{false: "asked", true: "accepted"}[stopped], func(t *testing.T) {
			t.Parallel()
			c := openCounter(t)
			id := c.owing()
			page := c.gateway(id)
			p := c.citizen.post(c.citizen.get(mine(id)).form("withdraw"), "note", "Không cần nữa")
			require.Equal(t, http.StatusOK, p.status, p.text())
			want := "withdrawal"
			if stopped {
				c.take(c.reception, id, "accept_withdrawal")
				want = "stopped"
			}
			require.Equal(t, want, c.state(id))
			c.citizen.post(page.form(""), "action", "pay")
			var told []struct{ Answers []string }
			require.NoError(t, json.Unmarshal(c.citizen.get(page.url.Scheme+"://"+page.url.Host+"/admin/transactions").body, &told))
			require.Len(t, told, 1)
			assert.Equal(t, []string{"00"}, told[0].Answers, "the gateway is told that the money has come")
			assert.Equal(t, want, c.state(id), "the dossier stays where it was")
			db := books(t, c.data, "")
			assert.Equal(t, 4000, number(t, db, "SELECT sum(amount) FROM payment_postings WHERE amount > 0"), "the money is booked")
			assert.Equal(t, 1, number(t, db, "SELECT count(*) FROM payment_exceptions WHERE resolved_us = 0"))
			assert.Contains(t, string(c.reception.get(official(id)).body), "data-exception", "an official sees it")
			assert.Zero(t, number(t, db, "SELECT count(*) FROM certify_lines"))
			if stopped { // the money is given back elsewhere, and a cashier says so
				p = c.reception.post(c.reception.get(official(id)).form("exception"), "action", "resolve", "note", "Hoàn trả, chứng từ 12")
				require.Equal(t, http.StatusOK, p.status, p.text())
			} else { // once the withdrawal is refused, the dossier goes on as paid
				c.take(c.certifier, id, "reject_withdrawal", "reason", "Đã đối chiếu")
				c.take(c.certifier, id, "ask_fee")
				assert.Equal(t, "signing", c.state(id))
			}
			assert.NotContains(t, string(c.reception.get(official(id)).body), "data-exception")
			assert.Zero(t, number(t, db, "SELECT count(*) FROM payment_exceptions WHERE resolved_us = 0"))
			c.close()
			assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, "audit", "--data", c.data, "--json"))
		})
	}
}

// TestGatewayMisbehaves has the simulator do what gateways do on bad days. All
// that is paid in full is settled once, by the notice or by asking; what is not
// stays open, with an exception.
func TestGatewayMisbehaves(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	ids := map[string]string{}
	for _, behave := range []string{"twice", "late", "short", "foreign", "flipped", "silent"} {
		ids[behave] = c.owing()
		p := c.citizen.post(c.gateway(ids[behave]).form(""), "action", "pay", "behave", behave)
		assert.Equal(t, c.citizen.base.Host, p.url.Host, "the browser comes back")
	}
	for behave, id := range ids {
		if behave == "short" {
			continue
		}
		require.Eventually(t, func() bool { return c.state(id) == "signing" }, patience, 200*time.Millisecond, behave)
	}
	assert.Equal(t, "awaiting_fee", c.state(ids["short"]))
	assert.Contains(t, string(c.reception.get(official(ids["short"])).body), "data-exception")
	db := books(t, c.data, "")
	assert.Equal(t, 5, number(t, db, "SELECT count(*) FROM payment_charges WHERE settled_us > 0"))
	assert.Equal(t, []string{"1", "2", "3", "4", "5"}, texts(t, db, "SELECT CAST(number AS TEXT) FROM payment_receipts ORDER BY number"))
	assert.Equal(t, []string{"1", "2", "3", "4", "5"}, texts(t, db, "SELECT CAST(number AS TEXT) FROM certify_lines ORDER BY number"))
	assert.Equal(t, 5, number(t, db, "SELECT count(*) FROM workflow_history WHERE event = 'fee_settled'"))
	c.close()
}

// TestCashAtTheCounter pays without any gateway.
func TestCashAtTheCounter(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	id := c.owing()
	c.take(c.reception, id, "take_cash")
	assert.Equal(t, "signing", c.state(id))
	c.take(c.certifier, id, "sign")
	c.take(c.clerk, id, "seal")
	assert.Equal(t, "certified", c.state(id))
	c.take(c.reception, id, "return_result")
	p := c.citizen.mine("result", "e_receipt", "receipt_slip")
	assert.Equal(t, "returned", p.main("data-state"))
	file := temp(t, "certified.pdf", c.citizen.get(p.paper("result")).body)
	_, code := judge(t, file, "--data", c.data)
	assert.Zero(t, code)
	c.close()
}
