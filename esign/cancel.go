package esign

import (
	"context"
	"database/sql"
	"errors"

	"golang.org/x/text/unicode/norm"
)

// CancelRequest gives a plan up.
type CancelRequest struct {
	Key string
	// Reason is kept with the plan: 1 to 500 characters, without personal data.
	Reason string
}

// Cancel gives up a plan that is not done. Signatures already made stay in the store but no further one is made, and what
// a holder confirms later is not collected. Repeating it with the same reason is harmless; a done plan is ErrConflict.
func (s *Service) Cancel(ctx context.Context, r *CancelRequest) error {
	return s.db.Retry(ctx, true, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.CancelTx(ctx, tx, r) })
	})
}

// CancelTx is Cancel inside the caller's transaction.
func (s *Service) CancelTx(ctx context.Context, tx *sql.Tx, r *CancelRequest) error {
	if r == nil || r.Key == "" || !within(r.Reason, 1, maxText) {
		return fail(CodeInvalid, "name the plan and a reason of 1 to %d characters", maxText)
	}
	reason := norm.NFC.String(r.Reason)
	res, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`UPDATE esign_plans SET state = $1, reason = $2, changed_us = $3,
 version = version + 1 WHERE key = $4 AND state < $5`), planCancelled, reason, s.o.Now().UnixMicro(), r.Key, planDone)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 1 {
		return s.seal(ctx, tx, r.Key)
	}
	// A replay writes before it answers (see sqlkit.Key).
	var state planState
	var stored string
	err = tx.QueryRowContext(ctx, s.db.Dialect.SQL("UPDATE esign_plans SET seen = seen + 1 WHERE key = $1 RETURNING state, reason"),
		r.Key).Scan(&state, &stored)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fail(CodeNotFound, "there is no plan with this key")
	case err != nil:
		return err
	case state == planCancelled && stored == reason:
		return nil
	case state == planCancelled:
		return fail(CodeConflict, "the plan was cancelled for another reason")
	}
	return fail(CodeConflict, "the plan is done; a signed document cannot be cancelled here")
}
