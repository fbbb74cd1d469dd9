package procedures

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Zone is the zone in which Vietnamese law counts days: UTC+7, without tzdata.
var Zone = time.FixedZone("+07", 7*3600)

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

const maxText = 2000 // characters of one text shown to people

// object reads one mapping and remembers which keys the format knows, so that a
// misspelt key is a finding and never silently ignored.
type object struct {
	f    *findings
	n    *node
	what string // "state draft", for messages
}

// object checks that n is a mapping with no other keys than these. A nil n
// reads as an empty mapping.
func (f *findings) object(n *node, what string, keys ...string) object {
	o := object{f, n, what}
	if n == nil {
		return o
	}
	if n.kind != mappingNode {
		f.at(n, "yaml-type", "write key: value pairs", "%s must be a mapping", what)
		o.n = &node{file: n.file, line: n.line, kind: mappingNode}
		return o
	}
	for _, e := range n.entries {
		if !slices.Contains(keys, e.key) {
			f.at(e.at(), "key-unknown", "known here: "+strings.Join(keys, ", "), "%s has no key %q", what, e.key)
		}
	}
	return o
}

func (o object) has(key string) bool { return o.n.get(key) != nil }

func (o object) need(keys ...string) {
	for _, k := range keys {
		if o.n != nil && !o.has(k) {
			o.f.at(o.n, "key-missing", "add "+k, "%s lacks %q", o.what, k)
		}
	}
}

func (o object) str(key string) string {
	n := o.n.get(key)
	if n == nil {
		return ""
	}
	if n.kind != scalarNode || n.scalar != stringScalar {
		o.f.at(n, "yaml-type", "put it in quotes", "%s: %s must be a text", o.what, key)
		return ""
	}
	if utf8.RuneCountInString(n.value) > maxText {
		o.f.at(n, "yaml-limit", "shorten it", "%s: %s has more than %d characters", o.what, key, maxText)
	}
	return n.value
}

func (o object) oneOf(key string, allowed ...string) string {
	v := o.str(key)
	if v != "" && !slices.Contains(allowed, v) {
		o.f.at(o.n.get(key), "value-unknown", "one of: "+strings.Join(allowed, ", "), "%s: %s can't be %q", o.what, key, v)
	}
	return v
}

func (o object) int(key string, low, high int64) int64 {
	n := o.n.get(key)
	if n == nil {
		return 0
	}
	v, err := strconv.ParseInt(n.value, 10, 64)
	if n.kind != scalarNode || n.scalar != integerScalar || err != nil {
		o.f.at(n, "yaml-type", "write digits without quotes", "%s: %s must be a whole number", o.what, key)
		return low
	}
	if v < low || v > high {
		o.f.at(n, "value-range", fmt.Sprintf("from %d to %d", low, high), "%s: %s is %d", o.what, key, v)
		return low
	}
	return v
}

func (o object) bool(key string) bool {
	n := o.n.get(key)
	if n == nil {
		return false
	}
	if n.kind != scalarNode || n.scalar != boolScalar {
		o.f.at(n, "yaml-type", "write true or false", "%s: %s must be true or false", o.what, key)
	}
	return n.value == "true"
}

// text reads {vi, en}. Vietnamese is required wherever people read it.
func (o object) text(key string) Text {
	n := o.n.get(key)
	if n == nil {
		return Text{}
	}
	t := o.f.object(n, o.what+": "+key, "vi", "en")
	t.need("vi", "en")
	return Text{VI: t.str("vi"), EN: t.str("en")}
}

func (o object) strings(key string) []string {
	n := o.n.get(key)
	if n == nil {
		return nil
	}
	if n.kind != sequenceNode {
		o.f.at(n, "yaml-type", "write [a, b]", "%s: %s must be a list", o.what, key)
		return nil
	}
	var out []string
	for _, it := range n.items {
		switch {
		case it.kind != scalarNode || it.scalar != stringScalar || it.value == "":
			o.f.at(it, "yaml-type", "write texts", "%s: %s must be a list of texts", o.what, key)
		case slices.Contains(out, it.value):
			o.f.at(it, "value-twice", "keep one", "%s: %s names %q twice", o.what, key, it.value)
		default:
			out = append(out, it.value)
		}
	}
	return out
}

// day reads yyyy-mm-dd as midnight in +07:00; the zero time when absent.
func (o object) day(key string) time.Time {
	s := o.str(key)
	if s == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, s, Zone)
	if err != nil {
		o.f.at(o.n.get(key), "value-date", "write yyyy-mm-dd", "%s: %s is no date", o.what, key)
	}
	return t
}

// period reads from and to (the last day that still counts).
func (o object) period(from, to string) Period {
	p := Period{From: o.day(from), To: o.day(to)}
	if !p.To.IsZero() {
		p.To = p.To.AddDate(0, 0, 1)
		if !p.To.After(p.From) {
			o.f.at(o.n.get(to), "value-date", "the last day follows the first", "%s: %s lies before %s", o.what, to, from)
		}
	}
	return p
}

// each walks a mapping of named things; names are lower case identifiers.
func (o object) each(key string, fn func(name string, at, n *node)) {
	n := o.n.get(key)
	if n == nil {
		return
	}
	if n.kind != mappingNode {
		o.f.at(n, "yaml-type", "write name: {…} pairs", "%s: %s must be a mapping", o.what, key)
		return
	}
	for _, e := range n.entries {
		if !idPattern.MatchString(e.key) {
			o.f.at(e.at(), "name-form", "lower case letters, digits and _, at most 64", "%s: %q is no name", o.what, e.key)
			continue
		}
		fn(e.key, e.at(), e.value)
	}
}

var workingTime = regexp.MustCompile(`^(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,2})m)?$`)

// budget reads working time such as 1d, 4h30m; a working day is eight hours.
func (o object) budget(key string) time.Duration {
	s := o.str(key)
	if s == "" {
		return 0
	}
	m := workingTime.FindStringSubmatch(s)
	if m == nil {
		o.f.at(o.n.get(key), "value-duration", "write 1d, 4h or 30m of working time", "%s: %s is no working time", o.what, key)
		return 0
	}
	var total time.Duration
	for i, unit := range []time.Duration{WorkingDay, time.Hour, time.Minute} {
		n, _ := strconv.Atoi(m[i+1]) // digits by the pattern; an absent part is 0
		total += time.Duration(n) * unit
	}
	return total
}
