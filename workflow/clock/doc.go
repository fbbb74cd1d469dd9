// Package clock reckons when a dossier is due (ngày hẹn trả kết quả) and explains every interval that
// counted and every one that did not.
//
// A clock is a budget, the [Term], and a [Ledger] of what happened to it: when the dossier was received,
// when the clock was stopped for a supplement (bổ sung) and went on, by how much it was extended (gia hạn).
// The caller stores the ledger, which is plain data; [Ledger.Reckon] is a pure function of it and of the
// unit's [calendar.Schedule], so a changed calendar is answered by reckoning again.
//
// How time counts:
//
//   - Reception outside working hours, at night or on a day off counts from the next opening; with a
//     cut-off, reception after it counts from the next working day. 15:00 itself is in time: times are kept
//     to the minute, as the receipt slip prints them.
//   - A same-day term ends when the unit closes on the day reception counts from.
//   - Terms in hours run through working hours only.
//   - Terms in working days, days and months do not count the first day (Bộ luật Dân sự 2015, Điều 147
//     khoản 2) and end when the unit closes on the last. An end on a day off moves to the next working day
//     (Điều 148 khoản 5).
//   - While stopped nothing counts. In terms of days the clock goes on where it stood: the day it resumes is
//     worth what the day it stopped was, so that stopping for k working days moves the end by exactly k. A
//     supplement received outside hours, or after the cut-off, counts from the next opening.
//   - A stop after the end changes nothing: the dossier stays late.
//
// Nothing here keeps state, reads the time or writes; everything may be used concurrently.
package clock
