// Package gatewayplugin is the smallest payment adapter: a bank that can only be
// asked. Read it beside package driver when you write your own.
//
// The bank's protocol is two calls over HTTPS with a bearer key:
//
//	PUT /orders/{ref}   {"amount":150000,"memo":"..."}   opens an order, or finds it
//	GET /orders/{ref}   {"ref":"...","amount":150000,"status":"paid","paid_at":"2024-11-15T08:01:00+07:00","tx":"FT1"}
//
// It never calls back. So the adapter has two methods of driver.Gateway and one
// of driver.Poller, and that is all: package payment keeps the attempts, asks
// again when it is time, compares the amount, gives receipts and moves the
// dossier. Nothing here knows about any of that.
//
// To use it, hand it to payment.New under a name of your choice:
//
//	bank, err := gatewayplugin.New("https://bank.example", key, client)
//	service, err := payment.New(db, map[string]driver.Gateway{"mybank": bank}, onSettled, nil)
//
// To be sure of it, run the conformance kit in one line, as TestConformance does.
package gatewayplugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/motcua/motcua/payment/driver"
)

const (
	maxAnswer = 16 << 10
	timeout   = 10 * time.Second
)

// Bank is the adapter. It keeps no state and may be used concurrently.
type Bank struct {
	url, key string
	client   *http.Client
}

// New returns an adapter of the bank at url; key is what the bank gave us.
func New(url, key string, client *http.Client) (*Bank, error) {
	if url == "" || key == "" || client == nil {
		return nil, errors.New("gatewayplugin: url, key and http.Client are needed")
	}
	return &Bank{url: url, key: key, client: client}, nil
}

// order is what the bank says about one order.
type order struct {
	Ref    string    `json:"ref"`
	Amount int64     `json:"amount"`
	Status string    `json:"status"`
	PaidAt time.Time `json:"paid_at"`
	Tx     string    `json:"tx"`
}

// Start opens the order. PUT with our own reference is safe to repeat: the bank
// finds the order it has (rule S1).
func (b *Bank) Start(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
	body, err := json.Marshal(map[string]any{"amount": in.Amount, "memo": in.Text})
	if err != nil {
		return nil, err
	}
	if _, err := b.call(ctx, http.MethodPut, in.Ref, body); err != nil {
		return nil, err
	}
	return &driver.Started{Text: fmt.Sprintf("Chuyển khoản %d đồng, nội dung: %s", in.Amount, in.Ref)}, nil
}

// Poll asks for the order. The bank doesn't sign its answers; that they come from
// the bank rests on TLS, which is why the kit is told nothing of signatures.
func (b *Bank) Poll(ctx context.Context, ref string, _ time.Time) (*driver.Report, error) {
	o, err := b.call(ctx, http.MethodGet, ref, nil)
	if err != nil {
		return nil, err
	}
	if o.Ref != ref {
		return nil, &Error{driver.CodeForged, "answer is about another order", nil} // rule P2
	}
	r := &driver.Report{Ref: o.Ref, GatewayRef: o.Tx, Amount: o.Amount, Currency: "VND"}
	switch o.Status {
	case "paid":
		r.Outcome, r.PaidAt = driver.Paid, o.PaidAt
	case "expired":
		r.Outcome = driver.Failed
	} // anything else is Unknown, also a status the bank invents next year (rule R3)
	return r, nil
}

func (b *Bank) call(ctx context.Context, method, ref string, body []byte) (*order, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, b.url+"/orders/"+ref, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+b.key)
	res, err := b.client.Do(req)
	if err != nil {
		return nil, &Error{driver.CodeUnavailable, "bank did not answer", err}
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, &Error{driver.CodeUnavailable, "answer was cut", err}
	}
	switch {
	case res.StatusCode == http.StatusNotFound:
		return nil, &Error{driver.CodeNotFound, "bank has no order " + ref, nil}
	case res.StatusCode == http.StatusUnprocessableEntity:
		return nil, &Error{driver.CodeRefused, "bank refused order " + ref, nil}
	case res.StatusCode != http.StatusOK:
		return nil, &Error{driver.CodeUnavailable, fmt.Sprintf("bank answered HTTP %d", res.StatusCode), nil}
	}
	var o order
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, &Error{driver.CodeInvalid, "answer is not what the bank documents", err}
	}
	return &o, nil
}

// Error is every error of the adapter. Its text holds no key.
type Error struct {
	Code driver.Code
	Text string
	Err  error
}

// Error is the text for a log.
func (e *Error) Error() string { return "gatewayplugin: " + e.Text }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode classifies an error (rule E1).
func (b *Bank) ErrorCode(err error) driver.Code {
	var own *Error
	var timeout interface{ Timeout() bool } // every error of package net
	switch {
	case err == nil:
		return driver.CodeOK
	case errors.As(err, &own):
		return own.Code
	case errors.Is(err, context.Canceled), errors.As(err, &timeout):
		return driver.CodeUnavailable
	}
	return driver.CodeUnknown
}

var (
	_ driver.Gateway = (*Bank)(nil)
	_ driver.Poller  = (*Bank)(nil)
)
