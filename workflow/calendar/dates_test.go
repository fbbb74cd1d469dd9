package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMinuteForms(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Minute{
		"0:00": 0, "00:00": 0, "0:59": 59, "9:09": 549, "09:09": 549, "19:59": 1199, "23:59": 1439, "24:00": 1440,
	} {
		m, err := ParseMinute(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, m, s)
	}
	// "/" and ":" are the neighbours of the digits.
	for _, s := range []string{
		"24:01", "25:00", "07:60", "7:3", "07:3", "007:30", "07:300", "07.30", "0730", "7:30 ",
		"/7:30", "0/:30", "07:/0", "07:3/", ":7:30", "0::30", "07::0", "07:3:", "a7:30", "07:b0",
	} {
		_, err := ParseMinute(s)
		assert.Error(t, err, s)
	}
}

func TestSpanForms(t *testing.T) {
	t.Parallel()
	span, err := ParseSpan("7:30 - 11:30")
	require.NoError(t, err)
	assert.Equal(t, Span{450, 690}, span)
	for _, s := range []string{"", "07:30", "07:30-", "-07:30", "07:30-x", "x-11:30", "07:30–11:30", "07:30-11:30-12:00"} {
		_, err := ParseSpan(s)
		assert.Error(t, err, s)
	}
}

// What cannot be read changes nothing.
func TestTextsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	d, m, s := Date(7), Minute(7), Span{7, 8}
	require.Error(t, d.UnmarshalText([]byte("2026-13-01")))
	require.Error(t, m.UnmarshalText([]byte("25:00")))
	require.Error(t, s.UnmarshalText([]byte("07:30")))
	assert.Equal(t, Date(7), d)
	assert.Equal(t, Minute(7), m)
	assert.Equal(t, Span{7, 8}, s)
	require.NoError(t, d.UnmarshalText([]byte("1970-01-03")))
	require.NoError(t, m.UnmarshalText([]byte("00:02")))
	require.NoError(t, s.UnmarshalText([]byte("00:02-00:03")))
	assert.Equal(t, Date(2), d)
	assert.Equal(t, Minute(2), m)
	assert.Equal(t, Span{2, 3}, s)
}

// A day begins at midnight in Vietnam, also before 1970.
func TestMidnight(t *testing.T) {
	t.Parallel()
	for _, d := range []Date{NewDate(1968, 1, 1), -1, 0, 1, NewDate(2026, 10, 5)} {
		assert.Equal(t, d, DateOf(d.Time()))
		assert.Equal(t, Minute(0), MinuteOf(d.Time()))
		before := d.Time().Add(-time.Second)
		assert.Equal(t, d-1, DateOf(before))
		assert.Equal(t, Minute(24*60-1), MinuteOf(before))
		assert.Equal(t, d == 0, d.IsZero())
	}
}

func TestLunarYearsFromFirstToLast(t *testing.T) {
	t.Parallel()
	first := date(t, "1968-01-29") // Tết Mậu Thân in Hà Nội, a day before Sài Gòn's
	l, err := Lunar(first)
	require.NoError(t, err)
	assert.Equal(t, LunarDate{1968, 1, 1, false}, l)
	_, err = Lunar(first - 1)
	require.ErrorIs(t, err, ErrOutOfRange)

	last, err := FromLunar(LunarDate{Year: 2100, Month: 12, Day: 29})
	require.NoError(t, err)
	if l, err = Lunar(last + 1); err == nil {
		assert.Equal(t, LunarDate{2100, 12, 30, false}, l)
		last++
	}
	_, err = Lunar(last + 1)
	require.ErrorIs(t, err, ErrOutOfRange)
	for _, year := range []int{1967, 2101} {
		_, err = FromLunar(LunarDate{Year: year, Month: 1, Day: 1})
		require.ErrorIs(t, err, ErrOutOfRange, year)
	}
}

// Month 1 of 2026 has 30 days (17 February to 18 March), month 2 has 29, since 1/3 is 17 April. The new moons
// of the winter are those of 9 November and 9 December 2026 and of 8 January 2027, in Vietnam.
func TestLunarMonthsEnd(t *testing.T) {
	t.Parallel()
	for l, want := range map[LunarDate]string{
		{2026, 1, 30, false}: "2026-03-18", {2026, 2, 1, false}: "2026-03-19", {2026, 2, 29, false}: "2026-04-16",
		{2026, 10, 1, false}: "2026-11-09", {2026, 11, 1, false}: "2026-12-09", {2026, 12, 1, false}: "2027-01-08",
		{2026, 1, 31, false}: "", {2026, 2, 30, false}: "", {2026, 1, 0, false}: "", {2026, 1, -1, false}: "",
		{2026, 0, 1, false}: "", {2026, 13, 1, false}: "", {2026, 1, 1, true}: "",
	} {
		got, err := FromLunar(l)
		if want == "" {
			assert.ErrorIs(t, err, ErrInvalid, "%+v", l)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, want, got.String())
	}
}

// Day 30 of month 11 follows day 29, or is none: it is never looked for in the next year.
func TestLunarDayThirty(t *testing.T) {
	t.Parallel()
	short := 0
	for year := firstLunarYear; year < lastLunarYear; year++ {
		before, err := FromLunar(LunarDate{Year: year, Month: 11, Day: 29})
		require.NoError(t, err)
		got, err := FromLunar(LunarDate{Year: year, Month: 11, Day: 30})
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			short++
			continue
		}
		require.Equal(t, before+1, got, year)
	}
	assert.NotZero(t, short, "some have 29 days")
}

func schedule(t *testing.T, hours string, overrides ...Override) *Schedule {
	t.Helper()
	h, err := ParseHours([]byte(hours))
	require.NoError(t, err)
	for i := range overrides {
		overrides[i].VI, overrides[i].EN = "vì", "because"
	}
	c, err := National().With(overrides...)
	require.NoError(t, err)
	return c.For(h)
}

func TestPeriodBeginsOnItsDay(t *testing.T) {
	t.Parallel()
	s := schedule(t, "- weekdays: [07:30-11:30, 13:30-17:00]\n- from: 2026-07-01\n  weekdays: [08:00-16:00]\n")
	for on, want := range map[string]string{"2026-06-30": "[07:30-11:30 13:30-17:00]", "2026-07-01": "[08:00-16:00]"} {
		day, err := s.Day(date(t, on))
		require.NoError(t, err)
		assert.Equal(t, want, spans(day), on)
	}
}

// A span that ends or begins at noon is of one half only; one across noon is parted.
func TestHalvesMeetAtNoon(t *testing.T) {
	t.Parallel()
	on := date(t, "2026-10-14")
	for hours, want := range map[string][2]string{
		"08:00-12:00, 12:00-16:00":              {"[08:00-12:00]", "[12:00-16:00]"},
		"08:00-16:00":                           {"[08:00-12:00]", "[12:00-16:00]"},
		"08:00-11:59, 12:01-16:00":              {"[08:00-11:59]", "[12:01-16:00]"},
		"06:00-07:00, 08:00-11:00, 14:00-17:00": {"[06:00-07:00 08:00-11:00]", "[14:00-17:00]"},
	} {
		for i, half := range []Half{Morning, Afternoon} {
			s := schedule(t, "- weekdays: ["+hours+"]\n", Override{Date: on, Kind: HalfDay, Half: half})
			day, err := s.Day(on)
			require.NoError(t, err)
			assert.Equal(t, want[i], spans(day), hours)
		}
	}
}

// A worked rest day has the hours of the day it replaces if that is worked, else of the first that is.
func TestHoursOfAWorkedRestDay(t *testing.T) {
	t.Parallel()
	const usual = "- monday: [08:00-16:00]\n  tuesday: [08:00-17:00]\n  wednesday: []\n  thursday: [08:00-15:00]\n  friday: [08:00-14:00]\n"
	const late = "- thursday: [07:00-17:00]\n  friday: [06:00-16:00]\n  saturday: [06:30-16:30]\n"
	saturday, sunday := date(t, "2026-10-17"), date(t, "2026-10-18")
	for name, c := range map[string]struct {
		hours string
		o     Override
		want  string
	}{
		"of Thursday":                {usual, Override{Date: saturday, For: date(t, "2026-10-15")}, "[08:00-15:00]"},
		"of a Wednesday not worked":  {usual, Override{Date: saturday, For: date(t, "2026-10-14")}, "[08:00-16:00]"},
		"of no day":                  {usual, Override{Date: saturday}, "[08:00-16:00]"},
		"of no day, Monday is off":   {late, Override{Date: sunday}, "[07:00-17:00]"},
		"of Friday":                  {late, Override{Date: sunday, For: date(t, "2026-10-16")}, "[06:00-16:00]"},
		"Saturday has hours already": {late, Override{Date: saturday, For: date(t, "2026-10-16")}, "[06:30-16:30]"},
		"of a Saturday of reception": {
			usual + "  saturday: [08:00-09:00]\n  reception_only: [saturday]\n", Override{Date: sunday, For: saturday}, "[08:00-16:00]",
		},
	} {
		c.o.Kind = Working
		day, err := schedule(t, c.hours, c.o).Day(c.o.Date)
		require.NoError(t, err)
		assert.Equal(t, c.want, spans(day), name)
	}
	// Only a calendar with limits of its own allows an office that works at the weekend alone.
	for _, only := range []string{"saturday", "sunday"} {
		c, err := Load(nationalWith(t, "weekdays: [07:30-11:30, 13:30-17:00]", only+": [08:00-09:00]", "week_min_hours: 30", "week_min_hours: 1"))
		require.NoError(t, err)
		c, err = c.With(Override{Date: date(t, "2026-10-16"), Kind: Working, VI: "vì", EN: "because"})
		require.NoError(t, err)
		day, err := c.For(nil).Day(date(t, "2026-10-16"))
		require.NoError(t, err)
		assert.Equal(t, "[08:00-09:00]", spans(day), only)
	}
}

func TestDaysOffAndTheirReasons(t *testing.T) {
	t.Parallel()
	s := schedule(t, "- weekdays: [08:00-16:00]\n  wednesday: []\n  saturday: [08:00-09:00]\n  reception_only: [saturday]\n")
	for on, want := range map[string]string{
		"2026-10-14": CodeUnitClosed, "2026-10-17": CodeReceptionOnly, "2026-10-18": CodeWeeklyRest, "2026-11-24": "culture_day",
	} {
		day, err := s.Day(date(t, on))
		require.NoError(t, err)
		assert.Equal(t, want, day.Reason.Code, on)
		assert.False(t, day.Works())
		assert.Zero(t, day.Opens())
		assert.Zero(t, day.Closes())
		assert.Equal(t, want == CodeReceptionOnly, len(day.Reception) > 0, on)
	}
}

func TestOpenFromTheFirstMinuteToTheLast(t *testing.T) {
	t.Parallel()
	s, d := National().For(nil), date(t, "2026-10-05")
	for at, want := range map[Minute]bool{449: false, 450: true, 689: true, 690: false, 809: false, 810: true, 1019: true, 1020: false} {
		open, err := s.Open(d.At(at))
		require.NoError(t, err)
		assert.Equal(t, want, open, at)
	}
}

func TestWorkingTimeAtItsEdges(t *testing.T) {
	t.Parallel()
	s, monday := National().For(nil), date(t, "2026-10-05")
	for _, c := range []struct {
		from, to time.Time
		want     int
	}{
		{monday.At(450), monday.At(1020), 450},
		{monday.At(450), monday.At(451), 1},
		{monday.At(451), monday.At(451), 0},
		{monday.At(600), monday.At(500), 0},
		{monday.At(689), monday.At(811), 2},
		{monday.At(1020), (monday + 1).At(450), 0},
		{monday.At(1019), (monday + 1).At(451), 2},
	} {
		n, err := s.WorkingMinutes(c.from, c.to)
		require.NoError(t, err)
		assert.Equal(t, c.want, n, "%s to %s", c.from, c.to)
	}
	for to, want := range map[Date]int{monday - 1: 0, monday: 0, monday + 1: 1, monday + 6: 4, monday + 7: 5} {
		n, err := s.WorkingDays(monday, to)
		require.NoError(t, err)
		assert.Equal(t, want, n)
	}
}

// What is just small and flat enough is read, and what is a step beyond is told.
func TestFilesAtTheirLimits(t *testing.T) {
	t.Parallel()
	const hours = "- weekdays: [07:30-11:30, 13:30-17:00]\n"
	padded := func(n int) string { return hours + strings.Repeat("#", n-len(hours)) }
	_, err := ParseHours([]byte(padded(maxYAML)))
	require.NoError(t, err)
	for text, want := range map[string]string{
		padded(maxYAML + 1):                       "bytes",
		strings.Repeat("[", maxDepth+1):           "nests deeper",
		strings.Repeat("{", maxDepth+1):           "nests deeper",
		strings.Repeat(" ", 4*maxDepth+1) + "- a": "nests deeper",
		"":                      "exactly one",
		"# nothing but words\n": "exactly one",
		"---\n":                 "exactly one",
		hours + "---\n" + hours: "exactly one",
		"- weekdays: &a [07:30-11:30]\n- &b {}\n":   "line 1",
		"- &b {}\n- weekdays: &a [07:30-11:30]\n":   "line 1",
		"- weekdays: [07:30\n":                      "is not YAML",
		"- weekdays: *a\n":                          "anchor",
		"- <<: {}\n  weekdays: [07:30-11:30]\n":     "anchor",
		"- weekdays: !!seq [07:30-11:30]\n":         "anchor",
		"- weekdays: [07:30-11:30]\n  weekdays: []": "file",
	} {
		_, err := ParseHours([]byte(text))
		require.ErrorIs(t, err, ErrInvalid)
		assert.Contains(t, err.Error(), want, "%.60q", text)
	}
	for _, text := range []string{
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
		strings.Repeat("- []\n", 2*maxDepth), strings.Repeat("- {}\n", 2*maxDepth),
		strings.Repeat(" ", 4*maxDepth-2) + "- a",
	} {
		_, err := ParseHours([]byte(text))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "nests deeper")
	}
}
