package drivertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
)

// mutant is the fake with some methods replaced.
type mutant struct {
	*fake.Gateway
	start     func(context.Context, *driver.Intent) (*driver.Started, error)
	parse     func(context.Context, *driver.Raw) (*driver.Report, error)
	ack       func(driver.Verdict) driver.Ack
	poll      func(context.Context, string, time.Time) (*driver.Report, error)
	errorCode func(error) driver.Code
	statement func(context.Context, io.Reader) iter.Seq2[driver.Report, error]
}

func (m *mutant) Start(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
	if m.start != nil {
		return m.start(ctx, in)
	}
	return m.Gateway.Start(ctx, in)
}

func (m *mutant) Parse(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
	if m.parse != nil {
		return m.parse(ctx, raw)
	}
	return m.Gateway.Parse(ctx, raw)
}

func (m *mutant) Ack(v driver.Verdict) driver.Ack {
	if m.ack != nil {
		return m.ack(v)
	}
	return m.Gateway.Ack(v)
}

func (m *mutant) Poll(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
	if m.poll != nil {
		return m.poll(ctx, ref, at)
	}
	return m.Gateway.Poll(ctx, ref, at)
}

func (m *mutant) ErrorCode(err error) driver.Code {
	if m.errorCode != nil {
		return m.errorCode(err)
	}
	return m.Gateway.ErrorCode(err)
}

func (m *mutant) Statement(ctx context.Context, r io.Reader) iter.Seq2[driver.Report, error] {
	if m.statement != nil {
		return m.statement(ctx, r)
	}
	return m.Gateway.Statement(ctx, r)
}

// after changes what a good Parse says.
func after(m *mutant, change func(*driver.Report)) {
	m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
		r, err := m.Gateway.Parse(ctx, raw)
		if err == nil {
			change(r)
		}
		return r, err
	}
}

// unverified reads a notice without looking at its signature.
func unverified(raw *driver.Raw) (*driver.Report, error) {
	var b struct {
		Ref        string `json:"ref"`
		GatewayRef string `json:"gateway_ref"`
		Merchant   string `json:"merchant"`
		Currency   string `json:"currency"`
		Amount     int64  `json:"amount"`
		PaidAt     int64  `json:"paid_at"`
		Status     string `json:"status"`
	}
	if raw.Method != http.MethodPost {
		return nil, &fake.Error{Code: driver.CodeInvalid, Text: "not a POST"}
	}
	if err := json.Unmarshal(raw.Body, &b); err != nil || b.Ref == "" {
		return nil, &fake.Error{Code: driver.CodeInvalid, Text: "not a notice"}
	}
	r := &driver.Report{Ref: b.Ref, GatewayRef: b.GatewayRef, Merchant: b.Merchant, Currency: b.Currency, Amount: b.Amount}
	switch b.Status {
	case "paid":
		r.Outcome, r.PaidAt = driver.Paid, time.Unix(b.PaidAt, 0)
	case "failed":
		r.Outcome = driver.Failed
	case "held":
		r.Outcome = driver.Held
	}
	return r, nil
}

// firstOnly drops the second of two members with one name.
func firstOnly(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	if _, err := dec.Token(); err != nil {
		return body
	}
	seen := map[string]bool{}
	var out [][]byte
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return body
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return body
		}
		if k := fmt.Sprint(name); !seen[k] {
			seen[k] = true
			out = append(out, fmt.Appendf(nil, "%q:%s", k, v))
		}
	}
	return append(append([]byte("{"), bytes.Join(out, []byte(","))...), '}')
}

// TestMutants breaks the fake on purpose, one way at a time. Each must be caught
// by the case that is there for it.
func TestMutants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(*mutant)
		caught string
	}{
		"believes without verifying": {func(m *mutant) {
			m.parse = func(_ context.Context, raw *driver.Raw) (*driver.Report, error) { return unverified(raw) }
		}, "notice bent"},
		"verifies after believing": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				if r, err := m.Gateway.Parse(ctx, raw); err == nil {
					return r, nil
				}
				r, err := unverified(raw)
				if err == nil && r.Outcome == driver.Paid {
					return nil, &fake.Error{Code: driver.CodeForged, Text: "forged"}
				}
				return r, err // a forged failure is believed: state poisoning
			}
		}, "notice bent"},
		"re-encodes before verifying": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				var v map[string]json.RawMessage
				if json.Unmarshal(raw.Body, &v) != nil {
					return nil, &fake.Error{Code: driver.CodeInvalid, Text: "not JSON"}
				}
				c := *raw
				c.Body, _ = json.Marshal(v) // another order of members
				return m.Gateway.Parse(ctx, &c)
			}
		}, "notice genuine"},
		"reports its own merchant": {func(m *mutant) {
			after(m, func(r *driver.Report) { r.Merchant = m.Merchant() })
		}, "notice foreign"},
		"amount in hundredths": {func(m *mutant) { after(m, func(r *driver.Report) { r.Amount *= 100 }) }, "notice genuine"},
		"no currency":          {func(m *mutant) { after(m, func(r *driver.Report) { r.Currency = "" }) }, "notice genuine"},
		"no time of payment": {func(m *mutant) {
			after(m, func(r *driver.Report) { r.PaidAt = time.Time{} })
		}, "notice genuine"},
		"seven hours off": {func(m *mutant) {
			after(m, func(r *driver.Report) { r.PaidAt = r.PaidAt.Add(7 * time.Hour) })
		}, "notice genuine"},
		"unknown is failed": {func(m *mutant) {
			after(m, func(r *driver.Report) {
				if r.Outcome == driver.Unknown {
					r.Outcome = driver.Failed
				}
			})
		}, "notice outcome"},
		"held is paid": {func(m *mutant) {
			after(m, func(r *driver.Report) {
				if r.Outcome == driver.Held {
					r.Outcome = driver.Paid
				}
			})
		}, "notice outcome"},
		"refuses what it saw before": {func(m *mutant) {
			var seen atomic.Int64
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				if seen.Add(1) > 1 {
					return nil, &fake.Error{Code: driver.CodeConflict, Text: "replay"}
				}
				return m.Gateway.Parse(ctx, raw)
			}
		}, "notice repeated"},
		"changes the raw notice": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				r, err := m.Gateway.Parse(ctx, raw)
				if raw.Header != nil {
					raw.Header["Seen"] = []string{"1"}
				}
				return r, err
			}
		}, "notice repeated"},
		"old notices spoil": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				r, err := m.Gateway.Parse(ctx, raw)
				if err == nil && !r.PaidAt.IsZero() && time.Since(r.PaidAt) > time.Hour {
					return nil, &fake.Error{Code: driver.CodeForged, Text: "too old"}
				}
				return r, err
			}
		}, "notice delayed"},
		"nonsense is an unknown error": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				r, err := m.Gateway.Parse(ctx, raw)
				if err != nil {
					err = errors.New("something went wrong")
				}
				return r, err
			}
		}, "notice nonsense"},
		"an empty notice is an empty report": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				if len(raw.Body) == 0 {
					return &driver.Report{Currency: "VND"}, nil
				}
				return m.Gateway.Parse(ctx, raw)
			}
		}, "notice nonsense"},
		"panics on nonsense": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				if len(raw.Body) == 0 {
					panic("index out of range")
				}
				return m.Gateway.Parse(ctx, raw)
			}
		}, "notice nonsense"},
		"verifies the first of two fields, believes the last": {func(m *mutant) {
			m.parse = func(ctx context.Context, raw *driver.Raw) (*driver.Report, error) {
				c := *raw
				c.Body = firstOnly(raw.Body)
				if _, err := m.Gateway.Parse(ctx, &c); err != nil {
					return nil, err
				}
				return unverified(raw)
			}
		}, "notice doubled"},
		"always says ok": {func(m *mutant) {
			m.ack = func(driver.Verdict) driver.Ack { return driver.Ack{Status: http.StatusOK} }
		}, "ack"},
		"says ok to retry": {func(m *mutant) {
			m.ack = func(v driver.Verdict) driver.Ack {
				if v == driver.Retry {
					v = driver.Accepted
				}
				return m.Gateway.Ack(v)
			}
		}, "ack"},
		"a new payment each start": {func(m *mutant) {
			var n atomic.Int64
			m.start = func(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
				s, err := m.Gateway.Start(ctx, in)
				if err == nil {
					s.URL = fmt.Sprintf("%s?n=%d", s.URL, n.Add(1))
				}
				return s, err
			}
		}, "start"},
		"one payment for all": {func(m *mutant) {
			m.start = func(context.Context, *driver.Intent) (*driver.Started, error) {
				return &driver.Started{URL: "https://bank.example/pay"}, nil
			}
		}, "start"},
		"tells the payer nothing": {func(m *mutant) {
			m.start = func(context.Context, *driver.Intent) (*driver.Started, error) { return &driver.Started{}, nil }
		}, "start"},
		"changes the intent": {func(m *mutant) {
			m.start = func(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
				s, err := m.Gateway.Start(ctx, in)
				in.Amount *= 100
				return s, err
			}
		}, "start"},
		"ignores the context": {func(m *mutant) {
			m.start = func(_ context.Context, in *driver.Intent) (*driver.Started, error) {
				return m.Gateway.Start(context.Background(), in)
			}
		}, "start cancelled"},
		"secret in the page's address": {func(m *mutant) {
			m.start = func(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
				s, err := m.Gateway.Start(ctx, in)
				if err == nil {
					s.URL += "?key=" + secret
				}
				return s, err
			}
		}, "no secret outside"},
		"secret in an error": {func(m *mutant) {
			m.poll = func(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
				r, err := m.Gateway.Poll(ctx, ref, at)
				if err != nil {
					err = fmt.Errorf("asking with key %s: %w", secret, err)
				}
				return r, err
			}
		}, "no secret outside"},
		"nil is unknown": {func(m *mutant) {
			m.errorCode = func(err error) driver.Code {
				if err == nil {
					return driver.CodeUnknown
				}
				return m.Gateway.ErrorCode(err)
			}
		}, "error codes"},
		"does not unwrap": {func(m *mutant) {
			m.errorCode = func(err error) driver.Code {
				if errors.Unwrap(err) != nil {
					return driver.CodeUnknown
				}
				return m.Gateway.ErrorCode(err)
			}
		}, "error codes"},
		"a reference nobody knows has failed": {func(m *mutant) {
			m.poll = func(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
				r, err := m.Gateway.Poll(ctx, ref, at)
				if m.Gateway.ErrorCode(err) == driver.CodeNotFound {
					return &driver.Report{Ref: ref, Currency: "VND", Outcome: driver.Failed}, nil
				}
				return r, err
			}
		}, "poll unknown"},
		"not yet is never": {func(m *mutant) {
			m.poll = func(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
				r, err := m.Gateway.Poll(ctx, ref, at)
				if err == nil && r.Outcome == driver.Unknown {
					r.Outcome = driver.Failed
				}
				return r, err
			}
		}, "poll unknown"},
		"reports what was asked for": {func(m *mutant) {
			m.poll = func(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
				r, err := m.Gateway.Poll(ctx, ref, at)
				if err == nil && r.Amount == 149_999 {
					r.Amount = 150_000
				}
				return r, err
			}
		}, "poll"},
		"polls after the deadline": {func(m *mutant) {
			m.poll = func(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
				return m.Gateway.Poll(context.WithoutCancel(ctx), ref, at)
			}
		}, "poll cancelled"},
		"one bad row ends the file": {func(m *mutant) {
			m.statement = func(ctx context.Context, r io.Reader) iter.Seq2[driver.Report, error] {
				return func(yield func(driver.Report, error) bool) {
					for rep, err := range m.Gateway.Statement(ctx, r) {
						if !yield(rep, err) || err != nil {
							return
						}
					}
				}
			}
		}, "statement with a bad row"},
		"bad rows are left out": {func(m *mutant) {
			m.statement = func(ctx context.Context, r io.Reader) iter.Seq2[driver.Report, error] {
				return func(yield func(driver.Report, error) bool) {
					for rep, err := range m.Gateway.Statement(ctx, r) {
						if err == nil && !yield(rep, nil) {
							return
						}
					}
				}
			}
		}, "statement with a bad row"},
		"the last row is lost": {func(m *mutant) {
			m.statement = func(ctx context.Context, r io.Reader) iter.Seq2[driver.Report, error] {
				file, _ := io.ReadAll(r)
				if i := bytes.LastIndexByte(bytes.TrimSpace(file), '\n'); i > 0 {
					file = file[:i]
				}
				return m.Gateway.Statement(ctx, bytes.NewReader(file))
			}
		}, "statement"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(func(g *fake.Gateway) driver.Gateway {
				m := &mutant{Gateway: g}
				c.breaks(m)
				return m
			})
			assert.Contains(t, failed(t, h, all), c.caught)
		})
	}
}
