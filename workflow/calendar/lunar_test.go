package calendar

import (
	"bufio"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLunarHolidaysOfThePublishedTable(t *testing.T) {
	t.Parallel()
	// Years, mùng 1 Tết and 10/3, as published for 2024-2035 at UTC+7; 2030 differs from China's calendar,
	// which has 3 February.
	for _, c := range []struct {
		year      int
		tet, hung string
	}{
		{2024, "2024-02-10", "2024-04-18"}, {2025, "2025-01-29", "2025-04-07"}, {2026, "2026-02-17", "2026-04-26"},
		{2027, "2027-02-06", "2027-04-16"}, {2028, "2028-01-26", "2028-04-04"}, {2029, "2029-02-13", "2029-04-23"},
		{2030, "2030-02-02", "2030-04-12"}, {2031, "2031-01-23", "2031-04-01"}, {2032, "2032-02-11", "2032-04-19"},
		{2033, "2033-01-31", "2033-04-09"}, {2034, "2034-02-19", "2034-04-28"}, {2035, "2035-02-08", "2035-04-17"},
	} {
		tet, err := FromLunar(LunarDate{Year: c.year, Month: 1, Day: 1})
		require.NoError(t, err)
		assert.Equal(t, c.tet, tet.String())
		hung, err := FromLunar(LunarDate{Year: c.year, Month: 3, Day: 10})
		require.NoError(t, err)
		assert.Equal(t, c.hung, hung.String())
	}
}

// The days of the notices of the ministry in charge (6150/TB-BLĐTBXH for 2025, 9441/TB-BNV for 2026), which
// give the lunar date beside the civil one, and the Tết of 1985 and 2007, which differ from China's.
func TestLunarDaysOfTheNotices(t *testing.T) {
	t.Parallel()
	for civil, lunar := range map[string]LunarDate{
		"2025-01-25": {2024, 12, 26, false}, "2025-01-29": {2025, 1, 1, false}, "2025-02-02": {2025, 1, 5, false},
		"2026-02-14": {2025, 12, 27, false}, "2026-02-17": {2026, 1, 1, false}, "2026-02-22": {2026, 1, 6, false},
		"1985-01-21": {1985, 1, 1, false}, "2007-02-17": {2007, 1, 1, false},
		"1995-11-22": {1995, 10, 1, false}, // PyEphem: the last new moon before month 11
	} {
		got, err := Lunar(date(t, civil))
		require.NoError(t, err)
		assert.Equal(t, lunar, got, civil)
	}
}

func TestLunarAgainstAnIndependentEphemeris(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/lunar.txt")
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	lines := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if sc.Text()[0] == '#' {
			continue
		}
		var year, leap int
		var tet, hung string
		_, err := fmt.Sscanf(sc.Text(), "%d %s %s %d", &year, &tet, &hung, &leap)
		require.NoError(t, err)
		lines++

		got, err := FromLunar(LunarDate{Year: year, Month: 1, Day: 1})
		require.NoError(t, err)
		assert.Equal(t, tet, got.String(), "Tết %d", year)
		got, err = FromLunar(LunarDate{Year: year, Month: 3, Day: 10})
		require.NoError(t, err)
		assert.Equal(t, hung, got.String(), "Giỗ Tổ %d", year)
		for month := 1; month <= 12; month++ {
			_, err := FromLunar(LunarDate{Year: year, Month: month, Day: 1, Leap: true})
			if month == leap {
				assert.NoError(t, err, "leap month %d of %d", month, year)
			} else {
				assert.ErrorIs(t, err, ErrInvalid, "leap month %d of %d", month, year)
			}
		}
	}
	assert.Equal(t, 133, lines)
}

func TestEphemerisExamplesOfTheBook(t *testing.T) {
	t.Parallel()
	// Meeus, examples 25.a (13 October 1992, 0h TD) and 49.a (new moon of February 1977).
	assert.InDelta(t, 199.90895, sunLongitude(2448908.5), 0.00002)
	assert.InDelta(t, 2443192.65118, newMoon(-283), 0.00001)
}

func TestLunarGoesThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first, last := NewDate(1968, time.January, 30), NewDate(2100, time.December, 31)
		d := Date(rapid.Int32Range(int32(first), int32(last)).Draw(t, "date"))
		l, err := Lunar(d)
		require.NoError(t, err)
		back, err := FromLunar(l)
		require.NoError(t, err)
		require.Equal(t, d, back, "%+v", l)

		next, err := Lunar(d + 1)
		if d == last {
			return
		}
		require.NoError(t, err)
		require.True(t, next.Day == l.Day+1 || next.Day == 1 && (l.Day == 29 || l.Day == 30), "%+v then %+v", l, next)
	})
}

func TestLunarOutsideItsYears(t *testing.T) {
	t.Parallel()
	_, err := FromLunar(LunarDate{Year: 1967, Month: 1, Day: 1})
	require.ErrorIs(t, err, ErrOutOfRange)
	_, err = Lunar(NewDate(2102, time.January, 1))
	require.ErrorIs(t, err, ErrOutOfRange)
	_, err = FromLunar(LunarDate{Year: 2026, Month: 1, Day: 31})
	require.ErrorIs(t, err, ErrInvalid)
}

func date(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	require.NoError(t, err)
	return d
}
