package clock

import (
	"slices"
	"time"

	"github.com/motcua/motcua/workflow/calendar"
)

// A Reckoning is what a ledger comes to under one calendar. It holds only results and survives JSON, so
// that the explanation printed on a slip can be kept as it was given.
type Reckoning struct {
	Ledger Ledger    `json:"ledger"`
	Start  time.Time `json:"start"` // when reception counts from

	// Due is the last moment of the term, zero while the clock stands with the term not yet used up.
	Due time.Time `json:"due,omitzero"`

	// Intervals follow each other without gap from reception to Due, or to the open suspension.
	Intervals []Interval `json:"intervals"`

	// Doubts say what may still change the date: a year whose holidays are not announced, a proposed swap.
	Doubts []calendar.Reason `json:"doubts,omitempty"`

	Calendar string `json:"calendar"` // calendar.Schedule.Version
}

// Expected reports whether the date rests on days that are not certain, and is to be called expected
// (dự kiến) wherever it is shown.
func (r *Reckoning) Expected() bool { return len(r.Doubts) > 0 }

// Start begins a clock: the reckoning of a dossier just received. Keep its Ledger.
func Start(t Term, received time.Time, s *calendar.Schedule) (*Reckoning, error) {
	return Ledger{Term: t, Received: received}.Reckon(s)
}

// Reckon works the due date out. Errors match [ErrTerm], [ErrLedger] or, when calendar or hours do not
// reach far enough, [calendar.ErrOutOfRange].
func (l Ledger) Reckon(s *calendar.Schedule) (*Reckoning, error) {
	l, err := l.tidy()
	if err != nil {
		return nil, err
	}
	c := &count{s: s, cutoff: l.Term.Cutoff}
	r := &Reckoning{Ledger: l, Calendar: s.Version()}
	if r.Start, err = c.effective(l.Received, c.cutoff); err != nil {
		return nil, err
	}
	if err := c.before(l.Received, r.Start); err != nil {
		return nil, err
	}
	pauses, err := c.pauses(l, r.Start)
	if err != nil {
		return nil, err
	}
	switch l.Term.Kind {
	case SameDay, WorkingDays:
		r.Due, err = c.workingDays(l, r.Start, pauses)
	case CalendarDays, Months:
		r.Due, err = c.dates(l, r.Start, pauses)
	default:
		r.Due, err = c.workingTime(l.budget()*60, r.Start, pauses)
	}
	if err != nil {
		return nil, err
	}
	r.Intervals = merge(c.out)
	r.Doubts, err = c.doubts(r.Intervals)
	return r, err
}

// count carries one reckoning: what it asks, and the intervals found so far.
type count struct {
	s      *calendar.Schedule
	cutoff calendar.Minute
	out    []Interval
}

// doubts are what is uncertain about the days which the intervals cover, each told once.
func (c *count) doubts(covered []Interval) ([]calendar.Reason, error) {
	if len(covered) == 0 {
		return nil, nil
	}
	var out []calendar.Reason
	last := covered[len(covered)-1]
	for d := calendar.DateOf(covered[0].From); d <= calendar.DateOf(later(last.From, last.To)); d++ {
		day, err := c.s.Day(d)
		if err != nil {
			return nil, err
		}
		if day.Certainty == calendar.Expected && !slices.Contains(out, day.Doubt) {
			out = append(out, day.Doubt)
		}
	}
	return out, nil
}

// add is the working day n working days after d.
func (c *count) add(d calendar.Date, n int) (calendar.WorkDay, error) {
	day, err := c.s.Day(d)
	for ; n > 0 && err == nil; n-- {
		day, err = c.s.Next(day.Date)
	}
	return day, err
}

// effective is when something received at t counts from: at once in working hours, else at the next
// opening, after the cut-off (0 = none) on the next working day.
func (c *count) effective(t time.Time, cutoff calendar.Minute) (time.Time, error) {
	d, m := calendar.DateOf(t), calendar.MinuteOf(t)
	day, err := c.s.Day(d)
	if err != nil {
		return t, err
	}
	if cutoff == 0 || m <= cutoff {
		for _, span := range day.Spans {
			if m < span.To {
				return d.At(max(m, span.From)), nil
			}
		}
	}
	day, err = c.s.Next(d)
	return day.Date.At(day.Opens()), err
}

// A pause is a suspension as it bears on a clock that started: [from, until) nothing runs, and it runs
// again at resume.
type pause struct {
	from, until, resume time.Time
	open                bool
	reason              calendar.Reason
}

func (c *count) pauses(l Ledger, start time.Time) ([]pause, error) {
	var out []pause
	running := start // a stop before the clock runs, or runs again, begins when it would
	for _, s := range l.Suspensions {
		p := pause{from: later(s.From, running), open: s.To.IsZero(), reason: suspended(s.Reason)}
		if !p.open {
			p.until = later(s.To, running)
			if !p.from.Before(p.until) {
				continue
			}
			var err error
			if p.resume, err = c.effective(p.until, c.cutoff); err != nil {
				return nil, err
			}
			running = p.resume
		}
		out = append(out, p)
	}
	return out, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func closing(d calendar.WorkDay) time.Time { return d.Date.At(d.Closes()) }
