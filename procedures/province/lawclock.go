package province

import (
	"fmt"
	"time"
)

// hanoi is the zone in which the law reckons (+07:00, without daylight saving
// since 1975), whatever the process's own zone is.
var hanoi = time.FixedZone("+07", 7*60*60)

// LawClock is the clock by which events, deadlines, forms and numbers go. It
// ticks like the machine's clock, at a distance that never changes, so that a
// folder opened again goes on where it would have come to.
type LawClock struct {
	machine func() time.Time
	offset  time.Duration
}

// NewLawClock returns a clock at a fixed distance from the machine's.
func NewLawClock(machine func() time.Time, offset time.Duration) *LawClock {
	return &LawClock{machine, offset}
}

// Now returns the law's time in +07:00.
func (c *LawClock) Now() time.Time { return c.machine().Add(c.offset).In(hanoi) }

// ParseDate reads the --date flag: 2024-11-15 means 08:00 of that day in
// +07:00, 2024-11-15T15:01 that minute, with seconds if they are given.
func ParseDate(s string) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02", s, hanoi); err == nil {
		return t.Add(8 * time.Hour), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, hanoi); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("date %q: write 2024-11-15 (08:00 is meant) or 2024-11-15T15:01", s)
}
