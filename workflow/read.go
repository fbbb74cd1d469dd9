package workflow

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Get returns a dossier in the caller's scope, else [ErrNotFound].
func (e *Engine) Get(ctx context.Context, s Scope, id DossierID) (*Dossier, error) {
	return e.one(ctx, s, "id", string(id))
}

// GetByRef returns the dossier people call ref, else [ErrNotFound].
func (e *Engine) GetByRef(ctx context.Context, s Scope, ref string) (*Dossier, error) {
	if ref == "" {
		return nil, fmt.Errorf("%w: empty reference", ErrNotFound)
	}
	return e.one(ctx, s, "ref", ref)
}

// GetTx is [Engine.Get] inside the caller's transaction: what it returns is what
// a command in the same transaction will meet.
func (e *Engine) GetTx(ctx context.Context, tx *sql.Tx, s Scope, id DossierID) (*Dossier, error) {
	return e.read(ctx, tx, s, "id", string(id))
}

// EachTx calls fn for every dossier, by id, inside the caller's transaction: for
// audits of modules that keep rows of their own about dossiers. Fn must not use
// tx; its error ends the walk and is returned.
func (e *Engine) EachTx(ctx context.Context, tx *sql.Tx, fn func(*Dossier) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+dossierColumns+" FROM workflow_dossiers ORDER BY id")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var r dossierRow
		if err := rows.Scan(r.into()...); err != nil {
			return err
		}
		if err := fn(r.dossier()); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (e *Engine) one(ctx context.Context, s Scope, column, value string) (*Dossier, error) {
	ctx, cancel := e.db.Bound(ctx)
	defer cancel()
	return e.read(ctx, e.db.Read, s, column, value)
}

func (e *Engine) read(ctx context.Context, q rower, s Scope, column, value string) (*Dossier, error) {
	var r dossierRow
	err := q.QueryRowContext(ctx, e.db.Dialect.SQL("SELECT "+dossierColumns+" FROM workflow_dossiers WHERE "+
		column+" = $1"), value).Scan(r.into()...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	d := r.dossier()
	if d == nil || !s.Sees(d) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, value)
	}
	return d, nil
}

// History returns up to limit entries of a dossier after a version, oldest
// first, with the bodies that have not been erased.
func (e *Engine) History(ctx context.Context, s Scope, id DossierID, after Version, limit int) ([]Entry, error) {
	if limit < 1 || limit > 1000 {
		return nil, invalid("a history is read 1 to 1000 lines at a time, not %d", limit)
	}
	if _, err := e.Get(ctx, s, id); err != nil {
		return nil, err
	}
	ctx, cancel := e.db.Bound(ctx)
	defer cancel()
	return e.history(ctx, e.db.Read, id, after, limit)
}

// EntryTx returns one entry of a dossier in the caller's transaction, without
// regard to scope: for audits. [ErrNotFound] when there is none.
func (e *Engine) EntryTx(ctx context.Context, tx *sql.Tx, id DossierID, v Version) (*Entry, error) {
	en, _, err := e.entry(ctx, tx, id, v)
	return en, err
}

func (e *Engine) history(ctx context.Context, q querier, id DossierID, after Version, limit int) ([]Entry, error) {
	rows, err := q.QueryContext(ctx, e.db.Dialect.SQL("SELECT "+entryColumns+entryFrom+
		" WHERE h.dossier_id = $1 AND h.version > $2 ORDER BY h.version LIMIT $3"), string(id), int64(after), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []Entry
	for rows.Next() {
		en, _, err := scanEntry(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, *en)
	}
	return out, rows.Err()
}

var entryColumns = "h." + strings.ReplaceAll(historyColumns, ", ", ", h.") + ", p.salt, p.body"

const entryFrom = " FROM workflow_history AS h LEFT JOIN workflow_payloads AS p" +
	" ON p.dossier_id = h.dossier_id AND p.version = h.version"

type rower interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// entry reads one entry; salt is nil once its body is erased.
func (e *Engine) entry(ctx context.Context, q rower, id DossierID, v Version) (*Entry, []byte, error) {
	en, salt, err := scanEntry(q.QueryRowContext(ctx, e.db.Dialect.SQL("SELECT "+entryColumns+entryFrom+
		" WHERE h.dossier_id = $1 AND h.version = $2"), string(id), int64(v)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, fmt.Errorf("%w: entry %s", ErrNotFound, EntryID(id, v))
	}
	return en, salt, err
}

func scanEntry(scan func(...any) error) (*Entry, []byte, error) {
	var en Entry
	var id, roles string
	var v, at, due int64
	var salt, body []byte
	err := scan(&id, &v, &at, &en.Event, &en.From, &en.To, &en.Actor.ID, &en.Actor.Kind, &en.Actor.Unit, &en.Actor.OnBehalf, &roles,
		&en.Procedure, &en.MachineVersion, &en.Owner, &en.Ref, &en.Unit, &due, &en.BodyDigest, &en.Prev, &en.Hash, &salt, &body)
	if err != nil {
		return nil, nil, err
	}
	en.Dossier, en.Version, en.At, en.Due = DossierID(id), Version(v), fromMicros(at), fromMicros(due)
	en.ID, en.Body = EntryID(en.Dossier, en.Version), body
	if err := json.Unmarshal([]byte(roles), &en.Actor.Roles); err != nil {
		return nil, nil, fmt.Errorf("workflow_history %s: roles: %w: %w", en.ID, sqlkit.ErrUnreadable, err)
	}
	if len(en.Actor.Roles) == 0 {
		en.Actor.Roles = nil
	}
	return &en, salt, nil
}
