package calendar

import "time"

// A Schedule is a unit's working time: the calendar of dates joined with the unit's hours. It is immutable
// and may be used concurrently.
type Schedule struct {
	cal   *Calendar
	hours *Hours
}

// A WorkDay is a date as one unit works it.
type WorkDay struct {
	Day

	// Spans are the hours that count towards terms, none on a day off. Reception are the hours of a day
	// on which the counter is open and no term runs. Neither may be modified.
	Spans     []Span
	Reception []Span
}

// Works reports whether terms run on the day (ngày làm việc của đơn vị).
func (w WorkDay) Works() bool { return len(w.Spans) > 0 }

// Opens is the first minute of work; Closes the end of the last. Both are 0 on a day off.
func (w WorkDay) Opens() Minute {
	if !w.Works() {
		return 0
	}
	return w.Spans[0].From
}

// Closes is the end of the day's work, 0 on a day off.
func (w WorkDay) Closes() Minute {
	if !w.Works() {
		return 0
	}
	return w.Spans[len(w.Spans)-1].To
}

// Day says how the unit works on date d. [ErrOutOfRange] when the calendar or the hours do not cover it.
func (s *Schedule) Day(d Date) (WorkDay, error) {
	if err := s.cal.covers(d); err != nil {
		return WorkDay{}, err
	}
	p, err := s.hours.on(d)
	if err != nil {
		return WorkDay{}, err
	}
	w := d.Weekday()
	listed := s.cal.days[d]
	switch {
	case listed != nil && listed.Kind == Off:
		return WorkDay{Day: s.cal.doubted(*listed)}, nil
	case listed != nil:
		if !p.works(w) {
			w = p.substitute(listed.For)
		}
		return WorkDay{Day: s.cal.doubted(*listed), Spans: p.plans[w].of(listed.Kind, listed.Half)}, nil
	case p.works(w):
		return WorkDay{Day: s.cal.plain(d, Working, workingDay), Spans: p.plans[w].whole}, nil
	case p.Week[w].ReceptionOnly:
		return WorkDay{Day: s.cal.plain(d, Off, reception), Reception: p.plans[w].whole}, nil
	case s.cal.rests[w]:
		return WorkDay{Day: s.cal.plain(d, Off, weeklyRest)}, nil
	default:
		return WorkDay{Day: s.cal.plain(d, Off, unitClosed)}, nil
	}
}

// Open reports whether the unit's counter is open at instant t, terms running or not.
func (s *Schedule) Open(t time.Time) (bool, error) {
	day, err := s.Day(DateOf(t))
	if err != nil {
		return false, err
	}
	m := MinuteOf(t)
	for _, spans := range [2][]Span{day.Spans, day.Reception} {
		for _, span := range spans {
			if span.From <= m && m < span.To {
				return true, nil
			}
		}
	}
	return false, nil
}

// Next is the first working day after d.
func (s *Schedule) Next(d Date) (WorkDay, error) {
	for {
		d++
		if day, err := s.Day(d); err != nil || day.Works() {
			return day, err
		}
	}
}

// WorkingDays counts the working days in (from, to]; 0 when to is not after from.
func (s *Schedule) WorkingDays(from, to Date) (int, error) {
	n := 0
	for d := from + 1; d <= to; d++ {
		day, err := s.Day(d)
		if err != nil {
			return 0, err
		}
		if day.Works() {
			n++
		}
	}
	return n, nil
}

// WorkingMinutes is the working time in [from, to), whole minutes; 0 when to is not after from.
func (s *Schedule) WorkingMinutes(from, to time.Time) (int, error) {
	n, first, last := 0, DateOf(from), DateOf(to)
	for d := first; d <= last && from.Before(to); d++ {
		day, err := s.Day(d)
		if err != nil {
			return 0, err
		}
		for _, span := range day.Spans {
			if d == first {
				span.From = max(span.From, MinuteOf(from))
			}
			if d == last {
				span.To = min(span.To, MinuteOf(to))
			}
			n += max(0, span.Minutes())
		}
	}
	return n, nil
}

// Hours are the unit's hours.
func (s *Schedule) Hours() *Hours { return s.hours }

// Announced reports whether the notice of a year is in the calendar; see [Calendar.Announced].
func (s *Schedule) Announced(year int) bool { return s.cal.Announced(year) }

// Version identifies calendar and hours together. A stored due date whose version differs was worked out
// with other data and is to be reckoned again.
func (s *Schedule) Version() string { return s.cal.version + "/" + s.hours.version }
