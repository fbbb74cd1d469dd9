package workflow

import (
	"context"
	"database/sql"
	"fmt"
)

// EraseRequest names the bodies to erase: those of one dossier up to a version.
type EraseRequest struct {
	Dossier DossierID
	// Through is the last version whose body goes; [Latest] means all.
	Through Version
	// Scope is what the caller may see.
	Scope Scope
}

// Erase deletes what people sent, as the personal-data law (91/2025/QH15) lets
// them ask. The history keeps its digests and stays whole; effects that run
// later find no body, and any replay of an erased command's key returns the
// first result. It returns how many bodies went; repeating it erases none.
func (e *Engine) Erase(ctx context.Context, r *EraseRequest) (int, error) {
	var n int
	err := e.db.Retry(ctx, true, func(ctx context.Context) error {
		return e.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = e.EraseTx(ctx, tx, r)
			return err
		})
	})
	return n, err
}

// EraseTx is [Engine.Erase] inside the caller's write transaction.
func (e *Engine) EraseTx(ctx context.Context, tx *sql.Tx, r *EraseRequest) (int, error) {
	d, _, err := e.load(ctx, tx, r.Dossier, "")
	if err != nil {
		return 0, err
	}
	if d == nil || !r.Scope.Sees(d) {
		return 0, fmt.Errorf("%w: %s", ErrNotFound, r.Dossier)
	}
	through := r.Through
	if through == Latest {
		through = d.Version
	}
	res, err := tx.ExecContext(ctx, e.db.Dialect.SQL("DELETE FROM workflow_payloads WHERE dossier_id = $1 AND version <= $2"),
		string(r.Dossier), int64(through))
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
