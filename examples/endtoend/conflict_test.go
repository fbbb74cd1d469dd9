package endtoend

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// together sends requests at the same moment and returns the answers in order.
func together(b []*browser, requests []*http.Request) []*answer {
	out := make([]*answer, len(requests))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			<-start
			out[i] = b[i].do(requests[i])
		})
	}
	close(start)
	wg.Wait()
	return out
}

// TestTwoClientsOneVersion has two clients post the same form for one version:
// one wins, the other is told which version there is now.
func TestTwoClientsOneVersion(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) []string{
		"sqlite":   func(testing.TB) []string { return nil },
		"postgres": func(t testing.TB) []string { return []string{"--database", sqltest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openCounter(t, database(t)...)
			id := c.file()
			second := signIn(t, c.srv.url, "official", c.reception.name)
			two := []*browser{c.reception, second}
			pages := []*answer{two[0].get(official(id)), two[1].get(official(id))}
			version := pages[0].main("data-version")
			require.Equal(t, version, pages[1].main("data-version"))
			forms := []*form{pages[0].form("receive"), pages[1].form("receive")}
			answers := together(two, []*http.Request{two[0].request(forms[0]), two[1].request(forms[1])})
			loser := 1
			if answers[0].status == http.StatusConflict {
				loser = 0
			}
			won, lost := answers[1-loser], answers[loser]
			assert.Equal(t, http.StatusOK, won.status, won.text())
			assert.Equal(t, "received", won.main("data-state"))
			assert.Equal(t, http.StatusConflict, lost.status, lost.text())
			now := won.main("data-version")
			assert.NotEqual(t, version, now)
			assert.Contains(t, lost.text(), "phiên bản "+now, "the page names the version that counts")

			late := two[loser].post(forms[loser])
			assert.Equal(t, http.StatusConflict, late.status, "later too")
			assert.Contains(t, late.text(), "phiên bản "+now)
			assert.Equal(t, now, two[0].get(official(id)).main("data-version"), "it moved once")

			// The same form with the same key, twice at once and once more: it is done once.
			c.take(c.reception, id, "ask_supplement", "reason", "Thiếu trang 2")
			f := c.citizen.get(mine(id)).form("supply")
			before := c.citizen.get(mine(id)).main("data-version")
			answers = together([]*browser{c.citizen, c.citizen}, []*http.Request{c.citizen.request(f), c.citizen.request(f)})
			assert.True(t, slices.ContainsFunc(answers, func(p *answer) bool { return p.status == http.StatusOK }), answers[0].text())
			assert.Equal(t, http.StatusOK, c.citizen.post(f).status)
			after := c.citizen.get(mine(id))
			assert.Equal(t, "supplied", after.main("data-state"))
			assert.Equal(t, atoi(t, before)+1, atoi(t, after.main("data-version")))
			c.close()
		})
	}
}
