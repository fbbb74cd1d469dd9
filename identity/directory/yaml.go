package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of one file: a province of 8,000 officials has about 3 MB in all.
const (
	maxFile    = 8 << 20
	maxNesting = 64
)

// document is one file while it is read.
type document struct {
	file string
	out  *findings
}

// parseYAML returns the top mapping of a file, nil when there is none or the file
// is refused. Anchors, aliases, merge keys and tags are refused: they make one
// line say something elsewhere, which neither a reader nor a check of one line
// sees.
func parseYAML(file string, data []byte, out *findings) *mapping {
	d := &document{file: file, out: out}
	if len(data) > maxFile {
		d.add(1, "yaml/size", "split the file", "the file has more than %d MB", maxFile>>20)
		return nil
	}
	if deep(data) {
		d.add(1, "yaml/depth", "write it flat", "brackets are nested more than %d deep", maxNesting)
		return nil
	}
	f, err := parse(data)
	if err != nil {
		line, text := 1, "the file is not YAML"
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			text = syntax.Message
			if syntax.Token != nil && syntax.Token.Position != nil {
				line = syntax.Token.Position.Line
			}
		}
		d.add(line, "yaml/syntax", "correct the line", "%s", text)
		return nil
	}
	var top *mapping
	for i, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			d.add(lineOf(doc.Body), "yaml/documents", "use one file each", "the file has more than one document")
			return nil
		}
		if !d.plain(doc.Body) {
			return nil
		}
		top = d.mapping(doc.Body)
	}
	return top
}

// parse keeps a panic of the parser, which reads outside bytes, from spreading.
func parse(data []byte) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("the YAML parser gave up: %v", p)
		}
	}()
	return parser.ParseBytes(data, 0)
}

// deep reports brackets nested beyond the limit before the recursive parser sees
// them. Brackets in texts count too: no such text exists.
func deep(data []byte) bool {
	depth := 0
	for _, c := range data {
		switch c {
		case '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return false
}

func (d *document) add(line int, rule, remedy, problem string, args ...any) {
	d.out.add(d.file, line, rule, remedy, problem, args...)
}

// plain refuses anchors, aliases, merges, tags and directives anywhere below.
func (d *document) plain(n ast.Node) bool {
	v := &plainVisitor{d: d}
	ast.Walk(v, n)
	return !v.bad
}

type plainVisitor struct {
	d   *document
	bad bool
}

// Visit implements ast.Visitor.
func (v *plainVisitor) Visit(n ast.Node) ast.Visitor {
	what := ""
	switch n.(type) {
	case *ast.AnchorNode:
		what = "an anchor"
	case *ast.AliasNode:
		what = "an alias"
	case *ast.MergeKeyNode:
		what = "a merge key"
	case *ast.TagNode:
		what = "a tag"
	case *ast.DirectiveNode:
		what = "a directive"
	case *ast.MappingKeyNode:
		what = "a complex key"
	}
	if what != "" {
		v.bad = true
		v.d.add(lineOf(n), "yaml/plain", "write the value out", "%s is not allowed", what)
		return nil
	}
	return v
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

// mapping is a YAML mapping; asking for a key marks it as known.
type mapping struct {
	d      *document
	line   int
	keys   []string
	values map[string]*ast.MappingValueNode
	known  map[string]bool
}

// mapping makes one of a node; nil with a finding when it is none.
func (d *document) mapping(n ast.Node) *mapping {
	var entries []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		entries = v.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{v}
	default:
		d.add(lineOf(n), "yaml/shape", "write `key: value` lines", "a mapping is expected here")
		return nil
	}
	m := &mapping{d: d, line: lineOf(n), values: map[string]*ast.MappingValueNode{}, known: map[string]bool{}}
	if len(entries) > 0 {
		m.line = lineOf(entries[0].Key)
	}
	for _, e := range entries {
		key := e.Key.GetToken().Value
		m.keys = append(m.keys, key)
		m.values[key] = e // the parser refuses a key that stands twice
	}
	return m
}

// end reports keys nobody asked for.
func (m *mapping) end() {
	for _, k := range m.keys {
		if m.known[k] {
			continue
		}
		known := make([]string, 0, len(m.known))
		for n := range m.known {
			known = append(known, n)
		}
		slices.Sort(known)
		m.d.add(lineOf(m.values[k].Key), "yaml/unknown-key", "use one of: "+strings.Join(known, ", "), "the key %q is not known here", k)
	}
}

// at returns the line of a key, or of the mapping without it.
func (m *mapping) at(key string) int {
	if e := m.values[key]; e != nil {
		return lineOf(e.Key)
	}
	return m.line
}

// node returns a value, nil when absent or empty.
func (m *mapping) node(key string) ast.Node {
	m.known[key] = true
	e := m.values[key]
	if e == nil || e.Value == nil {
		return nil
	}
	if _, empty := e.Value.(*ast.NullNode); empty {
		return nil
	}
	return e.Value
}
