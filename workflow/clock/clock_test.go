package clock

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/calendar"
)

func instant(t require.TestingT, s string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if at, err := time.ParseInLocation(layout, s, calendar.Zone()); err == nil {
			return at
		}
	}
	require.Fail(t, "bad instant", s)
	return time.Time{}
}

func due(r *Reckoning) string {
	if r.Due.IsZero() {
		return "none"
	}
	return r.Due.Format("Mon 2006-01-02 15:04")
}

var certified = Term{Kind: SameDay, Cutoff: 15 * 60} // the rule of certified copies and civil status

func days(n int) Term  { return Term{Kind: WorkingDays, Units: n} }
func hours(n int) Term { return Term{Kind: WorkingHours, Units: n} }

// Hours 7:30-11:30 and 13:30-17:00, Monday to Friday. Every due date is counted by hand from the law and the
// notices.
func TestDueDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		term     Term
		received string
		due      string
	}{
		{"in the morning", certified, "2024-11-14 09:00", "Thu 2024-11-14 17:00"},
		{"Friday 15:00 is in time", certified, "2024-11-15 15:00", "Fri 2024-11-15 17:00"},
		{"so is 15:00:59, which the slip prints as 15:00", certified, "2024-11-15 15:00:59", "Fri 2024-11-15 17:00"},
		{"Friday 15:01", certified, "2024-11-15 15:01", "Mon 2024-11-18 17:00"},
		{"Friday 15:01 in 2026", certified, "2026-11-20 15:01", "Mon 2026-11-23 17:00"},
		{"Saturday", certified, "2024-11-16 09:00", "Mon 2024-11-18 17:00"},
		{"before opening", certified, "2024-11-14 02:00", "Thu 2024-11-14 17:00"},
		{"lunch break", certified, "2024-11-14 12:00", "Thu 2024-11-14 17:00"},
		{"after closing", certified, "2024-11-14 20:00", "Fri 2024-11-15 17:00"},
		{"a Tết day of 2024", certified, "2024-02-12 10:00", "Thu 2024-02-15 17:00"},
		{"a Tết day of 2026", certified, "2026-02-17 08:00", "Mon 2026-02-23 17:00"},
		{"Friday 15:01 before Tết 2026", certified, "2026-02-13 15:01", "Mon 2026-02-23 17:00"},
		{"working Saturday 2024", certified, "2024-05-04 10:00", "Sat 2024-05-04 17:00"},
		{"Friday 15:01 before a working Saturday", certified, "2025-04-25 15:01", "Sat 2025-04-26 17:00"},
		{"the swapped Monday is off", certified, "2024-04-29 10:00", "Thu 2024-05-02 17:00"},
		{"24 November 2025 is worked", certified, "2025-11-24 10:00", "Mon 2025-11-24 17:00"},
		{"24 November 2026 is not", certified, "2026-11-24 10:00", "Wed 2026-11-25 17:00"},
		{"over the New Year", certified, "2024-12-31 15:30", "Thu 2025-01-02 17:00"},
		{"over the New Year with its bridge", certified, "2025-12-31 15:30", "Mon 2026-01-05 17:00"},

		{"three working days", days(3), "2026-10-05 10:00", "Thu 2026-10-08 17:00"},
		{"over a weekend", days(3), "2026-10-08 16:59", "Tue 2026-10-13 17:00"},
		{"with a working Saturday", days(3), "2026-01-08 10:00", "Mon 2026-01-12 17:00"},
		{"over Tết 2025", days(3), "2025-01-24 10:00", "Wed 2025-02-05 17:00"},
		{"over Giỗ Tổ, its day in lieu, 30 April and 1 May 2026", days(4), "2026-04-24 10:00", "Tue 2026-05-05 17:00"},
		{"over National Day 2024", days(1), "2024-08-30 10:00", "Wed 2024-09-04 17:00"},
		{"into a year not announced", days(3), "2026-12-30 10:00", "Tue 2027-01-05 17:00"},
		{"received on Saturday: Monday is the first day", days(1), "2026-10-10 10:00", "Tue 2026-10-13 17:00"},
		{"with a cut-off of its own", Term{Kind: WorkingDays, Units: 1, Cutoff: 900}, "2026-10-05 15:01", "Wed 2026-10-07 17:00"},

		{"calendar days", Term{Kind: CalendarDays, Units: 10}, "2026-10-05 10:00", "Thu 2026-10-15 17:00"},
		{"end moved off National Day 2025", Term{Kind: CalendarDays, Units: 10}, "2025-08-20 10:00", "Wed 2025-09-03 17:00"},
		{"a month from 31 January 2024", Term{Kind: Months, Units: 1}, "2024-01-31 10:00", "Thu 2024-02-29 17:00"},
		{"a month, end moved off Saturday", Term{Kind: Months, Units: 1}, "2026-01-30 10:00", "Mon 2026-03-02 17:00"},

		{"an hour over lunch", hours(1), "2026-10-05 11:00", "Mon 2026-10-05 14:00"},
		{"eight hours", hours(8), "2026-10-05 14:00", "Tue 2026-10-06 14:30"},
		{"hours that end at closing", hours(3), "2026-10-05 14:00", "Mon 2026-10-05 17:00"},
		{"hours from a Saturday", hours(8), "2026-10-10 10:00", "Tue 2026-10-13 08:00"},
	} {
		r, err := Start(c.term, instant(t, c.received), calendar.National().For(nil))
		require.NoError(t, err, c.name)
		assert.Equal(t, c.due, due(r), c.name)
	}
}

func TestSuspensions(t *testing.T) {
	t.Parallel()
	fiveDays, aMonth := Term{Kind: CalendarDays, Units: 5}, Term{Kind: Months, Units: 1}
	in2026 := func(s string) time.Time { return instant(t, "2026-"+s) }
	for _, c := range []struct {
		name                 string
		term                 Term
		received, stops, due string
	}{
		{"two working days", days(3), "10-05 10:00", "10-06 10:00, 10-08 10:00", "Mon 10-12 17:00"},
		{"from the day of reception", days(1), "10-05 10:00", "10-05 11:00, 10-07 09:00", "Thu 10-08 17:00"},
		{"on the last day", days(1), "10-05 10:00", "10-06 10:00, 10-08 16:50", "Thu 10-08 17:00"},
		{"within a day", days(3), "10-05 10:00", "10-06 08:00, 10-06 16:00", "Thu 10-08 17:00"},
		{"over a weekend", days(3), "10-08 10:00", "10-09 10:00, 10-12 10:00", "Wed 10-14 17:00"},
		{"over Tết", days(2), "02-11 10:00", "02-12 10:00, 02-24 10:00", "Wed 02-25 17:00"},
		{"supplement on a Saturday counts on Monday", days(3), "10-08 10:00", "10-09 10:00, 10-10 10:00", "Wed 10-14 17:00"},
		{"at night only: nothing lost", days(3), "10-05 10:00", "10-06 18:00, 10-06 23:00", "Thu 10-08 17:00"},
		{"twice", days(3), "10-05 10:00", "10-06 10:00, 10-07 10:00, 10-08 10:00, 10-09 10:00", "Mon 10-12 17:00"},
		{"too late to help", days(1), "10-05 10:00", "10-07 10:00, 10-09 10:00", "Tue 10-06 17:00"},
		{"too late and still stopped", days(1), "10-05 10:00", "10-07 10:00", "Tue 10-06 17:00"},
		{"at the very end: too late", days(1), "10-05 10:00", "10-06 17:00", "Tue 10-06 17:00"},
		{"still stopped", days(3), "10-05 10:00", "10-06 10:00", "none"},

		{"same day, complete before the cut-off", certified, "10-05 09:00", "10-05 10:00, 10-06 15:00", "Tue 10-06 17:00"},
		{"same day, complete after the cut-off", certified, "10-05 09:00", "10-05 10:00, 10-06 15:01", "Wed 10-07 17:00"},
		{"same day, over before it began to count", certified, "10-02 15:01", "10-02 15:30, 10-02 16:30", "Mon 10-05 17:00"},

		{"calendar days", fiveDays, "10-05 10:00", "10-06 10:00, 10-08 10:00", "Mon 10-12 17:00"},
		{"calendar days, stopped while the end is moved", fiveDays, "10-05 10:00", "10-12 10:00, 10-14 10:00", "Wed 10-14 17:00"},
		{"months", aMonth, "10-05 10:00", "10-06 10:00, 10-08 10:00", "Mon 11-09 17:00"},

		{"hours", hours(4), "10-05 08:00", "10-05 10:00, 10-05 14:00", "Mon 10-05 16:00"},
		{"hours, supplement at night", hours(4), "10-05 08:00", "10-05 10:00, 10-05 22:00", "Tue 10-06 09:30"},
		{"hours, stopped twice at night", hours(1), "10-05 08:00", "10-05 08:30, 10-05 22:00, 10-05 23:00, 10-06 06:00", "Tue 10-06 08:00"},
		{"hours, still stopped", hours(4), "10-05 08:00", "10-05 10:00", "none"},
	} {
		l := Ledger{Term: c.term, Received: in2026(c.received)}
		for i, at := range strings.Split(c.stops, ", ") {
			step := Ledger.Resume
			if i%2 == 0 {
				step = func(l Ledger, at time.Time) (Ledger, error) { return l.Suspend(at, calendar.Reason{}) }
			}
			var err error
			l, err = step(l, in2026(at))
			require.NoError(t, err)
		}
		r, err := l.Reckon(calendar.National().For(nil))
		require.NoError(t, err, c.name)
		assert.Equal(t, c.due, strings.Replace(due(r), "2026-", "", 1), c.name)
		tiles(t, r)
	}
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	for _, c := range []struct {
		term  Term
		units int
		due   string
	}{
		{certified, 2, "Wed 2026-10-07 17:00"}, // "many pages": at most two working days more
		{days(3), 2, "Mon 2026-10-12 17:00"},
		{hours(8), 2, "Tue 2026-10-06 11:30"},
		{Term{Kind: CalendarDays, Units: 5}, 1, "Mon 2026-10-12 17:00"},
		{Term{Kind: Months, Units: 1}, 1, "Mon 2026-12-07 17:00"},
	} {
		l := Ledger{Term: c.term, Received: instant(t, "2026-10-05 09:00")}
		l, err := l.Extend(instant(t, "2026-10-05 10:00"), c.units, calendar.Reason{})
		require.NoError(t, err)
		r, err := l.Reckon(s)
		require.NoError(t, err)
		assert.Equal(t, c.due, due(r), c.term.Kind)
		tiles(t, r)
	}
}

func TestAUnitsOwnHoursDecide(t *testing.T) {
	t.Parallel()
	week := "- weekdays: [07:00-11:30, 13:30-17:00]\n  saturday: [07:30-11:30]\n"
	for yaml, want := range map[string][2]string{
		week:                                    {"Sat 2026-10-10 11:30", "Mon 2026-10-12 17:00"},
		week + "  reception_only: [saturday]\n": {"Mon 2026-10-12 17:00", "Tue 2026-10-13 17:00"},
	} {
		h, err := calendar.ParseHours([]byte(yaml))
		require.NoError(t, err)
		s := calendar.National().For(h)
		r, err := Start(certified, instant(t, "2026-10-10 09:00"), s) // a Saturday
		require.NoError(t, err)
		assert.Equal(t, want[0], due(r))
		r, err = Start(days(2), instant(t, "2026-10-09 09:00"), s)
		require.NoError(t, err)
		assert.Equal(t, want[1], due(r))
		tiles(t, r)
	}
}

func TestADateOnUncertainDaysSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term     Term
		received string
		doubts   []string
	}{
		{days(3), "2026-10-05 10:00", nil},
		{days(3), "2026-12-30 10:00", []string{calendar.CodeExpectedYear}},
		{certified, "2027-03-01 10:00", []string{calendar.CodeExpectedYear}},
		{days(300), "2027-03-01 10:00", []string{calendar.CodeExpectedYear, calendar.CodeExpectedYear}},
		{certified, "2026-11-27 15:01", []string{calendar.CodeProposed}}, // over Saturday 28, perhaps worked
		{certified, "2026-11-27 15:00", nil},
	} {
		r, err := Start(c.term, instant(t, c.received), calendar.National().For(nil))
		require.NoError(t, err)
		var codes []string
		for _, d := range r.Doubts {
			codes = append(codes, d.Code)
		}
		assert.Equal(t, c.doubts, codes, c.received)
		uncertain := c.doubts != nil
		assert.Equal(t, r.Expected(), uncertain)
		assert.Equal(t, uncertain, r.Explain().Summary.Code == CodeExpected)
	}
}

func TestTermsAndLedgersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	at := instant(t, "2026-10-05 10:00")
	for _, term := range []Term{
		{}, {Kind: "weeks", Units: 1}, {Kind: SameDay}, {Kind: SameDay, Cutoff: 900, Units: 1}, {Kind: WorkingDays},
		{Kind: WorkingDays, Units: -1}, {Kind: Months, Units: 121}, {Kind: WorkingDays, Units: 1, Cutoff: 1440},
	} {
		_, err := Start(term, at, s)
		require.ErrorIs(t, err, ErrTerm, "%+v", term)
	}
	for kind, most := range maxUnits {
		require.NoError(t, Term{Kind: kind, Units: most, Cutoff: 900}.Validate(), "the longest %s", kind)
	}
	longest := Ledger{Term: days(maxUnits[WorkingDays] - 1), Received: at}
	_, err := longest.Extend(at, 1, calendar.Reason{})
	require.NoError(t, err)
	_, err = longest.Extend(at, 2, calendar.Reason{})
	require.ErrorIs(t, err, ErrLedger)

	running := Ledger{Term: days(3), Received: at}
	_, err = Ledger{Term: days(3)}.Reckon(s)
	require.ErrorIs(t, err, ErrLedger)
	_, err = running.Resume(at)
	require.ErrorIs(t, err, ErrLedger)
	_, err = running.Suspend(at.Add(-time.Hour), calendar.Reason{})
	require.ErrorIs(t, err, ErrLedger)
	_, err = running.Extend(at, 0, calendar.Reason{})
	require.ErrorIs(t, err, ErrLedger)
	_, err = running.Extend(at, 10000, calendar.Reason{})
	require.ErrorIs(t, err, ErrLedger)
	stopped, err := running.Suspend(at, calendar.Reason{})
	require.NoError(t, err)
	assert.True(t, stopped.Stopped())
	assert.False(t, running.Stopped(), "the ledger is a value")
	_, err = stopped.Suspend(at, calendar.Reason{})
	require.ErrorIs(t, err, ErrLedger)
	_, err = stopped.Resume(at.Add(-time.Hour))
	require.ErrorIs(t, err, ErrLedger)
	twice := Ledger{Term: days(3), Received: at, Suspensions: []Suspension{{From: at}, {From: at}}}
	require.ErrorIs(t, twice.Validate(), ErrLedger)

	_, err = Start(days(3), instant(t, "2019-10-05 10:00"), s)
	require.ErrorIs(t, err, calendar.ErrOutOfRange)
	_, err = Start(days(3), instant(t, "2100-12-31 10:00"), s)
	require.ErrorIs(t, err, calendar.ErrOutOfRange)
}

// A clock that runs again beyond the calendar has no due date.
func TestResumedBeyondTheCalendar(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	r, err := Start(days(3), instant(t, "2100-12-20 10:00"), s)
	require.NoError(t, err)
	stopped, err := r.Ledger.Suspend(instant(t, "2100-12-21 10:00"), calendar.Reason{})
	require.NoError(t, err)
	again, err := stopped.Resume(instant(t, "2100-12-31 20:00"))
	require.NoError(t, err)
	_, err = again.Reckon(s)
	require.ErrorIs(t, err, calendar.ErrOutOfRange)
}

func TestStanding(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	r, err := Start(days(3), instant(t, "2026-10-08 10:00"), s) // due Tuesday 13 October 17:00
	require.NoError(t, err)
	for _, c := range []struct {
		now           string
		state         State
		days, minutes int
		vi            string
	}{
		{"2026-10-08 10:00", Running, 3, 90 + 210 + 3*450, "còn 3 ngày làm việc"},
		{"2026-10-10 10:00", Running, 2, 900, "còn 2 ngày làm việc"},
		{"2026-10-13 16:00", LastDay, 0, 60, "đến hạn hôm nay 17:00"},
		{"2026-10-13 17:00", LastDay, 0, 0, "đến hạn hôm nay 17:00"},
		{"2026-10-13 17:01", Overdue, 0, 0, "quá hạn"},
		{"2026-10-14 08:00", Overdue, 1, 30, "quá hạn 1 ngày làm việc"},
	} {
		st, err := r.At(instant(t, c.now), s)
		require.NoError(t, err)
		assert.Equal(t, c.state, st.State, c.now)
		assert.Equal(t, c.days, st.Days, c.now)
		assert.Equal(t, c.minutes, st.Minutes, c.now)
		assert.Equal(t, c.vi, st.Text.VI, c.now)
	}
	r, err = Start(hours(1), instant(t, "2026-10-08 08:00"), s)
	require.NoError(t, err)
	st, err := r.At(instant(t, "2026-10-08 14:30"), s)
	require.NoError(t, err)
	assert.Equal(t, "quá hạn 3 giờ 30 phút", st.Text.VI)
	assert.Equal(t, "3 h 30 min overdue", st.Text.EN)

	l, err := r.Ledger.Suspend(instant(t, "2026-10-08 08:10"), calendar.Reason{})
	require.NoError(t, err)
	r, err = l.Reckon(s)
	require.NoError(t, err)
	st, err = r.At(instant(t, "2026-10-08 14:30"), s)
	require.NoError(t, err)
	assert.Equal(t, Stopped, st.State)
}

// tiles checks that the explanation leaves no minute out, tells none twice, and adds up to the term.
func tiles(t require.TestingT, r *Reckoning) {
	at, sum := r.Ledger.Received, 0
	for n, i := range r.Intervals {
		require.True(t, at.Equal(i.From), "%d: %s does not follow %s\n%+v", n, i.From, at, r.Intervals)
		if n < len(r.Intervals)-1 || !r.Due.IsZero() {
			require.True(t, i.From.Before(i.To), "%d: empty\n%+v", n, r.Intervals)
		}
		require.NotEmpty(t, i.Reason.Code)
		require.NotEmpty(t, i.Text(VI))
		require.NotEmpty(t, i.Text(EN))
		require.Equal(t, i.Counted, i.Unit != "")
		if i.Counted {
			sum += i.Amount
		}
		at = i.To
	}
	require.True(t, at.Equal(r.Due), "ends %s, due %s", at, r.Due)
	want := r.Ledger.budget()
	switch r.Ledger.Term.Kind {
	case SameDay:
		want++
	case WorkingHours:
		want *= 60
	case Months:
		base := calendar.DateOf(r.Start)
		want = int(base.AddMonths(want) - base)
	}
	if r.Due.IsZero() {
		require.LessOrEqual(t, sum, want)
	} else {
		require.Equal(t, want, sum, "%+v", r.Intervals)
	}
}

// Which intervals are told, and why.
func TestIntervalsGiveTheirReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		term     Term
		received string
		stops    []string
		want     string
	}{
		{"cut-off", certified, "2026-10-02 15:01", nil, "after_cutoff weekly_rest outside_hours same_day"},
		{"after closing", certified, "2026-10-05 17:00", nil, "outside_hours same_day"},
		{"holiday", days(1), "2026-11-24 09:00", nil, "culture_day outside_hours first_day counted"},
		{"moved end", Term{Kind: CalendarDays, Units: 5}, "2026-10-05 10:00", nil, "first_day counted end_moved"},
		{
			"late supplement", days(2), "2026-10-05 10:00", []string{"2026-10-06 09:00", "2026-10-07 18:00"},
			"first_day stopped_day suspended resumed_late counted",
		},
		{
			"supplement on a Saturday", days(2), "2026-10-08 10:00", []string{"2026-10-09 09:00", "2026-10-10 18:00"},
			"first_day stopped_day suspended weekly_rest counted",
		},
		{
			"two supplements", days(4), "2026-10-05 10:00",
			[]string{"2026-10-06 09:00", "2026-10-07 08:00", "2026-10-08 09:00", "2026-10-09 09:00"},
			"first_day stopped_day suspended counted stopped_day suspended counted weekly_rest counted",
		},
		{
			"a second one still awaited", days(4), "2026-10-05 10:00", []string{"2026-10-06 09:00", "2026-10-07 08:00", "2026-10-08 09:00"},
			"first_day stopped_day suspended counted stopped_day suspended",
		},
		{
			"hours, supplement on a Saturday", hours(1), "2026-10-09 16:30", []string{"2026-10-09 16:40", "2026-10-10 09:00"},
			"counted suspended weekly_rest outside_hours counted",
		},
		{
			"stopped on the first day", days(1), "2026-10-05 10:00", []string{"2026-10-05 11:00", "2026-10-06 09:00"},
			"first_day suspended first_day counted",
		},
		{
			"hours over lunch and night", hours(8), "2026-10-05 11:00", []string{"2026-10-05 16:00", "2026-10-05 16:30"},
			"counted outside_hours counted suspended counted outside_hours counted outside_hours counted",
		},
		{
			"hours, late supplement", hours(1), "2026-10-05 08:00", []string{"2026-10-05 08:30", "2026-10-05 20:00"},
			"counted suspended resumed_late outside_hours counted",
		},
	} {
		l := Ledger{Term: c.term, Received: instant(t, c.received)}
		for i, at := range c.stops {
			if i%2 == 0 {
				l.Suspensions = append(l.Suspensions, Suspension{From: instant(t, at)})
			} else {
				l.Suspensions[i/2].To = instant(t, at)
			}
		}
		r, err := l.Reckon(calendar.National().For(nil))
		require.NoError(t, err)
		var codes []string
		for _, i := range r.Intervals {
			codes = append(codes, i.Reason.Code)
		}
		assert.Equal(t, c.want, strings.Join(codes, " "), c.name)
		tiles(t, r)
	}
}

func TestIntervalText(t *testing.T) {
	t.Parallel()
	friday, monday := instant(t, "2026-10-02 10:00"), instant(t, "2026-10-05 11:30")
	for _, c := range []struct {
		i      Interval
		vi, en string
	}{
		{
			Interval{From: friday, To: friday.Add(90 * time.Minute), Counted: true, Amount: 90, Unit: UnitMinute, Reason: counted},
			"10:00–11:30 thứ Sáu 02/10/2026: tính 1 giờ 30 phút", "10:00–11:30 Friday 2 October 2026: 1 h 30 min counted",
		},
		{
			Interval{From: friday, To: monday, Counted: true, Amount: 4, Unit: UnitDay, Reason: counted},
			"Thứ Sáu 02/10/2026 – thứ Hai 05/10/2026: tính 4 ngày", "Friday 2 October 2026 – Monday 5 October 2026: 4 days counted",
		},
		{
			Interval{From: friday, To: monday, Counted: true, Amount: 1, Unit: UnitWorkingDay, Reason: sameDay},
			"Thứ Sáu 02/10/2026 – thứ Hai 05/10/2026: tính 1 ngày làm việc, giải quyết trong ngày",
			"Friday 2 October 2026 – Monday 5 October 2026: 1 working day counted, handled on the day",
		},
		{
			Interval{From: friday, To: monday, Reason: outsideHours},
			"10:00 thứ Sáu 02/10/2026 – 11:30 thứ Hai 05/10/2026: không tính, ngoài giờ làm việc",
			"10:00 Friday 2 October 2026 – 11:30 Monday 5 October 2026: not counted, outside working hours",
		},
		{
			Interval{From: friday, Reason: suspended(calendar.Reason{})},
			"Từ 10:00 thứ Sáu 02/10/2026: không tính, tạm dừng, chờ bổ sung hồ sơ",
			"From 10:00 Friday 2 October 2026: not counted, stopped, waiting for the supplement",
		},
	} {
		assert.Equal(t, c.vi, c.i.Text(VI))
		assert.Equal(t, c.en, c.i.Text(EN))
	}
}
