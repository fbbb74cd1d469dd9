package esign

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Resume advances up to n open plans whose time has come, one after the other, and returns how many it took up. It is the
// pass a province schedules: plans whose holder confirmed meanwhile, whose authority is back, whose process was killed.
// Several processes may run it at once. A plan that cannot go on is logged and tried again later; only an error of the
// database is returned.
func (s *Service) Resume(ctx context.Context, n int) (int, error) {
	keys, err := s.claim(ctx, n)
	if err != nil {
		return 0, err
	}
	for i, key := range keys {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		_, err := s.Advance(ctx, &AdvanceRequest{Key: key})
		var own *Error
		if err != nil && !errors.As(err, &own) { // all but the database's are the service's own
			return i, err
		}
	}
	return len(keys), nil
}

// claim takes due plans and puts off their next time, so that another pass leaves them alone meanwhile and one that fails
// is not tried at once again.
func (s *Service) claim(ctx context.Context, n int) (keys []string, err error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	lock := ""
	if s.db.Dialect == sqlkit.PostgreSQL {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	now := s.o.ProtocolNow()
	rows, err := s.db.Write.QueryContext(ctx, s.db.Dialect.SQL(
		"UPDATE esign_plans SET due_us = $1 WHERE key IN (SELECT key FROM esign_plans WHERE state = $2 AND due_us <= $3"+
			" ORDER BY due_us, key LIMIT $4"+lock+") RETURNING key"),
		now.Add(4*s.o.PollAfter).UnixMicro(), planOpen, now.UnixMicro(), n)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	s.o.Logger.Debug("plans taken up", zap.Int("count", len(keys)))
	return keys, rows.Err()
}
