package procedures

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// Layered joins folders: each top-level folder or file comes whole from the last
// argument that has it. Layered(National(), province) reads the national layer
// of the library and all layers of the province; a province that brings its own
// folder national replaces the library's.
func Layered(fsys ...fs.FS) fs.FS { return layered(fsys) }

type layered []fs.FS

func (l layered) owner(name string) fs.FS {
	top, _, _ := strings.Cut(name, "/")
	for _, f := range slices.Backward(l) {
		if _, err := fs.Stat(f, top); err == nil {
			return f
		}
	}
	return nil
}

// Open opens a file of whichever folder owns its top-level name.
func (l layered) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if name == "." && len(l) > 0 {
		return l[len(l)-1].Open(name)
	}
	if f := l.owner(name); f != nil {
		return f.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Stat asks the folder that owns the name: opening a pipe to ask it would wait for
// whoever writes to it.
func (l layered) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	if name == "." && len(l) > 0 {
		return fs.Stat(l[len(l)-1], name)
	}
	if f := l.owner(name); f != nil {
		return fs.Stat(f, name)
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists the top level of all folders together, and a folder of its owner.
func (l layered) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		if f := l.owner(name); f != nil {
			return fs.ReadDir(f, name)
		}
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var out []fs.DirEntry
	for _, f := range slices.Backward(l) {
		list, err := fs.ReadDir(f, ".")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range list {
			if !slices.ContainsFunc(out, func(x fs.DirEntry) bool { return x.Name() == e.Name() }) {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}
