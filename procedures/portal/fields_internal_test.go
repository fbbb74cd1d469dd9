package portal

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/procedures"
)

func certifiedCopy(t testing.TB) *procedures.Procedure {
	t.Helper()
	c, found, err := procedures.Load(procedures.National())
	require.NoError(t, err)
	require.Empty(t, found)
	p, err := c.At("2.000815", time.Date(2024, 11, 15, 8, 0, 0, 0, procedures.Zone))
	require.NoError(t, err)
	return p
}

func TestReadAnswers(t *testing.T) {
	t.Parallel()
	form := certifiedCopy(t).Form
	for _, c := range []struct {
		name  string
		typed url.Values
		want  string
	}{
		{"nothing", url.Values{}, `{}`},
		{"spaces and dots in numbers", url.Values{"pages": {"1.2 0"}, "phone": {"0912 345.678"}}, `{"pages":120,"phone":"0912345678"}`},
		{"a number in words stays as typed", url.Values{"pages": {"hai"}}, `{"pages":"hai"}`},
		{"a tick", url.Values{"use_vneid": {"1"}}, `{"use_vneid":true}`},
		{"a date", url.Values{"issued_on.d": {"05"}, "issued_on.m": {"7"}, "issued_on.y": {"2020"}}, `{"issued_on":"2020-07-05"}`},
		{"29 February of no leap year", url.Values{"issued_on.d": {"29"}, "issued_on.m": {"2"}, "issued_on.y": {"2023"}},
			`{"issued_on":"?29/2/2023/"}`},
		{"a moment in +07:00", url.Values{"appointment.d": {"18"}, "appointment.m": {"11"}, "appointment.y": {"2024"}, "appointment.t": {"9h30"}},
			`{"appointment":"2024-11-18T09:30:00+07:00"}`},
		{"a moment without time", url.Values{"appointment.d": {"18"}, "appointment.m": {"11"}, "appointment.y": {"2024"}},
			`{"appointment":"?18/11/2024/"}`},
		{"what is not asked for is dropped", url.Values{"admin": {"1"}}, `{}`},
	} {
		got, err := readAnswers(form, c.typed)
		require.NoError(t, err)
		assert.JSONEq(t, c.want, string(got), c.name)
	}
}

// TestDatesComeBack: what is typed into date boxes is shown again, as the same
// date or letter by letter.
func TestDatesComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		box := rapid.StringMatching(`[0-9a-z]{0,4}`)
		in := [4]string{box.Draw(t, "d"), box.Draw(t, "m"), box.Draw(t, "y"), box.Draw(t, "t")}
		v := readDate(true, in[0], in[1], in[2], in[3])
		d, m, y, clock := boxes(v)
		if s, _ := v.(string); v == nil || s[0] == dateSentinel[0] {
			assert.Equal(t, fmt.Sprint(in), fmt.Sprint([4]string{d, m, y, clock}))
			return
		}
		assert.Equal(t, v, readDate(true, d, m, y, clock))
	})
}

// FuzzReadAnswers: whatever is posted becomes a JSON object that can be checked,
// shown and read again.
func FuzzReadAnswers(f *testing.F) {
	f.Add("requester_name=L%C3%AA&pages=2&issued_on.d=1&issued_on.m=x&use_vneid=1")
	f.Add("pages=1e9&copies=-1&phone=%00%ff&appointment.t=99:99&appointment.d=1&appointment.m=1&appointment.y=1")
	p := certifiedCopy(f)
	lang := &language{words: words{"answer.none": "-", "answer.yes": "x", "answer.no": "o"}}
	f.Fuzz(func(t *testing.T, body string) {
		v, err := url.ParseQuery(body)
		if err != nil || len(body) > maxForm {
			return
		}
		for _, list := range v {
			for i := range list {
				list[i] = tidy(list[i])
			}
		}
		raw, err := readAnswers(p.Form, v)
		require.NoError(t, err)
		require.True(t, json.Valid(raw))
		_, err = p.Form.Validate(raw)
		require.NoError(t, err)
		require.Len(t, lang.inputs(p.Form, answersOf(raw), nil), len(p.Form.Fields))
		require.Len(t, lang.answers(p.Form, raw), len(p.Form.Fields))
	})
}

func TestFormats(t *testing.T) {
	t.Parallel()
	vi, en := formats{}, formats{english: true}
	at := time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC)
	for want, got := range map[string]string{
		"1.234.567\u00a0đ": vi.dong(1234567), "VND\u00a01,234,567": en.dong(1234567), "0\u00a0đ": vi.dong(0), "-1.000\u00a0đ": vi.dong(-1000),
		"999": vi.number(999), "24/11/2026": vi.day(at), "24 November 2026": en.day(at), "09:30\u00a024/11/2026": vi.moment(at),
		"1\u00a0KB": vi.size(1), "214\u00a0KB": vi.size(214 << 10), "1,5\u00a0MB": vi.size(3 << 19), "20\u00a0MB": en.size(20 << 20),
		`<time datetime="2026-11-24T09:30:00+07:00">` + "09:30\u00a024/11/2026</time>": string(vi.when(at)),
	} {
		assert.Equal(t, want, got)
	}
	assert.Empty(t, vi.day(time.Time{})+vi.moment(time.Time{})+string(vi.when(time.Time{})))
}

func TestAttachmentNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `attachment; filename="a b.pdf"`, attachment("a b.pdf"))
	assert.Equal(t, `attachment; filename="B_n sao__.pdf"; filename*=utf-8''B%E1%BA%A3n%20sao%22%0A.pdf`, attachment("Bản sao\"\n.pdf"))
}

func TestLimiterForgetsWhatIsFull(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	l := &limiter{now: func() time.Time { return now }, limit: Limit{Every: time.Second, Burst: 2}, each: map[string]*counted{}}
	key := func(i int) string { return string(rune('a'+i%26)) + time.Unix(int64(i), 0).String() }
	for i := range maxCounted {
		l.allow(key(i))
	}
	require.Len(t, l.each, maxCounted)
	now = now.Add(3 * time.Second)
	_, ok := l.allow("one more")
	assert.True(t, ok)
	assert.Len(t, l.each, 1)
	for i := range maxCounted + 5 {
		l.allow(key(i))
	}
	assert.LessOrEqual(t, len(l.each), maxCounted, "never more, though none is full")
	unlimited := &limiter{now: func() time.Time { return now }, limit: Limit{Burst: -1}}
	for range 100 {
		_, ok := unlimited.allow("x")
		require.True(t, ok)
	}
}
