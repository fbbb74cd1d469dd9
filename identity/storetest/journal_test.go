package storetest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
)

func opening(who, unit, about, ref string) *identity.Opening {
	return &identity.Opening{Who: who, Unit: unit, About: about, What: identity.OpenedPaper, Ref: ref, Purpose: "thẩm định hồ sơ"}
}

func TestJournalIsAppendOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		_, err := b.journal.Record(ctx, opening("cb-1", "H10.12", "c-1", "r1"))
		require.NoError(t, err)
		for _, q := range []string{`UPDATE identity_openings SET purpose = $1`, `DELETE FROM identity_openings WHERE ref <> $1`} {
			_, err := b.db.Write.ExecContext(ctx, b.db.Dialect.SQL(q), "x")
			require.ErrorContains(t, err, "append-only")
		}
	})
}

func TestRecordIsIdempotent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		o := opening("cb-1", "H10.12", "c-1", "r1")
		o.ID = "fixed"
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				id, err := b.journal.Record(ctx, o)
				assert.NoError(t, err)
				assert.Equal(t, "fixed", id)
			})
		}
		wg.Wait()
		assert.Equal(t, 1, b.count(t, "identity_openings"))
		other := opening("cb-2", "H10.12", "c-1", "r1")
		other.ID = "fixed"
		_, err := b.journal.Record(ctx, other)
		require.ErrorIs(t, err, identity.ErrConflict)
		problems, err := b.people.Audit(ctx)
		require.NoError(t, err)
		assert.Empty(t, problems)
	})
}

func TestRecordRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		for name, change := range map[string]func(*identity.Opening){
			"no who":                  func(o *identity.Opening) { o.Who = "" },
			"no ref":                  func(o *identity.Opening) { o.Ref = "" },
			"no kind":                 func(o *identity.Opening) { o.What = "" },
			"no purpose":              func(o *identity.Opening) { o.Purpose = "" },
			"long purpose":            func(o *identity.Opening) { o.Purpose = strings.Repeat("đ", 501) },
			"citizen id in a purpose": func(o *identity.Opening) { o.Purpose = "tra cứu 070205000001" },
			"long reference":          func(o *identity.Opening) { o.Ref = strings.Repeat("r", 300) },
		} {
			o := opening("cb-1", "H10.12", "c-1", "r1")
			change(o)
			_, err := b.journal.Record(ctx, o)
			require.ErrorIs(t, err, identity.ErrInvalid, name)
		}
		assert.Zero(t, b.count(t, "identity_openings"))
	})
}

func TestListByScopeAndPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		for i := range 25 {
			unit, about := "H10.12", "c-1"
			if i%5 == 0 {
				unit, about = "H10.13", "c-2"
			}
			_, err := b.journal.Record(ctx, opening(fmt.Sprint("cb-", i%3), unit, about, fmt.Sprint("r", i)))
			require.NoError(t, err)
			if i%2 == 0 { // several share a moment
				b.clock.Add(time.Second)
			}
		}
		all := identity.Scope{Everything: true}
		var seen []string
		q := &identity.OpeningQuery{Limit: 7}
		for {
			page, err := b.journal.List(ctx, all, q)
			require.NoError(t, err)
			for i, o := range page.Openings {
				seen = append(seen, o.ID)
				if i > 0 {
					assert.False(t, o.At.After(page.Openings[i-1].At), "newest first")
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		assert.Len(t, seen, 25)
		assert.Len(t, unique(seen), 25, "no opening twice")
		count := func(s identity.Scope, q identity.OpeningQuery) int {
			q.Limit = 200
			page, err := b.journal.List(ctx, s, &q)
			require.NoError(t, err)
			return len(page.Openings)
		}
		none := identity.OpeningQuery{}
		assert.Equal(t, 0, count(identity.Scope{}, none))
		assert.Equal(t, 5, count(identity.Scope{Person: "auditor", Units: []string{"H10.13"}}, none))
		assert.Equal(t, 25, count(identity.Scope{Person: "auditor", Units: []string{"H10.12", "H10.13"}}, none))
		assert.Equal(t, 20, count(identity.Scope{Person: "c-1"}, none), "a person sees who opened their papers")
		assert.Equal(t, 0, count(identity.Scope{Person: "cb-0"}, none))
		assert.Equal(t, 9, count(all, identity.OpeningQuery{Who: "cb-0"}))
		assert.Equal(t, 1, count(all, identity.OpeningQuery{Ref: "r3"}))
		assert.Equal(t, 5, count(all, identity.OpeningQuery{About: "c-2"}))
		start := time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)
		assert.Equal(t, 1, count(all, identity.OpeningQuery{To: start.Add(time.Second)}))
		assert.Equal(t, 24, count(all, identity.OpeningQuery{From: start.Add(time.Second)}))
		for _, bad := range []identity.OpeningQuery{{Limit: 201}, {Limit: -1}, {After: "x"}, {After: "eA"}, {After: "!"},
			{After: "MTIz"}, // "123"
			{After: base64.RawURLEncoding.EncodeToString([]byte("1 " + strings.Repeat("x", 600)))},
		} {
			_, err := b.journal.List(ctx, all, &bad)
			require.ErrorIs(t, err, identity.ErrInvalid)
		}
	})
}

func unique(in []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range in {
		out[s] = true
	}
	return out
}
