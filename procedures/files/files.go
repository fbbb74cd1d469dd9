package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DefaultMaxBytes is the size limit of one file when Options name none: 64 MiB,
// above the 20 MB an upload may have, for what is made from it.
const DefaultMaxBytes = 64 << 20

// Folders below the store's own: contents by their first two digits, and files
// still being written.
const (
	contentDir = "sha256"
	partialDir = "partial"
)

// Options of a store; nil means the defaults.
type Options struct {
	// MaxBytes is the most one file may have; 0 means DefaultMaxBytes.
	MaxBytes int64
}

// Store keeps files in a folder. All methods may be called concurrently, also
// by several stores over one folder.
type Store struct {
	dir string
	max int64
}

// Open makes the folder (0700) if it isn't there and removes what a stopped
// process left half written. Only the process that owns the folder may call
// it; a reader uses [OpenReadOnly].
func Open(dir string, o *Options) (*Store, error) {
	s := newStore(dir, o)
	for _, d := range s.folders() {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, &Error{CodeStorage, "make the folder " + d, err}
		}
	}
	left, err := os.ReadDir(s.path(partialDir))
	if err != nil {
		return nil, &Error{CodeStorage, "read the folder " + s.path(partialDir), err}
	}
	for _, e := range left {
		if err := os.Remove(s.path(partialDir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{CodeStorage, "remove a half-written file", err}
		}
	}
	for _, d := range []string{s.path(contentDir), dir, filepath.Dir(dir)} {
		if err := syncDir(d); err != nil {
			return nil, &Error{CodeStorage, "sync the folder " + d, err}
		}
	}
	return s, nil
}

// folders lists every folder of the store. All 256 content folders are made
// and synced before the first Put, so that no Put depends on a folder whose own
// entry another Put has yet to sync.
func (s *Store) folders() []string {
	out := []string{s.dir, s.path(partialDir), s.path(contentDir)}
	for i := range 256 {
		out = append(out, s.path(contentDir, fmt.Sprintf("%02x", i)))
	}
	return out
}

// OpenReadOnly changes nothing in the folder, which may belong to a running
// server; Put then fails where the folders are absent.
func OpenReadOnly(dir string, o *Options) *Store { return newStore(dir, o) }

func newStore(dir string, o *Options) *Store {
	s := &Store{dir: dir, max: DefaultMaxBytes}
	if o != nil && o.MaxBytes > 0 {
		s.max = o.MaxBytes
	}
	return s
}

func (s *Store) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// place is where a reference's content lies.
func (s *Store) place(ref string) string { return s.path(contentDir, ref[:2], ref) }

// Put stores what r gives and returns its reference, the SHA-256 as 64 lower
// case hex digits. The file and its folder entry are synced before Put returns.
// Storing the same content again gives the same reference and costs no space.
// [ErrTooLarge] when r gives more than the limit; nothing is kept then.
func (s *Store) Put(ctx context.Context, r io.Reader) (ref string, err error) {
	tmp, err := os.CreateTemp(s.path(partialDir), "put-*")
	if err != nil {
		return "", &Error{CodeStorage, "make a file", err}
	}
	kept := false
	defer func() {
		if !kept {
			_ = os.Remove(tmp.Name()) // Open removes it at the latest
		}
	}()
	ref, err = s.fill(ctx, tmp, r)
	if closeErr := tmp.Close(); err == nil && closeErr != nil {
		err = &Error{CodeStorage, "close a file", closeErr}
	}
	if err != nil {
		return "", err
	}
	if err := s.settle(tmp.Name(), ref); err != nil {
		return "", err
	}
	kept = true
	return ref, nil
}

func (s *Store) fill(ctx context.Context, tmp *os.File, r io.Reader) (string, error) {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, sum), &reader{ctx, io.LimitReader(r, s.max+1)})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", &Error{CodeStorage, "store a file", err}
	case n > s.max:
		return "", &Error{CodeTooLarge, fmt.Sprintf("the file has more than %d bytes; make it smaller or raise the limit", s.max), nil}
	}
	if err := tmp.Chmod(0o400); err != nil {
		return "", &Error{CodeStorage, "protect a file", err}
	}
	if err := tmp.Sync(); err != nil {
		return "", &Error{CodeStorage, "sync a file", err}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// settle moves the file to its place and makes the move durable. When the
// content is there already, the rename replaces it by the same bytes, which
// also heals a file that was damaged.
func (s *Store) settle(tmp, ref string) error {
	if err := os.Rename(tmp, s.place(ref)); err != nil {
		return &Error{CodeStorage, "move a file to its place", err}
	}
	if err := syncDir(filepath.Dir(s.place(ref))); err != nil {
		return &Error{CodeStorage, "sync a folder", err}
	}
	return nil
}

// Open reads a stored file. The content is checked against the reference while
// it is read: the read that would give io.EOF gives [ErrDamaged] instead when
// the bytes are not those that were stored. [ErrNotFound] when there is none,
// [ErrInvalid] when ref is no reference.
func (s *Store) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !ValidRef(ref) {
		return nil, &Error{CodeInvalid, "a reference is 64 lower case hex digits", nil}
	}
	f, err := os.Open(s.place(ref))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{CodeNotFound, "file " + ref, err}
	}
	if err != nil {
		return nil, &Error{CodeStorage, "open file " + ref, err}
	}
	return &checked{file: f, ctx: ctx, sum: sha256.New(), ref: ref}, nil
}

// ValidRef says whether ref has the form of a reference; it keeps paths such as
// ../x out of the folder.
func ValidRef(ref string) bool {
	return len(ref) == 2*sha256.Size && strings.Trim(ref, "0123456789abcdef") == ""
}

func syncDir(dir string) (err error) {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}
