package storetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// Whatever the database refuses, who polls hears of it, and what is due is asked
// about the next time.
func TestEveryFaultOfPollsIsTold(t *testing.T) {
	t.Parallel()
	sweep(t, map[string]prepared{
		"poll of nothing": func(b *bench, _ string) sqltest.Use {
			return func(ctx context.Context) error { _, err := b.s.PollDue(ctx, 10); return err }
		},
		"poll": func(b *bench, key string) sqltest.Use {
			c, a := b.opened(key, "bank")
			_, err := b.bank.Pay(a.Ref, b.clock())
			require.NoError(b.t, err)
			return b.settles(c, func(ctx context.Context) error {
				b.pass(time.Hour)
				if _, err := b.s.PollDue(ctx, 10); err != nil {
					return err
				}
				got, err := b.s.Get(ctx, all, c.ID)
				assert.Equal(b.t, err == nil, got != nil && got.State == payment.StateSettled)
				return err
			})
		},
		"poll of a gateway that cannot be asked": func(b *bench, key string) sqltest.Use {
			c, _ := b.opened(key, "tells")
			b.pass(late)
			return func(ctx context.Context) error {
				b.pass(time.Hour)
				if _, err := b.s.PollDue(ctx, 10); err != nil {
					return err
				}
				es, err := b.s.Exceptions(ctx, all, &payment.ExceptionQuery{Subject: c.Subject})
				assert.Equal(b.t, err == nil, len(es) == 1)
				return err
			}
		},
	}, "poll of a gateway that cannot be asked")
}

// Whatever the database refuses, who asks again or reads a settlement file hears of it,
// and what the gateway said is recorded the next time.
func TestEveryFaultOfAnswersIsTold(t *testing.T) {
	t.Parallel()
	refresh := func(b *bench, c *payment.Charge, of payment.State) sqltest.Use {
		return func(ctx context.Context) error {
			got, err := b.s.Refresh(ctx, all, c.ID)
			if err == nil {
				assert.Equal(b.t, of, got.Attempts[0].State)
			}
			return err
		}
	}
	sweep(t, map[string]prepared{
		"refresh what was paid": func(b *bench, key string) sqltest.Use {
			c, a := b.opened(key, "bank")
			_, err := b.bank.Pay(a.Ref, b.clock())
			require.NoError(b.t, err)
			return b.settles(c, refresh(b, c, payment.StatePaid))
		},
		"refresh what is held": func(b *bench, key string) sqltest.Use {
			c, a := b.opened(key, "bank")
			r := b.report(a)
			r.Outcome = driver.Held
			b.bank.Book(r)
			require.Equal(b.t, accepted, b.tell("bank", r))
			return refresh(b, c, payment.StateHeld)
		},
		"refresh what nobody has paid yet": func(b *bench, key string) sqltest.Use {
			c, _ := b.opened(key, "bank")
			return refresh(b, c, payment.StatePending)
		},
		"refresh what nobody has paid in time": func(b *bench, key string) sqltest.Use {
			c, _ := b.opened(key, "bank")
			b.pass(late)
			return refresh(b, c, payment.StatePending)
		},
		"refresh what the gateway never opened": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			_, err := b.pay(b.t.Context(), c, "silent", key)
			require.ErrorIs(b.t, err, payment.ErrUnavailable)
			b.pass(late)
			return refresh(b, c, payment.StateFailed)
		},
		"refresh nothing": func(b *bench, key string) sqltest.Use {
			return func(ctx context.Context) error {
				_, err := b.s.Refresh(ctx, all, key)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"reconcile": func(b *bench, key string) sqltest.Use {
			c, a := b.opened(key, "bank")
			r := b.report(a)
			nobody := r
			nobody.Ref = "NOBODYS-" + key
			file, err := b.bank.MakeStatement(r, nobody)
			require.NoError(b.t, err)
			return b.settles(c, func(ctx context.Context) error {
				got, err := b.s.Reconcile(ctx, "bank", bytes.NewReader(file))
				if err == nil {
					assert.Equal(b.t, 2, got.Rows)
					assert.Len(b.t, got.Verdicts, 2)
				}
				return err
			})
		},
	}, "refresh what nobody has paid yet")
}
