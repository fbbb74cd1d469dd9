package payment

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Receipt (biên lai thu phí, lệ phí) is issued once for each fee kind of a
// settled charge, in the settlement's own transaction. It never changes; its
// number is never used again. Package receiptpdf draws it.
type Receipt struct {
	ID, Charge string
	Kind       FeeKind
	// Template, Series, Year and Number identify it with its agency.
	Template, Agency, Series string
	Year                     int
	Number                   int64
	// PayerName is personal data.
	PayerName, Title string
	// Method says in Vietnamese how it was paid.
	Method string
	Lines  []FeeLine
	Amount Dong
	// Issued is of the law's clock.
	Issued time.Time
}

// Label is the number as people read it: 0000123.
func (r *Receipt) Label() string { return fmt.Sprintf("%07d", r.Number) }

const receiptColumns = "id, charge_id, kind, template, agency, series, year, number, payer_name, title, method, amount, lines, issued_us"

func scanReceipt(scan func(...any) error) (*Receipt, error) {
	var (
		r      Receipt
		lines  string
		issued int64
	)
	err := scan(&r.ID, &r.Charge, &r.Kind, &r.Template, &r.Agency, &r.Series, &r.Year, &r.Number, &r.PayerName, &r.Title,
		&r.Method, &r.Amount, &lines, &issued)
	if err != nil {
		return nil, err
	}
	r.Issued = at(issued)
	if err := json.Unmarshal([]byte(lines), &r.Lines); err != nil {
		return nil, fmt.Errorf("payment: receipt %s: lines: %w: %w", r.ID, sqlkit.ErrUnreadable, err)
	}
	return &r, nil
}

// issue makes the receipts of a charge that is being settled.
func (s *Service) issue(ctx context.Context, tx *sql.Tx, c *Charge, a *Attempt) error {
	for _, kind := range FeeKinds() {
		var (
			lines []FeeLine
			sum   Dong
			err   error
		)
		for _, l := range c.Lines {
			if l.Kind != kind {
				continue
			}
			lines = append(lines, l)
			if sum, err = sum.Add(l.Amount); err != nil {
				return err
			}
		}
		if len(lines) == 0 {
			continue
		}
		r, err := s.numbered(ctx, tx, c, kind)
		if err != nil {
			return err
		}
		r.Lines, r.Amount, r.Method = lines, sum, a.Channel().VI
		if err := s.insertReceipt(ctx, tx, r); err != nil {
			return err
		}
		c.Receipts = append(c.Receipts, *r)
	}
	return nil
}

// numbered takes the next number of the series. The row stays locked until the
// commit, so numbers have no holes.
func (s *Service) numbered(ctx context.Context, tx *sql.Tx, c *Charge, kind FeeKind) (*Receipt, error) {
	on := c.SettledAt.In(vietnam())
	form, ok := formFor(s.o.Forms, kind, on)
	if !ok {
		return nil, fail(CodeInternal, "no receipt form for %s on %s; add a row to Options.Forms", kind.VI(), on.Format(time.DateOnly))
	}
	r := &Receipt{
		ID: s.o.NewID(), Charge: c.ID, Kind: kind, Template: form.Template, Agency: c.Agency, Series: seriesIn(form.Series, on.Year()),
		Year: on.Year(), PayerName: c.Payer.Name, Title: c.Title, Issued: c.SettledAt,
	}
	err := s.row(ctx, tx, "INSERT INTO payment_sequences (agency, series, year, last) VALUES ($1, $2, $3, 1)"+
		" ON CONFLICT (agency, series, year) DO UPDATE SET last = payment_sequences.last + 1 RETURNING last",
		r.Agency, r.Series, r.Year).Scan(&r.Number)
	return r, err
}

func (s *Service) insertReceipt(ctx context.Context, tx *sql.Tx, r *Receipt) error {
	lines, err := json.Marshal(r.Lines)
	if err != nil {
		return err
	}
	seal, err := r.seal()
	if err != nil {
		return err
	}
	return s.exec(ctx, tx, "INSERT INTO payment_receipts ("+receiptColumns+", digest)"+
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
		r.ID, r.Charge, string(r.Kind), r.Template, r.Agency, r.Series, r.Year, r.Number, r.PayerName, r.Title, r.Method,
		int64(r.Amount), string(lines), us(r.Issued), seal)
}

// seal is the digest stored with a receipt.
func (r *Receipt) seal() ([]byte, error) {
	c := *r
	c.Issued = r.Issued.UTC()
	return digestOf(c)
}
