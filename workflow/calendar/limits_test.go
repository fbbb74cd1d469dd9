package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nationalWith is the embedded calendar with texts replaced, in pairs of old and new, each once.
func nationalWith(t *testing.T, pairs ...string) []byte {
	t.Helper()
	text := string(nationalYAML)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return []byte(text)
}

// listing puts a line among the listed days of 2026.
func listing(t *testing.T, line string) []byte {
	t.Helper()
	const first = "      - { date: 2026-01-01, kind: off"
	return nationalWith(t, first, "      - { "+line+" }\n"+first)
}

const (
	from2021 = "from: 2021-01-01"
	to2100   = "to: 2100-12-31"
	rest     = "weekly_rest: [saturday, sunday]"
	sixDays  = "weekly_rest: [saturday, sunday, monday, tuesday, wednesday, thursday]"
	labour   = "date: 2026-05-01, kind: off, is: labour_day, certainty: law"
	swap     = `off: 2026-11-23, working: 2026-11-28, source: "Bộ Nội vụ lấy ý kiến, 9/2026"`
	law      = "kind: off, is: in_lieu, for: 2026-05-01, certainty: law"
)

// The first and the last value of each range are still in it.
func TestLoadTakesWhatIsJustAllowed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string][]byte{
		"only the listed years":         nationalWith(t, from2021, "from: 2024-01-01", to2100, "to: 2026-12-31"),
		"as early as the lunar years":   nationalWith(t, from2021, "from: 1969-01-01", to2100, "to: 2030-12-31"),
		"six days of rest":              nationalWith(t, rest, sixDays),
		"a rest day named twice":        nationalWith(t, rest, "weekly_rest: [sunday, sunday, sunday, sunday, sunday, sunday, saturday]"),
		"50 holidays":                   manyHolidays(t, 50),
		"the last day of a month":       oneMoreHoliday(t, "solar: 12-31"),
		"the last of a short one":       oneMoreHoliday(t, "solar: 02-28"),
		"the last of each lunar month":  oneMoreHoliday(t, "lunar: 02-29"),
		"a month of days":               oneMoreHoliday(t, "solar: 12-31, days: 31"),
		"half a day in lieu, forenoon":  listing(t, "date: 2026-12-31, half: morning, "+strings.Replace(law, "off", "half_day", 1)),
		"half a day in lieu, afternoon": listing(t, "date: 2026-12-31, half: afternoon, "+strings.Replace(law, "off", "half_day", 1)),
		"days to the end of the year":   listing(t, "date: 2026-12-30, to: 2026-12-31, "+law),
	} {
		_, err := Load(text)
		assert.NoError(t, err, name)
	}
}

// One step beyond what is allowed, each fault alone.
func TestLoadRefusesWhatIsJustBeyond(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		yaml []byte
		want string
	}{
		"no edition":           {nationalWith(t, `version: "2026.11"`, `version: ""`), "name the edition"},
		"no first day":         {nationalWith(t, from2021, "from: 1970-01-01"), "no range of dates"},
		"no last day":          {nationalWith(t, to2100+"\n", ""), "no range of dates"},
		"one day":              {nationalWith(t, to2100, "to: 2021-01-01"), "no range of dates"},
		"before lunar years":   {nationalWith(t, from2021, "from: 1968-12-31"), "no range of dates"},
		"after lunar years":    {nationalWith(t, to2100, "to: 2101-01-01"), "no range of dates"},
		"no day of work":       {nationalWith(t, rest, strings.Replace(sixDays, "]", ", friday]", 1)), "no day of work"},
		"51 holidays":          {manyHolidays(t, 51), "more than 50"},
		"one id twice":         {nationalWith(t, "id: labour_day", "id: victory_day"), `repeats "victory_day"`},
		"more than a date":     {oneMoreHoliday(t, "solar: 04-300"), "needs either solar or lunar"},
		"less than a date":     {oneMoreHoliday(t, "solar: 4-30"), "needs either solar or lunar"},
		"29 February":          {oneMoreHoliday(t, "solar: 02-29"), "does not exist"},
		"31 April":             {oneMoreHoliday(t, "solar: 04-31"), "does not exist"},
		"a lunar 31":           {oneMoreHoliday(t, "lunar: 01-31"), "does not exist"},
		"a lunar 30":           {oneMoreHoliday(t, "lunar: 02-30"), "which the month has in every year"},
		"a year twice":         {nationalWith(t, "- year: 2025", "- year: 2024"), "repeated or outside"},
		"a year too early":     {nationalWith(t, from2021, "from: 2025-01-01"), "repeated or outside"},
		"a year too late":      {nationalWith(t, to2100, "to: 2025-12-31"), "repeated or outside"},
		"hours of no form":     {nationalWith(t, "weekdays: [07:30-11:30", "weekdays: [7h30-11h30"), "not of the form"},
		"hours over the limit": {nationalWith(t, `day_max: "10:00"`, `day_max: "07:29"`), "has 7:30 hours"},

		"a last day of another year": {listing(t, "date: 2026-12-31, to: 2027-01-01, "+law), "not in that year"},
		"no kind":                    {listing(t, "date: 2026-12-31, is: in_lieu, for: 2026-05-01, certainty: law"), "has kind"},
		"half a day without a half":  {listing(t, "date: 2026-12-31, "+strings.Replace(law, "off", "half_day", 1)), "has kind"},
		"no such half":               {listing(t, "date: 2026-12-31, half: night, "+strings.Replace(law, "off", "half_day", 1)), "has kind"},
		"no such certainty":          {listing(t, "date: 2026-12-31, "+strings.Replace(law, "law", "unit", 1)), "has certainty"},
		"a notice without source":    {listing(t, "date: 2026-12-31, "+strings.Replace(law, "law", "notice", 1)), "has certainty"},
		"in lieu of no holiday":      {listing(t, "date: 2026-12-31, "+strings.Replace(law, "05-01", "05-04", 1)), "name a holiday"},
		"in lieu of nothing":         {listing(t, "date: 2026-12-31, kind: off, is: in_lieu, certainty: law"), "name a holiday"},
		"swapped for nothing":        {listing(t, "date: 2026-12-31, kind: off, is: swapped, certainty: law"), "name a holiday"},
		"worked for nothing":         {listing(t, "date: 2026-12-26, kind: working, is: swapped, certainty: law"), "name a holiday"},
		"half a day swapped": {
			listing(t, "date: 2026-12-31, kind: half_day, half: morning, is: swapped, for: 2026-12-26, certainty: law"), "name a holiday",
		},
		"a holiday of no such name": {listing(t, "date: 2026-12-31, kind: off, is: harvest, certainty: law"), "name a holiday"},
		"a holiday twice":           {listing(t, "date: 2026-12-31, kind: off, is: new_year, certainty: law"), "has 2 days, the law gives 1"},

		"a swap with a day that is not listed": {
			listing(t, "date: 2026-12-31, kind: off, is: swapped, for: 2026-12-26, certainty: law"), "list both days of the swap",
		},
		"a swap with a day that names another": {
			listing(t, "date: 2026-12-31, kind: off, is: swapped, for: 2026-08-22, certainty: law"), "list both days of the swap",
		},
		"a swap of two days off": {
			nationalWith(t, "date: 2026-08-22, kind: working", "date: 2026-08-22, kind: off"), "list both days of the swap",
		},
		"a proposal of another year":    {nationalWith(t, swap, "off: 2025-11-23, working: 2026-11-28, source: x"), "proposed_swaps"},
		"a proposal to work in another": {nationalWith(t, swap, "off: 2026-11-23, working: 2027-11-28, source: x"), "proposed_swaps"},
		"a proposal of nobody":          {nationalWith(t, swap, "off: 2026-11-23, working: 2026-11-28"), "proposed_swaps"},
		"a holiday worked by halves": {
			nationalWith(t, labour, strings.Replace(labour, "off", "half_day, half: morning", 1)), "is not off",
		},
		"a holiday that is not listed at all": {nationalWith(t, "      - { "+labour+" }\n", ""), "is not off"},
	} {
		_, err := Load(c.yaml)
		require.ErrorIs(t, err, ErrInvalid, name)
		assert.Contains(t, err.Error(), c.want, name)
		var invalid *InvalidError
		assert.ErrorAs(t, err, &invalid, name)
	}
}

// oneMoreHoliday has a holiday from 2027 on, so that no listed year lacks it.
func oneMoreHoliday(t *testing.T, fields string) []byte {
	t.Helper()
	return nationalWith(t, "holidays:\n", "holidays:\n  - { id: more, vi: thêm, en: more, basis: luật, from: 2027-01-01, "+fields+" }\n")
}

// manyHolidays has n holidays; those added begin after the last listed year.
func manyHolidays(t *testing.T, n int) []byte {
	t.Helper()
	more := "holidays:\n"
	for i := range n - strings.Count(string(nationalYAML), "- { id: ") {
		more += fmt.Sprintf("  - { id: more_%d, vi: thêm, en: more, basis: luật, from: 2027-01-01, solar: 03-01 }\n", i)
	}
	return nationalWith(t, "holidays:\n", more)
}

// A holiday is kept from the very day its law takes effect.
func TestHolidayFromItsFirstDay(t *testing.T) {
	t.Parallel()
	for from, kind := range map[string]Kind{"2027-11-24": Off, "2027-11-25": Working} {
		c, err := Load(nationalWith(t, "from: 2026-07-01", "from: "+from))
		require.NoError(t, err)
		day, err := c.Day(date(t, "2027-11-24")) // a Wednesday
		require.NoError(t, err)
		assert.Equal(t, kind, day.Kind, from)
	}
}

// Two holidays on one date give one more day off, also where neither is given in lieu of a rest day.
func TestTwoHolidaysOnOneDate(t *testing.T) {
	t.Parallel()
	c, err := Load(oneMoreHoliday(t, "solar: 11-24"))
	require.NoError(t, err)
	for on, code := range map[string]string{"2027-11-24": "more", "2027-11-25": CodeInLieu, "2027-11-26": CodeWorkingDay} {
		day, err := c.Day(date(t, on))
		require.NoError(t, err)
		assert.Equal(t, code, day.Reason.Code, on)
	}
}

func TestListedDayGivesItsSource(t *testing.T) {
	t.Parallel()
	for on, source := range map[string]string{
		"2026-01-01": "Bộ luật Lao động 2019, Điều 112 khoản 1 điểm a", // by law: the article
		"2026-04-27": "Bộ luật Lao động 2019, Điều 112 khoản 1 điểm e",
		"2026-02-16": "Thông báo 9441/TB-BNV",
	} {
		day, err := National().Day(date(t, on))
		require.NoError(t, err)
		assert.Equal(t, source, day.Source, on)
	}
}

func TestCalendarCoversItsFirstAndLastDay(t *testing.T) {
	t.Parallel()
	first, last := National().Range()
	assert.Equal(t, "2021-01-01 2100-12-31", first.String()+" "+last.String())
	for _, d := range []Date{first, last} {
		day, err := National().Day(d)
		require.NoError(t, err)
		assert.Equal(t, CodeExpectedYear, day.Doubt.Code, "neither year's notice is listed")
		_, err = National().For(nil).Day(d)
		require.NoError(t, err)
		_, err = National().With(Override{Date: d, Kind: Off, VI: "nghỉ", EN: "closed"})
		require.NoError(t, err)
	}
	for _, d := range []Date{first - 1, last + 1} {
		_, err := National().Day(d)
		require.ErrorIs(t, err, ErrOutOfRange)
		_, err = National().For(nil).Day(d)
		require.ErrorIs(t, err, ErrOutOfRange)
		_, err = National().For(nil).Open(d.At(600))
		require.ErrorIs(t, err, ErrOutOfRange)
		_, err = National().For(nil).WorkingDays(d-1, d)
		require.ErrorIs(t, err, ErrOutOfRange)
		_, err = National().For(nil).WorkingMinutes(d.Time(), d.At(1))
		require.ErrorIs(t, err, ErrOutOfRange)
	}
	for _, on := range []string{"2021-01-01", "2100-01-01"} {
		day, err := National().Day(date(t, on))
		require.NoError(t, err)
		assert.Equal(t, "new_year", day.Reason.Code, on)
	}
	_, err := National().For(nil).Next(last)
	require.ErrorIs(t, err, ErrOutOfRange)
}

// Each rule about an override, broken alone.
func TestOverridesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	base := Override{Date: date(t, "2026-10-14"), Kind: HalfDay, Half: Morning, VI: "đại hội", EN: "congress"}
	_, err := National().With(base)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		spoil func(*Override)
		want  string
	}{
		"no kind":            {func(o *Override) { o.Kind, o.Half = "", "" }, "has kind"},
		"another kind":       {func(o *Override) { o.Kind, o.Half = "holiday", "" }, "has kind"},
		"half of a day off":  {func(o *Override) { o.Kind = Off }, "has half"},
		"half of a workday":  {func(o *Override) { o.Kind = Working }, "has half"},
		"another half":       {func(o *Override) { o.Half = "night" }, "has half"},
		"without Vietnamese": {func(o *Override) { o.VI = "" }, "does not say why"},
		"without English":    {func(o *Override) { o.EN = "" }, "does not say why"},
		"before":             {func(o *Override) { o.Date = date(t, "2020-12-31") }, "outside the calendar"},
		"after":              {func(o *Override) { o.Date = date(t, "2101-01-01") }, "outside the calendar"},
	} {
		o := base
		c.spoil(&o)
		_, err := National().With(o)
		var invalid *InvalidError
		require.ErrorAs(t, err, &invalid, name)
		require.Len(t, invalid.Problems, 1, name)
		assert.Contains(t, invalid.Problems[0].Problem, c.want, name)
	}
}

// A unit's decision stands where a swap is only proposed.
func TestOverrideOnAProposedDay(t *testing.T) {
	t.Parallel()
	c, err := National().With(Override{Date: date(t, "2026-11-23"), Kind: Off, VI: "nghỉ", EN: "closed"})
	require.NoError(t, err)
	day, err := c.Day(date(t, "2026-11-23"))
	require.NoError(t, err)
	assert.Equal(t, ByUnit, day.Certainty)
	assert.Empty(t, day.Doubt.Code)
}

// The limits of what one person may work: 10 hours a day, 30 to 48 a week, four spans.
func TestHoursAtTheirLimits(t *testing.T) {
	t.Parallel()
	spans := func(s ...string) DayHours {
		var d DayHours
		for _, text := range s {
			span, err := ParseSpan(text)
			require.NoError(t, err)
			d.Spans = append(d.Spans, span)
		}
		return d
	}
	week := func(usual, saturday DayHours) Period {
		var p Period
		for w := time.Monday; w <= time.Friday; w++ {
			p.Week[w] = usual
		}
		p.Week[time.Saturday] = saturday
		return p
	}
	eight := spans("08:00-12:00", "13:00-17:00")
	from := func(d Date) Period {
		p := week(eight, DayHours{})
		p.From = d
		return p
	}
	many := func(n int) (out []Period) {
		for i := range n {
			out = append(out, from(Date(1+i)))
		}
		return out
	}
	closed, five := DayHours{}, spans("08:00-09:00", "09:00-10:00", "10:00-11:00", "12:00-14:00", "15:00-17:00")
	for name, c := range map[string]struct {
		periods []Period
		want    string
	}{
		"48 hours a week":        {[]Period{week(eight, spans("08:00-16:00"))}, ""},
		"a minute more":          {[]Period{week(eight, spans("08:00-16:01"))}, "48:01 working hours"},
		"30 hours a week":        {[]Period{week(spans("08:00-14:00"), closed)}, ""},
		"a minute less":          {[]Period{week(spans("08:00-13:59"), spans("08:00-08:04"))}, "29:59 working hours"},
		"10 hours a day":         {[]Period{week(spans("08:00-14:00"), spans("07:00-17:00"))}, ""},
		"a minute more a day":    {[]Period{week(spans("08:00-14:00"), spans("07:00-17:01"))}, "10:01 hours"},
		"four spans":             {[]Period{week(spans("08:00-10:00", "10:00-12:00", "13:00-15:00", "15:00-17:00"), closed)}, ""},
		"five spans":             {[]Period{week(five, closed)}, "5 spans"},
		"the whole clock":        {[]Period{week(eight, spans("00:00-02:00", "22:00-24:00"))}, ""},
		"before midnight":        {[]Period{week(eight, DayHours{Spans: []Span{{-1, 60}}})}, "within one day"},
		"after midnight":         {[]Period{week(eight, DayHours{Spans: []Span{{1380, 1441}}})}, "within one day"},
		"an empty span":          {[]Period{week(eight, DayHours{Spans: []Span{{600, 600}}})}, "does not end after it begins"},
		"a second one in it":     {[]Period{week(eight, spans("08:00-11:00", "10:59-12:00"))}, "overlaps"},
		"a third one in first":   {[]Period{week(eight, spans("08:00-11:00", "09:00-10:00", "10:30-12:00"))}, "10:30-12:00 overlaps"},
		"100 periods":            {many(100), ""},
		"101 periods":            {many(101), "101 periods"},
		"a period from one day":  {[]Period{from(5), from(5)}, "not after the period before"},
		"a period of a day":      {[]Period{from(5), from(6)}, ""},
		"reception counts apart": {[]Period{week(eight, DayHours{Spans: spans("08:00-17:00").Spans, ReceptionOnly: true})}, ""},
		"reception at no hour":   {[]Period{week(eight, DayHours{ReceptionOnly: true})}, "no hours"},
	} {
		_, err := NewHours(c.periods...)
		if c.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, ErrInvalid, name)
		assert.Contains(t, err.Error(), c.want, name)
	}
}
