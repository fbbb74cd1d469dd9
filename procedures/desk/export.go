package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/nationalportal"
	"github.com/motcua/motcua/workflow"
)

// ExportDay returns the DongBoHoSoMC items of every dossier that moved on a day
// of the law's calendar, each as it stood at the end of that day, in the order
// of their codes. An item the portal would not take is an error naming the
// dossier.
func (d *Desk) ExportDay(ctx context.Context, day time.Time) ([]*nationalportal.Item, error) {
	moved, err := d.movedOn(ctx, day.In(procedures.Zone).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	var out []*nationalportal.Item
	for _, m := range moved {
		it, err := d.exportOne(ctx, m)
		if err != nil {
			return nil, err
		}
		if it == nil {
			continue
		}
		if wrong := it.Validate(); len(wrong) > 0 {
			return nil, fmt.Errorf("dossier %s: the portal would not take %s", it.MaHoSo, wrong[0])
		}
		out = append(out, it)
	}
	return out, nil
}

// moved is the last move a dossier made on the day.
type moved struct {
	dossier  workflow.DossierID
	version  workflow.Version
	at       time.Time
	national procedures.Status
}

func (d *Desk) movedOn(ctx context.Context, day string) ([]moved, error) {
	bound, cancel := d.DB.Bound(ctx)
	defer cancel()
	rows, err := d.DB.Read.QueryContext(bound, d.DB.Dialect.SQL("SELECT m.dossier_id, m.version, m.at_us, m.national"+
		" FROM procedures_moves AS m JOIN procedures_dossiers AS p ON p.dossier_id = m.dossier_id"+
		" WHERE m.day = $1 AND m.version = (SELECT max(x.version) FROM procedures_moves AS x WHERE x.day = $2 AND x.dossier_id = m.dossier_id)"+
		" ORDER BY p.code, m.dossier_id"), day, day)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []moved
	for rows.Next() {
		var m moved
		var id string
		var version, at, national int64
		if err := rows.Scan(&id, &version, &at, &national); err != nil {
			return nil, err
		}
		m.dossier, m.version = workflow.DossierID(id), workflow.Version(version)
		m.at, m.national = time.UnixMicro(at), procedures.Status(national)
		out = append(out, m)
	}
	return out, rows.Err()
}

func (d *Desk) exportOne(ctx context.Context, m moved) (*nationalportal.Item, error) {
	bound, cancel := d.DB.Bound(ctx)
	defer cancel()
	r, err := d.load(bound, d.DB.Read, "dossier_id", string(m.dossier))
	if err != nil {
		return nil, err
	}
	p, err := d.procedure(r.procedure, r.unit, r.doc.Edition)
	if err != nil {
		return nil, err
	}
	code, err := procedures.ParseDossierCode(r.code)
	if err != nil {
		return nil, fmt.Errorf("dossier %s: %w", m.dossier, err)
	}
	until := func(t time.Time) time.Time { // what came after the day is not told yet
		if t.After(m.at) {
			return time.Time{}
		}
		return t
	}
	in := &nationalportal.Dossier{Code: code, Procedure: p, Channel: r.doc.Channel, Status: m.national,
		OwnerName: r.answer("requester_name"), OwnerKind: nationalportal.Citizen, Phone: r.answer("phone"), Abstract: r.answer("document_name"),
		Filed: r.doc.Requested, Received: until(r.doc.Received), Finished: until(r.doc.Finished), Returned: until(r.doc.Returned),
		Digitised: r.doc.Scan != ""}
	if m.national == procedures.StatusRefused {
		in.Refused = until(r.doc.Closed)
	}
	if unit, ok := d.Units.UnitAt(r.unit, m.at); ok {
		in.Unit = unit.Name.VI
	}
	if err := d.exportHistory(ctx, in, m, until); err != nil {
		return nil, err
	}
	for i, a := range r.doc.Asked {
		if a.At.After(m.at) {
			break
		}
		in.Supplements = append(
			in.Supplements,
			nationalportal.Supplement{ID: fmt.Sprint(i + 1), Text: a.Reason, Asked: a.At, Supplied: until(a.Supplied)},
		)
	}
	if err := d.exportPapers(ctx, in, r, until); err != nil {
		return nil, err
	}
	return nationalportal.Build(in), nil
}

// exportHistory takes the due date of the day from the engine's history, which
// keeps every earlier one.
func (d *Desk) exportHistory(ctx context.Context, in *nationalportal.Dossier, m moved, until func(time.Time) time.Time) error {
	lines, err := d.Engine.History(ctx, workflow.Scope{All: true}, m.dossier, 0, 1000)
	if err != nil {
		return err
	}
	for _, en := range lines {
		if en.Version <= m.version && !en.Due.IsZero() {
			in.Due = en.Due
		}
	}
	if d.Fees == nil {
		return nil
	}
	owed, err := d.Fees.Owed(ctx, m.dossier)
	if err != nil || owed == nil {
		return err
	}
	in.Fees = owed.Lines
	if !until(owed.Settled).IsZero() {
		in.Paid = nationalportal.PaidLocal
		if owed.Cash {
			in.Paid = nationalportal.PaidOffline
		}
	}
	return nil
}

func (d *Desk) exportPapers(ctx context.Context, in *nationalportal.Dossier, r *row, until func(time.Time) time.Time) error {
	papers, err := d.papers(ctx, r.id)
	if err != nil {
		return err
	}
	for _, p := range papers {
		switch {
		case until(p.At).IsZero():
		case p.Kind == PaperScan && p.Ref == r.doc.Scan:
			in.Papers = append(in.Papers, nationalportal.PaperInput{ID: p.ID, Name: p.Name, Component: "copy", Digitised: true})
		case p.Kind == PaperResult:
			in.Results = append(in.Results, nationalportal.ResultInput{ID: p.ID, Name: p.Name})
		}
	}
	return nil
}
