package esign

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// AdvanceRequest asks a plan to go on.
type AdvanceRequest struct {
	Key string
	// Again begins a new attempt where the holder refused or ran out of time; else such a plan stays as it is.
	Again bool
	// Upto is how many signatures may have been made when it returns: one more than are made asks for the next alone. 0
	// goes on to the last, but begins none of a stepwise plan.
	Upto int
}

// Stage is where a plan stands. The zero Stage is none.
type Stage int

// The stages.
const (
	// StageOpen: the next step can be made; Advance does.
	StageOpen Stage = 1
	// StageWaiting: a holder has been asked and has not decided. Advance again after RetryAfter.
	StageWaiting Stage = 2
	// StageStopped: a holder refused or let the time run out; Reason says which. AdvanceRequest.Again asks anew.
	StageStopped Stage = 3
	// StageDone: every signature is made.
	StageDone Stage = 4
	// StageCancelled: the plan was given up.
	StageCancelled Stage = 5
)

// String is the stage in lower case.
func (s Stage) String() string {
	switch s {
	case StageOpen:
		return "open"
	case StageWaiting:
		return "waiting"
	case StageStopped:
		return "stopped"
	case StageDone:
		return "done"
	case StageCancelled:
		return "cancelled"
	}
	return fmt.Sprintf("stage %d", int(s))
}

// Progress is how far a plan is.
type Progress struct {
	Key, Purpose string
	Stage        Stage
	// Document is the Files ref of the newest complete document, and SHA256 its hash: that with the fields before the first
	// signature, the signed one afterwards.
	Document string
	SHA256   []byte
	// Done of Total signatures are made.
	Done, Total int
	// Field and Holder are those of the next signature; empty when all are made. Begun says that it is under way.
	Field, Holder string
	Begun         bool
	// Expires is when the holder's time runs out (zero: not known) and RetryAfter how long to wait, while StageWaiting.
	Expires    time.Time
	RetryAfter time.Duration
	// Reason says in words why the plan is stopped.
	Reason *Reason
	// Made are the signatures made so far, in order.
	Made []Made
}

// Made is one signature that was made.
type Made struct {
	Field, Holder string
	// At is the time that stands in the signature.
	At time.Time
	// Document is the Files ref of the document right after it, and SHA256 its hash.
	Document string
	SHA256   []byte
	// Certificate is the DER of the signer's.
	Certificate []byte
}

// maxRounds bounds one Advance: five steps for each signature, and some more in case others move the plan.
const maxRounds = 5*maxSignatures + 50

// Advance makes the steps of a plan until it is done, a holder has to decide, or something is not available: the latter
// is an error that wraps ErrUnavailable, and calling again goes on where it stopped. Each result is recorded in a short
// transaction of its own before the next step relies on it, so a restart resumes at the last one; signers, authorities
// and files are called with no transaction open.
//
// It may be called at any time, also concurrently: of two that make the same step one wins and both see its result. A
// signer may then have been asked twice with the same transaction id, which is one act of the holder.
func (s *Service) Advance(ctx context.Context, r *AdvanceRequest) (*Progress, error) {
	if r == nil || r.Key == "" {
		return nil, fail(CodeInvalid, "name the plan to advance")
	}
	again := r.Again
	for range maxRounds {
		p, err := s.fetch(ctx, r.Key)
		if err != nil {
			return nil, err
		}
		if p.held(r.Upto) {
			return p.progress()
		}
		pause, err := s.advance(ctx, p, again)
		again = false
		switch {
		case errors.Is(err, errMoved):
			continue
		case err != nil:
			s.o.Logger.Warn("plan does not advance", zap.String("plan", p.key), zap.Stringer("code", ErrorCode(err)))
			return nil, err
		case pause != nil:
			return pause, nil
		}
	}
	return nil, fail(CodeUnavailable, "the plan is moved by many at once; try again")
}

// held says that the next signature must not begin yet. One that has begun goes on: its holder has been named.
func (p *planRow) held(upto int) bool {
	next := p.next()
	if p.state != planOpen || next == nil || next.state != stepPlanned {
		return false
	}
	return p.done >= upto && (upto > 0 || p.plan.Stepwise)
}

// Get tells how far a plan is without moving it.
func (s *Service) Get(ctx context.Context, key string) (*Progress, error) {
	p, err := s.fetch(ctx, key)
	if err != nil {
		return nil, err
	}
	return p.progress()
}

// advance makes one step, or returns the progress of a plan that is to rest.
func (s *Service) advance(ctx context.Context, p *planRow, again bool) (*Progress, error) {
	r := p.next()
	if p.state == planStopped && again {
		return nil, s.anew(ctx, p, r)
	}
	if p.state != planOpen || r == nil {
		return p.progress()
	}
	switch r.state {
	case stepPlanned:
		return nil, s.build(ctx, p, r)
	case stepBuilt:
		return nil, s.ask(ctx, p, r)
	case stepAsked:
		return s.collect(ctx, p, r)
	case stepSigned:
		return nil, s.stamp(ctx, p, r)
	case stepStamped:
		return nil, s.finish(ctx, p, r)
	default:
		return nil, fail(CodeInternal, "plan %q: signature %d is in state %d while the plan is open", p.key, r.seq, r.state)
	}
}

// progress tells what the rows say.
func (p *planRow) progress() (*Progress, error) {
	out := &Progress{
		Key: p.key, Purpose: p.purpose, Document: p.current, SHA256: p.hash, Done: p.done, Total: p.total, Stage: StageOpen,
	}
	if r := p.next(); r != nil {
		out.Field, out.Holder, out.Begun = r.field, r.holder, r.state != stepPlanned
		if r.state == stepAsked {
			out.Stage, out.Expires = StageWaiting, fromMicro(r.expires)
		}
		out.Reason = r.reason()
	}
	switch p.state {
	case planStopped:
		out.Stage = StageStopped
	case planDone:
		out.Stage = StageDone
	case planCancelled:
		out.Stage = StageCancelled
	}
	for i := range p.signatures {
		r := &p.signatures[i]
		if r.state != stepDone {
			continue
		}
		c, err := r.credential()
		if err != nil {
			return nil, err
		}
		out.Made = append(out.Made, Made{
			Field: r.field, Holder: r.holder, At: fromMicro(r.at), Document: r.result, SHA256: r.hash, Certificate: c.leaf.Raw,
		})
	}
	return out, nil
}

func (r *signatureRow) reason() *Reason {
	switch r.state {
	case stepRefused:
		return &Reason{
			Code: "holder-refused", VI: "Người ký đã từ chối ký.", EN: "The holder refused to sign.",
		}
	case stepExpired:
		return &Reason{
			Code: "holder-late", VI: "Hết thời hạn xác nhận ký.", EN: "The time to confirm the signature ran out.",
		}
	}
	return nil
}

// announce puts a message into the outbox, in the transaction of what it tells.
func (s *Service) announce(ctx context.Context, tx *sql.Tx, topic, id string, p *planRow) error {
	payload, err := json.Marshal(Announcement{Key: p.key, Purpose: p.purpose, Document: p.current})
	if err != nil {
		return err
	}
	return s.outbox.PutTx(ctx, tx, sqlkit.Message{ID: id, Topic: topic, Payload: payload, At: s.o.Now()})
}
