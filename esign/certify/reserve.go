package certify

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// ReserveRequest asks for a number. One kind of document certified at one moment
// gets one number, however many copies are wanted (Circular 01/2020/TT-BTP,
// Article 4).
type ReserveRequest struct {
	// Subject is what it is certified for, 1 to 200 bytes; it has one line.
	Subject string
	// Unit (đơn vị) whose register gives the number, an agency code of at most 40
	// characters.
	Unit string
	// Official is the pseudonym of who compared the scan with the original.
	Official string
	// Document names the paper, 1 to 250 characters.
	Document string
	// Scan is the SHA-256 of the scan, in hex, by which it is stored; Pages its
	// page count.
	Scan  string
	Pages int
	// Copies is how many were asked for, at least 1.
	Copies int
}

func (r *ReserveRequest) check() error {
	switch {
	case r.Subject == "" || len(r.Subject) > 200 || r.Unit == "" || r.Official == "":
		return invalid("subject, unit and official are required")
	case strings.TrimSpace(r.Document) == "" || len([]rune(r.Document)) > 250:
		return invalid("the paper's name has 1 to 250 characters")
	case !scanForm.MatchString(r.Scan):
		return invalid("the scan is named by its SHA-256, 64 hex digits")
	case r.Pages < 1 || r.Copies < 1:
		return invalid("pages and copies are counted from 1")
	case !isIssuer(r.Unit):
		return invalid("unit %.40q is no agency code", r.Unit)
	}
	return nil
}

// Reserve gives the subject a line, and with it the next number of its unit's
// register of the year. Repeated for one subject it returns the same line, and
// is [ErrConflict] if the scan or the unit is another.
func (s *Service) Reserve(ctx context.Context, r *ReserveRequest) (*Line, error) {
	var l *Line
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		l, err = s.ReserveTx(ctx, tx, r)
		return err
	})
	return l, err
}

// ReserveTx is [Service.Reserve] in the caller's write transaction: the number is
// given if and only if that commits.
func (s *Service) ReserveTx(ctx context.Context, tx *sql.Tx, r *ReserveRequest) (*Line, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	l, err := s.load(ctx, tx, "subject", r.Subject)
	if err == nil {
		if l.Scan != r.Scan || l.Unit != r.Unit || l.Pages != r.Pages {
			return nil, errors.Join(ErrConflict, errors.New("the subject has a line of another scan or unit"))
		}
		return l, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	now := s.now()
	l = &Line{ID: s.o.NewID(), Subject: r.Subject, Unit: r.Unit, Year: now.Year(), Book: bookName(1, now.Year()),
		Document: norm.NFC.String(strings.TrimSpace(r.Document)), Scan: r.Scan, Pages: r.Pages, Copies: r.Copies, Official: r.Official,
		State: Reserved, Reserved: now}
	err = tx.QueryRowContext(ctx, s.db.Dialect.SQL("INSERT INTO certify_numbers (unit, year, last) VALUES ($1, $2, 1)"+
		" ON CONFLICT (unit, year) DO UPDATE SET last = certify_numbers.last + 1 RETURNING last"), l.Unit, l.Year).Scan(&l.Number)
	if err != nil {
		return nil, err
	}
	return l, s.insert(ctx, tx, l)
}

// CancelRequest gives a line up.
type CancelRequest struct {
	Subject string
	// Reason says why, 1 to 500 bytes, without personal data. Required.
	Reason string
}

// Cancel gives a line up; its number stays used. A certified line is
// [ErrConflict], a subject without a line [ErrNotFound], a cancelled one stays
// as it is.
func (s *Service) Cancel(ctx context.Context, r *CancelRequest) (*Line, error) {
	var l *Line
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		l, err = s.CancelTx(ctx, tx, r)
		return err
	})
	return l, err
}

// CancelTx is [Service.Cancel] in the caller's write transaction.
func (s *Service) CancelTx(ctx context.Context, tx *sql.Tx, r *CancelRequest) (*Line, error) {
	if r.Reason == "" || len(r.Reason) > 500 {
		return nil, invalid("a reason of 1 to 500 bytes is required")
	}
	l, err := s.load(ctx, tx, "subject", r.Subject)
	switch {
	case err != nil:
		return nil, err
	case l.State == Cancelled:
		return l, nil
	case l.State == Certified:
		return nil, errors.Join(ErrConflict, errors.New("the copy has been certified"))
	}
	l.State, l.Reason, l.Ended = Cancelled, r.Reason, s.now()
	return l, s.save(ctx, tx, l)
}
