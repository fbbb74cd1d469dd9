package procedures

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// unitPattern is an organisation code of Decision 20/2020/QĐ-TTg, H10.12, or of
// the older QCVN 102, 000.00.12.H10.
var unitPattern = regexp.MustCompile(`^[A-Z0-9]+(?:\.[A-Z0-9]+)*$`)

// dossierPattern is tolerant: running systems write two digit lengths of the
// date and four to seven digits of the number.
var dossierPattern = regexp.MustCompile(`^([A-Z0-9]+(?:\.[A-Z0-9]+)*)-(\d{6}|\d{8})-(\d{4,7})$`)

const maxDossierCode = 64

// DossierCode is a dossier's code (mã hồ sơ), such as H10.12-241115-0001: the
// receiving organisation, the day, and the running number of that day.
type DossierCode struct {
	Unit   string    // e.g. H10.12 or 000.00.12.H10
	Day    time.Time // midnight in [Zone]
	Number int       // from 1
	text   string    // as read, so that a foreign code keeps its form
}

// NewDossierCode makes a code for the number-th dossier received by a unit on
// the day of t in [Zone]. Numbers run from 1 to 9999999; up to 9999 they have
// four digits (Circular 01/2018/TT-VPCP, Art. 19). The number itself is the
// caller's sequence per unit and day: unique, gaps allowed.
func NewDossierCode(unit string, t time.Time, number int) (DossierCode, error) {
	if !unitPattern.MatchString(unit) || len(unit) > 40 {
		return DossierCode{}, &Error{CodeInvalid, fmt.Sprintf("unit %q is no organisation code (write H10.12)", unit)}
	}
	if number < 1 || number > 9_999_999 {
		return DossierCode{}, &Error{CodeLimit, fmt.Sprintf("dossier number %d is not from 1 to 9999999", number)}
	}
	y, m, d := t.In(Zone).Date()
	if y < 2000 || y > 2099 {
		return DossierCode{}, &Error{CodeInvalid, fmt.Sprintf("dossier codes have two digits of the year, %d does not fit", y)}
	}
	c := DossierCode{Unit: unit, Day: time.Date(y, m, d, 0, 0, 0, 0, Zone), Number: number}
	c.text = fmt.Sprintf("%s-%s-%04d", c.Unit, c.Day.Format("060102"), c.Number)
	return c, nil
}

// ParseDossierCode reads any form of code seen in running systems: a date of six
// or eight digits, a number of four to seven. The day must exist.
func ParseDossierCode(s string) (DossierCode, error) {
	if len(s) > maxDossierCode {
		return DossierCode{}, &Error{CodeLimit, "a dossier code has at most 64 characters"}
	}
	m := dossierPattern.FindStringSubmatch(s)
	if m == nil {
		return DossierCode{}, &Error{CodeInvalid, "this is no dossier code (write it like H10.12-241115-0001)"}
	}
	layout := "060102"
	if len(m[2]) == 8 {
		layout = "20060102"
	}
	day, err := time.ParseInLocation(layout, m[2], Zone)
	if err != nil {
		return DossierCode{}, &Error{CodeInvalid, "the dossier code holds a day that does not exist"}
	}
	if len(m[2]) == 6 && day.Year() < 2000 { // 69-99 would mean the last century
		day = day.AddDate(100, 0, 0)
	}
	n, _ := strconv.Atoi(m[3]) // at most seven digits by the pattern
	return DossierCode{Unit: m[1], Day: day, Number: n, text: s}, nil
}

// String gives the code as it was made or read.
func (c DossierCode) String() string { return c.text }

// MarshalText writes the code; the zero value writes nothing.
func (c DossierCode) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// UnmarshalText reads a code; empty text gives the zero value.
func (c *DossierCode) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = DossierCode{}
		return nil
	}
	v, err := ParseDossierCode(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}
