package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

func (b *bundle) fill(t *testing.T) {
	t.Helper()
	for i := 1; i <= 3; i++ {
		_, err := b.people.SignIn(ctx, signIn(t, fmt.Sprint("u", i), fmt.Sprintf("07020500000%d", i), fmt.Sprint("Người ", i)))
		require.NoError(t, err)
		for _, who := range []string{"cb-1", "cb-2"} {
			o := opening(who, "H10.12", "c-1", fmt.Sprint("r", i))
			o.ID = fmt.Sprint(who, "/", i)
			_, err = b.journal.Record(ctx, o)
			require.NoError(t, err)
		}
	}
}

func TestAuditFindsNothingWrong(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		problems, err := b.people.Audit(ctx)
		require.NoError(t, err)
		assert.Empty(t, problems, "empty tables")
		b.fill(t)
		problems, err = b.people.Audit(ctx)
		require.NoError(t, err)
		assert.Empty(t, problems)
	})
}

// Each table the audit recounts, altered by hand in each way: it names table and row.
func TestAuditNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, statement, table, row string }{
		{"a level", `UPDATE identity_people SET assurance = 9 WHERE no = $1`, "identity_people", ""},
		{"a sight", `UPDATE identity_people SET seen_us = seen_us + 1 WHERE no = $1`, "identity_people", ""},
		{"a kind", `UPDATE identity_people SET kind = 'official' WHERE no = $1`, "identity_people", ""},
		{"an erased citizen id", `UPDATE identity_people SET citizen_sealed = NULL WHERE no = $1`, "identity_people", ""},
		{"a name of another", `UPDATE identity_people SET name_sealed = (SELECT name_sealed FROM identity_people WHERE no = 1) WHERE no = $1`,
			"identity_people", ""},
		{"an account of another", `UPDATE identity_accounts SET person = (SELECT id FROM identity_people WHERE no = 1) WHERE no = $1`,
			"identity_accounts", "no 2"},
		{"an account's day", `UPDATE identity_accounts SET first_us = 0 WHERE no = $1`, "identity_accounts", "no 2"},
		{"an account gone", `DELETE FROM identity_accounts WHERE no = $1`, "identity_accounts", "no 2"},
		{"the last account gone", `DELETE FROM identity_accounts WHERE no = $1 + 1`, "identity_accounts", "no 3"},
		{"a head's count", `UPDATE identity_heads SET n = n + 1 WHERE name = 'people' AND n > $1`, "identity_heads", "people"},
		{"a head gone", `DELETE FROM identity_heads WHERE name = 'accounts' AND n > $1`, "identity_heads", "accounts"},
		{"a purpose", `UPDATE identity_openings SET purpose = 'x' WHERE who = 'cb-1' AND n = $1`, "identity_openings", "cb-1/2"},
		{"a time", `UPDATE identity_openings SET at_us = at_us - 1 WHERE who = 'cb-1' AND n = $1`, "identity_openings", "cb-1/2"},
		{"another reader", `UPDATE identity_openings SET who = 'cb-3' WHERE who = 'cb-1' AND n = $1`, "identity_openings", ""},
		{"an opening gone", `DELETE FROM identity_openings WHERE who = 'cb-1' AND n = $1`, "identity_openings", "no 2"},
		{"the last opening gone", `DELETE FROM identity_openings WHERE who = 'cb-1' AND n = $1 + 1`, "identity_openings", "no 3"},
		{"all of one person gone", `DELETE FROM identity_openings WHERE who = 'cb-1' AND n < $1 * 10`, "identity_openings", "who cb-1"},
	}
	each(t, func(t *testing.T, b *bundle) {
		b.fill(t)
		b.unlock(t)
		b.keep(t)
		for _, c := range cases {
			row := c.row
			if row == "" && c.table == "identity_people" {
				require.NoError(t, b.db.Read.QueryRowContext(ctx, `SELECT id FROM identity_people WHERE no = 2`).Scan(&row))
			}
			b.exec(t, c.statement, 2)
			problems, err := b.people.Audit(ctx)
			require.NoError(t, err)
			named := false
			for _, p := range problems {
				named = named || p.Table == c.table && (row == "" || p.Row == row)
				assert.NotEmpty(t, p.Problem)
			}
			assert.True(t, named, "%s: %v", c.name, problems)
			b.restore(t)
			problems, err = b.people.Audit(ctx)
			require.NoError(t, err)
			require.Empty(t, problems, c.name)
		}
	})
}

// audited are the tables the audit recounts, in an order in which rows can be put in.
var audited = []string{"identity_people", "identity_accounts", "identity_heads", "identity_openings"}

// keep copies the tables, restore brings the copies back.
func (b *bundle) keep(t *testing.T) {
	t.Helper()
	for _, table := range audited {
		b.exec(t, `CREATE TABLE kept_`+table+` AS SELECT * FROM `+table)
	}
}

func (b *bundle) restore(t *testing.T) {
	t.Helper()
	for _, table := range slices.Backward(audited) { // a row goes before what it refers to
		b.exec(t, `DELETE FROM `+table)
	}
	for _, table := range audited {
		b.exec(t, `INSERT INTO `+table+` SELECT * FROM kept_`+table)
	}
}

// SQLite keeps a text in a column of numbers; the audit names the row it cannot
// read and goes on.
func TestAuditNamesUnreadableTables(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		if b.db.Dialect != sqlkit.SQLite {
			return // PostgreSQL refuses such a value
		}
		b.fill(t)
		b.unlock(t)
		b.keep(t)
		for table, column := range map[string]string{
			"identity_people": "first_us", "identity_accounts": "first_us", "identity_heads": "n", "identity_openings": "at_us",
		} {
			b.exec(t, `UPDATE `+table+` SET `+column+` = $1`, "soon")
			problems, err := b.people.Audit(ctx)
			require.NoError(t, err)
			assert.Contains(t, fmt.Sprint(problems), table+" ")
			assert.Contains(t, fmt.Sprint(problems), ": it holds what cannot be read")
			b.restore(t)
		}
	})
}

// A person cannot vanish with accounts, and a row copied in is seen.
func TestAuditNamesForgedRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		b.fill(t)
		b.exec(t, `DELETE FROM identity_accounts WHERE no = $1`, 3)
		b.exec(t, `DELETE FROM identity_people WHERE no = $1`, 3)
		b.exec(t, `INSERT INTO identity_openings (id, who, n, unit, about, what, ref, purpose, at_us, prev, mark)
			SELECT 'forged', who, 4, unit, about, what, ref, purpose, at_us, mark, mark FROM identity_openings WHERE id = $1`, "cb-2/3")
		problems, err := b.people.Audit(ctx)
		require.NoError(t, err)
		text := fmt.Sprint(problems)
		assert.Contains(t, text, "identity_people no 3: the row is missing")
		assert.Contains(t, text, "identity_openings forged: the mark does not fit the row")
		assert.Contains(t, text, "identity_heads openings/cb-2")
	})
}

// No column of any table can be changed and no row taken away unnoticed.
func TestAuditWatchesEveryColumn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		b.fill(t)
		sqltest.EachAlteration(t, b.db, []sqltest.Audited{
			{Table: "identity_people", Key: []string{"id"}},
			{Table: "identity_accounts", Key: []string{"subject_hash", "person"}},
			{Table: "identity_openings", Key: []string{"id"}},
			{Table: "identity_heads", Key: []string{"name"}},
		}, b.people.Audit)
	})
}
