package workflow

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.uber.org/zap"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Apply applies a command. It reads the dossier once and writes once: one
// statement on PostgreSQL, one immediate transaction on SQLite. After an error
// which leaves the outcome open it runs the command again with its key, so a
// nil error means done once, whatever happened on the way.
//
// Errors: [ErrNotFound] outside the scope, [ErrStale] (a [*StaleError]),
// [ErrRefused] (a [*RefusedError] with the reason), [ErrKeyReused],
// [ErrInvalid].
func (e *Engine) Apply(ctx context.Context, c *Command) (*Result, error) {
	return e.retried(ctx, func(ctx context.Context, q querier) (*Result, error) { return e.apply(ctx, q, c) })
}

// ApplyTx is [Engine.Apply] inside the caller's write transaction: the move and
// the caller's own rows commit together or not at all. It uses only tx and
// repeats nothing. On SQLite the transaction must have begun as a writer.
func (e *Engine) ApplyTx(ctx context.Context, tx *sql.Tx, c *Command) (*Result, error) {
	return e.apply(ctx, inTx{tx}, c)
}

// Start opens a dossier at version 1. Like [Engine.Apply] it is done once for
// one key. Errors: [ErrInvalid], [ErrExists], [ErrKeyReused].
func (e *Engine) Start(ctx context.Context, c *StartCommand) (*Result, error) {
	id := c.Dossier
	if id == "" { // chosen once, so that a repetition means the same dossier
		id = DossierID(e.o.NewID())
	}
	return e.retried(ctx, func(ctx context.Context, q querier) (*Result, error) { return e.start(ctx, q, c, id) })
}

// StartTx is [Engine.Start] inside the caller's write transaction.
func (e *Engine) StartTx(ctx context.Context, tx *sql.Tx, c *StartCommand) (*Result, error) {
	id := c.Dossier
	if id == "" {
		id = DossierID(e.o.NewID())
	}
	return e.start(ctx, inTx{tx}, c, id)
}

// WhyNot says why a command would be refused now, or nil if it would be done.
// Expect and Key are not looked at, nothing is written. The error is
// [ErrNotFound], [ErrInvalid] or the database's.
func (e *Engine) WhyNot(ctx context.Context, c *Command) (*Reason, error) {
	d, err := e.Get(ctx, c.Scope, c.Dossier)
	if err != nil {
		return nil, err
	}
	m, err := e.machineOf(d)
	if err != nil {
		return nil, err
	}
	_, why, err := m.decide(ctx, GuardInput{d, c.Event, c.Actor, e.now(), c.Body})
	return why, err
}

func (e *Engine) machineOf(d *Dossier) (*Machine, error) {
	m, ok := e.Machine(d.Procedure, d.MachineVersion)
	if !ok || d.MachineVersion == "" {
		return nil, invalid("dossier %s runs in machine %s version %s, which is not loaded (give it to New)",
			d.ID, d.Procedure, d.MachineVersion)
	}
	return m, nil
}

// latestAttempts bounds how often a system event follows a moving dossier.
const latestAttempts = 5

func (e *Engine) apply(ctx context.Context, q querier, c *Command) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		res, err := e.applyOnce(ctx, q, c)
		var stale *StaleError
		// A system event follows the dossier. Any other command looks once more: what
		// moved the dossier may have been this very command, committed meanwhile by an
		// attempt whose answer was lost, and then its key is found.
		if errors.As(err, &stale) && (c.Expect == Latest && attempt < latestAttempts || attempt == 1) {
			continue
		}
		return res, err
	}
}

func (e *Engine) applyOnce(ctx context.Context, q querier, c *Command) (*Result, error) {
	d, seen, err := e.load(ctx, q, c.Dossier, c.Key)
	if err != nil {
		return nil, err
	}
	if seen != nil {
		return e.replay(ctx, q, c.Key, seen, c.Dossier, c.Event, c.Actor, c.Body)
	}
	if d == nil || !c.Scope.Sees(d) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, c.Dossier)
	}
	if c.Expect != Latest && c.Expect != d.Version {
		return nil, &StaleError{c.Dossier, c.Expect, d.Version}
	}
	m, err := e.machineOf(d)
	if err != nil {
		return nil, err
	}
	now := e.now()
	t, why, err := m.decide(ctx, GuardInput{d, c.Event, c.Actor, now, c.Body})
	if err != nil {
		return nil, err
	}
	if why != nil {
		return nil, &RefusedError{c.Event, *why}
	}
	after := *d
	after.State, after.Version, after.Changed = t.To, d.Version+1, now
	after.set(c.Set)
	mv := &move{before: d, after: &after, key: c.Key, effects: t.Effects}
	if err := e.fill(mv, c.Event, c.Actor, c.Body); err != nil {
		return nil, err
	}
	return e.write(ctx, q, mv)
}

func (e *Engine) start(ctx context.Context, q querier, c *StartCommand, id DossierID) (*Result, error) {
	m, err := c.check(e)
	if err != nil {
		return nil, err
	}
	d, seen, err := e.load(ctx, q, id, c.Key)
	if err != nil {
		return nil, err
	}
	if seen != nil {
		if c.Dossier == "" {
			id = seen.dossier // whoever repeats a start may not know the id it was given
		}
		res, err := e.replay(ctx, q, c.Key, seen, id, StartEvent, c.Actor, c.Body)
		if err == nil && (res.Entry.Procedure != m.Code() || res.Entry.Owner != c.Owner) {
			return nil, &sqlkit.KeyConflict{Key: c.Key}
		}
		return res, err
	}
	if d != nil {
		return nil, fmt.Errorf("%w: id %s (use another id, or Apply)", ErrExists, id)
	}
	now := e.now()
	after := &Dossier{ID: id, Procedure: m.Code(), MachineVersion: m.Version(), State: m.def.Initial,
		Version: 1, Owner: c.Owner, Created: now, Changed: now}
	after.set(c.Set)
	mv := &move{after: after, key: c.Key}
	if err := e.fill(mv, StartEvent, c.Actor, c.Body); err != nil {
		return nil, err
	}
	return e.write(ctx, q, mv)
}

// move is all that one write needs.
type move struct {
	before  *Dossier // nil for a start
	after   *Dossier
	entry   Entry
	salt    []byte
	body    json.RawMessage
	key     string
	effects []string
}

func (e *Engine) fill(mv *move, event string, a Actor, body json.RawMessage) error {
	mv.salt = make([]byte, 16)
	if _, err := io.ReadFull(e.o.Random, mv.salt); err != nil {
		return err
	}
	mv.body = body
	if mv.body == nil {
		mv.body = json.RawMessage("null")
	}
	d := mv.after
	en := Entry{ID: EntryID(d.ID, d.Version), Dossier: d.ID, Version: d.Version, At: d.Changed, Event: event,
		To: d.State, Actor: a, Procedure: d.Procedure, MachineVersion: d.MachineVersion,
		Owner: d.Owner, Ref: d.Ref, Unit: d.Unit, Due: d.Due,
		BodyDigest: DigestBody(mv.salt, mv.body), Prev: make([]byte, 32)}
	if mv.before != nil {
		en.From, en.Prev = mv.before.State, mv.before.head
	}
	en.Hash = HashEntry(&en)
	d.head = en.Hash
	mv.entry = en
	e.o.Logger.Debug("dossier moves", zap.String("dossier", string(d.ID)), zap.Int64("version", int64(d.Version)),
		zap.String("event", event), zap.String("to", d.State), zap.String("actor", a.ID))
	return nil
}

func (d *Dossier) set(c Changes) {
	if c.Ref != nil {
		d.Ref = *c.Ref
	}
	if c.Unit != nil {
		d.Unit = *c.Unit
	}
	if c.Due != nil {
		d.Due = fromMicros(micros(*c.Due))
	}
}

const (
	maxKey  = 200
	maxBody = 1 << 20
)

func checkCommon(key string, a Actor, body json.RawMessage) error {
	switch {
	case key == "" || len(key) > maxKey:
		return invalid("an idempotency key of 1 to %d bytes is required", maxKey)
	case a.ID == "" || a.Kind == "":
		return invalid("the actor's id and kind are required")
	case len(body) > maxBody:
		return invalid("the body has %d bytes, at most %d are kept (keep files outside and put their references here)", len(body), maxBody)
	case body != nil && !json.Valid(body):
		return invalid("the body is not JSON")
	}
	return nil
}

func (c *Command) check() error {
	switch {
	case c.Dossier == "":
		return invalid("a dossier is required")
	case c.Event == StartEvent:
		return invalid("%q is not an event to apply (call Start)", StartEvent)
	case c.Expect == Latest && c.Actor.Kind != KindSystem:
		return invalid("only system events may expect Latest (send the version the person has seen)")
	case c.Expect < 1 && c.Expect != Latest:
		return invalid("an expected version is required")
	}
	return checkCommon(c.Key, c.Actor, c.Body)
}

func (c *StartCommand) check(e *Engine) (*Machine, error) {
	m, ok := e.Machine(c.Procedure, c.MachineVersion)
	if !ok {
		return nil, invalid("no machine %s %s is loaded (give it to New)", c.Procedure, c.MachineVersion)
	}
	return m, checkCommon(c.Key, c.Actor, c.Body)
}
