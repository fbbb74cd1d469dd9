package fake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

const (
	signature = "Fake-Signature"
	maxBody   = 8 << 10
)

// message is the body of a notice and a line of a statement.
type message struct {
	Ref        string `json:"ref"`
	GatewayRef string `json:"gateway_ref"`
	Merchant   string `json:"merchant"`
	Currency   string `json:"currency"`
	Amount     int64  `json:"amount"`
	PaidAt     int64  `json:"paid_at"` // seconds; 0 is none
	Status     string `json:"status"`
}

// Notice makes the genuine notice of a report.
func (g *Gateway) Notice(r driver.Report) (*driver.Raw, error) {
	body, err := json.Marshal(encode(r))
	if err != nil {
		return nil, err
	}
	return &driver.Raw{
		Method: http.MethodPost,
		Header: map[string][]string{signature: {hex.EncodeToString(g.sign(body))}},
		Body:   body,
	}, nil
}

func encode(r driver.Report) message {
	m := message{
		Ref: r.Ref, GatewayRef: r.GatewayRef, Merchant: r.Merchant, Currency: r.Currency, Amount: r.Amount, Status: r.Outcome.String(),
	}
	if !r.PaidAt.IsZero() {
		m.PaidAt = r.PaidAt.Unix()
	}
	return m
}

func (m message) decode() driver.Report {
	r := driver.Report{Ref: m.Ref, GatewayRef: m.GatewayRef, Merchant: m.Merchant, Currency: m.Currency, Amount: m.Amount}
	switch m.Status {
	case driver.Paid.String():
		r.Outcome, r.PaidAt = driver.Paid, time.Unix(m.PaidAt, 0).UTC()
	case driver.Failed.String():
		r.Outcome = driver.Failed
	case driver.Held.String():
		r.Outcome = driver.Held
	}
	return r
}

func (g *Gateway) sign(body []byte) []byte {
	m := hmac.New(sha256.New, g.secret)
	m.Write(body)
	return m.Sum(nil)
}

// Parse verifies the body against the header and reads it.
func (g *Gateway) Parse(_ context.Context, raw *driver.Raw) (*driver.Report, error) {
	if raw.Method != http.MethodPost || len(raw.Body) > maxBody {
		return nil, &Error{Code: driver.CodeInvalid, Text: "a notice is a short POST"}
	}
	sent, err := hex.DecodeString(http.Header(raw.Header).Get(signature))
	if err != nil || !hmac.Equal(sent, g.sign(raw.Body)) {
		return nil, &Error{Code: driver.CodeForged, Text: "signature does not hold"}
	}
	var m message
	if err := json.Unmarshal(raw.Body, &m); err != nil {
		return nil, &Error{Code: driver.CodeInvalid, Text: "body is not JSON"}
	}
	r := m.decode()
	return &r, nil
}

// Ack answers by HTTP status: 2xx ends the retries.
func (g *Gateway) Ack(v driver.Verdict) driver.Ack {
	switch v {
	case driver.Accepted:
		return driver.Ack{Status: http.StatusNoContent}
	case driver.Repeated:
		return driver.Ack{Status: http.StatusOK}
	case driver.WrongAmount:
		return driver.Ack{Status: http.StatusUnprocessableEntity}
	case driver.UnknownRef:
		return driver.Ack{Status: http.StatusNotFound}
	case driver.Forged:
		return driver.Ack{Status: http.StatusForbidden}
	case driver.Retry:
	}
	return driver.Ack{Status: http.StatusServiceUnavailable}
}

// MakeStatement writes a settlement file: one JSON object a line.
func (g *Gateway) MakeStatement(rs ...driver.Report) ([]byte, error) {
	var b bytes.Buffer
	for _, r := range rs {
		line, err := json.Marshal(encode(r))
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// Statement reads what MakeStatement wrote.
func (g *Gateway) Statement(ctx context.Context, file io.Reader) iter.Seq2[driver.Report, error] {
	return func(yield func(driver.Report, error) bool) {
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, maxBody)
		for lines.Scan() {
			var (
				m   message
				r   driver.Report
				err = ctx.Err()
			)
			if err == nil {
				err = json.Unmarshal(lines.Bytes(), &m)
			}
			if err == nil {
				r = m.decode()
			}
			if !yield(r, err) || ctx.Err() != nil {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(driver.Report{}, err)
		}
	}
}
