package certify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign"
)

// Signature names one of the two signatures of a line.
type Signature int

// The signatures, in their order: the clerk seals only what the authorised
// person has signed (Decree 30/2020/NĐ-CP, Article 32).
const (
	OfficialSignature Signature = 1
	AgencySignature   Signature = 2
)

// AdvanceRequest asks for the next signature of a line.
type AdvanceRequest struct {
	Subject string
	// Signature is the one asked for; asking for one that is made does nothing,
	// asking for the second before the first is [ErrConflict].
	Signature Signature
	// Official is the holder who certifies, for the first signature.
	Official string
	// Again asks a holder anew who refused or let the time run out.
	Again bool
}

// Progress is a line and, while a signature is under way, what it waits for.
type Progress struct {
	Line
	// Waiting says that a holder has been asked and has not decided.
	Waiting bool
	// Stopped says why a holder did not sign; ask Again.
	Stopped *esign.Reason
}

// Advance makes one signature of a line, and completes the line with the last
// one. It calls signers, authorities and files, and must not be called while a
// transaction is open. It may be repeated after any error and goes on where it
// stopped. A signer that confirms elsewhere leaves the line waiting: call it
// again, or [Service.Resume].
func (s *Service) Advance(ctx context.Context, r *AdvanceRequest) (*Progress, error) {
	if r.Signature != OfficialSignature && r.Signature != AgencySignature {
		return nil, invalid("signature %d: a line has two", r.Signature)
	}
	l, err := s.Get(ctx, r.Subject)
	switch {
	case err != nil:
		return nil, err
	case l.State == Cancelled:
		return nil, errors.Join(ErrConflict, errors.New("the line is cancelled"))
	case l.State == Certified || l.Signed >= int(r.Signature):
		return &Progress{Line: *l}, nil
	case l.Signed+1 < int(r.Signature):
		return nil, errors.Join(ErrConflict, errors.New("the official has not signed yet"))
	}
	var p *planned
	if l.plan != "" {
		p, err = l.planned()
	} else if r.Official == "" {
		return nil, invalid("name the official who signs")
	} else {
		p, err = s.prepare(ctx, l, r.Official)
	}
	if err != nil {
		return nil, err
	}
	if r.Signature == OfficialSignature && r.Official != p.Plan.Signatures[0].Holder {
		return nil, errors.Join(ErrConflict, errors.New("another official has begun to sign this line"))
	}
	if _, err := s.signatures.Prepare(ctx, &p.Plan); err != nil {
		return nil, err
	}
	done, err := s.signatures.Advance(ctx, &esign.AdvanceRequest{Key: p.Plan.Key, Upto: int(r.Signature), Again: r.Again})
	if err != nil {
		return nil, err
	}
	return s.record(ctx, l, p, done)
}

// Progress returns the line of a subject and what its next signature waits for,
// else [ErrNotFound]. It moves nothing.
func (s *Service) Progress(ctx context.Context, subject string) (*Progress, error) {
	l, err := s.Get(ctx, subject)
	if err != nil {
		return nil, err
	}
	out := &Progress{Line: *l}
	if l.State != Reserved || l.plan == "" {
		return out, nil
	}
	p, err := l.planned()
	if err != nil {
		return nil, err
	}
	done, err := s.signatures.Get(ctx, p.Plan.Key)
	if errors.Is(err, esign.ErrNotFound) {
		return out, nil
	}
	if err == nil {
		out.Waiting, out.Stopped = done.Stage == esign.StageWaiting, done.Reason
	}
	return out, err
}

// record writes down how far the signatures are, and completes the line with the
// last.
func (s *Service) record(ctx context.Context, l *Line, p *planned, done *esign.Progress) (*Progress, error) {
	out := &Progress{Waiting: done.Stage == esign.StageWaiting, Stopped: done.Reason}
	size := int64(0)
	if done.Stage == esign.StageDone {
		var err error
		if size, err = s.size(ctx, done.Document); err != nil {
			return nil, err
		}
	}
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := s.load(ctx, tx, "id", l.ID)
		if err != nil {
			return err
		}
		out.Line = *fresh
		if fresh.State != Reserved || fresh.Signed >= done.Done {
			return nil
		}
		fresh.Signed = done.Done
		if done.Stage == esign.StageDone {
			fresh.State, fresh.Ended = Certified, s.now()
			fresh.File, fresh.Size, fresh.FilePages = done.Document, size, p.Pages
		}
		if err := s.save(ctx, tx, fresh); err != nil {
			return err
		}
		out.Line = *fresh
		if fresh.State == Certified && s.onCertified != nil {
			return s.onCertified(ctx, tx, *fresh)
		}
		return nil
	})
	if errors.Is(err, errMoved) {
		fresh, err := s.Get(ctx, l.Subject)
		if err != nil {
			return nil, err
		}
		out.Line = *fresh
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	s.o.Logger.Info("register line", zap.String("line", out.ID), zap.String("state", string(out.State)), zap.Int("signed", out.Signed))
	return out, nil
}

func (s *Service) size(ctx context.Context, ref string) (int64, error) {
	f, err := s.o.Files.Open(ctx, ref)
	if err != nil {
		return 0, fmt.Errorf("certified file: %w", err)
	}
	n, err := io.Copy(io.Discard, f)
	return n, errors.Join(err, f.Close())
}

// Resume goes on with at most n lines whose signatures are under way: it collects
// what holders have confirmed elsewhere and completes what a killed process left.
// Each call goes on where the one before ended and begins anew after the last, so
// lines that wait for long keep none from their turn. It never begins a signature
// nobody asked for. It returns how many lines moved.
func (s *Service) Resume(ctx context.Context, n int) (int, error) {
	subjects, err := s.open(ctx, n)
	if err != nil {
		return 0, err
	}
	moved := 0
	var wrong []error
	for _, subject := range subjects {
		ok, err := s.resume(ctx, subject)
		if err != nil {
			wrong = append(wrong, err)
		}
		if ok {
			moved++
		}
	}
	return moved, errors.Join(wrong...)
}

// ResumeLine is [Service.Resume] of one line, for who is told that its signature is
// there. It says whether the line moved; [ErrNotFound] where there is none.
func (s *Service) ResumeLine(ctx context.Context, subject string) (bool, error) {
	return s.resume(ctx, subject)
}

func (s *Service) resume(ctx context.Context, subject string) (bool, error) {
	l, err := s.Get(ctx, subject)
	if err != nil || l.State != Reserved || l.plan == "" {
		return false, err
	}
	p, err := l.planned()
	if err != nil {
		return false, err
	}
	done, err := s.signatures.Get(ctx, p.Plan.Key)
	if errors.Is(err, esign.ErrNotFound) {
		return false, nil // planned, and nobody has been asked
	}
	if err == nil && done.Begun {
		done, err = s.signatures.Advance(ctx, &esign.AdvanceRequest{Key: p.Plan.Key, Upto: done.Done + 1})
	}
	if err != nil {
		return false, err
	}
	if done.Done <= l.Signed {
		return false, nil
	}
	_, err = s.record(ctx, l, p, done)
	return err == nil, err
}

func (s *Service) open(ctx context.Context, n int) ([]string, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.db.Read.QueryContext(ctx, s.db.Dialect.SQL("SELECT id, subject FROM certify_lines WHERE state = $1 AND plan <> ''"+
		" AND id > $2 ORDER BY id LIMIT $3"), string(Reserved), s.resumed, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []string
	for rows.Next() {
		var subject string
		if err := rows.Scan(&s.resumed, &subject); err != nil {
			return nil, err
		}
		out = append(out, subject)
	}
	if len(out) < n {
		s.resumed = "" // that was the last
	}
	return out, rows.Err()
}
