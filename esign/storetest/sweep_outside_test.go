package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// errDown is what a call to the outside fails with.
var errDown = errors.New("it is down")

// calls counts what is asked of files, signers and authorities, and has one fail. The zero value lets all pass.
type calls struct {
	left int    // until one fails, 0: none does
	at   string // the one that failed
	idle func() // checks that no transaction is open
	pass string // not counted
}

func (c *calls) asked(what string) error {
	if c.idle != nil {
		c.idle()
	}
	if c.left == 0 || what == c.pass {
		return nil
	}
	if c.left--; c.left > 0 {
		return nil
	}
	c.at = what
	return errDown
}

// outsideUses are what is done with the help of others.
var outsideUses = map[string]use{
	"prepare": func(t *testing.T, b *swept, key string) sqltest.Use {
		plan := b.pictured(key)
		b.calls.pass = "source" // a signer out of reach does not stop it: its certificate is checked when it signs
		return func(ctx context.Context) error { _, err := b.Prepare(ctx, plan); return err }
	},
	"sign": func(t *testing.T, b *swept, key string) sqltest.Use {
		_, err := b.Prepare(t.Context(), b.pictured(key))
		require.NoError(t, err)
		return b.advances(t, &esign.AdvanceRequest{Key: key}, func(p *esign.Progress) bool { return p.Stage == esign.StageDone })
	},
	"audit": func(t *testing.T, b *swept, key string) sqltest.Use {
		b.clear()
		_, err := b.Prepare(t.Context(), b.pictured(key))
		require.NoError(t, err)
		b.w.finish(b.Service, key)
		return func(ctx context.Context) error { return b.audited(ctx, errDown) }
	},
}

// pictured is the plan with an appearance, which is one more file to read.
func (b *swept) pictured(key string) *esign.Plan {
	plan := b.plan(key)
	plan.Signatures[0].Appearance, plan.Signatures[0].Page = b.picture, 1
	plan.Signatures[0].Rect = esign.Rect{X1: 100, Y1: 100, X2: 200, Y2: 200}
	return plan
}

// Whatever fails outside, the caller hears of it under its code, and repeating helps.
func TestEveryCallThatFailsIsTold(t *testing.T) {
	t.Parallel()
	for name, u := range outsideUses {
		t.Run(name, func(t *testing.T) {
			b := newSwept(t, sqltest.SQLite(t, esign.Migrations()))
			for n := 1; ; n++ {
				b.calls = calls{}
				run := u(t, b, fmt.Sprint("p-", n))
				b.calls.left, b.calls.idle = n, func() { sqltest.Idle(t, b.db) }
				err := run(t.Context())
				struck := b.calls.at
				b.calls.left = 0
				if struck == "" {
					require.NoError(t, err)
					require.Greater(t, n, 1, "it asks nobody")
					break
				}
				require.ErrorIs(t, err, errDown, "call %d, %s", n, struck)
				if name != "audit" {
					want := esign.CodeUnavailable
					switch struck {
					case "chain", "begin", "complete":
						want = esign.CodeUnauthorised // as the signer says
					}
					assert.Equal(t, want, esign.ErrorCode(err), "call %d, %s", n, struck)
				}
				require.NoError(t, run(t.Context()), "again, after call %d, %s", n, struck)
			}
			b.w.clean(b.Service)
		})
	}
}
