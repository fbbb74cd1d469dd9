package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

func (b *bench) pay(ctx context.Context, c *payment.Charge, gateway, key string) (*payment.Attempt, error) {
	return b.s.Attempt(ctx, &payment.AttemptRequest{Key: key, Charge: c.ID, Scope: all, Gateway: gateway, ReturnURL: "https://dvc.test/ve"})
}

// Whatever the database refuses, the payer hears of it, and repeating with the
// same key makes no second payment.
func TestEveryFaultOfAttemptsIsTold(t *testing.T) {
	t.Parallel()
	opens := func(gateway string, want error) prepared {
		return func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			return func(ctx context.Context) error {
				a, err := b.pay(ctx, c, gateway, key)
				if want != nil {
					return refusing(err, want)
				}
				assert.Equal(b.t, err == nil, a != nil && a.URL != "")
				return err
			}
		}
	}
	sweep(t, map[string]prepared{
		"attempt":                         opens("bank", nil),
		"attempt at a gateway that tells": opens("tells", nil),
		"attempt that is not answered":    opens("silent", payment.ErrUnavailable),
		"attempt that is refused":         opens("refuses", payment.ErrRefused),
		"attempt again": func(b *bench, key string) sqltest.Use {
			c, a := b.opened(key, "tells")
			return func(ctx context.Context) error {
				again, err := b.pay(ctx, c, "tells", key)
				assert.Equal(b.t, err == nil, again != nil && again.ID == a.ID)
				return err
			}
		},
		"attempt that is not answered again": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			_, err := b.pay(b.t.Context(), c, "silent", key)
			require.ErrorIs(b.t, err, payment.ErrUnavailable)
			return func(ctx context.Context) error {
				_, err := b.pay(ctx, c, "silent", key)
				return refusing(err, payment.ErrUnavailable)
			}
		},
		"another attempt with the same key": func(b *bench, key string) sqltest.Use {
			c, _ := b.opened(key, "tells")
			return func(ctx context.Context) error {
				_, err := b.pay(ctx, c, "bank", key)
				return refusing(err, payment.ErrConflict)
			}
		},
		"second attempt": func(b *bench, key string) sqltest.Use {
			c, _ := b.opened(key, "bank")
			return func(ctx context.Context) error {
				a, err := b.pay(ctx, c, "tells", key+" second")
				assert.Equal(b.t, err == nil, a != nil && a.N == 2)
				return err
			}
		},
		"second attempt though the first was paid": func(b *bench, key string) sqltest.Use {
			c, a := b.opened(key, "bank")
			_, err := b.bank.Pay(a.Ref, b.clock())
			require.NoError(b.t, err)
			return b.settles(c, func(ctx context.Context) error {
				_, err := b.pay(ctx, c, "tells", key+" second")
				return refusing(err, payment.ErrConflict)
			})
		},
		"attempt at what is settled": func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			return func(ctx context.Context) error {
				_, err := b.pay(ctx, c, "tells", key)
				return refusing(err, payment.ErrConflict)
			}
		},
		"attempt at nothing": func(b *bench, key string) sqltest.Use {
			return func(ctx context.Context) error {
				_, err := b.pay(ctx, &payment.Charge{ID: key}, "tells", key)
				return refusing(err, payment.ErrNotFound)
			}
		},
	}, "attempt")
}
