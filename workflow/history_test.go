package workflow

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The vectors of docs/history-v1.md, which an independent program made.
func TestHistoryVectors(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("docs/history-v1.md")
	require.NoError(t, err)
	published := strings.ReplaceAll(string(doc), "\n", "")
	salt, reversed := make([]byte, 16), make([]byte, 16)
	for i := range salt {
		salt[i], reversed[i] = byte(i), byte(15-i)
	}
	first := Entry{Dossier: "D1", Version: 1, At: time.UnixMicro(1731632400000000), Event: "start", To: "draft",
		Actor: Actor{ID: "p-7f3a", Kind: KindCitizen}, Procedure: "2.000815", MachineVersion: "2024-07-01",
		Owner: "p-7f3a", Unit: "H10.12", BodyDigest: DigestBody(salt, json.RawMessage("null")), Prev: make([]byte, 32)}
	assert.Equal(t, "00f1246f4996df972c7959bbf62575adf5593cbfd31b74d95a383f8f6205e6eb", hex.EncodeToString(first.BodyDigest))
	assert.Equal(t, "d72a153d63dd5c4cc0ec7c0d3f99b13b6456bd4c2e6aa700d4417b33b8a2ef59", hex.EncodeToString(HashEntry(&first)))
	assert.Contains(t, published, hex.EncodeToString(AppendEntry(nil, &first)))
	second := Entry{Dossier: "D1", Version: 2, At: time.UnixMicro(1731632460000001), Event: "receive", From: "draft", To: "received",
		Actor:     Actor{ID: "o-19", Kind: KindOfficial, Unit: "H10.12", OnBehalf: "p-7f3a", Roles: []string{"reception", "clerk"}},
		Procedure: "2.000815", MachineVersion: "2024-07-01", Owner: "p-7f3a", Ref: "H10.12-241115-0001", Unit: "H10.12",
		Due: time.UnixMicro(1731661200000000), BodyDigest: DigestBody(reversed, json.RawMessage(`{"reason":"Đủ giấy tờ"}`)),
		Prev: HashEntry(&first)}
	assert.Equal(t, "f9a0bf660f159aba769740867767bfae4270bc9bc6f4b297aa8851af87b1d072", hex.EncodeToString(second.BodyDigest))
	assert.Equal(t, "1dc54a5f9c5fd44c357782d1c16176808a37857c58ec054f6fecd6ee24ef1ad3", hex.EncodeToString(HashEntry(&second)))
	assert.Contains(t, published, hex.EncodeToString(AppendEntry(nil, &second)))
}

// No two different entries have one form: lengths keep neighbours apart.
func TestHistoryFormIsInjective(t *testing.T) {
	t.Parallel()
	gen := rapid.Custom(func(t *rapid.T) Entry {
		s := rapid.StringMatching(`[ab]{0,3}`)
		return Entry{Dossier: DossierID(s.Draw(t, "dossier")), Version: Version(rapid.Int64Range(0, 2).Draw(t, "version")),
			At: time.UnixMicro(rapid.Int64Range(0, 2).Draw(t, "at")), Event: s.Draw(t, "event"), From: s.Draw(t, "from"), To: s.Draw(t, "to"),
			Actor: Actor{ID: s.Draw(t, "actor"), Kind: s.Draw(t, "kind"), Unit: s.Draw(t, "actor unit"), OnBehalf: s.Draw(t, "behalf"),
				Roles: rapid.SliceOfN(s, 1, 2).Draw(t, "roles")},
			Procedure: s.Draw(t, "procedure"), MachineVersion: s.Draw(t, "machine"), Owner: s.Draw(t, "owner"), Ref: s.Draw(t, "ref"),
			Unit: s.Draw(t, "unit"), Due: fromMicros(rapid.Int64Range(0, 2).Draw(t, "due")),
			BodyDigest: []byte(s.Draw(t, "digest")), Prev: []byte(s.Draw(t, "prev"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		x, y := gen.Draw(t, "x"), gen.Draw(t, "y")
		if string(AppendEntry(nil, &x)) == string(AppendEntry(nil, &y)) {
			assert.Equal(t, x, y)
		}
	})
}
