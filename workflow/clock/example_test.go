package clock_test

import (
	"fmt"
	"time"

	"github.com/motcua/motcua/workflow/calendar"
	"github.com/motcua/motcua/workflow/clock"
)

// A request for certified copies comes in on a Friday at 15:01, before a weekend.
func ExampleStart() {
	unit := calendar.National().For(nil)
	term := clock.Term{Kind: clock.SameDay, Cutoff: 15 * 60}
	received := time.Date(2024, time.November, 15, 15, 1, 0, 0, calendar.Zone())

	r, err := clock.Start(term, received, unit)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Due.Format("2006-01-02 15:04"))
	for _, line := range r.Explain().Lines(clock.VI) {
		fmt.Println(line)
	}
	// Output:
	// 2024-11-18 17:00
	// Hẹn trả lúc 17:00 thứ Hai 18/11/2024 (thời hạn: trong ngày, nhận sau 15:00 thì tính từ ngày làm việc kế tiếp)
	// 15:01–24:00 thứ Sáu 15/11/2024: không tính, nhận sau 15:00, tính từ ngày làm việc kế tiếp
	// Thứ Bảy 16/11/2024 – chủ nhật 17/11/2024: không tính, nghỉ hằng tuần
	// 00:00–07:30 thứ Hai 18/11/2024: không tính, ngoài giờ làm việc
	// Thứ Hai 18/11/2024: tính 1 ngày làm việc, giải quyết trong ngày
}

// The clock stops while the applicant completes the dossier, and the date moves by as many working days.
func ExampleLedger_Suspend() {
	unit := calendar.National().For(nil)
	at := func(day, hour int) time.Time {
		return time.Date(2026, time.October, day, hour, 0, 0, 0, calendar.Zone())
	}

	r, err := clock.Start(clock.Term{Kind: clock.WorkingDays, Units: 3}, at(8, 10), unit)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("due", r.Due.Format("02/01 15:04"))

	stopped, err := r.Ledger.Suspend(at(9, 9), calendar.Reason{Code: "supplement", VI: "chờ bản chính", EN: "original awaited"})
	if err != nil {
		fmt.Println(err)
		return
	}
	resumed, err := stopped.Resume(at(13, 14))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ledger := range []clock.Ledger{stopped, resumed} {
		r, err := ledger.Reckon(unit)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, line := range r.Explain().Lines(clock.EN) {
			fmt.Println(line)
		}
	}
	// Output:
	// due 13/10 17:00
	// No due date yet: the clock stands (term: 3 working days)
	// Thursday 8 October 2026: not counted, first day of the period (Civil Code 2015, Article 147(2))
	// 00:00–09:00 Friday 9 October 2026: not counted, day on which the clock stopped
	// From 09:00 Friday 9 October 2026: not counted, stopped: original awaited
	// Due at 17:00 Thursday 15 October 2026 (term: 3 working days)
	// Thursday 8 October 2026: not counted, first day of the period (Civil Code 2015, Article 147(2))
	// 00:00–09:00 Friday 9 October 2026: not counted, day on which the clock stopped
	// 09:00 Friday 9 October 2026 – 14:00 Tuesday 13 October 2026: not counted, stopped: original awaited
	// Tuesday 13 October 2026 – Thursday 15 October 2026: 3 working days counted
}

// A date which rests on a year whose holidays are not announced says so.
func ExampleReckoning_Explain() {
	received := time.Date(2026, time.December, 30, 10, 0, 0, 0, calendar.Zone())
	r, err := clock.Start(clock.Term{Kind: clock.WorkingDays, Units: 3}, received, calendar.National().For(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range r.Explain().Lines(clock.VI) {
		fmt.Println(line)
	}
	// Output:
	// Dự kiến hẹn trả lúc 17:00 thứ Ba 05/01/2027 (thời hạn: 3 ngày làm việc)
	// Thứ Tư 30/12/2026: không tính, ngày đầu tiên của thời hạn (Bộ luật Dân sự 2015, Điều 147 khoản 2)
	// Thứ Năm 31/12/2026: tính 1 ngày làm việc
	// Thứ Sáu 01/01/2027: không tính, Tết Dương lịch
	// Thứ Bảy 02/01/2027 – chủ nhật 03/01/2027: không tính, nghỉ hằng tuần
	// Thứ Hai 04/01/2027 – thứ Ba 05/01/2027: tính 2 ngày làm việc
	// Chưa chắc chắn: lịch nghỉ năm 2027 chưa được công bố, đang tính dự kiến theo luật
}

func ExampleReckoning_At() {
	unit := calendar.National().For(nil)
	received := time.Date(2026, time.October, 8, 10, 0, 0, 0, calendar.Zone())
	r, err := clock.Start(clock.Term{Kind: clock.WorkingDays, Units: 3}, received, unit)
	if err != nil {
		fmt.Println(err)
		return
	}
	standing, err := r.At(received.AddDate(0, 0, 2), unit)
	fmt.Println(standing.State, standing.Days, standing.Text.VI, err)
	// Output:
	// running 2 còn 2 ngày làm việc <nil>
}
