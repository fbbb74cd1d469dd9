package payment

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit recounts the module's tables from one snapshot, beside running writers,
// and returns everything that is wrong, by table and row: a charge or receipt
// that is not what was sealed, a state its events do not lead to, money that is
// not booked or booked twice, numbers with holes, rows that belong to nothing.
// It finds accidents and partial edits; it is no proof against who owns the
// database.
func (s *Service) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	a := &auditor{
		s: s, charges: map[string]*Charge{}, attempts: map[string]*Attempt{}, groups: map[string][]booked{},
		states: map[string]State{}, held: map[string]bool{},
	}
	err := s.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, step := range []func(context.Context, *sql.Tx) error{
			a.seals, a.readCharges, a.readAttempts, a.readPostings, a.events, a.readReceipts,
			a.exceptions, a.sequences, a.notices, a.keys, a.messages,
		} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.judgeCharges()
	a.judgeAttempts()
	a.judgeGroups()
	return a.Found, nil
}

type booked struct {
	charge, attempt, account string
	amount                   Dong
}

type auditor struct {
	sqlkit.Recount
	s        *Service
	charges  map[string]*Charge
	attempts map[string]*Attempt
	groups   map[string][]booked
	states   map[string]State // by charge or attempt id: where its events lead
	held     map[string]bool  // groups an exception names
	numbers  []Receipt
}

// seals names what was changed, added or deleted by other hands.
func (a *auditor) seals(ctx context.Context, tx *sql.Tx) error {
	for _, s := range []*sqlkit.Seal{chargeSeal(), exceptionSeal()} {
		found, err := s.Check(ctx, tx, a.s.db.Dialect)
		if err != nil {
			return err
		}
		a.Found = append(a.Found, found...)
	}
	return nil
}

func (a *auditor) readCharges(ctx context.Context, tx *sql.Tx) error {
	lines := map[string][]FeeLine{}
	err := a.Each(ctx, tx, "payment_fee_lines", 2,
		"SELECT charge_id, line_no, kind, code, name, amount FROM payment_fee_lines ORDER BY charge_id, line_no",
		func(scan func(...any) error) error {
			var (
				id string
				n  int
				l  FeeLine
			)
			if err := scan(&id, &n, &l.Kind, &l.Code, &l.Name, &l.Amount); err != nil {
				return err
			}
			if n != len(lines[id])+1 {
				a.Bad("payment_fee_lines", id+"/"+strconv.Itoa(n), "the line before it is missing")
			}
			lines[id] = append(lines[id], l)
			return nil
		})
	if err != nil {
		return err
	}
	err = a.Each(ctx, tx, "payment_charges", 1,
		"SELECT "+chargeColumns+", digest FROM payment_charges ORDER BY id",
		func(scan func(...any) error) error {
			var digest []byte
			c, err := scanCharge(func(into ...any) error { return scan(append(into, &digest)...) })
			if err != nil {
				return err
			}
			c.Lines = lines[c.ID]
			delete(lines, c.ID)
			a.charges[c.ID] = c
			a.states[c.ID] = StateDue
			var sum Dong
			for _, l := range c.Lines {
				if sum, err = sum.Add(l.Amount); err != nil {
					return err
				}
			}
			if sum != c.Total {
				a.Bad("payment_fee_lines", c.ID, "lines add up to %d đ, the charge says %d đ", sum, c.Total)
			}
			seal, err := c.seal()
			if err != nil {
				return err
			}
			if !bytes.Equal(seal, digest) {
				a.Bad("payment_charges", c.ID, "charge or its lines are not what was sealed at creation")
			}
			return nil
		})
	for _, id := range slices.Sorted(maps.Keys(lines)) {
		a.Bad("payment_fee_lines", id, "lines without a charge")
	}
	return err
}

func (a *auditor) readAttempts(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_attempts", 1,
		"SELECT "+attemptColumns+" FROM payment_attempts ORDER BY charge_id, n",
		func(scan func(...any) error) error {
			t, err := scanAttempt(scan)
			if err != nil {
				return err
			}
			a.attempts[t.ID] = t
			a.states[t.ID] = StateStarting
			c := a.charges[t.Charge]
			switch {
			case c == nil:
				a.Bad("payment_attempts", t.ID, "attempt of a charge that is not there")
				return nil
			case t.N != len(c.Attempts)+1 || t.ID != fmt.Sprintf("%s-%d", t.Charge, t.N) || t.Ref != t.ID:
				a.Bad("payment_attempts", t.ID, "number or reference does not follow")
			case t.Amount != c.Total:
				a.Bad("payment_attempts", t.ID, "amount is %d đ, the charge owes %d đ", t.Amount, c.Total)
			}
			c.Attempts = append(c.Attempts, *t)
			return nil
		})
}

func (a *auditor) readPostings(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_postings", 2,
		"SELECT group_id, line_no, charge_id, attempt_id, account, amount FROM payment_postings ORDER BY group_id, line_no",
		func(scan func(...any) error) error {
			var (
				group string
				n     int
				b     booked
			)
			if err := scan(&group, &n, &b.charge, &b.attempt, &b.account, &b.amount); err != nil {
				return err
			}
			if n != len(a.groups[group])+1 {
				a.Bad("payment_postings", group+"/"+strconv.Itoa(n), "the posting before it is missing")
			}
			a.groups[group] = append(a.groups[group], b)
			return nil
		})
}

// events replays the journal over both machines.
func (a *auditor) events(ctx context.Context, tx *sql.Tx) error {
	last := map[string]int{}
	return a.Each(ctx, tx, "payment_events", 2,
		"SELECT charge_id, n, attempt_id, event, from_state, to_state FROM payment_events ORDER BY charge_id, n",
		func(scan func(...any) error) error {
			var (
				charge, attempt string
				n               int
				e               Edge
			)
			if err := scan(&charge, &n, &attempt, &e.Event, &e.From, &e.To); err != nil {
				return err
			}
			row := charge + "/" + strconv.Itoa(n)
			if n != last[charge]+1 {
				a.Bad("payment_events", row, "the event before it is missing")
			}
			last[charge] = n
			of, graph := charge, ChargeGraph()
			if attempt != "" {
				of, graph = attempt, AttemptGraph()
			}
			state, there := a.states[of]
			if !there || a.charges[charge] == nil {
				a.Bad("payment_events", row, "event of something that is not there")
				return nil
			}
			if to, ok := next(graph, e.From, e.Event); !ok || to != e.To || state != e.From {
				a.Bad("payment_events", row, "event %s from %s to %s cannot follow %s", e.Event, e.From, e.To, state)
			}
			a.states[of] = e.To
			return nil
		})
}

func (a *auditor) judgeCharges() {
	for _, id := range slices.Sorted(maps.Keys(a.charges)) {
		c := a.charges[id]
		if a.states[id] != c.State {
			a.Bad("payment_charges", id, "state is %s, its events lead to %s", c.State, a.states[id])
			a.Bad("payment_events", id, "events lead to %s, the charge is %s", a.states[id], c.State)
		}
		group := a.groups[groupSettled(id)]
		if c.State != StateSettled {
			if c.SettledBy != "" || !c.SettledAt.IsZero() {
				a.Bad("payment_charges", id, "is %s and has a time or attempt of settlement", c.State)
			}
			if len(group) > 0 {
				a.Bad("payment_postings", groupSettled(id), "settlement of a charge that is %s", c.State)
			}
			if len(c.Receipts) > 0 {
				a.Bad("payment_receipts", c.Receipts[0].ID, "receipt of a charge that is %s", c.State)
			}
			if (c.State == StateCancelled) != (c.Reason != "") {
				a.Bad("payment_charges", id, "is %s and its reason does not fit", c.State)
			}
			continue
		}
		by := a.attempts[c.SettledBy]
		if by == nil || by.Charge != id || by.State != StatePaid || c.SettledAt.IsZero() {
			a.Bad("payment_charges", id, "settled without a paid attempt or a time")
			continue
		}
		a.judgeSettlement(c, by, group)
		a.judgeReceipts(c)
	}
}

// judgeSettlement compares the postings with the fee lines.
func (a *auditor) judgeSettlement(c *Charge, by *Attempt, group []booked) {
	want := []posting{{"", c.Total}}
	for _, l := range c.Lines {
		want = append(want, posting{accountRevenue + string(l.Kind) + ":" + l.Code, -l.Amount})
	}
	ok := len(group) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = group[i].amount == want[i].amount && group[i].charge == c.ID && group[i].attempt == by.ID
		if i > 0 {
			ok = ok && group[i].account == want[i].account
			continue
		}
		account, till := group[i].account, accountCash
		if by.Gateway != Cash {
			till = accountGateway + by.Gateway
		}
		ok = ok && (account == till || by.Gateway == Cash && strings.HasPrefix(account, till))
	}
	if !ok {
		a.Bad("payment_postings", groupSettled(c.ID), "postings are not those of the settled charge")
	}
}

// judgeReceipts compares the receipts with the fee lines, one for each kind.
func (a *auditor) judgeReceipts(c *Charge) {
	have := map[FeeKind]*Receipt{}
	for i := range c.Receipts {
		have[c.Receipts[i].Kind] = &c.Receipts[i]
	}
	for _, kind := range FeeKinds() {
		var lines []FeeLine
		for _, l := range c.Lines {
			if l.Kind == kind {
				lines = append(lines, l)
			}
		}
		r := have[kind]
		switch {
		case len(lines) == 0 && r == nil:
		case r == nil:
			a.Bad("payment_receipts", c.ID+"/"+string(kind), "settled charge has no receipt of this kind")
		case !slices.Equal(lines, r.Lines):
			a.Bad("payment_receipts", r.ID, "lines are not those of the charge")
		}
	}
}

func (a *auditor) judgeAttempts() {
	booked := map[string]int{}
	for id, g := range a.groups {
		kind, _, _ := strings.Cut(id, ":")
		switch ExceptionKind(kind) {
		case "settled", OverPaid, PaidAfterCancel:
			if t := a.attempts[g[0].attempt]; t != nil && g[0].amount == t.Amount {
				booked[t.ID]++
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.attempts)) {
		t := a.attempts[id]
		if a.states[id] != t.State {
			a.Bad("payment_attempts", id, "state is %s, its events lead to %s", t.State, a.states[id])
			a.Bad("payment_events", id, "events lead to %s, the attempt is %s", a.states[id], t.State)
		}
		if (t.State == StatePaid) == t.PaidAt.IsZero() {
			a.Bad("payment_attempts", id, "is %s and its time of payment does not fit", t.State)
		}
		if n := booked[id]; (t.State == StatePaid) != (n == 1) {
			a.Bad("payment_postings", id, "an attempt that is %s is booked %d times", t.State, n)
		}
	}
}

func (a *auditor) judgeGroups() {
	for _, id := range slices.Sorted(maps.Keys(a.groups)) {
		var sum Dong
		for _, b := range a.groups[id] {
			sum += b.amount
			if b.charge != "" && a.charges[b.charge] == nil || b.attempt != "" && a.attempts[b.attempt] == nil {
				a.Bad("payment_postings", id, "belongs to a charge or attempt that is not there")
			}
		}
		if sum != 0 {
			a.Bad("payment_postings", id, "postings add up to %d đ, not to nothing", sum)
		}
		kind, fact, _ := strings.Cut(id, ":")
		switch {
		case kind == "settled" && a.charges[fact] != nil:
		case kind == "corrected" && a.groups[string(AmountMismatch)+":"+fact] != nil:
		case a.held[id]:
		default:
			a.Bad("payment_postings", id, "neither a settlement nor an exception accounts for it")
			a.Bad("payment_exceptions", fact, "there is none for the money booked as %s", kind)
		}
	}
}
