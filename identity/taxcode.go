package identity

import (
	"database/sql/driver"
	"fmt"
	"strings"
)

// TaxCode is a tax code (mã số thuế): 10 digits with a check digit for a
// taxpayer, 13 for a branch (`0314409058-002`), or the 12 digits of a citizen id,
// which is the tax code of people and household businesses since 1 July 2025.
//
// Because it may belong to a person it prints masked, as CitizenID does; Reveal
// shows it. The zero value is no code. Values compare with ==.
//
// Source: Circular 105/2020/TT-BTC; Circular 86/2024/TT-BTC for 12 digits.
type TaxCode struct{ text veiled }

// taxWeights are the weights of the first nine digits.
var taxWeights = [9]int{31, 29, 23, 19, 17, 13, 7, 5, 3}

// ParseTaxCode accepts 10 digits, 13 digits with or without the hyphen before
// the branch, or 12 digits. The error does not repeat what was typed.
func ParseTaxCode(s string) (TaxCode, error) {
	main, branch, hyphen := strings.Cut(s, "-")
	if !hyphen && len(s) == 13 {
		main, branch = s[:10], s[10:]
	}
	if !allDigits(main) || !allDigits(branch) {
		return TaxCode{}, Errorf(Invalid, "a tax code has digits only, and a hyphen before the branch")
	}
	switch {
	case len(main) == 12 && !hyphen:
		return TaxCode{veilText(main)}, nil
	case len(main) != 10 || (branch == "" && hyphen) || (branch != "" && len(branch) != 3):
		return TaxCode{}, Errorf(Invalid, "a tax code has 10, 12 or 13 digits")
	case main[:2] == "00":
		return TaxCode{}, Errorf(Invalid, "a tax code does not begin with 00")
	case main[2:9] == "0000000":
		return TaxCode{}, Errorf(Invalid, "a tax code has a serial number above zero")
	case branch == "000":
		return TaxCode{}, Errorf(Invalid, "a branch of a tax code is 001 to 999")
	}
	sum := 0
	for i, w := range taxWeights {
		sum += w * int(main[i]-'0')
	}
	// A remainder of 0 asks for the digit 10, which does not exist: such a number
	// is never given out.
	if check := 10 - sum%11; check != int(main[9]-'0') {
		return TaxCode{}, Errorf(Invalid, "the check digit of the tax code is wrong (compare it with the certificate)")
	}
	if branch != "" {
		main += "-" + branch
	}
	return TaxCode{veilText(main)}, nil
}

// IsZero reports whether there is no code.
func (c TaxCode) IsZero() bool { return c.text == "" }

// Reveal returns the code, a branch after a hyphen.
func (c TaxCode) Reveal() string { return c.text.text() }

// CitizenID returns the citizen id when the code is one.
func (c TaxCode) CitizenID() (CitizenID, bool) {
	if len(c.text) != 12 {
		return CitizenID{}, false
	}
	return CitizenID{c.text}, true
}

// Branch returns the branch, 001 to 999, or "".
func (c TaxCode) Branch() string {
	_, branch, _ := strings.Cut(c.Reveal(), "-")
	return branch
}

// String returns the masked form, such as 03•••••058-002.
func (c TaxCode) String() string {
	if id, ok := c.CitizenID(); ok {
		return id.String()
	}
	if c.text == "" {
		return ""
	}
	s := c.Reveal()
	return s[:2] + "•••••" + s[7:]
}

// Format masks the code for every verb.
func (c TaxCode) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// MarshalText returns the masked form.
func (c TaxCode) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Value refuses, as for CitizenID.
func (TaxCode) Value() (driver.Value, error) {
	return nil, Errorf(Invalid, "a tax code is not stored in clear (seal it with a Vault)")
}
