package esign

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/internal/pdf"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// Prepared is a plan whose document has its fields.
type Prepared struct {
	Key string
	// Document is the Files ref of the document with all fields, before the first signature.
	Document string
	// Total is how many signatures will be made.
	Total int
}

// Prepare makes the fields of a plan in its document, checks what can be checked before anybody is asked to sign (the
// document, appearances, each holder's certificate: path, dates, usage, strength) and records the plan. No signature is
// made; Advance does.
//
// Repeating it with the same plan gives the first result, also while another call is under way; the same Key with another
// plan is ErrConflict (sqlkit.ErrKeyReused). A signer that cannot be reached does not stop it: its certificate is checked
// when it signs. It calls files and signers outside any transaction.
func (s *Service) Prepare(ctx context.Context, plan *Plan) (*Prepared, error) {
	p, err := plan.normalised()
	if err != nil {
		return nil, err
	}
	text, digest, err := p.encode()
	if err != nil {
		return nil, err
	}
	if got, err := s.replay(ctx, p.Key, digest); got != nil || err != nil {
		return got, err
	}
	if err := s.preflight(ctx, p); err != nil {
		return nil, err
	}
	doc, err := s.read(ctx, p.Document, s.o.MaxDocument)
	if err != nil {
		return nil, err
	}
	more, err := withFields(doc, p, pdfLimits(s.o.MaxDocument))
	if err != nil {
		return nil, err
	}
	row := &planRow{
		key: p.Key, digest: digest, text: text, plan: *p, purpose: p.Purpose, total: len(p.Signatures),
		due: s.o.ProtocolNow().UnixMicro(), created: s.o.Now().UnixMicro(),
	}
	row.changed = row.created
	if p.Stepwise {
		row.due = never
	}
	if row.prepared, row.hash, err = s.put(ctx, whole(doc, more)); err != nil {
		return nil, err
	}
	row.current = row.prepared
	err = s.db.Retry(ctx, true, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.insert(ctx, tx, row) })
	})
	if err != nil {
		// Another call, or our own before an unknown commit, may have won.
		if got, again := s.replay(ctx, p.Key, digest); got != nil || again != nil {
			return got, again
		}
		return nil, err
	}
	s.o.Logger.Info("plan prepared", zap.String("plan", p.Key), zap.Int("signatures", row.total))
	return &Prepared{Key: p.Key, Document: row.prepared, Total: row.total}, nil
}

// replay finds a plan that was prepared before; it counts itself first (see sqlkit.Key). Nil means that there is none.
func (s *Service) replay(ctx context.Context, key string, digest []byte) (*Prepared, error) {
	var out *Prepared
	err := s.db.Retry(ctx, true, func(ctx context.Context) error {
		out = nil
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var stored []byte
			p := &Prepared{Key: key}
			err := tx.QueryRowContext(ctx, s.db.Dialect.SQL(
				"UPDATE esign_plans SET seen = seen + 1 WHERE key = $1 RETURNING digest, prepared, total"), key).
				Scan(&stored, &p.Document, &p.Total)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return nil
			case err != nil:
				return err
			case !bytes.Equal(stored, digest):
				return failWith(CodeConflict, &sqlkit.KeyConflict{Key: key}, "the plan")
			}
			out = p
			return nil
		})
	})
	return out, err
}

// preflight checks what would otherwise fail in the middle, after somebody has signed.
func (s *Service) preflight(ctx context.Context, p *Plan) error {
	checked := map[string]bool{}
	for i := range p.Signatures {
		sig := &p.Signatures[i]
		if sig.Level == LevelBT && len(s.timestampers) == 0 {
			return fail(CodeInvalid, "field %q wants a time stamp, and there is no authority to ask", quoted(sig.Field))
		}
		if err := s.preflightAppearance(ctx, sig); err != nil {
			return err
		}
		if checked[sig.Holder] {
			continue
		}
		checked[sig.Holder] = true
		if err := s.preflightHolder(ctx, sig); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) preflightHolder(ctx context.Context, sig *PlannedSignature) error {
	signer, err := s.signer(ctx, sig.Holder)
	if err == nil {
		_, err = s.credential(ctx, signer)
	}
	if errors.Is(err, ErrUnavailable) {
		s.o.Logger.Warn("a signer's certificate could not be checked beforehand", zap.Error(err))
		return nil
	}
	return err
}

func (s *Service) preflightAppearance(ctx context.Context, sig *PlannedSignature) error {
	if sig.Appearance == "" {
		return nil
	}
	picture, err := s.read(ctx, sig.Appearance, maxAppearance)
	if err != nil {
		return err
	}
	d, err := pdf.Open(picture, &pdf.Limits{Size: maxAppearance})
	if err != nil {
		return failWith(CodeInvalid, err, "field %q: the appearance cannot be read", quoted(sig.Field))
	}
	if _, err := addAppearance(pdf.NewUpdate(d), picture); err != nil {
		return failWith(CodeInvalid, err, "field %q", quoted(sig.Field))
	}
	return nil
}
