package payment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// filter collects conditions and their arguments.
type filter struct {
	conds []string
	args  []any
}

func (f *filter) arg(v any) string {
	f.args = append(f.args, v)
	return fmt.Sprintf("$%d", len(f.args))
}

func (f *filter) where(cond string) { f.conds = append(f.conds, cond) }

func (f *filter) add(yes, no string, which bool) {
	if which {
		f.where(yes)
		return
	}
	f.where(no)
}

// scope narrows to what a caller may see. payer is the condition for a payer,
// with %s for the argument. The zero Scope finds nothing.
func (f *filter) scope(s Scope, payer string) {
	if s.All {
		return
	}
	var ors []string
	for _, u := range s.Units {
		if u != "" {
			ors = append(ors, "unit = "+f.arg(u))
		}
	}
	if s.Payer != "" {
		ors = append(ors, fmt.Sprintf(payer, f.arg(s.Payer)))
	}
	if len(ors) == 0 {
		ors = []string{"1 = 0"}
	}
	f.where("(" + strings.Join(ors, " OR ") + ")")
}

func (f *filter) text() string { return strings.Join(f.conds, " AND ") }

// snapshot runs reads that belong together.
func (s *Service) snapshot(ctx context.Context, fn func(context.Context, querier) error) error {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	return s.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error { return fn(ctx, tx) })
}

// Get returns a charge with its lines, attempts and receipts. One outside the
// scope is ErrNotFound.
func (s *Service) Get(ctx context.Context, scope Scope, id string) (*Charge, error) {
	var c *Charge
	err := s.snapshot(ctx, func(ctx context.Context, q querier) (err error) {
		c, err = scanCharge(s.row(ctx, q, "SELECT "+chargeColumns+" FROM payment_charges WHERE id = $1", id).Scan)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !scope.Sees(c) {
			return fail(CodeNotFound, "charge %s is not there, or not in this scope", id)
		}
		if err != nil {
			return err
		}
		return s.fill(ctx, q, c)
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// ListBySubject returns the charges of a subject that lie in the scope, oldest
// first, at most 100.
func (s *Service) ListBySubject(ctx context.Context, scope Scope, subject string) ([]Charge, error) {
	var out []Charge
	err := s.snapshot(ctx, func(ctx context.Context, q querier) (err error) {
		out, err = s.bySubject(ctx, q, scope, subject)
		return err
	})
	return out, err
}

// ListBySubjectTx is [Service.ListBySubject] in the caller's transaction.
func (s *Service) ListBySubjectTx(ctx context.Context, tx *sql.Tx, scope Scope, subject string) ([]Charge, error) {
	return s.bySubject(ctx, tx, scope, subject)
}

func (s *Service) bySubject(ctx context.Context, q querier, scope Scope, subject string) ([]Charge, error) {
	f := &filter{}
	f.where("subject = " + f.arg(subject))
	f.scope(scope, "payer = %s")
	var out []Charge
	err := s.each(ctx, q, func(scan func(...any) error) error {
		c, err := scanCharge(scan)
		if err == nil {
			out = append(out, *c)
		}
		return err
	}, "SELECT "+chargeColumns+" FROM payment_charges WHERE "+f.text()+" ORDER BY created_us, id LIMIT 100", f.args...)
	for i := range out {
		if err == nil {
			err = s.fill(ctx, q, &out[i])
		}
	}
	return out, err
}

// Receipt returns one receipt whose charge lies in the scope.
func (s *Service) Receipt(ctx context.Context, scope Scope, id string) (*Receipt, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	f := &filter{}
	f.where("r.id = " + f.arg(id))
	f.scope(scope, "payer = %s")
	cols := "r." + strings.ReplaceAll(receiptColumns, ", ", ", r.")
	r, err := scanReceipt(s.row(ctx, s.db.Read, "SELECT "+cols+
		" FROM payment_receipts AS r JOIN payment_charges AS c ON c.id = r.charge_id WHERE "+f.text(), f.args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fail(CodeNotFound, "receipt %s is not there, or not in this scope", id)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// AttemptByRef finds an attempt by the reference its gateway knows, for the page
// the browser returns to. It tells how the attempt stands and settles nothing.
func (s *Service) AttemptByRef(ctx context.Context, scope Scope, gateway, ref string) (*Attempt, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	var id string
	err := s.row(ctx, s.db.Read, "SELECT charge_id FROM payment_attempts WHERE gateway = $1 AND ref = $2", gateway, ref).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	c, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	for i := range c.Attempts {
		if c.Attempts[i].Gateway == gateway && c.Attempts[i].Ref == ref {
			return &c.Attempts[i], nil
		}
	}
	return nil, fail(CodeNotFound, "attempt %s is not there, or not in this scope", ref)
}
