package province

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestForgersAreNotListenedTo(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	n := NewNotices(&Setup{Machine: func() time.Time { return now }})
	h := n.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	from := func(addr string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/x", nil)
		r.RemoteAddr = addr
		return r
	}
	ask := func(addr string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, from(addr))
		return w.Code
	}
	for range 100 {
		assert.Equal(t, http.StatusNoContent, ask("192.0.2.1:1"), "genuine notices cost nothing")
	}
	for range forgedBurst {
		assert.Equal(t, http.StatusNoContent, ask("192.0.2.1:1"))
		n.Forged("vnpay", from("192.0.2.1:2"))
	}
	assert.Equal(t, http.StatusTooManyRequests, ask("192.0.2.1:3"))
	assert.Equal(t, http.StatusNoContent, ask("192.0.2.9:3"), "others are heard")
	now = now.Add(forgedEvery)
	assert.Equal(t, http.StatusNoContent, ask("192.0.2.1:3"))
	for i := range maxSenders + 5 {
		n.Forged("vnpay", from(string(rune('a'+i%26))+time.Duration(i).String()))
	}
	assert.LessOrEqual(t, len(n.senders), maxSenders)
}
