package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var ctx = context.Background()

type ctxType = context.Context

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type bundle struct {
	db      *sqlkit.DB
	clock   *clock
	vault   *identity.Vault
	people  *identity.People
	journal *identity.Journal
}

// each runs fn on fresh databases of both kinds.
func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Helper()
	sqltest.Each(t, []sqlkit.Migrations{identity.Migrations()}, func(t *testing.T, db *sqlkit.DB) {
		t.Parallel()
		fn(t, newBundle(t, db))
	})
}

func newBundle(t *testing.T, db *sqlkit.DB) *bundle {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)}
	v, err := identity.NewVault(identity.NewVaultKeys())
	require.NoError(t, err)
	j := identity.NewJournal(db, v, &identity.JournalOptions{Now: c.Now})
	p := identity.NewPeople(db, v, j, &identity.PeopleOptions{Now: c.Now})
	return &bundle{db: db, clock: c, vault: v, people: p, journal: j}
}

func (b *bundle) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := b.db.Write.ExecContext(ctx, b.db.Dialect.SQL(query), args...)
	require.NoError(t, err)
}

// unlock takes the triggers away that keep the journal append-only.
func (b *bundle) unlock(t *testing.T) {
	t.Helper()
	if b.db.Dialect == sqlkit.PostgreSQL {
		b.exec(t, `DROP TRIGGER identity_openings_no_change ON identity_openings`)
		return
	}
	b.exec(t, `DROP TRIGGER identity_openings_no_update`)
	b.exec(t, `DROP TRIGGER identity_openings_no_delete`)
}

func (b *bundle) count(t *testing.T, table string) (n int) {
	t.Helper()
	require.NoError(t, b.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

func cid(t *testing.T, s string) identity.CitizenID {
	t.Helper()
	id, err := identity.ParseCitizenID(s)
	require.NoError(t, err)
	return id
}

// dump returns everything in a table as text, to look for what must not be there.
func (b *bundle) dump(t *testing.T, table string) string {
	t.Helper()
	rows, err := b.db.Read.QueryContext(ctx, `SELECT * FROM `+table)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	cols, err := rows.Columns()
	require.NoError(t, err)
	var out strings.Builder
	for rows.Next() {
		vals := make([]any, len(cols))
		for i := range vals {
			vals[i] = new([]byte)
		}
		require.NoError(t, rows.Scan(vals...))
		for _, v := range vals {
			out.Write(*v.(*[]byte))
			out.WriteByte('|')
		}
	}
	require.NoError(t, rows.Err())
	return out.String()
}
