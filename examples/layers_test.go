// Package examples holds provinces, vendors and embedders. Its own test walks
// the whole house, which only the roof overlooks, and checks the rules that no
// compiler knows. Each rule has its reason.
package examples

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/motcua/motcua"

// source is one file of the repository.
type source struct {
	path string // from the root, with slashes
	text string
	ast  *ast.File // nil unless Go
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// floor is the first folder of the path.
func (s *source) floor() string { return strings.SplitN(s.path, "/", 2)[0] }

// helper reports whether the file belongs to a package made for tests, whose
// name ends in test (sqltest, drivertest), or which says better what it is.
func (s *source) helper() bool {
	return strings.HasSuffix(path.Base(path.Dir(s.path)), "test") || s.under("identity/internal/hostileidp")
}

func (s *source) under(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(s.path, d+"/") })
}

// imported is one import; an explained one has a comment beside it.
type imported struct {
	path      string
	explained bool
}

func (s *source) imports() (out []imported) {
	if s.ast == nil {
		return nil
	}
	for _, i := range s.ast.Imports {
		out = append(out, imported{strings.Trim(i.Path.Value, `"`), i.Doc != nil || i.Comment != nil})
	}
	return out
}

// uses reports whether the file calls or names pkg.name of a standard package.
func (s *source) uses(pkg, name string, call bool) bool {
	found := false
	selects := func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != name {
			return false
		}
		id, ok := sel.X.(*ast.Ident)
		return ok && id.Name == pkg
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok && call && selects(c.Fun) {
			found = true
		}
		found = found || !call && selects(n)
		return !found
	})
	return found
}

func (s *source) importsPath(p string) bool {
	return slices.ContainsFunc(s.imports(), func(i imported) bool { return within(i.path, p) })
}

// within reports whether an import path is a package or lies below it.
func within(p, parent string) bool { return p == parent || strings.HasPrefix(p, parent+"/") }

// rule is one thing that holds for every file. It returns what is wrong, or "".
type rule struct {
	name, why string
	wrong     func(*source) string
	// breaks is a file that the rule must refuse.
	breaks source
}

// mayImport lists which floors each floor stands on, besides itself.
var mayImport = map[string][]string{
	"workflow":   {},
	"esign":      {"workflow/sqlkit"},
	"payment":    {"workflow/sqlkit"},
	"identity":   {"workflow/sqlkit"},
	"procedures": {"workflow", "esign", "payment", "identity"},
	"examples":   {"workflow", "esign", "payment", "identity", "procedures"},
}

// linkedBy lists heavy libraries and the only folders that may link them.
var linkedBy = map[string][]string{
	"github.com/looplab/fsm":         {"workflow/internal/machine"},
	"github.com/jackc/pgx":           {"workflow/sqlkit/sqlopen"},
	"modernc.org/sqlite":             {"workflow/sqlkit/sqlopen"},
	"github.com/pressly/goose":       {"workflow/sqlkit/migrate"},
	"github.com/riverqueue/river":    {"workflow/riverjobs"},
	"github.com/testcontainers":      {"workflow/sqlkit/sqltest"},
	"cel.dev/cel-go":                 {"procedures"},
	"github.com/santhosh-tekuri":     {"procedures"},
	"github.com/zitadel/oidc":        {"identity"},
	"github.com/coreos/go-oidc":      {"identity"},
	"codeberg.org/go-pdf/fpdf":       {"esign", "payment/receiptpdf", "procedures"},
	"github.com/pdfcpu/pdfcpu":       {"esign", "procedures"},
	"github.com/spf13/cobra":         {"procedures/province", "examples"},
	"software.sslmate.com/src":       {"esign"},
	"github.com/boombuler/barcode":   {"esign", "procedures"},
	"github.com/alexedwards/scs":     {"identity", "procedures"},
	"github.com/go-fonts/liberation": {"esign", "payment/receiptpdf", "procedures"},
}

var province = regexp.MustCompile(`(?i)b[iì]nh[ _-]?ph[uư][oơớ]c`)

var rules = []rule{
	{"floors", "ground-floor modules never import each other except workflow/sqlkit; procedures binds them; nothing imports examples",
		func(s *source) string {
			for _, i := range s.imports() {
				ours, ok := strings.CutPrefix(i.path, module+"/")
				if !ok || within(ours, s.floor()) || s.test() && i.explained && s.floor() != "examples" && !within(ours, "examples") {
					continue // a test may cross where a comment says why
				}
				if !slices.ContainsFunc(mayImport[s.floor()], func(f string) bool { return within(ours, f) }) {
					return s.floor() + " imports " + ours
				}
			}
			return ""
		}, source{path: "payment/x.go", text: `package x; import _ "github.com/motcua/motcua/workflow"`}},
	{"foundation", "sqlkit carries every module, so it imports none",
		func(s *source) string {
			for _, i := range s.imports() {
				if s.under("workflow/sqlkit") && within(i.path, module) && !within(i.path, module+"/workflow/sqlkit") {
					return "sqlkit imports " + i.path
				}
			}
			return ""
		}, source{path: "workflow/sqlkit/x.go", text: `package x; import _ "github.com/motcua/motcua/workflow"`}},
	{"heavy libraries", "what is heavy is linked in one place, by those alone who use it",
		func(s *source) string {
			for lib, dirs := range linkedBy {
				if s.importsPath(lib) && !s.under(dirs...) && !s.test() && !s.helper() {
					return lib + " is linked outside " + strings.Join(dirs, ", ")
				}
			}
			return ""
		}, source{path: "payment/x.go", text: `package x; import _ "github.com/jackc/pgx/v5/stdlib"`}},
	{"test libraries", "what helps tests stays out of programs",
		func(s *source) string {
			for _, lib := range []string{"testing", "github.com/stretchr/testify", "github.com/testcontainers", "pgregory.net/rapid"} {
				if s.importsPath(lib) && !s.test() && !s.helper() {
					return lib + " is imported outside tests"
				}
			}
			return ""
		}, source{path: "payment/x.go", text: `package x; import _ "github.com/stretchr/testify/require"`}},
	{"no sleep", "a test that sleeps is slow on a good day and wrong on a bad one; testing/synctest has virtual time",
		func(s *source) string {
			if s.ast != nil && (s.test() || s.helper()) && s.uses("time", "Sleep", false) && !s.importsPath("testing/synctest") {
				return "time.Sleep"
			}
			return ""
		}, source{path: "payment/x_test.go", text: `package x; import "time"; func f() { time.Sleep(1) }`}},
	{"clocks", "the law's clock and the protocol's are injected; time.Now may stand as a default, and is never called",
		func(s *source) string {
			// The library under the provider's simulator reads the machine's clock itself; two clocks would disagree.
			if s.ast != nil && !s.test() && !s.helper() && !s.under("examples", "identity/oidcsim") && s.uses("time", "Now", true) {
				return "time.Now()"
			}
			return ""
		}, source{path: "payment/x.go", text: `package x; import "time"; var t = time.Now()`}},
	{"no exit", "a library returns errors; only a main package ends the process",
		func(s *source) string {
			if s.ast != nil && s.ast.Name.Name != "main" && !s.test() && (s.uses("os", "Exit", true) || s.uses("log", "Fatal", true)) {
				return "os.Exit"
			}
			return ""
		}, source{path: "payment/x.go", text: `package x; import "os"; func f() { os.Exit(1) }`}},
	{"no init", "what happens at import can be neither injected nor tested",
		func(s *source) string {
			if s.ast == nil {
				return ""
			}
			for _, d := range s.ast.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					return "func init()"
				}
			}
			return ""
		}, source{path: "payment/x.go", text: `package x; func init() {}`}},
	{"one province", "nothing outside examples knows Bình Phước; lists of all provinces are not knowledge of one",
		func(s *source) string {
			if s.floor() != "examples" && !s.test() && s.path != "identity/citizenid_provinces.go" && province.MatchString(s.text) {
				return "it names the province"
			}
			return ""
		}, source{path: "payment/x.yaml", text: `name: Bình Phước`}},
	{"length", "one subject a file: 500 lines at most, 140 characters a line; in markup a line ends where its element does",
		func(s *source) string {
			lines := strings.Split(s.text, "\n")
			if len(lines) > 501 {
				return "more than 500 lines"
			}
			for n, l := range lines {
				if utf8.RuneCountInString(l) > 140 && path.Ext(s.path) != ".html" {
					return fmt.Sprintf("line %d has more than 140 characters", n+1)
				}
			}
			return ""
		}, source{path: "payment/x.sql", text: strings.Repeat("x", 141)}},
}

// root is the repository's folder.
const root = ".."

// sources reads every file that is written by hand.
func sources(t *testing.T) (out []*source) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && p != root {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(p) {
		case ".go", ".sql", ".yaml", ".html":
		default:
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		out = append(out, parse(t, source{path: filepath.ToSlash(rel), text: string(text)}))
		return nil
	})
	require.NoError(t, err)
	return out
}

func parse(t *testing.T, s source) *source {
	t.Helper()
	if strings.HasSuffix(s.path, ".go") {
		var err error
		s.ast, err = parser.ParseFile(token.NewFileSet(), s.path, s.text, parser.ParseComments)
		require.NoError(t, err)
	}
	return &s
}

func TestRules(t *testing.T) {
	t.Parallel()
	all := sources(t)
	require.Greater(t, len(all), 50, "the walk found the house")
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			assert.NotEmpty(t, r.wrong(parse(t, r.breaks)), "the rule refuses what breaks it")
			for _, s := range all {
				if wrong := r.wrong(s); wrong != "" {
					t.Errorf("%s: %s (%s)", s.path, wrong, r.why)
				}
			}
		})
	}
}
