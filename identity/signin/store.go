package signin

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// store keeps sessions for scs in identity_sessions. scs hashes the tokens before
// they come here; the data is sealed for its row.
type store struct {
	db  *sqlkit.DB
	v   *identity.Vault
	now func() time.Time
}

// subject is what a new session can be ended by. It travels in the context, since
// scs hands over bytes only.
type subject struct {
	person       string
	subject, sid []byte
}

type subjectKey struct{}

func place(token string) string { return "identity_sessions/" + token }

// FindCtx implements scs.CtxStore. A session that is over, or was altered, is none.
func (s *store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	var data []byte
	var expires int64
	err := s.db.Read.QueryRowContext(ctx, s.db.Dialect.SQL(`SELECT data, expires_us FROM identity_sessions WHERE token_hash = $1`),
		token).Scan(&data, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case s.now().UnixMicro() >= expires:
		return nil, false, nil
	}
	plain, err := s.v.Open(place(token), data)
	if err != nil {
		return nil, false, nil
	}
	return plain, true, nil
}

// CommitCtx implements scs.CtxStore. Only a sign-in inserts: a request that notes
// its use while the session is ended elsewhere must not bring it back.
func (s *store) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	sealed := s.v.Seal(place(token), data)
	sub, isNew := ctx.Value(subjectKey{}).(*subject)
	return s.db.Retry(ctx, true, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if !isNew {
				_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`UPDATE identity_sessions SET data = $1, expires_us = $2 WHERE token_hash = $3`),
					sealed, expires.UnixMicro(), token)
				return err
			}
			_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`INSERT INTO identity_sessions
				(token_hash, person, subject_hash, sid_hash, data, expires_us) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data`),
				token, sub.person, sub.subject, sub.sid, sealed, expires.UnixMicro())
			return err
		})
	})
}

// DeleteCtx implements scs.CtxStore.
func (s *store) DeleteCtx(ctx context.Context, token string) error {
	return s.end(ctx, `token_hash = $1`, token)
}

// Find, Commit and Delete are the forms without a context; scs prefers the others.
func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s *store) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

// Delete implements scs.Store.
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// end removes the sessions a condition names; it may be repeated.
func (s *store) end(ctx context.Context, condition string, args ...any) error {
	return s.db.Retry(ctx, true, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return s.endTx(ctx, tx, condition, args...)
		})
	})
}

func (s *store) endTx(ctx context.Context, tx *sql.Tx, condition string, args ...any) error {
	_, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`DELETE FROM identity_sessions WHERE `+condition), args...)
	return err
}

// use marks a hash as used until it would be refused for its age anyway, and does
// with it what it is good for (nil: nothing): if that fails it is not used up. It is
// true for one caller only. After an unknown outcome it is not repeated: it would
// then refuse its own mark.
func (s *store) use(ctx context.Context, hash []byte, until time.Time, then func(context.Context, *sql.Tx) error) (first bool, err error) {
	err = s.db.Retry(ctx, false, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			res, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`INSERT INTO identity_used (hash, expires_us) VALUES ($1, $2)
				ON CONFLICT (hash) DO NOTHING`), hash, until.UnixMicro())
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if first = n == 1; err != nil || !first || then == nil {
				return err
			}
			return then(ctx, tx)
		})
	})
	return first && err == nil, err
}

func (s *store) sweep(ctx context.Context) error {
	now := s.now().UnixMicro()
	return s.db.Retry(ctx, true, func(ctx context.Context) error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, table := range []string{"identity_sessions", "identity_used"} {
				if _, err := tx.ExecContext(ctx, s.db.Dialect.SQL(`DELETE FROM `+table+` WHERE expires_us <= $1`), now); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

var _ scs.CtxStore = (*store)(nil)
