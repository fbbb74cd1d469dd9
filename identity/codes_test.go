package identity

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Codes of real companies that were checked against the public register.
func TestParseTaxCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, out, masked string }{
		{"0100233488", "0100233488", "01•••••488"},
		{"0314409058", "0314409058", "03•••••058"},
		{"0100109106", "0100109106", "01•••••106"},
		{"0301442989", "0301442989", "03•••••989"},
		{"0100109071", "0100109071", "01•••••071"},
		{"0314409058-002", "0314409058-002", "03•••••058-002"},
		{"0314409058002", "0314409058-002", "03•••••058-002"},
		{"070205000001", "070205000001", "070•••••0001"},
	} {
		got, err := ParseTaxCode(c.in)
		require.NoError(t, err, c.in)
		assert.Equal(t, c.out, got.Reveal())
		for _, verb := range []string{"%v", "%#v", "%s", "%x"} {
			assert.Equal(t, c.masked, fmt.Sprintf(verb, got))
		}
	}
	for _, in := range []string{
		"", "-", "0314409050", "0100233480", "0314409058-000", "0314409058-", "0314409058-1", "0314409058-0002",
		"0014409058", "0100000008", "031440905", "03144090581", "0314409058-00a", "070205000001-001", " 0314409058",
	} {
		_, err := ParseTaxCode(in)
		require.ErrorIs(t, err, ErrInvalid, in)
		if len(in) > 3 {
			assert.NotContains(t, err.Error(), in)
		}
	}
}

func TestTaxCodeCheckDigit(t *testing.T) {
	t.Parallel()
	// Exactly one last digit fits a prefix, or none when it would have to be 10:
	// 909 of the 9,999 serials 0001 to 9999 under one province have none.
	none := 0
	for serial := 1; serial <= 9999; serial++ {
		fits := 0
		for d := range 10 {
			if _, err := ParseTaxCode(fmt.Sprintf("01%07d%d", serial, d)); err == nil {
				fits++
			}
		}
		require.LessOrEqual(t, fits, 1)
		if fits == 0 {
			none++
		}
	}
	assert.Equal(t, 909, none)
}

func TestTaxCodeOfAPerson(t *testing.T) {
	t.Parallel()
	code, err := ParseTaxCode("070205000001")
	require.NoError(t, err)
	id, ok := code.CitizenID()
	require.True(t, ok)
	assert.Equal(t, "070205000001", id.Reveal())
	company, err := ParseTaxCode("0314409058-002")
	require.NoError(t, err)
	_, ok = company.CitizenID()
	assert.False(t, ok)
	assert.Equal(t, "002", company.Branch())
	assert.Empty(t, code.Branch())
	assert.True(t, TaxCode{}.IsZero())
	assert.Empty(t, TaxCode{}.String())
}

func TestUnitCodeForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, code string }{
		{"000.00.12.H10", "H10.12"},
		{"000.00.00.H41", "H41"},
		{"000.00.00.G22", "G22"},
		{"000.00.01.H22", "H22.01"},
		{"000.00.04.G18", "G18.04"},
		{"000.05.12.H10", "H10.12.05"},
		{"003.05.12.H10", "H10.12.05.003"},
	} {
		fromOld, err := ParseUnitCode(c.old)
		require.NoError(t, err)
		fromNew, err := ParseUnitCode(c.code)
		require.NoError(t, err)
		assert.Equal(t, fromNew, fromOld)
		assert.Equal(t, c.code, fromOld.String())
		old, err := fromNew.Old()
		require.NoError(t, err)
		assert.Equal(t, c.old, old)
	}
	for _, s := range []string{
		"", "H", "H1", "h10", "H10.", "H10.0", "H10.00", "H10.000", "H10.1", "H10.1234", "H10.1a", "10.H10", "75", "26500",
		"000.01.00.H10", "001.00.12.H10", "00.00.12.H10", "0000.00.12.H10", "000.00.12.h10", "000.00.012.H10",
		"H10.01.01.01.01.01.01", strings.Repeat("H10.", 20), "H10.12\n",
	} {
		_, err := ParseUnitCode(s)
		require.ErrorIs(t, err, ErrInvalid, s)
	}
}

func TestUnitCodeWithoutOldForm(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"H55.242", "H10.12.05.03", "H10.12.05.003.001"} {
		_, err := MustUnitCode(s).Old()
		require.ErrorIs(t, err, ErrInvalid, s)
	}
	_, err := UnitCode{}.Old()
	require.ErrorIs(t, err, ErrInvalid)
	assert.Equal(t, "H10.12", MustUnitCode("H10.12.05").Parent().String())
	assert.True(t, MustUnitCode("H10").Parent().IsZero())
	assert.Panics(t, func() { MustUnitCode("x") })
}

func TestUnitCodeJSON(t *testing.T) {
	t.Parallel()
	var v struct{ A, B UnitCode }
	require.NoError(t, json.Unmarshal([]byte(`{"A":"000.00.12.H10","B":""}`), &v))
	assert.Equal(t, MustUnitCode("H10.12"), v.A)
	assert.True(t, v.B.IsZero())
	b, err := json.Marshal(v)
	require.NoError(t, err)
	assert.JSONEq(t, `{"A":"H10.12","B":""}`, string(b))
	require.Error(t, json.Unmarshal([]byte(`{"A":"26500"}`), &v))
}

func FuzzParseUnitCode(f *testing.F) {
	f.Add("H10.12")
	f.Add("000.00.12.H10")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseUnitCode(s)
		if err != nil {
			return
		}
		again, err := ParseUnitCode(c.String())
		if err != nil || again != c {
			t.Fatalf("%q does not parse again: %v", c, err)
		}
		if old, err := c.Old(); err == nil {
			if back, err := ParseUnitCode(old); err != nil || back != c {
				t.Fatalf("%q → %q → %q: %v", c, old, back, err)
			}
		}
	})
}

func FuzzParseTaxCode(f *testing.F) {
	f.Add("0314409058-002")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseTaxCode(s)
		if err != nil {
			return
		}
		if again, err := ParseTaxCode(c.Reveal()); err != nil || again != c {
			t.Fatalf("%q does not parse again: %v", s, err)
		}
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, out string }{
		{"Quyết định", "quyet dinh"},
		{"Đường Đồng Khởi", "duong dong khoi"},
		{"  Nguyễn   Thị\tHương ", "nguyen thi huong"},
		{"12/QĐ-UBND", "12 qd ubnd"},
		{"ĐẶNG", "dang"},
		{"De\u0302\u0301 A\u0301n", "de an"},
		{"", ""},
		{"•••", ""},
	} {
		assert.Equal(t, c.out, Fold(c.in), c.in)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		assert.Equal(t, Fold(s), Fold(Fold(s)))
		assert.Equal(t, Fold(s), Fold(NFC(s)))
	})
}

func ExampleParseUnitCode() {
	code, err := ParseUnitCode("000.00.12.H10")
	if err != nil {
		fmt.Println(err)
		return
	}
	old, err := code.Old()
	fmt.Println(code, old, err)
	// Output: H10.12 000.00.12.H10 <nil>
}

func ExampleParseTaxCode() {
	code, err := ParseTaxCode("0314409058-002")
	fmt.Println(code, code.Branch(), err)
	_, err = ParseTaxCode("0314409050")
	fmt.Println(err)
	// Output:
	// 03•••••058-002 002 <nil>
	// the check digit of the tax code is wrong (compare it with the certificate)
}

func ExampleFold() {
	fmt.Println(Fold("Phường Đồng Xoài, số 12/3"))
	// Output: phuong dong xoai so 12 3
}
