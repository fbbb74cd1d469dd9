package esign

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// planState is how far a plan is. The numbers are stored.
type planState int

const (
	planOpen      planState = 1
	planStopped   planState = 2 // a holder refused or ran out of time
	planDone      planState = 3
	planCancelled planState = 4
)

// step is how far one signature is. The numbers are stored.
type step int

const (
	stepPlanned step = 0
	stepBuilt   step = 1 // what is to be signed is fixed and recorded
	stepAsked   step = 2 // the signer has a handle for it
	stepSigned  step = 3 // the value is recorded
	stepStamped step = 4 // so is the time stamp, where there is to be one
	stepDone    step = 5 // so is the file
	stepRefused step = 6
	stepExpired step = 7
)

// never is the due time of a plan that Resume leaves alone: a stepwise one whose next signature nobody has begun.
const never = math.MaxInt64

// planRow is a row of esign_plans with its signatures.
type planRow struct {
	key, purpose, prepared, current, reason string
	digest, text, hash                      []byte
	state                                   planState
	total, done                             int
	version, due, created, changed          int64
	plan                                    Plan
	signatures                              []signatureRow
}

// signatureRow is a row of esign_signatures.
type signatureRow struct {
	seq, attempt                             int
	field, holder, transaction, handle       string
	base, increment, result                  string
	state                                    step
	expires, at, gapFrom, gapTo, tail        int64
	chain, attrs, toSign, value, token, hash []byte
	scheme                                   driver.Scheme
}

// next is the signature under way, nil when all are made.
func (p *planRow) next() *signatureRow {
	for i := range p.signatures {
		if p.signatures[i].state != stepDone {
			return &p.signatures[i]
		}
	}
	return nil
}

const planColumns = `key, digest, plan, purpose, state, total, done, prepared, current, current_hash, version, due_us, reason,
 created_us, changed_us`

func (p *planRow) scan(row interface{ Scan(...any) error }) error {
	err := row.Scan(&p.key, &p.digest, &p.text, &p.purpose, &p.state, &p.total, &p.done, &p.prepared, &p.current, &p.hash,
		&p.version, &p.due, &p.reason, &p.created, &p.changed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(p.text, &p.plan); err != nil {
		return failWith(CodeInternal, err, "the recorded plan %q cannot be read", p.key)
	}
	return nil
}

const signatureColumns = `seq, field, holder, state, attempt, transaction_id, handle, expires_us, at_us, chain, scheme, base,
 increment, gap_from, gap_to, tail, attrs, to_sign, value, token, result, result_hash`

func (r *signatureRow) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&r.seq, &r.field, &r.holder, &r.state, &r.attempt, &r.transaction, &r.handle, &r.expires, &r.at, &r.chain,
		&r.scheme, &r.base, &r.increment, &r.gapFrom, &r.gapTo, &r.tail, &r.attrs, &r.toSign, &r.value, &r.token, &r.result, &r.hash)
}

// queryer is a pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// load reads a plan with its signatures.
func (s *Service) load(ctx context.Context, q queryer, key string) (*planRow, error) {
	p, err := s.loadPlan(ctx, q, key)
	if err != nil {
		return nil, err
	}
	p.signatures, err = s.loadSignatures(ctx, q, key)
	return p, err
}

func (s *Service) loadPlan(ctx context.Context, q queryer, key string) (p *planRow, err error) {
	rows, err := q.QueryContext(ctx, s.db.Dialect.SQL("SELECT "+planColumns+" FROM esign_plans WHERE key = $1"), key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, fail(CodeNotFound, "there is no plan with this key; prepare it first")
	}
	p = &planRow{}
	if err := p.scan(rows); err != nil {
		return nil, fmt.Errorf("esign_plans %s: %w: %w", key, sqlkit.ErrUnreadable, err)
	}
	return p, rows.Err()
}

func (s *Service) loadSignatures(ctx context.Context, q queryer, key string) (out []signatureRow, err error) {
	rows, err := q.QueryContext(ctx, s.db.Dialect.SQL("SELECT "+signatureColumns+
		" FROM esign_signatures WHERE plan_key = $1 ORDER BY seq"), key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r signatureRow
		if err := r.scan(rows); err != nil {
			return nil, fmt.Errorf("esign_signatures of %s: %w: %w", key, sqlkit.ErrUnreadable, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// fetch is load on the pool for reading, of one moment and with a deadline.
func (s *Service) fetch(ctx context.Context, key string) (*planRow, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	var p *planRow
	// The plan and its signatures are of one moment: a plan of before and signatures of after its last step would
	// look open with nothing left to do.
	err := s.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		p, err = s.load(ctx, tx, key)
		return err
	})
	return p, err
}

// insert writes a new plan and its signatures.
func (s *Service) insert(ctx context.Context, tx *sql.Tx, p *planRow) error {
	none := []byte{}
	_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`INSERT INTO esign_plans
 (key, digest, plan, purpose, state, total, done, prepared, current, current_hash, version, seen, due_us, reason, created_us, changed_us,
 seal)
 VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, 1, 0, $10, '', $11, $12, '')`),
		p.key, p.digest, p.text, p.purpose, planOpen, p.total, p.prepared, p.current, p.hash, p.due, p.created, p.changed)
	if err != nil {
		return err
	}
	for i, sig := range p.plan.Signatures {
		_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`INSERT INTO esign_signatures
 (plan_key, seq, field, holder, state, attempt, transaction_id, handle, expires_us, at_us, chain, scheme, base, increment,
 gap_from, gap_to, tail, attrs, to_sign, value, token, result, result_hash, changed_us)
 VALUES ($1, $2, $3, $4, 0, 1, '', '', 0, 0, $5, 0, '', '', 0, 0, 0, $6, $7, $8, $9, '', $10, $11)`),
			p.key, i, sig.Field, sig.Holder, none, none, none, none, none, none, p.changed)
		if err != nil {
			return err
		}
	}
	return s.seal(ctx, tx, p.key)
}

// planSeal covers a plan and everything that belongs to it; what replays count and when the next step is due is not
// covered.
func planSeal() *sqlkit.Seal {
	return &sqlkit.Seal{Head: "esign_plans", ID: "key", Column: "seal", Except: []string{"seen", "due_us"}, Members: []sqlkit.Member{
		{Table: "esign_signatures", Of: "m.plan_key", Key: []string{"plan_key", "seq"}},
		{Table: "esign_attempts", Of: "m.plan_key", Key: []string{"plan_key", "seq", "attempt"}},
	}}
}

// seal is the last thing every write does with a plan.
func (s *Service) seal(ctx context.Context, tx *sql.Tx, key string) error {
	return planSeal().Write(ctx, tx, s.db.Dialect, key)
}

// errMoved says that somebody else made a step first; what was read is to be read again.
var errMoved = errors.New("the plan was moved meanwhile")

// save records one step: the signature row as it is now, and the plan if nobody moved it since it was read. more runs in
// the same transaction.
func (s *Service) save(ctx context.Context, p *planRow, r *signatureRow, more func(context.Context, *sql.Tx) error) error {
	now := s.o.Now().UnixMicro()
	return s.db.Retry(ctx, true, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := s.savePlan(ctx, tx, p, now); err != nil {
				return err
			}
			if r != nil {
				if err := s.saveSignature(ctx, tx, p.key, r, now); err != nil {
					return err
				}
			}
			if more != nil {
				if err := more(ctx, tx); err != nil {
					return err
				}
			}
			return s.seal(ctx, tx, p.key)
		})
	})
}

func (s *Service) savePlan(ctx context.Context, tx *sql.Tx, p *planRow, now int64) error {
	// A done or cancelled plan never moves again.
	res, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`UPDATE esign_plans SET state = $1, done = $2, current = $3, current_hash = $4,
 due_us = $5, reason = $6, changed_us = $7, version = version + 1 WHERE key = $8 AND version = $9 AND state < $10`),
		p.state, p.done, p.current, p.hash, p.due, p.reason, now, p.key, p.version, planDone)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return errMoved
	}
	return nil
}

func (s *Service) saveSignature(ctx context.Context, tx *sql.Tx, key string, r *signatureRow, now int64) error {
	_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`UPDATE esign_signatures SET state = $1, attempt = $2, transaction_id = $3,
 handle = $4, expires_us = $5, at_us = $6, chain = $7, scheme = $8, base = $9, increment = $10, gap_from = $11, gap_to = $12,
 tail = $13, attrs = $14, to_sign = $15, value = $16, token = $17, result = $18, result_hash = $19, changed_us = $20
 WHERE plan_key = $21 AND seq = $22`),
		r.state, r.attempt, r.transaction, r.handle, r.expires, r.at, bytesOf(r.chain), r.scheme, r.base, r.increment, r.gapFrom,
		r.gapTo, r.tail, bytesOf(r.attrs), bytesOf(r.toSign), bytesOf(r.value), bytesOf(r.token), r.result, bytesOf(r.hash), now,
		key, r.seq)
	return err
}

// bytesOf makes of nil what the columns want.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// ended records how an attempt ended.
func (s *Service) ended(ctx context.Context, tx *sql.Tx, key string, r *signatureRow, outcome Code) error {
	_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`INSERT INTO esign_attempts (plan_key, seq, attempt, transaction_id, outcome, at_us)
 VALUES ($1, $2, $3, $4, $5, $6)`), key, r.seq, r.attempt, r.transaction, outcome, s.o.Now().UnixMicro())
	return err
}

func fromMicro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func toMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
