package phonesim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// state is how far a transaction is at the service.
type state string

const (
	waiting state = "waiting"
	signed  state = "signed"
	refused state = "refused"
	expired state = "expired"
)

// transaction is one file of the folder.
type transaction struct {
	Holder      string    `json:"holder"`
	Transaction string    `json:"transaction"`
	Fingerprint string    `json:"fingerprint"` // of the request, in hex
	Hash        uint      `json:"hash"`
	Scheme      int       `json:"scheme"`
	Items       []item    `json:"items"`
	State       state     `json:"state"`
	Expires     time.Time `json:"expires"`
	Signatures  [][]byte  `json:"signatures,omitempty"`
}

type item struct {
	Name   string `json:"name"`
	Digest []byte `json:"digest"`
}

// credential is one holder's file.
type credential struct {
	PKCS12   []byte `json:"pkcs12"`
	Password string `json:"password"`
	PIN      string `json:"pin"`
}

// read reads a file of the folder; what does not exist leaves v as it is.
func (s *Server) read(name string, v any) (found bool, err error) {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("phonesim: %s is damaged: %w", name, err)
	}
	return true, nil
}

// write replaces a file, complete or not at all, and only returns once it would
// survive a power cut.
func (s *Server) write(name string, v any) (err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(s.dir, name))
}

const transactionPrefix = "tx-"

func transactionFile(handle string) string { return transactionPrefix + handle + ".json" }

// handles lists the transactions of the folder.
func (s *Server) handles() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Name(), transactionPrefix); ok {
			out = append(out, strings.TrimSuffix(name, ".json"))
		}
	}
	return out, nil
}

// plainName says whether a string is safe as part of a file's name.
func plainName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}
