package directory

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/motcua/motcua/identity"
)

// Limits of a whole directory.
const (
	maxFiles   = 2000
	maxFolders = 16 // nesting
)

// Load reads every .yaml and .yml file below the root of fsys and checks them as a
// whole. A directory is returned when no finding is more than a warning; err is
// about reading only. Files and folders whose name begins with a dot are skipped.
func Load(fsys fs.FS) (*Directory, []Finding, error) {
	files, err := yamlFiles(fsys)
	if err != nil {
		return nil, nil, err
	}
	b := &builder{}
	for _, name := range files {
		data, err := readFile(fsys, name)
		if err != nil {
			return nil, nil, err
		}
		if top := parseYAML(name, data, &b.findings); top != nil {
			b.file(top)
		}
	}
	if len(b.units) == 0 {
		b.add(".", 0, "unit/none", "put units into a .yaml file of the folder", "no unit is listed")
	}
	d := b.check()
	list := b.sorted()
	if faulty(list) {
		return nil, list, nil
	}
	return d, list, nil
}

func yamlFiles(fsys fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			if strings.Count(name, "/") >= maxFolders {
				return identity.Errorf(identity.Invalid, "directory: folder %s is nested too deeply", name)
			}
			return nil
		}
		if ext := path.Ext(name); ext == ".yaml" || ext == ".yml" {
			if files = append(files, name); len(files) > maxFiles {
				return identity.Errorf(identity.Invalid, "directory: more than %d files", maxFiles)
			}
		}
		return nil
	})
	if err != nil && identity.CodeOf(err) == identity.Unknown {
		err = identity.Errorf(identity.Unavailable, "the directory's folder cannot be read: %w", err)
	}
	return files, err
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	var data []byte
	info, err := fs.Stat(fsys, name) // before opening: a pipe would never end
	if err == nil && !info.Mode().IsRegular() {
		return nil, identity.Errorf(identity.Invalid, "directory: %s is no regular file", name)
	}
	if err == nil {
		data, err = fs.ReadFile(fsys, name)
	}
	if errors.Is(err, fs.ErrNotExist) { // taken away since the walk
		return nil, identity.Errorf(identity.Unavailable, "directory: %s went away while it was read (try again)", name)
	}
	if err != nil {
		return nil, identity.Errorf(identity.Unavailable, "directory: %s cannot be read: %w", name, err)
	}
	return data, nil
}

// builder gathers what the files say before it is checked as a whole.
type builder struct {
	findings
	units       []Unit
	roles       []located[Role]
	officials   []Official
	posts       []postLines
	grants      []located[identity.Grant]
	delegations []located[identity.Delegation]
}

// postLines are the lines of an official's posts.
type postLines []int

// located is a value and where it is written.
type located[T any] struct {
	v    T
	file string
	line int
}

func (b *builder) file(top *mapping) {
	for _, m := range top.maps("units") {
		b.unit(m)
	}
	for _, m := range top.maps("roles") {
		b.role(m)
	}
	for _, m := range top.maps("officials") {
		b.official(m)
	}
	for _, m := range top.maps("grants") {
		b.grant(m)
	}
	for _, m := range top.maps("delegations") {
		b.delegation(m)
	}
	top.end()
}

var areaCode = regexp.MustCompile(`^(\d{2}|\d{5})$`)

func (b *builder) unit(m *mapping) {
	u := Unit{File: m.d.file, Line: m.line}
	u.Code = m.code("code", "unit/code")
	if u.Code == "" && m.text("code") == "" {
		b.add(u.File, m.at("code"), "unit/code", "write code: H10.12", "code is missing")
	}
	if u.Area = m.text("area"); u.Area != "" && !areaCode.MatchString(u.Area) {
		b.add(u.File, m.at("area"), "unit/area", "an area code has 2 or 5 digits (Decision 19/2025)", "area %q is none", u.Area)
	}
	if u.Name = m.bilingual("name"); u.Name.VI == "" {
		b.add(u.File, m.at("name"), "unit/name", "write name: {vi: …, en: …}", "the Vietnamese name is missing")
	}
	u.Kind = m.word("kind", "unit/kind", Kinds)
	u.Level = m.word("level", "unit/level", Levels)
	u.Parent = m.code("parent", "unit/parent")
	u.From, u.To = m.interval("unit/interval", false)
	for _, n := range m.nodes("successors") {
		u.Successors = append(u.Successors, successor(m, n))
	}
	u.Hours, u.Address = m.text("hours"), m.bilingual("address")
	u.Phone, u.Email = m.text("phone"), m.text("email")
	for _, s := range m.maps("seals") {
		u.Seals = append(u.Seals, Seal{
			Kind: s.need("kind", "unit/seal", "write kind: agency"),
			Name: s.need("name", "unit/seal", "write the name as it is engraved"),
		})
		s.end()
	}
	u.Basis = m.text("basis")
	m.end()
	if u.Code != "" && !u.From.IsZero() {
		b.units = append(b.units, u)
	}
}

// successor is a code, or {code, share}.
func successor(m *mapping, n ast.Node) Successor {
	if s, ok := n.(*ast.StringNode); ok {
		c, err := identity.ParseUnitCode(s.Value)
		if err != nil {
			m.d.add(lineOf(n), "unit/successor", "write it as H19.12", "%v", err)
		}
		return Successor{Code: c.String()}
	}
	sub := m.d.mapping(n)
	if sub == nil {
		return Successor{}
	}
	defer sub.end()
	return Successor{Code: sub.code("code", "unit/successor"), Share: sub.text("share")}
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

func (b *builder) role(m *mapping) {
	r := Role{ID: m.need("id", "role/id", "write id: reception"), Name: m.bilingual("name")}
	if r.ID != "" && !word.MatchString(r.ID) {
		b.add(m.d.file, m.at("id"), "role/id", "use lower-case letters, digits, - and _", "%q is no id of a role", r.ID)
	}
	if r.Name.VI == "" {
		b.add(m.d.file, m.at("name"), "role/name", "write name: {vi: …, en: …}", "the Vietnamese name is missing")
	}
	m.end()
	b.roles = append(b.roles, located[Role]{r, m.d.file, m.line})
}

var (
	staffID   = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,39}$`)
	longDigit = regexp.MustCompile(`\d{9}`)
)

func (b *builder) official(m *mapping) {
	o := Official{File: m.d.file, Line: m.line}
	o.ID = m.need("id", "official/id", "write the staff number")
	switch {
	case o.ID == "":
	case longDigit.MatchString(o.ID):
		b.add(o.File, m.at("id"), "official/id", "use the staff number", "an id must not be, or hold, a citizen id")
	case !staffID.MatchString(o.ID) || strings.HasPrefix(o.ID, "c-"):
		b.add(o.File, m.at("id"), "official/id", "use lower-case letters, digits, . and -, not beginning with c-", "%q is no id", o.ID)
	}
	o.Name = identity.CleanName(m.need("name", "official/name", "write the full name"))
	if n := m.node("login"); n != nil {
		if login := m.d.mapping(n); login != nil {
			o.Subject = login.need("sub", "official/login", "write the subject the provider gives the person")
			o.Issuer = login.text("issuer")
			login.end()
		}
	}
	o.Email = m.text("email")
	var lines postLines
	for _, p := range m.maps("posts") {
		post := identity.Post{
			Unit:     p.code("unit", "post/unit"),
			Title:    p.bilingual("title"),
			Roles:    p.texts("roles"),
			Decision: p.need("decision", "post/decision", "write the number of the personnel decision"),
		}
		if post.Unit == "" && p.text("unit") == "" {
			b.add(o.File, p.at("unit"), "post/unit", "write unit: H10.12", "unit is missing")
		}
		if post.Title.VI == "" {
			b.add(o.File, p.at("title"), "post/title", "write title: {vi: …, en: …}", "the Vietnamese title is missing")
		}
		post.From, post.To = p.interval("post/interval", false)
		p.end()
		o.Posts, lines = append(o.Posts, post), append(lines, p.line)
	}
	m.end()
	b.officials, b.posts = append(b.officials, o), append(b.posts, lines)
}

var reaches = []string{"own", "subtree", "all"}

func (b *builder) grant(m *mapping) {
	g := identity.Grant{
		Role:  m.need("role", "grant/role", "name the role"),
		Reach: identity.Reach(slices.Index(reaches, m.word("scope", "grant/scope", reaches)) + 1),
		Basis: m.need("basis", "grant/basis", "write the decision that gives the right"),
	}
	if s := m.text("assurance"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 9 {
			b.add(m.d.file, m.at("assurance"), "grant/assurance", "write a level, 0 to 9", "%q is no level", s)
		}
		g.Assurance = n
	}
	g.From, g.To = m.interval("grant/interval", false)
	steps := m.texts("steps")
	if len(steps) == 0 {
		b.add(m.d.file, m.at("steps"), "grant/steps", "write steps: [receive, …]", "no step is granted")
	}
	m.end()
	for _, s := range steps {
		one := g
		one.Step = s
		one.ID = m.d.file + ":" + strconv.Itoa(m.line)
		b.grants = append(b.grants, located[identity.Grant]{one, m.d.file, m.line})
	}
}

// forms are the forms of signing for another (Decree 30/2020/NĐ-CP art. 13).
var forms = []string{"KT", "TL", "TUQ", "Q"}

func (b *builder) delegation(m *mapping) {
	d := identity.Delegation{
		ID:        m.need("id", "delegation/id", "write id: uq-2024-01"),
		Principal: m.need("principal", "delegation/principal", "name the official whose roles are passed on"),
		Deputy:    m.need("deputy", "delegation/deputy", "name the official who acts"),
		Unit:      m.code("unit", "delegation/unit"),
		Roles:     m.texts("roles"),
		Form:      m.word("form", "delegation/form", forms),
		Basis:     m.need("basis", "delegation/basis", "write the document that delegates"),
	}
	// A delegation without an end is an appointment; the law asks for a term.
	d.From, d.To = m.interval("delegation/interval", true)
	m.end()
	b.delegations = append(b.delegations, located[identity.Delegation]{d, m.d.file, m.line})
}
