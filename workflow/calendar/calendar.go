package calendar

import (
	"fmt"
	"maps"
)

// A Calendar says of each date whether the State works. It is immutable and may be used concurrently.
type Calendar struct {
	from, to  Date
	rests     [7]bool
	limits    limits
	hours     *Hours // of a unit that has stated none
	days      map[Date]*Day
	announced map[int]bool
	doubts    map[Date]Reason // about single days of announced years
	years     map[int]Reason  // about years not announced
	version   string
}

// Day says what date d is for agencies on the general timetable, Monday to Friday. Units with hours of
// their own ask their [Schedule]. [ErrOutOfRange] outside the calendar.
func (c *Calendar) Day(d Date) (Day, error) {
	if err := c.covers(d); err != nil {
		return Day{}, err
	}
	if day := c.days[d]; day != nil {
		return c.doubted(*day), nil
	}
	if c.rests[d.Weekday()] {
		return c.plain(d, Off, weeklyRest), nil
	}
	return c.plain(d, Working, workingDay), nil
}

// Announced reports whether the notice of a year is in the calendar. The days of any other year are
// computed, and every date which rests on one is expected, not certain.
func (c *Calendar) Announced(year int) bool { return c.announced[year] }

// Range is the first and last date the calendar covers.
func (c *Calendar) Range() (first, last Date) { return c.from, c.to }

// Version identifies the content: calendars that answer alike have equal versions. A date worked out
// with one version may differ under another.
func (c *Calendar) Version() string { return c.version }

// ParseOverrides reads a list of overrides from YAML, to be laid over a calendar by [Calendar.With]:
//
//	# one entry for each date
//	- date: 2026-10-14
//	  kind: off
//	  vi: đóng cửa do bão
//	  en: closed for a storm
//	  source: Công điện 15/CĐ-UBND
//
// The error is an *[InvalidError]; the same is refused as by [ParseHours].
func ParseOverrides(b []byte) ([]Override, error) {
	var out []Override
	if err := decode("overrides", b, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// With is the calendar with the days of a province or unit laid over it; where a date is in both, the
// override holds. c is unchanged. The error is an *[InvalidError].
func (c *Calendar) With(overrides ...Override) (*Calendar, error) {
	var bad problems
	out := *c
	out.days = maps.Clone(c.days)
	seen := map[Date]bool{}
	for i, o := range overrides {
		path := fmt.Sprintf("[%d] %s", i, o.Date)
		if o.Kind == HalfDay && o.Half == "" {
			o.Half = Morning
		}
		switch {
		case seen[o.Date]:
			bad.add(path, "is listed twice", "keep one override for each date")
		case c.covers(o.Date) != nil:
			bad.add(path, "lies outside the calendar", fmt.Sprintf("stay between %s and %s", c.from, c.to))
		case o.Kind != Off && o.Kind != Working && o.Kind != HalfDay:
			bad.add(path, fmt.Sprintf("has kind %.20q", o.Kind), "use off, working or half_day")
		case o.Half != "" && (o.Kind != HalfDay || o.Half != Morning && o.Half != Afternoon):
			bad.add(path, fmt.Sprintf("has half %.20q", o.Half), "use morning or afternoon, with half_day only")
		case o.VI == "" || o.EN == "":
			bad.add(path, "does not say why", "give the reason as vi and en; citizens read it")
		}
		seen[o.Date] = true
		out.days[o.Date] = &Day{
			Date: o.Date, Kind: o.Kind, Half: o.Half, For: o.For,
			Reason:    Reason{Code: "unit_" + string(o.Kind), VI: o.VI, EN: o.EN},
			Certainty: ByUnit, Source: o.Source,
		}
	}
	if err := bad.err("overrides"); err != nil {
		return nil, err
	}
	out.version = c.version + "+" + digest(overrides)
	return &out, nil
}

// For joins the calendar with a unit's hours; nil hours are the calendar's default (7:30-11:30 and
// 13:30-17:00, Monday to Friday, in the national one).
func (c *Calendar) For(h *Hours) *Schedule {
	if h == nil {
		h = c.hours
	}
	return &Schedule{cal: c, hours: h}
}

func (c *Calendar) covers(d Date) error {
	if d < c.from || d > c.to {
		return fmt.Errorf("%w: %s is not between %s and %s (load a calendar that covers it)", ErrOutOfRange, d, c.from, c.to)
	}
	return nil
}

// plain is a date nothing is listed for.
func (c *Calendar) plain(d Date, k Kind, r Reason) Day {
	return c.doubted(Day{Date: d, Kind: k, Reason: r, Certainty: ByLaw})
}

// doubted marks a day which may change when a notice comes. What a unit has decided for itself stands.
func (c *Calendar) doubted(d Day) Day {
	if d.Certainty == ByUnit {
		return d
	}
	doubt, ok := c.doubts[d.Date]
	if !ok {
		doubt, ok = c.years[d.Date.Year()]
	}
	if ok {
		d.Certainty, d.Doubt = Expected, doubt
	}
	return d
}
