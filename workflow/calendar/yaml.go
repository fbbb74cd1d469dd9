package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxYAML is the largest calendar or hours file read; the national one has about 8 kB.
const maxYAML = 256 << 10

// maxDepth is how deep collections may nest; the formats here need four levels.
const maxDepth = 16

// decode reads one YAML document strictly into v: unknown and repeated keys, anchors, aliases, tags and
// further documents are refused, so that what a person reads is what the program reads.
func decode(what string, b []byte, v any) (err error) {
	var bad problems
	// goccy/go-yaml 1.19 panics on some malformed input (a local tag before a scalar, for one).
	defer func() {
		if recover() != nil {
			bad = problems{{Path: "file", Problem: "cannot be read as YAML", Remedy: "write plain nested lists and mappings"}}
			err = bad.err(what)
		}
	}()
	if len(b) > maxYAML {
		bad.add("file", fmt.Sprintf("has %d bytes", len(b)), fmt.Sprintf("keep it under %d", maxYAML))
		return bad.err(what)
	}
	if err := shallow(b); err != nil {
		bad.add("file", err.Error(), "write plain nested lists and mappings")
		return bad.err(what)
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		bad.add("file", "is not YAML: "+yaml.FormatError(err, false, false), "correct the line named")
		return bad.err(what)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		bad.add("file", fmt.Sprintf("holds %d documents or an empty one", len(file.Docs)), "give exactly one")
		return bad.err(what)
	}
	var found sharing
	ast.Walk(&found, file.Docs[0].Body)
	if found.at != "" {
		bad.add(found.at, "is an anchor, alias, tag or merge key", "write the value out")
		return bad.err(what)
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(v); err != nil && !errors.Is(err, io.EOF) {
		// Inside { } the YAML library takes 07:30 for a mapping, hence the hint.
		bad.add("file", yaml.FormatError(err, false, false), "correct the line named; inside { } put times in quotes")
	}
	return bad.err(what)
}

// shallow refuses bytes whose nesting could exhaust the stack of a recursive parser.
func shallow(b []byte) error {
	depth := 0
	for line := range bytes.Lines(b) {
		indent := len(line) - len(bytes.TrimLeft(line, " \t-?:"))
		if indent > 4*maxDepth {
			return fmt.Errorf("nests deeper than %d levels", maxDepth)
		}
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth--
			}
			if depth > maxDepth {
				return fmt.Errorf("nests deeper than %d levels", maxDepth)
			}
		}
	}
	return nil
}

// sharing finds the first node that makes one text stand in two places or changes what a value is.
type sharing struct{ at string }

func (s *sharing) Visit(n ast.Node) ast.Visitor {
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.TagType, ast.MergeKeyType:
		if s.at == "" {
			pos := n.GetToken().Position
			s.at = fmt.Sprintf("line %d column %d", pos.Line, pos.Column)
		}
		return nil
	default:
		return s
	}
}
