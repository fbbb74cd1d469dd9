package storetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// uses are what the engine can be asked for, each for something fresh.
var uses = map[string]func(t *testing.T, b *bundle, key string) sqltest.Use{
	"start": func(_ *testing.T, b *bundle, key string) sqltest.Use {
		unit := "H10.12"
		return func(ctx context.Context) error {
			_, err := b.Start(ctx, &workflow.StartCommand{Dossier: workflow.DossierID(key), Procedure: "1.000001", Owner: "p-1",
				Actor: citizen, Key: key, Body: json.RawMessage(`{}`), Set: workflow.Changes{Unit: &unit}})
			return err
		}
	},
	"start in the caller's transaction": func(_ *testing.T, b *bundle, key string) sqltest.Use {
		return func(ctx context.Context) error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.StartTx(ctx, tx, &workflow.StartCommand{Dossier: workflow.DossierID(key), Procedure: "1.000001", Owner: "p-1",
					Actor: citizen, Key: key})
				return err
			})
		}
	},
	"apply": func(t *testing.T, b *bundle, key string) sqltest.Use {
		c := receive(b.start(t, key), key+" receive")
		c.Body = json.RawMessage(`{"copies":1}`)
		return func(ctx context.Context) error { _, err := b.Apply(ctx, c); return err }
	},
	"apply in the caller's transaction": func(t *testing.T, b *bundle, key string) sqltest.Use {
		c := receive(b.start(t, key), key+" receive")
		return func(ctx context.Context) error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { _, err := b.ApplyTx(ctx, tx, c); return err })
		}
	},
	"replay": func(t *testing.T, b *bundle, key string) sqltest.Use {
		c := receive(b.start(t, key), key+" receive")
		_, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		return func(ctx context.Context) error { _, err := b.Apply(ctx, c); return err }
	},
	"why not": func(t *testing.T, b *bundle, key string) sqltest.Use {
		c := receive(b.start(t, key), key)
		return func(ctx context.Context) error { _, err := b.WhyNot(ctx, c); return err }
	},
	"get": func(t *testing.T, b *bundle, key string) sqltest.Use {
		d := b.start(t, key)
		return func(ctx context.Context) error { _, err := b.Get(ctx, everyone, d.ID); return err }
	},
	"get by reference": func(t *testing.T, b *bundle, key string) sqltest.Use {
		c := receive(b.start(t, key), key+" receive")
		c.Set.Ref = &key
		_, err := b.Apply(t.Context(), c)
		require.NoError(t, err)
		return func(ctx context.Context) error { _, err := b.GetByRef(ctx, everyone, key); return err }
	},
	"each": func(t *testing.T, b *bundle, key string) sqltest.Use {
		d := b.start(t, key)
		return func(ctx context.Context) error {
			return b.db.Snapshot(ctx, func(ctx context.Context, tx *sql.Tx) error {
				seen := 0
				err := b.EachTx(ctx, tx, func(got *workflow.Dossier) error {
					if got.ID == d.ID {
						seen++
					}
					return nil
				})
				assert.Equal(t, err == nil, seen == 1)
				return err
			})
		}
	},
	"history": func(t *testing.T, b *bundle, key string) sqltest.Use {
		d := b.start(t, key)
		return func(ctx context.Context) error {
			lines, err := b.History(ctx, everyone, d.ID, 0, 10)
			assert.Equal(t, err == nil, len(lines) == 1)
			return err
		}
	},
	"entry": func(t *testing.T, b *bundle, key string) sqltest.Use {
		d := b.start(t, key)
		return func(ctx context.Context) error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { _, err := b.EntryTx(ctx, tx, d.ID, 1); return err })
		}
	},
	"inbox": func(t *testing.T, b *bundle, key string) sqltest.Use {
		b.start(t, key)
		return func(ctx context.Context) error {
			_, err := b.Inbox(ctx, everyone, &workflow.InboxQuery{States: []string{"draft", "received"}, Limit: 1})
			return err
		}
	},
	"erase": func(t *testing.T, b *bundle, key string) sqltest.Use {
		d := b.start(t, key)
		return func(ctx context.Context) error {
			_, err := b.Erase(ctx, &workflow.EraseRequest{Dossier: d.ID, Through: workflow.Latest, Scope: everyone})
			return err
		}
	},
	"audit": func(t *testing.T, b *bundle, key string) sqltest.Use {
		_, err := b.Apply(t.Context(), receive(b.start(t, key), key+" receive"))
		require.NoError(t, err)
		return func(ctx context.Context) error {
			problems, err := b.Audit(ctx)
			if err == nil {
				assert.Empty(t, problems)
			}
			return err
		}
	},
	"effects": func(t *testing.T, b *bundle, key string) sqltest.Use {
		_, err := b.Apply(t.Context(), receive(b.start(t, key), key+" receive"))
		require.NoError(t, err)
		return func(ctx context.Context) error {
			handlers := b.Handlers(map[string]workflow.Effect{
				"slip": func(context.Context, workflow.Entry) error { return nil },
			})
			_, err := b.Outbox().Drain(ctx, 1000, func(ctx context.Context, ms []sqlkit.Message) error {
				for _, m := range ms {
					if m.Topic != "slip" {
						continue
					}
					if err := handlers["slip"](ctx, m); err != nil {
						return err
					}
				}
				return nil
			})
			return err
		}
	},
	"pending": func(t *testing.T, b *bundle, key string) sqltest.Use {
		b.start(t, key)
		return func(ctx context.Context) error { _, err := b.Outbox().Pending(ctx); return err }
	},
	"clear leases": func(t *testing.T, b *bundle, key string) sqltest.Use {
		b.start(t, key)
		return func(ctx context.Context) error { return b.Outbox().ClearLeases(ctx) }
	},
}

// Whatever the database refuses, the caller hears of it, and repeating helps.
func TestEveryFaultIsTold(t *testing.T) {
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			eachFaulty(t, func(t *testing.T, b *bundle, f *sqltest.Faults) {
				n := 0
				f.Sweep(t, func(t *testing.T) sqltest.Use {
					n++
					return use(t, b, fmt.Sprint("d-", n))
				})
				b.clean(t)
			})
		})
	}
}
