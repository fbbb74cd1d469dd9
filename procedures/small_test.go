package procedures_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/procedures"
)

// small is the shortest sound procedure: a permit of two kinds, appraised and
// approved by different people, with terms by case and channel.
const small = `format: 1
code: "1.013225"
valid_from: 2025-01-01
name: {vi: Giấy phép xây dựng, en: Building permit}
sector: {code: BXD, name: {vi: Xây dựng, en: Construction}}
level: full
legal_basis:
  law: {number: 50/2014/QH13, name: {vi: Luật Xây dựng, en: Law on Construction}, from: 2015-01-01}
applicants: {kinds: [citizen], name: {vi: Chủ đầu tư, en: Owner}, assurance: {online: 2, post: 0}}
channels: [online, post]
facts:
  works: {name: {vi: Loại, en: Kind}, kind: choice, source: desk, values: [house, works]}
  floors: {name: {vi: Số tầng, en: Floors}, kind: int, source: desk, min: 1, max: 100}
  heritage: {name: {vi: Di tích, en: Heritage}, kind: bool, source: desk}
components:
  drawings: {name: {vi: Bản vẽ, en: Drawings}, mode: file, required: true}
  opinion: {name: {vi: Ý kiến, en: Opinion}, mode: file, required: true, when: "heritage && works == 'works'"}
fees:
  permit:
    kind: le_phi
    name: {vi: Lệ phí, en: Charge}
    set_by: council
    rates:
      until: {from: 2025-01-01, to: 2025-12-31, law: [law], amount: "75000"}
      after: {from: 2026-01-01, law: [law], amount: "works == 'house' ? 75000 : max(100000, 10000 * floors)"}
terms:
  remote: {when: "channel == 'post'", kind: working_days, amount: 12, starts: postmark, law: [law]}
  works: {when: "works == 'works'", kind: working_days, amount: 10, law: [law]}
  house: {kind: working_days, amount: 7, law: [law]}
states:
  draft: {name: {vi: Nháp, en: Draft}, national: none, start: true}
  filed: {name: {vi: Đã nộp, en: Filed}, national: 1}
  taken: {name: {vi: Tiếp nhận, en: Taken}, national: 2, clock: running, budget: 1d}
  appraised: {name: {vi: Thẩm định, en: Appraised}, national: 4, clock: running, budget: 2d4h}
  waiting: {name: {vi: Bổ sung, en: Waiting}, national: 5, clock: paused, budget: 30d, law: [law]}
  granted: {name: {vi: Cấp, en: Granted}, national: 9, outcome: granted}
  given: {name: {vi: Trả, en: Given}, national: 10, end: true}
steps:
  file: {name: {vi: Nộp, en: File}, from: [draft], to: filed, roles: [applicant]}
  take: {name: {vi: Nhận, en: Take}, from: [filed], to: taken, roles: [reception_officer]}
  appraise: {name: {vi: Thẩm định, en: Appraise}, from: [taken], to: appraised, roles: [specialist], duty: appraise}
  ask: {name: {vi: Yêu cầu, en: Ask}, from: [appraised], to: waiting, roles: [specialist], reason: true}
  answer: {name: {vi: Bổ sung, en: Answer}, from: [waiting], to: appraised, roles: [applicant]}
  approve: {name: {vi: Duyệt, en: Approve}, from: [appraised], to: granted, roles: [approver], duty: approve, law: [law]}
  give: {name: {vi: Trả, en: Give}, from: [granted], to: given, roles: [reception_officer]}
results:
  permit: {name: {vi: Giấy phép, en: Permit}, outcome: granted, document: true}
`

func smallOne(t testing.TB, text string) *procedures.Procedure {
	t.Helper()
	list, found := procedures.ParseProcedures("small.yaml", []byte(text), nil)
	require.Empty(t, found)
	require.Len(t, list, 1)
	return list[0]
}

func TestTermByCase(t *testing.T) {
	t.Parallel()
	p := smallOne(t, small)
	for _, tc := range []struct {
		facts  procedures.FactValues
		term   string
		starts string
	}{
		{procedures.FactValues{"channel": "online", "works": "house"}, "house", "reception"},
		{procedures.FactValues{"channel": "online", "works": "works"}, "works", "reception"},
		{procedures.FactValues{"channel": "post", "works": "works"}, "remote", "postmark"},
	} {
		term, err := p.TermAt(day(2025, 5, 1), tc.facts)
		require.NoError(t, err)
		assert.Equal(t, tc.term, term.ID)
		assert.Equal(t, tc.starts, term.Starts)
	}
	_, err := p.TermAt(day(2025, 5, 1), procedures.FactValues{"works": "house"})
	assert.ErrorIs(t, err, procedures.ErrInvalid, "a condition whose fact is missing decides nothing")
}

func TestRatesByDate(t *testing.T) {
	t.Parallel()
	p := smallOne(t, small)
	facts := procedures.FactValues{"works": "works", "floors": 12, "heritage": true}
	for at, want := range map[time.Time]int64{day(2025, 12, 31).Add(23 * time.Hour): 75_000, day(2026, 1, 1): 120_000, day(2024,
		12, 31): 0} {
		lines, err := p.FeesAt(at, facts)
		require.NoError(t, err)
		var sum int64
		for _, l := range lines {
			sum += l.Amount
			assert.Equal(t, procedures.FeeLePhi, l.Kind)
		}
		assert.Equal(t, want, sum, at.String())
	}
}

func TestComponentsByCase(t *testing.T) {
	t.Parallel()
	p := smallOne(t, small)
	for works, want := range map[string]int{"house": 1, "works": 2} {
		needs, err := p.ComponentsFor(procedures.FactValues{"works": works, "heritage": true})
		require.NoError(t, err)
		assert.Len(t, needs, want)
		assert.Len(t, procedures.MissingComponents(needs, "drawings"), want-1)
	}
}

// TestSmallFindings tries on the small procedure what the first one does not use.
func TestSmallFindings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, replacement, rule, line string }{
		"one role for both": {"roles: [approver], duty", "roles: [approver, specialist], duty", "duty-apart", "  approve:"},
		"budget":            {"budget: 2d4h", "budget: 6d1m", "budget-term", "  house:"},
		"quantity of choice": {"mode: file, required: true}\n  opinion", "mode: file, required: true, quantity: works}\n  opinion",
			"fact-unknown", "  drawings:"},
		"order of terms": {"{when: \"channel == 'post'\", ", "{", "term-order", "  works: {when"},
		"gap of terms": {
			"house: {kind: working_days", "house: {to: 2025-12-31, kind: working_days", "term-default", "  house:",
		},
		"rates overlap":  {"to: 2025-12-31, law", "to: 2026-01-01, law", "fee-overlap", "      after:"},
		"amount missing": {"kind: working_days, amount: 7", "kind: working_days", "key-missing", "  house:"},
		"cutoff of days": {"amount: 7, law", "amount: 7, cutoff: \"15:00\", law", "term-form", "  house:"},
		"condition":      {"heritage && works == 'works'", "works", "component-expression", "  opinion:"},
		"no such choice": {"works == 'house' ?", "works == 3 ?", "fee-expression", "      after:"},
		"reserved fact":  {"  heritage: {", "  channel: {", "name-taken", "  channel:"},
		"function":       {"  heritage: {", "  min: {", "name-taken", "  min:"},
		"odd fact kind":  {"kind: bool", "kind: float", "value-unknown", "  heritage:"},
		"max below min":  {"min: 1, max: 100", "min: 100, max: 1", "value-range", "  floors:"},
		"field of desk":  {"kind: bool, source: desk", "kind: bool, source: desk, field: x", "fact-source", "  heritage:"},
		"states missing": {"  draft: {name: {vi: Nháp, en: Draft}, national: none, start: true}\n", "", "state-unknown", "  file:"},
		"capital":        {"  granted: {name", "  Granted: {name", "name-form", "  Granted:"},
		"list for map": {"results:\n  permit: {name: {vi: Giấy phép, en: Permit}, outcome: granted, document: true}",
			"results: [a]", "yaml-type", "results:"},
		"text for list": {"channels: [online, post]", "channels: online", "yaml-type", "channels:"},
		"number for text": {"values: [house, works]", "values: [house, 1]", "yaml-type",
			"  works: {name"},
		"text for bool": {"outcome: granted, document: true", "outcome: granted, document: \"true\"", "yaml-type",
			"  permit: {name: {vi: Giấy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := change(t, small, tc.old, tc.replacement)
			_, found := procedures.ParseProcedures("small.yaml", []byte(text), nil)
			var all []string
			ok := false
			for _, f := range found {
				all = append(all, f.String())
				ok = ok || f.Rule == tc.rule && f.Line == lineOf(t, text, tc.line)
			}
			assert.True(t, ok, "want %s at %q, got\n%s", tc.rule, tc.line, strings.Join(all, "\n"))
		})
	}
}

// TestBudgetIgnoresPausedTime: thirty days of waiting for the applicant do not
// count, the loop through them neither.
func TestBudgetIgnoresPausedTime(t *testing.T) {
	t.Parallel()
	smallOne(t, change(t, small, "budget: 2d4h", "budget: 6d"))
}

// TestStepsWithoutLaw: a step of no legal weight may lead elsewhere or be dropped,
// and no more.
func TestStepsWithoutLaw(t *testing.T) {
	t.Parallel()
	for body, rule := range map[string]string{
		"steps: {ask: {from: [taken, appraised]}}":        "",
		"steps: {ask: {roles: [unit_head]}}":              "",
		"steps: {give: {reason: true}}":                   "",
		"steps: {ask: {reason: false}}":                   "overlay-step",
		"steps: {ask: {duty: approve}}":                   "overlay-step",
		"steps: {ask: {event: appraise}}":                 "overlay-step",
		"steps: {ask: {law: [law]}}":                      "overlay-step",
		"drop: {steps: [ask, answer], states: [waiting]}": "overlay-legal", // the state pauses the clock by law
		"drop: {steps: [ask]}":                            "state-unreachable",
		"drop: {steps: [approve]}":                        "overlay-legal",
		"drop: {steps: [give], states: [given]}":          "state-stuck",
	} {
		ovs, found := procedures.ParseOverlays("o.yaml", []byte("format: 1\nextends: \"1.013225\"\nvalid_from: 2025-06-01\n"+body+"\n"),
			procedures.ProvinceLayer, "")
		require.Empty(t, found, body)
		_, found, err := procedures.Extend(smallOne(t, small), ovs...)
		require.NoError(t, err)
		if rule == "" {
			assert.Empty(t, found, body)
			continue
		}
		require.NotEmpty(t, found, body)
		assert.Equal(t, rule, found[0].Rule, "%s: %v", body, found)
	}
}

func TestShorterTerms(t *testing.T) {
	t.Parallel()
	extend := func(old, body string) []string {
		base := smallOne(t, change(t, small, "house: {kind: working_days, amount: 7", "house: {"+old))
		ovs, found := procedures.ParseOverlays("o.yaml", []byte("format: 1\nextends: \"1.013225\"\nvalid_from: 2025-06-01\n"+
			"states: {taken: {budget: 1m}, appraised: {budget: 1m}}\nterms: {house: {"+body+"}}\n"), procedures.ProvinceLayer, "")
		require.Empty(t, found)
		p, found, err := procedures.Extend(base, ovs...)
		require.NoError(t, err)
		var rules []string
		for _, f := range found {
			rules = append(rules, f.Rule)
		}
		if len(found) == 0 {
			assert.Equal(t, day(2025, 6, 1), p.Valid.From)
		}
		return rules
	}
	for _, tc := range []struct{ old, body, rule string }{
		{"kind: working_days, amount: 7", "amount: 7", ""},
		{"kind: working_days, amount: 7", "amount: 3", ""},
		{"kind: working_days, amount: 7", "amount: 8", "term-longer"},
		{"kind: working_days, amount: 7", `kind: same_day, cutoff: "15:00"`, ""},
		{"kind: working_days, amount: 7", "kind: working_hours, amount: 56", ""},
		{"kind: working_days, amount: 7", "kind: working_hours, amount: 57", "term-longer"},
		{"kind: working_days, amount: 7", "kind: days, amount: 7", "term-incomparable"},
		{"kind: days, amount: 20", "kind: clock_hours, amount: 480", ""},
		{"kind: days, amount: 20", "kind: clock_hours, amount: 481", "term-longer"},
		{"kind: days, amount: 20", `kind: same_day, cutoff: "10:00"`, ""},
		{"kind: days, amount: 20", "kind: working_days, amount: 14", "term-incomparable"},
		{"kind: clock_hours, amount: 48", "amount: 49", "term-longer"},
	} {
		rules := extend(tc.old, tc.body)
		if tc.rule == "" {
			assert.Empty(t, rules, "%s → %s", tc.old, tc.body)
			continue
		}
		assert.Equal(t, []string{tc.rule}, rules, "%s → %s", tc.old, tc.body)
	}
}

// TestFeeNeverNegative: whatever facts are given, a fee is whole đồng from 0 up,
// or an error.
func TestFeeNeverNegative(t *testing.T) {
	t.Parallel()
	p := smallOne(t, small)
	c := national(t)
	rapid.Check(t, func(rt *rapid.T) {
		lines, _ := p.FeesAt(day(2026, 5, 1), procedures.FactValues{
			"works": rapid.SampledFrom([]string{"house", "works", "ship"}).Draw(rt, "works"), "floors": rapid.Int64().Draw(rt, "floors"),
		})
		for _, l := range lines {
			require.GreaterOrEqual(rt, l.Amount, int64(0))
		}
		pages, copies := rapid.IntRange(1, 300).Draw(rt, "pages"), rapid.IntRange(1, 50).Draw(rt, "copies")
		lines, err := c.FeesAt(day(2024, 5, 1), procedures.FactValues{"pages": pages, "copies": copies})
		require.NoError(rt, err)
		more, err := c.FeesAt(day(2024, 5, 1), procedures.FactValues{"pages": min(pages+1, 300), "copies": copies})
		require.NoError(rt, err)
		require.LessOrEqual(rt, lines[0].Amount, more[0].Amount, "more pages never cost less")
		require.LessOrEqual(rt, lines[0].Unit, int64(200_000))
	})
}

// FuzzAmount: no formula makes the loader panic or accepts one that can give a
// negative amount at the corners of its facts.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"75000", "floors * 10", "min(1, floors)", "1/0", "floors % 0", "-1", "[1][0]", "{'a': 1}.a", "'x'", "1.5",
		"9223372036854775807 * floors", "works.size()", "int('9')", "floors > 3 ? 1 : 2", "((((((((1))))))))", "has(floors.x)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, amount string) {
		if strings.ContainsAny(amount, "\"\\\n\r\x00") {
			return
		}
		text := strings.Replace(small, `amount: "75000"`, `amount: "`+amount+`"`, 1)
		list, found := procedures.ParseProcedures("x.yaml", []byte(text), nil)
		if len(found) > 0 {
			return
		}
		lines, err := list[0].FeesAt(day(2025, 5, 1), procedures.FactValues{"works": "house", "floors": 1, "heritage": false,
			"channel": "post"})
		if err != nil || len(lines) > 0 && lines[0].Amount < 0 {
			t.Fatalf("accepted %q gives %v, %v", amount, lines, err)
		}
	})
}
