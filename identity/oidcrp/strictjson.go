package oidcrp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a JSON object of a token or an answer.
const (
	maxMembers = 256
	maxDepth   = 8
)

// parseObject reads one JSON object and nothing after it. encoding/json takes the
// last of two equal names and matches names regardless of case, so two readers of
// one token may see two subjects: both are refused here. Numbers stay
// json.Number.
func parseObject(data []byte) (map[string]any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	p := objectParser{d: d}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	return obj, nil
}

type objectParser struct {
	d       *json.Decoder
	members int
}

func (p *objectParser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	tok, err := p.d.Token()
	if err != nil {
		return nil, errors.New("malformed JSON")
	}
	switch tok {
	case json.Delim('{'):
		return p.object(depth)
	case json.Delim('['):
		return p.array(depth)
	}
	return tok, nil
}

func (p *objectParser) object(depth int) (any, error) {
	obj := make(map[string]any)
	folded := make(map[string]bool)
	for p.d.More() {
		tok, err := p.d.Token()
		if err != nil {
			return nil, errors.New("malformed JSON")
		}
		name, ok := tok.(string)
		if !ok {
			return nil, errors.New("malformed JSON")
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		if _, twice := obj[name]; twice {
			return nil, errDuplicate
		}
		key := foldName(name)
		if folded[key] && depth == 0 {
			return nil, errDuplicate
		}
		folded[key] = true
		if obj[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return obj, p.end()
}

func (p *objectParser) array(depth int) (any, error) {
	list := []any{}
	for p.d.More() {
		if err := p.count(); err != nil {
			return nil, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, p.end()
}

func (p *objectParser) end() error {
	if _, err := p.d.Token(); err != nil {
		return errors.New("malformed JSON")
	}
	return nil
}

func (p *objectParser) count() error {
	if p.members++; p.members > maxMembers {
		return fmt.Errorf("more than %d members", maxMembers)
	}
	return nil
}

var errDuplicate = errors.New("a name stands twice, perhaps in another case")

// foldName gives names that encoding/json matches with each other one form. It
// folds simple case; ToLower takes the Kelvin sign for k and leaves the long s.
func foldName(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "\u017f", "s")
}
