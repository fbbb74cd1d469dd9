package clock

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/motcua/motcua/workflow/calendar"
)

// ErrLedger is matched by errors.Is when a ledger contradicts itself or does not allow the step; the text
// names the remedy.
var ErrLedger = errors.New("invalid clock ledger")

// A Suspension is a stretch in which the clock stood still (tạm dừng), as while the applicant completes
// the dossier.
type Suspension struct {
	From   time.Time       `json:"from"`
	To     time.Time       `json:"to,omitzero"` // zero = still stopped
	Reason calendar.Reason `json:"reason,omitzero"`
}

// An Extension lengthens the term (gia hạn), as an apology letter does, by units of the term's own kind;
// those of a same-day term are working days.
type Extension struct {
	At     time.Time       `json:"at"`
	Units  int             `json:"units"`
	Reason calendar.Reason `json:"reason,omitzero"`
}

// A Ledger is everything a due date depends on besides the calendar. It is a value: its methods return a
// changed copy. Times are kept to the minute, in +07:00. Store it as JSON beside the dossier.
type Ledger struct {
	Term        Term         `json:"term"`
	Received    time.Time    `json:"received"` // of the complete, valid dossier
	Suspensions []Suspension `json:"suspensions,omitempty"`
	Extensions  []Extension  `json:"extensions,omitempty"`
}

// maxEntries bounds suspensions and extensions; a dossier has a handful.
const maxEntries = 1000

// Stopped reports whether the last suspension is still open.
func (l Ledger) Stopped() bool {
	n := len(l.Suspensions)
	return n > 0 && l.Suspensions[n-1].To.IsZero()
}

// stopReason is why the clock last stopped; zero when it never did.
func (l Ledger) stopReason() calendar.Reason {
	if len(l.Suspensions) == 0 {
		return calendar.Reason{}
	}
	return l.Suspensions[len(l.Suspensions)-1].Reason
}

// Suspend stops the clock at an instant. [ErrLedger] when it stands already or at lies before what is
// already written.
func (l Ledger) Suspend(at time.Time, reason calendar.Reason) (Ledger, error) {
	if l.Stopped() {
		since := l.Suspensions[len(l.Suspensions)-1].From
		return l, fmt.Errorf("%w: the clock stands since %s (resume it first)", ErrLedger, stamp(since))
	}
	l.Suspensions = append(slices.Clip(l.Suspensions), Suspension{From: at, Reason: reason})
	return l.tidy()
}

// Resume lets the clock go on from an instant, when the supplement is complete. [ErrLedger] when it runs
// already or at lies before it was stopped.
func (l Ledger) Resume(at time.Time) (Ledger, error) {
	if !l.Stopped() {
		return l, fmt.Errorf("%w: the clock is running (suspend it first)", ErrLedger)
	}
	l.Suspensions = slices.Clone(l.Suspensions)
	l.Suspensions[len(l.Suspensions)-1].To = at
	return l.tidy()
}

// Extend lengthens the term. How often and by how much the law allows is for the caller to know.
func (l Ledger) Extend(at time.Time, units int, reason calendar.Reason) (Ledger, error) {
	l.Extensions = append(slices.Clip(l.Extensions), Extension{At: at, Units: units, Reason: reason})
	return l.tidy()
}

// Validate reports what is wrong; the error matches [ErrTerm] or [ErrLedger].
func (l Ledger) Validate() error {
	_, err := l.tidy()
	return err
}

// budget is the term with its extensions, in the term's own units.
func (l Ledger) budget() int {
	n := l.Term.Units
	for _, e := range l.Extensions {
		n += e.Units
	}
	return n
}

// tidy checks the ledger and brings its times to the minute in +07:00.
func (l Ledger) tidy() (Ledger, error) {
	if err := l.Term.Validate(); err != nil {
		return l, err
	}
	if l.Received.IsZero() {
		return l, fmt.Errorf("%w: no time of reception (set Received)", ErrLedger)
	}
	if len(l.Suspensions) > maxEntries || len(l.Extensions) > maxEntries {
		return l, fmt.Errorf("%w: over %d suspensions or extensions (close the dossier and open another)", ErrLedger, maxEntries)
	}
	l.Received = minute(l.Received)
	last := l.Received
	l.Suspensions = slices.Clone(l.Suspensions)
	for i := range l.Suspensions {
		s := &l.Suspensions[i]
		s.From = minute(s.From)
		if s.From.Before(last) {
			return l, fmt.Errorf("%w: stopped at %s, before %s (stops follow reception and each other)", ErrLedger, stamp(s.From), stamp(last))
		}
		if s.To.IsZero() {
			if i < len(l.Suspensions)-1 {
				return l, fmt.Errorf("%w: stopped at %s and again later (resume in between)", ErrLedger, stamp(s.From))
			}
			continue
		}
		s.To = minute(s.To)
		if s.To.Before(s.From) {
			return l, fmt.Errorf("%w: resumed at %s, before it stopped at %s (give a later time)", ErrLedger, stamp(s.To), stamp(s.From))
		}
		last = s.To
	}
	l.Extensions = slices.Clone(l.Extensions)
	for i := range l.Extensions {
		e := &l.Extensions[i]
		e.At = minute(e.At)
		if e.Units < 1 || e.At.Before(l.Received) {
			return l, fmt.Errorf("%w: extended by %d at %s (give at least 1, not before reception)", ErrLedger, e.Units, stamp(e.At))
		}
	}
	limit := maxUnits[l.Term.Kind]
	if l.Term.Kind == SameDay {
		limit = maxUnits[WorkingDays]
	}
	if l.budget() > limit {
		return l, fmt.Errorf("%w: extended to %d %s (at most %d)", ErrLedger, l.budget(), l.Term.Kind, limit)
	}
	return l, nil
}

func minute(t time.Time) time.Time {
	return calendar.DateOf(t).At(calendar.MinuteOf(t))
}

func stamp(t time.Time) string { return t.In(calendar.Zone()).Format("2006-01-02 15:04") }
