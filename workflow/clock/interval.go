package clock

import (
	"fmt"
	"time"

	"github.com/motcua/motcua/workflow/calendar"
)

// Units of Interval.Amount.
const (
	UnitMinute     = "minute"
	UnitWorkingDay = "working_day"
	UnitDay        = "day"
)

// An Interval is a stretch [From, To) of the life of a dossier which counted towards its term or did not,
// and why.
type Interval struct {
	From    time.Time       `json:"from"`
	To      time.Time       `json:"to,omitzero"` // zero = not over: the clock stands
	Counted bool            `json:"counted,omitempty"`
	Amount  int             `json:"amount,omitempty"` // how much of the term it used up, in Unit
	Unit    string          `json:"unit,omitempty"`
	Reason  calendar.Reason `json:"reason"`
}

// Codes of the reasons an interval has; a date off has the code of its calendar.Day.
const (
	CodeCounted      = "counted"
	CodeSameDay      = "same_day"
	CodeFirstDay     = "first_day"
	CodeOutsideHours = "outside_hours"
	CodeAfterCutoff  = "after_cutoff"
	CodeSuspended    = "suspended"
	CodeStoppedDay   = "stopped_day"
	CodeResumedLate  = "resumed_late"
	CodeEndMoved     = "end_moved"
)

var (
	counted  = calendar.Reason{Code: CodeCounted, VI: "được tính", EN: "counted"}
	sameDay  = calendar.Reason{Code: CodeSameDay, VI: "giải quyết trong ngày", EN: "handled on the day"}
	firstDay = calendar.Reason{
		Code: CodeFirstDay,
		VI:   "ngày đầu tiên của thời hạn (Bộ luật Dân sự 2015, Điều 147 khoản 2)",
		EN:   "first day of the period (Civil Code 2015, Article 147(2))",
	}
	outsideHours = calendar.Reason{Code: CodeOutsideHours, VI: "ngoài giờ làm việc", EN: "outside working hours"}
	stoppedDay   = calendar.Reason{Code: CodeStoppedDay, VI: "ngày bắt đầu tạm dừng", EN: "day on which the clock stopped"}
	resumedLate  = calendar.Reason{
		Code: CodeResumedLate,
		VI:   "nhận lại ngoài giờ hoặc sau giờ chốt, tính từ ngày làm việc kế tiếp",
		EN:   "resumed outside hours or after the cut-off, counts from the next working day",
	}
	endMoved = calendar.Reason{
		Code: CodeEndMoved,
		VI:   "ngày cuối là ngày nghỉ, chuyển sang ngày làm việc kế tiếp (Bộ luật Dân sự 2015, Điều 148 khoản 5)",
		EN:   "the last day is a day off, the end moves to the next working day (Civil Code 2015, Article 148(5))",
	}
)

func afterCutoff(m calendar.Minute) calendar.Reason {
	return calendar.Reason{
		Code: CodeAfterCutoff,
		VI:   fmt.Sprintf("nhận sau %s, tính từ ngày làm việc kế tiếp", m),
		EN:   fmt.Sprintf("received after %s, counts from the next working day", m),
	}
}

func suspended(why calendar.Reason) calendar.Reason {
	r := calendar.Reason{Code: CodeSuspended, VI: "tạm dừng, chờ bổ sung hồ sơ", EN: "stopped, waiting for the supplement"}
	if why.VI != "" {
		r.VI = "tạm dừng: " + why.VI
	}
	if why.EN != "" {
		r.EN = "stopped: " + why.EN
	}
	return r
}

// before lays out the time between reception and the moment it counts from.
func (c *count) before(received, start time.Time) error {
	for at := received; at.Before(start); {
		d := calendar.DateOf(at)
		day, err := c.s.Day(d)
		if err != nil {
			return err
		}
		reason := day.Reason
		if m := calendar.MinuteOf(received); day.Works() {
			reason = outsideHours
			if at.Equal(received) && c.cutoff > 0 && m > c.cutoff && m < day.Closes() {
				reason = afterCutoff(c.cutoff)
			}
		}
		at = c.emit(Interval{From: at, To: earlier((d + 1).Time(), start), Reason: reason})
	}
	return nil
}

// label lays out the dates from start to end as of labels them, then cuts the pauses out of them. Where the
// last pause is open, end is its beginning.
func (c *count) label(start, end time.Time, pauses []pause, of func(calendar.WorkDay) Interval) error {
	for at := start; at.Before(end); {
		d := calendar.DateOf(at)
		day, err := c.s.Day(d)
		if err != nil {
			return err
		}
		i := of(day)
		i.From, i.To = at, earlier((d+1).Time(), end)
		at = i.To
		c.cut(i, day, pauses)
	}
	if n := len(pauses); n > 0 && pauses[n-1].open {
		c.emit(Interval{From: end, Reason: pauses[n-1].reason})
	}
	return nil
}

// cut emits a day without the pauses in it; what it counts goes to its first piece.
func (c *count) cut(i Interval, day calendar.WorkDay, pauses []pause) {
	to := i.To
	for _, p := range pauses {
		if p.open || !p.from.Before(to) || !i.From.Before(p.until) {
			continue
		}
		if i.From.Before(p.from) {
			i.To = p.from
			c.emit(i)
			i.Amount = 0
		}
		i.From = c.emit(Interval{From: later(i.From, p.from), To: earlier(p.until, to), Reason: p.reason})
	}
	if i.To = to; !i.From.Before(i.To) {
		return
	}
	if i.Reason.Code == CodeStoppedDay && resuming(pauses, i.From) {
		if i.Reason = resumedLate; !day.Works() {
			i.Reason = day.Reason
		}
	}
	c.emit(i)
}

// resuming reports whether at lies between the end of a pause and the moment it counts from.
func resuming(pauses []pause, at time.Time) bool {
	for _, p := range pauses {
		if !p.open && !at.Before(p.until) && at.Before(p.resume) {
			return true
		}
	}
	return false
}

// emit appends an interval and answers where it ends.
func (c *count) emit(i Interval) time.Time {
	c.out = append(c.out, i)
	return i.To
}

// merge joins neighbours that differ in nothing but time.
func merge(in []Interval) []Interval {
	var out []Interval
	for _, i := range in {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.Counted == i.Counted && last.Reason == i.Reason && last.Unit == i.Unit && last.To.Equal(i.From) {
				last.To, last.Amount = i.To, last.Amount+i.Amount
				continue
			}
		}
		out = append(out, i)
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
