package procedures

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxAnswers bounds the JSON of one answered form, in bytes.
const maxAnswers = 256 << 10

// Form is the interactive form (biểu mẫu điện tử tương tác): a JSON Schema
// 2020-12 for the answers, and the fields in the order people see them.
type Form struct {
	Fields []Field
	Schema json.RawMessage

	schema *jsonschema.Schema
}

// Field is how one property of the schema is shown.
type Field struct {
	Name     string
	Label    Text
	Hint     Text
	Required bool
	Type     string // string, integer, boolean, number or array, from the schema
	Format   string // date, date-time, email …, from the schema; may be empty
	// Min and Max bound a number's value or a text's length; nil = unbounded.
	Min, Max *int64
	Options  []Option // of an enumeration, in order
}

// Option is one value of an enumeration.
type Option struct {
	Value string
	Label Text
}

// Field returns a field by name.
func (f *Form) Field(name string) (Field, bool) {
	i := slices.IndexFunc(f.Fields, func(x Field) bool { return x.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return f.Fields[i], true
}

// errNoLoad keeps schemas from reaching outside the binary.
type errNoLoad struct{}

func (errNoLoad) Load(url string) (any, error) {
	return nil, fmt.Errorf("a form's schema can't refer to %s", url)
}

const draft = "https://json-schema.org/draft/2020-12/schema"

func compileSchema(raw json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(errNoLoad{})
	if err := c.AddResource("urn:motcua:form", doc); err != nil {
		return nil, err
	}
	return c.Compile("urn:motcua:form")
}

func (f *findings) form(o object, p *Procedure) {
	n := o.n.get("form")
	if n == nil {
		return
	}
	fo := f.object(n, "form", "fields", "schema")
	fo.need("fields", "schema")
	schema := n.get("schema")
	if schema == nil {
		return
	}
	if s := schema.get("$schema"); s != nil && s.value != draft {
		f.at(s, "form-schema", "use "+draft, "the schema is of another draft")
		return
	}
	t, closed := schema.get("type"), schema.get("additionalProperties")
	if t == nil || t.value != "object" || closed == nil || closed.value != "false" {
		f.at(schema, "form-open", "add type: object and additionalProperties: false", "the schema lets unknown answers in")
	}
	form := &Form{Schema: schema.json()}
	compiled, err := compileSchema(form.Schema)
	if err != nil {
		f.at(schema, "form-schema", "correct the JSON Schema", "the schema can't be used: %v", err)
		return
	}
	form.schema = compiled
	required := schema.get("required").strings()
	fo.each("fields", func(name string, at, fn *node) {
		form.Fields = append(form.Fields, f.field(name, at, fn, schema.path("properties", name), slices.Contains(required, name)))
	})
	if props := schema.get("properties"); props != nil {
		for _, e := range props.entries {
			if _, ok := form.Field(e.key); !ok {
				f.at(e.at(), "form-field", "add it under fields, with name vi and en", "nobody sees the answer %q", e.key)
			}
		}
	}
	for _, r := range required {
		if schema.path("properties", r) == nil {
			f.at(schema.get("required"), "form-field", "add the property", "the required answer %q has no property", r)
		}
	}
	p.Form = form
}

func (f *findings) field(name string, at, n, prop *node, required bool) Field {
	what := "field " + name
	o := f.object(n, what, "name", "hint", "options")
	o.need("name")
	fd := Field{Name: name, Label: o.text("name"), Hint: o.text("hint"), Required: required}
	if prop == nil {
		f.at(at, "form-field", "add the property to the schema, or remove the field", "%s has no property in the schema", what)
		return fd
	}
	po := object{f, prop, what + " schema"}
	fd.Type, fd.Format = po.str("type"), po.str("format")
	low, high := "minimum", "maximum"
	if fd.Type == "string" {
		low, high = "minLength", "maxLength"
	}
	fd.Min, fd.Max = po.bound(low), po.bound(high)
	if fd.Type == "string" && fd.Max == nil && fd.Format == "" && prop.get("enum") == nil && prop.get("pattern") == nil {
		f.at(prop, "form-unbounded", "add maxLength", "%s takes a text of any length", what)
	}
	o.each("options", func(value string, _, on *node) {
		t := f.object(on, what+" option "+value, "vi", "en")
		t.need("vi", "en")
		fd.Options = append(fd.Options, Option{value, Text{t.str("vi"), t.str("en")}})
	})
	enum := prop.get("enum").strings()
	for _, v := range enum {
		if !slices.ContainsFunc(fd.Options, func(x Option) bool { return x.Value == v }) {
			f.at(n, "form-option", "add it under options, with vi and en", "%s: the value %q has no label", what, v)
		}
	}
	for _, x := range fd.Options {
		if !slices.Contains(enum, x.Value) {
			f.at(n.get("options"), "form-option", "add it to enum, or remove it", "%s: the schema does not allow %q", what, x.Value)
		}
	}
	return fd
}

func (o object) bound(key string) *int64 {
	if !o.has(key) {
		return nil
	}
	v := o.int(key, -maxFact, maxFact)
	return &v
}

// Validate checks answered forms against the schema, formats included. It tells
// all problems at once and never repeats what was typed. Problems come in the
// order of the fields. The error is for answers that are no JSON object or too
// large.
func (f *Form) Validate(answers json.RawMessage) ([]FieldProblem, error) {
	if len(answers) > maxAnswers {
		return nil, &Error{CodeLimit, fmt.Sprintf("form answers have %d bytes, at most %d are read", len(answers), maxAnswers)}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(answers))
	if err != nil {
		return nil, &Error{CodeInvalid, "form answers are no JSON"}
	}
	if _, ok := doc.(map[string]any); !ok {
		return nil, &Error{CodeInvalid, "form answers must be a JSON object"}
	}
	err = f.schema.Validate(doc)
	var ve *jsonschema.ValidationError
	if err == nil {
		return nil, nil
	}
	if !errors.As(err, &ve) {
		return nil, &Error{CodeInvalid, "form answers can't be checked"}
	}
	return f.problems(ve), nil
}
