package desk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// The events of the standard one-stop flow the desk knows what to do with. Other
// events a province defines are moves without more.
const (
	EventRequest       = "request"
	EventReceive       = "receive"
	EventAskSupplement = "ask_supplement"
	EventSupply        = "supply"
	EventCompare       = "compare"
	EventAskFee        = "ask_fee"
	EventFeeSettled    = "fee_settled"
	EventReserve       = "reserve"
	EventCertified     = "certified"
)

// Act is a step a person takes on a dossier.
type Act struct {
	Dossier workflow.DossierID
	// Expect is the version the person has seen.
	Expect workflow.Version
	// Event names the step.
	Event string
	// Key is the idempotency key of the posted form.
	Key string
	// Reason is asked for by some steps, e.g. refusal.
	Reason string
	// Note is a free answer, e.g. to a supplement.
	Note string
	// Scan is the id of the offered scan that was compared, for compare.
	Scan string
	// NotExcluded says that the official has checked that the paper is none of
	// those which must not be certified (Decree 23/2015/NĐ-CP, Art. 22).
	NotExcluded bool
}

// body is what the history keeps of an act; it can be erased.
type body struct {
	Reason   string          `json:"reason,omitempty"`
	Note     string          `json:"note,omitempty"`
	Form     json.RawMessage `json:"form,omitempty"`
	Scan     string          `json:"scan,omitempty"`
	Pages    int             `json:"pages,omitempty"`
	Excluded *bool           `json:"excluded,omitempty"`
}

// Do takes a step and returns the dossier after it. The move, the desk's own
// rows, the charge and the register line are one transaction; repeating the same
// act with its key changes nothing. Errors: [workflow.ErrNotFound],
// [workflow.ErrStale], [workflow.ErrRefused], [workflow.ErrKeyReused],
// [ErrForm].
func (d *Desk) Do(ctx context.Context, who *identity.Person, a *Act) (*Case, error) {
	clean := *a
	clean.Reason, clean.Note = identity.NFC(strings.TrimSpace(a.Reason)), identity.NFC(strings.TrimSpace(a.Note))
	if len(clean.Reason) > 4000 || len(clean.Note) > 4000 {
		return nil, fmt.Errorf("%w: a reason has at most 4000 bytes", workflow.ErrInvalid)
	}
	now := d.now()
	scope := whostep.Scope(d.Policy, who, now)
	err := d.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		dos, err := d.Engine.GetTx(ctx, tx, scope, clean.Dossier)
		if err != nil {
			return err
		}
		actor, why := whostep.Resolve(d.Policy, who, clean.Event, dos.Unit, now)
		if why != nil {
			return refused(clean.Event, why)
		}
		return d.move(ctx, tx, dos, &clean, actor, scope, now)
	})
	if err != nil {
		return nil, err
	}
	return d.Case(ctx, who, clean.Dossier)
}

// SystemTx raises a system event, in the transaction of what caused it, at
// whatever version the dossier has. The key makes it happen once.
func (d *Desk) SystemTx(ctx context.Context, tx *sql.Tx, dossier workflow.DossierID, event, key string) error {
	actor, scope := whostep.System("desk")
	dos, err := d.Engine.GetTx(ctx, tx, scope, dossier)
	if err != nil {
		return err
	}
	return d.move(ctx, tx, dos, &Act{Dossier: dossier, Expect: workflow.Latest, Event: event, Key: key}, actor, scope, d.now())
}

// write runs fn in a transaction until its outcome is known; what it does
// carries a key or a revision.
func (d *Desk) write(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	once := func(ctx context.Context) error { return d.DB.InTx(ctx, fn) }
	err := d.DB.Retry(ctx, true, once)
	if errors.Is(err, errAgain) || errors.Is(err, workflow.ErrExists) || errors.Is(err, workflow.ErrStale) || d.DB.IsUnique(err) {
		// Another attempt with this key may have won: it is a replay now.
		err = d.DB.Retry(ctx, true, once)
	}
	return err
}

// step is one move being made.
type step struct {
	d    *Desk
	tx   *sql.Tx
	act  *Act
	row  *row
	proc *procedures.Procedure
	from procedures.State
	to   procedures.State // as the definition says; zero if the event leads nowhere
	body body
	set  workflow.Changes
	now  time.Time

	actor    workflow.Actor
	numbered bool   // a number of the day was taken
	settled  string // the charge that was paid already
}

func (d *Desk) move(ctx context.Context, tx *sql.Tx, dos *workflow.Dossier, a *Act, actor workflow.Actor, scope workflow.Scope,
	now time.Time) error {
	r, err := d.load(ctx, tx, "dossier_id", string(a.Dossier))
	if err != nil {
		return err
	}
	s := &step{d: d, tx: tx, act: a, row: r, now: now, actor: actor, body: body{Reason: a.Reason, Note: a.Note}}
	if s.proc, err = d.procedure(r.procedure, r.unit, r.doc.Edition); err != nil {
		return err
	}
	s.from, _ = s.proc.State(dos.State)
	if st, ok := s.proc.StepFrom(dos.State, a.Event); ok {
		s.to, _ = s.proc.State(st.To)
	}
	// The body is the same however often the act is repeated, so that the engine
	// knows a repetition. What the move leads to is prepared only if it may come
	// about; else the engine says why not.
	if err := s.say(ctx); err != nil {
		return err
	}
	if s.to.ID != "" && (a.Expect == dos.Version || a.Expect == workflow.Latest) {
		if err := s.prepare(ctx); err != nil {
			return err
		}
	}
	text, err := json.Marshal(s.body)
	if err != nil {
		return err
	}
	res, err := d.Engine.ApplyTx(ctx, tx, &workflow.Command{Dossier: a.Dossier, Expect: a.Expect, Event: a.Event, Actor: actor,
		Scope: scope, Key: a.Key, Body: text, Set: s.set})
	if err != nil {
		return err
	}
	if res.Replayed {
		if s.numbered { // another attempt filed it while this one waited: give the number back
			return errAgain
		}
		return nil
	}
	if err := s.finish(ctx, actor); err != nil {
		return err
	}
	if err := d.save(ctx, tx, r); err != nil {
		return err
	}
	if err := s.record(ctx, res.Dossier); err != nil {
		return err
	}
	if err := d.seal(ctx, tx, r.id); err != nil || s.settled == "" {
		return err
	}
	// The fee was paid while the dossier could not move: the gate opens at once.
	return d.SystemTx(ctx, tx, a.Dossier, EventFeeSettled, "charge/"+s.settled+"/again")
}

// errAgain rolls an attempt back that met its own success; the next one finds it.
var errAgain = errors.New("the act has been done meanwhile")

// record keeps the move for the national portal.
func (s *step) record(ctx context.Context, after *workflow.Dossier) error {
	_, err := s.tx.ExecContext(ctx, s.d.DB.Dialect.SQL("INSERT INTO procedures_moves (dossier_id, version, day, at_us, state, national)"+
		" VALUES ($1, $2, $3, $4, $5, $6)"), string(after.ID), int64(after.Version), after.Changed.In(procedures.Zone).Format(time.DateOnly),
		after.Changed.UnixMicro(), after.State, int64(s.to.National))
	return err
}
