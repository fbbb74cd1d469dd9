package clock

import (
	"errors"
	"fmt"

	"github.com/motcua/motcua/workflow/calendar"
)

// ErrTerm is matched by errors.Is when a [Term] makes no sense; the text names the remedy.
var ErrTerm = errors.New("invalid term")

// A Kind is the unit a term is stated in (đơn vị tính).
type Kind string

// The kinds of term the procedures state.
const (
	SameDay      Kind = "same_day"      // trong ngày, sau giờ chốt thì ngày làm việc kế tiếp
	WorkingHours Kind = "working_hours" // giờ làm việc
	WorkingDays  Kind = "working_days"  // ngày làm việc
	CalendarDays Kind = "calendar_days" // ngày
	Months       Kind = "months"        // tháng
)

// maxUnits bounds each kind at about ten years, so that a slip of the pen is refused and reckoning is bounded.
var maxUnits = map[Kind]int{SameDay: 0, WorkingHours: 2000, WorkingDays: 2500, CalendarDays: 3650, Months: 120}

// A Term is how long a procedure allows (thời hạn giải quyết). The zero Term is invalid.
type Term struct {
	Kind  Kind `json:"kind" yaml:"kind"`
	Units int  `json:"units,omitempty" yaml:"units"` // none with SameDay

	// Cutoff is the last minute of the day on which reception still counts for that day. A same-day term
	// needs one (15:00 in the certification and civil-status procedures); other terms may have one.
	Cutoff calendar.Minute `json:"cutoff,omitempty" yaml:"cutoff"`
}

// Validate reports what is wrong with the term; the error matches [ErrTerm].
func (t Term) Validate() error {
	limit, known := maxUnits[t.Kind]
	switch {
	case !known:
		return fmt.Errorf("%w: kind %.20q (use same_day, working_hours, working_days, calendar_days or months)", ErrTerm, t.Kind)
	case t.Kind == SameDay && t.Units != 0:
		return fmt.Errorf("%w: same_day with %d units (leave units out)", ErrTerm, t.Units)
	case t.Kind == SameDay && t.Cutoff == 0:
		return fmt.Errorf("%w: same_day without cutoff (state it, as 15:00)", ErrTerm)
	case t.Kind != SameDay && (t.Units < 1 || t.Units > limit):
		return fmt.Errorf("%w: %d %s (use 1 to %d)", ErrTerm, t.Units, t.Kind, limit)
	case t.Cutoff < 0 || t.Cutoff >= 24*60:
		return fmt.Errorf("%w: cutoff %d minutes (use a time of day, as 15:00)", ErrTerm, t.Cutoff)
	}
	return nil
}

// Text is the term in words, for slips and pages: "3 ngày làm việc".
func (t Term) Text() calendar.Reason {
	r := calendar.Reason{Code: string(t.Kind)}
	switch t.Kind {
	case SameDay:
		r.VI, r.EN = "trong ngày", "the same day"
	case WorkingHours:
		r.VI, r.EN = fmt.Sprintf("%d giờ làm việc", t.Units), plural(t.Units, "working hour")
	case WorkingDays:
		r.VI, r.EN = fmt.Sprintf("%d ngày làm việc", t.Units), plural(t.Units, "working day")
	case CalendarDays:
		r.VI, r.EN = fmt.Sprintf("%d ngày", t.Units), plural(t.Units, "day")
	case Months:
		r.VI, r.EN = fmt.Sprintf("%d tháng", t.Units), plural(t.Units, "month")
	}
	if t.Cutoff > 0 {
		r.VI += fmt.Sprintf(", nhận sau %s thì tính từ ngày làm việc kế tiếp", t.Cutoff)
		r.EN += fmt.Sprintf(", from the next working day when received after %s", t.Cutoff)
	}
	return r
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
