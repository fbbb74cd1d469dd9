package directory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
)

// Options are the options of Open; nil means defaults.
type Options struct {
	// Poll is how often Watch looks at the files. A change is in force after two
	// looks that see the same, so that a file half written is not read: an official
	// who is removed loses access within twice this time. Default 250 ms.
	Poll time.Duration
	// Log receives what was reloaded and what is wrong. Default none.
	Log *zap.Logger
}

// Live is a directory that follows its files. While the files are faulty the last
// good state stays in force. It may be used concurrently.
type Live struct {
	fsys   fs.FS
	o      Options
	policy *identity.Policy
	now    atomic.Pointer[Directory]

	mu   sync.Mutex // one reload at a time
	seen fingerprint
	list []Finding
}

// Open loads a directory. With faults it returns the findings and an error of code
// Invalid: a server does not start without knowing who may do what.
func Open(fsys fs.FS, o *Options) (*Live, []Finding, error) {
	l := &Live{fsys: fsys, policy: identity.NewPolicy(nil)}
	if o != nil {
		l.o = *o
	}
	l.o.Poll = cmp.Or(l.o.Poll, 250*time.Millisecond)
	if l.o.Log == nil {
		l.o.Log = zap.NewNop()
	}
	_, list, err := l.Reload()
	if err != nil {
		return nil, list, err
	}
	return l, list, nil
}

// Directory returns the state in force. Ask again for each request.
func (l *Live) Directory() *Directory { return l.now.Load() }

// Policy returns the policy, which follows the files by itself.
func (l *Live) Policy() *identity.Policy { return l.policy }

// Findings returns what the last look at the files found.
func (l *Live) Findings() []Finding {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list
}

// Reload reads the files now if they changed since they were read last. With
// faults the former state stays, changed is false and the error has code Invalid.
func (l *Live) Reload() (changed bool, list []Finding, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, err := look(l.fsys)
	if err != nil {
		return false, l.list, err
	}
	if l.now.Load() != nil && seen == l.seen {
		return false, l.list, nil
	}
	d, list, err := Load(l.fsys)
	if err != nil {
		return false, l.list, err
	}
	l.seen, l.list = seen, list
	if d == nil {
		for _, f := range list {
			if !f.Warning {
				return false, list, identity.Errorf(identity.Invalid, "the directory has faults, the first: %s", f)
			}
		}
	}
	l.now.Store(d)
	l.policy.Replace(d.Table())
	return true, list, nil
}

// Watch follows the files until ctx ends; it returns nil then. An fs.FS that never
// changes, such as an embedded one, costs a look at its names.
func (l *Live) Watch(ctx context.Context) error {
	tick := time.NewTicker(l.o.Poll)
	defer tick.Stop()
	var pending fingerprint
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		seen, err := look(l.fsys)
		switch {
		case err != nil:
			if !failing {
				l.o.Log.Warn("the directory's files cannot be read, the last state stays in force", zap.Error(err))
			}
			pending, failing = fingerprint{}, true
			continue
		case seen == l.last():
			pending = fingerprint{}
			continue
		case seen != pending:
			pending = seen
			continue
		}
		pending, failing = fingerprint{}, false
		changed, list, err := l.Reload()
		l.report(changed, list, err)
	}
}

func (l *Live) last() fingerprint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

func (l *Live) report(changed bool, list []Finding, err error) {
	switch {
	case err != nil:
		l.o.Log.Error("the directory is not reloaded, the last state stays in force", zap.Error(err), zap.Int("findings", len(list)))
	case changed:
		l.o.Log.Info("directory reloaded", zap.Int("warnings", len(list)))
	}
}

// SignedIn returns the official a provider's subject means, with the posts held at
// t; false when there is none or no post is held: nobody signs in without one.
func (l *Live) SignedIn(issuer, subject string, t time.Time) (*identity.Person, bool) {
	o, ok := l.Directory().Login(issuer, subject)
	if !ok {
		return nil, false
	}
	return l.policy.Official(o.ID, t)
}

// Serving returns an official by ID with the posts held at t, under the same rule.
func (l *Live) Serving(id string, t time.Time) (*identity.Person, bool) {
	return l.policy.Official(id, t)
}

// fingerprint changes when a file does.
type fingerprint [sha256.Size]byte

// wholeLimit is up to how many bytes contents are compared, too: times alone miss
// a file that is replaced by one of the same size and time.
const wholeLimit = 1 << 20

// look takes the fingerprint of the files.
func look(fsys fs.FS) (fingerprint, error) {
	var out fingerprint
	files, err := yamlFiles(fsys)
	if err != nil {
		return out, err
	}
	h := sha256.New()
	var total int64
	for _, name := range files {
		st, err := fs.Stat(fsys, name)
		if err != nil {
			return out, identity.Errorf(identity.Unavailable, "directory: %s cannot be read: %w", name, err)
		}
		total += st.Size()
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], uint64(st.Size()))
		binary.BigEndian.PutUint64(b[8:], uint64(st.ModTime().UnixNano()))
		_, _ = io.WriteString(h, name+"\x00")
		_, _ = h.Write(b[:])
	}
	for _, name := range files {
		if total > wholeLimit {
			break
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return out, err
		}
		_, _ = h.Write(data)
	}
	return fingerprint(h.Sum(nil)), nil
}
