package province

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Forged notices: a sender may have ten at once and one more every ten seconds;
// beyond that it is not listened to for a while.
const (
	forgedBurst = 10
	forgedEvery = 10 * time.Second
	maxSenders  = 10_000
)

// Notices limits senders of forged gateway notices, by their address. Genuine
// notices cost nothing. It is safe for concurrent use.
type Notices struct {
	now     func() time.Time
	mu      sync.Mutex
	senders map[string]*rate.Limiter
}

// NewNotices returns a guard that runs by the protocol's clock.
func NewNotices(s *Setup) *Notices {
	return &Notices{now: s.Machine, senders: map[string]*rate.Limiter{}}
}

func sender(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Forged counts a notice that did not verify; it is payment.Options.OnForged.
func (n *Notices) Forged(_ string, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.senders[sender(r)]
	if l == nil {
		if len(n.senders) >= maxSenders { // a flood of addresses: begin to count anew
			n.senders = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(rate.Every(forgedEvery), forgedBurst)
		n.senders[sender(r)] = l
	}
	l.AllowN(n.now(), 1)
}

// Guard answers 429 to senders who have forged too much.
func (n *Notices) Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		l := n.senders[sender(r)]
		blocked := l != nil && l.TokensAt(n.now()) < 1
		n.mu.Unlock()
		if blocked {
			w.Header().Set("Retry-After", "60")
			http.Error(w, "too many notices that did not verify", http.StatusTooManyRequests)
			return
		}
		h.ServeHTTP(w, r)
	})
}
