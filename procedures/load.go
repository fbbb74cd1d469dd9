package procedures

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxFiles bounds one catalogue.
const maxFiles = 20_000

// Load reads a catalogue from the folders national/CODE.yaml, ministry/CODE.yaml,
// province/CODE.yaml and commune/UNIT/CODE.yaml, and statuses.yaml if there is one.
// A document that begins with code: defines a procedure, one with extends: lies
// over one; a file may hold several documents, each an edition with its own
// valid_from. Findings are faults of the text, ordered by file and line; the
// catalogue then holds only the procedures that have none. The error is for
// folders that can't be read.
func Load(fsys fs.FS) (*Catalogue, []Finding, error) { return LoadWith(fsys, nil) }

// LoadWith is [Load] with a province's own bindings or status list.
func LoadWith(fsys fs.FS, opts *Options) (*Catalogue, []Finding, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	l := &loader{fsys: fsys, opts: &o}
	if o.Statuses == nil {
		t, found, err := loadStatuses(fsys)
		if err != nil {
			return nil, nil, err
		}
		l.f.list = append(l.f.list, found...)
		if o.Statuses = t; t == nil {
			o.Statuses = Statuses()
		}
	}
	if err := l.elsewhere(); err != nil {
		return nil, nil, err
	}
	for _, layer := range layers {
		if err := l.layer(layer); err != nil {
			return nil, nil, err
		}
	}
	c := l.catalogue()
	return c, l.f.sorted(), nil
}

// Check is [Load] for those who only want to know what is wrong.
func Check(fsys fs.FS) []Finding {
	_, found, err := Load(fsys)
	if err != nil {
		found = append(found, Finding{File: ".", Rule: "file-read", Problem: err.Error(), Remedy: "give a folder that can be read"})
	}
	return found
}

type loader struct {
	fsys     fs.FS
	opts     *Options
	f        findings
	files    int
	bases    []*Procedure
	overlays []*Overlay
}

func (l *loader) layer(layer Layer) error {
	err := fs.WalkDir(l.fsys, string(layer), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !isYAML(name) {
			return nil
		}
		if l.files++; l.files > maxFiles {
			return &Error{CodeLimit, fmt.Sprintf("more than %d files; split the folder", maxFiles)}
		}
		return l.file(layer, name)
	})
	if isNotExist(err) {
		return nil // a catalogue need not have every layer
	}
	return err
}

// elsewhere names YAML files beside the layers, so that a misspelt folder is not
// silently left out.
func (l *loader) elsewhere() error {
	return fs.WalkDir(l.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(layers, Layer(name)) || name != "." && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || !isYAML(name) || name == "statuses.yaml":
			return nil
		}
		if l.files++; l.files > maxFiles {
			return &Error{CodeLimit, fmt.Sprintf("more than %d files; split the folder", maxFiles)}
		}
		l.f.add(name, 0, "file-place", "put it under national, ministry, province or commune/UNIT", "the file lies where none is read")
		return nil
	})
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

func (l *loader) file(layer Layer, name string) error {
	rest := strings.Split(strings.TrimPrefix(name, string(layer)+"/"), "/")
	unit := ""
	if layer == CommuneLayer && len(rest) == 2 {
		unit, rest = rest[0], rest[1:]
		if !unitPattern.MatchString(unit) {
			l.f.add(name, 0, "unit-form", "name the folder like H10.40.18", "the folder %q is no unit code", unit)
			return nil
		}
	}
	code, ok := strings.CutSuffix(rest[len(rest)-1], ".yaml")
	if len(rest) != 1 || !ok || (layer == CommuneLayer) != (unit != "") {
		l.f.add(name, 0, "file-place", "national/CODE.yaml, ministry/CODE.yaml, province/CODE.yaml or commune/UNIT/CODE.yaml",
			"the file lies where none is read")
		return nil
	}
	text, err := readLimited(l.fsys, name)
	if err != nil {
		return err
	}
	docs, flt := parseYAML(name, text)
	if flt != nil {
		l.f.add(name, flt.line, flt.rule, flt.remedy, "%s", flt.text)
		return nil
	}
	if len(docs) == 0 {
		l.f.add(name, 0, "file-form", "write a procedure (code:) or an overlay (extends:)", "the file is empty")
	}
	for _, n := range docs {
		l.document(layer, unit, code, n)
	}
	return nil
}

func (l *loader) document(layer Layer, unit, code string, n *node) {
	if n.kind != mappingNode || (n.get("code") == nil) == (n.get("extends") == nil) {
		l.f.at(n, "file-form", "begin with code: to define, or extends: to lie over a procedure",
			"the document is neither a procedure nor an overlay")
		return
	}
	if n.get("extends") != nil {
		if layer == NationalLayer {
			l.f.at(n.get("extends"), "file-place", "put it under ministry, province or commune",
				"the national layer has nothing to extend")
			return
		}
		l.named(n.get("extends"), code)
		l.overlays = append(l.overlays, newOverlay(n, layer, unit, &l.f))
		return
	}
	if layer == CommuneLayer {
		l.f.at(n.get("code"), "file-place", "define it in the province's folder", "a commune can't define a procedure")
		return
	}
	l.named(n.get("code"), code)
	p, found := build(n, l.opts)
	l.f.list = append(l.f.list, found...)
	if p == nil {
		return
	}
	for _, other := range l.bases {
		if other.Code == p.Code && overlaps(other.Valid, p.Valid) {
			l.f.at(n.get("valid_from"), "edition-overlap", "end the earlier edition the day before with valid_to",
				"%s is defined twice for the same day (%s:%d)", p.Code, other.root.file, other.root.line)
			return
		}
	}
	l.bases = append(l.bases, p)
}

func (l *loader) named(n *node, code string) {
	if n.value != code {
		l.f.at(n, "file-name", "name the file after its code", "the file is called %s.yaml and speaks of %s", code, n.value)
	}
}

func readLimited(fsys fs.FS, name string) (text []byte, err error) {
	info, err := fs.Stat(fsys, name) // before opening: a pipe would never end
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, maxFileBytes+1))
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// ParseOverlays reads overlay documents outside a folder, for [Extend]. unit is
// empty but for a commune's overlay.
func ParseOverlays(file string, text []byte, layer Layer, unit string) ([]*Overlay, []Finding) {
	docs, f := parseDocuments(file, text)
	var out []*Overlay
	for _, n := range docs {
		if n.kind != mappingNode || n.get("extends") == nil {
			f.at(n, "file-form", "begin with extends:", "the document is no overlay")
			continue
		}
		out = append(out, newOverlay(n, layer, unit, f))
	}
	if len(f.list) > 0 {
		return nil, f.sorted()
	}
	return out, nil
}

// ParseProcedures reads definitions outside a folder, one a document; opts may be nil.
func ParseProcedures(file string, text []byte, opts *Options) ([]*Procedure, []Finding) {
	docs, f := parseDocuments(file, text)
	var out []*Procedure
	for _, n := range docs {
		p, found := build(n, opts)
		f.list = append(f.list, found...)
		out = append(out, p)
	}
	if len(f.list) > 0 {
		return nil, f.sorted()
	}
	return out, nil
}

func parseDocuments(file string, text []byte) ([]*node, *findings) {
	f := &findings{}
	docs, flt := parseYAML(file, text)
	if flt != nil {
		f.add(file, flt.line, flt.rule, flt.remedy, "%s", flt.text)
	}
	return docs, f
}
