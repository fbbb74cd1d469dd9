package directory

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
)

func day(s string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, s, vietnam)
	if err != nil {
		panic(err)
	}
	return t
}

func province(t testing.TB) *Directory {
	t.Helper()
	d, list, err := Load(os.DirFS("testdata/province"))
	require.NoError(t, err)
	require.Empty(t, list)
	return d
}

func TestLoadProvince(t *testing.T) {
	t.Parallel()
	d := province(t)
	u, ok := d.Unit("H10.41.01", day("2024-11-15"))
	require.True(t, ok)
	assert.Equal(t, "Ủy ban nhân dân thị trấn Lộc Ninh", u.Name.VI)
	assert.Equal(t, "People's Committee of Lộc Ninh Township", u.Name.EN)
	assert.Equal(t, "ỦY BAN NHÂN DÂN THỊ TRẤN LỘC NINH", u.Seal("agency"))
	assert.Equal(t, u.Name.VI, u.Seal("other"))
	assert.Equal(t, "0271 000 0000", u.Phone)
	assert.Equal(t, "T2-T6 07:00-11:30 13:30-17:00", u.Hours)
	assert.Equal(t, "units.yaml", u.File)
	assert.Equal(t, 28, u.Line)
	assert.Equal(t, []string{"approver", "auditor", "reception"}, roleIDs(d))
	assert.Len(t, d.Officials(), 3)
	o, ok := d.Official("cb-0001")
	require.True(t, ok)
	assert.Equal(t, "12/QĐ-UBND", o.Posts[0].Decision)
}

func roleIDs(d *Directory) (out []string) {
	for _, r := range d.Roles() {
		out = append(out, r.ID)
	}
	return out
}

// 30 June 2025 23:59 and 1 July 2025 00:00: the old code resolves, its work is at
// the heir, nothing is filed again.
func TestReorganisationOfJuly2025(t *testing.T) {
	t.Parallel()
	d := province(t)
	before, after := day("2025-07-01").Add(-time.Microsecond), day("2025-07-01")
	for _, code := range []string{"H10.41.01", "H10.41.02", "H10.41"} {
		heir, ok := d.Heir(code, before)
		require.True(t, ok)
		assert.Equal(t, code, heir)
		heir, ok = d.Heir(code, after)
		require.True(t, ok)
		assert.Equal(t, "H19.41", heir)
		_, ok = d.Unit(code, after)
		assert.False(t, ok)
	}
	assert.Equal(t, []string{"H19", "H19.41"}, d.Heirs("H10.41", after))
	assert.Equal(t, []string{"H10.41"}, d.Heirs("H10.41", before))
	_, ok := d.Heir("H19.41", before)
	assert.False(t, ok, "the successor does not exist before its day")
	u, ok := d.Resolve("H10.41.01", after)
	require.True(t, ok)
	assert.Equal(t, "Ủy ban nhân dân thị trấn Lộc Ninh", u.Name.VI, "a paper keeps the name of its day")
	u, ok = d.Resolve("H19.41", day("1990-01-01"))
	require.True(t, ok)
	assert.Equal(t, "Ủy ban nhân dân xã Lộc Ninh", u.Name.VI)
	_, ok = d.Resolve("H99", after)
	assert.False(t, ok)
	assert.Equal(t, []string{"H10.41", "H10.41.01", "H10.41.02"}, d.Covered("H10.41", true, before))
	assert.Equal(t, []string{"H10.41"}, d.Covered("H10.41", false, before))
	assert.Equal(t, []string{"H10.41", "H10.41.01", "H10.41.02", "H19.41"}, d.Covered("H19.41", false, after))
	assert.Equal(t, []string{"H10", "H10.41", "H10.41.01", "H10.41.02", "H19", "H19.41"}, d.Covered("H19", true, after))
	assert.Equal(t, []string{"H10.41.01", "H10.41.02"}, d.Children("H10.41", before))
	assert.Equal(t, "H10.41", d.Parent("H10.41.01", before))
	assert.Empty(t, d.Parent("H10.41.01", after))
	assert.Empty(t, d.Units(day("1900-01-02")))
	assert.Len(t, d.Units(before), 5)
	assert.Len(t, d.Units(after), 2)
}

func TestRenamedUnitKeepsItsCode(t *testing.T) {
	t.Parallel()
	d := province(t)
	for at, name := range map[string]string{
		"2026-04-29": "Ủy ban nhân dân tỉnh Đồng Nai", "2026-04-30": "Ủy ban nhân dân thành phố Đồng Nai",
	} {
		u, ok := d.Unit("H19", day(at))
		require.True(t, ok)
		assert.Equal(t, name, u.Name.VI)
		heir, ok := d.Heir("H10.41.01", day(at))
		require.True(t, ok)
		assert.Equal(t, "H19.41", heir)
	}
}

func TestPolicyOfTheProvince(t *testing.T) {
	t.Parallel()
	p := identity.NewPolicy(province(t).Table())
	nov, july := day("2024-11-15"), day("2025-07-01")
	can := func(who, step, unit string, at time.Time) bool {
		d := p.Can(&identity.Person{ID: who, Kind: identity.Official}, identity.Act{Step: step, Unit: unit, At: at})
		return d.Allowed
	}
	assert.True(t, can("cb-0001", "receive", "H10.41.01", nov))
	assert.False(t, can("cb-0001", "receive", "H10.41.02", nov))
	assert.True(t, can("cb-0001", "receive", "H10.41.02", july), "the heir takes the work of both communes")
	assert.True(t, can("cb-0003", "sign", "H10.41.01", nov), "KT.")
	assert.False(t, can("cb-0003", "sign", "H10.41.01", day("2024-12-01")))
	assert.False(t, can("cb-0002", "sign", "H10.41.01", july))
	assert.Equal(t, []string{"H10.41", "H10.41.01", "H10.41.02", "H19.41"},
		p.Scope(&identity.Person{ID: "cb-0001", Kind: identity.Official}, july).Units)
	d := p.Can(&identity.Person{ID: "cb-0001", Kind: identity.Official}, identity.Act{Step: "receive", Unit: "H10.41.01", At: nov})
	assert.Equal(t, "people.yaml:51", d.Grant, "a decision names the line it rests on")
}

func TestLogin(t *testing.T) {
	t.Parallel()
	d, list, err := Load(fstest.MapFS{"d.yaml": &fstest.MapFile{Data: []byte(base + `
officials:
  - {id: a, name: A, login: {sub: s}}
  - {id: b, name: B, login: {sub: s, issuer: "https://two"}}
  - {id: c, name: C}
`)}})
	require.NoError(t, err)
	require.Empty(t, list)
	for _, c := range []struct{ issuer, sub, id string }{
		{"https://one", "s", "a"}, {"https://two", "s", "b"}, {"https://one", "t", ""}, {"https://one", "", ""}, {"", "", ""},
	} {
		o, ok := d.Login(c.issuer, c.sub)
		assert.Equal(t, c.id != "", ok)
		if ok {
			assert.Equal(t, c.id, o.ID)
		}
	}
}

const base = `
units:
  - {code: H10, name: Tỉnh, kind: committee, level: province, from: 2000-01-01}
  - {code: H10.12, name: Xã, kind: committee, level: commune, parent: H10, from: 2000-01-01}
roles:
  - {id: reception, name: Tiếp nhận}
`

// Each rule: the text added to a good directory, the rule found, and its line.
func TestFindings(t *testing.T) {
	t.Parallel()
	const official = "officials:\n  - {id: a, name: A, posts: [%s]}\n"
	post := func(s string) string { return fmt.Sprintf(official, s) }
	for _, c := range []struct {
		name, text, rule string
		line             int
	}{
		{"unknown key at the top", "people: []\n", "yaml/unknown-key", 1},
		{"unknown key in a unit", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2000-01-01, colour: red}\n",
			"yaml/unknown-key", 2},
		{"key twice", "roles: []\nroles: []\n", "yaml/syntax", 2},
		{"anchor", "roles:\n  - &r {id: x, name: X}\n", "yaml/plain", 2},
		{"alias", "roles:\n  - &r {id: x, name: X}\n  - *r\n", "yaml/plain", 2},
		{"merge key", "roles:\n  - {<<: {id: x}, name: X}\n", "yaml/plain", 2},
		{"tag", "roles:\n  - {id: !!str x, name: X}\n", "yaml/plain", 2},
		{"two documents", "roles: []\n---\nroles: []\n", "yaml/documents", 3},
		{"no mapping", "- a\n", "yaml/shape", 1},
		{"no list", "roles: {id: x}\n", "yaml/shape", 1},
		{"a list for a text", "roles:\n  - {id: [x], name: X}\n", "yaml/shape", 2},
		{"not YAML", "roles: [\n", "yaml/syntax", 1},
		{"deep", "roles: " + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "\n", "yaml/depth", 1},
		{"long text", "roles:\n  - {id: x, name: " + strings.Repeat("a", 3000) + "}\n", "yaml/length", 2},

		{"code missing", "units:\n  - {name: X, kind: office, level: commune, from: 2000-01-01}\n", "unit/code", 2},
		{"area code for an agency code", "units:\n  - {code: \"25270\", name: X, kind: office, level: commune, from: 2000-01-01}\n",
			"unit/code", 2},
		{"area", "units:\n  - {code: H11, area: \"252\", name: X, kind: office, level: commune, from: 2000-01-01}\n", "unit/area", 2},
		{"name missing", "units:\n  - {code: H11, kind: office, level: commune, from: 2000-01-01}\n", "unit/name", 2},
		{"kind", "units:\n  - {code: H11, name: X, kind: castle, level: commune, from: 2000-01-01}\n", "unit/kind", 2},
		{"level", "units:\n  - {code: H11, name: X, kind: office, level: high, from: 2000-01-01}\n", "unit/level", 2},
		{"from missing", "units:\n  - {code: H11, name: X, kind: office, level: commune}\n", "unit/interval", 2},
		{"no day", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-02-30}\n", "unit/interval", 2},
		{"to before from", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-02-03, to: 2001-02-03}\n",
			"unit/interval", 2},
		{"overlap", "units:\n  - {code: H10, name: X, kind: office, level: province, from: 2001-01-01}\n", "unit/overlap", 2},
		{"parent unknown", "units:\n  - {code: H11.01, name: X, kind: office, level: commune, parent: H11, from: 2001-01-01}\n",
			"unit/parent", 2},
		{"parent younger", "units:\n  - {code: H11, name: X, kind: office, level: commune, parent: H10, from: 1999-01-01}\n",
			"unit/parent", 2},
		{"parent of itself", "units:\n  - {code: H11, name: X, kind: office, level: commune, parent: H11, from: 1999-01-01}\n",
			"unit/parent-ring", 2},
		{"successor unknown", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, to: 2002-01-01, " +
			"successors: [H13]}\n", "unit/successor", 2},
		{"successor no code", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, to: 2002-01-01, " +
			"successors: [x]}\n", "unit/successor", 2},
		{"successor of itself", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, to: 2002-01-01, " +
			"successors: [H11]}\n", "unit/successor", 2},
		{"successor without an end", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, " +
			"successors: [H10]}\n", "unit/successor", 2},
		{"seal without a name", "units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, seals: [{kind: a}]}\n",
			"unit/seal", 2},

		{"role id", "roles:\n  - {id: Big Role, name: X}\n", "role/id", 2},
		{"role of every citizen", "roles:\n  - {id: citizen, name: X}\n", "role/id", 2},
		{"role twice", "roles:\n  - {id: reception, name: X}\n", "role/twice", 2},
		{"role without a name", "roles:\n  - {id: x}\n", "role/name", 2},

		{"official without an id", "officials:\n  - {name: A}\n", "official/id", 2},
		{"citizen id as id", "officials:\n  - {id: a070205000001, name: A}\n", "official/id", 2},
		{"a citizen's prefix", "officials:\n  - {id: c-1, name: A}\n", "official/id", 2},
		{"official without a name", "officials:\n  - {id: a}\n", "official/name", 2},
		{"official twice", "officials:\n  - {id: a, name: A}\n  - {id: a, name: A}\n", "official/twice", 3},
		{"one login for two", "officials:\n  - {id: a, name: A, login: {sub: s}}\n  - {id: b, name: B, login: {sub: s}}\n",
			"official/login", 3},
		{"login without a subject", "officials:\n  - {id: a, name: A, login: {issuer: x}}\n", "official/login", 2},
		{"post in no unit", post("{title: T, from: 2001-01-01, decision: d}"), "post/unit", 2},
		{"post in an unknown unit", post("{unit: H99, title: T, from: 2001-01-01, decision: d}"), "post/unit", 2},
		{"post before the unit", post("{unit: H10.12, title: T, from: 1999-01-01, decision: d}"), "post/unit", 2},
		{"post of an unknown role", post("{unit: H10.12, title: T, roles: [boss], from: 2001-01-01, decision: d}"), "post/role", 2},
		{"post without a decision", post("{unit: H10.12, title: T, from: 2001-01-01}"), "post/decision", 2},
		{"post without a title", post("{unit: H10.12, from: 2001-01-01, decision: d}"), "post/title", 2},
		{"post without a day", post("{unit: H10.12, title: T, decision: d}"), "post/interval", 2},

		{"grant to an unknown role", "grants:\n  - {role: boss, steps: [x], scope: own, from: 2001-01-01, basis: b}\n", "grant/role", 2},
		{"grant of nothing", "grants:\n  - {role: reception, scope: own, from: 2001-01-01, basis: b}\n", "grant/steps", 2},
		{"scope", "grants:\n  - {role: reception, steps: [x], scope: wide, from: 2001-01-01, basis: b}\n", "grant/scope", 2},
		{"a citizen's unit", "grants:\n  - {role: citizen, steps: [x], scope: own, from: 2001-01-01, basis: b}\n", "grant/scope", 2},
		{"grant without a basis", "grants:\n  - {role: reception, steps: [x], scope: own, from: 2001-01-01}\n", "grant/basis", 2},
		{"level of assurance", "grants:\n  - {role: reception, steps: [x], scope: own, assurance: ten, from: 2001-01-01, basis: b}\n",
			"grant/assurance", 2},

		{"delegation without an end", delegation("form: KT, from: 2001-01-01"), "delegation/interval", 4},
		{"form", delegation("form: XX, from: 2001-01-01, to: 2002-01-01"), "delegation/form", 4},
		{"unit of no post", delegation("form: KT, unit: H10.12, from: 2001-01-01, to: 2002-01-01"), "delegation/unit", 4},
		{"role", delegation("form: KT, roles: [boss], from: 2001-01-01, to: 2002-01-01"), "delegation/role", 4},
		{"self", strings.Replace(delegation("form: KT, from: 2001-01-01, to: 2002-01-01"), "deputy: b", "deputy: a", 1),
			"delegation/self", 4},
		{"stranger", strings.Replace(delegation("form: KT, from: 2001-01-01, to: 2002-01-01"), "deputy: b", "deputy: z", 1),
			"delegation/official", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, list, err := Load(fstest.MapFS{
				"base.yaml": &fstest.MapFile{Data: []byte(base)}, "x.yaml": &fstest.MapFile{Data: []byte(c.text)},
			})
			require.NoError(t, err)
			assert.Nil(t, d)
			found := false
			for _, f := range list {
				found = found || f.Rule == c.rule && f.Line == c.line && f.File == "x.yaml" && !f.Warning
				assert.NotEmpty(t, f.Problem)
				assert.NotEmpty(t, f.Remedy)
			}
			assert.True(t, found, "%v", list)
		})
	}
}

func delegation(rest string) string {
	return "officials: [{id: a, name: A}, {id: b, name: B}]\n" + "\n" +
		"delegations:\n  - {id: d, principal: a, deputy: b, basis: x, " + rest + "}\n"
}

// A finding quotes the word that is wrong and names those to choose from.
func TestFindingQuotesTheWord(t *testing.T) {
	t.Parallel()
	unit := func(rest string) string { return "units:\n  - {code: H11, name: X, " + rest + "}\n" }
	for text, want := range map[string]string{
		unit("kind: castle, level: commune, from: 2000-01-01"): `x.yaml:2: unit/kind: kind "castle" is not known` +
			` (use one of: ` + strings.Join(Kinds, ", ") + `)`,
		unit("kind: office, level: high, from: 2000-01-01"): `x.yaml:2: unit/level: level "high" is not known` +
			` (use one of: ` + strings.Join(Levels, ", ") + `)`,
		unit("kind: office, level: commune, from: 2001-02-30"): `x.yaml:2: unit/interval: from "2001-02-30" is no day` +
			` (write the day as 2024-01-01)`,
	} {
		_, list, err := Load(fstest.MapFS{"x.yaml": &fstest.MapFile{Data: []byte(text)}})
		require.NoError(t, err)
		got := make([]string, len(list))
		for i, f := range list {
			got[i] = f.String()
		}
		assert.Contains(t, got, want)
	}
}

func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	assert.False(t, deep([]byte(strings.Repeat("[", maxNesting))))
	assert.True(t, deep([]byte(strings.Repeat("[", maxNesting+1))))
	assert.False(t, deep([]byte(strings.Repeat("[]{}", 1000))), "side by side is not deep")
	assert.False(t, deep([]byte("]]]"+strings.Repeat("[", maxNesting))))
	for text, ok := range map[string]bool{
		"1899-12-31": false, "1900-01-01": true, "2200-12-31": true, "2201-01-01": false, "2024-1-1": false, "01/01/2024": false,
		"2024-02-29": true, "2023-02-29": false,
	} {
		d, list, err := Load(fstest.MapFS{"x.yaml": &fstest.MapFile{Data: []byte(
			"units: [{code: H11, name: X, kind: office, level: commune, from: " + text + "}]\n")}})
		require.NoError(t, err)
		assert.Equal(t, ok, d != nil, "%s: %v", text, list)
	}
	long := "roles: [{id: x, name: " + strings.Repeat("a", 2000) + "}]\n"
	_, list, err := Load(fstest.MapFS{"b.yaml": &fstest.MapFile{Data: []byte(strings.Replace(base, "{id: reception", "{id: other", 1))},
		"x.yaml": &fstest.MapFile{Data: []byte(long)}})
	require.NoError(t, err)
	assert.Empty(t, list, "2,000 bytes are allowed")
	out := &findings{}
	assert.Nil(t, parseYAML("x.yaml", make([]byte, maxFile+1), out))
	assert.Equal(t, "yaml/size", out.list[0].Rule)
}

func TestTooManyFiles(t *testing.T) {
	t.Parallel()
	many := fstest.MapFS{}
	for i := range maxFiles + 1 {
		many[fmt.Sprintf("f%d.yaml", i)] = &fstest.MapFile{}
	}
	_, _, err := Load(many)
	require.ErrorIs(t, err, identity.ErrInvalid)
	_, _, err = Load(fstest.MapFS{strings.Repeat("d/", maxFolders+2) + "x.yaml": &fstest.MapFile{}})
	require.ErrorIs(t, err, identity.ErrInvalid)
}

func TestWarningsLetItLoad(t *testing.T) {
	t.Parallel()
	d, list, err := Load(fstest.MapFS{"x.yaml": &fstest.MapFile{Data: []byte(base + `
  # a role nobody has is fine; a unit that leaves its work to nobody is not
officials: []
`)}, "y.yml": &fstest.MapFile{Data: []byte(
		"units:\n  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, to: 2002-01-01}\n")},
		".hidden/z.yaml": &fstest.MapFile{Data: []byte("nonsense: [")}, "notes.txt": &fstest.MapFile{Data: []byte("[")}})
	require.NoError(t, err)
	require.NotNil(t, d)
	require.Len(t, list, 1)
	assert.Equal(t, "y.yml:2: warning: unit/heir: unit H11 ends and leaves its work to nobody (name who takes over its work (successors))",
		list[0].String())
	_, ok := d.Heir("H11", day("2003-01-01"))
	assert.False(t, ok)
}

func TestEmptyDirectoryIsAFault(t *testing.T) {
	t.Parallel()
	d, list, err := Load(fstest.MapFS{})
	require.NoError(t, err)
	assert.Nil(t, d)
	require.Len(t, list, 1)
	assert.Equal(t, "unit/none", list[0].Rule)
	_, _, err = Load(os.DirFS("testdata/missing"))
	require.ErrorIs(t, err, identity.ErrUnavailable)
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/province/units.yaml", "testdata/province/people.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(base))
	f.Add([]byte("units: [{code: H1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, list, err := Load(fstest.MapFS{"x.yaml": &fstest.MapFile{Data: data}})
		if err != nil {
			t.Fatal(err)
		}
		if (d == nil) != faulty(list) {
			t.Fatalf("directory %v with findings %v", d, list)
		}
		if d != nil {
			for _, u := range d.Units(day("2025-07-01")) {
				if heir, ok := d.Heir(u.Code, day("2025-07-01")); !ok || heir != u.Code {
					t.Fatalf("unit %s is not its own heir", u.Code)
				}
			}
		}
	})
}
