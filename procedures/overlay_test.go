package procedures_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
)

// province loads the national definition with an overlay whose body follows the head.
func province(t testing.TB, body string) (*procedures.Catalogue, []procedures.Finding) {
	t.Helper()
	head := "format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\n"
	c, found, err := procedures.Load(folder("national/2.000815.yaml", certified(t), "province/2.000815.yaml", head+body))
	require.NoError(t, err)
	return c, found
}

func TestOverlayMay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body  string
		check func(*testing.T, *procedures.Procedure)
	}{
		"rename": {"states:\n  compared:\n    name: {vi: Đã so, en: Checked}\n", func(t *testing.T, p *procedures.Procedure) {
			s, _ := p.State("compared")
			assert.Equal(t, "Đã so", s.Name.VI)
			assert.Equal(t, procedures.StatusHandling, s.National)
		}},
		"shorten": {"terms: {same_day: {cutoff: \"16:30\"}}\n", func(t *testing.T, p *procedures.Procedure) {
			assert.Equal(t, 16*time.Hour+30*time.Minute, p.Terms[0].Cutoff)
		}},
		"narrow roles": {"steps: {ask_fee: {roles: [certifier]}}\n", func(t *testing.T, p *procedures.Procedure) {
			assert.Equal(t, []string{"certifier"}, p.StepsOf("ask_fee")[0].Roles)
		}},
		"more effects": {"steps: {refuse: {effects: [issue_refusal_slip, issue_receipt_slip]}}\n", func(t *testing.T,
			p *procedures.Procedure) {
			assert.Len(t, p.StepsOf("refuse")[0].Effects, 2)
		}},
		"a step of its own": {`
states:
  checked: {name: {vi: Đã soát, en: Checked}, national: 4, clock: running, budget: 30m}
steps:
  check: {name: {vi: Soát, en: Check}, from: [compared], to: checked, roles: [unit_head]}
  send_back: {name: {vi: Trả lại, en: Send back}, from: [checked], to: compared, roles: [unit_head]}
`, func(t *testing.T, p *procedures.Procedure) {
			_, ok := p.StepFrom("checked", "send_back")
			assert.True(t, ok)
		}},
		"ask for less": {"components:\n  original: {mode: lookup, required: false}\n", func(t *testing.T, p *procedures.Procedure) {
			assert.Equal(t, procedures.ModeLookup, p.Components[0].Mode)
			assert.False(t, p.Components[0].Required)
		}},
		"one more channel": {"channels: [counter, online, post]\napplicants: {assurance: {post: 0}}\n", func(t *testing.T,
			p *procedures.Procedure) {
			assert.Contains(t, p.Channels, procedures.Post)
		}},
		"its own law": {"legal_basis:\n  decision: {number: 1/QĐ-UBND, name: {vi: Quyết định, en: Decision}, from: 2024-01-01}\n",
			func(t *testing.T, p *procedures.Procedure) {
				_, ok := p.Law("decision")
				assert.True(t, ok)
			}},
		"other words": {"form: {fields: {phone: {hint: {vi: Số Zalo càng tốt, en: Zalo is best}}}}\n", func(t *testing.T,
			p *procedures.Procedure) {
			f, _ := p.Form.Field("phone")
			assert.Equal(t, "Số Zalo càng tốt", f.Hint.VI)
		}},
		"less time to extend": {"extension: {working_days: 1}\n", func(t *testing.T, p *procedures.Procedure) {
			assert.Equal(t, 1, p.Extension.WorkingDays)
		}},
		"full level": {"level: full\n", func(t *testing.T, p *procedures.Procedure) { assert.Equal(t, procedures.Full, p.Level) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, found := province(t, tc.body)
			require.Empty(t, found)
			p, err := c.At("2.000815", day(2024, 11, 15))
			require.NoError(t, err)
			tc.check(t, p)
			before, err := c.At("2.000815", day(2023, 12, 31))
			require.NoError(t, err)
			assert.Equal(t, national(t).Definition(), before.Definition(), "the overlay holds from its first day only")
		})
	}
}

// TestOverlayMayNot names the rule and the text of the line found.
func TestOverlayMayNot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, rule, line string }{
		"longer term":     {"terms:\n  same_day:\n    cutoff: \"14:00\"\n", "term-longer", "  same_day:"},
		"days for hours":  {"terms:\n  same_day:\n    kind: working_days\n    amount: 3\n", "term-incomparable", "  same_day:"},
		"hours for a day": {"terms:\n  same_day:\n    kind: working_hours\n    amount: 8\n", "term-incomparable", "  same_day:"},
		"new term":        {"terms:\n  slow:\n    kind: days\n", "overlay-new", "    kind"},
		"longer extension": {
			"extension:\n  working_days: 3\n", "term-longer", "extension:",
		},
		"new paper": {
			"components:\n  oath: {name: {vi: Giấy cam đoan, en: Oath}, mode: file, required: false}\n", "overlay-component", "  oath:",
		},
		"optional paper required": {"components:\n  copy:\n    required: true\n", "overlay-component", "    required: true"},
		"paper shown now filed":   {"components:\n  original:\n    mode: file\n", "overlay-component", "    mode: file"},
		"fee of the centre": {
			"fees:\n  certification:\n    rates: {circular_226: {amount: \"1\"}}\n", "overlay-fee", "  certification:",
		},
		"new fee":           {"fees:\n  tea: {kind: phi}\n", "overlay-fee", "  tea:"},
		"dropped law":       {"drop: {steps: [compare]}\n", "overlay-legal", ""},
		"dropped nothing":   {"drop: {steps: [dance]}\n", "overlay-drop", ""},
		"legal way":         {"steps:\n  compare:\n    to: certified\n", "overlay-legal", "    to: certified"},
		"legal roles":       {"steps:\n  compare:\n    roles: [certifier, clerk]\n", "overlay-legal", "    roles:"},
		"guard removed":     {"steps:\n  compare:\n    guards: [scan_fixed]\n", "overlay-removes", "    guards:"},
		"effect removed":    {"steps:\n  receive:\n    effects: []\n", "overlay-removes", "    effects:"},
		"reason not needed": {"steps:\n  refuse:\n    reason: false\n", "overlay-legal", "    reason: false"},
		"fee walked around": {
			"steps:\n  hurry: {name: {vi: Nhanh, en: Hurry}, from: [received], to: certified, roles: [certifier]}\n", "fee-gate", "",
		},
		"comparison walked around": {
			"steps:\n  hurry: {name: {vi: Nhanh, en: Hurry}, from: [received], to: awaiting_fee, roles: [certifier], " +
				"needs: [payment, certification]}\n", "overlay-legal", "steps:",
		},
		"comparison walked around on paper": {
			"steps:\n  hurry: {name: {vi: Nhanh, en: Hurry}, from: [received], to: certified, roles: [certifier], " +
				"unless: [certification]}\n", "overlay-legal", "steps:",
		},
		"status":         {"states:\n  compared:\n    national: 9\n", "overlay-state", "    national: 9"},
		"higher level":   {"applicants:\n  assurance:\n    online: 2\n", "overlay-assurance", "    online: 2"},
		"fewer channels": {"channels: [online]\n", "overlay-removes", "channels:"},
		"schema":         {"form:\n  schema: {}\n", "overlay-forbidden", "  schema:"},
		"name":           {"name: {vi: Khác, en: Other}\n", "overlay-forbidden", "name:"},
		"facts":          {"facts:\n  pages: {max: 5}\n", "overlay-forbidden", "facts:"},
		"unknown key":    {"colour: red\n", "overlay-forbidden", "colour:"},
		"its law":        {"legal_basis:\n  decree_23_2015:\n    number: x\n", "overlay-forbidden", "  decree_23_2015:"},
		"budgets":        {"states:\n  received:\n    budget: 1d\n", "budget-term", ""},
		"stuck step": {
			"states:\n  limbo: {name: {vi: Treo, en: Limbo}, national: 4}\n" +
				"steps:\n  hang: {name: {vi: Treo, en: Hang}, from: [compared], to: limbo, roles: [clerk]}\n", "state-stuck", "  limbo:",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, found := province(t, tc.body)
			require.NotEmpty(t, found)
			text := "format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\n" + tc.body
			var all []string
			ok := false
			for _, f := range found {
				all = append(all, f.String())
				ok = ok || f.Rule == tc.rule && (tc.line == "" || f.File == "province/2.000815.yaml" && f.Line == lineOf(t,
					text, tc.line))
			}
			assert.True(t, ok, "want %s at %q, got\n%s", tc.rule, tc.line, strings.Join(all, "\n"))
			_, err := c.At("2.000815", day(2024, 11, 15))
			assert.ErrorIs(t, err, procedures.ErrNotFound, "a broken edition is not in the catalogue")
		})
	}
}

func TestCouncilFee(t *testing.T) {
	t.Parallel()
	base := change(t, certified(t), "    kind: phi\n    name:", "    kind: phi\n    set_by: council\n    name:")
	overlay := `format: 1
extends: "2.000815"
valid_from: 2024-01-01
fees:
  certification:
    rates:
      circular_226: {to: 2023-12-31}
      resolution: {from: 2024-01-01, law: [circular_226_2016], amount: "1000 * pages", quantity: copies}
`
	c, found, err := procedures.Load(folder("national/2.000815.yaml", base, "province/2.000815.yaml", overlay))
	require.NoError(t, err)
	require.Empty(t, found)
	for at, want := range map[time.Time]int64{day(2023, 11, 15): 4_000, day(2024, 11, 15): 2_000} {
		p, err := c.At("2.000815", at)
		require.NoError(t, err)
		lines, err := p.FeesAt(at, procedures.FactValues{"pages": 2, "copies": 1})
		require.NoError(t, err)
		assert.Equal(t, want, lines[0].Amount)
	}
}

// TestLayers reads the sample province: national, province, commune, two worlds.
func TestLayers(t *testing.T) {
	t.Parallel()
	c, found, err := procedures.Load(procedures.Layered(procedures.National(), os.DirFS("testdata/binhphuoc")))
	require.NoError(t, err)
	require.Empty(t, found)
	assert.Equal(t, []string{"2.000815"}, c.Codes())
	require.Len(t, c.Editions("2.000815"), 3)

	for _, tc := range []struct {
		unit          string
		at            time.Time
		cutoff        string
		extension     int
		name, phone   string
		opensSaturday bool
	}{
		{"", day(2023, 6, 1), "15h0m0s", 2, "", "", false},
		{"", day(2024, 11, 15), "16h0m0s", 2, "UBND phường Tân Phú", "02713879000", true},
		{"H10.40.18", day(2024, 2, 1), "16h0m0s", 2, "UBND phường Tân Phú", "02713879000", false},
		{"H10.40.18", day(2024, 11, 15), "16h30m0s", 2, "UBND phường Tân Phú", "02713879001", true},
		{"H10.40.18", day(2026, 11, 24), "16h30m0s", 1, "UBND phường Bình Phước", "02713879001", false},
		{"H10.99.99", day(2024, 11, 15), "16h0m0s", 2, "UBND phường Tân Phú", "02713879000", true},
	} {
		p, err := c.AtUnit("2.000815", tc.unit, tc.at)
		require.NoError(t, err)
		assert.True(t, p.Valid.Contains(tc.at))
		term, err := p.TermAt(tc.at, nil)
		require.NoError(t, err)
		assert.Equal(t, tc.cutoff, term.Cutoff.String(), "%s %s", tc.unit, tc.at)
		assert.Equal(t, tc.extension, p.Extension.WorkingDays)
		u, ok := p.UnitAt("H10.40.18", tc.at)
		assert.Equal(t, tc.name != "", ok)
		assert.Equal(t, tc.name, u.Name.VI)
		assert.Equal(t, tc.phone, u.Phone)
		saturday := false
		for _, h := range u.Hours {
			saturday = saturday || h.Contains(tc.at) && h.Days[0] == time.Saturday
		}
		assert.Equal(t, tc.opensSaturday, saturday, "%s %s", tc.unit, tc.at)
	}
	_, err = c.At("2.000815", day(2019, 1, 1))
	assert.ErrorIs(t, err, procedures.ErrNotFound)
	_, err = c.At("9.999999", day(2024, 1, 1))
	assert.ErrorIs(t, err, procedures.ErrNotFound)

	machines, err := c.Machines(bindings(), "certification", "payment")
	require.NoError(t, err)
	assert.Len(t, machines, 1, "hours and cut-offs make no new machine")
}

func TestCommuneKeepsTheMachine(t *testing.T) {
	t.Parallel()
	head := "format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\n"
	for _, body := range []string{"states: {compared: {name: {vi: A, en: B}}}\n", "steps: {ask_fee: {roles: [cashier]}}\n",
		"drop: {steps: [supply]}\n"} {
		found := procedures.Check(folder("national/2.000815.yaml", certified(t), "commune/H10.40.18/2.000815.yaml", head+body))
		require.Len(t, found, 1, body)
		assert.Equal(t, "overlay-commune", found[0].Rule)
	}
}

func TestExtendRefusesAnother(t *testing.T) {
	t.Parallel()
	ovs, found := procedures.ParseOverlays("x.yaml", []byte("format: 1\nextends: \"2.000884\"\nvalid_from: 2024-01-01\n"),
		procedures.ProvinceLayer, "")
	require.Empty(t, found)
	_, _, err := procedures.Extend(national(t), ovs...)
	require.ErrorIs(t, err, procedures.ErrInvalid)
}
