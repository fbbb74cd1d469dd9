package procedures

import (
	"fmt"
	"slices"
	"strconv"
)

// Fact is a named value on which fees, terms and components depend, such as the
// number of pages. Source says who determines it: the applicant's form, the
// desk (an official), or the channel of filing.
type Fact struct {
	Name   string
	Text   Text
	Kind   string // int, choice or bool
	Source string // form, desk or channel
	Field  string // the form's field, when Source is form
	Min    int64  // of an int, inclusive
	Max    int64
	Values []string // of a choice
}

// FactValues gives facts by name: int64 or int, string, or bool. Names the
// procedure does not declare are an error, so a misspelt one never counts as absent.
type FactValues map[string]any

// channelFact is always known.
var channelFact = Fact{
	Name: "channel", Kind: "choice", Source: "channel",
	Text:   Text{VI: "Kênh thực hiện", EN: "Channel of filing"},
	Values: []string{string(Counter), string(Online), string(Post)},
}

func (p *Procedure) fact(name string) (Fact, bool) {
	if name == channelFact.Name {
		return channelFact, true
	}
	i := slices.IndexFunc(p.Facts, func(f Fact) bool { return f.Name == name })
	if i < 0 {
		return Fact{}, false
	}
	return p.Facts[i], true
}

// check turns values into what CEL takes and refuses unknown names and values
// out of range. Facts that are not given stay out; an expression that needs one
// then fails by name.
func (p *Procedure) checkFacts(v FactValues) (map[string]any, error) {
	out := map[string]any{}
	for name, raw := range v {
		f, ok := p.fact(name)
		if !ok {
			return nil, &Error{CodeInvalid, fmt.Sprintf("procedure %s has no fact %q", p.Code, name)}
		}
		val, err := f.check(raw)
		if err != nil {
			return nil, err
		}
		out[name] = val
	}
	return out, nil
}

func (f Fact) check(raw any) (any, error) {
	switch v := raw.(type) {
	case int:
		return f.check(int64(v))
	case int64:
		if f.Kind == "int" && v >= f.Min && v <= f.Max {
			return v, nil
		}
		return nil, &Error{CodeInvalid, fmt.Sprintf("fact %s must be a number from %d to %d, not %d", f.Name, f.Min, f.Max, v)}
	case string:
		if f.Kind == "choice" && slices.Contains(f.Values, v) {
			return v, nil
		}
	case bool:
		if f.Kind == "bool" {
			return v, nil
		}
	}
	return nil, &Error{CodeInvalid, fmt.Sprintf("fact %s takes no such value (kind %s)", f.Name, f.Kind)}
}

func (f *findings) facts(o object, p *Procedure) {
	o.each("facts", func(name string, at, n *node) {
		fo := f.object(n, "fact "+name, "name", "kind", "source", "field", "min", "max", "values")
		fo.need("name", "kind", "source")
		ft := Fact{
			Name: name, Text: fo.text("name"), Kind: fo.oneOf("kind", "int", "choice", "bool"),
			Source: fo.oneOf("source", "form", "desk"), Field: fo.str("field"), Values: fo.strings("values"),
		}
		if name == channelFact.Name {
			f.at(at, "name-taken", "choose another name", "the fact %q is built in", name)
			return
		}
		if slices.Contains(feeFunctionNames(), name) {
			f.at(at, "name-taken", "choose another name", "%q is a function of the expressions", name)
			return
		}
		switch ft.Kind {
		case "int":
			fo.need("min", "max")
			ft.Min, ft.Max = fo.int("min", 0, maxFact), fo.int("max", 0, maxFact)
			if ft.Max < ft.Min {
				f.at(at, "value-range", "min ≤ max", "fact %s: max lies below min", name)
			}
		case "choice":
			fo.need("values")
		}
		if (ft.Source == "form") != (ft.Field != "") {
			f.at(at, "fact-source", "name the field when source is form, and only then", "fact %s: source and field disagree", name)
		}
		if ft.Source == "form" && ft.Field != "" && n.get("field") != nil && o.n.path("form", "fields", ft.Field) == nil {
			f.at(n.get("field"), "fact-source", "name a field of the form", "fact %s: the form has no field %q", name, ft.Field)
		}
		p.Facts = append(p.Facts, ft)
	})
}

// maxFact bounds whole-number facts so that no product of two overflows.
const maxFact = 1_000_000_000

// corners gives values of the fact at which a formula is tried when checked.
func (f Fact) corners() []any {
	switch f.Kind {
	case "int":
		out := []any{f.Min}
		for _, v := range []int64{f.Min + 1, f.Min + 2, (f.Min + f.Max) / 2, f.Max} {
			if v <= f.Max && !slices.Contains(out, any(v)) {
				out = append(out, v)
			}
		}
		return out
	case "choice":
		var out []any
		for _, v := range f.Values {
			out = append(out, v)
		}
		return out
	}
	return []any{true, false}
}

// FactsFromForm picks the facts an answered form determines. Answers that are
// missing stay out; the form's own validation tells about them.
func (p *Procedure) FactsFromForm(answers map[string]any) FactValues {
	out := FactValues{}
	for _, f := range p.Facts {
		raw, ok := answers[f.Field]
		if f.Source != "form" || !ok {
			continue
		}
		if n, isNumber := raw.(fmt.Stringer); isNumber { // json.Number
			if v, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
				out[f.Name] = v
			}
			continue
		}
		if n, isFloat := raw.(float64); isFloat { // encoding/json's default
			if v := int64(n); float64(v) == n {
				out[f.Name] = v
			}
			continue
		}
		out[f.Name] = raw
	}
	return out
}
