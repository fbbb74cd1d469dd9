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

func TestParseCitizenID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		ok       bool
	}{
		{"twelve digits", "070205000001", true},
		{"empty", "", false},
		{"nine-digit CMND", "285123456", false},
		{"eleven", "07020500000", false},
		{"thirteen", "0702050000011", false},
		{"letter", "07020500000A", false},
		{"space", "07020500000 ", false},
		{"minus", "-70205000001", false},
		{"full-width digits", "０７０２", false},
		{"Arabic-Indic digits of twelve bytes", "٠٧٠٢٠٥", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id, err := ParseCitizenID(c.in)
			if c.ok {
				require.NoError(t, err)
				assert.Equal(t, c.in, id.Reveal())
				return
			}
			require.ErrorIs(t, err, ErrInvalid)
			assert.Equal(t, Invalid, CodeOf(err))
			assert.True(t, id.IsZero())
			if c.in != "" {
				assert.NotContains(t, err.Error(), c.in, "an error text repeats no id")
			}
		})
	}
}

// The synthetic id of Bình Phước, male, 2005, and the digit table of Circular
// 59/2021: 0/1 the 1900s, 2/3 the 2000s, even male.
func TestCitizenIDParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in       string
		province string
		male     bool
		year     int
	}{
		{"070205000001", "Bình Phước", true, 2005},
		{"075199123456", "Đồng Nai", false, 1999},
		{"079092001234", "Thành phố Hồ Chí Minh", true, 1992},
		{"001301000009", "Hà Nội", false, 2001},
		{"096410000009", "Cà Mau", true, 2110},
		{"096999000009", "Cà Mau", false, 2399},
	} {
		id, err := ParseCitizenID(c.in)
		require.NoError(t, err)
		_, name, ok := id.Province()
		assert.True(t, ok, c.in)
		assert.Equal(t, c.province, name)
		assert.Equal(t, c.male, id.Male(), c.in)
		assert.Equal(t, c.year, id.BirthYear(), c.in)
		assert.Nil(t, id.Warning())
	}
	assert.Len(t, birthProvinces, 63)
}

func TestCitizenIDUnknownProvinceIsAWarning(t *testing.T) {
	t.Parallel()
	id, err := ParseCitizenID("999090000001")
	require.NoError(t, err)
	code, _, ok := id.Province()
	assert.Equal(t, "999", code)
	assert.False(t, ok)
	require.NotNil(t, id.Warning())
	assert.Equal(t, "citizen_id_province_unknown", id.Warning().Code)
	assert.Nil(t, CitizenID{}.Warning())
}

func TestCitizenIDNeverPrints(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{12}`).Draw(t, "digits")
		id, err := ParseCitizenID(digits)
		require.NoError(t, err)
		masked := digits[:3] + "•••••" + digits[8:]
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			assert.Equal(t, masked, fmt.Sprintf(verb, id), verb)
		}
		b, err := json.Marshal(struct{ ID CitizenID }{id})
		require.NoError(t, err)
		assert.Equal(t, `{"ID":"`+masked+`"}`, string(b))
		assert.NotContains(t, fmt.Sprintf("%v", struct{ hidden CitizenID }{id}), digits, "fmt calls no Format on it")
		code, err := ParseTaxCode(digits)
		require.NoError(t, err)
		assert.NotContains(t, fmt.Sprintf("%+v", struct{ hidden TaxCode }{code}), digits)
		_, err = id.Value()
		require.ErrorIs(t, err, ErrInvalid)
	})
	assert.Empty(t, CitizenID{}.String())
}

func FuzzParseCitizenID(f *testing.F) {
	f.Add("070205000001")
	f.Add("0702050000٠1")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseCitizenID(s)
		if err != nil {
			return
		}
		if id.Reveal() != s || strings.Trim(s, "0123456789") != "" || len(s) != 12 {
			t.Fatalf("accepted %q", s)
		}
		if strings.Contains(id.String(), s[3:8]) && s[3:8] != "" {
			t.Fatalf("%q is not masked", s)
		}
	})
}

func ExampleParseCitizenID() {
	id, err := ParseCitizenID("079205001234")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, province, _ := id.Province()
	fmt.Println(id, province, id.BirthYear())
	fmt.Println(id.Reveal())
	// Output:
	// 079•••••1234 Thành phố Hồ Chí Minh 2005
	// 079205001234
}
