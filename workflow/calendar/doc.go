// Package calendar says when the State works: which dates are working days (ngày làm việc), and in
// which hours a unit is open.
//
// A [Calendar] holds dates: weekly rest, public holidays (the lunar ones included), compensatory days
// (nghỉ bù) and swapped days (hoán đổi, làm bù). The national one is embedded data for 2021 to 2100.
// The days of a year whose notice is out are listed one by one; every other year is computed from the
// rules of the Labour Code and each of its dates is marked [Expected].
//
// [Hours] are one unit's opening hours with dates of validity. [Calendar.For] joins both into a
// [Schedule], which package workflow/clock counts with.
//
// All dates are reckoned in the fixed zone +07:00 ([Zone]), whatever the TZ of the process; no time
// zone database is needed. Every type is immutable after construction and may be used concurrently.
//
// Sources: Bộ luật Lao động 45/2019/QH14, Điều 111 and 112; Nghị quyết 28/2026/QH16, Điều 2; Quyết định
// 188/1999/QĐ-TTg (40-hour week); the yearly notices named beside each entry of national.yaml.
package calendar
