package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// hoursFile is one period as written. A weekday that is absent takes "weekdays" from Monday to Friday and
// is closed at the weekend.
type hoursFile struct {
	From          string    `yaml:"from"`
	Basis         string    `yaml:"basis"`
	Weekdays      []string  `yaml:"weekdays"`
	Monday        *[]string `yaml:"monday"`
	Tuesday       *[]string `yaml:"tuesday"`
	Wednesday     *[]string `yaml:"wednesday"`
	Thursday      *[]string `yaml:"thursday"`
	Friday        *[]string `yaml:"friday"`
	Saturday      *[]string `yaml:"saturday"`
	Sunday        *[]string `yaml:"sunday"`
	ReceptionOnly []string  `yaml:"reception_only"`
}

// ParseHours reads a unit's hours from YAML, a list of periods with the oldest first:
//
//	# Monday to Friday; a weekday of its own overrides them
//	- weekdays: [07:30-11:30, 13:30-17:00]
//	- from: 2026-03-01
//	  basis: Quyết định 12/QĐ-UBND
//	  weekdays: [07:00-11:30, 13:30-17:00]
//	  friday: [07:00-11:30, 13:30-16:30]
//	  saturday: [07:30-11:30]
//	  reception_only: [saturday]
//
// Times are local (+07:00). The error is an *[InvalidError] that names every problem and its remedy;
// anchors, aliases, unknown keys and files over 256 KiB are refused.
func ParseHours(b []byte) (*Hours, error) {
	var file []hoursFile
	if err := decode(hoursName, b, &file); err != nil {
		return nil, err
	}
	periods, err := readHours(file)
	if err != nil {
		return nil, err
	}
	return NewHours(periods...)
}

const hoursName = "unit hours"

func readHours(file []hoursFile) ([]Period, error) {
	var bad problems
	periods := make([]Period, len(file))
	for i, f := range file {
		p := &periods[i]
		p.Basis = f.Basis
		if f.From != "" {
			d, err := ParseDate(f.From)
			if err != nil {
				bad.add(fmt.Sprintf("[%d].from", i), err.Error(), "write it as 2026-03-01")
			}
			p.From = d
		}
		usual := readSpans(&bad, fmt.Sprintf("[%d].weekdays", i), f.Weekdays)
		for w, own := range []*[]string{f.Sunday, f.Monday, f.Tuesday, f.Wednesday, f.Thursday, f.Friday, f.Saturday} {
			day := time.Weekday(w)
			switch {
			case own != nil:
				p.Week[w].Spans = readSpans(&bad, dayPath(i, day), *own)
			case day != time.Saturday && day != time.Sunday:
				p.Week[w].Spans = slices.Clone(usual)
			}
		}
		for _, name := range f.ReceptionOnly {
			w, ok := weekdayNames[name]
			if !ok {
				bad.add(fmt.Sprintf("[%d].reception_only", i), fmt.Sprintf("%.20q is no weekday", name), "use monday to sunday")
				continue
			}
			p.Week[w].ReceptionOnly = true
		}
	}
	return periods, bad.err(hoursName)
}

func readSpans(bad *problems, path string, in []string) []Span {
	var out []Span
	for _, s := range in {
		span, err := ParseSpan(s)
		if err != nil {
			bad.add(path, err.Error(), "write opening and closing time as 07:30-11:30")
			continue
		}
		out = append(out, span)
	}
	return out
}

func dayPath(i int, w time.Weekday) string {
	return fmt.Sprintf("[%d].%s", i, strings.ToLower(w.String()))
}

// limits bound what one person may work; they come with the calendar.
type limits struct {
	DayMax       Minute `yaml:"day_max"`
	WeekMaxHours int    `yaml:"week_max_hours"`
	WeekMinHours int    `yaml:"week_min_hours"`
}

const (
	maxPeriods = 100
	maxSpans   = 4
)

func checkHours(periods []Period, l limits) error {
	var bad problems
	if len(periods) == 0 {
		bad.add("hours", "has no period", "give at least one, as in \"- weekdays: [07:30-11:30, 13:30-17:00]\"")
	}
	if len(periods) > maxPeriods {
		bad.add("hours", fmt.Sprintf("has %d periods", len(periods)), fmt.Sprintf("keep the last %d", maxPeriods))
		return bad.err(hoursName)
	}
	for i, p := range periods {
		if i > 0 && p.From <= periods[i-1].From {
			bad.add(fmt.Sprintf("[%d].from", i), "is not after the period before it", "order the periods by date, each with its own \"from\"")
		}
		checkWeek(&bad, i, p, l)
	}
	return bad.err(hoursName)
}

func checkWeek(bad *problems, i int, p Period, l limits) {
	week := 0
	for w, day := range p.Week {
		path := dayPath(i, time.Weekday(w))
		minutes, end := 0, Minute(-1)
		if len(day.Spans) > maxSpans {
			bad.add(path, fmt.Sprintf("has %d spans", len(day.Spans)), fmt.Sprintf("join them to at most %d", maxSpans))
		}
		for _, s := range day.Spans {
			if s.From < 0 || s.To > 24*60 || s.To <= s.From {
				bad.add(path, s.String()+" does not end after it begins, within one day", "write it as 07:30-11:30")
				continue
			}
			if s.From < end {
				bad.add(path, s.String()+" overlaps or precedes the span before it", "put the spans in order, none inside another")
			}
			minutes, end = minutes+s.Minutes(), max(end, s.To)
		}
		if minutes > int(l.DayMax) {
			bad.add(path, fmt.Sprintf("has %s hours", hhmm(minutes)), fmt.Sprintf("give at most %s a day", l.DayMax))
		}
		if day.ReceptionOnly && len(day.Spans) == 0 {
			bad.add(path, "is reception only but has no hours", "give its hours or drop it from reception_only")
		}
		if !day.ReceptionOnly {
			week += minutes
		}
	}
	if week > l.WeekMaxHours*60 {
		bad.add(fmt.Sprintf("[%d]", i), fmt.Sprintf("has %s working hours a week", hhmm(week)),
			fmt.Sprintf("give at most %d; put hours in which only the counter is open under reception_only", l.WeekMaxHours))
	}
	if week < l.WeekMinHours*60 {
		bad.add(fmt.Sprintf("[%d]", i), fmt.Sprintf("has %s working hours a week", hhmm(week)),
			fmt.Sprintf("give at least %d; is an afternoon missing?", l.WeekMinHours))
	}
}

func hhmm(minutes int) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }
