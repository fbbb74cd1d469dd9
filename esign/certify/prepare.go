package certify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/motcua/motcua/esign"
)

// planned is what a line keeps of what is to be signed.
type planned struct {
	Plan  esign.Plan `json:"plan"`
	Pages int        `json:"pages"` // of the file, statement page included
}

func (l *Line) planned() (*planned, error) {
	var p planned
	if err := json.Unmarshal([]byte(l.plan), &p); err != nil {
		return nil, fmt.Errorf("certify_lines %s: plan: %w", l.ID, err)
	}
	if len(p.Plan.Signatures) != int(AgencySignature) {
		return nil, fmt.Errorf("certify_lines %s: plan: %d signatures are planned, not %d", l.ID, len(p.Plan.Signatures), AgencySignature)
	}
	return &p, nil
}

// prepare draws what the line says and records the plan to sign it. Files are
// written before the transaction; of two that prepare at once one wins, and both
// go on with its plan.
func (s *Service) prepare(ctx context.Context, l *Line, official string) (*planned, error) {
	scan, err := s.read(ctx, l.Scan)
	if err != nil {
		return nil, err
	}
	now := s.now()
	names, err := s.o.Names(ctx, l.Unit, official, now)
	if err != nil {
		return nil, err
	}
	token := Token{Issuer: l.Unit, Book: l.Book, Number: l.Number, Scan: l.Scan, Trial: s.o.Trial}
	code, err := token.Sign(s.o.Key)
	if err != nil {
		return nil, err
	}
	page, err := drawStatement(&Statement{Agency: names.Agency, Unit: names.Unit, Book: l.Book, Number: l.Number, Document: l.Document,
		Pages: l.Pages, Date: now, Title: names.Title, Name: names.Name, Scan: l.Scan, Code: code, Trial: s.o.Trial})
	if err != nil {
		return nil, err
	}
	file, pages, err := appendPage(scan, page)
	if err != nil {
		return nil, err
	}
	signature, err := drawSignature(names.Name, now)
	if err != nil {
		return nil, err
	}
	seal, err := drawSeal(orElse(names.SealUnit, names.Unit), orElse(names.SealAgency, names.Agency), now)
	if err != nil {
		return nil, err
	}
	refs := make([]string, 3)
	for i, content := range [][]byte{file, signature, seal} {
		if refs[i], err = s.o.Files.Put(ctx, bytes.NewReader(content)); err != nil {
			return nil, err
		}
	}
	p := &planned{Pages: pages, Plan: esign.Plan{Key: "certify/" + l.ID, Document: refs[0], Purpose: l.Subject, Stepwise: true,
		Title: fmt.Sprintf("Chứng thực bản sao số %d, quyển %s", l.Number, l.Book),
		Signatures: []esign.PlannedSignature{
			{Field: "official", Holder: official, Page: pages, Rect: officialRect.rect(), Appearance: refs[1], Name: names.Name,
				Reason: "Chứng thực bản sao đúng với bản chính", Location: names.Unit},
			{Field: "agency", Holder: orElse(names.Holder, l.Unit), Page: pages, Rect: agencyRect.rect(), Appearance: refs[2], Name: names.Unit,
				Reason: "Đóng dấu cơ quan", Location: names.Unit},
		}}}
	return s.keepPlan(ctx, l, p)
}

func (r rect) rect() esign.Rect { return esign.Rect{X1: r[0], Y1: r[1], X2: r[2], Y2: r[3]} }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// keepPlan records the plan unless the line has one by now.
func (s *Service) keepPlan(ctx context.Context, l *Line, p *planned) (*planned, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	keep := func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := s.load(ctx, tx, "id", l.ID)
		if err != nil {
			return err
		}
		*l = *fresh
		if l.State != Reserved {
			return errors.Join(ErrConflict, fmt.Errorf("the line is %s", l.State))
		}
		if l.plan != "" {
			return nil
		}
		l.plan = string(text)
		return s.save(ctx, tx, l)
	}
	if err = s.write(ctx, keep); errors.Is(err, errMoved) { // another click was first: go on with its plan
		err = s.write(ctx, keep)
	}
	if err != nil {
		return nil, err
	}
	return l.planned()
}

// read returns the scan of a line, whole and unchanged since it was compared.
func (s *Service) read(ctx context.Context, ref string) ([]byte, error) {
	f, err := s.o.Files.Open(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("scan of the line: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, s.o.MaxScan+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("scan of the line: %w", err)
	}
	if int64(len(b)) > s.o.MaxScan {
		return nil, invalid("the scan has more than %d bytes", s.o.MaxScan)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != ref {
		return nil, fmt.Errorf("scan of the line: its content is not the one that was compared")
	}
	return b, nil
}
