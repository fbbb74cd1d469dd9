package portal_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/files"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

const (
	unitA     = "H10.12"
	unitB     = "H10.13"
	procedure = "2.000815"
)

// people are who may sign in, by the value of the cookie.
var people = map[string]*identity.Person{
	"lan":   {ID: "c-lan", Kind: identity.Citizen, Name: "Nguyễn Thị Lan", Assurance: 2},
	"minh":  {ID: "c-minh", Kind: identity.Citizen, Name: "Phạm Minh", Assurance: 2},
	"thap":  {ID: "c-thap", Kind: identity.Citizen, Name: "Vũ Thấp", Assurance: 0},
	"hoa":   {ID: "o-hoa", Kind: identity.Official, Name: "Lê Thị Hoa"},
	"quang": {ID: "o-quang", Kind: identity.Official, Name: "Trần Quang"},
	"thu":   {ID: "o-thu", Kind: identity.Official, Name: "Đỗ Thu"},
	"xuan":  {ID: "o-xuan", Kind: identity.Official, Name: "Ngô Xuân"},
	"tra":   {ID: "o-tra", Kind: identity.Official, Name: "Bùi Trà"},
}

// cookies signs in by a cookie that names the person.
type cookies struct{}

func (cookies) Identify(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("who"); err == nil && people[c.Value] != nil {
			r = r.WithContext(identity.NewContext(r.Context(), people[c.Value]))
		}
		h.ServeHTTP(w, r)
	})
}

func (c cookies) Require(h http.Handler) http.Handler { return c.Identify(h) }

// offices is the directory: two communes, no successors.
type offices struct{}

func (offices) UnitAt(c string, _ time.Time) (desk.Unit, bool) {
	n, ok := map[string]string{unitA: "UBND phường Tân Phú", unitB: "UBND phường Tân Đồng"}[c]
	return desk.Unit{Code: c, Name: procedures.Text{VI: n, EN: n + " (en)"}, Agency: procedures.Text{VI: "UBND thành phố Đồng Xoài"},
		Phone: "0271 123456"}, ok
}

func (o offices) Offering(string, time.Time) []desk.Unit {
	a, _ := o.UnitAt(unitA, time.Time{})
	b, _ := o.UnitAt(unitB, time.Time{})
	return []desk.Unit{a, b}
}

func (offices) Heir(c string, _ time.Time) (string, bool)      { return c, true }
func (offices) Covered(c string, _ bool, _ time.Time) []string { return []string{c} }
func (offices) Parent(string, time.Time) string                { return "" }

func policy() *identity.Policy { return policyOf(offices{}) }

func policyOf(units identity.Units) *identity.Policy {
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, procedures.Zone)
	t := &identity.Table{Units: units}
	grant := func(role string, reach identity.Reach, steps ...string) {
		for _, s := range steps {
			t.Grants = append(t.Grants, identity.Grant{ID: role + "-" + s, Role: role, Step: s, Reach: reach, From: from})
		}
	}
	grant(identity.RoleCitizen, identity.Anywhere, "request", "supply", "withdraw")
	grant("reception_officer", identity.OwnUnit, "read", "receive", "refuse", "ask_supplement", "accept_withdrawal", "return_result")
	grant("certifier", identity.OwnUnit, "read", "compare", "ask_fee", desk.StepSign, "reject_withdrawal", "certify_on_paper", "reserve",
		"stop")
	grant("clerk", identity.OwnUnit, "read", desk.StepSeal)
	grant("cashier", identity.OwnUnit, "read", portal.StepCash)
	grant("auditor", identity.OwnUnit, identity.StepAudit)
	hold := func(name, unit string, roles ...string) {
		p := people[name]
		t.Holders = append(t.Holders, identity.Holder{ID: p.ID, Name: p.Name, Posts: []identity.Post{{Unit: unit, Roles: roles, From: from}}})
	}
	hold("hoa", unitA, "reception_officer")
	hold("quang", unitA, "certifier")
	hold("thu", unitA, "clerk", "cashier")
	hold("xuan", unitB, "reception_officer", "certifier", "cashier", "clerk")
	hold("tra", unitA, "auditor")
	return identity.NewPolicy(t)
}

// gate is a fee gate whose money is counted in memory.
type gate struct {
	mu    sync.Mutex
	owed  map[workflow.DossierID]*desk.Owed
	begun map[string]int // keys of opened payments
	cash  map[string]int
	stuck bool     // a dossier cannot move when it is tried again
	notes []string // of what was done about exceptions
	b     *bundle
}

func (g *gate) ChargeTx(_ context.Context, _ *sql.Tx, r *desk.FeeRequest) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := &desk.Owed{Charge: "ch-" + string(r.Dossier), Lines: r.Lines, State: "due"}
	for _, l := range r.Lines {
		o.Total += l.Amount
	}
	g.owed[r.Dossier] = o
	return "", nil
}

func (g *gate) CancelTx(context.Context, *sql.Tx, workflow.DossierID, string, string) error {
	return nil
}

func (g *gate) Owed(_ context.Context, d workflow.DossierID) (*desk.Owed, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.owed[d]; o != nil {
		c := *o
		return &c, nil
	}
	return nil, nil
}

func (g *gate) Begin(_ context.Context, _ *identity.Person, p *portal.Payment) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun[p.Key]++
	return g.b.gateway.URL + "/pay?key=" + p.Key + "&back=" + p.ReturnURL, nil
}

func (g *gate) Cash(ctx context.Context, _ *identity.Person, d workflow.DossierID, key string) error {
	g.mu.Lock()
	g.cash[key]++
	g.mu.Unlock()
	return g.settle(ctx, d)
}

func (g *gate) RetryException(_ context.Context, _ *identity.Person, d workflow.DossierID, id string) (bool, error) {
	if g.stuck {
		return false, nil
	}
	g.close(d, id)
	return true, nil
}

func (g *gate) ResolveException(_ context.Context, who *identity.Person, d workflow.DossierID, id, note string) error {
	g.notes = append(g.notes, who.ID+": "+note)
	g.close(d, id)
	return nil
}

func (g *gate) close(d workflow.DossierID, id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owed[d].Exceptions = slices.DeleteFunc(g.owed[d].Exceptions, func(e desk.OwedException) bool { return e.ID == id })
}

func (g *gate) Refresh(context.Context, workflow.DossierID) error { return nil }

func (g *gate) settle(ctx context.Context, d workflow.DossierID) error {
	err := g.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return g.b.desk.SystemTx(ctx, tx, d, desk.EventFeeSettled, "charge/"+string(d))
	})
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owed[d].Settled, g.owed[d].State = g.b.now(), "settled"
	return nil
}

// register signs at once: first the official, then the agency.
type register struct {
	mu    sync.Mutex
	lines map[workflow.DossierID]*desk.Line
	b     *bundle
	signs int
}

func (r *register) ReserveTx(_ context.Context, _ *sql.Tx, in *desk.Reservation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[in.Dossier] = &desk.Line{Number: int64(len(r.lines) + 1), Book: "SCT/BS", Next: desk.NextOfficial}
	return nil
}

func (r *register) Sign(ctx context.Context, d workflow.DossierID, next, _ string) error {
	r.mu.Lock()
	r.signs++
	line := r.lines[d]
	if next == desk.NextOfficial {
		line.Next = desk.NextAgency
		r.mu.Unlock()
		return nil
	}
	line.Next, line.Ref = "", "done"
	r.mu.Unlock()
	content := []byte("%PDF-1.7 certified")
	ref, err := r.b.store.Put(ctx, bytes.NewReader(content))
	if err != nil {
		return err
	}
	return r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return r.b.desk.CertifiedTx(ctx, tx, &desk.Certified{Dossier: d, Ref: ref, Size: int64(len(content)), Pages: 3, Number: line.Number,
			By: unitA, At: r.b.now()})
	})
}

func (r *register) Line(_ context.Context, d workflow.DossierID) (*desk.Line, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.lines[d]; l != nil {
		c := *l
		return &c, nil
	}
	return nil, nil
}

func (r *register) CancelTx(context.Context, *sql.Tx, workflow.DossierID, string, string) error {
	return nil
}

// bundle is a running portal.
type bundle struct {
	t       *testing.T
	db      *sqlkit.DB
	desk    *desk.Desk
	engine  *workflow.Engine
	store   *files.Store
	journal *identity.Journal
	gate    *gate
	reg     *register
	portal  *portal.Portal
	server  *httptest.Server
	gateway *httptest.Server

	mu       sync.Mutex
	clock    time.Time // the law's
	protocol time.Time
}

func (b *bundle) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

func (b *bundle) at(s string) {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, procedures.Zone)
	require.NoError(b.t, err)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = t
}

func (b *bundle) protocolNow() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.protocol
}

func (b *bundle) later(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.protocol = b.protocol.Add(d)
}

// full runs payment and certification, plain neither.
var (
	full  = []string{procedures.ModulePayment, procedures.ModuleCertification}
	plain []string
)

func migrations() []sqlkit.Migrations {
	return []sqlkit.Migrations{workflow.Migrations(), desk.Migrations(), identity.Migrations()}
}

func setup(t *testing.T, modules []string, with ...func(*portal.Parts, *portal.Options)) *bundle {
	t.Helper()
	return setupOn(t, sqltest.SQLite(t, migrations()...), modules, with...)
}

func setupOn(t *testing.T, db *sqlkit.DB, modules []string, with ...func(*portal.Parts, *portal.Options)) *bundle {
	t.Helper()
	b := &bundle{t: t, db: db, protocol: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}
	b.at("2024-11-15 08:00")
	cat, found, err := procedures.Load(procedures.National())
	require.NoError(t, err)
	require.Empty(t, found)
	machines, err := cat.Machines(workflow.Bindings{Guards: procedures.Guards(),
		Effects: []string{"issue_receipt_slip", "issue_supplement_slip", "issue_refusal_slip", "reserve_number"}}, modules...)
	require.NoError(t, err)
	b.engine, err = workflow.New(b.db, machines, &workflow.Options{Now: b.now})
	require.NoError(t, err)
	b.store, err = files.Open(filepath.Join(t.TempDir(), "files"), nil)
	require.NoError(t, err)
	vault, err := identity.NewVault(identity.NewVaultKeys())
	require.NoError(t, err)
	b.journal = identity.NewJournal(b.db, vault, &identity.JournalOptions{Now: b.now})
	parts := desk.Parts{DB: b.db, Engine: b.engine, Catalogue: cat, Policy: policy(), Units: offices{}, Files: b.store, Scanner: scan}
	pp := portal.Parts{Catalogue: cat, Policy: parts.Policy, Units: offices{}, Journal: b.journal, SignIn: cookies{}, Verify: judge}
	b.gateway = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "gateway") }))
	t.Cleanup(b.gateway.Close)
	if len(modules) > 0 {
		b.gate = &gate{owed: map[workflow.DossierID]*desk.Owed{}, begun: map[string]int{}, cash: map[string]int{}, b: b}
		b.reg = &register{lines: map[workflow.DossierID]*desk.Line{}, b: b}
		parts.Fees, parts.Register, pp.Pay = b.gate, b.reg, b.gate
	}
	b.desk = desk.New(parts, &desk.Options{Now: b.now, Modules: modules, LookUpURL: "https://dvc.example.vn/tra-cuu", Trial: true})
	pp.Desk = b.desk
	o := &portal.Options{PublicURL: "https://dvc.example.vn", Trial: true, Now: b.now, ProtocolNow: b.protocolNow, MaxUpload: 1 << 20,
		FormOrigins: []string{b.gateway.URL}, Logger: zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel))}
	for _, w := range with {
		w(&pp, o)
	}
	b.portal, err = portal.New(pp, o)
	require.NoError(t, err)
	b.server = httptest.NewServer(b.portal)
	t.Cleanup(b.server.Close)
	return b
}

// scan accepts what begins like a PDF.
func scan(_ context.Context, r io.ReaderAt, size int64) (*desk.Scan, error) {
	data := make([]byte, size)
	if _, err := r.ReadAt(data, 0); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte("%PDF")) {
		return nil, &desk.ScanRefused{Class: "not-pdf", Reason: workflow.Reason{Code: "not-pdf", VI: "Tệp không phải PDF.", EN: "not a PDF"}}
	}
	return &desk.Scan{Data: data, Pages: 2}, nil
}

// judge calls valid what says so.
func judge(_ context.Context, r io.ReaderAt, size int64) (*esign.Report, error) {
	data := make([]byte, size)
	if _, err := r.ReadAt(data, 0); err != nil && size > 0 {
		return nil, err
	}
	rep := &esign.Report{State: esign.Signed, Size: size, Reason: esign.Reason{Code: "digest", VI: "Tệp đã bị sửa sau khi ký.",
		EN: "The file was changed after signing."}}
	if bytes.Contains(data, []byte("valid")) {
		rep.Verdict, rep.Intact, rep.Reason = esign.Valid, true, esign.Reason{Code: "ok", VI: "Chữ ký hợp lệ.", EN: "The signature is valid."}
		rep.Signers = []esign.Signature{{Kind: esign.KindSignature, Verdict: esign.Valid, Signer: "Trần Quang", Reason: rep.Reason,
			Time: time.Date(2024, 11, 15, 2, 0, 0, 0, time.UTC), TimeSource: esign.TimeProved}}
	}
	return rep, nil
}

// effects does what the job engine would do.
func (b *bundle) effects() {
	b.t.Helper()
	h := b.engine.Handlers(b.desk.Effects())
	_, err := b.engine.Outbox().Drain(b.t.Context(), 100, func(ctx context.Context, ms []sqlkit.Message) error {
		for _, m := range ms {
			if err := h[m.Topic](ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(b.t, err)
}

// rows counts the rows of every table, so that a test sees whether anything was
// written.
func (b *bundle) rows() map[string]int {
	b.t.Helper()
	q, err := b.db.Read.QueryContext(b.t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	require.NoError(b.t, err)
	var names []string
	for q.Next() {
		var n string
		require.NoError(b.t, q.Scan(&n))
		names = append(names, n)
	}
	require.NoError(b.t, q.Err())
	require.NoError(b.t, q.Close())
	out := map[string]int{}
	for _, n := range names {
		var count int
		require.NoError(b.t, b.db.Read.QueryRowContext(b.t.Context(), fmt.Sprintf("SELECT count(*) FROM %q", n)).Scan(&count))
		out[n] = count
	}
	return out
}

// as opens a browser in which somebody is signed in; "" is nobody.
func (b *bundle) as(name string) *browser {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	c := &browser{b: b, t: b.t, who: name}
	c.client = &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

// brokenJournal records nothing.
type brokenJournal struct{ portal.Journal }

func (brokenJournal) Record(context.Context, *identity.Opening) (string, error) {
	return "", errors.New("disk full")
}
