package procedures

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/unicode/norm"
)

// Limits of one file. They bound what a hostile or mistaken file costs, and are
// far above what a procedure needs.
const (
	maxFileBytes = 256 << 10
	maxDepth     = 24
	maxNodes     = 15_000
	maxTokens    = 40_000 // the parser is quadratic in the keys of one mapping
	maxDocuments = 64
)

// Numbers must be plain decimal JSON numbers, so that 010, 0x1F, 1_000 or .inf
// never mean something other than what a reader sees.
var (
	plainInteger = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)
	plainFloat   = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})\.[0-9]{1,6}$`)
)

// fault is a finding raised while reading, before there is a tree.
type fault struct {
	line         int
	rule         string
	text, remedy string
}

// parseYAML reads all documents of one file. It refuses anchors, aliases, tags,
// merge keys, directives and complex keys, and counts size, depth and nodes
// before it builds anything.
func parseYAML(file string, text []byte) (docs []*node, f *fault) {
	defer func() { // the parser is not ours; a panic on odd bytes is a finding, not a crash
		if r := recover(); r != nil {
			docs, f = nil, &fault{1, "yaml-syntax", "the file can't be read as YAML", "check indentation and quotes"}
		}
	}()
	if len(text) > maxFileBytes {
		return nil, &fault{0, "yaml-limit", fmt.Sprintf("the file has %d bytes, at most %d are read", len(text), maxFileBytes),
			"split it: one file a procedure"}
	}
	if !utf8.Valid(text) {
		return nil, &fault{1, "yaml-encoding", "the file is not UTF-8", "save it as UTF-8"}
	}
	for i, r := range string(text) {
		if r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f || r == '\ufeff' && i > 0 {
			return nil, &fault{1, "yaml-encoding", fmt.Sprintf("control character U+%04X at byte %d", r, i), "remove it"}
		}
	}
	tokens := lexer.Tokenize(string(text))
	if f := checkTokens(tokens); f != nil {
		return nil, f
	}
	tree, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, syntaxFault(err)
	}
	if len(tree.Docs) > maxDocuments {
		return nil, &fault{0, "yaml-limit", fmt.Sprintf("more than %d documents", maxDocuments), "split the file"}
	}
	b := &builder{file: file}
	for _, d := range tree.Docs {
		if d.Body == nil {
			continue
		}
		if _, empty := d.Body.(*ast.CommentGroupNode); empty {
			continue
		}
		n, f := b.build(d.Body, 1)
		if f != nil {
			return nil, f
		}
		docs = append(docs, n)
	}
	return docs, nil
}

func syntaxFault(err error) *fault {
	var se yaml.Error
	if errors.As(err, &se) && se.GetToken() != nil {
		rule := "yaml-syntax"
		if strings.Contains(se.GetMessage(), "already defined") { // the parser's syntax error has no kind
			rule = "yaml-duplicate"
		}
		return &fault{se.GetToken().Position.Line, rule, se.GetMessage(), "check indentation, quotes and repeated keys"}
	}
	return &fault{1, "yaml-syntax", "the file can't be read as YAML", "check indentation, quotes and repeated keys"}
}

// checkTokens refuses what the format does not use, and deep nesting, on the
// flat token list, so that the recursive parser never sees it.
func checkTokens(tokens token.Tokens) *fault {
	const plain = "write the value out; the format has no anchors, aliases, tags or directives"
	if len(tokens) > maxTokens {
		return &fault{0, "yaml-limit", fmt.Sprintf("more than %d words and signs", maxTokens), "split the file"}
	}
	depth, dashes, line, documents := 0, 0, 0, 1
	for _, t := range tokens {
		at := t.Position.Line
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return &fault{at, "yaml-anchor", fmt.Sprintf("%q is an anchor, an alias or a merge key", t.Value), plain}
		case token.TagType, token.DirectiveType:
			return &fault{at, "yaml-tag", fmt.Sprintf("%q is a tag or directive", t.Value), plain}
		case token.MappingKeyType:
			return &fault{at, "yaml-key", "a complex key (?)", "use plain words as keys"}
		case token.InvalidType:
			return &fault{at, "yaml-syntax", "the file can't be read as YAML", "check indentation and quotes"}
		case token.DocumentHeaderType:
			documents++
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			if at != line {
				dashes, line = 0, at
			}
			dashes++
		}
		if depth > maxDepth || dashes > maxDepth || t.Position.IndentNum > 4*maxDepth {
			return &fault{at, "yaml-limit", fmt.Sprintf("nested deeper than %d", maxDepth), "flatten it"}
		}
		if documents > maxDocuments+1 { // the first document may have a header, too
			return &fault{at, "yaml-limit", fmt.Sprintf("more than %d documents", maxDocuments), "split the file"}
		}
	}
	return nil
}

type builder struct {
	file  string
	count int
}

func (b *builder) build(n ast.Node, depth int) (*node, *fault) {
	line := n.GetToken().Position.Line
	if b.count++; b.count > maxNodes || depth > maxDepth {
		return nil, &fault{line, "yaml-limit", fmt.Sprintf("more than %d values or nested deeper than %d", maxNodes, maxDepth),
			"split or flatten it"}
	}
	out := &node{file: b.file, line: line}
	switch v := n.(type) {
	case *ast.MappingNode:
		return b.mapping(out, v.Values, depth)
	case *ast.MappingValueNode:
		return b.mapping(out, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		out.kind = sequenceNode
		for _, it := range v.Values {
			c, f := b.build(it, depth+1)
			if f != nil {
				return nil, f
			}
			out.items = append(out.items, c)
		}
		return out, nil
	}
	return b.scalar(out, n)
}

func (b *builder) mapping(out *node, values []*ast.MappingValueNode, depth int) (*node, *fault) {
	out.kind = mappingNode
	seen := map[string]bool{}
	for i, mv := range values {
		key := norm.NFC.String(mv.Key.GetToken().Value)
		line := mv.Key.GetToken().Position.Line
		if i == 0 {
			out.line = line
		}
		if seen[key] {
			return nil, &fault{line, "yaml-duplicate", fmt.Sprintf("the key %q stands twice", key), "keep one"}
		}
		seen[key] = true
		c, f := b.build(mv.Value, depth+1)
		if f != nil {
			return nil, f
		}
		out.entries = append(out.entries, entry{key: key, line: line, value: c})
	}
	return out, nil
}

func (b *builder) scalar(out *node, n ast.Node) (*node, *fault) {
	out.kind = scalarNode
	raw := n.GetToken().Value
	switch v := n.(type) {
	case *ast.StringNode:
		out.scalar, out.value = stringScalar, norm.NFC.String(v.Value)
	case *ast.LiteralNode:
		out.scalar, out.value = stringScalar, norm.NFC.String(v.Value.Value)
	case *ast.IntegerNode:
		if !plainInteger.MatchString(raw) {
			return nil, &fault{out.line, "yaml-number", fmt.Sprintf("%q is not a plain whole number", raw),
				"write decimal digits only, or quote a text"}
		}
		out.scalar, out.value = integerScalar, raw
	case *ast.FloatNode:
		if !plainFloat.MatchString(raw) {
			return nil, &fault{out.line, "yaml-number", fmt.Sprintf("%q is not a plain number", raw), "quote it if it is a text"}
		}
		out.scalar, out.value = floatScalar, raw
	case *ast.BoolNode:
		if raw != "true" && raw != "false" {
			return nil, &fault{out.line, "yaml-number", fmt.Sprintf("%q is ambiguous", raw), "write true or false, or quote a text"}
		}
		out.scalar, out.value = boolScalar, raw
	case *ast.NullNode:
		out.scalar = nullScalar
	default:
		return nil, &fault{out.line, "yaml-syntax", "a value the format does not know",
			"use texts, whole numbers, true, false, lists and mappings"}
	}
	return out, nil
}
