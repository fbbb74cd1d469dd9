package portal

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limit allows Burst requests at once and one more every Every. The zero Limit
// means the default, a negative Burst no limit.
type Limit struct {
	Every time.Duration
	Burst int
}

// Limits bound the pages that guess or cost.
type Limits struct {
	// LookUp counts look-ups of one address; default 10, then one in 6 s.
	LookUp Limit
	// LookUpCode counts look-ups of one dossier code, from wherever; default 20,
	// then one in 30 s.
	LookUpCode Limit
	// Upload counts scans of one official; default 30, then one in 2 s.
	Upload Limit
	// Verify counts files one address has checked; default 10, then one in 6 s.
	Verify Limit
}

type limits struct{ lookUp, lookUpCode, upload, verify *limiter }

func newLimits(l Limits, now func() time.Time) limits {
	make1 := func(given, def Limit) *limiter {
		if given == (Limit{}) {
			given = def
		}
		return &limiter{now: now, limit: given, each: map[string]*counted{}}
	}
	return limits{
		lookUp:     make1(l.LookUp, Limit{6 * time.Second, 10}),
		lookUpCode: make1(l.LookUpCode, Limit{30 * time.Second, 20}),
		upload:     make1(l.Upload, Limit{2 * time.Second, 30}),
		verify:     make1(l.Verify, Limit{6 * time.Second, 10}),
	}
}

// maxCounted bounds how many keys a limiter remembers.
const maxCounted = 20_000

// limiter keeps a bucket for each key. Buckets that have filled up again are as
// good as forgotten, and are.
type limiter struct {
	now   func() time.Time
	limit Limit
	mu    sync.Mutex
	each  map[string]*counted
}

type counted struct {
	bucket *rate.Limiter
	last   time.Time
}

// allow takes a token for key. When there is none it says how long to wait.
func (l *limiter) allow(key string) (wait time.Duration, ok bool) {
	if l.limit.Burst < 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	c := l.each[key]
	if c == nil {
		if len(l.each) >= maxCounted {
			l.forget(now)
		}
		c = &counted{bucket: rate.NewLimiter(rate.Every(l.limit.Every), l.limit.Burst)}
		l.each[key] = c
	}
	c.last = now
	if c.bucket.AllowN(now, 1) {
		return 0, true
	}
	return l.limit.Every, false
}

// forget drops full buckets, and if none is full some other.
func (l *limiter) forget(now time.Time) {
	full := time.Duration(l.limit.Burst) * l.limit.Every
	for key, c := range l.each {
		if now.Sub(c.last) >= full {
			delete(l.each, key)
		}
	}
	for key := range l.each {
		if len(l.each) < maxCounted {
			return
		}
		delete(l.each, key)
	}
}
