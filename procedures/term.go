package procedures

import (
	"time"

	"cel.dev/cel-go/cel"
)

// WorkingDay is the working time of one day, as step budgets count it.
const WorkingDay = 8 * time.Hour

// Kinds of term (thời hạn giải quyết).
const (
	SameDay      = "same_day"      // end of the day; received after Cutoff: end of the next working day
	WorkingHours = "working_hours" // giờ làm việc
	WorkingDays  = "working_days"  // ngày làm việc
	ClockHours   = "clock_hours"   // giờ
	Days         = "days"          // ngày
)

// Term is a statutory time limit. Of several the first whose condition holds
// counts; the last has none.
type Term struct {
	ID     string
	Name   Text
	When   string        // condition over facts; empty = always
	Kind   string        // SameDay and so on
	Amount int           // hours or days; 0 for SameDay
	Cutoff time.Duration // of SameDay: time of day, since midnight
	Starts string        // reception, postmark or filing
	Law    []string
	Period
	when *expression
}

// Extension is how far a term may be prolonged, with a reason and a new slip.
type Extension struct {
	WorkingDays int
	Law         []string
}

// Working gives the term in working time, as step budgets are measured. A
// same-day term counts as one working day although a file of 14:50 has less:
// step budgets are capped by the due hour, never the other way round. A clock
// hour counts as an hour and a calendar day as five sevenths of a working day.
func (t Term) Working() time.Duration {
	switch t.Kind {
	case SameDay:
		return WorkingDay
	case WorkingHours, ClockHours:
		return time.Duration(t.Amount) * time.Hour
	case WorkingDays:
		return time.Duration(t.Amount) * WorkingDay
	}
	return time.Duration(t.Amount) * WorkingDay * 5 / 7
}

// TermAt returns the term for these facts at t.
func (p *Procedure) TermAt(t time.Time, v FactValues) (Term, error) {
	facts, err := p.checkFacts(v)
	if err != nil {
		return Term{}, err
	}
	for _, term := range p.Terms {
		if !term.Contains(t) {
			continue
		}
		if term.when == nil {
			return term, nil
		}
		ok, err := term.when.bool(facts)
		if err != nil {
			return Term{}, err
		}
		if ok {
			return term, nil
		}
	}
	return Term{}, &Error{CodeNotFound, "procedure " + p.Code + " has no term on " + t.In(Zone).Format(time.DateOnly)}
}

func (f *findings) terms(o object, p *Procedure, x *expressions) {
	var last *node
	o.each("terms", func(id string, at, n *node) {
		what := "term " + id
		to := f.object(n, what, "name", "when", "kind", "amount", "cutoff", "starts", "from", "to", "law")
		to.need("kind", "law")
		t := Term{
			ID: id, Name: to.text("name"), When: to.str("when"), Law: f.laws(to, p), Period: to.period("from", "to"),
			Kind:   to.oneOf("kind", SameDay, WorkingHours, WorkingDays, ClockHours, Days),
			Starts: to.oneOf("starts", "reception", "postmark", "filing"),
		}
		if t.Starts == "" {
			t.Starts = "reception"
		}
		if t.Kind == SameDay {
			to.need("cutoff")
			t.Cutoff = to.clock("cutoff")
		} else {
			to.need("amount")
			t.Amount = int(to.int("amount", 1, 3650))
		}
		if (t.Kind == SameDay && to.has("amount")) || (t.Kind != SameDay && to.has("cutoff")) {
			f.at(at, "term-form", "cutoff for same_day, amount for the others", "%s: amount and cutoff don't fit the kind", what)
		}
		if t.When != "" {
			e, err := x.compile(t.When, cel.BoolType)
			if err != nil {
				f.at(n.get("when"), "term-expression", "a condition over facts", "%s: %v", what, err)
				return
			}
			t.when = e
		}
		last = at
		p.Terms = append(p.Terms, t)
	})
	f.termsCover(o, p, last)
	if n := o.n.get("extension"); n != nil {
		eo := f.object(n, "extension", "working_days", "law")
		eo.need("working_days", "law")
		p.Extension = &Extension{int(eo.int("working_days", 1, 365)), f.laws(eo, p)}
	}
}

// termsCover checks that on every day of the edition exactly one term without a
// condition holds and stands after those with one.
func (f *findings) termsCover(o object, p *Procedure, last *node) {
	if last == nil {
		return
	}
	for i, t := range p.Terms {
		if t.When != "" {
			continue
		}
		for _, later := range p.Terms[i+1:] {
			if overlaps(t.Period, later.Period) {
				f.at(o.n.key("terms", later.ID), "term-order", "put the one without a condition last",
					"term %s is never reached: %s holds always", later.ID, t.ID)
			}
		}
	}
	for day := p.Valid.From; ; {
		next := time.Time{}
		covered := false
		for _, t := range p.Terms {
			if t.When == "" && t.Contains(day) {
				covered, next = true, t.To
			}
		}
		if !covered {
			f.at(last, "term-default", "add a term without a condition", "no term holds in every case on %s", day.Format(time.DateOnly))
			return
		}
		if next.IsZero() || !p.Valid.To.IsZero() && !next.Before(p.Valid.To) {
			return
		}
		day = next
	}
}

// clock reads a time of day, hh:mm.
func (o object) clock(key string) time.Duration {
	s := o.str(key)
	if s == "" {
		return 0
	}
	d, ok := parseClock(s)
	if !ok {
		o.f.at(o.n.get(key), "value-time", `write "15:00"`, "%s: %s is no time of day", o.what, key)
	}
	return d
}

func parseClock(s string) (time.Duration, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}
