package clock

import (
	"time"

	"github.com/motcua/motcua/workflow/calendar"
)

// A stop is a pause in a term counted by days: the days [from, to) are not counted.
type stop struct {
	from, to calendar.Date
	open     bool
}

// workingDays reckons same-day terms and terms in working days.
func (c *count) workingDays(l Ledger, start time.Time, pauses []pause) (time.Time, error) {
	due, err := c.add(calendar.DateOf(start), l.budget())
	if err != nil {
		return time.Time{}, err
	}
	var stops []stop
	for i, p := range pauses {
		if !p.from.Before(closing(due)) { // the term was used up before
			pauses = pauses[:i]
			break
		}
		at, err := c.effective(p.from, 0)
		if err != nil {
			return time.Time{}, err
		}
		s := stop{from: calendar.DateOf(at), open: p.open}
		stops = append(stops, s)
		if p.open {
			return time.Time{}, c.labelWorkingDays(l, start, p.from, stops, pauses)
		}
		s.to = calendar.DateOf(p.resume)
		stops[i] = s
		for d := s.from; d < s.to; {
			day, err := c.s.Next(d)
			if err != nil {
				return time.Time{}, err
			}
			if d = day.Date; d <= s.to {
				if due, err = c.s.Next(due.Date); err != nil {
					return time.Time{}, err
				}
			}
		}
	}
	return closing(due), c.labelWorkingDays(l, start, closing(due), stops, pauses)
}

// labelWorkingDays says of each date from start to end why it counted or not.
func (c *count) labelWorkingDays(l Ledger, start, end time.Time, stops []stop, pauses []pause) error {
	first := true
	return c.label(start, end, pauses, func(day calendar.WorkDay) Interval {
		s := on(stops, day.Date)
		switch {
		case !day.Works():
			return Interval{Reason: day.Reason}
		case s != nil && first && s.from == day.Date && l.Term.Kind != SameDay:
			return Interval{Reason: firstDay}
		case s != nil:
			return Interval{Reason: stoppedDay}
		case first:
			first = false
			if l.Term.Kind != SameDay {
				return Interval{Reason: firstDay}
			}
			return Interval{Counted: true, Amount: 1, Unit: UnitWorkingDay, Reason: sameDay}
		default:
			return Interval{Counted: true, Amount: 1, Unit: UnitWorkingDay, Reason: counted}
		}
	})
}

// dates reckons terms in calendar days and months.
func (c *count) dates(l Ledger, start time.Time, pauses []pause) (time.Time, error) {
	base := calendar.DateOf(start)
	end := base + calendar.Date(l.budget())
	if l.Term.Kind == Months {
		end = base.AddMonths(l.budget())
	}
	n := int(end - base)
	due, err := c.moved(end)
	if err != nil {
		return time.Time{}, err
	}
	var stops []stop
	for i, p := range pauses {
		if !p.from.Before(closing(due)) {
			pauses = pauses[:i]
			break
		}
		s := stop{from: calendar.DateOf(p.from), open: p.open}
		if p.open {
			stops = append(stops, s)
			return time.Time{}, c.labelDates(n, start, p.from, stops, pauses)
		}
		s.to = calendar.DateOf(p.resume)
		reach := s.to
		if s.from <= end { // days were left: they are still to come
			stops = append(stops, s)
			end += s.to - s.from
			reach = end
		}
		if due, err = c.moved(max(reach, due.Date)); err != nil {
			return time.Time{}, err
		}
	}
	return closing(due), c.labelDates(n, start, closing(due), stops, pauses)
}

func (c *count) labelDates(n int, start, end time.Time, stops []stop, pauses []pause) error {
	first := true
	return c.label(start, end, pauses, func(day calendar.WorkDay) Interval {
		s := on(stops, day.Date)
		switch {
		case s != nil && first && s.from == day.Date:
			return Interval{Reason: firstDay}
		case s != nil:
			return Interval{Reason: stoppedDay}
		case first:
			first = false
			return Interval{Reason: firstDay}
		case n > 0:
			n--
			return Interval{Counted: true, Amount: 1, Unit: UnitDay, Reason: counted}
		default:
			return Interval{Reason: endMoved}
		}
	})
}

// moved is d, or the next working day when d is none.
func (c *count) moved(d calendar.Date) (calendar.WorkDay, error) {
	day, err := c.s.Day(d)
	if err != nil || day.Works() {
		return day, err
	}
	return c.s.Next(d)
}

func on(stops []stop, d calendar.Date) *stop {
	for i := range stops {
		if s := &stops[i]; s.from <= d && (s.open || d < s.to) {
			return s
		}
	}
	return nil
}
