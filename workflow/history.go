package workflow

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// Entry is one line of a dossier's history. Everything but Body is covered by
// Hash; Body and its salt are kept apart, where they can be erased without
// breaking the chain.
type Entry struct {
	// ID names the entry, and so the effects it calls for, for ever.
	ID      string    `json:"id"`
	Dossier DossierID `json:"dossier"`
	Version Version   `json:"version"`
	// At is the law's clock, UTC, to the microsecond.
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	From  string    `json:"from"`
	To    string    `json:"to"`
	Actor Actor     `json:"actor"`
	// Procedure and MachineVersion name the machine that decided.
	Procedure      string `json:"procedure"`
	MachineVersion string `json:"machine_version"`
	// Owner, Ref, Unit and Due are the dossier's properties after the move.
	Owner string    `json:"owner,omitempty"`
	Ref   string    `json:"ref,omitempty"`
	Unit  string    `json:"unit,omitempty"`
	Due   time.Time `json:"due,omitzero"`
	// BodyDigest is SHA-256 over salt and body.
	BodyDigest []byte `json:"body_digest"`
	// Prev is the hash of the entry before, 32 zero bytes for the first.
	Prev []byte `json:"prev"`
	// Hash is SHA-256 over the encoded entry.
	Hash []byte `json:"hash"`
	// Body is what the actor sent; nil once erased, and in a [Result].
	Body json.RawMessage `json:"body,omitempty"`
}

// StartEvent is the event of every dossier's first entry.
const StartEvent = "start"

// entryPrefix separates these hashes from every other use of SHA-256 and names
// the version of the form.
const entryPrefix = "motcua/workflow/history\x01"

// AppendEntry appends the binary form of an entry, version 1, to b: what is
// hashed into the chain. docs/history-v1.md gives the form and its vectors.
func AppendEntry(b []byte, e *Entry) []byte {
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	num := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	b = append(b, entryPrefix...)
	text(string(e.Dossier))
	num(int64(e.Version))
	num(e.At.UnixMicro())
	text(e.Event)
	text(e.From)
	text(e.To)
	text(e.Actor.ID)
	text(e.Actor.Kind)
	text(e.Actor.Unit)
	text(e.Actor.OnBehalf)
	num(int64(len(e.Actor.Roles)))
	for _, r := range e.Actor.Roles {
		text(r)
	}
	text(e.Procedure)
	text(e.MachineVersion)
	text(e.Owner)
	text(e.Ref)
	text(e.Unit)
	num(micros(e.Due))
	text(string(e.BodyDigest))
	text(string(e.Prev))
	return b
}

// HashEntry returns the hash that the next entry of the dossier refers to.
func HashEntry(e *Entry) []byte {
	sum := sha256.Sum256(AppendEntry(nil, e))
	return sum[:]
}

// DigestBody returns the digest an entry keeps of its body. The salt, 16 random
// bytes, goes with the body when it is erased, so that the digest then tells
// nothing about a body somebody might guess.
func DigestBody(salt []byte, body json.RawMessage) []byte {
	b := append([]byte("motcua/workflow/body\x01"), salt...)
	sum := sha256.Sum256(append(b, body...))
	return sum[:]
}

// EntryID returns the id of a dossier's entry of some version.
func EntryID(d DossierID, v Version) string { return fmt.Sprintf("%s/%d", d, v) }

// micros is how times are stored: UTC microseconds, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
