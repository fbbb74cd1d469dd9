package procedures_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
)

// TestStory walks the machine as each stage of building the province has it.
func TestStory(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		modules []string
		events  string
	}{
		"paper":   {nil, "request receive compare certify_on_paper return_result"},
		"signed":  {[]string{"certification"}, "request receive compare reserve certified return_result"},
		"paid":    {[]string{"certification", "payment"}, "request receive compare ask_fee fee_settled certified return_result"},
		"supply":  {nil, "request ask_supplement supply receive ask_supplement supply receive compare certify_on_paper return_result"},
		"refused": {nil, "request refuse"},
		"left": {[]string{"certification", "payment"},
			"request receive compare ask_fee withdraw reject_withdrawal withdraw accept_withdrawal"},
		"stopped": {[]string{"certification"}, "request receive compare reserve stop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := national(t).With(tc.modules...).Compile(bindings())
			require.NoError(t, err)
			state := m.Definition().Initial
			for event := range strings.FieldsSeq(tc.events) {
				next := ""
				for _, l := range m.Leaving(state) {
					if l.Event == event {
						next = l.To
					}
				}
				require.NotEmpty(t, next, "%s does not leave %s", event, state)
				state = next
			}
			assert.Empty(t, m.Leaving(state), "the story ends")
		})
	}
}

func TestModulesShapeTheMachine(t *testing.T) {
	t.Parallel()
	p := national(t)
	assert.Equal(t, []string{"certification", "payment"}, p.ModulesUsed())
	states := func(modules ...string) []string {
		var out []string
		for _, s := range p.With(modules...).States {
			out = append(out, s.ID)
		}
		return out
	}
	assert.NotContains(t, states(), "signing")
	assert.NotContains(t, states(), "awaiting_fee")
	assert.NotContains(t, states("payment"), "awaiting_fee")
	assert.Contains(t, states("certification"), "signing")
	assert.Contains(t, states("certification", "payment"), "awaiting_fee")
	step, ok := p.With().StepFrom("compared", "withdraw")
	require.True(t, ok)
	assert.NotContains(t, step.From, "awaiting_fee", "a step leaves only states that exist")

	versions := map[string]bool{}
	for _, m := range [][]string{nil, {"certification"}, {"certification", "payment"}} {
		versions[p.With(m...).Definition().Version] = true
	}
	assert.Len(t, versions, 3, "another machine has another version")
	assert.Equal(t, p.Definition(), p.With("certification", "payment").Definition())
}

// TestNationalStatuses pins the map of the first procedure to the national list.
func TestNationalStatuses(t *testing.T) {
	t.Parallel()
	p := national(t)
	want := map[string]procedures.Status{
		"draft": procedures.StatusNone, "requested": 1, "received": 2, "compared": 4, "awaiting_fee": 6, "signing": 4, "certified": 9,
		"returned": 10, "supplement": 5, "supplied": 5, "refused": 3, "withdrawal": 7, "stopped": 8,
	}
	got := map[string]procedures.Status{}
	for _, s := range p.States {
		got[s.ID] = s.National
	}
	assert.Equal(t, want, got)
	info, ok := procedures.Statuses().Info(got["awaiting_fee"])
	require.True(t, ok)
	assert.Equal(t, "Yêu cầu thực hiện nghĩa vụ tài chính", info.Name.VI)
}

// TestFee uses the amounts of Circular 226/2016/TT-BTC, worked out by hand.
func TestFee(t *testing.T) {
	t.Parallel()
	p := national(t)
	for _, tc := range []struct {
		pages, copies int
		amount        int64
	}{
		{1, 1, 2_000}, {2, 1, 4_000}, {3, 1, 5_000}, {10, 1, 12_000}, {197, 1, 199_000}, {198, 1, 200_000}, {199, 1, 200_000},
		{300, 1, 200_000}, {2, 3, 12_000}, {300, 50, 10_000_000},
	} {
		lines, err := p.FeesAt(day(2024, 11, 15), procedures.FactValues{"pages": tc.pages, "copies": tc.copies})
		require.NoError(t, err)
		require.Len(t, lines, 1)
		assert.Equal(t, tc.amount, lines[0].Amount, "%d pages, %d copies", tc.pages, tc.copies)
		assert.Equal(t, procedures.FeePhi, lines[0].Kind)
		assert.Equal(t, int64(tc.copies), lines[0].Quantity)
	}
	for name, v := range map[string]procedures.FactValues{
		"no pages":       {"copies": 1},
		"no copies":      {"pages": 1},
		"no page":        {"pages": 0, "copies": 1},
		"too many":       {"pages": 1, "copies": 51},
		"text":           {"pages": "2", "copies": 1},
		"unknown":        {"pages": 1, "copies": 1, "colour": true},
		"odd channel":    {"pages": 1, "copies": 1, "channel": "fax"},
		"fraction":       {"pages": 1.5, "copies": 1},
		"negative":       {"pages": -1, "copies": 1},
		"misspelt facts": {"page": 1, "copies": 1},
	} {
		_, err := p.FeesAt(day(2024, 11, 15), v)
		assert.ErrorIs(t, err, procedures.ErrInvalid, name)
	}
}

func TestTermAndComponents(t *testing.T) {
	t.Parallel()
	p := national(t)
	term, err := p.TermAt(day(2024, 11, 15), nil)
	require.NoError(t, err)
	assert.Equal(t, procedures.SameDay, term.Kind)
	assert.Equal(t, "15h0m0s", term.Cutoff.String())
	require.NotNil(t, p.Extension)
	assert.Equal(t, 2, p.Extension.WorkingDays)

	for name, v := range map[string]procedures.FactValues{
		"unknown": {"colour": true}, "out of range": {"copies": 0}, "text": {"copies": "3"},
	} {
		_, err := p.TermAt(day(2024, 11, 15), v)
		require.ErrorIs(t, err, procedures.ErrInvalid, name)
		_, err = p.ComponentsFor(v)
		require.ErrorIs(t, err, procedures.ErrInvalid, name)
	}
	needs, err := p.ComponentsFor(procedures.FactValues{"copies": 3})
	require.NoError(t, err)
	require.Len(t, needs, 3)
	assert.Equal(t, 3, needs[2].Count)
	missing := procedures.MissingComponents(needs)
	require.Len(t, missing, 1, "a group of alternatives is told once, an optional paper never")
	assert.Equal(t, "original", missing[0].ID)
	assert.Empty(t, procedures.MissingComponents(needs, "legalised_original"))
	_, err = p.ComponentsFor(nil)
	assert.ErrorIs(t, err, procedures.ErrInvalid)
}

func TestLawOfTheDay(t *testing.T) {
	t.Parallel()
	p := national(t)
	numbers := func(at int) (out []string) {
		for _, l := range p.LawsAt(day(at, 11, 15)) {
			out = append(out, l.Number)
		}
		return out
	}
	assert.Contains(t, numbers(2024), "61/2018/NĐ-CP")
	assert.NotContains(t, numbers(2024), "118/2025/NĐ-CP")
	assert.Contains(t, numbers(2025), "280/2025/NĐ-CP")
	assert.NotContains(t, numbers(2025), "61/2018/NĐ-CP")
	l, ok := p.Law("decree_61_2018")
	require.True(t, ok)
	assert.True(t, l.Contains(day(2025, 6, 30).Add(23*3600e9)), "the last day counts to its end")
	assert.False(t, l.Contains(day(2025, 7, 1)))
}

func TestGuards(t *testing.T) {
	t.Parallel()
	scan := strings.Repeat("ab", 32)
	for body, want := range map[string]string{
		`{"scan":"` + scan + `","pages":2,"excluded":false}`:                           "",
		`{"scan":"` + scan + `","pages":0,"excluded":false}`:                           procedures.GuardScanFixed,
		`{"scan":"` + strings.ToUpper(scan) + `","pages":2,"excluded":false}`:          procedures.GuardScanFixed,
		`{"pages":2,"excluded":false}`:                                                 procedures.GuardScanFixed,
		`{"scan":"` + scan + `","pages":2}`:                                            procedures.GuardPaperNotExcluded,
		`{"scan":"` + scan + `","pages":2,"excluded":true}`:                            procedures.GuardPaperNotExcluded,
		`{"scan":"` + scan + `","pages":2,"excluded":null}`:                            procedures.GuardPaperNotExcluded,
		`{"scan":"` + scan + `","pages":2,"excluded":false,"reason":"đã kiểm tra kỹ"}`: "",
	} {
		got := ""
		for _, name := range []string{procedures.GuardScanFixed, procedures.GuardPaperNotExcluded} {
			if r := procedures.Guards()[name](workflow.GuardInput{Body: []byte(body)}); r != nil {
				got = r.Code
				assert.NotEmpty(t, r.VI)
			}
		}
		assert.Equal(t, want, got, body)
	}
	for name, g := range procedures.Guards() {
		assert.NotNil(t, g(workflow.GuardInput{Body: []byte("no JSON")}), name)
		assert.NotNil(t, g(workflow.GuardInput{}), name)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	p := national(t)
	assert.Equal(t, procedures.FactValues{"copies": int64(3)}, p.FactsFromForm(map[string]any{"copies": 3.0, "pages": 2.0}),
		"pages are counted by the desk, whatever the form says")
	assert.Empty(t, p.FactsFromForm(map[string]any{"copies": 3.5}))
}

func TestMermaid(t *testing.T) {
	t.Parallel()
	drawn := national(t).Mermaid()
	want, err := os.ReadFile("docs/2.000815.mmd")
	require.NoError(t, err)
	assert.Equal(t, string(want), drawn, "docs/2.000815.mmd must be what the program draws")
	assert.NotContains(t, national(t).With().Mermaid(), "signing")
}
