package desk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/files"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

const (
	unitA = "H10.12"
	unitB = "H10.13"
	code  = "2.000815"
)

var (
	lan   = &identity.Person{ID: "c-lan", Kind: identity.Citizen, Assurance: 2}
	minh  = &identity.Person{ID: "c-minh", Kind: identity.Citizen, Assurance: 2}
	hoa   = &identity.Person{ID: "o-hoa", Kind: identity.Official}   // reception at A
	quang = &identity.Person{ID: "o-quang", Kind: identity.Official} // certifier at A
	xuan  = &identity.Person{ID: "o-xuan", Kind: identity.Official}  // reception at B
)

// offices is the directory: two communes, no successors.
type offices struct{}

func (offices) UnitAt(c string, _ time.Time) (desk.Unit, bool) {
	names := map[string]string{unitA: "UBND phường Tân Phú", unitB: "UBND phường Tân Đồng", "H10": "UBND tỉnh"}
	n, ok := names[c]
	return desk.Unit{
		Code:   c,
		Name:   procedures.Text{VI: n, EN: n},
		Agency: procedures.Text{VI: "UBND thành phố Đồng Xoài"},
		Phone:  "0271 123456",
	}, ok
}

func (o offices) Offering(string, time.Time) []desk.Unit {
	a, _ := o.UnitAt(unitA, time.Time{})
	b, _ := o.UnitAt(unitB, time.Time{})
	return []desk.Unit{a, b}
}

func (offices) Heir(c string, _ time.Time) (string, bool)      { return c, true }
func (offices) Covered(c string, _ bool, _ time.Time) []string { return []string{c} }
func (offices) Parent(string, time.Time) string                { return "" }

func policy() *identity.Policy {
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, procedures.Zone)
	grant := func(id, role, step string, reach identity.Reach) identity.Grant {
		return identity.Grant{ID: id, Role: role, Step: step, Reach: reach, From: from}
	}
	t := &identity.Table{Units: offices{}}
	for _, s := range []string{"request", "supply", "withdraw"} {
		t.Grants = append(t.Grants, grant("c-"+s, identity.RoleCitizen, s, identity.Anywhere))
	}
	for _, s := range []string{"read", "receive", "refuse", "ask_supplement", "accept_withdrawal", "return_result"} {
		t.Grants = append(t.Grants, grant("r-"+s, "reception_officer", s, identity.OwnUnit))
	}
	for _, s := range []string{"read", "compare", "ask_fee", "sign", "reject_withdrawal", "certify_on_paper", "reserve", "stop"} {
		t.Grants = append(t.Grants, grant("z-"+s, "certifier", s, identity.OwnUnit))
	}
	holder := func(p *identity.Person, name, unit, role string) identity.Holder {
		return identity.Holder{ID: p.ID, Name: name, Posts: []identity.Post{{Unit: unit, Roles: []string{role}, From: from}}}
	}
	for _, s := range []string{"read", "seal"} {
		t.Grants = append(t.Grants, grant("v-"+s, "clerk", s, identity.OwnUnit))
	}
	t.Holders = []identity.Holder{
		holder(thu, "Văn Thư", unitA, "clerk"),
		holder(hoa, "Lê Thị Hoa", unitA, "reception_officer"), holder(quang, "Trần Quang", unitA, "certifier"),
		holder(xuan, "Ngô Xuân", unitB, "reception_officer")}
	return identity.NewPolicy(t)
}

type bundle struct {
	*desk.Desk
	t      *testing.T
	db     *sqlkit.DB
	engine *workflow.Engine
	store  *files.Store
	clock  atomic.Pointer[time.Time]
}

func (b *bundle) at(s string) {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, procedures.Zone)
	require.NoError(b.t, err)
	b.clock.Store(&t)
}

func catalogue(t *testing.T) *procedures.Catalogue {
	t.Helper()
	c, found, err := procedures.Load(procedures.National())
	require.NoError(t, err)
	require.Empty(t, found)
	return c
}

func setup(t *testing.T, db *sqlkit.DB, modules ...string) *bundle {
	t.Helper()
	b := &bundle{t: t, db: db}
	b.at("2024-11-15 08:00")
	now := func() time.Time { return *b.clock.Load() }
	cat := catalogue(t)
	machines, err := cat.Machines(workflow.Bindings{Guards: procedures.Guards(),
		Effects: []string{"issue_receipt_slip", "issue_supplement_slip", "issue_refusal_slip", "reserve_number"}}, modules...)
	require.NoError(t, err)
	b.engine, err = workflow.New(db, machines, &workflow.Options{Now: now})
	require.NoError(t, err)
	b.store, err = files.Open(filepath.Join(t.TempDir(), "files"), nil)
	require.NoError(t, err)
	b.Desk = desk.New(desk.Parts{DB: db, Engine: b.engine, Catalogue: cat, Policy: policy(), Units: offices{}, Files: b.store,
		Scanner: func(_ context.Context, r io.ReaderAt, size int64) (*desk.Scan, error) {
			sqltest.Idle(t, db)
			data := make([]byte, size)
			_, err := r.ReadAt(data, 0)
			if bytes.HasPrefix(data, []byte("JPEG")) {
				return nil, &desk.ScanRefused{Class: "not-pdf", Reason: workflow.Reason{Code: "not-pdf", VI: "Không phải PDF.", EN: "not a PDF"}}
			}
			return &desk.Scan{Data: data, Pages: 2}, err
		}}, &desk.Options{Now: now, Modules: modules, LookUpURL: "https://dvc.example.vn/tra-cuu", Trial: true})
	return b
}

func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{workflow.Migrations(), desk.Migrations()}, func(t *testing.T, db *sqlkit.DB) { fn(t, setup(t, db)) })
}

const form = `{"requester_name":"Nguyễn Thị Lan","phone":"0912345678","document_kind":"diploma",` +
	`"document_name":"Bằng tốt nghiệp","pages":2,"copies":1}`

func (b *bundle) draft(key string) *desk.Case {
	b.t.Helper()
	c, err := b.SaveDraft(b.t.Context(), lan, &desk.Draft{Procedure: code, Unit: unitA, Form: json.RawMessage(form), Key: key})
	require.NoError(b.t, err)
	return c
}

func (b *bundle) do(who *identity.Person, c *desk.Case, event string, with ...func(*desk.Act)) *desk.Case {
	b.t.Helper()
	out, err := b.try(who, c, event, with...)
	require.NoError(b.t, err)
	return out
}

func (b *bundle) try(who *identity.Person, c *desk.Case, event string, with ...func(*desk.Act)) (*desk.Case, error) {
	a := &desk.Act{
		Dossier: c.Dossier.ID,
		Expect:  c.Dossier.Version,
		Event:   event,
		Key:     event + string(c.Dossier.ID) + string(rune('0'+c.Dossier.Version)),
	}
	for _, w := range with {
		w(a)
	}
	return b.Do(b.t.Context(), who, a)
}

func because(reason string) func(*desk.Act) { return func(a *desk.Act) { a.Reason = reason } }

// effects does what River would do.
func (b *bundle) effects() {
	b.t.Helper()
	h := b.engine.Handlers(b.Effects())
	_, err := b.engine.Outbox().Drain(b.t.Context(), 100, func(ctx context.Context, ms []sqlkit.Message) error {
		for _, m := range ms {
			if err := h[m.Topic](ctx, m); err != nil {
				return err
			}
			if err := h[m.Topic](ctx, m); err != nil { // at least once
				return err
			}
		}
		return nil
	})
	require.NoError(b.t, err)
}

func (b *bundle) clean() {
	b.t.Helper()
	for _, audit := range []func(context.Context) ([]sqlkit.Problem, error){b.Audit, b.engine.Audit} {
		problems, err := audit(b.t.Context())
		require.NoError(b.t, err)
		assert.Empty(b.t, problems)
	}
	sqltest.Idle(b.t, b.db)
}

func (b *bundle) compared(c *desk.Case) *desk.Case {
	b.t.Helper()
	p, err := b.OfferScan(b.t.Context(), quang, c.Dossier.ID, "scan", strings.NewReader("%PDF two pages"))
	require.NoError(b.t, err)
	c, err = b.Case(b.t.Context(), quang, c.Dossier.ID)
	require.NoError(b.t, err)
	return b.do(quang, c, "compare", func(a *desk.Act) { a.Scan, a.NotExcluded = p.ID, true })
}

func TestStoryOnPaper(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.draft("k1")
		assert.Equal(t, "draft", c.State.ID)
		assert.True(t, c.Own)
		assert.Empty(t, c.Code)
		c = b.do(lan, c, "request")
		assert.Equal(t, "H10.12-241115-0001", c.Code)
		assert.Len(t, c.LookUpCode, procedures.LookupCodeLength)
		assert.Equal(t, procedures.StatusRequested, c.National.Code)
		b.at("2024-11-15 09:30")
		c = b.do(hoa, c, "receive")
		assert.Equal(
			t,
			"2024-11-15T17:00:00+07:00",
			c.Dossier.Due.In(procedures.Zone).Format(time.RFC3339),
			"received in the morning: the same day",
		)
		require.NotNil(t, c.Reckoning)
		c = b.compared(c)
		assert.Equal(t, 2, c.Pages)
		assert.Equal(t, procedures.StatusHandling, c.National.Code)
		c = b.do(quang, c, "certify_on_paper")
		assert.Equal(t, procedures.StatusDone, c.National.Code)
		b.at("2024-11-15 16:00")
		c = b.do(hoa, c, "return_result")
		assert.Equal(t, procedures.StatusReturned, c.National.Code)
		assert.True(t, c.Dossier.Due.IsZero(), "nothing is owed any more")
		assert.False(t, c.Returned.IsZero())
		b.effects()
		c, err := b.Case(t.Context(), lan, c.Dossier.ID)
		require.NoError(t, err)
		kinds := []string{}
		for _, p := range c.Papers {
			kinds = append(kinds, p.Kind)
		}
		assert.ElementsMatch(t, []string{desk.PaperScan, desk.PaperSlip}, kinds)
		b.clean()
	})
}

// The slip says what the law of the day wants it to say.
func TestSlip(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed (package poppler-utils)")
	}
	for _, c := range []struct{ name, requested, received, due, form string }{
		{"Friday 15:01", "2024-11-15 14:00", "2024-11-15 15:01", "17:00 ngày 18/11/2024", "01/2018/TT-VPCP"},
		{"Saturday", "2024-11-16 09:00", "2024-11-16 09:00", "17:00 ngày 18/11/2024", "01/2018/TT-VPCP"},
		{"Tết", "2024-02-12 09:00", "2024-02-12 09:00", "17:00 ngày 15/02/2024", "01/2018/TT-VPCP"},
		{"today", "2026-11-25 09:00", "2026-11-25 09:00", "17:00 ngày 25/11/2026", "03/2025/TT-VPCP"},
		{"eve of 24 November 2026", "2026-11-23 15:30", "2026-11-23 15:30", "17:00 ngày 25/11/2026", "03/2025/TT-VPCP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, sqltest.SQLite(t, workflow.Migrations(), desk.Migrations()))
			b.at(c.requested)
			cs := b.do(lan, b.draft("k"), "request")
			b.at(c.received)
			cs = b.do(hoa, cs, "receive")
			b.effects()
			cs, err := b.Case(t.Context(), lan, cs.Dossier.ID)
			require.NoError(t, err)
			require.Len(t, cs.Papers, 1)
			_, content, err := b.Open(t.Context(), lan, cs.Dossier.ID, cs.Papers[0].ID)
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
			cmd.Stdin = content
			text, err := cmd.Output()
			require.NoError(t, err)
			require.NoError(t, content.Close())
			flat := strings.Join(strings.Fields(string(text)), " ")
			for _, want := range []string{cs.Code, procedures.FormatLookupCode(cs.LookUpCode), "Nguyễn Thị Lan",
				"UBND PHƯỜNG TÂN PHÚ", c.form, "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"} {
				assert.Contains(t, strings.ToUpper(flat), strings.ToUpper(want))
			}
			assert.Contains(t, flat, c.due[len(c.due)-10:], "due day")
		})
	}
}

func TestFormIsCheckedWhenFiled(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c, err := b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: code, Unit: unitA, Form: json.RawMessage(`{"copies":1}`), Key: "k"})
		require.NoError(t, err, "a draft may be incomplete")
		_, err = b.try(lan, c, "request")
		var fe *desk.FormError
		require.ErrorAs(t, err, &fe)
		fields := []string{}
		for _, p := range fe.Problems {
			fields = append(fields, p.Field)
		}
		assert.Equal(t, []string{"requester_name", "document_kind", "document_name", "pages"}, fields)
		decomposed := strings.ReplaceAll(form, "ễ", "e\u0302\u0303")
		c2, err := b.SaveDraft(
			t.Context(),
			lan,
			&desk.Draft{Dossier: c.Dossier.ID, Revision: c.Revision, Procedure: code, Unit: unitB, Form: json.RawMessage(decomposed)},
		)
		require.NoError(t, err)
		assert.Contains(t, string(c2.Form), "Nguyễn", "text is stored NFC")
		_, err = b.SaveDraft(
			t.Context(),
			lan,
			&desk.Draft{Dossier: c.Dossier.ID, Revision: c.Revision, Procedure: code, Unit: unitA, Form: json.RawMessage(`{}`)},
		)
		require.ErrorIs(t, err, workflow.ErrStale, "saved elsewhere meanwhile")
		c3 := b.do(lan, c2, "request")
		assert.Equal(t, "H10.13-241115-0001", c3.Code, "the unit chosen last")
		_, err = b.SaveDraft(
			t.Context(),
			lan,
			&desk.Draft{Dossier: c.Dossier.ID, Revision: c3.Revision, Procedure: code, Unit: unitA, Form: json.RawMessage(`{}`)},
		)
		require.ErrorIs(t, err, workflow.ErrRefused, "filed is filed")
		for _, f := range []string{`[1]`, `"x"`, `{`, `{"a":"` + strings.Repeat("x", 70<<10) + `"}`} {
			_, err = b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: code, Unit: unitA, Form: json.RawMessage(f), Key: "z"})
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
		_, err = b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: "9.9", Unit: unitA, Key: "z"})
		require.ErrorIs(t, err, desk.ErrSubject)
		_, err = b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: code, Unit: "H99", Key: "z"})
		require.ErrorIs(t, err, desk.ErrSubject)
		_, err = b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: code, Unit: "H10", Key: "z"})
		require.ErrorIs(t, err, desk.ErrSubject, "a unit that receives none: nobody would see the dossier")
		b.clean()
	})
}

func TestSupplementStopsTheClock(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.do(lan, b.draft("k"), "request")
		c = b.do(hoa, c, "receive")
		_, err := b.try(hoa, c, "ask_supplement")
		require.ErrorIs(t, err, workflow.ErrRefused, "a reason is required")
		b.at("2024-11-15 10:00")
		c = b.do(hoa, c, "ask_supplement", because("Bản chụp trang 2 bị mờ"))
		assert.True(t, c.Dossier.Due.IsZero(), "no date while the citizen is asked")
		assert.Equal(t, procedures.StatusSupplement, c.National.Code)
		b.at("2024-11-18 08:00")
		c = b.do(lan, c, "supply", func(a *desk.Act) { a.Note = "Đã chụp lại" })
		require.Len(t, c.Asked, 1)
		assert.Equal(t, "Đã chụp lại", c.Asked[0].Answer)
		c = b.do(hoa, c, "receive")
		assert.Equal(t, "2024-11-18", c.Dossier.Due.In(procedures.Zone).Format(time.DateOnly))
		b.effects()
		c, err = b.Case(t.Context(), hoa, c.Dossier.ID)
		require.NoError(t, err)
		assert.Len(t, c.Papers, 3, "two receipt slips and one supplement slip")
		b.clean()
	})
}

func TestRefusalAndWithdrawal(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.do(hoa, b.do(lan, b.draft("k1"), "request"), "refuse", because("Bản chính bị tẩy xóa"))
		assert.Equal(t, procedures.StatusRefused, c.National.Code)
		assert.False(t, c.Closed.IsZero())
		d := b.do(lan, b.do(lan, b.draft("k2"), "request"), "withdraw")
		assert.Equal(t, procedures.StatusWithdrawal, d.National.Code)
		d = b.do(hoa, d, "accept_withdrawal")
		assert.Equal(t, procedures.StatusStopped, d.National.Code)
		assert.Equal(t, "H10.12-241115-0002", d.Code)
		b.effects()
		b.clean()
	})
}

// Who may see and do what: the owner, the unit, nobody else.
func TestScopeAndRoles(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		draft := b.draft("k0")
		_, err := b.Case(t.Context(), hoa, draft.Dossier.ID)
		require.ErrorIs(t, err, workflow.ErrNotFound, "what is not filed is nobody's but its owner's")
		_, err = b.try(hoa, draft, "receive")
		require.ErrorIs(t, err, workflow.ErrNotFound)
		c := b.do(lan, b.draft("k1"), "request")
		for _, who := range []*identity.Person{minh, xuan} {
			_, err = b.Case(t.Context(), who, c.Dossier.ID)
			require.ErrorIs(t, err, workflow.ErrNotFound)
			_, err = b.try(who, c, "receive")
			require.ErrorIs(t, err, workflow.ErrNotFound)
			_, err = b.CaseByCode(t.Context(), who, c.Code)
			require.ErrorIs(t, err, workflow.ErrNotFound)
		}
		_, err = b.try(lan, c, "receive")
		require.ErrorIs(t, err, workflow.ErrRefused, "a citizen receives nothing")
		_, err = b.try(quang, c, "receive")
		require.ErrorIs(t, err, workflow.ErrRefused, "nor does the certifier")
		_, err = b.OfferScan(t.Context(), hoa, c.Dossier.ID, "s", strings.NewReader("%PDF"))
		require.ErrorIs(t, err, workflow.ErrRefused)
		_, err = b.OfferScan(t.Context(), quang, c.Dossier.ID, "s", strings.NewReader("%PDF"))
		require.ErrorIs(t, err, workflow.ErrRefused, "not received yet")
		mine, err := b.Mine(t.Context(), lan, &desk.ListQuery{})
		require.NoError(t, err)
		assert.Len(t, mine.Cases, 2)
		inbox, err := b.Inbox(t.Context(), hoa, &desk.ListQuery{})
		require.NoError(t, err)
		require.Len(t, inbox.Cases, 1, "what has not been filed is nobody's but its owner's")
		assert.Equal(t, "Nguyễn Thị Lan", inbox.Cases[0].Name)
		none, err := b.Inbox(t.Context(), xuan, &desk.ListQuery{})
		require.NoError(t, err)
		assert.Empty(t, none.Cases)
		other, err := b.Inbox(t.Context(), minh, &desk.ListQuery{})
		require.NoError(t, err)
		assert.Empty(t, other.Cases)
		seen, err := b.Case(t.Context(), hoa, c.Dossier.ID)
		require.NoError(t, err)
		assert.True(t, seen.Can("receive"))
		assert.False(t, seen.Can("request"))
		assert.False(t, seen.Own)
	})
}
