package calendar

import (
	"fmt"
	"math"
	"time"
)

// A LunarDate is a date of the Vietnamese lunisolar calendar (âm lịch).
type LunarDate struct {
	Year, Month, Day int
	Leap             bool // tháng nhuận
}

// The lunar calendar of UTC+7 is official from 1 January 1968 (Quyết định 121/CP of 8 August 1967);
// the ephemeris below is checked against an independent one until 2100.
const (
	firstLunarYear = 1968
	lastLunarYear  = 2100
)

// Lunar is the lunar date of d. Years 1968 to 2100; [ErrOutOfRange] otherwise.
func Lunar(d Date) (LunarDate, error) {
	k := newMoonBefore(d + 1)
	start := newMoonDate(k)
	year := start.Year()
	m11 := monthEleven(year)
	if k < m11 {
		year--
		m11 = monthEleven(year)
	}
	month, leap := numberOf(k, m11, monthEleven(year+1))
	l := LunarDate{Year: year, Month: month, Day: int(d-start) + 1, Leap: leap}
	if month < 11 {
		l.Year++
	}
	if l.Year < firstLunarYear || l.Year > lastLunarYear {
		return LunarDate{}, lunarRange(l.Year)
	}
	return l, nil
}

// FromLunar is the civil date of a lunar one. Years 1968 to 2100; [ErrOutOfRange] otherwise, and
// [ErrInvalid] when the year has no such month or the month no such day.
func FromLunar(l LunarDate) (Date, error) {
	if l.Year < firstLunarYear || l.Year > lastLunarYear {
		return 0, lunarRange(l.Year)
	}
	solstice := l.Year
	if l.Month < 11 {
		solstice--
	}
	from, to := monthEleven(solstice), monthEleven(solstice+1)
	for k := from; k < to; k++ {
		month, leap := numberOf(k, from, to)
		if month != l.Month || leap != l.Leap {
			continue
		}
		start := newMoonDate(k)
		if d := start + Date(l.Day-1); l.Day >= 1 && d < newMoonDate(k+1) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%w: lunar year %d has no day %d of month %d (leap: %t)", ErrInvalid, l.Year, l.Day, l.Month, l.Leap)
}

func lunarRange(year int) error {
	return fmt.Errorf("%w: lunar year %d is not between %d and %d", ErrOutOfRange, year, firstLunarYear, lastLunarYear)
}

// numberOf names lunation k, which lies between two months 11 (from inclusive, to exclusive). A span of
// thirteen has one leap month: the first after month 11 in which the sun enters no new sign (trung khí).
func numberOf(k, from, to int) (month int, leap bool) {
	n := k - from
	if to-from == 13 {
		leapAt := from + 1
		for sign(newMoonDate(leapAt)) != sign(newMoonDate(leapAt+1)) {
			leapAt++
		}
		leap = k == leapAt
		if k >= leapAt {
			n--
		}
	}
	return (n+10)%12 + 1, leap
}

// monthEleven is the lunation in which the winter solstice of a year falls.
func monthEleven(year int) int {
	k := newMoonBefore(NewDate(year+1, time.January, 1))
	if sign(newMoonDate(k)) >= 9 { // it begins after the solstice
		k--
	}
	return k
}

// sign is the twelfth of the ecliptic, 0 from the vernal equinox, in which the sun stands when date d begins.
func sign(d Date) int { return int(sunLongitude(julianEphemeris(d)) / 30) }

// newMoonBefore is the last lunation beginning before date d.
func newMoonBefore(d Date) int {
	k := int(math.Floor((float64(d)-10962.6)/29.530588861)) + 1 // new moon 0 was on 6 January 2000
	for newMoonDate(k) >= d {
		k--
	}
	return k
}

// unixJulian is the Julian day of 1970-01-01T00:00Z.
const unixJulian = 2440587.5

// newMoonDate is the date in Vietnam on which lunation k begins (ngày sóc, mùng 1).
func newMoonDate(k int) Date {
	jde := newMoon(float64(k))
	days := jde - deltaT(jde)/secondsPerDay - unixJulian + 7.0/24
	return Date(math.Floor(days))
}

// julianEphemeris is the ephemeris day of midnight in Vietnam at the start of d.
func julianEphemeris(d Date) float64 {
	jd := float64(d) + unixJulian - 7.0/24
	return jd + deltaT(jd)/secondsPerDay
}

// deltaT is TT-UT in seconds at a Julian day (Espenak and Meeus, Five Millennium Canon of Solar Eclipses).
func deltaT(jd float64) float64 {
	y := 2000 + (jd-2451544.5)/365.2425
	t := y - 2000
	switch {
	case y < 1986:
		u := y - 1975
		return 45.45 + u*(1.067-u*(1.0/260+u/718))
	case y < 2005:
		return 63.86 + t*(0.3345+t*(-0.060374+t*(0.0017275+t*(0.000651814+t*0.00002373599))))
	case y < 2050:
		return 62.92 + t*(0.32217+t*0.005589)
	default:
		c := (y - 1820) / 100
		return -20 + 32*c*c - 0.5628*(2150-y)
	}
}
