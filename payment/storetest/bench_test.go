// Package storetest runs payment against real databases, so that the module's
// root needs none in its own tests.
package storetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/fake"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var all = payment.Scope{All: true}

// bench is a service on a fresh database, a fake gateway, two clocks and an
// application whose moves can be told to fail.
type bench struct {
	t    *testing.T
	db   *sqlkit.DB
	s    *payment.Service
	bank *fake.Gateway

	mu    sync.Mutex
	now   time.Time // the protocol's
	law   time.Time
	moves []string // charges OnSettled moved, committed or not
	move  func(context.Context, *sql.Tx, payment.Settled) error
	forge int
}

// app is the reader's own table, which OnSettled writes in the same transaction.
const app = `CREATE TABLE app_moves (charge TEXT PRIMARY KEY)`

// each runs fn on both databases.
func each(t *testing.T, fn func(*bench)) {
	t.Helper()
	sqltest.Each(t, []sqlkit.Migrations{payment.Migrations()}, func(t *testing.T, db *sqlkit.DB) {
		fn(newBench(t, db, nil))
	})
}

func onSQLite(t *testing.T, fn func(*bench)) {
	t.Helper()
	fn(newBench(t, sqltest.SQLite(t, payment.Migrations()), nil))
}

func newBench(t *testing.T, db *sqlkit.DB, more map[string]driver.Gateway) *bench {
	t.Helper()
	b := &bench{
		t: t, db: db, bank: fake.New(nil),
		now: time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC),
		law: time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC),
	}
	_, err := db.Write.ExecContext(t.Context(), app)
	require.NoError(t, err)
	b.s = b.service(more)
	return b
}

func (b *bench) service(more map[string]driver.Gateway) *payment.Service {
	gateways := map[string]driver.Gateway{
		"bank":  &outside{b.bank, b},
		"polls": b.bank.PollOnly(),
		"tells": b.bank.NotifyOnly(),
	}
	for name, g := range more {
		gateways[name] = g
	}
	s, err := payment.New(b.db, gateways, b.onSettled, &payment.Options{
		Now:         b.lawClock,
		ProtocolNow: b.clock,
		OnForged: func(string, *http.Request) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.forge++
		},
	})
	require.NoError(b.t, err)
	return s
}

// outside proves that no transaction is open while the gateway is called.
type outside struct {
	*fake.Gateway
	b *bench
}

func (o *outside) Start(ctx context.Context, in *driver.Intent) (*driver.Started, error) {
	o.b.idle()
	return o.Gateway.Start(ctx, in)
}

func (o *outside) Poll(ctx context.Context, ref string, at time.Time) (*driver.Report, error) {
	o.b.idle()
	return o.Gateway.Poll(ctx, ref, at)
}

// idle is sqltest.Idle for tests with one writer; concurrent tests use the
// gateways that are not wrapped.
func (b *bench) idle() { sqltest.Idle(b.t, b.db) }

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) lawClock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.law
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) onSettled(ctx context.Context, tx *sql.Tx, st payment.Settled) error {
	_, err := tx.ExecContext(ctx, b.db.Dialect.SQL("INSERT INTO app_moves (charge) VALUES ($1)"), st.Charge.ID)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.moves = append(b.moves, st.Charge.ID)
	move := b.move
	b.mu.Unlock()
	if move != nil {
		return move(ctx, tx, st)
	}
	return nil
}

// refuse makes OnSettled fail after it has written.
func (b *bench) refuse(move func(context.Context, *sql.Tx, payment.Settled) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.move = move
}

// lines are the fees of one certified copy and a registration.
func lines() []payment.FeeLine {
	return []payment.FeeLine{
		{Kind: payment.Phi, Code: "chung_thuc", Name: "Phí chứng thực bản sao", Amount: 12_000},
		{Kind: payment.LePhi, Code: "dang_ky", Name: "Lệ phí đăng ký", Amount: 8_000},
	}
}

func request(key string) *payment.CreateRequest {
	return &payment.CreateRequest{
		Key: key, Subject: "dossier-1", Purpose: "fee", Unit: "H10.12", Payer: payment.Payer{ID: "p1", Name: "Nguyễn Thị Bình"},
		Title: "Phí chứng thực hồ sơ H10.12-241115-0001", Lines: lines(),
	}
}

func (b *bench) create(key string) *payment.Charge {
	b.t.Helper()
	c, err := b.s.Create(b.t.Context(), request(key))
	require.NoError(b.t, err)
	return c
}

func (b *bench) attempt(c *payment.Charge, gateway, key string) *payment.Attempt {
	b.t.Helper()
	a, err := b.s.Attempt(b.t.Context(), &payment.AttemptRequest{
		Key: key, Charge: c.ID, Scope: all, Gateway: gateway, ReturnURL: "https://dvc.test/ve", PayerIP: "10.1.2.3",
	})
	require.NoError(b.t, err)
	return a
}

// report is the gateway's word that an attempt was paid in full.
func (b *bench) report(a *payment.Attempt) driver.Report {
	return driver.Report{
		Ref: a.Ref, GatewayRef: "G-" + a.Ref, Merchant: "FAKE", Currency: "VND", Amount: int64(a.Amount),
		PaidAt: b.clock().Add(time.Minute), Outcome: driver.Paid,
	}
}

func (b *bench) raw(r driver.Report) *driver.Raw {
	b.t.Helper()
	raw, err := b.bank.Notice(r)
	require.NoError(b.t, err)
	return raw
}

// send brings a notice to the callback and returns the HTTP status: see
// fake.Ack.
func (b *bench) send(gateway string, raw *driver.Raw) int {
	b.t.Helper()
	req := httptest.NewRequestWithContext(b.t.Context(), raw.Method, "/notice?"+raw.Query, strings.NewReader(string(raw.Body)))
	for k, v := range raw.Header {
		req.Header[k] = v
	}
	w := httptest.NewRecorder()
	b.s.Callback(gateway).ServeHTTP(w, req)
	return w.Code
}

// The fake's answers, by verdict.
const (
	accepted    = http.StatusNoContent
	repeated    = http.StatusOK
	wrongAmount = http.StatusUnprocessableEntity
	unknownRef  = http.StatusNotFound
	forged      = http.StatusForbidden
	again       = http.StatusServiceUnavailable
)

func (b *bench) tell(gateway string, r driver.Report) int {
	b.t.Helper()
	return b.send(gateway, b.raw(r))
}

func (b *bench) get(id string) *payment.Charge {
	b.t.Helper()
	c, err := b.s.Get(b.t.Context(), all, id)
	require.NoError(b.t, err)
	return c
}

func (b *bench) exceptions() []payment.Exception {
	b.t.Helper()
	es, err := b.s.Exceptions(b.t.Context(), all, nil)
	require.NoError(b.t, err)
	return es
}

func (b *bench) kinds() []payment.ExceptionKind {
	b.t.Helper()
	var out []payment.ExceptionKind
	for _, e := range b.exceptions() {
		out = append(out, e.Kind)
	}
	return out
}

// count counts rows.
func (b *bench) count(table, where string, args ...any) int {
	b.t.Helper()
	var n int
	q := "SELECT count(*) FROM " + table
	if where != "" {
		q += " WHERE " + where
	}
	require.NoError(b.t, b.db.Read.QueryRowContext(b.t.Context(), b.db.Dialect.SQL(q), args...).Scan(&n))
	return n
}

func (b *bench) balances() map[string]payment.Dong {
	b.t.Helper()
	m, err := b.s.Balances(b.t.Context(), all)
	require.NoError(b.t, err)
	return m
}

// sound fails the test if the audit finds anything.
func (b *bench) sound() {
	b.t.Helper()
	ps, err := b.s.Audit(b.t.Context())
	require.NoError(b.t, err)
	require.Empty(b.t, ps)
}

func (b *bench) poll() int {
	b.t.Helper()
	n, err := b.s.PollDue(b.t.Context(), 100)
	require.NoError(b.t, err)
	return n
}

// settledOnce checks everything a settlement leaves behind.
func (b *bench) settledOnce(c *payment.Charge, account string) {
	b.t.Helper()
	got := b.get(c.ID)
	require.Equal(b.t, payment.StateSettled, got.State)
	require.Len(b.t, got.Receipts, 2)
	assert.Equal(b.t, payment.Phi, got.Receipts[0].Kind)
	assert.Equal(b.t, payment.Dong(12_000), got.Receipts[0].Amount)
	assert.Equal(b.t, payment.LePhi, got.Receipts[1].Kind)
	assert.Equal(b.t, payment.Dong(8_000), got.Receipts[1].Amount)
	assert.NotEqual(b.t, got.Receipts[0].Series, got.Receipts[1].Series)
	assert.Equal(b.t, 3, b.count("payment_postings", "group_id = $1", "settled:"+c.ID))
	assert.Equal(b.t, payment.Dong(20_000), b.balances()[account])
	assert.Equal(b.t, payment.Dong(-12_000), b.balances()["revenue:phi:chung_thuc"])
	assert.Equal(b.t, payment.Dong(-8_000), b.balances()["revenue:le_phi:dang_ky"])
	assert.Equal(b.t, 1, b.count("payment_outbox", "topic = $1", payment.TopicSettled))
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func name(n int) string { return fmt.Sprintf("k%d", n) }
