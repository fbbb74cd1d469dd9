package desk

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/clock"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// row is one line of procedures_dossiers.
type row struct {
	id         workflow.DossierID
	procedure  string
	code       string
	lookUpCode string
	owner      string
	unit       string
	search     string
	revision   int64
	doc        doc
}

// doc is what a row keeps as JSON.
type doc struct {
	// Edition is the moment by which the edition of the procedure is chosen:
	// the start of the draft, then the request, and for good the reception.
	Edition time.Time `json:"edition"`
	// Channel is how it was filed.
	Channel procedures.Channel `json:"channel"`
	// Form holds the answers as they were filed.
	Form json.RawMessage `json:"form"`
	// Requested, Received, Finished, Returned and Closed are when the dossier
	// first came there.
	Requested time.Time `json:"requested,omitzero"`
	Received  time.Time `json:"received,omitzero"`
	Finished  time.Time `json:"finished,omitzero"`
	Returned  time.Time `json:"returned,omitzero"`
	Closed    time.Time `json:"closed,omitzero"`
	// Reckoning is the clock as it was last explained to the citizen.
	Reckoning *clock.Reckoning `json:"reckoning,omitempty"`
	// Asked lists what supplements asked for, the latest last.
	Asked []Asked `json:"asked,omitempty"`
	// Scan is fixed by the comparison.
	Scan  string `json:"scan,omitempty"`
	Pages int    `json:"pages,omitempty"`
	// ComparedBy is who compared (a pseudonym).
	ComparedBy string `json:"compared_by,omitempty"`
}

// Asked is one request for a supplement.
type Asked struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	// Supplied is when the citizen answered; zero while open.
	Supplied time.Time `json:"supplied,omitzero"`
	Answer   string    `json:"answer,omitempty"`
}

func (r *row) answers() map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal(r.doc.Form, &out) // the schema saw to it; a draft may hold anything
	return out
}

func (r *row) answer(name string) string {
	s, _ := r.answers()[name].(string)
	return s
}

const rowColumns = "dossier_id, procedure, code, lookup_code, owner, unit, search, revision, doc"

// dossierSeal covers a dossier's row, its moves and its papers.
func dossierSeal() *sqlkit.Seal {
	return &sqlkit.Seal{Head: "procedures_dossiers", ID: "dossier_id", Column: "seal", Members: []sqlkit.Member{
		{Table: "procedures_moves", Of: "m.dossier_id", Key: []string{"dossier_id", "version"}},
		{Table: "procedures_papers", Of: "m.dossier_id", Key: []string{"id"}},
	}}
}

// seal is the last thing every write does with a dossier's rows.
func (d *Desk) seal(ctx context.Context, tx *sql.Tx, id workflow.DossierID) error {
	err := dossierSeal().Write(ctx, tx, d.DB.Dialect, string(id))
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %s", workflow.ErrNotFound, id)
	}
	return err
}

// sum hashes texts so that no two lists have one sum.
func sum(parts ...string) []byte {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func scanRow(scan func(...any) error) (*row, error) {
	r := &row{}
	var id, docText string
	if err := scan(&id, &r.procedure, &r.code, &r.lookUpCode, &r.owner, &r.unit, &r.search, &r.revision, &docText); err != nil {
		return nil, err
	}
	r.id = workflow.DossierID(id)
	if err := json.Unmarshal([]byte(docText), &r.doc); err != nil {
		return nil, fmt.Errorf("procedures_dossiers %s: %w: %w", id, sqlkit.ErrUnreadable, err)
	}
	return r, nil
}

func (d *Desk) load(ctx context.Context, q queryer, column, value string) (*row, error) {
	r, err := scanRow(q.QueryRowContext(ctx, d.DB.Dialect.SQL("SELECT "+rowColumns+
		" FROM procedures_dossiers WHERE "+column+" = $1"), value).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", workflow.ErrNotFound, value)
	}
	return r, err
}

func (d *Desk) insert(ctx context.Context, tx *sql.Tx, r *row) error {
	r.revision = 1
	text, err := json.Marshal(&r.doc)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, d.DB.Dialect.SQL("INSERT INTO procedures_dossiers ("+rowColumns+
		", seal) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '')"), string(r.id), r.procedure, r.code, r.lookUpCode, r.owner, r.unit,
		r.search, r.revision, string(text))
	if err != nil {
		return err
	}
	return d.seal(ctx, tx, r.id)
}

// save writes a row whose revision is still the one read; the caller seals it.
func (d *Desk) save(ctx context.Context, tx *sql.Tx, r *row) error {
	was := r.revision
	r.revision++
	text, err := json.Marshal(&r.doc)
	if err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, d.DB.Dialect.SQL("UPDATE procedures_dossiers SET code = $1, lookup_code = $2, unit = $3, search = $4,"+
		" revision = $5, doc = $6 WHERE dossier_id = $7 AND revision = $8"), r.code, r.lookUpCode, r.unit, r.search,
		r.revision, string(text), string(r.id), was)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("%w: the dossier's papers were changed meanwhile (read it again)", workflow.ErrStale))
	}
	return nil
}
