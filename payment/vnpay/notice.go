package vnpay

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

// Parse reads an IPN: a GET whose query VNPAY signed.
func (g *Gateway) Parse(_ context.Context, raw *driver.Raw) (*driver.Report, error) {
	if raw.Method != http.MethodGet {
		return nil, &Error{Code: driver.CodeInvalid, Text: "an IPN is a GET"}
	}
	f, err := VerifyQuery(g.cfg.Secret, raw.Query)
	if err != nil {
		return nil, err
	}
	return report(f, outcome(f["vnp_ResponseCode"], f["vnp_TransactionStatus"]))
}

// report reads fields whose signature holds.
func report(f map[string]string, o driver.Outcome) (*driver.Report, error) {
	amount, err := dong(f["vnp_Amount"])
	if err != nil {
		return nil, err
	}
	r := &driver.Report{
		Ref:        f["vnp_TxnRef"],
		GatewayRef: f["vnp_TransactionNo"],
		Merchant:   f["vnp_TmnCode"],
		Currency:   currency,
		Amount:     amount,
		Outcome:    o,
	}
	if r.Ref == "" || len(r.Ref) > 100 || len(r.GatewayRef) > 40 || r.Merchant == "" {
		return nil, &Error{Code: driver.CodeInvalid, Text: "reference, transaction number or terminal code is missing or too long"}
	}
	if o == driver.Paid {
		r.PaidAt, err = time.ParseInLocation(stamp, f["vnp_PayDate"], zone())
		if err != nil || len(f["vnp_PayDate"]) != len(stamp) {
			return nil, &Error{Code: driver.CodeInvalid, Text: "vnp_PayDate is not yyyyMMddHHmmss", Err: err}
		}
		if r.GatewayRef == "" || r.GatewayRef == "0" {
			return nil, &Error{Code: driver.CodeInvalid, Text: "a paid transaction has no vnp_TransactionNo"}
		}
	}
	return r, nil
}

// dong reads vnp_Amount, which is đồng × 100. A fraction of a đồng does not
// exist: rounding it would hide a fault.
func dong(s string) (int64, error) {
	if len(s) == 0 || len(s) > 12 {
		return 0, &Error{Code: driver.CodeInvalid, Text: "vnp_Amount is not a number of 1 to 12 digits"}
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n%perDong != 0 {
		return 0, &Error{Code: driver.CodeInvalid, Text: "vnp_Amount is not a whole number of đồng", Err: err}
	}
	return int64(n / perDong), nil
}

// Ack is VNPAY's own answer. Codes 00 and 02 end the retries, every other one
// brings the notice again. 04 does not give the money back.
func (g *Gateway) Ack(v driver.Verdict) driver.Ack {
	body := `{"RspCode":"99","Message":"Unknown error"}`
	switch v {
	case driver.Accepted:
		body = `{"RspCode":"00","Message":"Confirm Success"}`
	case driver.Repeated:
		body = `{"RspCode":"02","Message":"Order already confirmed"}`
	case driver.WrongAmount:
		body = `{"RspCode":"04","Message":"Invalid amount"}`
	case driver.UnknownRef:
		body = `{"RspCode":"01","Message":"Order not found"}`
	case driver.Forged:
		body = `{"RspCode":"97","Message":"Invalid Checksum"}`
	case driver.Retry:
	}
	return driver.Ack{Status: http.StatusOK, ContentType: "application/json", Body: []byte(body)}
}
