package calendar

import (
	_ "embed"
	"fmt"
	"sync"
)

//go:embed national.yaml
var nationalYAML []byte

// file is a calendar as written; national.yaml documents the format.
type file struct {
	Version      string      `yaml:"version"`
	From         Date        `yaml:"from"`
	To           Date        `yaml:"to"`
	WeeklyRest   []string    `yaml:"weekly_rest"`
	DefaultHours []hoursFile `yaml:"default_hours"`
	HoursLimits  limits      `yaml:"hours_limits"`
	Holidays     []rule      `yaml:"holidays"`
	Years        []yearFile  `yaml:"years"`

	rests [7]bool
}

type yearFile struct {
	Year int       `yaml:"year"`
	Days []dayFile `yaml:"days"`

	ProposedSwaps []swapFile `yaml:"proposed_swaps"`
}

type swapFile struct {
	Off     Date   `yaml:"off"`
	Working Date   `yaml:"working"`
	Source  string `yaml:"source"`
}

type dayFile struct {
	Date      Date      `yaml:"date"`
	To        Date      `yaml:"to"` // last of several days; absent = one
	Kind      Kind      `yaml:"kind"`
	Half      Half      `yaml:"half"`
	Is        string    `yaml:"is"` // id of a holiday, in_lieu, swapped
	For       Date      `yaml:"for"`
	Certainty Certainty `yaml:"certainty"`
	Source    string    `yaml:"source"`
}

const calendarName = "calendar"

var national = sync.OnceValues(func() (*Calendar, error) { return Load(nationalYAML) })

// National is the embedded calendar of State agencies, 2021 to 2100.
func National() *Calendar {
	c, err := national()
	if err != nil {
		panic("calendar: embedded national.yaml: " + err.Error()) // a test loads it
	}
	return c
}

// Load reads a calendar from YAML in the form of the embedded national.yaml, to use a newer one than this
// library carries. It checks what is listed against what the law fixes: a year that forgets a holiday, or
// puts a lunar one on another date than the one computed, is refused. The error is an *[InvalidError].
func Load(b []byte) (*Calendar, error) {
	var f file
	if err := decode(calendarName, b, &f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	c := &Calendar{
		from: f.From, to: f.To, rests: f.rests, limits: f.HoursLimits,
		days: map[Date]*Day{}, announced: map[int]bool{}, doubts: map[Date]Reason{}, years: map[int]Reason{},
		version: f.Version + "-" + digest(string(b)),
	}
	periods, err := readHours(f.DefaultHours)
	if err != nil {
		return nil, err
	}
	if c.hours, err = newHours(periods, f.HoursLimits); err != nil {
		return nil, err
	}
	return c, f.fill(c)
}

func (f *file) check() error {
	var bad problems
	if f.Version == "" {
		bad.add("version", "is missing", "name the edition, as 2026.11")
	}
	if f.From.IsZero() || f.To <= f.From || f.From.Year() <= firstLunarYear || f.To.Year() > lastLunarYear {
		bad.add("from, to", "are no range of dates", fmt.Sprintf("stay between %d and %d", firstLunarYear+1, lastLunarYear))
	}
	rests := 0
	for _, name := range f.WeeklyRest {
		w, ok := weekdayNames[name]
		if !ok {
			bad.add("weekly_rest", fmt.Sprintf("%.20q is no weekday", name), "use monday to sunday")
			continue
		}
		if !f.rests[w] {
			rests++
		}
		f.rests[w] = true
	}
	if rests > 6 {
		bad.add("weekly_rest", "leaves no day of work", "leave out a weekday")
	}
	if len(f.Holidays) > 50 {
		bad.add("holidays", "has more than 50 entries", "keep one for each holiday")
	}
	seen := map[string]bool{}
	for i := range f.Holidays {
		r := &f.Holidays[i]
		if err := r.compile(); err != nil {
			bad.add(fmt.Sprintf("holidays[%d]", i), err.Error(), "see the entries of the embedded calendar")
		}
		if seen[r.ID] {
			bad.add(fmt.Sprintf("holidays[%d]", i), fmt.Sprintf("repeats %q", r.ID), "give each holiday its own id")
		}
		seen[r.ID] = true
	}
	return bad.err(calendarName)
}

// fill puts every day that is not an ordinary one into c: listed where a year's notice is out, else computed.
func (f *file) fill(c *Calendar) error {
	var bad problems
	for _, y := range f.Years {
		path := fmt.Sprintf("years %d", y.Year)
		if c.announced[y.Year] || y.Year < c.from.Year() || y.Year > c.to.Year() {
			bad.add(path, "is repeated or outside from and to", "list each year once, within the calendar")
			continue
		}
		c.announced[y.Year] = true
		for _, d := range y.Days {
			f.list(&bad, c, y.Year, d)
		}
		for _, s := range y.ProposedSwaps {
			f.propose(&bad, c, y.Year, s)
		}
		f.checkYear(&bad, c, y)
	}
	if len(bad) > 0 {
		return bad.err(calendarName)
	}
	for year := c.from.Year(); year <= c.to.Year(); year++ {
		if c.announced[year] {
			continue
		}
		c.years[year] = Reason{
			Code: CodeExpectedYear,
			VI:   fmt.Sprintf("lịch nghỉ năm %d chưa được công bố, đang tính dự kiến theo luật", year),
			EN:   fmt.Sprintf("the holidays of %d are not announced yet; they are computed from the law", year),
		}
		days, err := f.compute(year)
		if err != nil { // day 30 of a lunar month that has 29
			bad.add("holidays", err.Error(), "choose a day which the month has in every year")
			return bad.err(calendarName)
		}
		for i := range days {
			c.days[days[i].Date] = &days[i]
		}
	}
	return nil
}
