package clock

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/workflow/calendar"
)

var timetables = []string{
	"- weekdays: [07:30-11:30, 13:30-17:00]",
	"- weekdays: [07:00-11:30, 13:30-17:00]\n  saturday: [07:30-11:30]",
	"- weekdays: [07:30-11:30, 13:30-17:00]\n  saturday: [07:30-11:30]\n  reception_only: [saturday]",
	"- weekdays: [07:30-11:30, 13:30-17:00]\n- from: 2026-06-01\n  weekdays: [08:00-16:00]\n  wednesday: []",
}

func drawSchedule(t *rapid.T) *calendar.Schedule {
	h, err := calendar.ParseHours([]byte(rapid.SampledFrom(timetables).Draw(t, "timetable")))
	require.NoError(t, err)
	c := calendar.National()
	if rapid.Bool().Draw(t, "closures") {
		d := drawDate(t, "closed")
		c, err = c.With(
			calendar.Override{Date: d, Kind: calendar.Off, VI: "đóng cửa", EN: "closed"},
			calendar.Override{Date: d + 1, Kind: calendar.HalfDay, VI: "nửa ngày", EN: "half a day"},
			calendar.Override{Date: d + 2, Kind: calendar.Working, For: d, VI: "làm bù", EN: "made up"},
		)
		require.NoError(t, err)
	}
	return c.For(h)
}

func drawDate(t *rapid.T, label string) calendar.Date {
	first, last := calendar.NewDate(2024, 1, 1), calendar.NewDate(2028, 12, 31)
	return calendar.Date(rapid.Int32Range(int32(first), int32(last)).Draw(t, label))
}

func drawInstant(t *rapid.T, label string) time.Time {
	return drawDate(t, label).At(calendar.Minute(rapid.Int16Range(0, 24*60-1).Draw(t, label+" minute")))
}

func drawTerm(t *rapid.T) Term {
	kind := rapid.SampledFrom([]Kind{SameDay, WorkingHours, WorkingDays, CalendarDays, Months}).Draw(t, "kind")
	term := Term{Kind: kind}
	if kind != SameDay {
		term.Units = rapid.IntRange(1, map[Kind]int{WorkingHours: 60, WorkingDays: 30, CalendarDays: 60, Months: 6}[kind]).Draw(t, "units")
	}
	if kind == SameDay || rapid.Bool().Draw(t, "with cut-off") {
		term.Cutoff = rapid.SampledFrom([]calendar.Minute{10 * 60, 15 * 60, 16 * 60}).Draw(t, "cutoff")
	}
	return term
}

// drawLedger draws gaps of minutes to days between stops, so that they fall into nights, breaks and holidays.
func drawLedger(t *rapid.T) Ledger {
	l := Ledger{Term: drawTerm(t), Received: drawInstant(t, "received")}
	at := l.Received
	var err error
	for range rapid.IntRange(0, 4).Draw(t, "stops") {
		for _, step := range []string{"stop", "resume"} {
			at = at.Add(time.Duration(rapid.IntRange(0, 6000).Draw(t, step)) * time.Minute)
			if step == "stop" {
				l, err = l.Suspend(at, calendar.Reason{})
			} else {
				l, err = l.Resume(at)
			}
			require.NoError(t, err)
		}
	}
	if rapid.Bool().Draw(t, "extended") {
		l, err = l.Extend(at, rapid.IntRange(1, 5).Draw(t, "by"), calendar.Reason{})
		require.NoError(t, err)
	}
	return l
}

func reckon(t require.TestingT, l Ledger, s *calendar.Schedule) *Reckoning {
	r, err := l.Reckon(s)
	require.NoError(t, err)
	return r
}

// Due lies in working time (for terms by days: at closing time of a working day), never while the clock
// stands, never before the start; and the explanation accounts for every minute and every unit.
func TestPropertyDueIsWorkingTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, l := drawSchedule(t), drawLedger(t)
		r := reckon(t, l, s)
		tiles(t, r)
		require.False(t, r.Start.Before(r.Ledger.Received))
		require.True(t, r.Due.After(r.Start))

		day, err := s.Day(calendar.DateOf(r.Due))
		require.NoError(t, err)
		require.True(t, day.Works(), "%s is %s", day.Date, day.Reason.Code)
		if l.Term.Kind == WorkingHours {
			n, err := s.WorkingMinutes(r.Due.Add(-time.Minute), r.Due)
			require.NoError(t, err)
			require.Equal(t, 1, n, "the minute that ends at Due is worked")
		} else {
			require.Equal(t, day.Closes(), calendar.MinuteOf(r.Due))
		}
		for _, p := range r.Ledger.Suspensions {
			require.False(t, p.From.Before(r.Due) && r.Due.Before(p.To), "due while the clock stands")
		}
	})
}

func TestPropertyMonotoneInStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, term := drawSchedule(t), drawTerm(t)
		a, b := drawInstant(t, "a"), time.Duration(rapid.IntRange(0, 20000).Draw(t, "later"))*time.Minute
		first, second := reckon(t, Ledger{Term: term, Received: a}, s), reckon(t, Ledger{Term: term, Received: a.Add(b)}, s)
		require.False(t, second.Due.Before(first.Due), "%s then %s", first.Due, second.Due)
	})
}

// Stopping in working time and resuming at the same hour k working days later moves the end by exactly k
// working days.
func TestPropertyStoppingForKDaysShiftsByK(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	rapid.Check(t, func(t *rapid.T) {
		term := rapid.SampledFrom([]Term{certified, days(1), days(5), days(15), hours(4), hours(20)}).Draw(t, "term")
		plain := reckon(t, Ledger{Term: term, Received: drawInstant(t, "received")}, s)

		span := rapid.Int64Range(0, int64(plain.Due.Sub(plain.Start)/time.Minute)-1).Draw(t, "stopped after")
		stop := plain.Start.Add(time.Duration(span) * time.Minute)
		c := &count{s: s}
		stop, err := c.effective(stop, 0)
		require.NoError(t, err)
		if calendar.MinuteOf(stop) > 15*60 && term.Cutoff > 0 {
			stop = calendar.DateOf(stop).At(15 * 60)
		}
		if stop.Before(plain.Start) || !stop.Before(plain.Due) {
			t.Skip("no working time there")
		}
		k := rapid.IntRange(0, 25).Draw(t, "k")
		shift := func(at time.Time) time.Time {
			day, err := c.add(calendar.DateOf(at), k)
			require.NoError(t, err)
			return day.Date.At(calendar.MinuteOf(at))
		}
		l, err := plain.Ledger.Suspend(stop, calendar.Reason{})
		require.NoError(t, err)
		require.True(t, reckon(t, l, s).Due.IsZero(), "no date while the clock stands")
		l, err = l.Resume(shift(stop))
		require.NoError(t, err)
		require.Equal(t, shift(plain.Due), reckon(t, l, s).Due)
	})
}

// A stop, whatever its hours, never makes a dossier due earlier; nor does a longer term.
func TestPropertyStopsAndUnitsOnlyDelay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, l := drawSchedule(t), drawLedger(t)
		r := reckon(t, l, s)
		without := l
		without.Suspensions = nil
		require.False(t, r.Due.Before(reckon(t, without, s).Due))
		longer, err := l.Extend(l.Received, 1, calendar.Reason{})
		require.NoError(t, err)
		require.False(t, reckon(t, longer, s).Due.Before(r.Due))
	})
}

// An open stop leaves no due date unless the term was used up before it, and then the date it had.
func TestPropertyOpenStop(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, l := drawSchedule(t), drawLedger(t)
		at := l.Received
		for _, p := range l.Suspensions {
			at = p.To
		}
		at = at.Add(time.Duration(rapid.IntRange(0, 60000).Draw(t, "stopped after")) * time.Minute)
		before := reckon(t, l, s)
		l, err := l.Suspend(at, calendar.Reason{})
		require.NoError(t, err)
		r := reckon(t, l, s)
		tiles(t, r)
		if at.Before(before.Due) {
			require.True(t, r.Due.IsZero())
			require.Equal(t, CodeStopped, r.Explain().Summary.Code)
		} else {
			require.Equal(t, before.Due, r.Due)
		}
	})
}

// The zone a time is written in, the seconds it carries and a journey through JSON change nothing.
func TestPropertyOnlyTheInstantMatters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, l := drawSchedule(t), drawLedger(t)
		want := reckon(t, l, s)
		l.Received = l.Received.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "seconds")) * time.Second)
		l.Received = l.Received.In(time.FixedZone("x", rapid.IntRange(-43200, 43200).Draw(t, "offset")))
		require.Equal(t, want, reckon(t, l, s))

		b, err := json.Marshal(want)
		require.NoError(t, err)
		var back Reckoning
		require.NoError(t, json.Unmarshal(b, &back))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.JSONEq(t, string(b), string(again))
		require.True(t, want.Due.Equal(back.Due))
		require.Equal(t, want, reckon(t, back.Ledger, s))
		require.Equal(t, want.Explain().Lines(VI), back.Explain().Lines(VI))
	})
}

// A date is certain exactly when every day between reception and end is.
func TestPropertyDoubts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, l := drawSchedule(t), drawLedger(t)
		r := reckon(t, l, s)
		want := false
		for d := calendar.DateOf(r.Ledger.Received); d <= calendar.DateOf(r.Due); d++ {
			day, err := s.Day(d)
			require.NoError(t, err)
			want = want || day.Certainty == calendar.Expected
		}
		require.Equal(t, want, r.Expected())
	})
}
