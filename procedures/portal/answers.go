package portal

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/motcua/motcua/procedures"
)

// answer is one answer as people read it.
type answer struct{ ID, Label, Value string }

// answers lists what a form was answered with, in the order of its fields; what
// was left empty is said to be so.
func (l *language) answers(form *procedures.Form, raw json.RawMessage) []answer {
	if form == nil {
		return nil
	}
	given := answersOf(raw)
	var out []answer
	for _, f := range form.Fields {
		out = append(out, answer{fieldID(f.Name), l.pick(f.Label), l.answer(f, given[f.Name])})
	}
	return out
}

func (l *language) answer(f procedures.Field, v any) string {
	if v == nil {
		if f.Type == "boolean" {
			return l.t("answer.no")
		}
		return l.t("answer.none")
	}
	switch kindOf(f) {
	case inputTick:
		if v == true {
			return l.t("answer.yes")
		}
		return l.t("answer.no")
	case inputChoice:
		for _, o := range f.Options {
			if o.Value == v {
				return l.pick(o.Label)
			}
		}
	case inputDate:
		s, _ := v.(string)
		if t, err := time.ParseInLocation(time.DateOnly, s, procedures.Zone); err == nil {
			return l.day(t)
		}
	case inputMoment:
		s, _ := v.(string)
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return l.moment(t)
		}
	case inputNumber:
		if n, ok := v.(float64); ok && n == float64(int64(n)) {
			return l.number(int64(n))
		}
	}
	s := plain(v)
	if kind := kindOf(f); kind == inputDate || kind == inputMoment {
		return strings.Trim(strings.TrimPrefix(s, dateSentinel), dateMark)
	}
	return s
}

// corrections turns the form's problems into errors at their fields.
func (l *language) corrections(problems []procedures.FieldProblem) []fieldError {
	var out []fieldError
	for _, p := range problems {
		field := fieldID(p.Field)
		if p.Field == "" {
			field = "noi-dung"
		}
		out = append(out, fieldError{field, l.pick(p.Text)})
	}
	return out
}
