package desk

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/slip"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/clock"
)

// Effects returns what the desk does after moves, by the names the standard
// bindings give: the slips of the three forms are made and kept. Each may run
// more than once for one entry and then changes nothing.
func (d *Desk) Effects() map[string]workflow.Effect {
	return map[string]workflow.Effect{
		"issue_receipt_slip":    d.issue(PaperSlip, "giay-tiep-nhan.pdf", d.receiptSlip),
		"issue_supplement_slip": d.issue(PaperSupplement, "phieu-yeu-cau-bo-sung.pdf", d.supplementSlip),
		"issue_refusal_slip":    d.issue(PaperRefusal, "phieu-tu-choi.pdf", d.refusalSlip),
		"reserve_number":        func(context.Context, workflow.Entry) error { return nil }, // taken in the transaction of the move
	}
}

type slipWriter func(ctx context.Context, b *bytes.Buffer, r *row, en *workflow.Entry) error

func (d *Desk) issue(kind, name string, write slipWriter) workflow.Effect {
	return func(ctx context.Context, en workflow.Entry) error {
		bound, cancel := d.DB.Bound(ctx)
		defer cancel()
		r, err := d.load(bound, d.DB.Read, "dossier_id", string(en.Dossier))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := write(ctx, &b, r, &en); err != nil {
			return fmt.Errorf("%s of %s: %w", kind, en.ID, err)
		}
		return d.Keep(ctx, &Paper{ID: PaperID(en.ID, kind), Dossier: en.Dossier, Kind: kind, Name: name, Pages: 1,
			By: en.Actor.ID, At: en.At}, b.Bytes())
	}
}

// subject is what the three forms share, by the law and the names of the
// entry's day.
func (d *Desk) subject(r *row, en *workflow.Entry, form string) (slip.Subject, *procedures.Procedure, error) {
	at := en.At.In(procedures.Zone)
	p, err := d.procedure(r.procedure, r.unit, r.doc.Edition)
	if err != nil {
		return slip.Subject{}, nil, err
	}
	official, err := procedures.Forms().At(at).Form(form)
	if err != nil {
		return slip.Subject{}, nil, err
	}
	unit, ok := d.Units.UnitAt(r.unit, at)
	if !ok {
		return slip.Subject{}, nil, fmt.Errorf("%w: unit %s on %s", ErrSubject, r.unit, at.Format(time.DateOnly))
	}
	code, err := procedures.ParseDossierCode(r.code)
	if err != nil {
		return slip.Subject{}, nil, err
	}
	s := slip.Subject{Form: official, Code: code, Procedure: p.ShortName.VI, Issued: at,
		Office:    slip.Office{Parent: unit.Agency.VI, Name: unit.Name.VI, Address: unit.Address, Phone: unit.Phone},
		Applicant: slip.Person{Name: r.answer("requester_name"), Phone: r.answer("phone")}}
	if o, ok := d.Policy.Official(en.Actor.ID, at); ok {
		s.Officer = o.Name
	}
	return s, p, nil
}

func (d *Desk) slipOptions() *slip.Options { return &slip.Options{Trial: d.o.Trial} }

func (d *Desk) receiptSlip(_ context.Context, b *bytes.Buffer, r *row, en *workflow.Entry) error {
	s, p, err := d.subject(r, en, procedures.FormReceiptSlip)
	if err != nil {
		return err
	}
	out := &slip.Receipt{Subject: s, LookupCode: procedures.FormatLookupCode(r.lookUpCode), LookupURL: d.o.LookUpURL,
		Content: r.answer("document_name"), Sets: 1, Received: s.Issued, Due: en.Due.In(procedures.Zone), ReturnPlace: s.Office.Name}
	if out.LookupURL == "" {
		out.LookupCode = ""
	}
	for _, c := range p.Components {
		if c.Required && c.OneOf == "" || c.ID == "original" {
			out.Components = append(out.Components, slip.Component{Name: c.Name.VI, Count: max(1, c.Quantity)})
		}
	}
	reckoning, err := d.reckonedAt(r, en)
	if err != nil {
		return err
	}
	out.LegalTerm = reckoning.Ledger.Term.Text().VI
	out.DueLines = reckoning.Explain().Lines(clock.VI)
	return slip.WriteReceipt(b, out, d.slipOptions())
}

// reckonedAt is the clock as it stood when the entry was made, though it may
// have been stopped since.
func (d *Desk) reckonedAt(r *row, en *workflow.Entry) (*clock.Reckoning, error) {
	if r.doc.Reckoning == nil {
		return nil, fmt.Errorf("dossier %s has no clock", r.id)
	}
	ledger := r.doc.Reckoning.Ledger
	var before []clock.Suspension
	for _, s := range ledger.Suspensions {
		if s.From.Before(en.At) {
			before = append(before, s)
		}
	}
	ledger.Suspensions = before
	unit, _ := d.Units.UnitAt(r.unit, en.At)
	return ledger.Reckon(d.o.Calendar.For(unit.Hours))
}

func (d *Desk) supplementSlip(_ context.Context, b *bytes.Buffer, r *row, en *workflow.Entry) error {
	s, _, err := d.subject(r, en, procedures.FormSupplement)
	if err != nil {
		return err
	}
	return slip.WriteSupplement(b, &slip.Supplement{Subject: s, Content: r.answer("document_name"),
		Items: []slip.Item{{Name: r.answer("document_name"), What: reasonOf(en)}}, Contact: s.Office.Phone}, d.slipOptions())
}

func (d *Desk) refusalSlip(_ context.Context, b *bytes.Buffer, r *row, en *workflow.Entry) error {
	s, _, err := d.subject(r, en, procedures.FormRefusal)
	if err != nil {
		return err
	}
	return slip.WriteRefusal(b, &slip.Refusal{Subject: s, Content: r.answer("document_name"), Reason: reasonOf(en),
		NextStep: "Ông/bà có thể nộp hồ sơ mới hoặc phản ánh, kiến nghị.", Complaint: s.Office.Name}, d.slipOptions())
}
