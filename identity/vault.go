package identity

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// VaultKeys are the secrets of a Vault; each key is 32 random bytes. They are kept
// outside the database: whoever has only the database, or a backup of it, can
// neither look up nor read a citizen id.
type VaultKeys struct {
	// Find keys the hashes by which a citizen id is found and the marks of rows.
	// It cannot be changed without hashing every row again.
	Find []byte
	// Seal are the keys of sealed values. The first seals, all of them open: a
	// new key is put in front, the former ones stay behind it.
	Seal [][]byte
}

// Vault keeps personal values at rest: a keyed hash (HMAC-SHA-256) to find one,
// a sealed value (AES-256-GCM) to show it. It is immutable and may be used
// concurrently.
type Vault struct {
	find, row []byte
	seals     []sealKey
}

type sealKey struct {
	id   [4]byte
	aead cipher.AEAD
}

// sealVersion is the first byte of a sealed value; the next four name the key.
const (
	sealVersion = 1
	sealHeader  = 5
	keySize     = 32
)

// NewVault makes a vault from its keys.
func NewVault(keys VaultKeys) (*Vault, error) {
	if len(keys.Find) != keySize || len(keys.Seal) == 0 {
		return nil, Errorf(Invalid, "a vault needs a find key and a seal key of %d bytes each", keySize)
	}
	v := &Vault{}
	var err error
	if v.find, err = subkey(keys.Find, "motcua identity find v1"); err != nil {
		return nil, err
	}
	if v.row, err = subkey(keys.Find, "motcua identity row v1"); err != nil {
		return nil, err
	}
	for _, k := range keys.Seal {
		s, err := newSealKey(k)
		if err != nil {
			return nil, err
		}
		v.seals = append(v.seals, s)
	}
	return v, nil
}

func subkey(secret []byte, info string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, info, keySize)
}

func newSealKey(secret []byte) (sealKey, error) {
	if len(secret) != keySize {
		return sealKey{}, Errorf(Invalid, "a seal key has %d bytes (got %d)", keySize, len(secret))
	}
	key, err := subkey(secret, "motcua identity seal v1")
	if err != nil {
		return sealKey{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealKey{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealKey{}, err
	}
	name, err := hkdf.Key(sha256.New, secret, nil, "motcua identity seal id v1", 4)
	if err != nil {
		return sealKey{}, err
	}
	return sealKey{id: [4]byte(name), aead: aead}, nil
}

// Hash returns the keyed hash under which a value is found. The kind keeps equal
// texts of different meaning apart ("citizen", "subject"). The same value always
// gives the same 32 bytes, so whoever has the database sees which rows are equal
// and nothing more.
func (v *Vault) Hash(kind string, parts ...string) []byte {
	return mac(v.find, kind, parts...)
}

// HashCitizenID is Hash of a citizen id.
func (v *Vault) HashCitizenID(c CitizenID) []byte { return v.Hash("citizen", c.Reveal()) }

// Mark returns the keyed sum of a row, by which an audit sees that someone without
// the key changed it.
func (v *Vault) Mark(table string, parts ...string) []byte {
	return mac(v.row, table, parts...)
}

// mac prefixes each part with its length, so that no two lists of parts read alike.
func mac(key []byte, kind string, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	write := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		_, _ = h.Write(n[:])
		_, _ = h.Write([]byte(s))
	}
	write(kind)
	for _, p := range parts {
		write(p)
	}
	return h.Sum(nil)
}

// Seal encrypts plain for one place, such as "people/c-7h2k/name"; only Open with
// the same place returns it, so a value copied to another row does not open.
func (v *Vault) Seal(place string, plain []byte) []byte {
	k := v.seals[0]
	out := append([]byte{sealVersion}, k.id[:]...)
	return k.aead.Seal(out, nil, plain, []byte(place))
}

// Open returns what Seal sealed for the place. The error is of code Tampered when
// the value was altered, belongs to another place or its key is missing.
func (v *Vault) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < sealHeader || sealed[0] != sealVersion {
		return nil, Errorf(Tampered, "the sealed value of %s is not one of ours", place)
	}
	for _, k := range v.seals {
		if !bytes.Equal(k.id[:], sealed[1:sealHeader]) {
			continue
		}
		plain, err := k.aead.Open(nil, nil, sealed[sealHeader:], []byte(place))
		if err != nil {
			return nil, Errorf(Tampered, "the sealed value of %s was altered", place)
		}
		return plain, nil
	}
	return nil, Errorf(Tampered, "the key of the sealed value of %s is missing (add it behind the seal keys)", place)
}

// SealCitizenID is Seal of a citizen id.
func (v *Vault) SealCitizenID(place string, c CitizenID) []byte {
	return v.Seal(place, []byte(c.Reveal()))
}

// OpenCitizenID is Open of a citizen id.
func (v *Vault) OpenCitizenID(place string, sealed []byte) (CitizenID, error) {
	plain, err := v.Open(place, sealed)
	if err != nil {
		return CitizenID{}, err
	}
	id, err := ParseCitizenID(string(plain))
	if err != nil {
		return CitizenID{}, Errorf(Tampered, "the sealed value of %s is no citizen id", place)
	}
	return id, nil
}

// String keeps keys out of logs.
func (v *Vault) String() string { return "identity.Vault" }

// GoString keeps keys out of %#v.
func (v *Vault) GoString() string { return "identity.Vault" }

// Format keeps keys out of every verb.
func (v *Vault) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("identity.Vault")) }
