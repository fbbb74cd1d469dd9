package gatewayplugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/motcua/motcua/examples/gatewayplugin"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/drivertest"
)

// The whole conformance test.
func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.RunGateway(t, newBranch, drivertest.Features{Poller: true, HTTP: true})
}

// branch is the bank's test server and the harness of its adapter.
type branch struct {
	server *httptest.Server
	mu     sync.Mutex
	orders map[string]map[string]any
	opened map[string]int
}

func newBranch(context.Context, *testing.T) (drivertest.Harness, error) { return openBranch(), nil }

func openBranch() *branch {
	b := &branch{orders: map[string]map[string]any{}, opened: map[string]int{}}
	m := http.NewServeMux()
	m.HandleFunc("PUT /orders/{ref}", b.put)
	m.HandleFunc("GET /orders/{ref}", b.get)
	b.server = httptest.NewServer(m)
	return b
}

func (b *branch) put(w http.ResponseWriter, r *http.Request) {
	var in struct{ Amount int64 }
	if r.Header.Get("Authorization") != "Bearer bank-key" || json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	b.mu.Lock()
	ref := r.PathValue("ref")
	if b.orders[ref] == nil {
		b.opened[ref]++
		b.orders[ref] = map[string]any{"ref": ref, "amount": in.Amount, "status": "open"}
	}
	b.mu.Unlock()
	b.get(w, r)
}

func (b *branch) get(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.orders[r.PathValue("ref")]
	if o == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(o) // the client looks at what arrives
}

func (b *branch) Gateway(client *http.Client) (driver.Gateway, error) {
	return gatewayplugin.New(b.server.URL, "bank-key", client)
}
func (b *branch) Secrets() []string { return []string{"bank-key"} }
func (b *branch) Close() error      { b.server.Close(); return nil }

// Book is what the kit needs beside that: the bank's books say f.
func (b *branch) Book(_ context.Context, f drivertest.Facts) error {
	status := map[driver.Outcome]string{driver.Paid: "paid", driver.Failed: "expired", driver.Unknown: "open"}[f.Outcome]
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[f.Ref] = map[string]any{"ref": f.Ref, "amount": f.Amount, "status": status, "paid_at": f.PaidAt, "tx": f.GatewayRef}
	return nil
}

// Payments lets the kit count that a repeated Start opens one order.
func (b *branch) Payments(_ context.Context, ref string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.opened[ref], nil
}

func ExampleBank_Poll() {
	branch := openBranch()
	defer branch.server.Close()
	bank, err := gatewayplugin.New(branch.server.URL, "bank-key", branch.server.Client())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	started, err := bank.Start(ctx, &driver.Intent{Ref: "K7Q2-1", Amount: 20_000, Currency: "VND", Text: "Phi chung thuc"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(started.Text)
	r, err := bank.Poll(ctx, "K7Q2-1", time.Time{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Outcome, r.Amount)
	_, err = bank.Poll(ctx, "NOBODY-1", time.Time{})
	fmt.Println(bank.ErrorCode(err))
	// Output:
	// Chuyển khoản 20000 đồng, nội dung: K7Q2-1
	// unknown 20000
	// not found
}
