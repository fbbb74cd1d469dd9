package endtoend

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/nationalportal"
)

var hanoi = time.FixedZone("+07", 7*60*60)

// TestLawsClock tells the story on days that differ in law. What is expected was
// reckoned by hand from Decree 23/2015 article 7 (the same day; received after
// 15:00, the next working day) and the announced holidays of 2024.
func TestLawsClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, date, day string
		due             string   // as the slip writes it
		stamp           string   // as the national portal is told
		because         []string // the explanation, on slip and page
		unit, agency    string
		circular        string
	}{
		{"friday after 15:00", "2024-11-15T15:01", "2024-11-15", "17 giờ 00 phút, ngày 18/11/2024", "20241118170000",
			[]string{"nhận sau 15:00, tính từ ngày làm việc kế tiếp", "nghỉ hằng tuần", "thứ Hai 18/11/2024"},
			"UBND phường Tân Đồng", "THÀNH PHỐ ĐỒNG XOÀI", "Thông tư 01/2018/TT-VPCP"},
		{"saturday", "2024-11-16", "2024-11-16", "17 giờ 00 phút, ngày 18/11/2024", "20241118170000",
			[]string{"thứ Bảy 16/11/2024", "nghỉ hằng tuần", "thứ Hai 18/11/2024"},
			"UBND phường Tân Đồng", "THÀNH PHỐ ĐỒNG XOÀI", "Thông tư 01/2018/TT-VPCP"},
		{"tết", "2024-02-12", "2024-02-12", "17 giờ 00 phút, ngày 15/02/2024", "20240215170000",
			[]string{"Tết Nguyên đán", "nghỉ bù Tết Nguyên đán", "thứ Năm 15/02/2024"},
			"UBND phường Tân Đồng", "THÀNH PHỐ ĐỒNG XOÀI", "Thông tư 01/2018/TT-VPCP"},
		{"a working morning", "2024-11-15T08:00", "2024-11-15", "17 giờ 00 phút, ngày 15/11/2024", "20241115170000",
			[]string{"giải quyết trong ngày"}, "UBND phường Tân Đồng", "THÀNH PHỐ ĐỒNG XOÀI", "Thông tư 01/2018/TT-VPCP"},
		{"today", "", "", "", "", nil, "UBND phường Bình Phước", "ĐỒNG NAI", "Thông tư 03/2025/TT-VPCP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var args []string
			if c.date != "" {
				args = []string{"--date", c.date}
			}
			s := demo(t, t.TempDir(), args...)
			if c.day == "" {
				c.day = regexp.MustCompile(`\d{4}-\d\d-\d\d`).FindString(s.lines[1])
			}
			it := exported(t, s, c.day)
			if c.due == "" {
				c.due, c.stamp, c.because = today(t, it)
			}
			assert.Equal(t, c.stamp, it.NgayHenTra)
			assert.Equal(t, c.unit, it.DonViXuLy)
			assert.Contains(t, s.lines[0], it.MaHoSo)

			srv := serve(t, s.data)
			b := signIn(t, srv.url, "citizen", citizen)
			p := b.mine("receipt_slip")
			slip := textOf(t, temp(t, "slip.pdf", b.get(p.paper("receipt_slip")).body), 1, 9)
			srv.stop(t)
			words := strings.Join(strings.Fields(slip), " ")
			for _, want := range append(c.because, c.due, c.unit, c.circular) {
				assert.Contains(t, strings.ToLower(words), strings.ToLower(want), "on the slip")
			}
			assert.Contains(t, words, c.agency)
			for _, want := range append(c.because, c.unit) {
				assert.Contains(t, strings.ToLower(p.text()), strings.ToLower(want), "on the page")
			}
			assert.Contains(t, p.text(), "17:00")
			statement := textOf(t, s.file, 3, 3)
			assert.Contains(t, statement, strings.ToUpper(c.unit))
			assert.Contains(t, statement, c.agency)
		})
	}
}

// exported reads the day's items as the national portal is sent them; there is
// one, and none on the day before.
func exported(t *testing.T, s *story, day string) *nationalportal.Item {
	t.Helper()
	var items []*nationalportal.Item
	require.NoError(t, json.Unmarshal([]byte(ok(t, "export", "national", "--data", s.data, "--day", day)), &items))
	require.Len(t, items, 1)
	assert.Empty(t, items[0].Validate())
	assert.Equal(t, "10", items[0].TrangThaiHoSo)
	assert.Equal(t, "2.000815", items[0].MaTTHC)
	at, err := time.Parse(time.DateOnly, day)
	require.NoError(t, err)
	assert.JSONEq(t, "[]", ok(t, "export", "national", "--data", s.data, "--day", at.AddDate(0, 0, -1).Format(time.DateOnly)))
	return items[0]
}

// today is what must hold on any day: the due time is the end of a working day,
// that of reception or, after 15:00 or outside working days, a later one.
func today(t *testing.T, it *nationalportal.Item) (due, stamp string, because []string) {
	t.Helper()
	const layout = "20060102150405"
	got, err := time.ParseInLocation(layout, it.NgayHenTra, hanoi)
	require.NoError(t, err)
	received, err := time.ParseInLocation(layout, it.NgayTiepNhan, hanoi)
	require.NoError(t, err)
	sameDay := got.Format(time.DateOnly) == received.Format(time.DateOnly)
	if received.Hour() >= 15 && received.Format("1504") != "1500" || received.Weekday() == time.Sunday {
		assert.False(t, sameDay, "received at %s", received)
	}
	assert.NotEqual(t, time.Sunday, got.Weekday())
	assert.True(t, got.After(received))
	assert.Less(t, got.Sub(received), 12*24*time.Hour, "no holiday is longer")
	if sameDay {
		because = []string{"giải quyết trong ngày"}
	}
	return got.Format("15 giờ 04 phút, ngày 02/01/2006"), got.Format("20060102") + "170000", because
}
