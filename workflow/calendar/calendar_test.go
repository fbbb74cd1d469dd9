package calendar

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The weekdays off and weekend days worked which the notices gave civil servants: Thông báo 4875/TB-LĐTBXH
// (2021), 119/TB-LĐTBXH (2022), 5034/TB-LĐTBXH (2023), 5015 and 1570/TB-LĐTBXH (2024), 6150/TB-BLĐTBXH (2025),
// 9441/TB-BNV and 12729/VPCP-KGVX (2026). The years to 2023 are computed here, so they test the rules.
var notices = []struct {
	year        int
	announced   bool
	off, worked string
}{
	{2021, false, "01-01 02-10 02-11 02-12 02-15 02-16 04-21 04-30 05-03 09-02 09-03", ""},
	{2022, false, "01-03 01-31 02-01 02-02 02-03 02-04 04-11 05-02 05-03 09-01 09-02", ""},
	{2023, false, "01-02 01-20 01-23 01-24 01-25 01-26 05-01 05-02 05-03 09-01 09-04", ""},
	{2024, true, "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-29 04-30 05-01 09-02 09-03", "05-04"},
	{2025, true, "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 05-02 09-01 09-02", "04-26"},
	{
		2026, true, "01-01 01-02 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 08-31 09-01 09-02 11-24",
		"01-10 08-22",
	},
}

func TestWorkingDaysOfTheNotices(t *testing.T) {
	t.Parallel()
	c := National()
	for _, n := range notices {
		var off, worked []string
		for d := NewDate(n.year, 1, 1); d.Year() == n.year; d++ {
			day, err := c.Day(d)
			require.NoError(t, err)
			weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
			switch {
			case day.Kind == Off && !weekend:
				off = append(off, d.String()[5:])
			case day.Kind == Working && weekend:
				worked = append(worked, d.String()[5:])
			}
		}
		assert.Equal(t, n.off, strings.Join(off, " "), "%d: weekdays off", n.year)
		assert.Equal(t, n.worked, strings.Join(worked, " "), "%d: weekend days worked", n.year)
		assert.Equal(t, n.announced, c.Announced(n.year))
	}
}

// The listed years hold what the rules compute, plus the swaps: the data and the computation check each other.
func TestListedYearsAgreeWithTheRules(t *testing.T) {
	t.Parallel()
	var f file
	require.NoError(t, decode("calendar", nationalYAML, &f))
	require.NoError(t, f.check())
	c := National()
	for year := 2024; year <= 2026; year++ {
		days, err := f.compute(year)
		require.NoError(t, err)
		computed := map[Date]bool{}
		for _, d := range days {
			computed[d.Date] = true
		}
		for d := NewDate(year, 1, 1); d.Year() == year; d++ {
			day, err := c.Day(d)
			require.NoError(t, err)
			rest := f.rests[d.Weekday()]
			if day.Reason.Code == CodeSwappedOff || day.Reason.Code == CodeSwappedWorking {
				continue
			}
			assert.Equal(t, day.Kind == Off, computed[d] || rest, "%s", d)
		}
	}
}

func TestDayKnowsWhatItRestsOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		date      string
		kind      Kind
		code      string
		certainty Certainty
		doubt     string
	}{
		{"2025-11-24", Working, CodeWorkingDay, ByLaw, ""},
		{"2026-11-24", Off, "culture_day", ByLaw, ""},
		{"2026-11-23", Working, CodeWorkingDay, Expected, CodeProposed},
		{"2026-11-28", Off, CodeWeeklyRest, Expected, CodeProposed},
		{"2024-05-04", Working, CodeSwappedWorking, ByNotice, ""},
		{"2024-04-29", Off, CodeSwappedOff, ByNotice, ""},
		{"2026-04-26", Off, "hung_kings", ByLaw, ""},
		{"2026-04-27", Off, CodeInLieu, ByLaw, ""},
		{"2024-02-13", Off, CodeInLieu, ByNotice, ""},
		{"2027-02-06", Off, "tet", Expected, CodeExpectedYear},
		{"2027-02-10", Off, CodeInLieu, Expected, CodeExpectedYear},
		{"2027-04-16", Off, "hung_kings", Expected, CodeExpectedYear},
		{"2027-03-01", Working, CodeWorkingDay, Expected, CodeExpectedYear},
		{"2029-11-24", Off, "culture_day", Expected, CodeExpectedYear},      // a Saturday …
		{"2029-11-26", Working, CodeWorkingDay, Expected, CodeExpectedYear}, // … without a day in lieu
	} {
		day, err := National().Day(date(t, c.date))
		require.NoError(t, err)
		assert.Equal(t, c.kind, day.Kind, c.date)
		assert.Equal(t, c.code, day.Reason.Code, c.date)
		assert.Equal(t, c.certainty, day.Certainty, c.date)
		assert.Equal(t, c.doubt, day.Doubt.Code, c.date)
		assert.NotEmpty(t, day.Reason.VI)
		assert.NotEmpty(t, day.Reason.EN)
	}
}

func TestEveryComputedYearHasItsDays(t *testing.T) {
	t.Parallel()
	var f file
	require.NoError(t, decode("calendar", nationalYAML, &f))
	require.NoError(t, f.check())
	for year := 2027; year <= 2100; year++ {
		days, err := f.compute(year)
		require.NoError(t, err)
		weekdays, seen := 0, map[Date]bool{}
		for _, d := range days {
			assert.False(t, seen[d.Date], "%s twice", d.Date)
			seen[d.Date] = true
			if !f.rests[d.Date.Weekday()] {
				weekdays++
			}
		}
		want := 12 // eleven given in lieu where they fall on a rest day, and 24 November where it does not
		if f.rests[NewDate(year, 11, 24).Weekday()] {
			want = 11
		}
		assert.Equal(t, want, weekdays, "weekdays off in %d", year)
	}
}

func TestDayOutsideTheCalendar(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2020-12-31", "2101-01-01"} {
		_, err := National().Day(date(t, s))
		assert.ErrorIs(t, err, ErrOutOfRange)
	}
}

func TestLoadRefusesACalendarAgainstTheLaw(t *testing.T) {
	t.Parallel()
	edit := func(old, with string) []byte {
		require.Contains(t, string(nationalYAML), old)
		return bytes.Replace(nationalYAML, []byte(old), []byte(with), 1)
	}
	for name, c := range map[string]struct {
		yaml []byte
		want string
	}{
		"lunar day on another date": {edit("2025-04-07, kind", "2025-04-08, kind"), "2025-04-07 (Hùng Kings' Commemoration) is not off"},
		"holiday forgotten":         {edit("2024-04-30, kind: off", "2024-04-30, kind: working"), "2024-04-30 (Victory Day) is not off"},
		"Tết too short":             {edit("to: 2025-01-31", "to: 2025-01-30"), "has 4 days, the law gives 5"},
		"half a swap":               {edit("      - { date: 2025-04-26", "      - { date: 2025-04-19"), "list both days of the swap"},
		"notice without source":     {edit(`, source: "Công văn 12729/VPCP-KGVX"`, ""), "or notice with its source"},
		"day of another year":       {edit("date: 2026-01-01", "date: 2027-01-01"), "move it to its own year"},
		"listed twice":              {edit("date: 2026-05-01", "date: 2026-04-30"), "keep one entry for each date"},
		"unknown key":               {edit("weekly_rest:", "weakly_rest:"), `unknown field "weakly_rest"`},
		"holiday without a name":    {edit(`vi: "Tết Dương lịch"`, `vi: ""`), "lacks id, vi, en or basis"},
		"holiday without English":   {edit(`en: "New Year's Day"`, `en: ""`), "lacks id, vi, en or basis"},
		"holiday without id":        {edit("id: new_year", `id: ""`), "lacks id, vi, en or basis"},
		"holiday without basis":     {edit(`basis: "Bộ luật Lao động 2019, Điều 112 khoản 1 điểm a"`, `basis: ""`), "lacks id, vi, en or basis"},
		"both calendars":            {edit("solar: 01-01", "lunar: 01-01, solar: 01-01"), "needs either solar or lunar"},
		"no date":                   {edit("solar: 01-01, ", ""), "needs either solar or lunar"},
		"half a date":               {edit("solar: 01-01", `solar: "01"`), "needs either solar or lunar"},
		"month 13":                  {edit("solar: 01-01", "solar: 13-01"), "a month, day or length that does not exist"},
		"month 0":                   {edit("solar: 01-01", "solar: 00-01"), "a month, day or length that does not exist"},
		"day 32":                    {edit("solar: 01-01", "solar: 01-32"), "a month, day or length that does not exist"},
		"day 0":                     {edit("solar: 01-01", "solar: 01-00"), "a month, day or length that does not exist"},
		"32 days":                   {edit("solar: 01-01", "solar: 01-01, days: 32"), "a month, day or length that does not exist"},
		"less than no days":         {edit("solar: 01-01", "solar: 01-01, days: -1"), "a month, day or length that does not exist"},
		"before by less than none":  {edit("solar: 01-01", "solar: 01-01, before: -1"), "a month, day or length that does not exist"},
		"no such weekday":           {edit("adjacent_after_on: [thursday]", "adjacent_after_on: [thorsday]"), `"thorsday" is no weekday`},
		"no rest":                   {edit("weekly_rest: [saturday, sunday]", "weekly_rest: [caturday]"), `"caturday" is no weekday`},
	} {
		_, err := Load(c.yaml)
		require.ErrorIs(t, err, ErrInvalid, name)
		assert.Contains(t, err.Error(), c.want, name)
		var invalid *InvalidError
		require.ErrorAs(t, err, &invalid)
		for _, p := range invalid.Problems {
			assert.NotEmpty(t, p.Remedy, name)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	base := National()
	storm := Override{Date: date(t, "2026-10-14"), Kind: Off, VI: "đóng cửa do bão", EN: "closed for a storm"}
	half := Override{Date: date(t, "2028-03-01"), Kind: HalfDay, VI: "đại hội", EN: "congress"}
	extra := Override{Date: date(t, "2026-10-17"), Kind: Working, For: storm.Date, VI: "làm bù", EN: "made up"}
	c, err := base.With(storm, half, extra)
	require.NoError(t, err)
	s := c.For(nil)

	day, err := s.Day(storm.Date)
	require.NoError(t, err)
	assert.False(t, day.Works())
	assert.Equal(t, "đóng cửa do bão", day.Reason.VI)

	day, err = s.Day(extra.Date)
	require.NoError(t, err)
	assert.Equal(t, "[07:30-11:30 13:30-17:00]", spans(day))

	day, err = s.Day(half.Date)
	require.NoError(t, err)
	assert.Equal(t, "[07:30-11:30]", spans(day))
	assert.Equal(t, Morning, day.Half, "the default half")
	assert.Equal(t, ByUnit, day.Certainty, "what a unit decides is certain in any year")
	assert.NotEqual(t, base.Version(), c.Version())

	day, err = base.For(nil).Day(storm.Date)
	require.NoError(t, err)
	assert.True(t, day.Works(), "the calendar below is unchanged")

	afternoon, err := base.With(Override{Date: half.Date, Kind: HalfDay, Half: Afternoon, VI: "đại hội", EN: "congress"})
	require.NoError(t, err)
	day, err = afternoon.For(nil).Day(half.Date)
	require.NoError(t, err)
	assert.Equal(t, "[13:30-17:00]", spans(day))

	_, err = base.With(storm, storm, Override{Date: date(t, "2011-01-01"), Kind: "holiday", Half: Morning})
	require.ErrorIs(t, err, ErrInvalid)
	assert.Contains(t, err.Error(), "listed twice")
	assert.Contains(t, err.Error(), "outside the calendar")
}

func TestDates(t *testing.T) {
	t.Parallel()
	d := date(t, "2024-01-31")
	assert.Equal(t, "2024-02-29", d.AddMonths(1).String())
	assert.Equal(t, "2024-12-31", d.AddMonths(11).String())
	assert.Equal(t, "2025-01-31", d.AddMonths(12).String())
	assert.Equal(t, "thứ Tư 31/01/2024", d.VI())
	assert.Equal(t, "1969-12-31", NewDate(1969, 12, 31).String())
	assert.Equal(t, time.Wednesday, NewDate(1969, 12, 31).Weekday())
	for _, s := range []string{"", "2024-02-30", "31/01/2024"} {
		_, err := ParseDate(s)
		require.Error(t, err, s)
	}
	for _, s := range []string{"7h30", "24:01", "07:60", "-1:00", "007:30", ""} {
		_, err := ParseMinute(s)
		require.Error(t, err, s)
	}
	m, err := ParseMinute("7:05")
	require.NoError(t, err)
	assert.Equal(t, "07:05", m.String())
}

func TestZoneIsFixedWhateverTheProcessSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "unix"), 0)
		offset := rapid.IntRange(-14*3600, 14*3600).Draw(t, "offset")
		other := at.In(time.FixedZone("other", offset))
		d, m := DateOf(other), MinuteOf(other)
		want := at.In(Zone())
		require.Equal(t, want.Format("2006-01-02 15:04"), d.String()+" "+m.String())
		require.Equal(t, want.Weekday(), d.Weekday())
		require.True(t, d.At(m).Equal(at.Truncate(time.Minute)))
	})
}

func spans(d WorkDay) string {
	parts := make([]string, len(d.Spans))
	for i, s := range d.Spans {
		parts[i] = s.String()
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func TestParseOverrides(t *testing.T) {
	t.Parallel()
	got, err := ParseOverrides([]byte(`
- date: 2026-10-14
  kind: off
  vi: đóng cửa do bão
  en: closed for a storm
  source: Công điện 15/CĐ-UBND
- date: 2026-10-17
  kind: working
  for: 2026-10-14
  vi: làm bù
  en: made up
- date: 2026-12-31
  kind: half_day
  half: afternoon
  vi: tổng kết
  en: year-end meeting
`))
	require.NoError(t, err)
	assert.Equal(t, []Override{
		{Date: date(t, "2026-10-14"), Kind: Off, VI: "đóng cửa do bão", EN: "closed for a storm", Source: "Công điện 15/CĐ-UBND"},
		{Date: date(t, "2026-10-17"), Kind: Working, For: date(t, "2026-10-14"), VI: "làm bù", EN: "made up"},
		{Date: date(t, "2026-12-31"), Kind: HalfDay, Half: Afternoon, VI: "tổng kết", EN: "year-end meeting"},
	}, got)
	_, err = National().With(got...)
	require.NoError(t, err)
	for _, bad := range []string{"- date: 14/10/2026", "- dates: 2026-10-14", "off", "- &a {kind: off}"} {
		_, err := ParseOverrides([]byte(bad))
		require.ErrorIs(t, err, ErrInvalid, bad)
	}
}
