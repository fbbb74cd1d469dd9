package desk

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit recounts the desk's tables against themselves, the engine's dossiers and
// the file store, beside running writers, and names table and row of everything
// that is wrong.
func (d *Desk) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	a := &auditor{d: d, engine: map[workflow.DossierID]*workflow.Dossier{}, rows: map[workflow.DossierID]*row{}, last: map[[2]string]int{},
		certified: map[workflow.DossierID]bool{}}
	err := d.DB.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, step := range []func(context.Context, *sql.Tx) error{a.seals, a.dossiers, a.moves, a.sequences, a.papers} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range a.kept { // files are read with no snapshot held open
		if why := a.file(ctx, p); why != "" {
			a.Bad("procedures_papers", p.ID, "%s", why)
		}
	}
	return a.Found, nil
}

type auditor struct {
	sqlkit.Recount
	d         *Desk
	engine    map[workflow.DossierID]*workflow.Dossier
	rows      map[workflow.DossierID]*row
	certified map[workflow.DossierID]bool // and their result is not seen yet
	last      map[[2]string]int           // highest number used, by agency and day
	kept      []*Paper
}

// each reads a whole result before fn sees it, so that fn may ask more of the
// same transaction.
func each[T any](ctx context.Context, a *auditor, tx *sql.Tx, table string, key int, query string,
	scan func(func(...any) error) (T, error), fn func(T) error,
) error {
	var all []T
	err := a.Each(ctx, tx, table, key, query, func(read func(...any) error) error {
		v, err := scan(read)
		if err == nil {
			all = append(all, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, v := range all {
		if err := fn(v); err != nil {
			return err
		}
	}
	return nil
}

// seals names what was changed, added or deleted by other hands.
func (a *auditor) seals(ctx context.Context, tx *sql.Tx) error {
	found, err := dossierSeal().Check(ctx, tx, a.d.DB.Dialect)
	a.Found = append(a.Found, found...)
	return err
}

func (a *auditor) dossiers(ctx context.Context, tx *sql.Tx) error {
	const table = "procedures_dossiers"
	codes := a.d.Catalogue.Codes()
	err := a.d.Engine.EachTx(ctx, tx, func(dos *workflow.Dossier) error {
		a.engine[dos.ID] = dos
		return nil
	})
	if err != nil {
		return err
	}
	err = each(ctx, a, tx, table, 1, "SELECT "+rowColumns+" FROM procedures_dossiers ORDER BY dossier_id", scanRow,
		func(s *row) error {
			id := string(s.id)
			a.rows[s.id] = s
			dos := a.engine[s.id]
			switch {
			case dos == nil:
				a.Bad(table, id, "the engine has no such dossier")
				return nil
			case dos.Ref != s.code:
				a.Bad(table, id, "its code is not the engine's reference")
			case dos.Owner != s.owner:
				a.Bad(table, id, "its owner is not the engine's")
			case s.code != "" && dos.Unit != s.unit:
				a.Bad(table, id, "its unit is not the engine's")
			}
			if s.code != "" {
				a.number(s)
			}
			return nil
		})
	for id, dos := range a.engine { // an engine may run more than the desk's procedures
		if err == nil && a.rows[id] == nil && slices.Contains(codes, dos.Procedure) {
			a.Bad(table, string(id), "the engine has the dossier, the desk does not")
		}
	}
	return err
}

func (a *auditor) number(r *row) {
	code, err := procedures.ParseDossierCode(r.code)
	if err != nil {
		a.Bad("procedures_dossiers", string(r.id), "its code %s cannot be read", r.code)
		return
	}
	key := [2]string{code.Unit, code.Day.Format(time.DateOnly)}
	a.last[key] = max(a.last[key], code.Number)
}

func (a *auditor) sequences(ctx context.Context, tx *sql.Tx) error {
	const table = "procedures_sequences"
	type seq struct {
		agency, day string
		last        int
	}
	seen := map[[2]string]bool{}
	err := each(ctx, a, tx, table, 2, "SELECT agency, day, last FROM procedures_sequences ORDER BY agency, day",
		func(scan func(...any) error) (s seq, err error) { return s, scan(&s.agency, &s.day, &s.last) },
		func(s seq) error {
			key := [2]string{s.agency, s.day}
			seen[key] = true
			if a.last[key] != s.last {
				a.Bad(table, s.agency+"/"+s.day, "it stands at %d, the last code given that day is %d", s.last, a.last[key])
			}
			return nil
		})
	for key, n := range a.last {
		if !seen[key] && err == nil {
			a.Bad(table, key[0]+"/"+key[1], "codes up to %d were given, but there is no sequence", n)
		}
	}
	return err
}

func (a *auditor) moves(ctx context.Context, tx *sql.Tx) error {
	const table = "procedures_moves"
	type mv struct {
		dossier, day, state string
		version, at         int64
		national            int64
	}
	counted := map[string]int64{}
	err := each(ctx, a, tx, table, 2,
		"SELECT dossier_id, version, day, at_us, state, national FROM procedures_moves ORDER BY dossier_id, version",
		func(scan func(...any) error) (m mv, err error) {
			return m, scan(&m.dossier, &m.version, &m.day, &m.at, &m.state, &m.national)
		}, func(m mv) error {
			id := workflow.EntryID(workflow.DossierID(m.dossier), workflow.Version(m.version))
			counted[m.dossier]++
			en, err := a.entry(ctx, tx, m.dossier, m.version)
			if err != nil {
				return err
			}
			if en == nil {
				a.Bad(table, id, "the engine has no such move")
				return nil
			}
			want := time.UnixMicro(m.at).In(procedures.Zone).Format(time.DateOnly)
			switch {
			case m.at != en.At.UnixMicro() || m.state != en.To:
				a.Bad(table, id, "it is not the engine's move")
			case m.day != want:
				a.Bad(table, id, "its day is not that of its time")
			default:
				a.status(id, m.dossier, m.state, m.national)
			}
			if en.Event == EventCertified {
				a.certified[workflow.DossierID(m.dossier)] = true
			}
			return nil
		})
	if err != nil {
		return err
	}
	for id := range a.rows {
		if dos := a.engine[id]; dos != nil && counted[string(id)] != int64(dos.Version)-1 {
			a.Bad(table, string(id), "%d moves are kept, the dossier has made %d", counted[string(id)], int64(dos.Version)-1)
		}
	}
	return nil
}

func (a *auditor) status(id, dossier, state string, national int64) {
	r := a.rows[workflow.DossierID(dossier)]
	if r == nil {
		a.Bad("procedures_moves", id, "it belongs to no dossier of the desk")
		return
	}
	p, err := a.d.procedure(r.procedure, r.unit, r.doc.Edition)
	if err != nil {
		a.Bad("procedures_dossiers", dossier, "no edition of its procedure is in force on %s", r.doc.Edition.Format(time.DateOnly))
		return
	}
	if st, ok := p.State(state); ok && int64(st.National) != national {
		a.Bad("procedures_moves", id, "state %s has national status %d, not %d", state, st.National, national)
	}
}

func (a *auditor) entry(ctx context.Context, tx *sql.Tx, dossier string, version int64) (*workflow.Entry, error) {
	en, err := a.d.Engine.EntryTx(ctx, tx, workflow.DossierID(dossier), workflow.Version(version))
	if errors.Is(err, workflow.ErrNotFound) {
		return nil, nil
	}
	return en, err
}

func (a *auditor) papers(ctx context.Context, tx *sql.Tx) error {
	const table = "procedures_papers"
	refs := map[workflow.DossierID]map[string]bool{}
	err := each(ctx, a, tx, table, 1, "SELECT "+paperColumns+" FROM procedures_papers ORDER BY id", scanPaper,
		func(s *Paper) error {
			if a.rows[s.Dossier] == nil {
				a.Bad(table, s.ID, "it belongs to no dossier of the desk")
			}
			if refs[s.Dossier] == nil {
				refs[s.Dossier] = map[string]bool{}
			}
			refs[s.Dossier][s.Ref] = true
			if s.Kind == PaperResult {
				delete(a.certified, s.Dossier)
			}
			a.kept = append(a.kept, s)
			return nil
		})
	for id, r := range a.rows {
		if r.doc.Scan != "" && !refs[id][r.doc.Scan] && err == nil {
			a.Bad(table, string(id), "the compared scan is not among the papers")
		}
	}
	for id := range a.certified {
		if err == nil {
			a.Bad(table, string(id), "the dossier was certified, and its result is not among the papers")
		}
	}
	return err
}

// file reads the content and hashes it.
func (a *auditor) file(ctx context.Context, p *Paper) string {
	content, err := a.d.Files.Open(ctx, p.Ref)
	if err != nil {
		return "its file is not in the store"
	}
	defer content.Close() //nolint:errcheck // it was only read
	h := sha256.New()
	n, err := io.Copy(h, content)
	if err != nil || hex.EncodeToString(h.Sum(nil)) != p.Ref {
		return "its file is damaged"
	}
	if n != p.Size {
		return fmt.Sprintf("its file has %d bytes, not %d", n, p.Size)
	}
	return ""
}
