package calendar_test

import (
	"fmt"

	"github.com/motcua/motcua/workflow/calendar"
)

// A commune whose counter also opens on Saturday morning.
func ExampleCalendar_For() {
	hours, err := calendar.ParseHours([]byte(`
- weekdays: [07:30-11:30, 13:30-17:00]
  saturday: [07:30-11:30]
  reception_only: [saturday]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	unit := calendar.National().For(hours)
	for _, s := range []string{"2026-11-24", "2026-11-25", "2026-10-17"} {
		date, err := calendar.ParseDate(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		day, err := unit.Day(date)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %s %v %v\n", date.VI(), day.Reason.VI, day.Spans, day.Reception)
	}
	// Output:
	// thứ Ba 24/11/2026: Ngày Văn hóa Việt Nam [] []
	// thứ Tư 25/11/2026: ngày làm việc [07:30-11:30 13:30-17:00] []
	// thứ Bảy 17/10/2026: đơn vị chỉ tiếp nhận hồ sơ [] [07:30-11:30]
}

// A mistake in a unit's hours is named with its remedy.
func ExampleParseHours() {
	_, err := calendar.ParseHours([]byte("- weekdays: [07:30-11:30, 13:30-17:00]\n  friday: [07:30-11:30, 11:00-16:30]"))
	fmt.Println(err)
	// Output:
	// invalid unit hours: [0].friday: 11:00-16:30 overlaps or precedes the span before it (put the spans in order, none inside another)
}

// Days of a year whose notice is out are certain; others are computed and say so.
func ExampleCalendar_Day() {
	for _, s := range []string{"2026-08-31", "2027-02-08"} {
		date, err := calendar.ParseDate(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		day, err := calendar.National().Day(date)
		if err != nil {
			fmt.Println(err)
			return
		}
		basis := day.Source
		if day.Certainty == calendar.Expected {
			basis = day.Doubt.EN
		}
		fmt.Println(date, day.Kind, "|", day.Reason.EN, "|", day.Certainty, "|", basis)
	}
	// Output:
	// 2026-08-31 off | day off swapped for Saturday 22 August 2026 | notice | Thông báo 9441/TB-BNV
	// 2027-02-08 off | Lunar New Year | expected | the holidays of 2027 are not announced yet; they are computed from the law
}

// A province closes its offices for a storm.
func ExampleCalendar_With() {
	date, err := calendar.ParseDate("2026-10-14")
	if err != nil {
		fmt.Println(err)
		return
	}
	province, err := calendar.National().With(calendar.Override{
		Date: date, Kind: calendar.Off, VI: "đóng cửa do bão", EN: "closed for a storm", Source: "Công điện 15/CĐ-UBND",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	next, err := province.For(nil).Next(date - 1)
	fmt.Println(next.Date.VI(), err)
	// Output: thứ Năm 15/10/2026 <nil>
}

// Mùng 1 Tết of 2030 is a day earlier than in China's calendar.
func ExampleFromLunar() {
	tet, err := calendar.FromLunar(calendar.LunarDate{Year: 2030, Month: 1, Day: 1})
	fmt.Println(tet.VI(), err)
	// Output: thứ Bảy 02/02/2030 <nil>
}
