package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
)

func TestInbox(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for i := range 25 {
			unit, owner := fmt.Sprint("U", i%3), fmt.Sprint("p-", i%5)
			due := b.now.Add(time.Duration(100-i%7) * time.Hour) // many alike
			set := workflow.Changes{Unit: &unit, Due: &due}
			if i%6 == 0 {
				set.Due = nil
			}
			_, err := b.Start(t.Context(), &workflow.StartCommand{Dossier: workflow.DossierID(fmt.Sprintf("d%02d", i)), Procedure: "1.000001",
				Owner: owner, Actor: citizen, Key: fmt.Sprint(i), Set: set})
			require.NoError(t, err)
		}
		all := func(s workflow.Scope, q workflow.InboxQuery) (ids []string) {
			q.States = []string{"draft", "received", "draft"}
			q.Limit = 4
			last := time.Time{}
			for {
				page, err := b.Inbox(t.Context(), s, &q)
				require.NoError(t, err)
				for _, d := range page.Dossiers {
					due := d.Due
					if due.IsZero() {
						due = time.Unix(1<<40, 0)
					}
					assert.False(t, due.Before(last), "ordered by due date, those without last")
					last = due
					ids = append(ids, string(d.ID))
				}
				if page.Next == "" {
					return ids
				}
				assert.Len(t, page.Dossiers, 4)
				q.After = page.Next
			}
		}
		unique := func(ids []string) int {
			m := map[string]bool{}
			for _, id := range ids {
				m[id] = true
			}
			assert.Len(t, ids, len(m), "no row comes twice")
			return len(m)
		}
		assert.Equal(t, 25, unique(all(workflow.Scope{All: true}, workflow.InboxQuery{})))
		assert.Equal(t, 9, unique(all(workflow.Scope{All: true}, workflow.InboxQuery{Unit: "U0"})))
		assert.Equal(t, 17, unique(all(workflow.Scope{Units: []string{"U0", "U1", "U0"}}, workflow.InboxQuery{})))
		assert.Equal(t, 8, unique(all(workflow.Scope{Units: []string{"U0", "U1"}}, workflow.InboxQuery{Unit: "U1"})))
		assert.Equal(t, 5, unique(all(workflow.Scope{Owner: "p-0"}, workflow.InboxQuery{})))
		assert.Equal(t, 12, unique(all(workflow.Scope{Owner: "p-0", Units: []string{"U0"}}, workflow.InboxQuery{})), "5 + 9 - 2 of both")
		assert.Empty(t, all(workflow.Scope{}, workflow.InboxQuery{}), "the zero scope sees nothing")
		assert.Empty(t, all(workflow.Scope{Units: []string{"U0"}}, workflow.InboxQuery{Unit: "U1"}))
		assert.Equal(t, 2, unique(all(workflow.Scope{All: true}, workflow.InboxQuery{DueBefore: b.now.Add(95 * time.Hour)})),
			"13 and 20; 6 has no date")
		for _, q := range []workflow.InboxQuery{{}, {States: []string{"draft"}, Limit: 201}, {States: []string{"draft"}, After: "?"}} {
			_, err := b.Inbox(t.Context(), everyone, &q)
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
	})
}
