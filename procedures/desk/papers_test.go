package desk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

func TestScan(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.do(hoa, b.do(lan, b.draft("k"), "request"), "receive")
		_, err := b.OfferScan(t.Context(), quang, c.Dossier.ID, "s0", strings.NewReader("JPEG"))
		var refused *desk.ScanRefused
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "not-pdf", refused.Class)
		_, err = b.try(quang, c, "compare", func(a *desk.Act) { a.NotExcluded = true })
		require.ErrorIs(t, err, workflow.ErrRefused, "there is no scan")
		p, err := b.OfferScan(t.Context(), quang, c.Dossier.ID, "s1", strings.NewReader("%PDF 1"))
		require.NoError(t, err)
		again, err := b.OfferScan(t.Context(), quang, c.Dossier.ID, "s1", strings.NewReader("%PDF 1"))
		require.NoError(t, err)
		assert.Equal(t, p, again)
		_, err = b.try(quang, c, "compare", func(a *desk.Act) { a.Scan = p.ID })
		require.ErrorIs(t, err, workflow.ErrRefused, "the exclusions were not checked")
		other := b.do(hoa, b.do(lan, b.draft("k2"), "request"), "receive")
		_, err = b.try(quang, other, "compare", func(a *desk.Act) { a.Scan, a.NotExcluded = p.ID, true })
		require.ErrorIs(t, err, workflow.ErrRefused, "a scan of another dossier")
		_, _, err = b.Open(t.Context(), lan, other.Dossier.ID, p.ID)
		require.ErrorIs(t, err, workflow.ErrNotFound)
		c = b.do(quang, c, "compare", func(a *desk.Act) { a.Scan, a.NotExcluded = p.ID, true })
		assert.Equal(t, p.Ref, c.Scan)
		b.clean()
	})
}

func TestLookUp(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.do(lan, b.draft("k"), "request")
		p, err := b.LookUp(t.Context(), " h10.12-241115-0001 ", strings.ToLower(procedures.FormatLookupCode(c.LookUpCode)))
		require.NoError(t, err)
		assert.Equal(t, c.Code, p.Code)
		assert.Equal(t, procedures.StatusRequested, p.National.Code)
		_, e1 := b.LookUp(t.Context(), c.Code, "AAAAAAAA")
		_, e2 := b.LookUp(t.Context(), "H10.12-241115-0009", c.LookUpCode)
		_, e3 := b.LookUp(t.Context(), c.Code, "")
		for _, err := range []error{e1, e2, e3} {
			require.ErrorIs(t, err, workflow.ErrNotFound)
			assert.Equal(t, e1.Error(), err.Error(), "which of the two is wrong is not told")
		}
	})
}

func TestExportDay(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.do(lan, b.draft("k"), "request")
		b.at("2024-11-18 09:00")
		b.do(hoa, c, "receive")
		day := func(s string) time.Time {
			d, err := time.ParseInLocation(time.DateOnly, s, procedures.Zone)
			require.NoError(t, err)
			return d
		}
		first, err := b.ExportDay(t.Context(), day("2024-11-15"))
		require.NoError(t, err)
		require.Len(t, first, 1)
		assert.Equal(t, "1", first[0].TrangThaiHoSo)
		assert.Empty(t, first[0].NgayTiepNhan, "what came later is not told yet")
		second, err := b.ExportDay(t.Context(), day("2024-11-18"))
		require.NoError(t, err)
		require.Len(t, second, 1)
		assert.Equal(t, "2", second[0].TrangThaiHoSo)
		assert.Equal(t, "20241118090000", second[0].NgayTiepNhan)
		assert.Equal(t, "20241118170000", second[0].NgayHenTra)
		none, err := b.ExportDay(t.Context(), day("2024-11-16"))
		require.NoError(t, err)
		assert.Empty(t, none)
	})
}

func TestDoubleClickAndRace(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		c := b.do(lan, b.draft("k"), "request")
		act := &desk.Act{Dossier: c.Dossier.ID, Expect: c.Dossier.Version, Event: "receive", Key: "once"}
		first, err := b.Do(t.Context(), hoa, act)
		require.NoError(t, err)
		second, err := b.Do(t.Context(), hoa, act)
		require.NoError(t, err)
		assert.Equal(t, first.Dossier.Version, second.Dossier.Version)
		_, err = b.Do(t.Context(), hoa, &desk.Act{Dossier: c.Dossier.ID, Expect: c.Dossier.Version, Event: "receive", Key: "twice"})
		var stale *workflow.StaleError
		require.ErrorAs(t, err, &stale)
		assert.Equal(t, workflow.Version(3), stale.Current)
		b.do(quang, b.compared(second), "certify_on_paper")
		third, err := b.Do(t.Context(), hoa, act)
		require.NoError(t, err, "the same act is known however far the dossier has come")
		assert.Equal(t, "certified", third.State.ID)
		_, err = b.Do(
			t.Context(),
			lan,
			&desk.Act{Dossier: c.Dossier.ID, Expect: 1, Event: "request", Key: "request" + string(c.Dossier.ID) + "1"},
		)
		require.NoError(t, err)
		d := b.draft("k2")
		changed := strings.Replace(form, "Lan", "Mai", 1)
		again, err := b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: code, Unit: unitA, Form: json.RawMessage(changed), Key: "k2"})
		require.NoError(t, err)
		assert.Equal(t, d.Dossier.ID, again.Dossier.ID, "the page posted again is the same draft")
		assert.Contains(t, string(again.Form), "Mai", "with the answers given last")
		mine, err := b.Mine(t.Context(), lan, &desk.ListQuery{})
		require.NoError(t, err)
		assert.Len(t, mine.Cases, 2)
		b.effects()
		b.clean()
	})
}

func TestAuditNames(t *testing.T) {
	for _, c := range []struct {
		name, change, table string
		recounted           bool // noticed without the seal, too
	}{
		{"form", "UPDATE procedures_dossiers SET doc = replace(doc, 'Lan', 'Len')", "procedures_dossiers", false},
		{"unreadable form", "UPDATE procedures_dossiers SET doc = 'x'", "procedures_dossiers", true},
		{"code", "UPDATE procedures_dossiers SET code = 'H10.12-241115-0007'", "procedures_dossiers", true},
		{"owner", "UPDATE procedures_dossiers SET owner = 'x'", "procedures_dossiers", true},
		{"unit", "UPDATE procedures_dossiers SET unit = 'x'", "procedures_dossiers", true},
		{"look-up code", "UPDATE procedures_dossiers SET lookup_code = 'AAAAAAAA'", "procedures_dossiers", false},
		{"dossier gone", "DELETE FROM procedures_dossiers", "procedures_dossiers", true},
		{"sequence", "UPDATE procedures_sequences SET last = 5", "procedures_sequences", true},
		{"sequence gone", "DELETE FROM procedures_sequences", "procedures_sequences", true},
		{"move's status", "UPDATE procedures_moves SET national = 9 WHERE version = 2", "procedures_moves", true},
		{"move's day", "UPDATE procedures_moves SET day = '2024-11-14' WHERE version = 2", "procedures_moves", true},
		{"move's state", "UPDATE procedures_moves SET state = 'returned' WHERE version = 2", "procedures_moves", true},
		{"move's time", "UPDATE procedures_moves SET at_us = at_us + 1 WHERE version = 2", "procedures_moves", true},
		{"move of no line", "UPDATE procedures_moves SET version = 9 WHERE version = 2", "procedures_moves", true},
		{"move gone", "DELETE FROM procedures_moves WHERE version = 2", "procedures_moves", true},
		{"paper's name", "UPDATE procedures_papers SET name = 'x.pdf'", "procedures_papers", false},
		{"paper's file", "UPDATE procedures_papers SET ref = 'ff'", "procedures_papers", true},
		{"paper's size", "UPDATE procedures_papers SET size = size + 1", "procedures_papers", true},
		{"scan gone", "DELETE FROM procedures_papers WHERE kind = 'scan'", "procedures_papers", true},
		{"slip gone", "DELETE FROM procedures_papers WHERE kind = 'receipt_slip'", "procedures_papers", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, b *bundle) {
				b.compared(b.do(hoa, b.do(lan, b.draft("k"), "request"), "receive"))
				b.effects()
				b.clean()
				b.tamper(c.change)
				problems, err := b.Audit(t.Context())
				require.NoError(t, err)
				require.NotEmpty(t, problems)
				if c.recounted {
					problems = sqltest.Recounted(problems)
				}
				assert.Equal(t, c.table, problems[0].Table, "%v", problems)
			})
		})
	}
}

// tamper does what only the owner of the database can: it drops the triggers.
func (b *bundle) tamper(change string) {
	b.t.Helper()
	drop := []string{"DROP TRIGGER procedures_papers_no_update", "DROP TRIGGER procedures_moves_no_update"}
	if b.db.Dialect == sqlkit.PostgreSQL {
		drop = []string{
			"DROP TRIGGER procedures_papers_no_change ON procedures_papers",
			"DROP TRIGGER procedures_moves_no_change ON procedures_moves",
		}
	}
	require.NoError(b.t, b.db.InTx(b.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, q := range append(drop, change) {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestAssurance(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		low := &identity.Person{ID: "c-low", Kind: identity.Citizen}
		_, err := b.SaveDraft(t.Context(), low, &desk.Draft{Procedure: code, Unit: unitA, Form: json.RawMessage(form), Key: "k"})
		var refused *workflow.RefusedError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "assurance", refused.Reason.Code)
	})
}

// No column of any table can be changed and no row taken away unnoticed.
func TestAuditWatchesEveryColumn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.compared(b.do(hoa, b.do(lan, b.draft("k"), "request"), "receive"))
		b.draft("k2")
		b.effects()
		b.clean()
		sqltest.EachAlteration(t, b.db, []sqltest.Audited{
			{Table: "procedures_dossiers", Key: []string{"dossier_id"}},
			{Table: "procedures_moves", Key: []string{"dossier_id", "version"}},
			{Table: "procedures_papers", Key: []string{"id"}},
			{Table: "procedures_sequences", Key: []string{"agency", "day"}},
		}, b.Audit)
	})
}
