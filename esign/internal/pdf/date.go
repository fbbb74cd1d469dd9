package pdf

import (
	"fmt"
	"strings"
	"time"
)

// ParseDate reads a PDF date, D:YYYYMMDDHHmmSSOHH'mm' with everything behind the year optional (ISO 32000-1 7.9.4).
// Without a zone it is taken as UTC.
func ParseDate(s string) (time.Time, error) {
	bad := fmt.Errorf("%w: not a date", ErrMalformed)
	s = strings.TrimPrefix(s, "D:")
	digits := 0
	for digits < len(s) && digits < 14 && isDigit(s[digits]) {
		digits++
	}
	zone := s[digits:]
	full := s[:digits] + "00000101000000"[digits:]
	if digits < 4 || digits%2 != 0 {
		return time.Time{}, bad
	}
	t, err := time.Parse("20060102150405", full)
	if err != nil {
		return time.Time{}, bad
	}
	zone = strings.ReplaceAll(zone, "'", "")
	if zone == "" || strings.HasPrefix(zone, "Z") {
		return t, nil
	}
	if len(zone) == 3 {
		zone += "00"
	}
	z, err := time.Parse("-0700", zone)
	if err != nil {
		return time.Time{}, bad
	}
	_, offset := z.Zone()
	return t.Add(-time.Duration(offset) * time.Second).In(time.FixedZone("", offset)), nil
}
