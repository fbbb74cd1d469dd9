package clock

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/motcua/motcua/workflow/calendar"
)

// A Lang is a language of explanations.
type Lang string

// The languages every text exists in.
const (
	VI Lang = "vi"
	EN Lang = "en"
)

// An Explanation is the arithmetic of a due date, for a slip (lines of text) or a page (the intervals).
type Explanation struct {
	Summary   calendar.Reason   `json:"summary"`
	Intervals []Interval        `json:"intervals"`
	Doubts    []calendar.Reason `json:"doubts,omitempty"`
}

// Codes of Explanation.Summary.
const (
	CodeDue      = "due"
	CodeExpected = "due_expected" // the date rests on days that are not certain
	CodeStopped  = "stopped"      // no due date yet
)

// Explain lists every interval that counted or did not, and what may still change the date.
func (r *Reckoning) Explain() Explanation {
	term := r.Ledger.Term.Text()
	s := calendar.Reason{
		Code: CodeDue,
		VI:   fmt.Sprintf("Hẹn trả lúc %s (thời hạn: %s)", clockVI(r.Due), term.VI),
		EN:   fmt.Sprintf("Due at %s (term: %s)", clockEN(r.Due), term.EN),
	}
	switch {
	case r.Due.IsZero():
		s = calendar.Reason{
			Code: CodeStopped,
			VI:   fmt.Sprintf("Chưa có ngày hẹn trả: đang tạm dừng (thời hạn: %s)", term.VI),
			EN:   fmt.Sprintf("No due date yet: the clock stands (term: %s)", term.EN),
		}
	case r.Expected():
		s.Code = CodeExpected
		s.VI = strings.Replace(s.VI, "Hẹn trả", "Dự kiến hẹn trả", 1)
		s.EN = strings.Replace(s.EN, "Due", "Expected due", 1)
	}
	return Explanation{Summary: s, Intervals: r.Intervals, Doubts: r.Doubts}
}

// Lines is the explanation as text: the summary, one line an interval, one a doubt. Any language but [EN]
// is Vietnamese.
func (e Explanation) Lines(l Lang) []string {
	out := []string{in(l, e.Summary)}
	for _, i := range e.Intervals {
		out = append(out, i.Text(l))
	}
	for _, d := range e.Doubts {
		if l == EN {
			out = append(out, "Not certain: "+d.EN)
		} else {
			out = append(out, "Chưa chắc chắn: "+d.VI)
		}
	}
	return out
}

// Text is the interval in one line: "Thứ Ba 03/11/2026 – thứ Năm 05/11/2026: tính 3 ngày làm việc".
func (i Interval) Text(l Lang) string {
	when := i.when(l)
	first, size := utf8.DecodeRuneInString(when)
	when = string(unicode.ToUpper(first)) + when[size:]
	switch {
	case i.Counted && l == EN:
		return when + ": " + i.amount(l) + " counted" + i.note(l)
	case i.Counted:
		return when + ": tính " + i.amount(l) + i.note(l)
	case l == EN:
		return when + ": not counted, " + i.Reason.EN
	default:
		return when + ": không tính, " + i.Reason.VI
	}
}

// note adds the reason of a counted interval where it says more than that it counted.
func (i Interval) note(l Lang) string {
	if i.Reason.Code == CodeCounted {
		return ""
	}
	return ", " + in(l, i.Reason)
}

func (i Interval) amount(l Lang) string {
	switch {
	case i.Unit == UnitMinute && l == EN:
		return lengthEN(i.Amount)
	case i.Unit == UnitMinute:
		return lengthVI(i.Amount)
	case i.Unit == UnitWorkingDay && l == EN:
		return plural(i.Amount, "working day")
	case i.Unit == UnitWorkingDay:
		return fmt.Sprintf("%d ngày làm việc", i.Amount)
	case l == EN:
		return plural(i.Amount, "day")
	default:
		return fmt.Sprintf("%d ngày", i.Amount)
	}
}

func lengthVI(minutes int) string { return length(minutes, "giờ", "phút") }

func lengthEN(minutes int) string { return length(minutes, "h", "min") }

func length(minutes int, h, m string) string {
	var parts []string
	if minutes >= 60 {
		parts = append(parts, fmt.Sprintf("%d %s", minutes/60, h))
	}
	if minutes%60 > 0 || minutes == 0 {
		parts = append(parts, fmt.Sprintf("%d %s", minutes%60, m))
	}
	return strings.Join(parts, " ")
}

// when names whole dates as dates; where the hour matters it stands before the date.
func (i Interval) when(l Lang) string {
	date, clock, open := calendar.Date.VI, clockVI, "từ "
	if l == EN {
		date, clock, open = calendar.Date.EN, clockEN, "from "
	}
	if i.To.IsZero() {
		return open + clock(i.From)
	}
	from, last := calendar.DateOf(i.From), calendar.DateOf(i.To.Add(-time.Minute))
	whole := calendar.MinuteOf(i.From) == 0 && calendar.MinuteOf(i.To) == 0
	byDay := i.Counted && i.Unit != UnitMinute || i.Reason.Code == CodeFirstDay
	switch {
	case (whole || byDay) && from == last:
		return date(from)
	case whole || byDay:
		return date(from) + " – " + date(last)
	case from == last:
		end := calendar.MinuteOf(i.To)
		if end == 0 {
			end = 24 * 60
		}
		return fmt.Sprintf("%s–%s %s", calendar.MinuteOf(i.From), end, date(from))
	default:
		return clock(i.From) + " – " + clock(i.To)
	}
}

func clockVI(t time.Time) string { return at(t, calendar.Date.VI) }

func clockEN(t time.Time) string { return at(t, calendar.Date.EN) }

func at(t time.Time, date func(calendar.Date) string) string {
	return calendar.MinuteOf(t).String() + " " + date(calendar.DateOf(t))
}

func in(l Lang, r calendar.Reason) string {
	if l == EN {
		return r.EN
	}
	return r.VI
}
