package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// signingUses are a plan going on, to whatever its holder decides. They ask nothing that "sign" does not ask of either
// database, so one is enough.
var signingUses = map[string]use{
	"sign the first of two": func(t *testing.T, b *swept, key string) sqltest.Use {
		plan := b.plan(key)
		second := plan.Signatures[0]
		second.Field = "Người ký"
		plan.Signatures = append(plan.Signatures, second)
		plan.Stepwise = true
		_, err := b.Prepare(t.Context(), plan)
		require.NoError(t, err)
		return b.advances(t, &esign.AdvanceRequest{Key: key, Upto: 1}, func(p *esign.Progress) bool {
			return p.Stage == esign.StageOpen && p.Done == 1 && !p.Begun && p.Field == second.Field
		})
	},
	"sign again": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.done(key)
		return b.advances(t, &esign.AdvanceRequest{Key: key}, func(p *esign.Progress) bool { return p.Stage == esign.StageDone })
	},
	"the holder waits": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		b.holder.waits = true
		return b.advances(t, &esign.AdvanceRequest{Key: key}, func(p *esign.Progress) bool {
			return p.Stage == esign.StageWaiting && p.RetryAfter > 0
		})
	},
	"the holder refuses at once": stopping("holder-refused", holder{begin: errRefusal}),
	"the holder refuses":         stopping("holder-refused", holder{complete: errRefusal}),
	"the holder is late":         stopping("holder-late", holder{complete: errLate}),
	"the vendor has forgotten":   stopping("holder-late", holder{complete: errGone}),
	"ask anew": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		b.holder.complete = errRefusal
		_, err := b.Advance(t.Context(), &esign.AdvanceRequest{Key: key})
		require.NoError(t, err)
		b.holder = holder{waits: true}
		return b.advances(t, &esign.AdvanceRequest{Key: key, Again: true}, func(p *esign.Progress) bool {
			return p.Stage == esign.StageWaiting && p.Reason == nil
		})
	},
	// What the holder has confirmed is not recorded: the plan is read again, and is over.
	"cancelled while the holder confirms": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		b.holder.confirming = func(ctx context.Context) error {
			return b.Cancel(ctx, &esign.CancelRequest{Key: key, Reason: "nhầm"})
		}
		return b.advances(t, &esign.AdvanceRequest{Key: key}, func(p *esign.Progress) bool {
			return p.Stage == esign.StageCancelled && p.Done == 0
		})
	},
	"sign none": func(t *testing.T, b *swept, key string) sqltest.Use {
		return func(ctx context.Context) error {
			_, err := b.Advance(ctx, &esign.AdvanceRequest{Key: key})
			return refused(t, err, esign.ErrNotFound)
		}
	},
	"cancel a signed document": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.done(key)
		return func(ctx context.Context) error {
			return refused(t, b.Cancel(ctx, &esign.CancelRequest{Key: key, Reason: "nhầm"}), esign.ErrConflict)
		}
	},
}

// advances is Advance as a use case whose success shows.
func (b *swept) advances(t *testing.T, r *esign.AdvanceRequest, good func(*esign.Progress) bool) sqltest.Use {
	return func(ctx context.Context) error {
		p, err := b.Advance(ctx, r)
		assert.Equal(t, err == nil, p != nil && good(p), "%+v", p)
		return err
	}
}

// stopping is a plan that stops because of what its holder does.
func stopping(reason string, h holder) use {
	return func(t *testing.T, b *swept, key string) sqltest.Use {
		b.prepared(key)
		b.holder = h
		return b.advances(t, &esign.AdvanceRequest{Key: key}, func(p *esign.Progress) bool {
			return p.Stage == esign.StageStopped && p.Reason.Code == reason
		})
	}
}
