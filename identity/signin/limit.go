package signin

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of one address.
const (
	perSecond = 20
	burst     = 200
	// maxAddresses bounds the memory; the oldest half goes when it is reached.
	maxAddresses = 20_000
)

// limiter limits by the address of the connection. Behind a proxy that is the
// proxy's: such a server gives Options.Allow a function that knows its proxies.
type limiter struct {
	now func() time.Time

	mu       sync.Mutex
	fresh    map[string]*rate.Limiter
	previous map[string]*rate.Limiter
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, fresh: map[string]*rate.Limiter{}}
}

func (l *limiter) allow(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lim := l.fresh[host]
	if lim == nil {
		if lim = l.previous[host]; lim == nil {
			lim = rate.NewLimiter(perSecond, burst)
		}
		if len(l.fresh) >= maxAddresses/2 {
			l.fresh, l.previous = map[string]*rate.Limiter{}, l.fresh
		}
		l.fresh[host] = lim
	}
	return lim.AllowN(l.now(), 1)
}
