package storetest

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// Whatever the database refuses, the official who looks at an exception hears of
// it: as an error, or, where the move itself was hit, as an exception that stays
// open and says why.
func TestEveryFaultOfExceptionsIsTold(t *testing.T) {
	t.Parallel()
	retry := func(e *payment.Exception) *payment.RetryRequest {
		return &payment.RetryRequest{Exception: e.ID, Scope: all, Actor: "o1"}
	}
	resolve := func(e *payment.Exception) *payment.ResolveRequest {
		return &payment.ResolveRequest{Exception: e.ID, Scope: all, Actor: "o1", Note: "hoàn trả 20/11"}
	}
	told := func(e *payment.Exception, err error) error {
		if err == nil && e.Open() && strings.Contains(e.Detail, sqltest.ErrInjected.Error()) {
			return sqltest.ErrInjected
		}
		return err
	}
	// closes checks that what was closed, and nothing else, is told as closed.
	closes := func(b *bench, e *payment.Exception, err error) error {
		err = told(e, err)
		assert.Equal(b.t, err == nil, e != nil && !e.Open())
		return err
	}
	closed := func(b *bench, key string) *payment.Exception {
		e, err := b.s.ResolveException(b.t.Context(), resolve(b.short(key)))
		require.NoError(b.t, err)
		return e
	}
	sweep(t, map[string]prepared{
		"retry": func(b *bench, key string) sqltest.Use {
			req := retry(b.unmoved(key))
			return func(ctx context.Context) error { e, err := b.s.RetryException(ctx, req); return closes(b, e, err) }
		},
		"retry in the caller's transaction": func(b *bench, key string) sqltest.Use {
			req := retry(b.unmoved(key))
			return func(ctx context.Context) error {
				var e *payment.Exception
				err := b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
					e, err = b.s.RetryExceptionTx(ctx, tx, req)
					return err
				})
				return told(e, err)
			}
		},
		// In a transaction of its own it is repeated without the move, and a fault
		// behind it is mended so.
		"retry in the caller's transaction while the dossier cannot move": func(b *bench, key string) sqltest.Use {
			req := retry(b.unmoved(key))
			b.refuse(no)
			return func(ctx context.Context) error {
				var e *payment.Exception
				err := b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
					e, err = b.s.RetryExceptionTx(ctx, tx, req)
					return err
				})
				if err == nil {
					assert.True(b.t, e.Open())
				}
				return told(e, err)
			}
		},
		"retry what is closed": func(b *bench, key string) sqltest.Use {
			req := retry(closed(b, key))
			return func(ctx context.Context) error { e, err := b.s.RetryException(ctx, req); return closes(b, e, err) }
		},
		"retry what cannot be tried again": func(b *bench, key string) sqltest.Use {
			req := retry(b.short(key))
			return func(ctx context.Context) error {
				_, err := b.s.RetryException(ctx, req)
				return refusing(err, payment.ErrConflict)
			}
		},
		"retry nothing": func(b *bench, key string) sqltest.Use {
			req := retry(&payment.Exception{ID: key})
			return func(ctx context.Context) error {
				_, err := b.s.RetryException(ctx, req)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"resolve": func(b *bench, key string) sqltest.Use {
			req := resolve(b.short(key))
			return func(ctx context.Context) error { e, err := b.s.ResolveException(ctx, req); return closes(b, e, err) }
		},
		"resolve in the caller's transaction": func(b *bench, key string) sqltest.Use {
			req := resolve(b.short(key))
			return b.inTx(func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.s.ResolveExceptionTx(ctx, tx, req)
				return err
			})
		},
		"resolve what is closed": func(b *bench, key string) sqltest.Use {
			req := resolve(closed(b, key))
			return func(ctx context.Context) error { e, err := b.s.ResolveException(ctx, req); return closes(b, e, err) }
		},
		"resolve money that belongs to nobody": func(b *bench, key string) sqltest.Use {
			r := b.report(&payment.Attempt{Ref: "NOBODYS-" + key, Amount: 20_000})
			assert.Equal(b.t, unknownRef, b.tell("tells", r))
			var id string
			require.NoError(b.t, b.db.Read.QueryRowContext(b.t.Context(), b.db.Dialect.SQL(
				"SELECT id FROM payment_exceptions WHERE ref = $1"), r.Ref).Scan(&id))
			req := resolve(&payment.Exception{ID: id})
			return func(ctx context.Context) error { e, err := b.s.ResolveException(ctx, req); return closes(b, e, err) }
		},
		"resolve out of scope": func(b *bench, key string) sqltest.Use {
			req := resolve(b.short(key))
			req.Scope = elsewhere
			return func(ctx context.Context) error {
				_, err := b.s.ResolveException(ctx, req)
				return refusing(err, payment.ErrNotFound)
			}
		},
	}, "retry in the caller's transaction", "resolve")
}
