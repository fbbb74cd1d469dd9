package identity

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// vaultFile is the name of the key file in a data folder.
const vaultFile = "identity.key"

const vaultHeader = "motcua-vault-v1"

// ParseVaultKeys reads the text of a key file: a first line `motcua-vault-v1`,
// one line `find HEX`, one or more lines `seal HEX`, the current key first. Empty
// lines and lines that begin with # are skipped.
func ParseVaultKeys(text []byte) (VaultKeys, error) {
	var keys VaultKeys
	if len(text) > 1<<16 {
		return keys, Errorf(Invalid, "the vault's keys are longer than 64 KiB")
	}
	sc := bufio.NewScanner(bytes.NewReader(text))
	header := false
	for line := 1; sc.Scan(); line++ {
		s := strings.TrimSpace(sc.Text())
		if s == "" || s[0] == '#' {
			continue
		}
		if !header {
			if s != vaultHeader {
				return keys, Errorf(Invalid, "the vault's keys begin with a line %s", vaultHeader)
			}
			header = true
			continue
		}
		kind, value, _ := strings.Cut(s, " ")
		key, err := hex.DecodeString(strings.TrimSpace(value))
		if err != nil || len(key) != keySize {
			return keys, Errorf(Invalid, "line %d of the vault's keys is not a name and %d hex digits", line, 2*keySize)
		}
		switch {
		case kind == "find" && keys.Find == nil:
			keys.Find = key
		case kind == "seal":
			keys.Seal = append(keys.Seal, key)
		default:
			return keys, Errorf(Invalid, "line %d of the vault's keys: one find line and any number of seal lines", line)
		}
	}
	if err := sc.Err(); err != nil {
		return keys, Errorf(Invalid, "the vault's keys cannot be read: %w", err)
	}
	if keys.Find == nil || len(keys.Seal) == 0 {
		return keys, Errorf(Invalid, "the vault's keys lack a find or a seal line")
	}
	return keys, nil
}

// Text returns the keys in the form ParseVaultKeys reads.
func (k VaultKeys) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nfind %x\n", vaultHeader, k.Find)
	for _, s := range k.Seal {
		fmt.Fprintf(&b, "seal %x\n", s)
	}
	return b.Bytes()
}

// Format keeps the keys out of logs.
func (k VaultKeys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("identity.VaultKeys")) }

// NewVaultKeys makes random keys.
func NewVaultKeys() VaultKeys {
	k := VaultKeys{Find: make([]byte, keySize), Seal: [][]byte{make([]byte, keySize)}}
	// crypto/rand never fails: it ends the process instead.
	_, _ = rand.Read(k.Find)
	_, _ = rand.Read(k.Seal[0])
	return k
}

// OpenVault opens the vault whose keys lie in dir/identity.key. If the file is
// missing it is made with random keys, mode 0600, and synced before OpenVault
// returns. Losing it loses every sealed citizen id: back it up apart from the
// database. Two processes that start at once on one folder end with one file.
func OpenVault(dir string) (*Vault, error) {
	v, err := ReadVault(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return v, err
	}
	if err := createVault(dir, filepath.Join(dir, vaultFile)); err != nil {
		return nil, Errorf(Unavailable, "the vault's key file cannot be made: %w", err)
	}
	return ReadVault(dir)
}

// ReadVault is OpenVault without making anything, for an audit: a missing file is
// an error of code Unavailable that is fs.ErrNotExist, too.
func ReadVault(dir string) (*Vault, error) {
	text, err := os.ReadFile(filepath.Join(dir, vaultFile))
	if err != nil {
		return nil, Errorf(Unavailable, "the vault's key file cannot be read: %w", err)
	}
	keys, err := ParseVaultKeys(text)
	if err != nil {
		return nil, err
	}
	return NewVault(keys)
}

// createVault writes a temporary file and links it into place, which fails when
// another process was faster; then that one's file counts.
func createVault(dir, path string) (err error) {
	tmp, err := os.CreateTemp(dir, vaultFile+".*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, werr := tmp.Write(NewVaultKeys().Text())
	if werr = errors.Join(werr, tmp.Sync(), tmp.Close()); werr != nil {
		return werr
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
