package storetest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// recorded returns an error unless the person's openings are in the journal, so that
// a commit that failed unheard is seen.
func (b *bundle) recorded(ctx context.Context, t *testing.T, who string, want int) error {
	page, err := b.journal.List(ctx, everything, &identity.OpeningQuery{Who: who})
	assert.Equal(t, err == nil, page != nil && len(page.Openings) == want)
	return err
}

func (b *bundle) opened(t *testing.T, x fresh) *identity.Opening {
	t.Helper()
	o := opening(x.key, x.key, "c-1", "r")
	o.ID = x.key
	_, err := b.journal.Record(t.Context(), o)
	require.NoError(t, err)
	return o
}

// journalUses are what the access journal can be asked for.
var journalUses = map[string]func(t *testing.T, b *bundle, x fresh) sqltest.Use{
	"record": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		o := opening(x.key, "H10", "c-1", "r")
		o.ID = x.key
		return func(ctx context.Context) error {
			id, err := b.journal.Record(ctx, o)
			if err != nil {
				return err
			}
			assert.Equal(t, x.key, id)
			return b.recorded(ctx, t, x.key, 1)
		}
	},
	"record under an id of its own": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			id, err := b.journal.Record(ctx, opening(x.key, "H10", "c-1", "r"))
			assert.True(t, err != nil || id != "")
			return err
		}
	},
	"record again": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		o := b.opened(t, x)
		return func(ctx context.Context) error {
			if _, err := b.journal.Record(ctx, o); err != nil {
				return err
			}
			return b.recorded(ctx, t, x.key, 1)
		}
	},
	"record under another's id": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		o := *b.opened(t, x)
		o.Who = "cb-other"
		return func(ctx context.Context) error {
			_, err := b.journal.Record(ctx, &o)
			return refusedAs(err, identity.ErrConflict)
		}
	},
	"record in the caller's transaction": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			return b.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				id, err := b.journal.RecordTx(ctx, tx, opening(x.key, "H10", "c-1", "r"))
				assert.True(t, err != nil || id != "")
				return err
			})
		}
	},
	"list": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		b.opened(t, x)
		return func(ctx context.Context) error {
			page, err := b.journal.List(ctx, identity.Scope{Person: "x", Units: []string{x.key}}, nil)
			assert.Equal(t, err == nil, page != nil && len(page.Openings) == 1)
			return err
		}
	},
	"list with filters": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		b.opened(t, x)
		o := opening(x.key, x.key, "c-1", "r")
		_, err := b.journal.Record(t.Context(), o)
		require.NoError(t, err)
		now := b.clock.Now()
		q := identity.OpeningQuery{Who: x.key, About: "c-1", Ref: "r", From: now, To: now.Add(1000), Limit: 1}
		return func(ctx context.Context) error {
			for q.After = ""; ; {
				page, err := b.journal.List(ctx, identity.Scope{Person: "c-1"}, &q)
				assert.Equal(t, err == nil, page != nil && len(page.Openings) == 1)
				if err != nil || page.Next == "" {
					assert.Equal(t, err == nil, q.After != "" && page != nil, "two pages")
					return err
				}
				q.After = page.Next
			}
		}
	},
	"list nothing": func(t *testing.T, b *bundle, x fresh) sqltest.Use {
		return func(ctx context.Context) error {
			page, err := b.journal.List(ctx, everything, &identity.OpeningQuery{Who: x.key})
			assert.Equal(t, err == nil, page != nil && len(page.Openings) == 0)
			return err
		}
	},
}

func TestEveryFaultOfTheJournalIsTold(t *testing.T) {
	t.Parallel()
	sweep(t, journalUses)
}
