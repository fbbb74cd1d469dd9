package workflow

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit recounts the module's tables from one snapshot, beside running writers,
// and returns everything that is wrong, named by table and row: a chain that
// does not hold, a version left out, a dossier that is not what its history
// says, a body that is not the one digested, a key or a message that belongs to
// no entry. It finds accidents and partial edits; whoever owns the database can
// rewrite a whole chain, which only a checkpoint kept elsewhere would show.
func (e *Engine) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	a := &auditor{e: e, first: map[DossierID]time.Time{}, last: map[DossierID]*Entry{}}
	err := e.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, step := range []func(context.Context, *sql.Tx) error{a.history, a.dossiers, a.payloads, a.keys, a.messages} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	return a.Found, err
}

type auditor struct {
	sqlkit.Recount
	e     *Engine
	first map[DossierID]time.Time // when each chain began
	last  map[DossierID]*Entry    // the last entry of each chain
}

func (a *auditor) history(ctx context.Context, tx *sql.Tx) error {
	const table = "workflow_history"
	const order = " ORDER BY h.dossier_id, h.version"
	return a.Each(ctx, tx, table, 2, "SELECT "+entryColumns+entryFrom+order, func(scan func(...any) error) error {
		en, salt, err := scanEntry(scan)
		if err != nil {
			return err
		}
		prev := a.last[en.Dossier]
		want := &Entry{Hash: make([]byte, 32)}
		if prev != nil {
			want = prev
		}
		switch {
		case en.Version != want.Version+1:
			a.Bad(table, en.ID, "the line before it, version %d, is missing", en.Version-1)
		case !bytes.Equal(en.Prev, want.Hash):
			a.Bad(table, en.ID, "it does not refer to the line before it")
		case en.From != want.To:
			a.Bad(table, en.ID, "it leaves state %q, but the line before it led to %q", en.From, want.To)
		}
		if !bytes.Equal(HashEntry(en), en.Hash) {
			a.Bad(table, en.ID, "its hash does not match its content")
		}
		if salt != nil && !bytes.Equal(DigestBody(salt, en.Body), en.BodyDigest) {
			a.Bad("workflow_payloads", en.ID, "the body is not the one the history digested")
		}
		a.legal(en)
		if en.Version == 1 {
			a.first[en.Dossier] = en.At
		}
		en.Body = nil // up to a megabyte, and checked
		a.last[en.Dossier] = en
		return nil
	})
}

// legal checks the move against its machine, where that is loaded.
func (a *auditor) legal(en *Entry) {
	m, ok := a.e.Machine(en.Procedure, en.MachineVersion)
	if !ok || en.MachineVersion == "" {
		return
	}
	if en.Version == 1 {
		if en.Event != StartEvent || en.To != m.def.Initial {
			a.Bad("workflow_history", en.ID, "a history starts with %q in state %s", StartEvent, m.def.Initial)
		}
		return
	}
	if t := m.moves[[2]string{en.Event, en.From}]; t == nil || t.To != en.To {
		a.Bad("workflow_history", en.ID, "the machine has no move %s from %s to %s", en.Event, en.From, en.To)
	}
}

func (a *auditor) dossiers(ctx context.Context, tx *sql.Tx) error {
	const table = "workflow_dossiers"
	seen := map[DossierID]bool{}
	const from = ", sort_us FROM workflow_dossiers ORDER BY id"
	err := a.Each(ctx, tx, table, 1, "SELECT "+dossierColumns+from, func(scan func(...any) error) error {
		var r dossierRow
		var sort int64
		if err := scan(append(r.into(), &sort)...); err != nil {
			return err
		}
		d := r.dossier()
		seen[d.ID] = true
		en := a.last[d.ID]
		if en == nil {
			a.Bad(table, string(d.ID), "it has no history")
			a.Bad("workflow_history", EntryID(d.ID, d.Version), "the line is missing")
			return nil
		}
		for _, p := range []struct {
			what string
			same bool
		}{
			{"version", d.Version == en.Version}, {"state", d.State == en.To}, {"procedure", d.Procedure == en.Procedure},
			{"machine version", d.MachineVersion == en.MachineVersion}, {"owner", d.Owner == en.Owner}, {"reference", d.Ref == en.Ref},
			{"unit", d.Unit == en.Unit}, {"place in inboxes", sort == sortMicros(d)}, {"due date", d.Due.Equal(en.Due)},
			{"time of creation", d.Created.Equal(a.first[d.ID])}, {"time of change", d.Changed.Equal(en.At)},
			{"head", bytes.Equal(d.head, en.Hash)},
		} {
			if !p.same {
				a.Bad(table, string(d.ID), "its %s is not the one of its history", p.what)
			}
		}
		if d.Version > en.Version {
			a.Bad("workflow_history", EntryID(d.ID, d.Version), "the line is missing")
		}
		return nil
	})
	for id := range a.last {
		if !seen[id] && err == nil {
			a.Bad(table, string(id), "there is a history but no dossier")
		}
	}
	return err
}

func (a *auditor) payloads(ctx context.Context, tx *sql.Tx) error {
	const table = "workflow_payloads"
	const query = "SELECT dossier_id, version FROM workflow_payloads ORDER BY dossier_id, version"
	return a.Each(ctx, tx, table, 2, query, func(scan func(...any) error) error {
		var id string
		var v int64
		if err := scan(&id, &v); err != nil {
			return err
		}
		if !a.has(DossierID(id), Version(v)) {
			a.Bad(table, EntryID(DossierID(id), Version(v)), "it belongs to no history line")
		}
		return nil
	})
}

// has reports whether the history has the entry; missing versions have been
// named already.
func (a *auditor) has(id DossierID, v Version) bool {
	en := a.last[id]
	return en != nil && v >= 1 && v <= en.Version
}

// keys compares each key with the line it stands for.
func (a *auditor) keys(ctx context.Context, tx *sql.Tx) error {
	const table = "workflow_keys"
	lines := map[string]bool{}
	err := a.Each(ctx, tx, table, 1, "SELECT k.key, k.dossier_id, k.version, k.result, k.sum, k.at_us,"+
		" h.hash, h.to_state, h.owner, h.ref, h.unit, h.due_us, h.at_us"+
		" FROM workflow_keys AS k LEFT JOIN workflow_history AS h ON h.dossier_id = k.dossier_id AND h.version = k.version"+
		" ORDER BY k.key", func(scan func(...any) error) error {
		var key, id, result string
		var v, kept int64
		var sum, hash []byte
		var state, owner, ref, unit sql.NullString
		var due, at sql.NullInt64
		if err := scan(&key, &id, &v, &result, &sum, &kept, &hash, &state, &owner, &ref, &unit, &due, &at); err != nil {
			return err
		}
		line := EntryID(DossierID(id), Version(v))
		var d Dossier
		switch {
		case !state.Valid:
			a.Bad(table, key, "it belongs to no history line")
		case json.Unmarshal([]byte(result), &d) != nil || d.ID != DossierID(id) || d.Version != Version(v) ||
			d.State != state.String || d.Owner != owner.String || d.Ref != ref.String || d.Unit != unit.String ||
			micros(d.Due) != due.Int64 || micros(d.Changed) != at.Int64:
			a.Bad(table, key, "its result is not that of %s", line)
		case kept != at.Int64 || !bytes.Equal(sum, sumKey(hash, key, result)):
			a.Bad(table, key, "it is not as it was written with %s", line)
		case lines[line]:
			a.Bad(table, key, "%s has another key already", line)
		}
		lines[line] = true
		return nil
	})
	if err != nil {
		return err
	}
	return a.Each(ctx, tx, table, 2, "SELECT h.dossier_id, h.version FROM workflow_history AS h LEFT JOIN workflow_keys AS k"+
		" ON k.dossier_id = h.dossier_id AND k.version = h.version WHERE k.key IS NULL ORDER BY h.dossier_id, h.version",
		func(scan func(...any) error) error {
			var id string
			var v int64
			if err := scan(&id, &v); err != nil {
				return err
			}
			a.Bad(table, EntryID(DossierID(id), Version(v)), "the history line has no key")
			return nil
		})
}

func (a *auditor) messages(ctx context.Context, tx *sql.Tx) error {
	const query = "SELECT id, topic, payload FROM workflow_outbox ORDER BY id"
	return a.Each(ctx, tx, "workflow_outbox", 1, query, func(scan func(...any) error) error {
		var id, topic string
		var payload []byte
		if err := scan(&id, &topic, &payload); err != nil {
			return err
		}
		var c called
		if json.Unmarshal(payload, &c) != nil || !a.has(c.Dossier, c.Version) ||
			id != EntryID(c.Dossier, c.Version)+"/"+topic || strings.Contains(topic, "/") {
			a.Bad("workflow_outbox", id, "it belongs to no history line")
		}
		return nil
	})
}
