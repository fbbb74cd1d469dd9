package calendar

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const communeHours = `
- weekdays: [07:30-11:30, 13:30-17:00]
- from: 2026-03-01
  basis: Quyết định 12/QĐ-UBND
  weekdays: [7:00-11:30, 13:30-17:00]
  friday: [07:00-11:30, 13:30-16:30]
  saturday: [07:30-11:30]
  reception_only: [saturday]
- from: 2026-07-01
  weekdays: [07:30-11:30, 13:30-17:00]
  saturday: [07:30-11:30]
`

func TestHoursHaveDatesOfValidity(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]byte(communeHours))
	require.NoError(t, err)
	s := National().For(h)
	for _, c := range []struct{ date, want, reason string }{
		{"2026-02-27", "[07:30-11:30 13:30-17:00]", CodeWorkingDay},
		{"2026-02-28", "[]", CodeWeeklyRest},
		{"2026-03-02", "[07:00-11:30 13:30-17:00]", CodeWorkingDay},
		{"2026-03-06", "[07:00-11:30 13:30-16:30]", CodeWorkingDay},
		{"2026-03-07", "[]", CodeReceptionOnly},
		{"2026-07-04", "[07:30-11:30]", CodeWorkingDay},
		{"2026-08-22", "[07:30-11:30]", CodeSwappedWorking}, // the unit works Saturdays by its own hours
		{"2026-09-05", "[07:30-11:30]", CodeWorkingDay},
		{"2026-04-26", "[]", "hung_kings"},
	} {
		day, err := s.Day(date(t, c.date))
		require.NoError(t, err)
		assert.Equal(t, c.want, spans(day), c.date)
		assert.Equal(t, c.reason, day.Reason.Code, c.date)
	}
}

func TestReceptionOnlyHoursAreOpenAndDoNotCount(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]byte(communeHours))
	require.NoError(t, err)
	s := National().For(h)
	saturday := date(t, "2026-03-07")
	for at, want := range map[Minute]bool{7*60 + 29: false, 7*60 + 30: true, 11*60 + 29: true, 11*60 + 30: false} {
		open, err := s.Open(saturday.At(at))
		require.NoError(t, err)
		assert.Equal(t, want, open, at)
	}
	n, err := s.WorkingMinutes(saturday.Time(), (saturday + 1).Time())
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestAWorkedSaturdayHasTheHoursOfTheDayItReplaces(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]byte("- weekdays: [07:30-11:30, 13:30-17:00]\n  friday: [07:30-11:30, 13:30-16:00]\n"))
	require.NoError(t, err)
	day, err := National().For(h).Day(date(t, "2026-01-10")) // for Friday 2 January
	require.NoError(t, err)
	assert.Equal(t, "[07:30-11:30 13:30-16:00]", spans(day))
}

func TestWorkingTimeBetweenInstants(t *testing.T) {
	t.Parallel()
	s := National().For(nil)
	friday, monday := date(t, "2026-10-02"), date(t, "2026-10-05")
	n, err := s.WorkingMinutes(friday.At(11*60), monday.At(14*60))
	require.NoError(t, err)
	assert.Equal(t, 30+210+240+30, n)
	n, err = s.WorkingMinutes(monday.At(0), friday.At(0))
	require.NoError(t, err)
	assert.Zero(t, n)
	// Thursday before the National Day holiday of 2026 to the Thursday after it: Friday 28 August, Thursday 3.
	n, err = s.WorkingDays(date(t, "2026-08-27"), date(t, "2026-09-03"))
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	day, err := s.Next(date(t, "2026-02-13"))
	require.NoError(t, err)
	assert.Equal(t, "2026-02-23", day.Date.String())
	assert.Equal(t, Minute(450), day.Opens())
	assert.Equal(t, Minute(1020), day.Closes())
	_, err = s.WorkingDays(date(t, "2026-08-27"), date(t, "2999-01-01"))
	require.ErrorIs(t, err, ErrOutOfRange, "a count that leaves days out is none")
}

func TestParseHoursNamesTheProblemAndTheRemedy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, path, problem, remedy string }{
		"empty":          {"[]", "hours", "no period", "give at least one"},
		"overlap":        {"- weekdays: [07:30-11:30, 11:00-17:00]", "[0].monday", "overlaps", "in order"},
		"order":          {"- weekdays: [13:30-17:00, 07:30-11:30]", "[0].monday", "precedes", "in order"},
		"backwards":      {"- weekdays: [11:30-07:30]", "[0].monday", "does not end after it begins", "07:30-11:30"},
		"no time":        {"- weekdays: [7h30-11h30]", "[0].weekdays", "not of the form", "07:30-11:30"},
		"past midnight":  {"- weekdays: [07:30-24:30]", "[0].weekdays", "not of the form", "07:30-11:30"},
		"long day":       {"- weekdays: [06:00-18:00]", "[0].monday", "12:00 hours", "at most 10:00 a day"},
		"long week":      {"- weekdays: [07:00-17:00]\n  saturday: [07:00-10:00]", "[0]", "53:00 working hours", "reception_only"},
		"short week":     {"- weekdays: [07:30-11:30]", "[0]", "20:00 working hours", "afternoon"},
		"reception":      {"- weekdays: [07:30-11:30, 13:30-17:00]\n  reception_only: [saturday]", "[0].saturday", "no hours", "drop it"},
		"weekday":        {"- weekdays: [07:30-15:30]\n  reception_only: [thu_bay]", "[0].reception_only", "no weekday", "monday to sunday"},
		"date":           {"- from: 1/3/2026\n  weekdays: [07:30-11:30, 13:30-17:00]", "[0].from", "not of the form", "2026-03-01"},
		"periods":        {"- weekdays: [07:30-15:00]\n- weekdays: [07:30-15:30]", "[1].from", "not after", "order the periods"},
		"unknown key":    {"- weekday: [07:30-11:30]", "file", `unknown field "weekday"`, "line"},
		"anchor":         {"- &a\n  weekdays: [07:30-15:00]", "line 1 column 3", "anchor", "write the value out"},
		"two documents":  {"- weekdays: [07:30-15:00]\n---\n- weekdays: [07:30-15:00]", "file", "2 documents", "exactly one"},
		"tag":            {"- weekdays: !0 0", "line 1 column 13", "tag", "write the value out"},
		"too many spans": {"- weekdays: [07:00-08:00, 08:00-09:00, 09:00-10:00, 10:00-11:00, 11:00-13:00]", "[0].monday", "5 spans", "at most"},
		"braces":         {"- {weekdays: [07:30-11:30]}", "file", "cannot unmarshal", "in quotes"},
		"deep":           {strings.Repeat("[", 100), "file", "nests deeper", "plain"},
		"large":          {strings.Repeat("#", maxYAML+1), "file", "bytes", "keep it under"},
	} {
		_, err := ParseHours([]byte(c.yaml))
		require.ErrorIs(t, err, ErrInvalid, name)
		var invalid *InvalidError
		require.ErrorAs(t, err, &invalid)
		first := invalid.Problems[0]
		assert.Equal(t, c.path, first.Path, name)
		assert.Contains(t, first.Problem, c.problem, name)
		assert.Contains(t, first.Remedy, c.remedy, name)
	}
}

func TestSpansMayTouch(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]byte("- weekdays: [08:00-12:00, 12:00-16:00]"))
	require.NoError(t, err)
	day, err := National().For(h).Day(date(t, "2026-10-05"))
	require.NoError(t, err)
	assert.Equal(t, "[08:00-12:00 12:00-16:00]", spans(day))
}

func TestHoursDoNotCoverEarlierDates(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]byte("- from: 2025-07-01\n  weekdays: [07:30-11:30, 13:30-17:00]"))
	require.NoError(t, err)
	_, err = National().For(h).Day(date(t, "2025-06-30"))
	require.ErrorIs(t, err, ErrOutOfRange)
	assert.Contains(t, err.Error(), "2025-07-01")
}

func TestPeriodsGoThroughJSON(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]byte(communeHours))
	require.NoError(t, err)
	b, err := json.Marshal(h.Periods())
	require.NoError(t, err)
	var back []Period
	require.NoError(t, json.Unmarshal(b, &back))
	again, err := NewHours(back...)
	require.NoError(t, err)
	assert.Equal(t, h.Version(), again.Version())
	assert.Equal(t, h.Periods(), again.Periods())

	p := h.Periods()
	p[0].Week[time.Monday].Spans[0].From = 0
	assert.NotEqual(t, p, h.Periods(), "the result is the caller's")
}

func FuzzParseHours(f *testing.F) {
	f.Add([]byte(communeHours))
	f.Add([]byte("- weekdays: [07:30-11:30, 13:30-17:00]"))
	f.Add([]byte("- {from: 2026-01-01, saturday: [], reception_only: [sunday]}"))
	f.Add([]byte("- weekdays: !0 0\n- 0: 0"))
	f.Add([]byte("- &a [*a]\n--- !!binary x\n? ! '"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHours(b)
		if err != nil {
			var invalid *InvalidError
			require.ErrorAs(t, err, &invalid)
			require.NotEmpty(t, invalid.Problems)
			for _, p := range invalid.Problems {
				require.NotEmpty(t, p.Remedy)
			}
			return
		}
		// What is accepted answers for any date it covers, within the limits.
		s := National().For(h)
		first := h.Periods()[0].From
		for d := max(first, NewDate(2026, 1, 1)); d < NewDate(2026, 1, 1)+14; d++ {
			day, err := s.Day(d)
			require.NoError(t, err)
			end := Minute(0)
			for _, span := range day.Spans {
				require.True(t, span.From >= end && span.To > span.From && span.To <= 24*60)
				end = span.To
			}
		}
	})
}
