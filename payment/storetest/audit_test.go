package storetest

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// lived is a database in which everything has happened once.
func lived(b *bench) {
	settled := b.create("k1")
	a := b.attempt(settled, "bank", "a1")
	b.refuse(func(context.Context, *sql.Tx, payment.Settled) error { return errors.New("no") })
	require.Equal(b.t, accepted, b.tell("bank", b.report(a)))
	b.refuse(nil)
	short := b.create("k2")
	r := b.report(b.attempt(short, "bank", "a2"))
	r.Amount--
	require.Equal(b.t, wrongAmount, b.tell("bank", r))
	cancelled := b.create("k3")
	_, err := b.s.Cancel(b.t.Context(), &payment.CancelRequest{Charge: cancelled.ID, Scope: all, Actor: "p1", Reason: "rút"})
	require.NoError(b.t, err)
	_, err = b.s.ReceiveCash(b.t.Context(), &payment.CashRequest{
		Key: "c1", Charge: b.create("k4").ID, Scope: all, Amount: 20_000, Cashier: "o1", Till: "q1",
	})
	require.NoError(b.t, err)
	b.create("k5")
}

// TestAuditNamesWhatWasAltered alters each table by hand, with the triggers off,
// as somebody with the database's password would.
func TestAuditNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range []struct{ table, statement string }{
		{"payment_charges", "UPDATE payment_charges SET total = 30000 WHERE state = 'due'"},
		{"payment_charges", "UPDATE payment_charges SET payer = 'p9' WHERE state = 'settled'"},
		{"payment_charges", "UPDATE payment_charges SET payer_name = 'X' WHERE state = 'settled'"},
		{"payment_charges", "UPDATE payment_charges SET subject = 'dossier-2' WHERE state = 'due'"},
		{"payment_charges", "UPDATE payment_charges SET state = 'cancelled' WHERE state = 'due'"},
		{"payment_charges", "UPDATE payment_charges SET state = 'due' WHERE state = 'cancelled'"},
		{"payment_charges", "UPDATE payment_charges SET settled_by = 'x' WHERE state = 'settled'"},
		{"payment_charges", "UPDATE payment_charges SET settled_us = 0 WHERE state = 'settled'"},
		{"payment_charges", "UPDATE payment_charges SET reason = '' WHERE state = 'cancelled'"},
		{"payment_charges", "UPDATE payment_charges SET digest = 'x' WHERE state = 'due'"},
		{"payment_fee_lines", "UPDATE payment_fee_lines SET amount = amount + 1 WHERE line_no = 2"},
		{"payment_fee_lines", "DELETE FROM payment_fee_lines WHERE line_no = 1"},
		{"payment_charges", "UPDATE payment_fee_lines SET name = 'X' WHERE line_no = 1"},
		{"payment_fee_lines", "DELETE FROM payment_charges WHERE state = 'cancelled'"},
		{"payment_attempts", "UPDATE payment_attempts SET state = 'failed' WHERE state = 'paid'"},
		{"payment_attempts", "UPDATE payment_attempts SET amount = 1 WHERE state = 'held'"},
		{"payment_attempts", "UPDATE payment_attempts SET ref = 'X' WHERE state = 'held'"},
		{"payment_attempts", "UPDATE payment_attempts SET paid_us = 0 WHERE state = 'paid'"},
		{"payment_attempts", "UPDATE payment_attempts SET charge_id = 'X' WHERE state = 'held'"},
		{"payment_events", "DELETE FROM payment_events WHERE event = 'settled'"},
		{"payment_events", "DELETE FROM payment_events WHERE event = 'started'"},
		{"payment_events", "UPDATE payment_events SET to_state = 'failed' WHERE event = 'mismatched'"},
		{"payment_postings", "UPDATE payment_postings SET amount = amount + 1 WHERE line_no = 1"},
		{"payment_postings", "UPDATE payment_postings SET account = 'suspense' WHERE account = 'revenue:phi:chung_thuc'"},
		{"payment_postings", "UPDATE payment_postings SET account = 'gateway:polls' WHERE account = 'gateway:bank' AND amount = 20000"},
		{"payment_postings", "DELETE FROM payment_postings WHERE charge_id IN (SELECT id FROM payment_charges WHERE state = 'settled')"},
		{"payment_postings", "INSERT INTO payment_postings VALUES ('x:1', 1, '', '', 'a', 0, 1)"},
		{"payment_exceptions", "UPDATE payment_exceptions SET amount = 1 WHERE kind = 'amount_mismatch'"},
		{"payment_exceptions", "UPDATE payment_exceptions SET resolved_us = 1"},
		{"payment_exceptions", "UPDATE payment_exceptions SET kind = 'nothing'"},
		{"payment_exceptions", "UPDATE payment_exceptions SET charge_id = 'X'"},
		{"payment_exceptions", "UPDATE payment_exceptions SET unit = 'X'"},
		{"payment_postings", "DELETE FROM payment_exceptions WHERE kind = 'amount_mismatch'"},
		{"payment_receipts", "UPDATE payment_receipts SET amount = amount + 1 WHERE kind = 'phi'"},
		{"payment_receipts", "UPDATE payment_receipts SET payer_name = 'X' WHERE kind = 'phi'"},
		{"payment_receipts", "UPDATE payment_receipts SET number = 7 WHERE number = 2 AND kind = 'phi'"},
		{"payment_receipts", "DELETE FROM payment_receipts WHERE kind = 'le_phi' AND number = 1"},
		{"payment_receipts", "DELETE FROM payment_receipts WHERE kind = 'le_phi' AND number = 2"},
		{"payment_sequences", "UPDATE payment_sequences SET last = last + 1"},
		{"payment_sequences", "DELETE FROM payment_sequences"},
		{"payment_notices", "UPDATE payment_notices SET verdict = 5"},
		{"payment_notices", "UPDATE payment_notices SET attempt_id = 'X'"},
		{"payment_notices", "UPDATE payment_notices SET gateway = 'polls'"},
		{"payment_notices", "UPDATE payment_notices SET digest = 'x' WHERE verdict = 1"},
		{"payment_notices", "UPDATE payment_notices SET source = 'rumour'"},
		{"payment_keys", "UPDATE payment_keys SET result = 'X' WHERE key = 'create:k1'"},
		{"payment_keys", "UPDATE payment_keys SET digest = 'x'"},
		{"payment_keys", "UPDATE payment_keys SET key = 'x' WHERE key = 'create:k1'"},
		{"payment_keys", "UPDATE payment_keys SET result = (SELECT result FROM payment_keys WHERE key = 'attempt:a1') WHERE key = 'cash:c1'"},
		{"payment_keys", "UPDATE payment_keys SET key = 'attempt:c1' WHERE key = 'cash:c1'"},
		{"payment_outbox", "UPDATE payment_outbox SET topic = 'x' WHERE topic = 'payment.settled'"},
		{"payment_outbox", "UPDATE payment_outbox SET payload = '{}' WHERE topic = 'payment.settled'"},
		{"payment_outbox", "UPDATE payment_outbox SET id = 'x' WHERE topic = 'payment.exception' AND at_us =" +
			" (SELECT min(at_us) FROM payment_outbox) AND id = (SELECT min(id) FROM payment_outbox WHERE topic = 'payment.exception')"},
	} {
		// The recounting is the same code on both databases: PostgreSQL sees one
		// alteration of each table, SQLite all of them.
		run := each
		if seen[c.table] {
			run = onSQLite
		}
		seen[c.table] = true
		t.Run(c.statement, func(t *testing.T) {
			t.Parallel()
			run(t, func(b *bench) {
				lived(b)
				b.sound()
				triggersOff(b)
				_, err := b.db.Write.ExecContext(b.t.Context(), c.statement)
				require.NoError(b.t, err)
				ps, err := b.s.Audit(b.t.Context())
				require.NoError(b.t, err)
				var tables []string
				for _, p := range sqltest.Recounted(ps) {
					tables = append(tables, p.Table)
					assert.NotEmpty(b.t, p.Row)
					assert.NotContains(b.t, p.String(), "Nguyễn", "no personal data")
				}
				assert.Contains(b.t, tables, c.table)
			})
		})
	}
}

// A problem tells the event as it is kept: from where, to where, and after what.
func TestAuditTellsTheEvent(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(b *bench) {
		lived(b)
		triggersOff(b)
		_, err := b.db.Write.ExecContext(b.t.Context(), "UPDATE payment_events SET to_state = 'failed' WHERE event = 'mismatched'")
		require.NoError(b.t, err)
		ps, err := b.s.Audit(b.t.Context())
		require.NoError(b.t, err)
		var told []string
		for _, p := range ps {
			told = append(told, p.Problem)
		}
		assert.Contains(b.t, told, "event mismatched from pending to failed cannot follow pending")
	})
}

func triggersOff(b *bench) {
	b.t.Helper()
	for _, table := range []string{"payment_postings", "payment_events", "payment_receipts", "payment_fee_lines"} {
		statements := []string{"ALTER TABLE " + table + " DISABLE TRIGGER ALL"}
		if b.db.Dialect == sqlkit.SQLite {
			statements = []string{"DROP TRIGGER " + table + "_no_update", "DROP TRIGGER " + table + "_no_delete"}
		}
		for _, s := range statements {
			_, err := b.db.Write.ExecContext(b.t.Context(), s)
			require.NoError(b.t, err)
		}
	}
}

func TestAppendOnly(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		lived(b)
		for _, s := range []string{
			"UPDATE payment_postings SET amount = 0", "DELETE FROM payment_postings", "UPDATE payment_events SET actor = ''",
			"DELETE FROM payment_events", "UPDATE payment_receipts SET number = 9", "DELETE FROM payment_receipts",
			"UPDATE payment_fee_lines SET amount = 1", "DELETE FROM payment_fee_lines",
		} {
			_, err := b.db.Write.ExecContext(b.t.Context(), s)
			require.ErrorContains(b.t, err, "append-only", s)
		}
		if b.db.Dialect == sqlkit.PostgreSQL {
			_, err := b.db.Write.ExecContext(b.t.Context(), "TRUNCATE payment_postings")
			require.ErrorContains(b.t, err, "append-only")
		}
		b.sound()
	})
}

func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		lived(b)
		downAndUp(b.t, b.db)
		assert.Zero(b.t, b.count("payment_charges", ""))
		b.create("k1")
		b.sound()
	})
}

// TestAnythingInAnyOrder lets gateways, payers, officials and time act at random
// and checks after each step what must always hold.
func TestAnythingInAnyOrder(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		for seed := range 12 {
			anything(b, uint64(seed))
		}
	})
}

// No column of any table can be changed and no row taken away unnoticed, save
// what polls and replays count.
func TestAuditWatchesEveryColumn(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		lived(b)
		sqltest.EachAlteration(b.t, b.db, []sqltest.Audited{
			{Table: "payment_charges", Key: []string{"id"}, Passing: []string{"seen"}},
			{Table: "payment_fee_lines", Key: []string{"charge_id", "line_no"}},
			{Table: "payment_attempts", Key: []string{"id"}, Passing: []string{"next_poll_us"}},
			{Table: "payment_events", Key: []string{"charge_id", "n"}},
			{Table: "payment_postings", Key: []string{"group_id", "line_no"}},
			{Table: "payment_exceptions", Key: []string{"id"}},
			{Table: "payment_sequences", Key: []string{"agency", "series", "year"}},
			{Table: "payment_receipts", Key: []string{"id"}},
			{Table: "payment_notices", Key: []string{"gateway", "digest"}, Passing: []string{"seen"}},
			{Table: "payment_keys", Key: []string{"key"}, Passing: []string{"seen"}},
			{Table: "payment_outbox", Key: []string{"id"}, Passing: []string{"at_us", "lease", "leased_until_us"}, Erasable: true},
		}, b.s.Audit)
	})
}

// Money that belongs to no charge is sealed with its exception.
func TestAuditWatchesMoneyOfNobody(t *testing.T) {
	t.Parallel()
	each(t, func(b *bench) {
		r := b.report(b.attempt(b.create("k1"), "bank", "a1"))
		r.Ref = "nobody"
		require.Equal(b.t, unknownRef, b.tell("bank", r))
		require.Equal(b.t, []payment.ExceptionKind{payment.UnknownReference}, b.kinds())
		b.sound()
		sqltest.EachAlteration(b.t, b.db, []sqltest.Audited{
			{Table: "payment_exceptions", Key: []string{"id"}},
			{Table: "payment_postings", Key: []string{"group_id", "line_no"}},
		}, b.s.Audit)
	})
}
