package procedures_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
)

// TestFindings changes one line of the national definition at a time. Each
// change must be found under its rule and on its line; line names a text of the
// changed file on the line expected, "" for the replacement itself.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, replacement, rule, line string }{
		"misspelt key":    {"short_name:", "shortname:", "key-unknown", ""},
		"missing key":     {"level: partial\n", "", "key-missing", "format: 1"},
		"odd level":       {"level: partial", "level: three", "value-unknown", ""},
		"unquoted code":   {`code: "2.000815"`, "code: 2.000815", "yaml-type", ""},
		"other format":    {"format: 1", "format: 2", "value-range", ""},
		"no date":         {"valid_from: 2020-04-20", "valid_from: 20/4/2020", "value-date", ""},
		"no such day":     {"valid_from: 2020-04-20", "valid_from: 2020-02-30", "value-date", ""},
		"no English":      {", en: Draft}", "}", "key-missing", "name: {vi: Hồ sơ lưu tạm"},
		"unknown law":     {"law: [decree_23_2015#22]", "law: [decree_99#1]", "law-unknown", ""},
		"anchor":          {"sector:\n", "sector: &s\n", "yaml-anchor", ""},
		"alias":           {"level: partial", "level: *s", "yaml-anchor", ""},
		"tag":             {"level: partial", "level: !!str partial", "yaml-tag", ""},
		"duplicate":       {"level: partial", "level: partial\nlevel: full", "yaml-duplicate", "level: full"},
		"tab":             {"  code: BTP-CT", "\tcode: BTP-CT", "yaml-syntax", ""},
		"octal":           {"max: 300\n  copies", "max: 0300\n  copies", "yaml-number", "max: 0300"},
		"channel":         {"channels: [counter, online]", "channels: [counter, fax]", "value-unknown", ""},
		"channel level":   {"assurance: {counter: 0, online: 1}", "assurance: {counter: 0}", "assurance-missing", "kinds: [citizen"},
		"closed form":     {"    additionalProperties: false\n", "", "form-open", "$schema:"},
		"list of answers": {"    type: object\n", "    type: array\n", "form-open", "$schema:"},
		"draft":           {"draft/2020-12/schema", "draft/2019-09/schema", "form-schema", ""},
		"odd type":        {"use_vneid: {type: boolean}", "use_vneid: {type: truth}", "form-schema", "$schema:"},
		"outside ref":     {"use_vneid: {type: boolean}", "use_vneid: {$ref: 'https://example.org/x'}", "form-schema", "$schema:"},
		"unseen answer": {"      use_vneid: {type: boolean}",
			"      extra: {type: boolean}\n      use_vneid: {type: boolean}", "form-field", "extra:"},
		"field alone":  {"      use_vneid: {type: boolean}\n", "", "form-field", "    use_vneid:\n"},
		"endless text": {"issuer: {type: string, maxLength: 200}", "issuer: {type: string}", "form-unbounded", ""},
		"unlabelled":   {"enum: [vi, foreign, both]", "enum: [vi, foreign, both, none]", "form-option", "name: {vi: Ngôn ngữ"},
		"extra option": {"enum: [vi, foreign, both]", "enum: [vi, foreign]", "form-option", "        vi: {vi: Tiếng Việt"},
		"fraction":     {"? 2000 * pages", "? 2000.5 * pages", "fee-expression", ""},
		"double":       {"? 2000 * pages", "? int(0.5 * double(pages))", "fee-expression", ""},
		"unknown fact": {"? 2000 * pages", "? 2000 * sheets", "fee-expression", ""},
		"macro":        {"? 2000 * pages", "? [1, 2].map(x, x)[0]", "fee-expression", ""},
		"text fee": {`amount: "min(200000, pages <= 2 ? 2000 * pages : 4000 + 1000 * (pages - 2))"`, `amount: "'free'"`,
			"fee-expression", ""},
		"negative fee":     {": 4000 + 1000 * (pages - 2)", ": 4000 - 1000 * pages", "fee-range", "circular_226:"},
		"division by zero": {": 4000 + 1000 * (pages - 2)", ": 4000 / (300 - pages)", "fee-range", "circular_226:"},
		"overflow":         {"min(200000, pages <= 2", "max(9223372036854775807 * pages, pages <= 2", "fee-range", "circular_226:"},
		"wrong example":    {"{pages: 10, copies: 1, amount: 12000}", "{pages: 10, copies: 1, amount: 13000}", "fee-example", ""},
		"example fact":     {"{pages: 10, copies: 1, amount: 12000}", "{sheets: 10, copies: 1, amount: 12000}", "fee-example", ""},
		"quantity": {"quantity: copies\n        examples", "quantity: sheets\n        examples", "fact-unknown",
			"quantity: sheets"},
		"fact field": {"field: copies", "field: number", "fact-source", ""},
		"term without cutoff": {
			"    cutoff: \"15:00\"\n", "", "key-missing", "name:\n      vi: Trong ngày",
		},
		"cutoff":          {`cutoff: "15:00"`, `cutoff: "25:00"`, "value-time", ""},
		"term default":    {"    kind: same_day\n", "    kind: same_day\n    when: pages < 3\n", "term-default", "  same_day:\n"},
		"term expression": {"    kind: same_day\n", "    kind: same_day\n    when: pages\n", "term-expression", "when: pages\n"},
		"unknown guard":   {"guards: [paper_not_excluded, scan_fixed]", "guards: [paper_ok]", "guard-unbound", ""},
		"unknown effect":  {"effects: [issue_refusal_slip]", "effects: [shred]", "effect-unbound", ""},
		"unknown role":    {"roles: [certifier, cashier]", "roles: [king]", "role-unbound", ""},
		"unknown module":  {"unless: [payment]", "unless: [paying]", "module-unbound", ""},
		"nobody":          {"    roles: [certifier, cashier]\n", "", "step-actor", "  ask_fee:"},
		"anybody": {"    system: true\n    effects: [reserve_number]", "    effects: [reserve_number]", "step-actor",
			"  fee_settled:"},
		"engine's event": {"  request:\n", "  request:\n    event: start\n", "name-taken", "  request:\n"},
		"odd status":     {"national: 6", "national: 11", "status-unknown", ""},
		"unknown state":  {"to: returned\n    roles", "to: gone\n    roles", "state-unknown", "  return_result:"},
		"from nowhere":   {"from: [certified]", "from: [certifying]", "state-unknown", "  return_result:"},
		"two starts":     {"    national: 1\n", "    national: 1\n    start: true\n", "state-start", "  requested:\n"},
		"no start":       {"    start: true\n", "", "state-start", "states:\n"},
		"way out of an end": {"from: [requested]\n    to: refused", "from: [requested, stopped]\n    to: refused", "state-end",
			"  stopped:\n"},
		"never supplied": {
			"from: [supplement]\n    to: supplied\n", "from: [supplement]\n    to: stopped\n", "state-unreachable", "  supplied:\n",
		},
		"endless": {"from: [certified]\n    to: returned", "from: [certified]\n    to: certified", "state-stuck",
			"  certified:\n    name: {vi: Đã chứng"},
		"status move": {
			"from: [requested]\n    to: refused", "from: [requested, received]\n    to: refused", "status-move", "  refuse:\n",
		},
		"back to draft": {"to: supplied\n    roles", "to: draft\n    roles", "status-move", "  supply:\n"},
		"event twice":   {"  reserve:\n", "  reserve:\n    event: withdraw\n", "event-twice", "  reserve:\n"},
		"gate by hand": {
			"from: [awaiting_fee]\n    to: signing\n    system: true\n", "from: [awaiting_fee]\n    to: signing\n    roles: [cashier]\n",
			"fee-gate", "  awaiting_fee:\n",
		},
		"round the gate": {
			"    needs: [certification]\n    unless: [payment]\n", "    needs: [certification]\n", "fee-gate", "  certified:\n",
		},
		"state of a module": {
			"    needs: [certification]\n    unless: [payment]\n", "    unless: [payment]\n", "module-dangling", "  reserve:\n",
		},
		"paused, no law":  {"    clock: paused\n    law: [circular_226_2016]\n", "    clock: paused\n", "clock-law", "  awaiting_fee:"},
		"budget":          {"budget: 4h30m", "budget: 7h", "budget-term", "  same_day:\n"},
		"odd budget":      {"budget: 4h30m", "budget: 270 minutes", "value-duration", ""},
		"retention":       {"    forever: true\n", "", "retention-form", "name: {vi: Sổ chứng thực"},
		"same value":      {"bodies: [commune, notary, mission]", "bodies: [commune, commune]", "value-twice", ""},
		"component mode":  {"mode: file", "mode: mail", "value-unknown", ""},
		"negative number": {"working_days: 2", "working_days: -2", "value-range", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := change(t, certified(t), tc.old, tc.replacement)
			found := procedures.Check(folder("national/2.000815.yaml", text))
			require.NotEmpty(t, found)
			if tc.line == "" {
				tc.line = strings.TrimLeft(tc.replacement, " \n")
			}
			want := lineOf(t, text, tc.line)
			var rules []string
			ok := false
			for _, f := range found {
				rules = append(rules, f.String())
				ok = ok || f.Rule == tc.rule && f.Line == want
				assert.Equal(t, "national/2.000815.yaml", f.File)
				assert.NotEmpty(t, f.Remedy)
			}
			assert.True(t, ok, "want %s on line %d, got\n%s", tc.rule, want, strings.Join(rules, "\n"))
		})
	}
}
