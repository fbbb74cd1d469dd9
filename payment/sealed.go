package payment

import (
	"context"
	"database/sql"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// chargeSeal covers a charge and everything that belongs to it; what polls and
// replays count is not covered.
func chargeSeal() *sqlkit.Seal {
	return &sqlkit.Seal{Head: "payment_charges", ID: "id", Column: "seal", Except: []string{"seen"}, Members: []sqlkit.Member{
		{Table: "payment_fee_lines", Of: "m.charge_id", Key: []string{"charge_id", "line_no"}},
		{Table: "payment_attempts", Of: "m.charge_id", Key: []string{"id"}, Except: []string{"next_poll_us"}},
		{Table: "payment_events", Of: "m.charge_id", Key: []string{"charge_id", "n"}},
		{Table: "payment_postings", Of: "m.charge_id", Key: []string{"group_id", "line_no"}},
		{Table: "payment_exceptions", Of: "m.charge_id", Key: []string{"id"}, Except: []string{"seal"}},
		{Table: "payment_receipts", Of: "m.charge_id", Key: []string{"id"}},
		{
			Table: "payment_notices", From: "payment_notices AS m JOIN payment_attempts AS a ON a.id = m.attempt_id",
			Of: "a.charge_id", Key: []string{"gateway", "digest"}, Except: []string{"seen"},
		},
		{Table: "payment_keys", Of: "m.charge_id", Key: []string{"key"}, Except: []string{"seen"}},
	}}
}

// exceptionSeal covers an exception and the money it holds: some belong to no
// charge.
func exceptionSeal() *sqlkit.Seal {
	return &sqlkit.Seal{Head: "payment_exceptions", ID: "id", Column: "seal", Members: []sqlkit.Member{{
		Table: "payment_postings", From: "payment_postings AS m JOIN payment_exceptions AS e ON e.posted = m.group_id",
		Of: "e.id", Key: []string{"group_id", "line_no"},
	}}}
}

// seal is the last thing every write does with a charge.
func (s *Service) seal(ctx context.Context, tx *sql.Tx, charge string) error {
	return chargeSeal().Write(ctx, tx, s.db.Dialect, charge)
}

func (s *Service) sealException(ctx context.Context, tx *sql.Tx, id string) error {
	return exceptionSeal().Write(ctx, tx, s.db.Dialect, id)
}
