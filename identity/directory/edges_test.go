package directory

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
)

// found returns the rules that a text added to the good directory breaks, warnings too.
func found(t *testing.T, text string) (*Directory, []string) {
	t.Helper()
	d, list, err := Load(fstest.MapFS{
		"base.yaml": &fstest.MapFile{Data: []byte(base)}, "x.yaml": &fstest.MapFile{Data: []byte(text)},
	})
	require.NoError(t, err)
	rules := []string{}
	for _, f := range list {
		rules = append(rules, fmt.Sprint(f.Line, " ", f.Rule))
	}
	return d, rules
}

// One mistake is one finding, and what is at a limit is none.
func TestExactFindings(t *testing.T) {
	t.Parallel()
	unit := func(code, rest string) string {
		return "  - {code: " + code + ", name: X, kind: office, level: commune, " + rest + "}\n"
	}
	ended := "units:\n" + unit("H11", "from: 2001-01-01, to: 2002-01-01, successors: [H10]") // line 2
	post := func(rest string) string {
		return "officials:\n  - {id: a, name: A, posts: [{title: T, decision: d, " + rest + "}]}\n"
	}
	acting := func(rest string) string { return delegation("form: KT, from: 2001-01-01, to: 2002-01-01" + rest) }
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"post without a day":             {post("unit: H10"), []string{"2 post/interval"}},
		"post without a unit":            {post("from: 2001-01-01"), []string{"2 post/unit"}},
		"post in no code":                {post("unit: x, from: 2001-01-01"), []string{"2 post/unit"}},
		"post ends with the unit":        {ended + post("unit: H11, from: 2001-01-01, to: 2002-01-01"), nil},
		"post outlives the unit":         {ended + post("unit: H11, from: 2001-01-01, to: 2002-01-02"), []string{"4 post/unit"}},
		"open post in a unit that ended": {ended + post("unit: H11, from: 2001-01-01"), []string{"4 post/unit"}},
		"post begins with the unit":      {post("unit: H10, from: 2000-01-01"), nil},
		"post begins a day before":       {post("unit: H10, from: 1999-12-31"), []string{"2 post/unit"}},
		"post over two versions": {ended + unit("H11", "from: 2002-01-01, to: 2003-01-01, successors: [H10]") +
			post("unit: H11, from: 2001-06-01, to: 2003-01-01"), nil},
		"post over a gap": {ended + unit("H11", "from: 2002-01-02") + post("unit: H11, from: 2001-06-01"), []string{"5 post/unit"}},
		"post over an open version": {ended + unit("H11", "from: 2002-01-01") + post("unit: H11, from: 2001-06-01"),
			nil},
		"empty role in a list": {post("unit: H10, from: 2001-01-01, roles: ['', reception]"), nil},
		"versions that touch":  {ended + unit("H11", "from: 2002-01-01"), nil},
		"versions of one day": {ended + unit("H11", "from: 2001-12-31"),
			[]string{"3 unit/overlap"}},
		"renamed without a successor": {"units:\n" + unit("H11", "from: 2001-01-01, to: 2002-01-01") + unit("H11", "from: 2002-01-01"), nil},
		"no heir":                     {"units:\n" + unit("H11", "from: 2001-01-01, to: 2002-01-01"), []string{"2 unit/heir"}},
		"ring of others": {"units:\n" + unit("H11", "from: 2001-01-01, parent: H12") + unit("H12", "from: 2001-01-01, parent: H13") +
			unit("H13", "from: 2001-01-01, parent: H12"), []string{"2 unit/parent-ring", "3 unit/parent-ring", "4 unit/parent-ring"}},
		"successor ends that day": {ended + unit("H12", "from: 2001-01-01, to: 2002-01-01, successors: [H11]"),
			[]string{"3 unit/successor"}},
		"area of two digits":   {"units:\n" + unit("H11", "from: 2001-01-01, area: '70'"), nil},
		"area of five digits":  {"units:\n" + unit("H11", "from: 2001-01-01, area: '25270'"), nil},
		"area of three digits": {"units:\n" + unit("H11", "from: 2001-01-01, area: '252'"), []string{"2 unit/area"}},

		"units of no code": {"units:\n" + unit("x", "from: 2001-01-01") + unit("x", "from: 2001-01-01"),
			[]string{"2 unit/code", "3 unit/code"}},
		"units without a code": {"units:\n" + unit("''", "from: 2001-01-01") + unit("", "from: 2001-01-01"),
			[]string{"2 unit/code", "3 unit/code"}},
		"unit without a day": {"units:\n" + unit("H11", "parent: H10"), []string{"2 unit/interval"}},

		"role id of 40":    {"roles:\n  - {id: " + strings.Repeat("r", 40) + ", name: X}\n", nil},
		"role id of 41":    {"roles:\n  - {id: " + strings.Repeat("r", 41) + ", name: X}\n", []string{"2 role/id"}},
		"role without id":  {"roles:\n  - {name: X}\n  - {name: Y}\n", []string{"2 role/id", "3 role/id"}},
		"staff id of 40":   {"officials:\n  - {id: " + strings.Repeat("a", 40) + ", name: X}\n", nil},
		"staff id of 41":   {"officials:\n  - {id: " + strings.Repeat("a", 41) + ", name: X}\n", []string{"2 official/id"}},
		"eight digits":     {"officials:\n  - {id: a12345678, name: X}\n", nil},
		"nine digits":      {"officials:\n  - {id: a123456789, name: X}\n", []string{"2 official/id"}},
		"nobody twice":     {"officials:\n  - {name: X}\n  - {name: X}\n", []string{"2 official/id", "3 official/id"}},
		"two without sub":  {"officials:\n  - {id: a, name: A}\n  - {id: b, name: B}\n", nil},
		"login of a text":  {"officials:\n  - {id: a, name: A, login: s}\n", []string{"2 yaml/shape"}},
		"citizen, all":     {"grants:\n  - {role: citizen, steps: [x], scope: all, from: 2001-01-01, basis: b}\n", nil},
		"grant to no role": {"grants:\n  - {steps: [x], scope: all, from: 2001-01-01, basis: b}\n", []string{"2 grant/role"}},
		"level 0":          {"grants:\n  - {role: reception, steps: [x], scope: all, assurance: 0, from: 2001-01-01, basis: b}\n", nil},
		"level 9":          {"grants:\n  - {role: reception, steps: [x], scope: all, assurance: 9, from: 2001-01-01, basis: b}\n", nil},
		"level 10": {"grants:\n  - {role: reception, steps: [x], scope: all, assurance: 10, from: 2001-01-01, basis: b}\n",
			[]string{"2 grant/assurance"}},
		"level -1": {"grants:\n  - {role: reception, steps: [x], scope: all, assurance: -1, from: 2001-01-01, basis: b}\n",
			[]string{"2 grant/assurance"}},

		"delegation": {acting(""), nil},
		"delegation twice": {acting("") + "  - {id: d, principal: a, deputy: b, basis: x, form: KT, from: 2001-01-01, to: 2002-01-01}\n",
			[]string{"5 delegation/twice"}},
		"two delegations": {acting("") + "  - {id: e, principal: a, deputy: b, basis: x, form: KT, from: 2001-01-01, to: 2002-01-01}\n", nil},
		"two without an id": {strings.Replace(acting(""), "id: d, ", "", 1) +
			"  - {principal: a, deputy: b, basis: x, form: KT, from: 2001-01-01, to: 2002-01-01}\n",
			[]string{"4 delegation/id", "5 delegation/id"}},
		"nobody for nobody": {strings.Replace(acting(""), "principal: a, deputy: b, ", "", 1),
			[]string{"4 delegation/deputy", "4 delegation/principal"}},
		"unit of a stranger": {strings.Replace(acting(", unit: H10"), "principal: a", "principal: z", 1), []string{"4 delegation/official"}},

		"empty value": {"roles:\n", nil},
	} {
		d, rules := found(t, c.text)
		if c.want == nil {
			c.want = []string{}
		}
		assert.Equal(t, c.want, rules, name)
		if len(c.want) == 0 {
			assert.NotNil(t, d, name)
		}
	}
}

// The work of a unit that ended and will come back lies with its successor meanwhile,
// whatever the next version's successors are.
func TestHeirBetweenTwoVersions(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"from: 2005-01-01", "from: 2005-01-01, to: 2006-01-01, successors: [H10.12]"} {
		d, rules := found(t, "units:\n"+
			"  - {code: H11, name: X, kind: office, level: commune, from: 2001-01-01, to: 2002-01-01, successors: [H10]}\n"+
			"  - {code: H11, name: X, kind: office, level: commune, "+next+"}\n")
		require.Empty(t, rules)
		for at, want := range map[string]string{
			"2000-12-31": "", "2001-01-01": "H11", "2001-12-31": "H11", "2002-01-01": "H10", "2004-12-31": "H10", "2005-01-01": "H11",
		} {
			heir, ok := d.Heir("H11", day(at))
			assert.Equal(t, want != "", ok, at)
			assert.Equal(t, want, heir, at)
			if want == "" {
				assert.Empty(t, d.Heirs("H11", day(at)), at)
			} else {
				assert.Equal(t, []string{want}, d.Heirs("H11", day(at)), at)
			}
		}
	}
}

// Work that was parted and put together again is there once.
func TestHeirsMeetAgain(t *testing.T) {
	t.Parallel()
	unit := func(code, rest string) string {
		return "  - {code: " + code + ", name: X, kind: office, level: commune, from: 2001-01-01" + rest + "}\n"
	}
	d, rules := found(t, "units:\n"+unit("H11", ", to: 2002-01-01, successors: [H12, {code: H13, share: South}]")+
		unit("H12", ", to: 2003-01-01, successors: [H14]")+unit("H13", ", to: 2003-01-01, successors: [H14]")+unit("H14", ""))
	require.Empty(t, rules)
	assert.Equal(t, []string{"H12", "H13"}, d.Heirs("H11", day("2002-12-31")))
	assert.Equal(t, []string{"H14"}, d.Heirs("H11", day("2003-01-01")))
	assert.Empty(t, d.Heirs("H99", day("2003-01-01")), "nobody listed it")
	u, ok := d.Unit("H11", day("2001-01-01"))
	require.True(t, ok)
	assert.Equal(t, []Successor{{Code: "H12"}, {Code: "H13", Share: "South"}}, u.Successors)
}

// Texts are taken as written: over two lines, as a number, with room around.
func TestFormsOfText(t *testing.T) {
	t.Parallel()
	d, rules := found(t, "units:\n  - code: H11\n    name: |\n      Xã Một\n    kind: office\n    level: commune\n"+
		"    from: 2001-01-01\n    phone: 0271\n    hours: ' all day '\n    address: {vi: Một, en: One}\n")
	require.Empty(t, rules)
	u, ok := d.Unit("H11", day("2001-01-01"))
	require.True(t, ok)
	assert.Equal(t, []string{"Xã Một", "0271", "all day", "One"}, []string{u.Name.VI, u.Phone, u.Hours, u.Address.EN})
}

// A directory may have so many files and folders in folders, and no more.
func TestMostFilesAndFolders(t *testing.T) {
	t.Parallel()
	many := fstest.MapFS{"base.yaml": &fstest.MapFile{Data: []byte(base)}, "notes.txt": &fstest.MapFile{}}
	for i := range maxFiles - 1 {
		many[fmt.Sprintf("f%d.yml", i)] = &fstest.MapFile{}
	}
	d, _, err := Load(many)
	require.NoError(t, err)
	assert.NotNil(t, d)
	many["one-more.yaml"] = &fstest.MapFile{}
	_, _, err = Load(many)
	require.ErrorIs(t, err, identity.ErrInvalid)
	for n, ok := range map[int]bool{maxFolders: true, maxFolders + 1: false} {
		_, _, err := Load(fstest.MapFS{strings.Repeat("d/", n) + "base.yaml": &fstest.MapFile{Data: []byte(base)}})
		assert.Equal(t, ok, err == nil, "%d folders: %v", n, err)
	}
}

// What is no regular file is not opened, what is hidden is not looked at, and a name
// that is there no longer is told to try again.
func TestWhatIsNoFile(t *testing.T) {
	t.Parallel()
	_, _, err := Load(fstest.MapFS{"x.yaml": &fstest.MapFile{Mode: fs.ModeNamedPipe}})
	require.ErrorIs(t, err, identity.ErrInvalid)
	d, _, err := Load(fstest.MapFS{
		"base.yaml": &fstest.MapFile{Data: []byte(base)}, ".x.yaml": &fstest.MapFile{Mode: fs.ModeNamedPipe},
		".git/x.yaml": &fstest.MapFile{Mode: fs.ModeNamedPipe},
	})
	require.NoError(t, err)
	assert.NotNil(t, d)
	_, err = readFile(fstest.MapFS{}, "x.yaml")
	require.ErrorIs(t, err, identity.ErrUnavailable)
	require.ErrorContains(t, err, "try again")
}

// Up to a limit contents are compared; beyond it size and time must do.
func TestHowMuchIsCompared(t *testing.T) {
	t.Parallel()
	for size, noticed := range map[int]bool{wholeLimit: true, wholeLimit + 1: false} {
		text := func(end string) []byte { return []byte(base + "#" + strings.Repeat("x", size-len(base)-2) + end) }
		file := &fstest.MapFile{Data: text("a")}
		l, _, err := Open(fstest.MapFS{"base.yaml": file}, nil)
		require.NoError(t, err)
		require.Len(t, file.Data, size)
		file.Data = text("b")
		changed, _, err := l.Reload()
		require.NoError(t, err)
		assert.Equal(t, noticed, changed, size)
	}
}
