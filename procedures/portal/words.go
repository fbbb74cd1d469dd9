package portal

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/calendar"
)

// words are the texts of one language by key. {name} stands for a value.
type words map[string]string

// maxWords bounds a file of words, in bytes.
const maxWords = 1 << 20

// loadWords reads both languages. A theme's file needs only the words that
// differ; what English lacks is shown in Vietnamese.
func loadWords(l laid) (map[string]words, error) {
	out := map[string]words{}
	for _, lang := range []string{"vi", "en"} {
		all := words{}
		for k, v := range out["vi"] {
			all[k] = v
		}
		for i, from := range []fs.FS{l.base, l.over} {
			if from == nil {
				continue
			}
			name := "words/" + lang + ".yaml"
			text, err := fs.ReadFile(from, name)
			if errors.Is(err, fs.ErrNotExist) && i == 1 {
				continue // the theme has no words of its own
			}
			if err != nil {
				return nil, fmt.Errorf("portal: theme: %w", err)
			}
			var some map[string]string
			if len(text) > maxWords {
				return nil, fmt.Errorf("portal: theme: %s has more than %d bytes", name, maxWords)
			}
			if err := yaml.Unmarshal(text, &some); err != nil {
				return nil, fmt.Errorf("portal: theme: %s: write key: text lines: %w", name, err)
			}
			for k, v := range some {
				all[k] = identity.NFC(v)
			}
		}
		out[lang] = all
	}
	return out, nil
}

// say gives the text of a key with its values put in: say("x", "name", "An")
// puts An for {name}. A missing key is an error of a template or of this package.
func (w words) say(key string, pairs ...any) (string, error) {
	text, ok := w[key]
	if !ok {
		return "", fmt.Errorf("no words for %q", key)
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("words %q: values come in pairs of name and value", key)
	}
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return text, nil
}

// t is say for keys known to be there; the key itself when one is not.
func (l *language) t(key string, pairs ...any) string {
	s, err := l.words.say(key, pairs...)
	if err != nil {
		return key
	}
	return s
}

// either gives the words of a key, or of another if a theme or the list of
// procedures brings what this package does not know.
func (l *language) either(key, other string) string {
	if s, ok := l.words[key]; ok {
		return s
	}
	return other
}

// text picks the language of a text that comes in both.
func (l *language) text(v any) (string, error) {
	var vi, en string
	switch x := v.(type) {
	case procedures.Text:
		vi, en = x.VI, x.EN
	case workflow.Reason:
		vi, en = x.VI, x.EN
	case *workflow.Reason:
		vi, en = x.VI, x.EN
	case identity.Reason:
		vi, en = x.VI, x.EN
	case identity.Text:
		vi, en = x.VI, x.EN
	case calendar.Reason:
		vi, en = x.VI, x.EN
	case esign.Reason:
		vi, en = x.VI, x.EN
	default:
		return "", fmt.Errorf("%T is no text of two languages", v)
	}
	if l.code == "en" && en != "" {
		return en, nil
	}
	return vi, nil
}

func (l *language) pick(t procedures.Text) string {
	s, _ := l.text(t)
	return s
}

// url puts the language before a path of the portal.
func (l *language) url(path string) string {
	if l.prefix != "" && path == "/" {
		return l.prefix
	}
	return l.prefix + path
}

// functions are what templates may call.
func (t *theme) functions(l *language, newID func() string) template.FuncMap {
	return template.FuncMap{
		"t":      l.words.say,
		"text":   l.text,
		"url":    l.url,
		"when":   l.when,
		"stamp":  func(t time.Time) string { return t.In(procedures.Zone).Format(time.RFC3339) },
		"day":    l.day,
		"dong":   l.dong,
		"number": l.number,
		"size":   l.size,
		"lang":   func() string { return l.code },
		"newKey": newID,
		"static": func(name string) (string, error) {
			at, ok := t.names[name]
			if !ok {
				return "", fmt.Errorf("the theme has no file %q", name)
			}
			return at, nil
		},
		"code": procedures.FormatLookupCode,
		"step": func(c *caseView, a actionView, to string) stepView { return stepView{c, a, to} },
	}
}
