package calendar

import "fmt"

// list adds the days of one entry of an announced year.
func (f *file) list(bad *problems, c *Calendar, year int, e dayFile) {
	path := fmt.Sprintf("years %d, %s", year, e.Date)
	last := max(e.To, e.Date)
	if e.Date.Year() != year || last.Year() != year {
		bad.add(path, "is not in that year", "move it to its own year")
		return
	}
	if e.Kind != Off && e.Kind != Working && e.Kind != HalfDay || e.Kind == HalfDay && e.Half != Morning && e.Half != Afternoon {
		bad.add(path, fmt.Sprintf("has kind %.20q, half %.20q", e.Kind, e.Half), "use off, working, or half_day with half: morning or afternoon")
		return
	}
	if e.Certainty != ByLaw && e.Certainty != ByNotice || e.Certainty == ByNotice && e.Source == "" {
		bad.add(path, fmt.Sprintf("has certainty %.20q", e.Certainty), "use law, or notice with its source")
		return
	}
	for d := e.Date; d <= last; d++ {
		day := &Day{Date: d, Kind: e.Kind, Half: e.Half, For: e.For, Certainty: e.Certainty, Source: e.Source}
		reason, basis, ok := f.listedReason(e)
		if !ok {
			bad.add(path, fmt.Sprintf("is %.20q", e.Is), "name a holiday, or in_lieu or swapped with \"for\"")
			return
		}
		if day.Reason = reason; day.Source == "" {
			day.Source = basis
		}
		if c.days[d] != nil {
			bad.add(path, "is listed twice", "keep one entry for each date")
			return
		}
		c.days[d] = day
	}
}

func (f *file) listedReason(e dayFile) (r Reason, basis string, ok bool) {
	switch {
	case e.Is == "swapped" && !e.For.IsZero() && e.Kind == Off:
		return Reason{CodeSwappedOff, "nghỉ hoán đổi, làm bù " + e.For.VI(), "day off swapped for " + e.For.EN()}, "", true
	case e.Is == "swapped" && !e.For.IsZero() && e.Kind == Working:
		return Reason{CodeSwappedWorking, "làm bù cho " + e.For.VI(), "worked in place of " + e.For.EN()}, "", true
	case e.Is == CodeInLieu && !e.For.IsZero():
		for i := range f.Holidays {
			dates, err := f.Holidays[i].dates(e.For.Year())
			for _, d := range dates {
				if err == nil && d == e.For {
					return inLieu(&f.Holidays[i]), f.Holidays[i].Basis, true
				}
			}
		}
		return Reason{}, "", false
	}
	for i := range f.Holidays {
		if f.Holidays[i].ID == e.Is {
			return f.Holidays[i].reason(), f.Holidays[i].Basis, true
		}
	}
	return Reason{}, "", false
}

// checkYear compares a listed year with what the law fixes whatever the notice says: the named day of each
// holiday is off, it has its number of days, and each swap names its other half.
func (f *file) checkYear(bad *problems, c *Calendar, y yearFile) {
	path := fmt.Sprintf("years %d", y.Year)
	count := map[string]int{}
	for _, e := range y.Days {
		for d := e.Date; d <= max(e.To, e.Date); d++ {
			count[e.Is]++
		}
		other := c.days[e.For]
		if e.Is == "swapped" && (other == nil || other.For != e.Date || other.Kind == e.Kind) {
			bad.add(path, fmt.Sprintf("%s is swapped for %s, which is not swapped for it", e.Date, e.For), "list both days of the swap")
		}
	}
	for i := range f.Holidays {
		r := &f.Holidays[i]
		dates, err := r.dates(y.Year)
		if err != nil || len(dates) == 0 {
			continue
		}
		named, err := r.date(y.Year)
		if err != nil {
			continue
		}
		if day := c.days[named]; day == nil || day.Kind != Off {
			bad.add(path, fmt.Sprintf("%s (%s) is not off", named, r.EN), "list it as off")
		}
		if count[r.ID] != len(dates) {
			bad.add(path, fmt.Sprintf("%s has %d days, the law gives %d", r.EN, count[r.ID], len(dates)), "list each of its days once")
		}
	}
}

// propose marks the days of a swap nobody has decided.
func (f *file) propose(bad *problems, c *Calendar, year int, s swapFile) {
	if s.Off.Year() != year || s.Working.Year() != year || s.Source == "" {
		bad.add(fmt.Sprintf("years %d, proposed_swaps", year), "lack a date in that year or a source", "give off, working and source")
		return
	}
	vi := fmt.Sprintf("có đề xuất nghỉ %s, làm bù %s, chưa có quyết định (%s)", s.Off.VI(), s.Working.VI(), s.Source)
	en := fmt.Sprintf("a swap of %s for %s is proposed, not decided (%s)", s.Off.EN(), s.Working.EN(), s.Source)
	for _, d := range []Date{s.Off, s.Working} {
		c.doubts[d] = Reason{Code: CodeProposed, VI: vi, EN: en}
	}
}
