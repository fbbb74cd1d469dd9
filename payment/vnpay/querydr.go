package vnpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
)

// answerFields is the order in which an answer of querydr is signed.
func answerFields() []string {
	return []string{
		"vnp_ResponseId", "vnp_Command", "vnp_ResponseCode", "vnp_Message", "vnp_TmnCode", "vnp_TxnRef", "vnp_Amount",
		"vnp_BankCode", "vnp_PayDate", "vnp_TransactionNo", "vnp_TransactionType", "vnp_TransactionStatus", "vnp_OrderInfo",
		"vnp_PromotionCode", "vnp_PromotionAmount",
	}
}

// SignAnswer is the checksum of an answer of querydr. The simulator uses it.
func SignAnswer(secret []byte, f map[string]string) string {
	return SignFields(secret, pick(f, answerFields())...)
}

// RequestFields is the order in which a querydr request is signed.
func RequestFields() []string {
	return []string{
		"vnp_RequestId", "vnp_Version", "vnp_Command", "vnp_TmnCode", "vnp_TxnRef", "vnp_TransactionDate", "vnp_CreateDate",
		"vnp_IpAddr", "vnp_OrderInfo",
	}
}

func pick(f map[string]string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = f[n]
	}
	return out
}

// Poll asks by querydr. The answer is not bound to our request id by VNPAY's
// protocol, so it is checked to be about the same reference and terminal; that
// it is fresh rests on TLS.
func (g *Gateway) Poll(ctx context.Context, ref string, created time.Time) (*driver.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Timeout)
	defer cancel()
	f, err := g.ask(ctx, ref, created)
	if err != nil {
		g.o.Logger.Warn("vnpay inquiry", zap.String("ref", ref), zap.Error(err))
		return nil, err
	}
	return report(f, queryOutcome(f["vnp_TransactionStatus"]))
}

func (g *Gateway) ask(ctx context.Context, ref string, created time.Time) (map[string]string, error) {
	req := map[string]string{
		"vnp_RequestId":       g.o.NewID(),
		"vnp_Version":         version,
		"vnp_Command":         "querydr",
		"vnp_TmnCode":         g.cfg.TmnCode,
		"vnp_TxnRef":          ref,
		"vnp_TransactionDate": format(created),
		"vnp_CreateDate":      format(g.o.Now()),
		"vnp_IpAddr":          g.o.ServerIP,
		"vnp_OrderInfo":       "Truy van " + ref,
	}
	req[fieldHash] = SignFields(g.cfg.Secret, pick(req, RequestFields())...)
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	answer, err := g.post(ctx, body)
	if err != nil {
		return nil, err
	}
	f, err := ReadFlat(answer)
	if err != nil {
		return nil, err
	}
	if !VerifyFields(g.cfg.Secret, f[fieldHash], pick(f, answerFields())...) {
		return nil, &Error{Code: driver.CodeForged, Text: "answer to querydr is not signed with our secret; check it with VNPAY"}
	}
	return f, g.judge(ref, f)
}

// judge refuses a verified answer that does not say how our payment stands.
func (g *Gateway) judge(ref string, f map[string]string) error {
	code := f["vnp_ResponseCode"]
	if code == responseNotFound {
		return &Error{Code: driver.CodeNotFound, Response: code, Text: "transaction is not known"}
	}
	if code != responseOK {
		return &Error{Code: refusal(code), Response: code, Text: "querydr was refused"}
	}
	if f["vnp_Command"] != "querydr" || f["vnp_TxnRef"] != ref || f["vnp_TmnCode"] != g.cfg.TmnCode {
		return &Error{Code: driver.CodeForged, Text: "answer to querydr is about another transaction or terminal"}
	}
	return nil
}

func refusal(code string) driver.Code {
	switch code {
	case "02", "97": // terminal unknown or locked; our checksum wrong
		return driver.CodeRefused
	case "03": // malformed
		return driver.CodeInvalid
	}
	return driver.CodeUnavailable // 94 repeated within a moment, 99 their fault: ask again later
}

func (g *Gateway) post(ctx context.Context, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.cfg.QueryURL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := g.client.Do(req)
	if err != nil {
		return nil, &Error{Code: driver.CodeUnavailable, Text: "querydr did not answer", Err: err}
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, &Error{Code: driver.CodeUnavailable, Text: "answer to querydr was cut", Err: err}
	}
	if res.StatusCode != http.StatusOK {
		return nil, &Error{Code: driver.CodeUnavailable, Text: "querydr answered HTTP " + http.StatusText(res.StatusCode)}
	}
	if len(answer) > maxAnswer {
		return nil, &Error{Code: driver.CodeInvalid, Text: "answer to querydr is longer than 64 KiB"}
	}
	return answer, nil
}
