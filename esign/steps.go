package esign

import (
	"context"
	"crypto"
	"crypto/x509"
	"database/sql"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// build fixes what is to be signed: the update with the field filled, its time, the path, and the transaction's name.
func (s *Service) build(ctx context.Context, p *planRow, r *signatureRow) error {
	signer, err := s.signer(ctx, r.holder)
	if err != nil {
		return err
	}
	c, err := s.credential(ctx, signer)
	if err != nil {
		return err
	}
	planned := &p.plan.Signatures[r.seq]
	base, err := s.read(ctx, p.current, s.o.MaxDocument)
	if err != nil {
		return err
	}
	var picture []byte
	if planned.Appearance != "" {
		if picture, err = s.read(ctx, planned.Appearance, maxAppearance); err != nil {
			return err
		}
	}
	at := s.o.Now()
	i, err := fillField(base, planned, c, at, picture, s.tokenRoom(planned), pdfLimits(s.o.MaxDocument))
	if err != nil {
		return err
	}
	next := *r
	if next.increment, _, err = s.put(ctx, whole(nil, i.data)); err != nil {
		return err
	}
	next.state, next.base, next.transaction, next.at = stepBuilt, p.current, s.o.NewID(), at.UnixMicro()
	next.chain, next.scheme, next.attrs, next.toSign = slices.Concat(c.chain...), c.scheme, i.attrs, i.toSign
	next.gapFrom, next.gapTo, next.tail = i.byteRange[1], i.byteRange[2], i.byteRange[3]
	plan := *p
	plan.due = s.o.ProtocolNow().UnixMicro()
	return s.save(ctx, &plan, &next, nil)
}

func (s *Service) tokenRoom(planned *PlannedSignature) int {
	if planned.Level == LevelBB {
		return 0
	}
	return s.o.TokenReserve
}

// request is what the signer is asked, the same after every restart.
func (p *planRow) request(r *signatureRow) *driver.BeginRequest {
	return &driver.BeginRequest{
		Transaction: r.transaction, Hash: crypto.SHA256, Scheme: r.scheme,
		Items: []driver.Item{{Name: p.plan.Title, Digest: r.toSign}},
	}
}

// ask begins the transaction at the signer and records its handle.
func (s *Service) ask(ctx context.Context, p *planRow, r *signatureRow) error {
	signer, err := s.signer(ctx, r.holder)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	begun, err := signer.Begin(call, p.request(r))
	if err != nil {
		if code := Code(signer.ErrorCode(err)); code == CodeRefused || code == CodeExpired {
			return s.stop(ctx, p, r, code)
		}
		return signerError(signer, err)
	}
	if begun == nil || begun.Handle == "" || len(begun.Handle) > 512 {
		return fail(CodeForged, "the signer gives no usable handle")
	}
	next := *r
	next.state, next.handle, next.expires = stepAsked, begun.Handle, toMicro(begun.Expires)
	return s.save(ctx, p, &next, nil)
}

// collect asks for the value. It returns the progress while the holder has not decided.
func (s *Service) collect(ctx context.Context, p *planRow, r *signatureRow) (*Progress, error) {
	signer, err := s.signer(ctx, r.holder)
	if err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	out, err := signer.Complete(call, &driver.CompleteRequest{Begin: p.request(r), Handle: r.handle})
	if err != nil {
		switch code := Code(signer.ErrorCode(err)); code {
		case CodeRefused, CodeExpired:
			return nil, s.stop(ctx, p, r, code)
		case CodeNotFound:
			// The vendor no longer keeps it: as good as expired, and a new attempt may follow.
			return nil, s.stop(ctx, p, r, CodeExpired)
		}
		return nil, signerError(signer, err)
	}
	switch {
	case out != nil && out.State == driver.Pending:
		return s.wait(ctx, p, out)
	case out == nil || out.State != driver.Signed || len(out.Signatures) != 1:
		return nil, fail(CodeForged, "the signer answers neither pending nor one signature")
	}
	c, err := r.credential()
	if err != nil {
		return nil, err
	}
	value := out.Signatures[0]
	if err := cms.VerifyDigest(c.leaf.PublicKey, cms.Scheme(r.scheme), crypto.SHA256, r.toSign, value); err != nil {
		return nil, failWith(CodeForged, err, "the signer's answer does not verify with its certificate")
	}
	next := *r
	next.state, next.value = stepSigned, value
	s.o.Logger.Info("signature value received", zap.String("plan", p.key), zap.Int("signature", r.seq))
	return nil, s.save(ctx, p, &next, func(ctx context.Context, tx *sql.Tx) error {
		return s.ended(ctx, tx, p.key, &next, CodeOK)
	})
}

// wait notes when asking again is worth while.
func (s *Service) wait(ctx context.Context, p *planRow, out *driver.CompleteResponse) (*Progress, error) {
	after := out.RetryAfter
	if after <= 0 {
		after = s.o.PollAfter
	}
	next := *p
	next.due = s.o.ProtocolNow().Add(after).UnixMicro()
	if err := s.save(ctx, &next, nil, nil); err != nil {
		return nil, err
	}
	progress, err := p.progress()
	if err != nil {
		return nil, err
	}
	progress.RetryAfter = after
	return progress, nil
}

// stop records that the holder refused or ran out of time.
func (s *Service) stop(ctx context.Context, p *planRow, r *signatureRow, code Code) error {
	next, row := *p, *r
	next.state, row.state = planStopped, stepRefused
	if code == CodeExpired {
		row.state = stepExpired
	}
	s.o.Logger.Info("holder did not sign", zap.String("plan", p.key), zap.Stringer("code", code))
	return s.save(ctx, &next, &row, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.ended(ctx, tx, p.key, &row, code); err != nil {
			return err
		}
		return s.announce(ctx, tx, TopicStopped, fmt.Sprintf("%s/%d/%d", p.key, r.seq, r.attempt), &next)
	})
}

// anew begins the signature once more; nothing of the old attempt is used.
func (s *Service) anew(ctx context.Context, p *planRow, r *signatureRow) error {
	next := *p
	next.state, next.due = planOpen, s.o.ProtocolNow().UnixMicro()
	row := signatureRow{seq: r.seq, field: r.field, holder: r.holder, attempt: r.attempt + 1, state: stepPlanned}
	return s.save(ctx, &next, &row, nil)
}

// stamp gets the time stamp over the signature value.
func (s *Service) stamp(ctx context.Context, p *planRow, r *signatureRow) error {
	next := *r
	next.state = stepStamped
	if p.plan.Signatures[r.seq].Level == LevelBT {
		var err error
		if next.token, err = s.timestamp(ctx, r.value); err != nil {
			return err
		}
	}
	return s.save(ctx, p, &next, nil)
}

// timestamp asks one authority after another.
func (s *Service) timestamp(ctx context.Context, value []byte) ([]byte, error) {
	sum := crypto.SHA256.New()
	sum.Write(value)
	imprint := sum.Sum(nil)
	var last error
	for n, t := range s.timestampers {
		token, err := s.timestampBy(ctx, t, imprint)
		if err == nil {
			return token, nil
		}
		s.o.Logger.Warn("time-stamping authority fails", zap.Int("authority", n+1), zap.Error(err))
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	if last == nil {
		return nil, fail(CodeUnavailable, "there is no time-stamping authority to ask; configure one")
	}
	return nil, failWith(CodeUnavailable, last, "no time-stamping authority gives a usable token; the last one")
}

func (s *Service) timestampBy(ctx context.Context, t driver.Timestamper, imprint []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	raw, err := t.Timestamp(ctx, crypto.SHA256, imprint)
	if err != nil {
		return nil, err
	}
	if len(raw) > s.o.TokenReserve {
		return nil, fmt.Errorf("a token of %d octets is larger than the %d kept for it (Options.TokenReserve)", len(raw), s.o.TokenReserve)
	}
	token, err := tsp.ParseToken(raw, nil)
	if err != nil {
		return nil, err
	}
	if token.CMS.Consumed != len(raw) || !token.CMS.WasDER {
		return nil, fmt.Errorf("%w: the token is not in DER", tsp.ErrMalformed)
	}
	if err := token.CheckImprint(crypto.SHA256, imprint); err != nil {
		return nil, err
	}
	return raw, token.Verify(token.Certificate(nil))
}

// finish puts the signature into its room, stores the document and records it.
func (s *Service) finish(ctx context.Context, p *planRow, r *signatureRow) error {
	c, err := r.credential()
	if err != nil {
		return err
	}
	der, err := c.assemble(r.attrs, r.value, r.token)
	if err != nil {
		return failWith(CodeInternal, err, "the signature cannot be written")
	}
	base, err := s.read(ctx, r.base, s.o.MaxDocument)
	if err != nil {
		return err
	}
	i := &increment{byteRange: [4]int64{0, r.gapFrom, r.gapTo, r.tail}, room: int(r.gapTo-r.gapFrom-2) / 2}
	if i.data, err = s.read(ctx, r.increment, s.o.MaxDocument); err != nil {
		return err
	}
	update, err := i.seal(der)
	if err == nil {
		err = i.covers(base, c, r.attrs)
	}
	if err != nil {
		return failWith(CodeInternal, err, "plan %q, signature %d", p.key, r.seq)
	}
	next, row := *p, *r
	if row.result, row.hash, err = s.put(ctx, whole(base, update)); err != nil {
		return err
	}
	row.state = stepDone
	next.done++
	next.current, next.hash = row.result, row.hash
	switch {
	case next.done == next.total:
		next.state = planDone
	case p.plan.Stepwise:
		next.due = never
	}
	s.o.Logger.Info("signature made", zap.String("plan", p.key), zap.Int("signature", r.seq))
	return s.save(ctx, &next, &row, func(ctx context.Context, tx *sql.Tx) error {
		if next.state != planDone {
			return nil
		}
		return s.announce(ctx, tx, TopicCompleted, p.key, &next)
	})
}

// credential is the path as it was recorded with the signature. It was checked then.
func (r *signatureRow) credential() (*credential, error) {
	certs, err := x509.ParseCertificates(r.chain)
	if err != nil || len(certs) == 0 {
		return nil, failWith(CodeInternal, err, "the recorded path of signature %d cannot be read", r.seq)
	}
	c := &credential{leaf: certs[0], scheme: r.scheme}
	for _, x := range certs {
		c.chain = append(c.chain, x.Raw)
	}
	return c, nil
}
