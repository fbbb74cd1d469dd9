package storetest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var elsewhere = payment.Scope{Units: []string{"H10.13"}}

// Whatever the database refuses, who makes a charge or takes one back hears of it,
// and repeating helps.
func TestEveryFaultOfChargesIsTold(t *testing.T) {
	t.Parallel()
	sweep(t, map[string]prepared{
		"create": func(b *bench, key string) sqltest.Use {
			return func(ctx context.Context) error {
				c, err := b.s.Create(ctx, ofSubject(key))
				assert.Equal(b.t, err == nil, c != nil)
				return err
			}
		},
		"create in the caller's transaction": func(b *bench, key string) sqltest.Use {
			return b.inTx(func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.s.CreateTx(ctx, tx, ofSubject(key))
				return err
			})
		},
		"create again": func(b *bench, key string) sqltest.Use {
			first := b.owed(key)
			return func(ctx context.Context) error {
				c, err := b.s.Create(ctx, ofSubject(key))
				if err == nil {
					assert.Equal(b.t, first, c)
				}
				return err
			}
		},
		"create another with the same key": func(b *bench, key string) sqltest.Use {
			b.owed(key)
			return func(ctx context.Context) error {
				_, err := b.s.Create(ctx, request(key))
				return refusing(err, payment.ErrConflict)
			}
		},
		"cancel": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			return func(ctx context.Context) error {
				got, err := b.s.Cancel(ctx, taking(c))
				assert.Equal(b.t, err == nil, got != nil && got.State == payment.StateCancelled)
				return err
			}
		},
		"cancel in the caller's transaction": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			return b.inTx(func(ctx context.Context, tx *sql.Tx) error { _, err := b.s.CancelTx(ctx, tx, taking(c)); return err })
		},
		"cancel what is settled": func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			return func(ctx context.Context) error {
				_, err := b.s.Cancel(ctx, taking(c))
				return refusing(err, payment.ErrConflict)
			}
		},
		"cancel out of scope": func(b *bench, key string) sqltest.Use {
			req := taking(b.owed(key))
			req.Scope = elsewhere
			return func(ctx context.Context) error {
				_, err := b.s.Cancel(ctx, req)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"cancel nothing": func(b *bench, key string) sqltest.Use {
			req := taking(&payment.Charge{ID: key})
			return func(ctx context.Context) error {
				_, err := b.s.Cancel(ctx, req)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"cash": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			return b.settles(c, func(ctx context.Context) error {
				got, err := b.s.ReceiveCash(ctx, inCash(key, c))
				assert.Equal(b.t, err == nil, got != nil && got.State == payment.StateSettled && len(got.Receipts) == 2)
				return err
			})
		},
		"cash in the caller's transaction": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			return b.settles(c, b.inTx(func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.s.ReceiveCashTx(ctx, tx, inCash(key, c))
				return err
			}))
		},
		// Without a transaction of the caller's the money is booked a second time
		// without the move, and a fault behind it is mended so.
		"cash in the caller's transaction while the dossier cannot move": func(b *bench, key string) sqltest.Use {
			b.refuse(no)
			c := b.owed(key)
			return b.settles(c, b.inTx(func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.s.ReceiveCashTx(ctx, tx, inCash(key, c))
				return err
			}))
		},
		"cash again": func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			return func(ctx context.Context) error {
				got, err := b.s.ReceiveCash(ctx, inCash(key, c))
				assert.Equal(b.t, err == nil, got != nil && len(got.Receipts) == 2)
				return err
			}
		},
		"cash for what is cancelled": func(b *bench, key string) sqltest.Use {
			c := b.cancelled(key)
			return func(ctx context.Context) error {
				_, err := b.s.ReceiveCash(ctx, inCash(key, c))
				return refusing(err, payment.ErrConflict)
			}
		},
		"cash out of scope": func(b *bench, key string) sqltest.Use {
			req := inCash(key, b.owed(key))
			req.Scope = elsewhere
			return func(ctx context.Context) error {
				_, err := b.s.ReceiveCash(ctx, req)
				return refusing(err, payment.ErrNotFound)
			}
		},
	}, "create", "cancel", "cash", "cash in the caller's transaction while the dossier cannot move")
}
