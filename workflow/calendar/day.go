package calendar

import "time"

// A Reason says in one line why something is so, in Vietnamese and English. Code is stable and meant for
// programs.
type Reason struct {
	Code string `json:"code" yaml:"code"`
	VI   string `json:"vi" yaml:"vi"`
	EN   string `json:"en" yaml:"en"`
}

// A Kind says how a date is worked.
type Kind string

// The kinds of day. They are also the three kinds of override a calendar can hold.
const (
	Working Kind = "working"  // ngày làm việc; as an override: a rest day that is worked (làm bù)
	Off     Kind = "off"      // ngày nghỉ
	HalfDay Kind = "half_day" // làm việc nửa ngày
)

// A Half is the part of a [HalfDay] that is worked: spans of hours before or after noon.
type Half string

// The halves of a day.
const (
	Morning   Half = "morning"
	Afternoon Half = "afternoon"
)

// A Certainty says what a day of the calendar rests on.
type Certainty string

// What a day rests on, the firmest first.
const (
	ByLaw    Certainty = "law"      // follows from the law alone
	ByNotice Certainty = "notice"   // named by the yearly notice in Day.Source
	ByUnit   Certainty = "unit"     // decided by the unit or province, see Override
	Expected Certainty = "expected" // computed or proposed; may change when the notice comes
)

// Codes of the reasons and doubts of a day, besides the ids of holidays ("tet", "national_day", …) and,
// for overrides, unit_off, unit_working and unit_half_day.
const (
	CodeWorkingDay     = "working_day"
	CodeWeeklyRest     = "weekly_rest"
	CodeInLieu         = "in_lieu"
	CodeSwappedOff     = "swapped_off"
	CodeSwappedWorking = "swapped_working"
	CodeReceptionOnly  = "reception_only"
	CodeUnitClosed     = "unit_closed"

	CodeExpectedYear = "expected_year" // of Day.Doubt: the year's notice is not in the calendar
	CodeProposed     = "proposed_swap" // of Day.Doubt: a swap is proposed, not decided
)

// A Day is what the calendar says of one date.
type Day struct {
	Date      Date      `json:"date"`
	Kind      Kind      `json:"kind"`
	Half      Half      `json:"half,omitempty"` // with HalfDay only
	Reason    Reason    `json:"reason"`
	For       Date      `json:"for,omitzero"` // in lieu of, or swapped for, that date
	Certainty Certainty `json:"certainty"`
	Source    string    `json:"source,omitempty"` // law, notice or decision, as cited
	Doubt     Reason    `json:"doubt,omitzero"`   // with Expected: why the day may change
}

// An Override is a day on which a unit or province departs from the calendar below it: closed, working
// on a rest day, or open for half a day. See [Calendar.With].
type Override struct {
	Date   Date   `json:"date" yaml:"date"`
	Kind   Kind   `json:"kind" yaml:"kind"`
	Half   Half   `json:"half,omitempty" yaml:"half"`     // with HalfDay; defaults to Morning
	For    Date   `json:"for,omitzero" yaml:"for"`        // with Working: the weekday whose hours apply
	VI     string `json:"vi" yaml:"vi"`                   // why, shown to citizens
	EN     string `json:"en" yaml:"en"`                   //
	Source string `json:"source,omitempty" yaml:"source"` // decision number
}

var weekdaysVI = [7]string{"chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"}

// VI is the date as it stands within a Vietnamese sentence: "thứ Hai 02/11/2026".
func (d Date) VI() string { return weekdaysVI[d.Weekday()] + " " + d.Time().Format("02/01/2006") }

// EN is the date in English: "Monday 2 November 2026".
func (d Date) EN() string { return d.Time().Format("Monday 2 January 2006") }

var weekdayNames = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

var (
	workingDay = Reason{Code: CodeWorkingDay, VI: "ngày làm việc", EN: "working day"}
	weeklyRest = Reason{Code: CodeWeeklyRest, VI: "nghỉ hằng tuần", EN: "weekly rest"}
	unitClosed = Reason{Code: CodeUnitClosed, VI: "đơn vị không làm việc", EN: "the unit is closed"}
	reception  = Reason{
		Code: CodeReceptionOnly,
		VI:   "đơn vị chỉ tiếp nhận hồ sơ",
		EN:   "the unit only receives dossiers",
	}
)
