package procedures_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/procedures"
)

func TestDossierCodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		unit, day string
		number    int
	}{
		"H10.12-241115-0001":         {"H10.12", "2024-11-15", 1},
		"000.00.12.H10-241115-0001":  {"000.00.12.H10", "2024-11-15", 1}, // Circular 01/2018/TT-VPCP, Art. 19
		"H10.12-250101-12345":        {"H10.12", "2025-01-01", 12345},
		"G09.20-20260609-0092637":    {"G09.20", "2026-06-09", 92637}, // a ministry's gateway
		"H10-991231-9999":            {"H10", "2099-12-31", 9999},
		"000.00.00.H10-240229-00017": {"000.00.00.H10", "2024-02-29", 17},
	} {
		c, err := procedures.ParseDossierCode(text)
		require.NoError(t, err, text)
		assert.Equal(t, want.unit, c.Unit)
		assert.Equal(t, want.day, c.Day.Format(time.DateOnly))
		assert.Equal(t, want.number, c.Number)
		assert.Equal(t, text, c.String(), "a foreign code keeps its form")
	}
	for _, text := range []string{
		"", "H10.12", "H10.12-241115", "H10.12-241115-001", "H10.12-241115-00000001", "H10.12-241301-0001", "H10.12-230229-0001",
		"h10.12-241115-0001", ".H10-241115-0001", "H10..12-241115-0001", "H10.12-2411150-0001", "H10.12 -241115-0001",
		"H10.12-241115-0001\n", "Ｈ10.12-241115-0001", strings.Repeat("H", 60) + "-241115-0001", "H10.12-٢٤١١١٥-0001",
	} {
		_, err := procedures.ParseDossierCode(text)
		assert.Error(t, err, "%q", text)
	}
}

func TestNewDossierCode(t *testing.T) {
	t.Parallel()
	late := time.Date(2024, 11, 15, 18, 30, 0, 0, time.UTC) // already the 16th in Vietnam
	c, err := procedures.NewDossierCode("H10.12", late, 42)
	require.NoError(t, err)
	assert.Equal(t, "H10.12-241116-0042", c.String())
	for _, bad := range []struct {
		unit   string
		number int
		year   int
		err    error
	}{{"h10", 1, 2024, procedures.ErrInvalid}, {"", 1, 2024, procedures.ErrInvalid}, {"H10", 0, 2024, procedures.ErrLimit},
		{"H10", 10_000_000, 2024, procedures.ErrLimit}, {"H10", 1, 1999, procedures.ErrInvalid}, {"H10", 1, 2100,
			procedures.ErrInvalid}} {
		_, err := procedures.NewDossierCode(bad.unit, day(bad.year, 5, 1), bad.number)
		assert.ErrorIs(t, err, bad.err)
	}
}

func TestDossierCodeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.StringMatching(`[A-Z][0-9]{2}(\.[0-9]{2}){0,3}`).Draw(rt, "unit")
		at := day(2000, 1, 1).Add(time.Duration(rapid.IntRange(0, 99*365*24).Draw(rt, "hours")) * time.Hour)
		made, err := procedures.NewDossierCode(unit, at, rapid.IntRange(1, 9_999_999).Draw(rt, "number"))
		require.NoError(rt, err)
		read, err := procedures.ParseDossierCode(made.String())
		require.NoError(rt, err)
		require.Equal(rt, made.Unit, read.Unit)
		require.Equal(rt, made.Number, read.Number)
		require.True(rt, made.Day.Equal(read.Day))
		text, err := json.Marshal(made)
		require.NoError(rt, err)
		var back procedures.DossierCode
		require.NoError(rt, json.Unmarshal(text, &back))
		require.Equal(rt, made.String(), back.String())
	})
}

func FuzzParseDossierCode(f *testing.F) {
	for _, s := range []string{"H10.12-241115-0001", "G09.20-20260609-0092637", "000.00.12.H10-241115-0001", "-", "H-000000-0000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := procedures.ParseDossierCode(s)
		if err != nil {
			return
		}
		if c.String() != s || c.Day.IsZero() || c.Number < 0 || c.Unit == "" {
			t.Fatalf("%q read as %+v", s, c)
		}
	})
}

func TestLookupCode(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2000 {
		c, err := procedures.NewLookupCode(rand.Reader)
		require.NoError(t, err)
		require.Len(t, c, procedures.LookupCodeLength)
		require.False(t, strings.ContainsAny(c, "01258BILOSUZ"), c)
		require.False(t, seen[c], "two of 2000 are equal")
		seen[c] = true
		back, ok := procedures.NormalizeLookupCode(" " + strings.ToLower(procedures.FormatLookupCode(c)) + "\u00a0")
		require.True(t, ok)
		require.Equal(t, c, back)
	}
	_, err := procedures.NewLookupCode(bytes.NewReader([]byte{1, 2, 3}))
	require.Error(t, err, "too little randomness")
	lost := errors.New("no entropy")
	_, err = procedures.NewLookupCode(iotest.ErrReader(lost))
	require.ErrorIs(t, err, lost)
	for _, typed := range []string{"", "7KQM3XW", "7KQM3XWAA", "7KQM3XWO", "7KQM3XW0", "7KQM_3XWA", strings.Repeat("7", 100),
		"７KQM3XWA"} {
		_, ok := procedures.NormalizeLookupCode(typed)
		assert.False(t, ok, typed)
	}
}

// TestLookupCodeIsEven draws every byte once: each letter must come equally often.
func TestLookupCodeIsEven(t *testing.T) {
	t.Parallel()
	var all []byte
	for range 8 { // eight rounds of 240 usable bytes make 240 codes
		for b := range 256 {
			all = append(all, byte(b))
		}
	}
	count := map[rune]int{}
	r := bytes.NewReader(all)
	for range 240 {
		c, err := procedures.NewLookupCode(r)
		require.NoError(t, err)
		for _, x := range c {
			count[x]++
		}
	}
	assert.Len(t, count, 24)
	for x, n := range count {
		assert.Equal(t, 80, n, string(x))
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		at                              time.Time
		circular, control, stop, apolog string
	}{
		{day(2024, 11, 15), "01/2018/TT-VPCP", "05", "", "Phiếu xin lỗi và hẹn lại ngày trả kết quả"},
		{day(2025, 9, 15).Add(-time.Second), "01/2018/TT-VPCP", "05", "", "Phiếu xin lỗi và hẹn lại ngày trả kết quả"},
		{day(2025, 9, 15), "03/2025/TT-VPCP", "06", "05", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết"},
		{day(2026, 11, 24), "03/2025/TT-VPCP", "06", "05", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết"},
	} {
		set := procedures.Forms().At(tc.at)
		assert.Equal(t, tc.circular, set.Circular)
		assert.Equal(t, "01", set.Number(procedures.FormReceiptSlip))
		assert.Equal(t, "02", set.Number(procedures.FormSupplement))
		assert.Equal(t, "03", set.Number(procedures.FormRefusal))
		assert.Equal(t, tc.control, set.Number(procedures.FormControlSlip))
		assert.Equal(t, tc.stop, set.Number(procedures.FormStopNotice))
		f, err := set.Form(procedures.FormApology)
		require.NoError(t, err)
		assert.Equal(t, tc.apolog, f.Name.VI)
		assert.Equal(t, tc.circular, f.Circular)
	}
	_, err := procedures.Forms().At(day(2024, 1, 1)).Form(procedures.FormStopNotice)
	assert.ErrorIs(t, err, procedures.ErrNotFound)
}

func TestLoadForms(t *testing.T) {
	t.Parallel()
	table, found, err := procedures.LoadForms(folder())
	require.NoError(t, err)
	require.Empty(t, found)
	assert.Same(t, procedures.Forms(), table, "without a file of its own the built-in table holds")
	own := "format: 1\ncirculars:\n  next:\n    number: 9/2030/TT-VPCP\n    forms:\n" +
		"      receipt_slip: {number: \"11\", name: {vi: Giấy, en: Slip}}\n"
	table, found, err = procedures.LoadForms(folder("forms.yaml", own))
	require.NoError(t, err)
	require.Empty(t, found)
	assert.Equal(t, "11", table.At(day(2030, 1, 1)).Number(procedures.FormReceiptSlip))
	for rule, text := range map[string]string{
		"form-number":  strings.Replace(own, `"11"`, `"1"`, 1),
		"form-overlap": own + strings.ReplaceAll(strings.TrimPrefix(own, "format: 1\ncirculars:\n"), "next", "other"),
		"key-unknown":  own + "x: 1\n",
		"yaml-type":    strings.Replace(own, `"11"`, "11", 1),
		"file-form":    own + "---\n" + own,
	} {
		_, found, err := procedures.LoadForms(folder("forms.yaml", text))
		require.NoError(t, err)
		require.NotEmpty(t, found, rule)
		assert.Equal(t, rule, found[0].Rule, fmt.Sprint(found))
	}
}

// TestStatusTable checks the built-in moves against the table they come from.
func TestStatusTable(t *testing.T) {
	t.Parallel()
	moves := map[procedures.Status][]procedures.Status{
		0: {1}, 1: {2, 3, 5, 7}, 2: {4, 5, 6, 7, 8, 9}, 3: {}, 4: {5, 6, 7, 8, 9}, 5: {2, 4, 7, 8}, 6: {4, 7, 8}, 7: {4, 8}, 8: {},
		9: {6, 10}, 10: {},
	}
	table := procedures.Statuses()
	require.Len(t, table.All(), 10)
	for a := procedures.Status(0); a <= 10; a++ {
		for b := procedures.Status(0); b <= 10; b++ {
			want := a == b
			for _, n := range moves[a] {
				want = want || n == b
			}
			assert.Equal(t, want, table.Allows(a, b), "%d to %d", a, b)
		}
	}
	_, ok := table.Info(11)
	assert.False(t, ok)
}

func TestOwnStatuses(t *testing.T) {
	t.Parallel()
	list := "format: 1\nstatuses:\n"
	for i := 1; i <= 10; i++ {
		list += fmt.Sprintf("  %d: {name: {vi: A, en: B}, next: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}\n", i)
	}
	loose := change(t, certified(t), "from: [requested]\n    to: refused", "from: [requested, received]\n    to: refused")
	assert.Empty(t, procedures.Check(folder("national/2.000815.yaml", loose, "statuses.yaml", list)), "the folder's own list decides")
	assert.NotEmpty(t, procedures.Check(folder("national/2.000815.yaml", loose)))
	found := procedures.Check(folder("statuses.yaml", "format: 1\nstatuses:\n  1: {name: {vi: A, en: B}, next: [2]}\n"))
	require.Len(t, found, 1)
	assert.Equal(t, "status-unknown", found[0].Rule)
}
