package clock

import (
	"time"

	"github.com/motcua/motcua/workflow/calendar"
)

// workingTime reckons terms in working hours: budget minutes of the unit's hours from start, less pauses.
func (c *count) workingTime(budget int, start time.Time, pauses []pause) (time.Time, error) {
	at := start
	for {
		opens, closes, err := c.span(at)
		if err != nil {
			return time.Time{}, err
		}
		end := earlier(closes, opens.Add(time.Duration(budget)*time.Minute))
		var p *pause
		if len(pauses) > 0 && pauses[0].from.Before(end) {
			p = &pauses[0]
			end = p.from
			pauses = pauses[1:]
		}
		if err := c.idle(at, earlier(opens, end)); err != nil {
			return time.Time{}, err
		}
		if opens.Before(end) {
			n := int(end.Sub(opens) / time.Minute)
			budget -= n
			c.emit(Interval{From: opens, To: end, Counted: true, Amount: n, Unit: UnitMinute, Reason: counted})
		}
		if at = end; budget == 0 {
			return at, nil
		}
		if p == nil {
			continue
		}
		if p.open {
			c.emit(Interval{From: at, Reason: p.reason})
			return time.Time{}, nil
		}
		c.emit(Interval{From: at, To: p.until, Reason: p.reason})
		at = p.resume
		if err := c.late(p.until, at); err != nil {
			return time.Time{}, err
		}
	}
}

// span is the stretch of working hours which at lies in, from at on, or the next one.
func (c *count) span(at time.Time) (opens, closes time.Time, err error) {
	if opens, err = c.effective(at, 0); err != nil {
		return opens, closes, err
	}
	d := calendar.DateOf(opens)
	day, err := c.s.Day(d)
	for _, s := range day.Spans {
		if m := calendar.MinuteOf(opens); s.From <= m && m < s.To {
			closes = d.At(s.To)
		}
	}
	return opens, closes, err
}

// idle lays out the time between working hours.
func (c *count) idle(from, to time.Time) error {
	for at := from; at.Before(to); {
		d := calendar.DateOf(at)
		day, err := c.s.Day(d)
		if err != nil {
			return err
		}
		reason := day.Reason
		if day.Works() {
			reason = outsideHours
		}
		at = c.emit(Interval{From: at, To: earlier((d + 1).Time(), to), Reason: reason})
	}
	return nil
}

// late lays out the time between a supplement and the moment it counts from.
func (c *count) late(from, to time.Time) error {
	d := calendar.DateOf(from)
	if day, err := c.s.Day(d); err != nil || !day.Works() {
		return c.idle(from, to)
	}
	next := earlier((d + 1).Time(), to)
	if from.Before(next) {
		c.emit(Interval{From: from, To: next, Reason: resumedLate})
	}
	return c.idle(next, to)
}
