package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/calendar"
)

// Each rule about a term is met from both sides.
func TestTermsAtTheirLimits(t *testing.T) {
	t.Parallel()
	for _, term := range []Term{
		{Kind: SameDay, Cutoff: 1}, {Kind: SameDay, Cutoff: 1439},
		{Kind: WorkingHours, Units: 1}, {Kind: WorkingHours, Units: 2000}, {Kind: WorkingDays, Units: 1}, {Kind: WorkingDays, Units: 2500},
		{Kind: CalendarDays, Units: 1}, {Kind: CalendarDays, Units: 3650}, {Kind: Months, Units: 1}, {Kind: Months, Units: 120},
		{Kind: WorkingDays, Units: 1, Cutoff: 1}, {Kind: WorkingDays, Units: 1, Cutoff: 1439},
	} {
		require.NoError(t, term.Validate(), "%+v", term)
	}
	for _, term := range []Term{
		{Kind: "", Units: 1}, {Kind: "days", Units: 1},
		{Kind: SameDay}, {Kind: SameDay, Cutoff: 1440}, {Kind: SameDay, Cutoff: -1},
		{Kind: SameDay, Cutoff: 900, Units: 1}, {Kind: SameDay, Cutoff: 900, Units: -1},
		{Kind: WorkingHours}, {Kind: WorkingHours, Units: -1}, {Kind: WorkingHours, Units: 2001},
		{Kind: WorkingDays}, {Kind: WorkingDays, Units: 2501}, {Kind: CalendarDays}, {Kind: CalendarDays, Units: 3651},
		{Kind: Months}, {Kind: Months, Units: 121},
		{Kind: WorkingDays, Units: 1, Cutoff: -1}, {Kind: WorkingDays, Units: 1, Cutoff: 1440},
	} {
		require.ErrorIs(t, term.Validate(), ErrTerm, "%+v", term)
	}
}

func TestTermInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		term   Term
		vi, en string
	}{
		{
			certified, "trong ngày, nhận sau 15:00 thì tính từ ngày làm việc kế tiếp",
			"the same day, from the next working day when received after 15:00",
		},
		{hours(1), "1 giờ làm việc", "1 working hour"}, {hours(4), "4 giờ làm việc", "4 working hours"},
		{days(1), "1 ngày làm việc", "1 working day"}, {days(3), "3 ngày làm việc", "3 working days"},
		{Term{Kind: CalendarDays, Units: 1}, "1 ngày", "1 day"}, {Term{Kind: CalendarDays, Units: 10}, "10 ngày", "10 days"},
		{Term{Kind: Months, Units: 1}, "1 tháng", "1 month"}, {Term{Kind: Months, Units: 2}, "2 tháng", "2 months"},
	} {
		got := c.term.Text()
		assert.Equal(t, calendar.Reason{Code: string(c.term.Kind), VI: c.vi, EN: c.en}, got)
	}
}

// What follows at the very minute is in order; a minute earlier is not.
func TestLedgersAtTheirLimits(t *testing.T) {
	t.Parallel()
	at := instant(t, "2026-10-05 10:00")
	later := func(minutes int) time.Time { return at.Add(time.Duration(minutes) * time.Minute) }
	stops := func(minutes ...int) (l Ledger) {
		l = Ledger{Term: days(3), Received: at}
		for i := 0; i+1 < len(minutes); i += 2 {
			l.Suspensions = append(l.Suspensions, Suspension{From: later(minutes[i]), To: later(minutes[i+1])})
		}
		if len(minutes)%2 == 1 {
			l.Suspensions = append(l.Suspensions, Suspension{From: later(minutes[len(minutes)-1])})
		}
		return l
	}
	many := func(n int) []Suspension { return stops(make([]int, 2*n)...).Suspensions }
	extended := func(term Term, minutes int, units ...int) (l Ledger) {
		l = Ledger{Term: term, Received: at}
		for _, n := range units {
			l.Extensions = append(l.Extensions, Extension{At: later(minutes), Units: n})
		}
		return l
	}
	ones := make([]int, 1001)
	for i := range ones {
		ones[i] = 1
	}
	for name, l := range map[string]Ledger{
		"stopped on reception":             stops(0, 10),
		"resumed on the stop":              stops(10, 10),
		"stopped on the resumption":        stops(0, 10, 10, 20),
		"stopped still":                    stops(0, 10, 10),
		"1000 stops":                       {Term: days(3), Received: at, Suspensions: many(1000)},
		"extended on reception":            extended(days(3), 0, 1),
		"1000 extensions":                  extended(days(3), 0, ones[:1000]...),
		"same day, extended to the utmost": extended(certified, 0, 2500),
		"hours, extended to the utmost":    extended(hours(1), 0, 1999),
		"months, extended to the utmost":   extended(Term{Kind: Months, Units: 1}, 0, 119),
	} {
		assert.NoError(t, l.Validate(), name)
	}
	open := stops(0, 10, 20, 30)
	open.Suspensions[0].To = time.Time{}
	for name, l := range map[string]Ledger{
		"stopped before reception":       stops(-1, 10),
		"resumed before the stop":        stops(10, 9),
		"stopped before the resumption":  stops(0, 10, 9, 20),
		"stopped twice":                  open,
		"1001 stops":                     {Term: days(3), Received: at, Suspensions: many(1001)},
		"extended before reception":      extended(days(3), -1, 1),
		"extended by nothing":            extended(days(3), 0, 0),
		"shortened":                      extended(days(3), 0, 5, -1),
		"1001 extensions":                extended(days(3), 0, ones...),
		"same day, extended beyond":      extended(certified, 0, 2501),
		"hours, extended beyond":         extended(hours(1), 0, 2000),
		"months, extended beyond":        extended(Term{Kind: Months, Units: 1}, 0, 120),
		"extended beyond in small steps": extended(days(2499), 0, 1, 1),
		"received never":                 {Term: days(3)},
	} {
		assert.ErrorIs(t, l.Validate(), ErrLedger, name)
	}
	require.ErrorIs(t, Ledger{Received: at}.Validate(), ErrTerm)
}

// A ledger that is refused stays usable as it was, and steps leave the one they began with alone.
func TestLedgerStepsLeaveTheirLedgerAlone(t *testing.T) {
	t.Parallel()
	at := instant(t, "2026-10-05 10:00")
	first, err := Ledger{Term: days(3), Received: at}.Suspend(at, calendar.Reason{VI: "một"})
	require.NoError(t, err)
	_, err = first.Resume(at.Add(time.Hour))
	require.NoError(t, err)
	assert.True(t, first.Stopped())
	_, err = first.Extend(at, 1, calendar.Reason{})
	require.NoError(t, err)
	assert.Empty(t, first.Extensions)
}

// Why the time before the first counted moment is not counted.
func TestReasonBeforeTheStart(t *testing.T) {
	t.Parallel()
	at := func(m calendar.Minute) Term { return Term{Kind: WorkingDays, Units: 1, Cutoff: m} }
	for _, c := range []struct {
		name     string
		term     Term
		received string
		want     string
	}{
		{"before opening", at(900), "2026-10-05 06:00", CodeOutsideHours},
		{"at noon, the cut-off", at(720), "2026-10-05 12:00", CodeOutsideHours},
		{"a minute after it", at(720), "2026-10-05 12:01", CodeAfterCutoff},
		{"at noon, no cut-off", days(1), "2026-10-05 12:00", CodeOutsideHours},
		{"a minute before closing", at(900), "2026-10-05 16:59", CodeAfterCutoff},
		{"at closing", at(900), "2026-10-05 17:00", CodeOutsideHours},
		{"on a Saturday after the cut-off", at(900), "2026-10-10 16:00", calendar.CodeWeeklyRest},
		{"in time", at(900), "2026-10-05 15:00", CodeFirstDay},
	} {
		r, err := Start(c.term, instant(t, c.received), calendar.National().For(nil))
		require.NoError(t, err)
		assert.Equal(t, c.want, r.Intervals[0].Reason.Code, c.name)
		tiles(t, r)
	}
}

func TestReasonOfAStopIsTold(t *testing.T) {
	t.Parallel()
	at := instant(t, "2026-10-05 10:00")
	for _, c := range []struct {
		why    calendar.Reason
		vi, en string
	}{
		{calendar.Reason{}, "tạm dừng, chờ bổ sung hồ sơ", "stopped, waiting for the supplement"},
		{calendar.Reason{VI: "thiếu ảnh"}, "tạm dừng: thiếu ảnh", "stopped, waiting for the supplement"},
		{calendar.Reason{EN: "no photo"}, "tạm dừng, chờ bổ sung hồ sơ", "stopped: no photo"},
	} {
		l, err := Ledger{Term: days(1), Received: at}.Suspend(at, c.why)
		require.NoError(t, err)
		r, err := l.Reckon(calendar.National().For(nil))
		require.NoError(t, err)
		assert.Equal(t, []Interval{{From: at, Reason: calendar.Reason{Code: CodeSuspended, VI: c.vi, EN: c.en}}}, r.Intervals)
		assert.True(t, r.Due.IsZero())
	}
}

func TestIntervalsInWords(t *testing.T) {
	t.Parallel()
	monday := instant(t, "2026-10-05 00:00")
	in := func(minutes int) time.Time { return monday.Add(time.Duration(minutes) * time.Minute) }
	rest := calendar.Reason{Code: calendar.CodeWeeklyRest, VI: "nghỉ hằng tuần", EN: "weekly rest"}
	for _, c := range []struct {
		i      Interval
		vi, en string
	}{
		{
			Interval{From: in(0), To: in(1440), Reason: rest},
			"Thứ Hai 05/10/2026: không tính, nghỉ hằng tuần", "Monday 5 October 2026: not counted, weekly rest",
		},
		{
			Interval{From: in(0), To: in(2880), Reason: rest},
			"Thứ Hai 05/10/2026 – thứ Ba 06/10/2026: không tính, nghỉ hằng tuần",
			"Monday 5 October 2026 – Tuesday 6 October 2026: not counted, weekly rest",
		},
		{
			Interval{From: in(1020), To: in(1440), Reason: outsideHours},
			"17:00–24:00 thứ Hai 05/10/2026: không tính, ngoài giờ làm việc",
			"17:00–24:00 Monday 5 October 2026: not counted, outside working hours",
		},
		{
			Interval{From: in(0), To: in(450), Reason: outsideHours},
			"00:00–07:30 thứ Hai 05/10/2026: không tính, ngoài giờ làm việc",
			"00:00–07:30 Monday 5 October 2026: not counted, outside working hours",
		},
		{
			Interval{From: in(600), To: in(1440), Reason: calendar.Reason{Code: CodeFirstDay, VI: "ngày đầu", EN: "first day"}},
			"Thứ Hai 05/10/2026: không tính, ngày đầu", "Monday 5 October 2026: not counted, first day",
		},
		{
			Interval{From: in(0), To: in(1020), Counted: true, Amount: 1, Unit: UnitWorkingDay, Reason: counted},
			"Thứ Hai 05/10/2026: tính 1 ngày làm việc", "Monday 5 October 2026: 1 working day counted",
		},
		{
			Interval{From: in(0), To: in(1020), Counted: true, Amount: 1, Unit: UnitDay, Reason: counted},
			"Thứ Hai 05/10/2026: tính 1 ngày", "Monday 5 October 2026: 1 day counted",
		},
		{
			Interval{From: in(600), To: in(660), Counted: true, Amount: 60, Unit: UnitMinute, Reason: counted},
			"10:00–11:00 thứ Hai 05/10/2026: tính 1 giờ", "10:00–11:00 Monday 5 October 2026: 1 h counted",
		},
		{
			Interval{From: in(600), To: in(659), Counted: true, Amount: 59, Unit: UnitMinute, Reason: counted},
			"10:00–10:59 thứ Hai 05/10/2026: tính 59 phút", "10:00–10:59 Monday 5 October 2026: 59 min counted",
		},
		{
			Interval{From: in(600), To: in(661), Counted: true, Amount: 61, Unit: UnitMinute, Reason: counted},
			"10:00–11:01 thứ Hai 05/10/2026: tính 1 giờ 1 phút", "10:00–11:01 Monday 5 October 2026: 1 h 1 min counted",
		},
		{
			Interval{From: in(600), To: in(601), Counted: true, Unit: UnitMinute, Reason: counted},
			"10:00–10:01 thứ Hai 05/10/2026: tính 0 phút", "10:00–10:01 Monday 5 October 2026: 0 min counted",
		},
	} {
		assert.Equal(t, c.vi, c.i.Text(VI))
		assert.Equal(t, c.en, c.i.Text(EN))
	}
}

// The lines of a slip: the date, each interval, each doubt; Vietnamese unless English is asked for.
func TestExplanationInLines(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	r, err := Start(certified, instant(t, "2027-03-01 10:00"), s)
	require.NoError(t, err)
	vi, en := r.Explain().Lines(VI), r.Explain().Lines(EN)
	assert.Equal(t, vi, r.Explain().Lines("fr"))
	require.Len(t, vi, 3)
	require.Len(t, en, 3)
	assert.Contains(t, vi[0], "Dự kiến hẹn trả lúc 17:00 thứ Hai 01/03/2027 (thời hạn: trong ngày")
	assert.Contains(t, en[0], "Expected due at 17:00 Monday 1 March 2027 (term: the same day")
	assert.Equal(t, r.Intervals[0].Text(VI), vi[1])
	assert.Equal(t, r.Intervals[0].Text(EN), en[1])
	assert.Equal(t, "Chưa chắc chắn: "+r.Doubts[0].VI, vi[2])
	assert.Equal(t, "Not certain: "+r.Doubts[0].EN, en[2])

	r, err = Start(days(1), instant(t, "2026-10-05 10:00"), s)
	require.NoError(t, err)
	assert.Equal(t, "Hẹn trả lúc 17:00 thứ Ba 06/10/2026 (thời hạn: 1 ngày làm việc)", r.Explain().Lines(VI)[0])
	assert.Equal(t, "Due at 17:00 Tuesday 6 October 2026 (term: 1 working day)", r.Explain().Lines(EN)[0])
}

func TestStandingInWords(t *testing.T) {
	t.Parallel()
	s := calendar.National().For(nil)
	r, err := Start(days(3), instant(t, "2026-10-08 10:00"), s) // due Tuesday 13 October 17:00
	require.NoError(t, err)
	for now, want := range map[string]string{
		"2026-10-12 10:00":    "1 working day left",
		"2026-10-09 10:00":    "2 working days left",
		"2026-10-13 07:00":    "due today 17:00",
		"2026-10-13 17:00:59": "due today 17:00", // seconds are dropped
		"2026-10-13 17:01":    "overdue",
		"2026-10-14 06:00":    "1 working day overdue",
		"2026-10-15 08:00":    "2 working days overdue",
	} {
		st, err := r.At(instant(t, now), s)
		require.NoError(t, err)
		assert.Equal(t, want, st.Text.EN, now)
	}
	r, err = Start(hours(1), instant(t, "2026-10-08 08:00"), s)
	require.NoError(t, err)
	st, err := r.At(instant(t, "2026-10-08 09:01"), s)
	require.NoError(t, err)
	assert.Equal(t, Standing{State: Overdue, Minutes: 1, Text: calendar.Reason{
		Code: string(Overdue), VI: "quá hạn 1 phút", EN: "1 min overdue",
	}}, st)
	for _, c := range []struct{ why, want calendar.Reason }{
		{calendar.Reason{}, calendar.Reason{VI: "tạm dừng, chờ bổ sung hồ sơ", EN: "stopped, waiting for the supplement"}},
		{
			calendar.Reason{VI: "Yêu cầu rút hồ sơ", EN: "Withdrawal asked for"},
			calendar.Reason{VI: "tạm dừng: Yêu cầu rút hồ sơ", EN: "stopped: Withdrawal asked for"},
		},
	} {
		l, err := r.Ledger.Suspend(instant(t, "2026-10-08 08:30"), c.why)
		require.NoError(t, err)
		stopped, err := l.Reckon(s)
		require.NoError(t, err)
		st, err = stopped.At(instant(t, "2026-10-08 09:01"), s)
		require.NoError(t, err)
		c.want.Code = string(Stopped)
		assert.Equal(t, Standing{State: Stopped, Text: c.want}, st)
	}
	for _, now := range []string{"2020-12-31 10:00", "2101-01-03 10:00"} {
		_, err = r.At(instant(t, now), s)
		require.ErrorIs(t, err, calendar.ErrOutOfRange, now)
	}
}

// A term that ends on the calendar's last day has its date; one that would end later names the day that is missing.
func TestTermsAtTheEndOfTheCalendar(t *testing.T) {
	t.Parallel()
	calendarDays := func(n int) Term { return Term{Kind: CalendarDays, Units: n} }
	for name, c := range map[string]struct { // 31 December 2100 is a Friday
		term  Term
		stops []string // the first is reception
		due   string
	}{
		"days":                      {days(1), []string{"30 10:00"}, "31 17:00"},
		"days beyond":               {days(1), []string{"31 10:00"}, ""},
		"days, stopped":             {days(1), []string{"29 10:00", "30 10:00", "31 10:00"}, "31 17:00"},
		"days, stopped too long":    {days(3), []string{"27 10:00", "28 10:00", "30 10:00"}, ""},
		"days, resumed at night":    {days(3), []string{"20 10:00", "21 10:00", "31 20:00"}, ""},
		"same day":                  {certified, []string{"31 10:00"}, "31 17:00"},
		"same day, too late":        {certified, []string{"31 15:01"}, ""},
		"calendar days":             {calendarDays(1), []string{"30 10:00"}, "31 17:00"},
		"calendar days beyond":      {calendarDays(1), []string{"31 10:00"}, ""},
		"calendar days, stopped":    {calendarDays(3), []string{"27 10:00", "28 10:00", "29 10:00"}, "31 17:00"},
		"calendar days, for longer": {calendarDays(3), []string{"27 10:00", "28 10:00", "30 10:00"}, ""},
		"months beyond":             {Term{Kind: Months, Units: 1}, []string{"27 10:00"}, ""},
		"hours":                     {hours(3), []string{"31 14:00"}, "31 17:00"},
		"hours beyond":              {hours(4), []string{"31 14:00"}, ""},
		"hours, stopped":            {hours(1), []string{"31 14:00", "31 14:30", "31 15:00"}, "31 15:30"},
		"hours, stopped too long":   {hours(2), []string{"31 14:00", "31 14:30", "31 16:00"}, ""},
		"hours, resumed at night":   {hours(4), []string{"30 14:00", "30 15:00", "31 17:00"}, ""},
	} {
		l := Ledger{Term: c.term, Received: instant(t, "2100-12-"+c.stops[0])}
		for i := 1; i < len(c.stops); i += 2 {
			l.Suspensions = append(l.Suspensions, Suspension{
				From: instant(t, "2100-12-"+c.stops[i]), To: instant(t, "2100-12-"+c.stops[i+1]),
			})
		}
		r, err := l.Reckon(calendar.National().For(nil))
		if c.due == "" {
			require.ErrorIs(t, err, calendar.ErrOutOfRange, name)
			assert.Contains(t, err.Error(), ": 2101-01-", name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, "Fri 2100-12-"+c.due, due(r), name)
		tiles(t, r)
	}
}

// What came before the calendar begins has no due date, though the next working day would be known.
func TestReceivedBeforeTheCalendar(t *testing.T) {
	t.Parallel()
	for _, term := range []Term{days(3), hours(3), {Kind: CalendarDays, Units: 3}, {Kind: Months, Units: 1}, certified} {
		_, err := Start(term, instant(t, "2020-12-31 10:00"), calendar.National().For(nil))
		require.ErrorIs(t, err, calendar.ErrOutOfRange, term.Kind)
	}
}
