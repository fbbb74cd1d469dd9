package oidcsim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/motcua/motcua/identity"
)

// stateFile holds what survives a restart.
const stateFile = "oidcsim.json"

// state is everything the simulator remembers. It is written as a whole after each
// change: a simulator has a handful of people.
type state struct {
	Key      []byte              `json:"key"` // PKCS #8
	KeyID    string              `json:"key_id"`
	Crypto   []byte              `json:"crypto"` // of opaque tokens and codes
	Requests map[string]*request `json:"requests"`
	Codes    map[string]string   `json:"codes"`    // code → request
	Tokens   map[string]*token   `json:"tokens"`   // by id
	Sessions map[string]*session `json:"sessions"` // by hash of the cookie
}

// token is an access token.
type token struct {
	Sub     string    `json:"sub"`
	Expires time.Time `json:"expires"`
}

// session is a browser's session at the provider.
type session struct {
	ID   string    `json:"id"` // sid
	Sub  string    `json:"sub"`
	Auth time.Time `json:"auth"`
}

// memory is the state with its lock and its file.
type memory struct {
	mu   sync.Mutex
	path string
	life time.Duration
	key  *rsa.PrivateKey
	s    state
}

func openMemory(dir string, life time.Duration) (*memory, error) {
	m := &memory{path: filepath.Join(dir, stateFile), life: life}
	data, err := os.ReadFile(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := m.create(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, identity.Errorf(identity.Unavailable, "simulator: %w", err)
	default:
		if err := json.Unmarshal(data, &m.s); err != nil {
			return nil, identity.Errorf(identity.Invalid, "simulator: %s is damaged (remove it to begin anew): %w", m.path, err)
		}
	}
	m.fill()
	key, err := x509.ParsePKCS8PrivateKey(m.s.Key)
	rsaKey, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok || len(m.s.Crypto) != 32 {
		return nil, identity.Errorf(identity.Invalid, "simulator: %s has no key (remove it to begin anew)", m.path)
	}
	m.key = rsaKey
	return m, nil
}

func (m *memory) create() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	if m.s.Key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return err
	}
	m.s.KeyID = rand.Text()
	m.s.Crypto = make([]byte, 32)
	_, _ = rand.Read(m.s.Crypto) // ends the process rather than fail
	m.fill()
	return m.save()
}

func (m *memory) fill() {
	if m.s.Requests == nil {
		m.s.Requests = map[string]*request{}
	}
	if m.s.Codes == nil {
		m.s.Codes = map[string]string{}
	}
	if m.s.Tokens == nil {
		m.s.Tokens = map[string]*token{}
	}
	if m.s.Sessions == nil {
		m.s.Sessions = map[string]*session{}
	}
}

// change runs fn under the lock and saves; nothing is saved when fn fails.
func (m *memory) change(fn func(*state) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := fn(&m.s); err != nil {
		return err
	}
	m.forget(time.Now())
	return m.save()
}

// read runs fn under the lock.
func (m *memory) read(fn func(*state)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fn(&m.s)
}

// requestLife is how long a person may look at the list.
const requestLife = time.Hour

func (m *memory) forget(now time.Time) {
	for id, r := range m.s.Requests {
		if now.Sub(r.Made) > requestLife {
			delete(m.s.Requests, id)
		}
	}
	for code, id := range m.s.Codes {
		if m.s.Requests[id] == nil {
			delete(m.s.Codes, code)
		}
	}
	for id, t := range m.s.Tokens {
		if now.After(t.Expires) {
			delete(m.s.Tokens, id)
		}
	}
	for id, s := range m.s.Sessions {
		if now.Sub(s.Auth) > m.life {
			delete(m.s.Sessions, id)
		}
	}
}

// save replaces the file as a whole, so that a kill leaves the old or the new one.
func (m *memory) save() error {
	data, err := json.Marshal(&m.s)
	if err != nil {
		return err
	}
	tmp, err := os.OpenFile(m.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return identity.Errorf(identity.Unavailable, "simulator: %w", err)
	}
	_, werr := tmp.Write(data)
	if err := errors.Join(werr, tmp.Sync(), tmp.Close()); err != nil {
		return identity.Errorf(identity.Unavailable, "simulator: %w", err)
	}
	if err := os.Rename(m.path+".new", m.path); err != nil {
		return identity.Errorf(identity.Unavailable, "simulator: %w", err)
	}
	return nil
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
