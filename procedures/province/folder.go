package province

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Folder is the data folder of one province: its SQLite file, its papers, its
// secrets, and what was chosen at its first start. A copy of it works.
type Folder struct {
	Dir  string
	lock *os.File
	kept kept
}

// kept is DIR/state.json.
type kept struct {
	// Date is the --date the folder was first started with, Offset the
	// distance of the law's clock from the machine's.
	Date   string `json:"date,omitempty"`
	Offset string `json:"offset,omitempty"`
	// Ports are the addresses chosen at first start, by what listens there.
	Ports map[string]string `json:"ports,omitempty"`
	// Secrets name what was made at first start, so that a lost one is told and
	// not replaced: what it sealed or signed would be lost with it.
	Secrets []string `json:"secrets,omitempty"`
	// Database says that the folder's own database was made: an empty one in its
	// place would give numbers of the register a second time.
	Database bool `json:"database,omitempty"`
}

// OpenFolder opens DIR as its owner and makes it if absent, readable by its
// user alone. A second server on the same folder gets a clear error.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs x
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(
			fmt.Errorf("data folder %s is in use by another process (stop it, let demo use it with --url ADDRESS, or use another --data)", dir),
			lock.Close(),
		)
	}
	f := &Folder{Dir: dir, lock: lock}
	if err := f.read(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return f, nil
}

// ReadFolder opens an existing folder for reading beside its owner, without a
// lock; nothing in it is made or changed.
func ReadFolder(dir string) (*Folder, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("data folder %s is not there (give the one a server was started with)", dir)
	}
	f := &Folder{Dir: dir}
	return f, f.read()
}

func (f *Folder) read() error {
	raw, err := os.ReadFile(f.Path("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &f.kept); err != nil {
		return fmt.Errorf("%s: %w (restore it from a copy)", f.Path("state.json"), err)
	}
	return nil
}

func (f *Folder) write() error {
	raw, err := json.MarshalIndent(f.kept, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(f.Path("state.json"), raw)
}

// WriteFile writes a private file so that it is there whole or not at all.
func WriteFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when it was renamed
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// Path returns the path of something in the folder.
func (f *Folder) Path(elem ...string) string {
	return filepath.Join(append([]string{f.Dir}, elem...)...)
}

// Close gives the folder up.
func (f *Folder) Close() error {
	if f.lock == nil {
		return nil
	}
	return f.lock.Close()
}

// Clock returns the folder's law clock. The first start fixes its distance from
// the machine's clock: by date if one is given, else none. Later a date must be
// the one of the first start, or be left out.
func (f *Folder) Clock(date string, machine func() time.Time) (*LawClock, error) {
	if f.kept.Offset == "" {
		offset := time.Duration(0)
		if date != "" {
			t, err := ParseDate(date)
			if err != nil {
				return nil, err
			}
			if t.Year() < 2000 || t.Year() > 2100 {
				return nil, fmt.Errorf("date %s: give a day between 2000 and 2100", date)
			}
			offset = t.Sub(machine())
		}
		f.kept.Date, f.kept.Offset = date, offset.String()
		if f.lock != nil {
			if err := f.write(); err != nil {
				return nil, err
			}
		}
		return NewLawClock(machine, offset), nil
	}
	if date != "" && date != f.kept.Date {
		was := f.kept.Date
		if was == "" {
			was = "today's"
		}
		return nil, fmt.Errorf("data folder %s was started with date %s, not %s (leave --date out, or use another --data)", f.Dir, was, date)
	}
	offset, err := time.ParseDuration(f.kept.Offset)
	if err != nil {
		return nil, fmt.Errorf("%s: offset: %w", f.Path("state.json"), err)
	}
	return NewLawClock(machine, offset), nil
}

// Listen listens at the address kept for name, at want if one is given, else at
// a free loopback port which is kept from then on.
func (f *Folder) Listen(name, want string) (net.Listener, error) {
	addr := want
	if addr == "" {
		addr = f.kept.Ports[name]
	}
	fresh := addr == ""
	if fresh {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%s cannot listen at %s: the port is taken by another process (stop it, or choose one with --listen)", name, addr)
		}
		return nil, fmt.Errorf("%s cannot listen at %s: %w", name, addr, err)
	}
	if fresh || strings.HasSuffix(want, ":0") {
		if f.kept.Ports == nil {
			f.kept.Ports = map[string]string{}
		}
		f.kept.Ports[name] = l.Addr().String()
		if err := f.write(); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// Secret returns n random bytes kept in the folder under name, made at first
// use.
func (f *Folder) Secret(name string, n int) ([]byte, error) {
	path := f.Path("secrets", name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && f.lock != nil { // a reader makes nothing
		if err := f.lost(name, path); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		key := make([]byte, n)
		rand.Read(key)
		if err := WriteFile(path, []byte(hex.EncodeToString(key)+"\n")); err != nil {
			return nil, err
		}
		return key, f.remember(name)
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != n {
		return nil, fmt.Errorf("secret %s is damaged: %d hex bytes are expected (restore it from a copy)", path, n)
	}
	return key, nil
}

// lost says that what was made once under a name is not in its file any more.
func (f *Folder) lost(name, path string) error {
	_, err := os.Stat(path)
	if slices.Contains(f.kept.Secrets, name) && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("secret %s is gone (restore it from a copy of the folder)", path)
	}
	return nil
}

// databaseFile is the folder's own database.
const databaseFile = "motcua.db"

// databaseLost says that the folder's own database, which was made once, is not
// there any more.
func (f *Folder) databaseLost() error {
	_, err := os.Stat(f.Path(databaseFile))
	if f.kept.Database && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("database %s is gone (restore it from a copy of the folder, or begin with another --data)", f.Path(databaseFile))
	}
	return nil
}

// rememberDatabase keeps that the folder's own database is there.
func (f *Folder) rememberDatabase() error {
	if f.kept.Database {
		return nil
	}
	f.kept.Database = true
	return f.write()
}

// remember keeps the name of a secret that is there now.
func (f *Folder) remember(name string) error {
	if slices.Contains(f.kept.Secrets, name) {
		return nil
	}
	f.kept.Secrets = append(f.kept.Secrets, name)
	return f.write()
}
