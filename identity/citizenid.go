package identity

import (
	"database/sql/driver"
	"fmt"
)

// CitizenID is a personal identification number (số định danh cá nhân, the
// number on the căn cước card): 12 digits `PPP G YY NNNNNN`. PPP is the place of
// birth registration by the provinces as they were before 1 July 2025, or a
// country; G the century and sex; YY the year of birth. It has no check digit.
//
// It prints masked with every verb of fmt and as JSON; only Reveal shows it. It
// cannot be written to a database as it is: seal it with a Vault. The zero value
// is no id. Values compare with ==.
//
// Source: Decree 137/2015/NĐ-CP art. 13, Circular 59/2021/TT-BCA.
type CitizenID struct{ digits veiled }

// ParseCitizenID accepts exactly twelve ASCII digits: no spaces, no digits of
// other scripts. The former nine-digit number (CMND) is refused: it identifies
// nobody any more. An unknown place of birth registration is no error, see
// Warning. The error does not repeat what was typed.
func ParseCitizenID(s string) (CitizenID, error) {
	if len(s) != 12 {
		return CitizenID{}, Errorf(Invalid, "a citizen id has 12 digits (got %d bytes)", len(s))
	}
	if !allDigits(s) {
		return CitizenID{}, Errorf(Invalid, "a citizen id has digits only")
	}
	return CitizenID{veilText(s)}, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// IsZero reports whether there is no id.
func (c CitizenID) IsZero() bool { return c.digits == "" }

// Reveal returns the twelve digits. Whoever shows them to a person records it
// in the Journal first; People.Reveal does both.
func (c CitizenID) Reveal() string { return c.digits.text() }

// String returns the masked form, such as 079•••••1234.
func (c CitizenID) String() string {
	if c.digits == "" {
		return ""
	}
	s := c.Reveal()
	return s[:3] + "•••••" + s[8:]
}

// Format masks the id for every verb, %#v and %x included.
func (c CitizenID) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// MarshalText returns the masked form, so that JSON, XML and logs hold no id.
func (c CitizenID) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Value refuses: an id at rest is a keyed hash and a sealed value.
func (CitizenID) Value() (driver.Value, error) {
	return nil, Errorf(Invalid, "a citizen id is not stored in clear (seal it with a Vault)")
}

// Male reports the registered sex: the digit G is even for men.
func (c CitizenID) Male() bool { return !c.IsZero() && (c.Reveal()[3]-'0')%2 == 0 }

// BirthYear returns the year of birth, 1900 to 2399, or 0 for the zero value.
func (c CitizenID) BirthYear() int {
	if c.IsZero() {
		return 0
	}
	s := c.Reveal()
	d := func(i int) int { return int(s[i] - '0') }
	return 1900 + d(3)/2*100 + d(4)*10 + d(5)
}

// Province returns the code of the place of birth registration and its name; ok
// is false when the code names none of the 63 former provinces, as for those
// born abroad.
func (c CitizenID) Province() (code, name string, ok bool) {
	if c.IsZero() {
		return "", "", false
	}
	code = c.Reveal()[:3]
	name, ok = birthProvinces[code]
	return code, name, ok
}

// Warning returns a remark for the person who types the id, or nil. It never
// blocks: the list of country codes is not published in full.
func (c CitizenID) Warning() *Reason {
	if _, _, ok := c.Province(); ok || c.IsZero() {
		return nil
	}
	return &Reason{
		Code: "citizen_id_province_unknown",
		VI:   "Ba số đầu không phải mã tỉnh, thành phố nơi đăng ký khai sinh; hãy kiểm tra lại nếu người này sinh trong nước.",
		EN:   "The first three digits name no province of birth registration; check them if the person was born in Vietnam.",
	}
}
