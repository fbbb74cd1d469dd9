package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/motcua/motcua/identity"
)

// vietnam is the zone in which days begin; a fixed one needs no tables.
var vietnam = time.FixedZone("+07", 7*3600)

// scalar returns the text of a scalar as it is written: 0271 stays 0271, and
// 2024-01-01 is a text until it is asked for as a day.
func (m *mapping) scalar(n ast.Node, line int, what string) (string, bool) {
	switch v := n.(type) {
	case *ast.LiteralNode:
		return identity.NFC(strings.TrimSpace(v.Value.Value)), true
	case *ast.StringNode:
		return identity.NFC(strings.TrimSpace(v.Value)), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	m.d.add(line, "yaml/shape", "write one text", "%s is a single text", what)
	return "", false
}

// text returns an optional text.
func (m *mapping) text(key string) string {
	n := m.node(key)
	if n == nil {
		return ""
	}
	s, _ := m.scalar(n, m.at(key), key)
	if len(s) > 2000 {
		m.d.add(m.at(key), "yaml/length", "shorten it", "%s has more than 2,000 bytes", key)
		return ""
	}
	return s
}

// need returns a text that must be there.
func (m *mapping) need(key, rule, remedy string) string {
	s := m.text(key)
	if s == "" {
		m.d.add(m.at(key), rule, remedy, "%s is missing", key)
	}
	return s
}

// word returns a text that must be one of a list.
func (m *mapping) word(key, rule string, list []string) string {
	s := m.text(key)
	if !slices.Contains(list, s) {
		m.d.add(m.at(key), rule, "use one of: "+strings.Join(list, ", "), "%s %q is not known", key, s)
		return ""
	}
	return s
}

// day returns the beginning of a day in Vietnam, the zero time when it is absent.
func (m *mapping) day(key, rule string, required bool) time.Time {
	s := m.text(key)
	if s == "" {
		if required {
			m.d.add(m.at(key), rule, "write "+key+": 2024-01-01", "%s is missing", key)
		}
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, s, vietnam)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		m.d.add(m.at(key), rule, "write the day as 2024-01-01", "%s %q is no day", key, s)
		return time.Time{}
	}
	return t
}

// interval returns from and to; to is the first day on which it is no longer so.
func (m *mapping) interval(rule string, ends bool) (from, to time.Time) {
	from = m.day("from", rule, true)
	to = m.day("to", rule, ends)
	if !to.IsZero() && !from.IsZero() && !from.Before(to) {
		m.d.add(m.at("to"), rule, "to is the first day on which it is no longer so", "to is not after from")
	}
	return from, to
}

// bilingual returns a text that is written as one (Vietnamese) or as {vi, en}.
func (m *mapping) bilingual(key string) identity.Text {
	n := m.node(key)
	switch n.(type) {
	case nil:
		return identity.Text{}
	case *ast.MappingNode, *ast.MappingValueNode:
		sub := m.d.mapping(n)
		t := identity.Text{VI: sub.text("vi"), EN: sub.text("en")}
		sub.end()
		return t
	}
	return identity.Text{VI: m.text(key)}
}

// nodes returns the elements of a list.
func (m *mapping) nodes(key string) []ast.Node {
	n := m.node(key)
	if n == nil {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		m.d.add(m.at(key), "yaml/shape", "write `- ` lines or [a, b]", "%s is a list", key)
		return nil
	}
	return seq.Values
}

// texts returns a list of texts.
func (m *mapping) texts(key string) []string {
	var out []string
	for _, n := range m.nodes(key) {
		if s, ok := m.scalar(n, lineOf(n), "an element of "+key); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// maps returns a list of mappings.
func (m *mapping) maps(key string) []*mapping {
	var out []*mapping
	for _, n := range m.nodes(key) {
		if sub := m.d.mapping(n); sub != nil {
			out = append(out, sub)
		}
	}
	return out
}

// code returns an agency code in its canonical form, "" when absent or wrong.
func (m *mapping) code(key, rule string) string {
	s := m.text(key)
	if s == "" {
		return ""
	}
	c, err := identity.ParseUnitCode(s)
	if err != nil {
		m.d.add(m.at(key), rule, "write it as H10.12", "%v", err)
		return ""
	}
	return c.String()
}
