package procedures

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Kinds of a field problem, the portal's message kinds.
const (
	ProblemMissing = "missing" // thiếu
	ProblemForm    = "form"    // sai dạng
	ProblemRange   = "range"   // ngoài khoảng
	ProblemUnknown = "unknown" // an answer the form does not ask for
)

// FieldProblem is one thing to correct in an answered form. The texts say the
// fix and never repeat the answer.
type FieldProblem struct {
	Field string // empty when the whole form is meant
	Kind  string
	Text  Text
}

func (f *Form) problems(ve *jsonschema.ValidationError) []FieldProblem {
	var out []FieldProblem
	add := func(field, kind string, t Text) {
		if !slices.ContainsFunc(out, func(p FieldProblem) bool { return p.Field == field }) {
			out = append(out, FieldProblem{field, kind, t})
		}
	}
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) > 0 {
			return
		}
		name := ""
		if len(e.InstanceLocation) > 0 {
			name = e.InstanceLocation[0]
		}
		switch k := e.ErrorKind.(type) {
		case *kind.Required:
			for _, m := range k.Missing {
				add(m, ProblemMissing, f.missing(m))
			}
		case *kind.DependentRequired:
			for _, m := range k.Missing {
				add(m, ProblemMissing, f.missing(m))
			}
		case *kind.AdditionalProperties:
			add("", ProblemUnknown, Text{"Tờ khai có mục không được hỏi", "The form holds an answer nobody asked for"})
		case *kind.Minimum, *kind.Maximum, *kind.ExclusiveMinimum, *kind.ExclusiveMaximum, *kind.MinLength, *kind.MaxLength:
			add(name, rangeKind(k), f.outOfRange(name, k))
		default:
			add(name, ProblemForm, f.wrongForm(name))
		}
	}
	walk(ve)
	slices.SortStableFunc(out, func(a, b FieldProblem) int { return f.order(a.Field) - f.order(b.Field) })
	return out
}

func (f *Form) order(name string) int {
	return slices.IndexFunc(f.Fields, func(x Field) bool { return x.Name == name })
}

func (f *Form) label(name string) Text {
	if fd, ok := f.Field(name); ok {
		return Text{lowerFirst(fd.Label.VI), lowerFirst(fd.Label.EN)}
	}
	return Text{"mục này", "this answer"}
}

func (f *Form) missing(name string) Text {
	l := f.label(name)
	if fd, _ := f.Field(name); len(fd.Options) > 0 || fd.Type == "boolean" {
		return Text{"Chọn " + l.VI, "Choose " + l.EN}
	}
	return Text{"Nhập " + l.VI, "Enter " + l.EN}
}

// rangeKind calls an empty text missing, as people do.
func rangeKind(k any) string {
	if m, ok := k.(*kind.MinLength); ok && m.Got == 0 {
		return ProblemMissing
	}
	return ProblemRange
}

func (f *Form) outOfRange(name string, k any) Text {
	l, fd := f.label(name), Field{}
	if x, ok := f.Field(name); ok {
		fd = x
	}
	switch v := k.(type) {
	case *kind.MinLength:
		if v.Got == 0 {
			return f.missing(name)
		}
		return Text{fmt.Sprintf("Nhập %s, ít nhất %d ký tự", l.VI, v.Want), fmt.Sprintf("Enter %s, at least %d characters", l.EN, v.Want)}
	case *kind.MaxLength:
		return Text{fmt.Sprintf("Nhập %s, nhiều nhất %d ký tự", l.VI, v.Want), fmt.Sprintf("Enter %s, at most %d characters",
			l.EN, v.Want)}
	}
	switch {
	case fd.Min != nil && fd.Max != nil:
		return Text{
			fmt.Sprintf("Nhập %s từ %d đến %d", l.VI, *fd.Min, *fd.Max),
			fmt.Sprintf("Enter %s from %d to %d", l.EN, *fd.Min, *fd.Max),
		}
	case fd.Min != nil:
		return Text{fmt.Sprintf("Nhập %s từ %d trở lên", l.VI, *fd.Min), fmt.Sprintf("Enter %s of at least %d", l.EN, *fd.Min)}
	}
	return Text{"Nhập " + l.VI + " trong khoảng cho phép", "Enter " + l.EN + " within the allowed range"}
}

func (f *Form) wrongForm(name string) Text {
	l := f.label(name)
	fd, _ := f.Field(name)
	switch {
	case len(fd.Options) > 0:
		return Text{"Chọn " + l.VI + " trong danh sách", "Choose " + l.EN + " from the list"}
	case fd.Type == "integer":
		return Text{"Nhập " + l.VI + " bằng chữ số", "Enter " + l.EN + " in digits"}
	case fd.Format == "date":
		return Text{"Nhập " + l.VI + " theo ngày, tháng, năm", "Enter " + l.EN + " as day, month, year"}
	case fd.Format == "date-time":
		return Text{"Nhập " + l.VI + " theo giờ, ngày, tháng, năm", "Enter " + l.EN + " as hour, day, month, year"}
	case fd.Format == "email":
		return Text{"Nhập " + l.VI + " có dạng ten@noinhan.vn", "Enter " + l.EN + " like name@example.vn"}
	}
	return Text{"Nhập lại " + l.VI, "Enter " + l.EN + " again"}
}

// lowerFirst lets a label stand inside a sentence; abbreviations keep their capitals.
func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) == 0 || len(r) > 1 && unicode.IsUpper(r[1]) {
		return s
	}
	return strings.ToLower(string(r[0])) + string(r[1:])
}
