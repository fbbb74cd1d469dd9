package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

//go:embed all:theme
var embedded embed.FS

// theme is what pages are made from, read once.
type theme struct {
	vi, en *language
	static map[string]asset // by the path it is served under
	names  map[string]string
}

type asset struct {
	kind    string
	content []byte
}

// language is one language's words and pages.
type language struct {
	formats
	code   string // "vi" or "en", as in <html lang>
	prefix string // "" or "/en", before every path
	words  words
	pages  map[string]*template.Template
}

// laid is a folder laid over another, file by file.
type laid struct{ over, base fs.FS }

func (l laid) read(name string) ([]byte, error) {
	if l.over != nil {
		b, err := fs.ReadFile(l.over, name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return fs.ReadFile(l.base, name)
}

func loadTheme(over fs.FS, newID func() string) (*theme, error) {
	base, err := fs.Sub(embedded, "theme")
	if err != nil {
		return nil, err
	}
	l := laid{over, base}
	t := &theme{static: map[string]asset{}, names: map[string]string{}}
	if err := t.loadStatic(l); err != nil {
		return nil, err
	}
	words, err := loadWords(l)
	if err != nil {
		return nil, err
	}
	t.vi = &language{code: "vi", words: words["vi"]}
	t.en = &language{code: "en", prefix: "/en", words: words["en"], formats: formats{english: true}}
	for _, lang := range []*language{t.vi, t.en} {
		if err := t.loadPages(l, lang, newID); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// staticRoot is where files of the theme lie. Their names hold a hash of the
// content, so they may be kept for ever.
const staticRoot = "/tinh/"

func (t *theme) loadStatic(l laid) error {
	var css []byte
	for _, name := range []string{"static/colours.css", "static/style.css"} { // one request in place of two
		b, err := l.read(name)
		if err != nil {
			return fmt.Errorf("portal: theme: %w", err)
		}
		css = append(css, b...)
	}
	t.add("style.css", "text/css; charset=utf-8", css)
	logo, err := l.read("static/logo.svg")
	if err != nil {
		return fmt.Errorf("portal: theme: %w", err)
	}
	t.add("logo.svg", "image/svg+xml", logo)
	return nil
}

func (t *theme) add(name, kind string, content []byte) {
	sum := sha256.Sum256(content)
	at := staticRoot + hex.EncodeToString(sum[:8]) + "/" + name
	t.static[at], t.names[name] = asset{kind, content}, at
}

func (t *theme) loadPages(l laid, lang *language, newID func() string) error {
	names, err := fs.Glob(l.base, "templates/*.html")
	if err != nil {
		return err
	}
	shared := template.New("").Option("missingkey=error").Funcs(t.functions(lang, newID))
	lang.pages = map[string]*template.Template{}
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			if err := parse(shared, l, name); err != nil {
				return err
			}
		}
	}
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		page, err := shared.Clone()
		if err != nil {
			return err
		}
		if err := parse(page, l, name); err != nil {
			return err
		}
		lang.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return nil
}

func parse(t *template.Template, l laid, name string) error {
	text, err := l.read(name)
	if err != nil {
		return fmt.Errorf("portal: theme: %w", err)
	}
	if _, err := t.New(name).Parse(string(text)); err != nil {
		return fmt.Errorf("portal: theme: %w", err)
	}
	return nil
}
