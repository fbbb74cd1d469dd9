package desk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

var reads = map[string]swept{
	"case": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "certified")
		return func(ctx context.Context) error {
			got, err := p.b.Case(ctx, lan, c.Dossier.ID)
			if err == nil {
				assert.Equal(t, c, got)
			}
			return err
		}
	},
	"case by code": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "requested")
		return func(ctx context.Context) error {
			got, err := p.b.CaseByCode(ctx, hoa, c.Code)
			assert.True(t, err != nil || got.Code == c.Code)
			return err
		}
	},
	"mine": func(t *testing.T, p *ports, key string) sqltest.Use {
		p.come(t, key, "draft")
		return listing(t, 1, func(ctx context.Context) (*desk.List, error) {
			return p.b.Mine(ctx, lan, &desk.ListQuery{States: []string{"draft"}, Limit: 1})
		})
	},
	"inbox": func(t *testing.T, p *ports, key string) sqltest.Use {
		p.come(t, key+" 1", "requested")
		p.come(t, key+" 2", "requested")
		return listing(t, 2, func(ctx context.Context) (*desk.List, error) {
			return p.b.Inbox(ctx, hoa, &desk.ListQuery{Unit: unitA, Limit: 2})
		})
	},
	"second page of the inbox": func(t *testing.T, p *ports, key string) sqltest.Use {
		p.come(t, key+" 1", "requested")
		p.come(t, key+" 2", "requested")
		first, err := p.b.Inbox(t.Context(), hoa, &desk.ListQuery{Limit: 1})
		require.NoError(t, err)
		return listing(t, 1, func(ctx context.Context) (*desk.List, error) {
			return p.b.Inbox(ctx, hoa, &desk.ListQuery{After: first.Next, Limit: 1})
		})
	},
	"look-up": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "requested")
		return func(ctx context.Context) error { _, err := p.b.LookUp(ctx, c.Code, c.LookUpCode); return err }
	},
	"look-up with a wrong look-up code": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "requested")
		return func(ctx context.Context) error {
			_, err := p.b.LookUp(ctx, c.Code, "AAAAAAAA")
			return as(workflow.ErrNotFound, err)
		}
	},
	"look-up of no dossier": func(_ *testing.T, p *ports, _ string) sqltest.Use {
		return func(ctx context.Context) error {
			_, err := p.b.LookUp(ctx, "H10.12-241115-9999", "AAAAAAAA")
			return as(workflow.ErrNotFound, err)
		}
	},
	"open": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "compared")
		return func(ctx context.Context) error {
			_, content, err := p.b.Open(ctx, lan, c.Dossier.ID, c.Papers[0].ID)
			if err == nil {
				err = content.Close()
			}
			return err
		}
	},
	"open no paper": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "draft")
		return func(ctx context.Context) error {
			_, _, err := p.b.Open(ctx, lan, c.Dossier.ID, "none")
			return as(workflow.ErrNotFound, err)
		}
	},
	"day for the national portal": func(t *testing.T, p *ports, key string) sqltest.Use {
		p.b.at("2024-11-20 09:00") // a day of its own
		p.come(t, key, "certified")
		day := *p.b.clock.Load()
		p.b.at("2024-11-15 08:00")
		return func(ctx context.Context) error {
			items, err := p.b.ExportDay(ctx, day)
			if err == nil {
				assert.Len(t, items, 1)
				assert.NotEmpty(t, items[0].DanhSachGiayToKetQua)
			}
			return err
		}
	},
	"slip": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "received")
		return func(ctx context.Context) error {
			return p.b.Effects()["issue_receipt_slip"](ctx, c.Moves[len(c.Moves)-1])
		}
	},
}

func listing(t *testing.T, want int, list func(context.Context) (*desk.List, error)) sqltest.Use {
	return func(ctx context.Context) error {
		l, err := list(ctx)
		assert.True(t, err != nil || len(l.Cases) == want)
		return err
	}
}

// repeated are uses that have been done, or cannot be.
var repeated = map[string]swept{
	"draft posted again once filed": func(t *testing.T, p *ports, key string) sqltest.Use {
		p.come(t, key, "requested")
		return saving(t, p.b, desk.Draft{Form: json.RawMessage(form), Key: key})
	},
	"draft saved elsewhere": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "draft")
		save := saving(t, p.b, desk.Draft{Dossier: c.Dossier.ID, Revision: 7, Form: named("Mai")})
		return func(ctx context.Context) error { return as(workflow.ErrStale, save(ctx)) }
	},
	"step taken before": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "requested")
		take := taking(t, p.b, hoa, c, "receive", "received")
		require.NoError(t, take(t.Context()))
		return take
	},
	"request of an unfinished form": func(t *testing.T, p *ports, key string) sqltest.Use {
		c, err := p.b.SaveDraft(t.Context(), lan, &desk.Draft{Procedure: code, Unit: unitA, Form: json.RawMessage(`{}`), Key: key})
		require.NoError(t, err)
		return refusing(t, p.b, lan, c, "request", desk.ErrForm)
	},
	"step at a version that is past": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "requested")
		return refusing(t, p.b, hoa, c, "receive", workflow.ErrStale, func(a *desk.Act) { a.Expect = 1 })
	},
	"step of another role": func(t *testing.T, p *ports, key string) sqltest.Use {
		return refusing(t, p.b, quang, p.come(t, key, "requested"), "receive", workflow.ErrRefused)
	},
	"comparison without a scan": func(t *testing.T, p *ports, key string) sqltest.Use {
		return refusing(t, p.b, quang, p.come(t, key, "received"), "compare", workflow.ErrRefused)
	},
	"event of the system that came before": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "signing")
		return inTx(p.b.db, func(ctx context.Context, tx *sql.Tx) error {
			return p.b.SystemTx(ctx, tx, c.Dossier.ID, desk.EventFeeSettled, "charge/c-"+key+"/again")
		})
	},
	"scan": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "received")
		return func(ctx context.Context) error {
			scan, err := p.b.OfferScan(ctx, quang, c.Dossier.ID, key, strings.NewReader("%PDF"))
			assert.True(t, err != nil || scan.Pages == 2)
			return err
		}
	},
	"another scan with the same key": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "received")
		_, err := p.b.OfferScan(t.Context(), quang, c.Dossier.ID, key, strings.NewReader("%PDF"))
		require.NoError(t, err)
		return func(ctx context.Context) error {
			_, err := p.b.OfferScan(ctx, quang, c.Dossier.ID, key, strings.NewReader("%PDF another"))
			return as(workflow.ErrKeyReused, err)
		}
	},
	"scan too early": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "requested")
		return func(ctx context.Context) error {
			_, err := p.b.OfferScan(ctx, quang, c.Dossier.ID, key, strings.NewReader("%PDF"))
			return as(workflow.ErrRefused, err)
		}
	},
	"signature": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "signing")
		sign := signing(p.b, c, quang, desk.StepSign)
		return func(ctx context.Context) error {
			p.lines[c.Dossier.ID] = &desk.Line{Number: 1, Next: desk.NextOfficial}
			err := sign(ctx)
			assert.True(t, err != nil || p.lines[c.Dossier.ID].Next == desk.NextAgency)
			return err
		}
	},
	"signature made before": func(t *testing.T, p *ports, key string) sqltest.Use {
		return signing(p.b, p.come(t, key, "certified"), thu, desk.StepSeal)
	},
	"signature out of turn": func(t *testing.T, p *ports, key string) sqltest.Use {
		sign := signing(p.b, p.come(t, key, "signing"), thu, desk.StepSeal)
		return func(ctx context.Context) error { return as(workflow.ErrRefused, sign(ctx)) }
	},
}

func refusing(t *testing.T, b *bundle, who *identity.Person, c *desk.Case, event string, want error, with ...func(*desk.Act)) sqltest.Use {
	take := taking(t, b, who, c, event, "", with...)
	return func(ctx context.Context) error { return as(want, take(ctx)) }
}

func signing(b *bundle, c *desk.Case, who *identity.Person, step string) sqltest.Use {
	return func(ctx context.Context) error {
		_, err := b.Sign(ctx, who, &desk.SignRequest{Dossier: c.Dossier.ID, Expect: c.Dossier.Version, Step: step})
		return err
	}
}
