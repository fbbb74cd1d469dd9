package certify

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const lineColumns = "id, subject, unit, year, number, book, document, scan, pages, copies, official, state, reason, plan, signed," +
	" file, size, file_pages, reserved_us, ended_us, version, sum"

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// lineSum covers every column but itself. It finds changes made by hand; it is
// no proof against whoever can compute it.
func lineSum(l *Line) []byte {
	h := sha256.New()
	var n [8]byte
	for _, p := range []string{l.ID, l.Subject, l.Unit, fmt.Sprint(l.Year, l.Number), l.Book, l.Document, l.Scan,
		fmt.Sprint(l.Pages, l.Copies),
		l.Official, string(l.State), l.Reason, l.plan, fmt.Sprint(l.Signed), l.File, fmt.Sprint(l.Size, l.FilePages),
		fmt.Sprint(micros(l.Reserved), micros(l.Ended), l.version)} {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).In(zone)
}

func scanLine(scan func(...any) error) (*Line, []byte, error) {
	var l Line
	var reserved, ended int64
	var stored []byte
	err := scan(&l.ID, &l.Subject, &l.Unit, &l.Year, &l.Number, &l.Book, &l.Document, &l.Scan, &l.Pages, &l.Copies, &l.Official, &l.State,
		&l.Reason, &l.plan, &l.Signed, &l.File, &l.Size, &l.FilePages, &reserved, &ended, &l.version, &stored)
	if err != nil {
		return nil, nil, err
	}
	l.Reserved, l.Ended = fromMicros(reserved), fromMicros(ended)
	return &l, stored, nil
}

func (s *Service) load(ctx context.Context, q queryer, column, value string) (*Line, error) {
	query := s.db.Dialect.SQL("SELECT " + lineColumns + " FROM certify_lines WHERE " + column + " = $1")
	l, _, err := scanLine(q.QueryRowContext(ctx, query, value).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return l, err
}

func (s *Service) insert(ctx context.Context, tx *sql.Tx, l *Line) error {
	l.version = 1
	_, err := tx.ExecContext(ctx, s.db.Dialect.SQL("INSERT INTO certify_lines ("+lineColumns+
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"),
		l.ID, l.Subject, l.Unit, l.Year, l.Number, l.Book, l.Document, l.Scan, l.Pages, l.Copies, l.Official, string(l.State), l.Reason,
		l.plan, l.Signed, l.File, l.Size, l.FilePages, micros(l.Reserved), micros(l.Ended), l.version, lineSum(l))
	return err
}

// errMoved means that somebody else changed the line meanwhile: read it again.
var errMoved = errors.New("the line was changed meanwhile")

func (s *Service) save(ctx context.Context, tx *sql.Tx, l *Line) error {
	was := l.version
	l.version++
	res, err := tx.ExecContext(ctx, s.db.Dialect.SQL("UPDATE certify_lines SET state = $1, reason = $2, plan = $3, signed = $4, file = $5,"+
		" size = $6, file_pages = $7, ended_us = $8, version = $9, sum = $10 WHERE id = $11 AND version = $12"),
		string(l.State), l.Reason, l.plan, l.Signed, l.File, l.Size, l.FilePages, micros(l.Ended), l.version, lineSum(l), l.ID, was)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errMoved)
	}
	return nil
}

// write runs fn in a transaction until its outcome is known; what it does
// carries a subject or a version.
func (s *Service) write(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	once := func(ctx context.Context) error { return s.db.InTx(ctx, fn) }
	err := s.db.Retry(ctx, true, once)
	if s.db.IsUnique(err) { // another attempt for this subject won
		err = s.db.Retry(ctx, true, once)
	}
	return err
}

// Get returns the line of a subject, else [ErrNotFound].
func (s *Service) Get(ctx context.Context, subject string) (*Line, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	return s.load(ctx, s.db.Read, "subject", subject)
}

// List returns every line, unit by unit in the order of numbers, for audits and
// the printed register.
func (s *Service) List(ctx context.Context) ([]Line, error) {
	rows, err := s.db.Read.QueryContext(ctx, "SELECT "+lineColumns+" FROM certify_lines ORDER BY unit, year, number")
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []Line
	for rows.Next() {
		l, _, err := scanLine(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, *l)
	}
	return out, rows.Err()
}
