package calendar

import (
	"fmt"
	"slices"
	"time"
)

// rule is one public holiday as the law states it.
type rule struct {
	ID            string   `yaml:"id"`
	VI            string   `yaml:"vi"`
	EN            string   `yaml:"en"`
	Solar         string   `yaml:"solar"` // 01-02 = month and day
	LunarDay      string   `yaml:"lunar"`
	Before        int      `yaml:"before"` // days before it which belong to it
	Days          int      `yaml:"days"`   // how many in all; 0 = 1
	Adjacent      bool     `yaml:"adjacent"`
	AdjacentAfter []string `yaml:"adjacent_after_on"`
	InLieu        bool     `yaml:"in_lieu"`
	From          Date     `yaml:"from"`
	Basis         string   `yaml:"basis"`

	month, day int
	lunar      bool
	afterOn    [7]bool
}

func (r *rule) compile() error {
	text := r.Solar
	if r.LunarDay != "" {
		text, r.lunar = r.LunarDay, true
	}
	if r.ID == "" || r.VI == "" || r.EN == "" || r.Basis == "" {
		return fmt.Errorf("%q lacks id, vi, en or basis", r.ID)
	}
	_, err := fmt.Sscanf(text, "%2d-%2d", &r.month, &r.day)
	if err != nil || len(text) != len("04-30") || r.Solar != "" && r.lunar {
		return fmt.Errorf("%q needs either solar or lunar, as 04-30", r.ID)
	}
	last := 30 // of a lunar month
	if !r.lunar {
		last = NewDate(2023, time.Month(r.month)+1, 0).Time().Day() // 29 February is not in every year
	}
	if r.month < 1 || r.month > 12 || r.day < 1 || r.day > last || r.Before < 0 || r.Days < 0 || r.Days > 31 {
		return fmt.Errorf("%q has a month, day or length that does not exist", r.ID)
	}
	for _, name := range r.AdjacentAfter {
		w, ok := weekdayNames[name]
		if !ok {
			return fmt.Errorf("%q: %q is no weekday", r.ID, name)
		}
		r.afterOn[w] = true
	}
	return nil
}

// date is the day the holiday is named after in a civil year.
func (r *rule) date(year int) (Date, error) {
	if r.lunar {
		return FromLunar(LunarDate{Year: year, Month: r.month, Day: r.day})
	}
	return NewDate(year, time.Month(r.month), r.day), nil
}

// dates are the days of the holiday in a civil year, in order; none before the rule takes effect.
func (r *rule) dates(year int) ([]Date, error) {
	d, err := r.date(year)
	if err != nil || d < r.From {
		return nil, err
	}
	if r.Adjacent {
		if r.afterOn[d.Weekday()] {
			return []Date{d, d + 1}, nil
		}
		return []Date{d - 1, d}, nil
	}
	out := make([]Date, 0, max(r.Days, 1))
	for i := range max(r.Days, 1) {
		out = append(out, d-Date(r.Before)+Date(i))
	}
	return out, nil
}

// compute works a year out from the rules: every holiday, then a day in lieu for each that falls on a
// weekly rest day, on the next working day, in the order of the holidays.
func (f *file) compute(year int) ([]Day, error) {
	var days []Day
	taken := map[Date]bool{}
	type lost struct {
		at Date
		r  *rule
	}
	var toGive []lost
	for i := range f.Holidays {
		r := &f.Holidays[i]
		dates, err := r.dates(year)
		if err != nil {
			return nil, err
		}
		for _, d := range dates {
			if taken[d] { // two holidays on one date: the second is given in lieu as if on a rest day
				toGive = append(toGive, lost{d, r})
				continue
			}
			taken[d] = true
			days = append(days, Day{Date: d, Kind: Off, Reason: r.reason(), Certainty: Expected, Source: r.Basis})
			if r.InLieu && f.rests[d.Weekday()] {
				toGive = append(toGive, lost{d, r})
			}
		}
	}
	slices.SortStableFunc(toGive, func(a, b lost) int { return int(a.at - b.at) })
	for _, l := range toGive {
		d := l.at + 1
		for taken[d] || f.rests[d.Weekday()] {
			d++
		}
		taken[d] = true
		days = append(days, Day{Date: d, Kind: Off, Reason: inLieu(l.r), For: l.at, Certainty: Expected, Source: l.r.Basis})
	}
	return days, nil
}

func (r *rule) reason() Reason { return Reason{Code: r.ID, VI: r.VI, EN: r.EN} }

func inLieu(r *rule) Reason {
	return Reason{Code: CodeInLieu, VI: "nghỉ bù " + r.VI, EN: "in lieu of " + r.EN}
}
