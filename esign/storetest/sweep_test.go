package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// use is one use case, prepared for a plan nobody has used.
type use func(t *testing.T, b *swept, key string) sqltest.Use

// refused makes a use case of one that is rightly refused: any other error stays one, and none is a mistake.
func refused(t *testing.T, err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	assert.Error(t, err, "it should have been refused")
	return err
}

// uses are what the service can be asked for, apart from what stands in signingUses.
var uses = map[string]use{
	"prepare": func(t *testing.T, b *swept, key string) sqltest.Use {
		plan := b.plan(key)
		return func(ctx context.Context) error {
			p, err := b.Prepare(ctx, plan)
			assert.Equal(t, err == nil, p != nil && p.Key == key && p.Total == 1 && p.Document != "")
			return err
		}
	},
	"prepare again": func(t *testing.T, b *swept, key string) sqltest.Use {
		first := b.prepared(key)
		plan := b.plan(key)
		return func(ctx context.Context) error {
			p, err := b.Prepare(ctx, plan)
			assert.Equal(t, err == nil, assert.ObjectsAreEqual(first, p))
			return err
		}
	},
	"prepare another plan": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		plan := b.plan(key)
		plan.Title = "khác"
		return func(ctx context.Context) error {
			_, err := b.Prepare(ctx, plan)
			return refused(t, err, esign.ErrConflict)
		}
	},
	"get": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		return func(ctx context.Context) error {
			p, err := b.Get(ctx, key)
			assert.Equal(t, err == nil, p != nil && p.Key == key && p.Stage == esign.StageOpen && p.Field == "Cơ quan")
			return err
		}
	},
	"get none": func(t *testing.T, b *swept, key string) sqltest.Use {
		return func(ctx context.Context) error {
			_, err := b.Get(ctx, key)
			return refused(t, err, esign.ErrNotFound)
		}
	},
	"sign": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		return b.advances(t, &esign.AdvanceRequest{Key: key}, func(p *esign.Progress) bool {
			return p.Stage == esign.StageDone && p.Done == 1 && len(p.Made) == 1 && p.Made[0].Document == p.Document
		})
	},
	"cancel": func(_ *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		return func(ctx context.Context) error {
			return b.Cancel(ctx, &esign.CancelRequest{Key: key, Reason: "nhầm"})
		}
	},
	"cancel in the caller's transaction": func(_ *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		return func(ctx context.Context) error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				return b.CancelTx(ctx, tx, &esign.CancelRequest{Key: key, Reason: "nhầm"})
			})
		}
	},
	"cancel again": func(_ *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		b.cancelled(key)
		return func(ctx context.Context) error {
			return b.Cancel(ctx, &esign.CancelRequest{Key: key, Reason: "nhầm"})
		}
	},
	"cancel for another reason": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		b.cancelled(key)
		return func(ctx context.Context) error {
			return refused(t, b.Cancel(ctx, &esign.CancelRequest{Key: key, Reason: "khác"}), esign.ErrConflict)
		}
	},
	"cancel none": func(t *testing.T, b *swept, key string) sqltest.Use {
		return func(ctx context.Context) error {
			return refused(t, b.Cancel(ctx, &esign.CancelRequest{Key: key, Reason: "nhầm"}), esign.ErrNotFound)
		}
	},
	"resume": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.rest()
		b.prepared(key)
		b.holder.waits = true
		return func(ctx context.Context) error {
			b.w.hours.Add(1) // a plan that was taken up and left is due again
			if _, err := b.Resume(ctx, 10); err != nil {
				return err
			}
			p, err := b.Get(ctx, key)
			assert.Equal(t, err == nil, p != nil && p.Stage == esign.StageWaiting)
			return err
		}
	},
	"resume nothing": func(t *testing.T, b *swept, _ string) sqltest.Use {
		b.rest()
		return func(ctx context.Context) error {
			n, err := b.Resume(ctx, 10)
			assert.Zero(t, n)
			return err
		}
	},
	"announcements": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.done(key)
		return func(ctx context.Context) error {
			b.w.hours.Add(1) // beyond any lease
			told := false
			_, err := b.Outbox().Drain(ctx, 1000, func(_ context.Context, ms []sqlkit.Message) error {
				for _, m := range ms {
					told = told || m.ID == key && m.Topic == esign.TopicCompleted
				}
				return nil
			})
			if err == nil {
				assert.True(t, told)
			}
			return err
		}
	},
	"audit": func(_ *testing.T, b *swept, key string) sqltest.Use {
		b.clear()
		b.done(key)
		return func(ctx context.Context) error {
			problems, err := b.Audit(ctx)
			assert.Empty(b.t, problems)
			return err
		}
	},
}

// audited is the audit as a use case. A file that cannot be read it may tell as a problem, which must then say why.
func (b *swept) audited(ctx context.Context, why error) error {
	problems, err := b.Audit(ctx)
	for _, p := range problems {
		if strings.Contains(p.Problem, why.Error()) {
			return why
		}
	}
	if err == nil {
		assert.Empty(b.t, problems)
	}
	return err
}

// Whatever the database refuses, the caller hears of it, and repeating helps.
func TestEveryFaultIsTold(t *testing.T) {
	t.Parallel()
	sqltest.EachFaulty(t, []sqlkit.Migrations{esign.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		b := newSwept(t, db)
		n := 0
		tables := []map[string]use{uses}
		if db.Dialect == sqlkit.SQLite {
			tables = append(tables, signingUses)
		}
		for _, table := range tables {
			for name, u := range table {
				t.Run(name, func(t *testing.T) {
					f.Sweep(t, func(t *testing.T) sqltest.Use {
						n++
						b.holder = holder{}
						return u(t, b, fmt.Sprint("p-", n))
					})
				})
			}
		}
		b.w.clean(b.Service)
	})
}

// A plan that another call has prepared while this one was busy is the result of both, or a conflict.
func TestPreparedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		b := newSweptIn(t, w)
		for name, change := range map[string]func(*esign.Plan){
			"the same": func(*esign.Plan) {},
			"another":  func(p *esign.Plan) { p.Title = "khác" },
		} {
			plan := b.plan(name)
			other := *plan
			change(&other)
			var first *esign.Prepared
			b.putting = func(ctx context.Context) {
				b.putting = nil
				var err error
				first, err = b.Prepare(ctx, &other)
				require.NoError(t, err)
			}
			got, err := b.Prepare(t.Context(), plan)
			if plan.Title != other.Title {
				require.ErrorIs(t, err, esign.ErrConflict, name)
				continue
			}
			require.NoError(t, err, name)
			assert.Equal(t, first, got, name)
		}
		w.clean(b.Service)
	})
}

// A plan that is damaged is told as our own fault, and keeps no other from its turn.
func TestADamagedPlanStopsNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		b := newSweptIn(t, w)
		b.prepared("a")
		b.prepared("b")
		undo := w.alter("esign_plans", "plan = digest", "key = 'a'")
		n, err := b.Resume(t.Context(), 10)
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		_, err = b.Get(t.Context(), "a")
		require.ErrorIs(t, err, esign.ErrInternal)
		p, err := b.Get(t.Context(), "b")
		require.NoError(t, err)
		assert.Equal(t, esign.StageDone, p.Stage)
		undo()
	})
}
