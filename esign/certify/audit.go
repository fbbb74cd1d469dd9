package certify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit recounts the register from one snapshot, beside running writers, and
// names table and row of everything that is wrong: a line altered by hand, a
// number given twice or missing, a counter that does not stand at the last
// number, a certified file that is not in the store or not the one recorded.
func (s *Service) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	a := &auditor{s: s, last: map[book]int64{}}
	err := s.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return errors.Join(a.lines(ctx, tx), a.numbers(ctx, tx))
	})
	if err != nil {
		return nil, err
	}
	for _, l := range a.certified { // files are read with no snapshot held open
		if why := a.file(ctx, l); why != "" {
			a.Bad("certify_lines", l.ID, "%s", why)
		}
	}
	return a.Found, nil
}

type book struct {
	unit string
	year int
}

type auditor struct {
	sqlkit.Recount
	s         *Service
	last      map[book]int64
	certified []*Line
}

func (a *auditor) lines(ctx context.Context, tx *sql.Tx) error {
	const table = "certify_lines"
	const order = " FROM certify_lines ORDER BY unit, year, number"
	return a.Each(ctx, tx, table, 1, "SELECT "+lineColumns+order, func(scan func(...any) error) error {
		l, stored, err := scanLine(scan)
		if err != nil {
			return err
		}
		b := book{l.Unit, l.Year}
		if !bytes.Equal(lineSum(l), stored) {
			a.Bad(table, l.ID, "its sum does not match its content")
		}
		if l.Number != a.last[b]+1 {
			a.Bad(table, l.ID, "it has number %d after %d in the register of %s, %d", l.Number, a.last[b], l.Unit, l.Year)
		}
		a.last[b] = l.Number
		switch l.State {
		case Certified:
			a.certified = append(a.certified, l)
			if l.Signed != Signatures || l.File == "" || l.Ended.IsZero() {
				a.Bad(table, l.ID, "it is certified but lacks a signature, its file or its time")
			}
		case Reserved, Cancelled:
			if l.File != "" {
				a.Bad(table, l.ID, "it is %s but has a file", l.State)
			}
		default:
			a.Bad(table, l.ID, "its state %q is none", l.State)
		}
		return nil
	})
}

func (a *auditor) numbers(ctx context.Context, tx *sql.Tx) error {
	const table = "certify_numbers"
	seen := map[book]bool{}
	const query = "SELECT unit, year, last FROM certify_numbers ORDER BY unit, year"
	err := a.Each(ctx, tx, table, 2, query, func(scan func(...any) error) error {
		var b book
		var last int64
		if err := scan(&b.unit, &b.year, &last); err != nil {
			return err
		}
		seen[b] = true
		if last != a.last[b] {
			a.Bad(table, fmt.Sprintf("%s/%d", b.unit, b.year), "it stands at %d, the last line has number %d", last, a.last[b])
		}
		if last > a.last[b] {
			a.Bad("certify_lines", fmt.Sprintf("%s/%d/%d", b.unit, b.year, last), "the line of this number is missing")
		}
		return nil
	})
	for b := range a.last {
		if !seen[b] {
			a.Bad(table, fmt.Sprintf("%s/%d", b.unit, b.year), "there are lines but no counter")
		}
	}
	return err
}

func (a *auditor) file(ctx context.Context, l *Line) string {
	f, err := a.s.o.Files.Open(ctx, l.File)
	if err != nil {
		return "its certified file is not in the store"
	}
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err := errors.Join(err, f.Close()); err != nil || hex.EncodeToString(h.Sum(nil)) != l.File || n != l.Size {
		return "its certified file is damaged"
	}
	return ""
}
