package identity

import (
	"fmt"
	"strings"
)

// UnitCode is the electronic identification code of an agency (mã định danh điện
// tử của cơ quan, đơn vị): a letter and two digits for a ministry or province,
// then one group of digits for each lower level, as in H10.12.
//
// It is neither an administrative area code (2 or 5 digits) nor the province part
// of a citizen id. The zero value is no code. Values compare with ==.
//
// Source: Decision 20/2020/QĐ-TTg; the former form is that of QCVN 102:2016/BTTTT.
type UnitCode struct{ text string }

// maxUnitLevels bounds how deep a code may go; the decision gives no limit.
const maxUnitLevels = 6

// ParseUnitCode accepts either form: H10.12 or 000.00.12.H10. Codes of dissolved
// agencies parse for ever.
func ParseUnitCode(s string) (UnitCode, error) {
	if len(s) > 64 {
		return UnitCode{}, Errorf(Invalid, "a unit code has at most 64 characters")
	}
	groups := strings.Split(s, ".")
	if isUnitRoot(groups[0]) {
		return parseNewUnitCode(s, groups)
	}
	if len(groups) == 4 && isUnitRoot(groups[3]) {
		return parseOldUnitCode(s, groups)
	}
	return UnitCode{}, Errorf(Invalid, "%q is no unit code (write H10.12 or 000.00.12.H10)", s)
}

// MustUnitCode is ParseUnitCode for texts of a program; it panics on others.
func MustUnitCode(s string) UnitCode {
	c, err := ParseUnitCode(s)
	if err != nil {
		panic(fmt.Sprintf("identity: %v", err))
	}
	return c
}

func isUnitRoot(s string) bool {
	return len(s) == 3 && s[0] >= 'A' && s[0] <= 'Z' && allDigits(s[1:])
}

func parseNewUnitCode(s string, groups []string) (UnitCode, error) {
	if len(groups) > maxUnitLevels {
		return UnitCode{}, Errorf(Invalid, "unit code %q has more than %d levels", s, maxUnitLevels)
	}
	for _, g := range groups[1:] {
		if len(g) < 2 || len(g) > 3 || !allDigits(g) || strings.Trim(g, "0") == "" {
			return UnitCode{}, Errorf(Invalid, "unit code %q: each level below the first is 2 or 3 digits above zero", s)
		}
	}
	return UnitCode{s}, nil
}

// oldWidths are the widths of the three groups of the former form, from the
// highest level (right) to the lowest (left).
var oldWidths = [3]int{2, 2, 3}

func parseOldUnitCode(s string, groups []string) (UnitCode, error) {
	text, ended := groups[3], false
	for i, width := range oldWidths {
		g := groups[2-i]
		if len(g) != width || !allDigits(g) {
			return UnitCode{}, Errorf(Invalid, "unit code %q: the former form is 000.00.00.X00", s)
		}
		zero := strings.Trim(g, "0") == ""
		if !zero && ended {
			return UnitCode{}, Errorf(Invalid, "unit code %q has a level below an empty one", s)
		}
		if zero {
			ended = true
			continue
		}
		text += "." + g
	}
	return UnitCode{text}, nil
}

// IsZero reports whether there is no code.
func (c UnitCode) IsZero() bool { return c.text == "" }

// String returns the form of Decision 20/2020, such as H10.12.
func (c UnitCode) String() string { return c.text }

// Old returns the former form, such as 000.00.12.H10, for systems that still
// speak QCVN 102. It fails when a level does not fit: H55.242 has none.
func (c UnitCode) Old() (string, error) {
	if c.text == "" {
		return "", Errorf(Invalid, "no unit code")
	}
	groups := strings.Split(c.text, ".")
	if len(groups) > 4 {
		return "", Errorf(Invalid, "unit code %s has no former form: more than four levels", c.text)
	}
	out := groups[0]
	for i, width := range oldWidths {
		g := strings.Repeat("0", width)
		if i+1 < len(groups) {
			g = groups[i+1]
		}
		if len(g) != width {
			return "", Errorf(Invalid, "unit code %s has no former form: level %d takes %d digits", c.text, i+2, width)
		}
		out = g + "." + out
	}
	return out, nil
}

// Parent returns the code one level up, or the zero value at the top. It is what
// the text says; the directory knows who a unit reports to on a given day.
func (c UnitCode) Parent() UnitCode {
	i := strings.LastIndexByte(c.text, '.')
	if i < 0 {
		return UnitCode{}
	}
	return UnitCode{c.text[:i]}
}

// MarshalText returns the form of String.
func (c UnitCode) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// UnmarshalText accepts either form and the empty text.
func (c *UnitCode) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*c = UnitCode{}
		return nil
	}
	parsed, err := ParseUnitCode(string(b))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}
