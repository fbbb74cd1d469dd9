package calendar

import (
	"fmt"
	"time"
)

var zone = time.FixedZone("+07", 7*60*60)

// Zone is the official time of Vietnam (giờ chính thức, UTC+7, no daylight saving).
func Zone() *time.Location { return zone }

const (
	secondsPerDay = 24 * 60 * 60
	zoneSeconds   = 7 * 60 * 60
)

// A Date is a civil date in Vietnam, counted in days since 1970-01-01. Dates compare with < and ==,
// and one day later is d + 1. Its text form is 2006-01-02.
type Date int32

// NewDate is the date of a year, month and day; values outside their range carry over as in [time.Date].
func NewDate(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// DateOf is the date in Vietnam at instant t.
func DateOf(t time.Time) Date {
	return Date(floorDiv(t.Unix()+zoneSeconds, secondsPerDay))
}

// ParseDate reads 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("date %.20q is not of the form 2006-01-02 (year, month, day)", s)
	}
	return NewDate(t.Year(), t.Month(), t.Day()), nil
}

// Time is midnight at the start of the date, in [Zone].
func (d Date) Time() time.Time { return d.At(0) }

// At is the instant m minutes after the start of the date, in [Zone].
func (d Date) At(m Minute) time.Time {
	return time.Unix(int64(d)*secondsPerDay-zoneSeconds+int64(m)*60, 0).In(zone)
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// Year is the calendar year of the date.
func (d Date) Year() int { return d.Time().Year() }

// AddMonths is the same day n months later, or the last day of that month where it has no such day
// (Bộ luật Dân sự 2015, Điều 148 khoản 3).
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Time().Date()
	last := NewDate(y, m+time.Month(n)+1, 0)
	return min(NewDate(y, m+time.Month(n), 1)+Date(day-1), last)
}

// String is 2006-01-02.
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// IsZero reports whether the date is unset; 1970-01-01 serves as that mark.
func (d Date) IsZero() bool { return d == 0 }

// MarshalText writes 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// A Minute is a time of day in minutes since midnight, 0 to 1440. Its text form is 15:04, up to 24:00.
type Minute int16

// MinuteOf is the time of day in Vietnam at instant t, seconds dropped.
func MinuteOf(t time.Time) Minute {
	s := (t.Unix() + zoneSeconds) % secondsPerDay
	if s < 0 {
		s += secondsPerDay
	}
	return Minute(s / 60)
}

// ParseMinute reads 7:30 or 07:30; 24:00 is the end of the day.
func ParseMinute(s string) (Minute, error) {
	m, ok := parseMinute(s)
	if !ok {
		return 0, fmt.Errorf("time %.20q is not of the form 07:30 (hour 0 to 24, minute 0 to 59)", s)
	}
	return m, nil
}

func parseMinute(s string) (Minute, bool) {
	if len(s) == 4 {
		s = "0" + s
	}
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	var n [4]int
	for i, c := range []byte{s[0], s[1], s[3], s[4]} {
		if c < '0' || c > '9' {
			return 0, false
		}
		n[i] = int(c - '0')
	}
	h, m := n[0]*10+n[1], n[2]*10+n[3]
	if m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return Minute(h*60 + m), true
}

// String is 15:04.
func (m Minute) String() string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// MarshalText writes 15:04.
func (m Minute) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads 15:04.
func (m *Minute) UnmarshalText(b []byte) error {
	v, err := ParseMinute(string(b))
	if err == nil {
		*m = v
	}
	return err
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
