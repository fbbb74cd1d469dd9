package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/calendar"
	"github.com/motcua/motcua/workflow/clock"
)

// say fills in what the history keeps of the act: from the act itself, and from
// what no later move changes.
func (s *step) say(ctx context.Context) error {
	switch {
	case s.act.Event == EventRequest:
		s.body.Form = s.row.doc.Form
	case s.act.Event == EventCompare:
		return s.compare(ctx)
	case s.guarded() && s.row.doc.Scan != "": // the comparison that stands
		no := false
		s.body.Scan, s.body.Pages, s.body.Excluded = s.row.doc.Scan, s.row.doc.Pages, &no
	}
	return nil
}

// guarded reports whether a step of the event looks at the comparison.
func (s *step) guarded() bool {
	return slices.ContainsFunc(s.proc.StepsOf(s.act.Event), func(st procedures.Step) bool {
		return slices.Contains(st.Guards, procedures.GuardScanFixed)
	})
}

// prepare works out what the move sets: code and due date.
func (s *step) prepare(ctx context.Context) error {
	if s.act.Event == EventRequest {
		if err := s.request(ctx); err != nil {
			return err
		}
	}
	// Charge and line are locked before the dossier, as a payment and a last
	// signature do, so that none of them waits for another in a ring.
	if s.to.National == procedures.StatusStopped {
		if err := s.giveUp(ctx, s.actor); err != nil {
			return err
		}
	}
	return s.tick()
}

// request checks the form and gives the dossier its code and look-up code.
func (s *step) request(ctx context.Context) error {
	problems, err := s.proc.Form.Validate(s.row.doc.Form)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return &FormError{problems}
	}
	if s.row.code != "" {
		return nil
	}
	seq, err := s.d.number(ctx, s.tx, s.row.unit, s.now)
	if err != nil {
		return err
	}
	code, err := procedures.NewDossierCode(s.row.unit, s.now, seq)
	if err != nil {
		return err
	}
	if s.row.lookUpCode, err = procedures.NewLookupCode(s.d.o.Random); err != nil {
		return err
	}
	s.row.code = code.String()
	s.row.search = searchText(s.row)
	s.numbered = true
	s.set.Ref = &s.row.code
	s.set.Unit = &s.row.unit
	return nil
}

// number counts the dossiers an agency has been sent on a day.
func (d *Desk) number(ctx context.Context, tx *sql.Tx, agency string, now time.Time) (int, error) {
	var n int
	err := tx.QueryRowContext(ctx, d.DB.Dialect.SQL("INSERT INTO procedures_sequences (agency, day, last) VALUES ($1, $2, 1)"+
		" ON CONFLICT (agency, day) DO UPDATE SET last = procedures_sequences.last + 1 RETURNING last"),
		agency, now.Format(time.DateOnly)).Scan(&n)
	return n, err
}

// compare fixes the scan and its page count.
func (s *step) compare(ctx context.Context) error {
	paper, err := s.d.paper(ctx, s.tx, s.act.Scan)
	if err != nil && !errors.Is(err, workflow.ErrNotFound) {
		return err
	}
	if err != nil || paper.Dossier != s.row.id || paper.Kind != PaperScan {
		return refused(EventCompare, &workflow.Reason{Code: procedures.GuardScanFixed,
			VI: "Chưa có bản quét để đối chiếu. Tải bản quét lên rồi đối chiếu.", EN: "there is no scan to compare, upload one first"})
	}
	excluded := !s.act.NotExcluded
	s.body.Scan, s.body.Pages, s.body.Excluded = paper.Ref, paper.Pages, &excluded
	return nil
}

// tick moves the dossier's clock: reception starts it, a paused state stops it,
// a running one lets it go on.
func (s *step) tick() error {
	doc := &s.row.doc
	sched, err := s.schedule()
	if err != nil {
		return err
	}
	switch {
	case doc.Reckoning == nil && s.act.Event == EventReceive:
		doc.Edition = s.now // from here on the dossier keeps this edition
		term, err := s.term()
		if err != nil {
			return err
		}
		doc.Reckoning, err = clock.Start(term, s.now, sched)
		if err != nil {
			return err
		}
	case doc.Reckoning == nil:
		return nil
	case s.to.Clock == procedures.ClockPaused && !doc.Reckoning.Ledger.Stopped():
		ledger, err := doc.Reckoning.Ledger.Suspend(s.now, calendar.Reason{Code: s.to.ID, VI: s.to.Name.VI, EN: s.to.Name.EN})
		if err != nil {
			return err
		}
		if doc.Reckoning, err = ledger.Reckon(sched); err != nil {
			return err
		}
	case s.to.Clock == procedures.ClockRunning && doc.Reckoning.Ledger.Stopped():
		ledger, err := doc.Reckoning.Ledger.Resume(s.now)
		if err != nil {
			return err
		}
		if doc.Reckoning, err = ledger.Reckon(sched); err != nil {
			return err
		}
	}
	due := doc.Reckoning.Due
	if s.to.End {
		due = time.Time{} // nothing is owed any more
	}
	s.set.Due = &due
	return nil
}

func (s *step) schedule() (*calendar.Schedule, error) {
	unit, ok := s.d.Units.UnitAt(s.row.unit, s.now)
	if !ok {
		return nil, fmt.Errorf("%w: unit %s has nobody to continue it on %s", ErrSubject, s.row.unit, s.now.Format(time.DateOnly))
	}
	return s.d.o.Calendar.For(unit.Hours), nil
}

func (s *step) term() (clock.Term, error) {
	t, err := s.proc.TermAt(s.now, s.facts())
	if err != nil {
		return clock.Term{}, err
	}
	return clockTerm(t)
}

// clockTerm turns a term of the law's text into one the clock can run.
func clockTerm(t procedures.Term) (clock.Term, error) {
	kinds := map[string]clock.Kind{procedures.SameDay: clock.SameDay, procedures.WorkingHours: clock.WorkingHours,
		procedures.WorkingDays: clock.WorkingDays, procedures.Days: clock.CalendarDays}
	kind, ok := kinds[t.Kind]
	if !ok {
		return clock.Term{}, fmt.Errorf("%w: term %s is of kind %s, which no clock here runs", ErrSubject, t.ID, t.Kind)
	}
	return clock.Term{Kind: kind, Units: t.Amount, Cutoff: calendar.Minute(t.Cutoff / time.Minute)}, nil
}

// facts are what fees and terms are computed from: answers of the form, and the
// page count once the comparison has fixed it.
func (s *step) facts() procedures.FactValues { return factsOf(s.proc, s.row) }

func factsOf(p *procedures.Procedure, r *row) procedures.FactValues {
	v := procedures.FactValues{"channel": string(r.doc.Channel)}
	answers := r.answers()
	for _, f := range p.Facts {
		field := f.Field
		if field == "" {
			field = f.Name
		}
		switch a := answers[field].(type) {
		case float64:
			v[f.Name] = int64(a)
		case string, bool:
			v[f.Name] = a
		}
	}
	if r.doc.Pages > 0 {
		v["pages"] = int64(r.doc.Pages)
	}
	return v
}

// finish writes what the move entails into the row, and charges or reserves.
func (s *step) finish(ctx context.Context, actor workflow.Actor) error {
	doc := &s.row.doc
	switch s.act.Event {
	case EventRequest:
		doc.Requested = s.now
	case EventReceive:
		if doc.Received.IsZero() {
			doc.Received = s.now
		}
	case EventAskSupplement:
		doc.Asked = append(doc.Asked, Asked{At: s.now, Reason: s.act.Reason})
	case EventSupply:
		if n := len(doc.Asked); n > 0 {
			doc.Asked[n-1].Supplied, doc.Asked[n-1].Answer = s.now, s.act.Note
		}
	case EventCompare:
		doc.Scan, doc.Pages, doc.ComparedBy = s.body.Scan, s.body.Pages, actor.ID
	}
	if s.to.Outcome != "" && doc.Finished.IsZero() {
		doc.Finished = s.now
	}
	if s.to.End {
		doc.Closed = s.now
		if s.to.National == procedures.StatusReturned {
			doc.Returned = s.now
		}
	}
	if err := s.charge(ctx); err != nil {
		return err
	}
	return s.reserve(ctx)
}

// giveUp takes back what a stopped dossier waits for: its charge if nobody has
// paid, its register line if nobody has signed.
func (s *step) giveUp(ctx context.Context, actor workflow.Actor) error {
	if s.d.Fees != nil {
		if err := s.d.Fees.CancelTx(ctx, s.tx, s.row.id, actor.ID, "dossier stopped"); err != nil {
			return err
		}
	}
	if s.d.Register != nil {
		return s.d.Register.CancelTx(ctx, s.tx, s.row.id, actor.ID, "dossier stopped")
	}
	return nil
}

// charge opens what a fee gate waits for.
func (s *step) charge(ctx context.Context) error {
	if s.to.Gate == "" || s.d.Fees == nil {
		return nil
	}
	lines, err := s.proc.FeesAt(s.now, s.facts())
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return refused(s.act.Event, &workflow.Reason{Code: "no_fee", VI: "Hồ sơ này không phải nộp phí.", EN: "this dossier owes no fee"})
	}
	s.settled, err = s.d.Fees.ChargeTx(ctx, s.tx, &FeeRequest{Dossier: s.row.id, Unit: s.row.unit, Payer: s.row.owner,
		Name: s.row.answer("requester_name"), Title: "Ho so " + s.row.code, Lines: lines})
	return err
}

// reserve takes the number with which a dossier goes to be signed.
func (s *step) reserve(ctx context.Context) error {
	if s.d.Register == nil || s.act.Event != EventFeeSettled && s.act.Event != EventReserve {
		return nil
	}
	doc := &s.row.doc
	copies, _ := s.facts()["copies"].(int64)
	return s.d.Register.ReserveTx(ctx, s.tx, &Reservation{Dossier: s.row.id, Unit: s.row.unit, Official: doc.ComparedBy,
		Document: s.row.answer("document_name"), Scan: doc.Scan, Pages: doc.Pages, Copies: int(copies)})
}
