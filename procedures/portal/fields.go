package portal

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/procedures"
)

// checkForms makes sure that no field of a form has the name of one of the
// controls every page has, or part of it after a dot.
func checkForms(c *procedures.Catalogue) error {
	taken := append([]string{"unit"}, control...)
	for _, code := range c.Codes() {
		for _, p := range c.Editions(code) {
			if p.Form == nil {
				continue
			}
			for _, f := range p.Form.Fields {
				if slices.Contains(taken, f.Name) || strings.Contains(f.Name, ".") {
					return fmt.Errorf("portal: procedure %s: a field cannot be named %q (the pages use that name themselves)", code, f.Name)
				}
			}
		}
	}
	return nil
}

// Kinds of inputs, which the templates know.
const (
	inputText    = "text"
	inputNumber  = "number"
	inputChoice  = "choice"
	inputTick    = "tick"
	inputDate    = "date"
	inputMoment  = "moment"
	inputLines   = "lines"
	longerThan   = 300 // a text that may be longer gets several lines
	dateMark     = "/"
	dateSentinel = "?" // begins a date that is kept as it was typed
)

func kindOf(f procedures.Field) string {
	switch {
	case len(f.Options) > 0:
		return inputChoice
	case f.Type == "boolean":
		return inputTick
	case f.Type == "integer", f.Type == "number":
		return inputNumber
	case f.Type == "array":
		return inputLines
	case f.Format == "date":
		return inputDate
	case f.Format == "date-time":
		return inputMoment
	}
	return inputText
}

func isPhone(f procedures.Field) bool { return f.Name == "phone" || f.Format == "tel" }

// readAnswers turns a posted form into answers as the schema wants them. What
// cannot be turned is kept as it was typed, for the schema to refuse and the page
// to show again. Empty answers are left out.
func readAnswers(form *procedures.Form, v url.Values) (json.RawMessage, error) {
	out := map[string]any{}
	for _, f := range form.Fields {
		if a := readAnswer(f, v); a != nil {
			out[f.Name] = a
		}
	}
	return json.Marshal(out)
}

func readAnswer(f procedures.Field, v url.Values) any {
	typed := v.Get(f.Name)
	switch kindOf(f) {
	case inputTick:
		if typed == "" {
			return nil
		}
		return true
	case inputDate, inputMoment:
		return readDate(kindOf(f) == inputMoment, v.Get(f.Name+".d"), v.Get(f.Name+".m"), v.Get(f.Name+".y"), v.Get(f.Name+".t"))
	case inputLines:
		lines := slices.DeleteFunc(strings.Split(typed, "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
		if len(lines) == 0 {
			return nil
		}
		return lines
	case inputNumber:
		if typed == "" {
			return nil
		}
		plain := strings.NewReplacer(" ", "", nbsp, "", ".", "", ",", ".").Replace(typed)
		if n, err := strconv.ParseInt(plain, 10, 64); err == nil {
			return n
		}
		if x, err := strconv.ParseFloat(plain, 64); err == nil && f.Type == "number" {
			return x
		}
		return typed
	}
	if isPhone(f) {
		typed = strings.NewReplacer(" ", "", nbsp, "", ".", "", "-", "").Replace(typed)
	}
	if typed == "" {
		return nil
	}
	return typed
}

// readDate puts boxes together as RFC 3339 in +07:00; boxes that make no date are
// kept as they are behind a mark no date begins with.
func readDate(withTime bool, d, m, y, t string) any {
	if d+m+y+t == "" {
		return nil
	}
	clock, layout := "", time.DateOnly
	if withTime {
		clock, layout = strings.NewReplacer("h", ":", "g", ":").Replace(t), time.RFC3339
	}
	when, err := time.ParseInLocation("2/1/2006 15:04", d+"/"+m+"/"+y+" "+orMidnight(clock, withTime), procedures.Zone)
	if err != nil {
		return dateSentinel + strings.Join([]string{d, m, y, t}, dateMark)
	}
	return when.Format(layout)
}

func orMidnight(clock string, withTime bool) string {
	if !withTime {
		return "00:00"
	}
	return clock
}

// boxes takes a stored date apart again.
func boxes(v any) (d, m, y, t string) {
	s, _ := v.(string)
	if rest, ok := strings.CutPrefix(s, dateSentinel); ok {
		parts := append(strings.Split(rest, dateMark), "", "", "", "")
		return parts[0], parts[1], parts[2], parts[3]
	}
	if when, err := time.Parse(time.RFC3339, s); err == nil {
		when = when.In(procedures.Zone)
		return strconv.Itoa(when.Day()), strconv.Itoa(int(when.Month())), strconv.Itoa(when.Year()), when.Format("15:04")
	}
	if when, err := time.Parse(time.DateOnly, s); err == nil {
		return strconv.Itoa(when.Day()), strconv.Itoa(int(when.Month())), strconv.Itoa(when.Year()), ""
	}
	return "", "", "", ""
}

// input is one field as its template shows it.
type input struct {
	ID, Name, Kind, Label, Hint, Error string
	Optional                           bool
	Value                              string
	Checked                            bool
	Options                            []choice
	Day, Month, Year, Time             string
	Autocomplete, Mode, Type           string
	Long                               bool
}

// Describe lists the ids of hint and error, for aria-describedby.
func (i *input) Describe() string {
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.ID+"-goi-y")
	}
	if i.Error != "" {
		ids = append(ids, i.ID+"-loi")
	}
	return strings.Join(ids, " ")
}

type choice struct {
	Value, Label string
	Selected     bool
}

// ownData gives the tokens by which a browser fills in a person's own data (WCAG 1.3.5).
var ownData = map[string]string{"requester_name": "name", "full_name": "name", "phone": "tel", "email": "email",
	"address": "street-address", "organisation": "organization"}

// inputs shows a form with what has been answered so far.
func (l *language) inputs(form *procedures.Form, answers map[string]any, errs []fieldError) []*input {
	var out []*input
	for _, f := range form.Fields {
		v := answers[f.Name]
		in := &input{ID: fieldID(f.Name), Name: f.Name, Kind: kindOf(f), Label: l.pick(f.Label), Hint: l.pick(f.Hint),
			Optional: !f.Required, Error: errorFor(errs, fieldID(f.Name)), Autocomplete: ownData[f.Name], Type: "text"}
		switch in.Kind {
		case inputTick:
			in.Checked, _ = v.(bool)
		case inputChoice:
			for _, o := range f.Options {
				in.Options = append(in.Options, choice{o.Value, l.pick(o.Label), v == o.Value})
			}
		case inputDate, inputMoment:
			in.Day, in.Month, in.Year, in.Time = boxes(v)
		default:
			in.Value = plain(v)
		}
		if in.Kind == inputNumber {
			in.Mode = "numeric"
		}
		if isPhone(f) {
			in.Type, in.Mode = "tel", "tel"
		}
		if f.Format == "email" {
			in.Mode = "email"
		}
		in.Long = in.Kind == inputLines || in.Kind == inputText && f.Max != nil && *f.Max > longerThan
		out = append(out, in)
	}
	return out
}

// plain is a value as it was typed.
func plain(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []any:
		var lines []string
		for _, e := range x {
			lines = append(lines, plain(e))
		}
		return strings.Join(lines, "\n")
	}
	return ""
}

// answersOf reads stored answers; a draft may hold anything the form allows to type.
func answersOf(form json.RawMessage) map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal(form, &out)
	return out
}
