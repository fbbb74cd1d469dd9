package identity

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var vn = time.FixedZone("+07", 7*3600)

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, vn) }

var merged = day(2025, 7, 1)

// tree is the world of the tests: district H10.12 with communes .01 and .02 until
// the merger, then H19.12 for both communes under H19.
type tree struct{}

var treeParents = map[string]string{"H10.12": "H10", "H10.12.01": "H10.12", "H10.12.02": "H10.12", "H19.12": "H19"}

func (tree) Heir(code string, t time.Time) (string, bool) {
	switch code {
	case "H10", "H10.12", "H10.12.01", "H10.12.02":
		if t.Before(merged) {
			return code, true
		}
		if code == "H10" {
			return "H19", true
		}
		return "H19.12", true
	case "H19", "H19.12":
		return code, !t.Before(merged)
	}
	return "", false
}

func (tree) Parent(code string, _ time.Time) string { return treeParents[code] }

func (u tree) Covered(code string, below bool, t time.Time) []string {
	var out []string
	for _, c := range []string{"H10", "H10.12", "H10.12.01", "H10.12.02", "H19", "H19.12"} {
		for heir, ok := u.Heir(c, t); ok && heir != ""; heir = treeParents[heir] {
			if heir == code {
				out = append(out, c)
			}
			if !below {
				break
			}
		}
	}
	return out
}

func testTable() *Table {
	return &Table{
		Units: tree{},
		Grants: []Grant{
			{ID: "g1", Role: "reception", Step: "receive", Reach: OwnUnit, From: day(2020, 1, 1)},
			{ID: "g2", Role: "approver", Step: "sign", Reach: Subtree, From: day(2020, 1, 1)},
			{ID: "g3", Role: "auditor", Step: StepAudit, Reach: Anywhere, From: day(2020, 1, 1)},
			{ID: "g4", Role: RoleCitizen, Step: "request", Reach: Anywhere, Assurance: 2, From: day(2020, 1, 1)},
			{ID: "g5", Role: "reception", Step: StepRead, Reach: OwnUnit, From: day(2020, 1, 1)},
			{ID: "g6", Role: "approver", Step: StepRead, Reach: Subtree, From: day(2020, 1, 1)},
			{ID: "g7", Role: "approver", Step: "seal", Reach: OwnUnit, From: day(2020, 1, 1), To: day(2024, 1, 1)},
			{ID: "g9", Role: RoleCitizen, Step: "visit", Reach: OwnUnit, From: day(2020, 1, 1)},
			{ID: "g8", Role: "reception", Step: "compare", Reach: OwnUnit, Assurance: 2, From: day(2020, 1, 1)},
		},
		Holders: []Holder{
			{ID: "an", Name: "Nguyễn Thị An", Posts: []Post{
				{Unit: "H10.12.01", Roles: []string{"reception"}, From: day(2023, 1, 1), To: merged, Decision: "12/QĐ-UBND"},
				{Unit: "H19.12", Roles: []string{"reception"}, From: merged, Decision: "7/QĐ-UBND"},
			}},
			{ID: "binh", Posts: []Post{{Unit: "H10.12", Roles: []string{"approver"}, From: day(2022, 1, 1), To: merged}}},
			{ID: "chi", Posts: []Post{{Unit: "H10.12.02", Roles: []string{"clerk"}, From: day(2022, 1, 1)}}},
			{ID: "dung", Posts: []Post{{Unit: "H10", Roles: []string{"auditor"}, From: day(2022, 1, 1), To: merged}}},
			{ID: "em"},
		},
		Delegations: []Delegation{
			{ID: "d1", Principal: "binh", Deputy: "chi", Form: "KT", From: day(2024, 11, 1), To: day(2024, 12, 1)},
			{ID: "d2", Principal: "chi", Deputy: "em", From: day(2024, 1, 1)},
			{ID: "d3", Principal: "chi", Deputy: "an", From: day(2024, 1, 1)},
			{ID: "d4", Principal: "binh", Deputy: "an", Unit: "H10.12", Roles: []string{"clerk"}, From: day(2024, 1, 1)},
		},
	}
}

func official(id string) *Person { return &Person{ID: id, Kind: Official, Assurance: 1} }

func TestPolicyCan(t *testing.T) {
	t.Parallel()
	p := NewPolicy(testTable())
	nov := day(2024, 11, 15)
	for _, c := range []struct {
		name string
		who  *Person
		act  Act
		why  string // "" when allowed
	}{
		{"own unit", official("an"), Act{"receive", "H10.12.01", nov}, ""},
		{"sibling unit", official("an"), Act{"receive", "H10.12.02", nov}, "other_unit"},
		{"unit above", official("an"), Act{"receive", "H10.12", nov}, "other_unit"},
		{"subtree reaches down", official("binh"), Act{"sign", "H10.12.02", nov}, ""},
		{"subtree reaches itself", official("binh"), Act{"sign", "H10.12", nov}, ""},
		{"subtree does not reach up", official("binh"), Act{"sign", "H10", nov}, "other_unit"},
		{"anywhere", official("dung"), Act{StepAudit, "H10.12.01", nov}, ""},
		{"anywhere without a unit", official("dung"), Act{StepAudit, "", nov}, ""},
		{"own unit without a unit", official("an"), Act{"receive", "", nov}, "other_unit"},
		{"role missing", official("an"), Act{"sign", "H10.12.01", nov}, "role_missing"},
		{"step nobody has", official("an"), Act{"burn", "H10.12.01", nov}, "step_not_granted"},
		{"empty step", official("an"), Act{"", "H10.12.01", nov}, "step_not_granted"},
		{"pattern as step", official("an"), Act{AnyStep, "H10.12.01", nov}, "step_not_granted"},
		{"grant ended", official("binh"), Act{"seal", "H10.12", nov}, "step_not_granted"},
		{"grant in force before", official("binh"), Act{"seal", "H10.12", day(2023, 12, 31)}, ""},
		{"post not begun", official("an"), Act{"receive", "H10.12.01", day(2022, 12, 31)}, "official_without_post"},
		{"unknown unit", official("an"), Act{"receive", "H99.01", nov}, "unit_unknown"},
		{"successor before it exists", official("an"), Act{"receive", "H19.12", nov}, "unit_unknown"},
		{"last moment of the old unit", official("an"), Act{"receive", "H10.12.01", merged.Add(-time.Microsecond)}, ""},
		{"old code after the merger, at the heir", official("an"), Act{"receive", "H10.12.02", merged}, ""},
		{"post in a unit that ended gives nothing", official("chi"), Act{"receive", "H10.12.02", merged}, "official_without_post"},
		{"level of the sign-in", official("an"), Act{"compare", "H10.12.01", nov}, "assurance_too_low"},
		{"delegate signs for the approver", official("chi"), Act{"sign", "H10.12.01", nov}, ""},
		{"delegation over", official("chi"), Act{"sign", "H10.12.01", day(2024, 12, 1)}, "post_not_in_force"},
		{"no delegation of a delegation", official("an"), Act{"sign", "H10.12.01", nov}, "role_missing"},
		{"a deputy without a post of their own", official("em"), Act{"receive", "H10.12.02", nov}, "official_without_post"},
		{"not in the directory", official("zed"), Act{"receive", "H10.12.01", nov}, "official_without_post"},
		{"nobody", nil, Act{"receive", "H10.12.01", nov}, "not_signed_in"},
		{"the empty person", &Person{}, Act{"receive", "H10.12.01", nov}, "not_signed_in"},
		{"no kind", &Person{ID: "an"}, Act{"receive", "H10.12.01", nov}, "official_without_post"},
		{"citizen at the level", &Person{ID: "c-1", Kind: Citizen, Assurance: 2}, Act{"request", "H10.12.01", nov}, ""},
		{"citizen below", &Person{ID: "c-1", Kind: Citizen, Assurance: 1}, Act{"request", "H10.12.01", nov}, "assurance_too_low"},
		{"citizen at a desk step", &Person{ID: "c-1", Kind: Citizen, Assurance: 2}, Act{"receive", "H10.12.01", nov}, "role_missing"},
		{"a citizen has no unit of their own", &Person{ID: "c-1", Kind: Citizen, Assurance: 2}, Act{"visit", "H10.12.01", nov}, "role_missing"},
		{"an anywhere grant of an official's role is no citizen's", &Person{ID: "c-1", Kind: Citizen, Assurance: 2},
			Act{StepAudit, "", nov}, "role_missing"},
		{"citizen with an official's id", &Person{ID: "an", Kind: Citizen, Assurance: 2}, Act{"receive", "H10.12.01", nov}, "role_missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := p.Can(c.who, c.act)
			if c.why == "" {
				assert.True(t, d.Allowed, "%+v", d.Reasons)
				assert.Nil(t, d.WhyNot())
				assert.NotEmpty(t, d.Grant)
				return
			}
			assert.False(t, d.Allowed)
			require.NotNil(t, d.WhyNot())
			assert.Equal(t, c.why, d.WhyNot().Code)
			assert.NotEmpty(t, d.WhyNot().VI)
			assert.NotEmpty(t, d.WhyNot().EN)
		})
	}
}

func TestDecisionNamesWhatItRestsOn(t *testing.T) {
	t.Parallel()
	p := NewPolicy(testTable())
	nov := day(2024, 11, 15)
	assert.Equal(t,
		Decision{Allowed: true, Grant: "g1", Role: "reception", Unit: "H10.12.01", Decision: "12/QĐ-UBND"},
		p.Can(official("an"), Act{"receive", "H10.12.01", nov}))
	assert.Equal(t,
		Decision{Allowed: true, Grant: "g2", Role: "approver", Unit: "H10.12", Delegation: "d1", OnBehalf: "binh", Form: "KT"},
		p.Can(official("chi"), Act{"sign", "H10.12.01", nov}))
	assert.Equal(t, "denied", (&Decision{}).WhyNot().Code, "the zero decision denies")
}

func TestPolicyReplaceTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	p := NewPolicy(testTable())
	act := Act{"receive", "H10.12.01", day(2024, 11, 15)}
	require.True(t, allowed(p.Can(official("an"), act)))
	_, ok := p.Official("an", act.At)
	require.True(t, ok)
	next := testTable()
	next.Holders = next.Holders[1:]
	p.Replace(next)
	assert.False(t, allowed(p.Can(official("an"), act)))
	_, ok = p.Official("an", act.At)
	assert.False(t, ok, "a removed official is nobody")
	p.Replace(nil)
	assert.False(t, allowed(p.Can(official("binh"), act)))
	assert.Empty(t, p.WhoCan(act))
	assert.True(t, p.Scope(&Person{}, act.At).IsZero())
}

func allowed(d Decision) bool { return d.Allowed }

func TestPolicyOfficial(t *testing.T) {
	t.Parallel()
	p := NewPolicy(testTable())
	an, ok := p.Official("an", merged)
	require.True(t, ok)
	assert.Equal(t, []string{"H19.12"}, an.Units)
	assert.Equal(t, []string{"reception"}, an.Roles())
	assert.Equal(t, "official an", an.String())
	assert.Equal(t, "official an", fmt.Sprintf("%+v", *an), "no name reaches a log")
	_, ok = p.Official("em", merged)
	assert.False(t, ok)
}

func TestPolicyScope(t *testing.T) {
	t.Parallel()
	p := NewPolicy(testTable())
	nov := day(2024, 11, 15)
	assert.Equal(t, Scope{Person: "an", Units: []string{"H10.12.01"}}, p.Scope(official("an"), nov))
	assert.Equal(t, Scope{Person: "binh", Units: []string{"H10.12", "H10.12.01", "H10.12.02"}}, p.Scope(official("binh"), nov))
	assert.Equal(t, Scope{Person: "chi", Units: []string{"H10.12", "H10.12.01", "H10.12.02"}}, p.Scope(official("chi"), nov),
		"by delegation")
	assert.Equal(t, Scope{Person: "chi"}, p.Scope(official("chi"), day(2024, 12, 1)), "the delegation is over")
	assert.Equal(t, Scope{Person: "an", Units: []string{"H10.12", "H10.12.01", "H10.12.02", "H19.12"}}, p.Scope(official("an"), merged),
		"the heir sees what was filed under former codes")
	assert.Equal(t, Scope{Person: "dung", Everything: true}, p.ScopeOf(official("dung"), StepAudit, nov))
	assert.Equal(t, Scope{Person: "c-1"}, p.Scope(&Person{ID: "c-1", Kind: Citizen}, nov))
	assert.Equal(t, Scope{}, p.Scope(nil, nov))
	table := testTable()
	table.Holders = append(table.Holders, Holder{ID: "giang", Posts: []Post{
		{Unit: "H10.12.02", Roles: []string{"reception"}, From: day(2023, 1, 1), To: merged},
		{Unit: "H10.12.01", Roles: []string{"reception"}, From: day(2023, 1, 1), To: merged},
		{Unit: "H10.12", Roles: []string{"approver"}, From: day(2023, 1, 1), To: merged},
	}})
	assert.Equal(t, Scope{Person: "giang", Units: []string{"H10.12", "H10.12.01", "H10.12.02"}},
		NewPolicy(table).Scope(official("giang"), nov), "each unit once, in order, whatever posts it comes from")
	s := p.Scope(official("an"), nov)
	assert.True(t, s.Unit("H10.12.01"))
	assert.False(t, s.Unit("H10.12.02"))
	assert.False(t, s.Unit(""))
	assert.True(t, s.Owner("an"))
	assert.False(t, s.Owner("binh"))
	assert.False(t, Scope{}.Owner(""), "the zero scope sees nothing")
	assert.False(t, Scope{Units: []string{""}}.Unit(""))
	assert.True(t, Scope{Everything: true}.Unit("H10"))
}

// Whatever the table, WhoCan lists exactly those for whom Can says yes, and a
// scope has exactly the units Can allows.
func TestPolicyAgreesWithItself(t *testing.T) {
	t.Parallel()
	units := []string{"H10", "H10.12", "H10.12.01", "H10.12.02", "H19", "H19.12"}
	roles := []string{"a", "b"}
	steps := []string{StepRead, "x"}
	people := []string{"p", "q", "r"}
	days := []time.Time{day(2024, 1, 1), day(2025, 1, 1), merged, day(2026, 1, 1)}
	rapid.Check(t, func(t *rapid.T) {
		pick := func(from []string) string { return rapid.SampledFrom(from).Draw(t, "s") }
		date := func() time.Time { return rapid.SampledFrom(days).Draw(t, "day") }
		end := func() time.Time { return rapid.SampledFrom(append(days, time.Time{})).Draw(t, "end") }
		tab := &Table{Units: tree{}}
		for range rapid.IntRange(0, 4).Draw(t, "grants") {
			tab.Grants = append(tab.Grants, Grant{ID: "g", Role: pick(roles), Step: pick(append(steps, AnyStep)),
				Reach: Reach(rapid.IntRange(0, 3).Draw(t, "reach")), From: date(), To: end()})
		}
		for _, id := range people {
			h := Holder{ID: id}
			for range rapid.IntRange(0, 2).Draw(t, "posts") {
				h.Posts = append(h.Posts, Post{Unit: pick(units), Roles: []string{pick(roles)}, From: date(), To: end()})
			}
			tab.Holders = append(tab.Holders, h)
		}
		for range rapid.IntRange(0, 2).Draw(t, "delegations") {
			tab.Delegations = append(tab.Delegations, Delegation{ID: "d", Principal: pick(people), Deputy: pick(people),
				Unit: pick(append(units, "")), From: date(), To: end()})
		}
		p := NewPolicy(tab)
		at, step := date(), pick(steps)
		for _, unit := range append(units, "") {
			var want []string
			for _, id := range people {
				can := p.Can(&Person{ID: id, Kind: Official}, Act{step, unit, at}).Allowed
				if can {
					want = append(want, id)
				}
				if _, exists := (tree{}).Heir(unit, at); exists {
					assert.Equal(t, can, p.ScopeOf(&Person{ID: id, Kind: Official}, step, at).Unit(unit), "%s %s", id, unit)
				}
			}
			var got []string
			for _, w := range p.WhoCan(Act{step, unit, at}) {
				got = append(got, w.ID)
			}
			assert.Equal(t, want, got)
			assert.True(t, slices.IsSorted(got))
		}
	})
}

func BenchmarkPolicyCan(b *testing.B) {
	tab := testTable()
	for i := range 8000 {
		tab.Holders = append(tab.Holders, Holder{ID: fmt.Sprintf("o%d", i), Posts: []Post{
			{Unit: "H10.12.01", Roles: []string{"reception"}, From: day(2020, 1, 1)},
			{Unit: "H10.12.02", Roles: []string{"clerk"}, From: day(2020, 1, 1)},
		}})
	}
	p, who, act := NewPolicy(tab), official("o4321"), Act{"receive", "H10.12.01", day(2024, 11, 15)}
	b.ReportAllocs()
	for b.Loop() {
		if !p.Can(who, act).Allowed {
			b.Fatal("denied")
		}
	}
}

func TestFromContext(t *testing.T) {
	t.Parallel()
	_, ok := From(context.Background())
	assert.False(t, ok)
	_, ok = From(NewContext(context.Background(), nil))
	assert.False(t, ok)
	p, ok := From(NewContext(context.Background(), official("an")))
	require.True(t, ok)
	assert.Equal(t, "an", p.ID)
}

func ExamplePolicy_Can() {
	table := testTable()
	policy := NewPolicy(table)
	an, _ := policy.Official("an", day(2024, 11, 15))
	for _, unit := range []string{"H10.12.01", "H10.12.02"} {
		d := policy.Can(an, Act{Step: "receive", Unit: unit, At: day(2024, 11, 15)})
		if why := d.WhyNot(); why != nil {
			fmt.Println(unit, why.EN)
			continue
		}
		fmt.Println(unit, "allowed as", d.Role, "by decision", d.Decision)
	}
	// Output:
	// H10.12.01 allowed as reception by decision 12/QĐ-UBND
	// H10.12.02 The work belongs to another unit, beyond the reach of the post.
}

func ExamplePolicy_WhoCan() {
	policy := NewPolicy(testTable())
	for _, p := range policy.WhoCan(Act{Step: "sign", Unit: "H10.12.01", At: day(2024, 11, 15)}) {
		fmt.Println(p.ID)
	}
	// Output:
	// binh
	// chi
}
