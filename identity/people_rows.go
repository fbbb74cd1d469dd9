package identity

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// personRow is one row of identity_people.
type personRow struct {
	id, kind                   string
	no                         int64
	citizenHash, citizenSealed []byte // nil when unknown
	nameSealed                 []byte
	assurance                  int
	firstUS, seenUS            int64
	mark                       []byte
}

// place is where a sealed value of the row lies.
func (r *personRow) place(column string) string { return "identity_people/" + r.id + "/" + column }

func (r *personRow) wantMark(v *Vault) []byte {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	return v.Mark("identity_people", r.id, n(r.no), r.kind, string(r.citizenHash), string(r.citizenSealed), string(r.nameSealed),
		strconv.Itoa(r.assurance), n(r.firstUS), n(r.seenUS))
}

const personColumns = `id, no, kind, citizen_hash, citizen_sealed, name_sealed, assurance, first_us, seen_us, mark`

func (r *personRow) fields() []any {
	return []any{&r.id, &r.no, &r.kind, &r.citizenHash, &r.citizenSealed, &r.nameSealed, &r.assurance, &r.firstUS, &r.seenUS, &r.mark}
}

// querier is a transaction or a pool.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// read returns the row a condition names, nil without one. A row without our mark
// is nobody: it was changed by hand.
func (p *People) read(ctx context.Context, q querier, where string, args ...any) (*personRow, error) {
	r := &personRow{}
	err := q.QueryRowContext(ctx, p.db.Dialect.SQL(`SELECT `+personColumns+` FROM identity_people`+where), args...).Scan(r.fields()...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	case !bytes.Equal(r.mark, r.wantMark(p.v)):
		p.o.Log.Error("a person's row was altered outside the program", zap.String("person", r.id))
		return nil, Errorf(Tampered, "the row of person %s was altered (run the audit)", r.id)
	}
	return r, nil
}

func (p *People) byAccount(ctx context.Context, tx *sql.Tx, subject []byte) (*personRow, error) {
	var id string
	var mark []byte
	var no, first int64
	err := tx.QueryRowContext(ctx, p.db.Dialect.SQL(`SELECT person, no, first_us, mark FROM identity_accounts WHERE subject_hash = $1`),
		subject).Scan(&id, &no, &first, &mark)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	case !bytes.Equal(mark, accountMark(p.v, subject, id, no, first)):
		p.o.Log.Error("an account's row was altered outside the program", zap.Int64("account", no))
		return nil, Errorf(Tampered, "the row of account %d was altered (run the audit)", no)
	}
	return p.read(ctx, tx, ` WHERE id = $1`+p.lock(), id)
}

// lock holds a person's row for the update that follows, where the database needs it.
func (p *People) lock() string {
	if p.db.Dialect.String() == "postgres" {
		return " FOR UPDATE"
	}
	return ""
}

func (p *People) byCitizenID(ctx context.Context, tx *sql.Tx, c CitizenID) (*personRow, error) {
	return p.read(ctx, tx, ` WHERE citizen_hash = $1`+p.lock(), p.v.HashCitizenID(c))
}

func (p *People) insert(ctx context.Context, tx *sql.Tx, c CitizenID, name string, level int, now time.Time) (*personRow, error) {
	at := now.UnixMicro()
	r := &personRow{id: citizenPrefix + p.o.NewID(), kind: string(Citizen), assurance: level, firstUS: at, seenUS: at}
	p.sealInto(r, c, name)
	var err error
	if r.no, _, err = nextNo(ctx, tx, p.db.Dialect, "people"); err != nil {
		return nil, err
	}
	r.mark = r.wantMark(p.v)
	_, err = tx.ExecContext(ctx, p.db.Dialect.SQL(`INSERT INTO identity_people (`+personColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`),
		r.id, r.no, r.kind, r.citizenHash, r.citizenSealed, r.nameSealed, r.assurance, r.firstUS, r.seenUS, r.mark)
	if err != nil {
		return nil, err
	}
	return r, setHead(ctx, tx, p.db.Dialect, p.v, "people", r.no, nil)
}

func (p *People) sealInto(r *personRow, c CitizenID, name string) {
	if !c.IsZero() && r.citizenHash == nil {
		r.citizenHash = p.v.HashCitizenID(c)
		r.citizenSealed = p.v.SealCitizenID(r.place("citizen"), c)
	}
	r.nameSealed = p.v.Seal(r.place("name"), []byte(name))
}

// update takes over what a sign-in says about a known person.
func (p *People) update(ctx context.Context, tx *sql.Tx, r *personRow, in *SignInRequest, name string, now time.Time) error {
	if !in.CitizenID.IsZero() && r.citizenHash != nil && !bytes.Equal(r.citizenHash, p.v.HashCitizenID(in.CitizenID)) {
		return Errorf(Conflict, "the provider names another citizen id for person %s (clear it up with the provider)", r.id)
	}
	if name == "" { // the provider gave none this time
		plain, err := p.v.Open(r.place("name"), r.nameSealed)
		if err != nil {
			return err
		}
		name = string(plain)
	}
	p.sealInto(r, in.CitizenID, name)
	r.assurance = max(r.assurance, in.Assurance)
	return p.touch(ctx, tx, r, now)
}

// touch writes the row with the sight.
func (p *People) touch(ctx context.Context, tx *sql.Tx, r *personRow, now time.Time) error {
	r.seenUS = max(r.seenUS, now.UnixMicro())
	r.mark = r.wantMark(p.v)
	_, err := tx.ExecContext(ctx, p.db.Dialect.SQL(`UPDATE identity_people SET citizen_hash = $1, citizen_sealed = $2, name_sealed = $3,
		assurance = $4, seen_us = $5, mark = $6 WHERE id = $7`),
		r.citizenHash, r.citizenSealed, r.nameSealed, r.assurance, r.seenUS, r.mark, r.id)
	return err
}

func (p *People) link(ctx context.Context, tx *sql.Tx, subject []byte, person string, now time.Time) error {
	no, _, err := nextNo(ctx, tx, p.db.Dialect, "accounts")
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, p.db.Dialect.SQL(`INSERT INTO identity_accounts (subject_hash, person, no, first_us, mark)
		VALUES ($1, $2, $3, $4, $5)`),
		subject, person, no, now.UnixMicro(), accountMark(p.v, subject, person, no, now.UnixMicro())); err != nil {
		return err
	}
	return setHead(ctx, tx, p.db.Dialect, p.v, "accounts", no, nil)
}

func accountMark(v *Vault, subject []byte, person string, no, first int64) []byte {
	return v.Mark("identity_accounts", string(subject), person, strconv.FormatInt(no, 10), strconv.FormatInt(first, 10))
}
