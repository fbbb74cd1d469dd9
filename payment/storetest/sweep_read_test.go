package storetest

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// What the database cannot read is an error, and never a shorter list or a thing
// that is not there.
func TestEveryFaultOfReadingIsTold(t *testing.T) {
	t.Parallel()
	list := func(scope payment.Scope, want int) prepared {
		return func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			return func(ctx context.Context) error {
				cs, err := b.s.ListBySubject(ctx, scope, c.Subject)
				if err == nil && assert.Len(b.t, cs, want) && want > 0 {
					assert.Equal(b.t, *c, cs[0])
				}
				return err
			}
		}
	}
	sweep(t, map[string]prepared{
		"get": func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			return func(ctx context.Context) error {
				got, err := b.s.Get(ctx, all, c.ID)
				if err == nil {
					assert.Equal(b.t, c, got)
				}
				return err
			}
		},
		"get nothing": func(b *bench, key string) sqltest.Use {
			return func(ctx context.Context) error {
				_, err := b.s.Get(ctx, all, key)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"get out of scope": func(b *bench, key string) sqltest.Use {
			c := b.owed(key)
			return func(ctx context.Context) error {
				_, err := b.s.Get(ctx, elsewhere, c.ID)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"list":              list(all, 1),
		"list of the payer": list(payment.Scope{Payer: "p1"}, 1),
		"list out of scope": list(elsewhere, 0),
		"list in the caller's transaction": func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			return b.inTx(func(ctx context.Context, tx *sql.Tx) error {
				cs, err := b.s.ListBySubjectTx(ctx, tx, all, c.Subject)
				if err == nil {
					assert.Equal(b.t, []payment.Charge{*c}, cs)
				}
				return err
			})
		},
		"receipt": func(b *bench, key string) sqltest.Use {
			r := b.settled(key).Receipts[0]
			return func(ctx context.Context) error {
				got, err := b.s.Receipt(ctx, payment.Scope{Payer: "p1"}, r.ID)
				assert.Equal(b.t, err == nil, got != nil && got.Number == r.Number)
				return err
			}
		},
		"receipt out of scope": func(b *bench, key string) sqltest.Use {
			r := b.settled(key).Receipts[0]
			return func(ctx context.Context) error {
				_, err := b.s.Receipt(ctx, elsewhere, r.ID)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"attempt by reference": func(b *bench, key string) sqltest.Use {
			_, a := b.opened(key, "tells")
			return func(ctx context.Context) error {
				got, err := b.s.AttemptByRef(ctx, all, "tells", a.Ref)
				assert.Equal(b.t, err == nil, got != nil && got.ID == a.ID)
				return err
			}
		},
		"attempt by a reference nobody has": func(b *bench, key string) sqltest.Use {
			return func(ctx context.Context) error {
				_, err := b.s.AttemptByRef(ctx, all, "tells", key)
				return refusing(err, payment.ErrNotFound)
			}
		},
		"next page of the payer's exceptions": func(b *bench, key string) sqltest.Use {
			e := b.unmoved(key)
			before := &payment.Exception{Opened: e.Opened.Add(-time.Second)}
			return func(ctx context.Context) error {
				es, err := b.s.Exceptions(ctx, payment.Scope{Payer: "p1"}, &payment.ExceptionQuery{After: before, Subject: e.Subject, Limit: 1})
				assert.Equal(b.t, err == nil, slices.Equal(es, []payment.Exception{*e}))
				return err
			}
		},
		"closed exceptions": func(b *bench, _ string) sqltest.Use {
			return func(ctx context.Context) error {
				es, err := b.s.Exceptions(ctx, elsewhere, &payment.ExceptionQuery{Closed: true})
				assert.Empty(b.t, es)
				return err
			}
		},
	}, "get", "list", "next page of the payer's exceptions")
}

// What goes over everything that is there is swept where there is little of it.
// A message is handed over at least once, whatever the database refuses.
func TestEveryFaultOfWholeTablesIsTold(t *testing.T) {
	t.Parallel()
	sweep(t, map[string]prepared{
		"balances": func(b *bench, key string) sqltest.Use {
			b.settled(key)
			return func(ctx context.Context) error {
				m, err := b.s.Balances(ctx, all)
				assert.Equal(b.t, err == nil, m["cash:q1"] > 0)
				return err
			}
		},
		"exceptions": func(b *bench, key string) sqltest.Use {
			e := b.unmoved(key)
			return func(ctx context.Context) error {
				es, err := b.s.Exceptions(ctx, all, nil)
				assert.Equal(b.t, err == nil, slices.Contains(es, *e))
				return err
			}
		},
		"audit": func(b *bench, key string) sqltest.Use {
			b.short(key)
			b.settled(key + " settled")
			return func(ctx context.Context) error {
				ps, err := b.s.Audit(ctx)
				assert.Empty(b.t, ps)
				return err
			}
		},
		"drain": func(b *bench, key string) sqltest.Use {
			c := b.settled(key)
			came := false
			return func(ctx context.Context) error {
				b.pass(time.Minute) // the lease of a try that failed has run out
				_, err := b.s.Outbox().Drain(ctx, 1000, func(_ context.Context, ms []sqlkit.Message) error {
					came = came || slices.ContainsFunc(ms, func(m sqlkit.Message) bool { return m.ID == "settled:"+c.ID })
					return nil
				})
				if err == nil {
					assert.True(b.t, came)
				}
				return err
			}
		},
		"pending": func(b *bench, key string) sqltest.Use {
			b.settled(key)
			return func(ctx context.Context) error {
				n, err := b.s.Outbox().Pending(ctx)
				assert.Equal(b.t, err == nil, n > 0)
				return err
			}
		},
		"clear leases": func(b *bench, key string) sqltest.Use {
			b.settled(key)
			return func(ctx context.Context) error { return b.s.Outbox().ClearLeases(ctx) }
		},
	}, "audit", "drain")
}
