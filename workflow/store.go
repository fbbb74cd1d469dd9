package workflow

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// querier is a transaction, or PostgreSQL's pool where one statement is the
// transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

type inTx struct{ *sql.Tx }

// retried runs one attempt after another by the error table.
func (e *Engine) retried(ctx context.Context, attempt func(context.Context, querier) (*Result, error)) (*Result, error) {
	var res *Result
	once := func(ctx context.Context) error {
		if e.db.Dialect == sqlkit.SQLite {
			return e.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
				res, err = attempt(ctx, inTx{tx})
				return err
			})
		}
		ctx, cancel := e.db.Bound(ctx)
		defer cancel()
		r, err := attempt(ctx, e.db.Write)
		res = r
		if err != nil && ErrorCode(err) == Unknown {
			return &sqlkit.TxError{Phase: sqlkit.PhaseStatement, Err: err}
		}
		return err
	}
	err := e.db.Retry(ctx, true, once)
	if errors.Is(err, ErrExists) { // perhaps another attempt with this key won: then it is a replay
		err = e.db.Retry(ctx, true, once)
	}
	if err != nil {
		return nil, err
	}
	return res, nil
}

const dossierColumns = "id, procedure, machine_version, state, version, owner, ref, unit, due_us, created_us, changed_us, head"

// dossierRow scans dossierColumns, which are null where a join found
// nothing; then its dossier is nil.
type dossierRow struct {
	id, procedure, machineVersion, state, owner, ref, unit sql.NullString
	version, due, created, changed                         sql.NullInt64
	head                                                   []byte
}

func (r *dossierRow) into() []any {
	return []any{&r.id, &r.procedure, &r.machineVersion, &r.state, &r.version, &r.owner, &r.ref, &r.unit,
		&r.due, &r.created, &r.changed, &r.head}
}

func (r *dossierRow) dossier() *Dossier {
	if !r.id.Valid {
		return nil
	}
	return &Dossier{ID: DossierID(r.id.String), Procedure: r.procedure.String, MachineVersion: r.machineVersion.String,
		State: r.state.String, Version: Version(r.version.Int64), Owner: r.owner.String, Ref: r.ref.String, Unit: r.unit.String,
		Due: fromMicros(r.due.Int64), Created: fromMicros(r.created.Int64), Changed: fromMicros(r.changed.Int64), head: r.head}
}

// known is an idempotency key that has been used.
type known struct {
	dossier DossierID
	version Version
	result  string
}

// load reads the dossier and the key in one go.
func (e *Engine) load(ctx context.Context, q querier, id DossierID, key string) (*Dossier, *known, error) {
	var r dossierRow
	var kd, kr sql.NullString
	var kv sql.NullInt64
	cols := "d." + strings.ReplaceAll(dossierColumns, ", ", ", d.")
	err := q.QueryRowContext(ctx, e.db.Dialect.SQL("SELECT "+cols+", k.dossier_id, k.version, k.result FROM (SELECT 1 AS one) AS o"+
		" LEFT JOIN workflow_dossiers AS d ON d.id = $1 LEFT JOIN workflow_keys AS k ON k.key = $2"), string(id), key).
		Scan(append(r.into(), &kd, &kv, &kr)...)
	if err != nil {
		return nil, nil, err
	}
	if kd.Valid {
		return r.dossier(), &known{DossierID(kd.String), Version(kv.Int64), kr.String}, nil
	}
	return r.dossier(), nil, nil
}

// replay answers a known key with its first result, after a write of its own.
func (e *Engine) replay(ctx context.Context, q querier, key string, k *known, id DossierID, event string, a Actor,
	body json.RawMessage) (*Result, error) {
	if _, err := q.ExecContext(ctx, e.db.Dialect.SQL("UPDATE workflow_keys SET seen = seen + 1 WHERE key = $1"), key); err != nil {
		return nil, err
	}
	en, salt, err := e.entry(ctx, q, k.dossier, k.version)
	if err != nil {
		return nil, err
	}
	if body == nil {
		body = json.RawMessage("null")
	}
	same := en.Dossier == id && en.Event == event && en.Actor.ID == a.ID && en.Actor.Kind == a.Kind
	if same && salt != nil { // once the body is erased nothing is left to compare with
		same = string(DigestBody(salt, body)) == string(en.BodyDigest)
	}
	if !same {
		return nil, &sqlkit.KeyConflict{Key: key}
	}
	var d Dossier
	if err := json.Unmarshal([]byte(k.result), &d); err != nil {
		return nil, fmt.Errorf("workflow_keys %s: %w", key, err)
	}
	en.Body, d.head = nil, en.Hash
	return &Result{Dossier: &d, Entry: *en, Replayed: true}, nil
}

// statement is one INSERT or UPDATE of a move. On PostgreSQL all of them become
// one statement, each but the first reading from the first.
type statement struct {
	name, sql string // sql has the placeholder list as %s
	types     string // space-separated PostgreSQL types of args
	args      []any
}

const historyColumns = "dossier_id, version, at_us, event, from_state, to_state, actor_id, actor_kind, actor_unit, on_behalf, roles," +
	" procedure, machine_version, owner, ref, unit, due_us, body_digest, prev, hash"

func (mv *move) statements() ([]statement, error) {
	d, en := mv.after, &mv.entry
	roles, err := json.Marshal(append([]string{}, en.Actor.Roles...))
	if err != nil {
		return nil, err
	}
	result, err := json.Marshal(d)
	if err != nil { // a time in a year of more than four digits
		return nil, invalid("the dossier cannot be written as JSON: %v", err)
	}
	id, v := string(d.ID), int64(d.Version)
	return []statement{
		{"line", "INSERT INTO workflow_history (" + historyColumns + ") %s",
			"text bigint bigint text text text text text text text text text text text text text bigint bytea bytea bytea",
			[]any{id, v, en.At.UnixMicro(), en.Event, en.From, en.To, en.Actor.ID, en.Actor.Kind, en.Actor.Unit, en.Actor.OnBehalf,
				string(roles), en.Procedure, en.MachineVersion, en.Owner, en.Ref, en.Unit, micros(en.Due),
				en.BodyDigest, en.Prev, en.Hash}},
		{"body", "INSERT INTO workflow_payloads (dossier_id, version, salt, body) %s",
			"text bigint bytea bytea", []any{id, v, mv.salt, []byte(mv.body)}},
		{"keyed", "INSERT INTO workflow_keys (key, dossier_id, version, result, seen, at_us, sum) %s",
			"text text bigint text bigint bigint bytea",
			[]any{mv.key, id, v, string(result), int64(0), en.At.UnixMicro(), sumKey(en.Hash, mv.key, string(result))}},
	}, nil
}

// sortMicros is where a dossier stands in an inbox: those with no due date last.
func sortMicros(d *Dossier) int64 {
	if d.Due.IsZero() {
		return math.MaxInt64
	}
	return micros(d.Due)
}

// first is the statement which decides whether the move happens.
func (mv *move) first() (string, []any) {
	d := mv.after
	sort := sortMicros(d)
	if mv.before == nil {
		return "INSERT INTO workflow_dossiers (" + dossierColumns + ", sort_us)" +
				" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
			[]any{string(d.ID), d.Procedure, d.MachineVersion, d.State, int64(d.Version), d.Owner, d.Ref, d.Unit,
				micros(d.Due), d.Created.UnixMicro(), d.Changed.UnixMicro(), d.head, sort}
	}
	return "UPDATE workflow_dossiers SET state = $1, version = $2, ref = $3, unit = $4, due_us = $5, sort_us = $6, changed_us = $7," +
			" head = $8 WHERE id = $9 AND version = $10",
		[]any{d.State, int64(d.Version), d.Ref, d.Unit, micros(d.Due), sort, d.Changed.UnixMicro(), d.head,
			string(d.ID), int64(mv.before.Version)}
}

func (e *Engine) write(ctx context.Context, q querier, mv *move) (*Result, error) {
	rest, err := mv.statements()
	if err != nil {
		return nil, err
	}
	var moved bool
	if e.db.Dialect == sqlkit.PostgreSQL {
		moved, err = e.writeAtOnce(ctx, q, mv, rest)
	} else {
		moved, err = e.writeInTurn(ctx, q, mv, rest)
	}
	switch {
	case e.db.IsUnique(err):
		return nil, fmt.Errorf("%w: id, reference or key is taken: %w", ErrExists, err)
	case err != nil:
		return nil, err
	case !moved:
		d, _, err := e.load(ctx, q, mv.after.ID, "")
		if err != nil {
			return nil, err
		}
		return nil, &StaleError{mv.after.ID, mv.before.Version, d.Version}
	}
	return &Result{Dossier: mv.after, Entry: mv.entry}, nil
}

func (e *Engine) writeAtOnce(ctx context.Context, q querier, mv *move, rest []statement) (bool, error) {
	first, args := mv.first()
	var b strings.Builder
	fmt.Fprintf(&b, "WITH moved AS (%s RETURNING id)", first)
	for _, s := range rest {
		types := strings.Fields(s.types)
		list := make([]string, len(types))
		for i, t := range types {
			list[i] = fmt.Sprintf("$%d::%s", len(args)+i+1, t)
		}
		fmt.Fprintf(&b, ", %s AS (%s)", s.name, fmt.Sprintf(s.sql, "SELECT "+strings.Join(list, ", ")+" FROM moved"))
		args = append(args, s.args...)
	}
	if ms := mv.messages(); len(ms) > 0 {
		fragment, more := e.outbox.Fragment(len(args)+1, "EXISTS (SELECT 1 FROM moved)", ms)
		fmt.Fprintf(&b, ", announced AS (%s)", fragment)
		args = append(args, more...)
	}
	b.WriteString(" SELECT count(*) FROM moved")
	var n int
	err := q.QueryRowContext(ctx, b.String(), args...).Scan(&n)
	return n == 1, err
}

// sumKey ties a key and its result to the line of the history they stand for: the
// chain knows of neither.
func sumKey(line []byte, key, result string) []byte {
	h := sha256.New()
	first := sha256.Sum256([]byte(result))
	h.Write(line) // a hash never returns an error
	h.Write(first[:])
	h.Write([]byte(key))
	return h.Sum(nil)
}

func (e *Engine) writeInTurn(ctx context.Context, q querier, mv *move, rest []statement) (bool, error) {
	first, args := mv.first()
	res, err := q.ExecContext(ctx, e.db.Dialect.SQL(first), args...)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return false, err
	}
	for _, s := range rest {
		list := strings.Repeat(", ?", len(s.args))[2:]
		if _, err := q.ExecContext(ctx, fmt.Sprintf(s.sql, "VALUES ("+list+")"), s.args...); err != nil {
			return false, err
		}
	}
	tx, ok := q.(inTx)
	if !ok {
		return false, errors.New("workflow: a move of several statements needs a transaction")
	}
	return true, e.outbox.PutTx(ctx, tx.Tx, mv.messages()...)
}
