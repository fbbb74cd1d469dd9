package procedures

import (
	"bytes"
	"encoding/json"
	"slices"
)

type nodeKind uint8

const (
	scalarNode nodeKind = iota + 1
	mappingNode
	sequenceNode
)

type scalarKind uint8

const (
	stringScalar scalarKind = iota + 1
	integerScalar
	floatScalar
	boolScalar
	nullScalar
)

// node is a YAML value that remembers where it was written. Merging an overlay
// keeps the nodes, so a finding in a merged procedure names the right file.
type node struct {
	file    string
	line    int
	kind    nodeKind
	scalar  scalarKind
	value   string // of a scalar, NFC
	entries []entry
	items   []*node
}

type entry struct {
	key   string
	line  int
	value *node
}

// at is where the key stands, which is where a reader looks first.
func (e entry) at() *node { return &node{file: e.value.file, line: e.line} }

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// path descends through mappings; nil when a step is missing.
func (n *node) path(keys ...string) *node {
	for _, k := range keys {
		n = n.get(k)
	}
	return n
}

// key is where the last of the keys is written; nil when a step is missing.
func (n *node) key(keys ...string) *node {
	n = n.path(keys[:len(keys)-1]...)
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == keys[len(keys)-1] {
			return e.at()
		}
	}
	return nil
}

func (n *node) strings() []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, it := range n.items {
		out = append(out, it.value)
	}
	return out
}

// merge lays patch over base: mappings merge key by key, everything else is
// replaced. Order is the base's, new keys follow. What the patch touches carries
// the patch's file and line, for a fault that was not in the base comes from
// there. Neither argument is changed.
func merge(base, patch *node) *node {
	if base == nil || patch == nil {
		if patch == nil {
			return base
		}
		return patch
	}
	if base.kind != mappingNode || patch.kind != mappingNode {
		return patch
	}
	out := *base
	out.file, out.line = patch.file, patch.line
	out.entries = slices.Clone(base.entries)
	for _, p := range patch.entries {
		i := slices.IndexFunc(out.entries, func(e entry) bool { return e.key == p.key })
		if i < 0 {
			out.entries = append(out.entries, p)
			continue
		}
		out.entries[i] = entry{p.key, p.line, merge(out.entries[i].value, p.value)}
	}
	return &out
}

// without returns n with the entry at the path removed; the argument is unchanged.
func (n *node) without(keys ...string) *node {
	if n == nil || n.kind != mappingNode || len(keys) == 0 {
		return n
	}
	out := *n
	out.entries = nil
	for _, e := range n.entries {
		if e.key == keys[0] {
			if len(keys) == 1 {
				continue
			}
			e.value = e.value.without(keys[1:]...)
		}
		out.entries = append(out.entries, e)
	}
	return &out
}

// json writes the value as JSON with keys in written order.
func (n *node) json() json.RawMessage {
	var b bytes.Buffer
	n.writeJSON(&b)
	return b.Bytes()
}

func (n *node) writeJSON(b *bytes.Buffer) {
	switch n.kind {
	case mappingNode:
		b.WriteByte('{')
		for i, e := range n.entries {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONString(b, e.key)
			b.WriteByte(':')
			e.value.writeJSON(b)
		}
		b.WriteByte('}')
	case sequenceNode:
		b.WriteByte('[')
		for i, it := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			it.writeJSON(b)
		}
		b.WriteByte(']')
	default:
		n.writeScalar(b)
	}
}

func (n *node) writeScalar(b *bytes.Buffer) {
	switch n.scalar {
	case integerScalar, floatScalar, boolScalar:
		b.WriteString(n.value)
	case nullScalar:
		b.WriteString("null")
	default:
		writeJSONString(b, n.value)
	}
}

func writeJSONString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes, a bytes.Buffer always takes it
	b.Truncate(b.Len() - 1)
}
