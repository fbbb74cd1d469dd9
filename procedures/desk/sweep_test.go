package desk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// swept prepares a use case of the desk for something fresh.
type swept func(t *testing.T, p *ports, key string) sqltest.Use

// eachFaulty gives a desk on a database of each dialect that can fail; when fn is
// done with it, the audit finds nothing.
func eachFaulty(t *testing.T, fn func(t *testing.T, p *ports, f *sqltest.Faults)) {
	t.Helper()
	sqltest.EachFaulty(t, []sqlkit.Migrations{workflow.Migrations(), desk.Migrations()}, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		p := sweeping(setup(t, db, procedures.ModulePayment, procedures.ModuleCertification))
		fn(t, p, f)
		p.b.t, p.b.Files = t, p.files
		p.b.clean()
	})
}

// sweep has each question of each use fail in turn.
func (p *ports) sweep(t *testing.T, f *sqltest.Faults, uses map[string]swept) {
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		t.Run(name, func(t *testing.T) {
			n := 0
			f.Sweep(t, func(t *testing.T) sqltest.Use {
				n++
				p.b.t = t
				return uses[name](t, p, fmt.Sprint(name, " ", n))
			})
		})
	}
}

// sweepOne is sweep for uses that change nothing, or do it once and are repeated:
// each is prepared once.
func (p *ports) sweepOne(t *testing.T, f *sqltest.Faults, uses map[string]swept) {
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		t.Run(name, func(t *testing.T) {
			p.b.t = t
			use := uses[name](t, p, name)
			f.Sweep(t, func(*testing.T) sqltest.Use { return use })
		})
	}
}

// as tells a use that is rightly refused from one that fails.
func as(want, err error) error {
	switch {
	case errors.Is(err, sqltest.ErrInjected):
		return err
	case errors.Is(err, want):
		return nil
	}
	return fmt.Errorf("want %w, got %w", want, err)
}

// saving saves a draft; what is kept are the answers.
func saving(t *testing.T, b *bundle, d desk.Draft) sqltest.Use {
	d.Procedure, d.Unit = code, unitA
	return func(ctx context.Context) error {
		c, err := b.SaveDraft(ctx, lan, &d)
		if err == nil {
			assert.JSONEq(t, string(d.Form), string(c.Form))
		}
		return err
	}
}

// named is the form of somebody else.
func named(name string) json.RawMessage {
	return json.RawMessage(strings.Replace(form, "Lan", name, 1))
}

// taking takes a step, which leads to a state.
func taking(t *testing.T, b *bundle, who *identity.Person, c *desk.Case, event, to string, with ...func(*desk.Act)) sqltest.Use {
	a := &desk.Act{Dossier: c.Dossier.ID, Expect: c.Dossier.Version, Event: event, Key: event + "/" + string(c.Dossier.ID)}
	for _, w := range with {
		w(a)
	}
	return func(ctx context.Context) error {
		after, err := b.Do(ctx, who, a)
		if err == nil {
			assert.Equal(t, to, after.State.ID)
		}
		return err
	}
}

// step is a step taken by a person on a dossier that has come to a state.
func step(who *identity.Person, event, from, to string, with ...func(*desk.Act)) swept {
	return func(t *testing.T, p *ports, key string) sqltest.Use {
		return taking(t, p.b, who, p.come(t, key, from), event, to, with...)
	}
}

// writes change something each time, a few steps from where a dossier begins.
var writes = map[string]swept{
	"draft": func(t *testing.T, p *ports, key string) sqltest.Use {
		return saving(t, p.b, desk.Draft{Form: json.RawMessage(form), Key: key})
	},
	"draft posted again with other answers": func(t *testing.T, p *ports, key string) sqltest.Use {
		p.b.draft(key)
		return saving(t, p.b, desk.Draft{Form: named("Mai"), Key: key})
	},
	"change of a draft": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.b.draft(key)
		return saving(t, p.b, desk.Draft{Dossier: c.Dossier.ID, Revision: c.Revision, Form: named("Mai")})
	},
	"request": step(lan, "request", "draft", "requested"),
	"receive": step(hoa, "receive", "requested", "received"),
	"paper": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.b.draft(key)
		return func(ctx context.Context) error {
			return p.b.Keep(ctx, &desk.Paper{ID: desk.PaperID(key), Dossier: c.Dossier.ID, Kind: desk.PaperReceipt, Name: "a.pdf"}, []byte("a"))
		}
	},
	"paper in the caller's transaction": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.b.draft(key)
		ref, err := p.files.Put(t.Context(), strings.NewReader("a"))
		require.NoError(t, err)
		return inTx(p.b.db, func(ctx context.Context, tx *sql.Tx) error {
			return p.b.AddPaperTx(ctx, tx, &desk.Paper{ID: desk.PaperID(key), Dossier: c.Dossier.ID, Kind: desk.PaperReceipt, Name: "a.pdf",
				Ref: ref, Size: 1})
		})
	},
}

// late are steps a dossier comes to after many others.
var late = map[string]swept{
	"stop": step(quang, "stop", "received", "stopped", because("Đã có")),
	"compare": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "received")
		scan, err := p.b.OfferScan(t.Context(), quang, c.Dossier.ID, "scan", strings.NewReader("%PDF"))
		require.NoError(t, err)
		return taking(t, p.b, quang, c, "compare", "compared", func(a *desk.Act) { a.Scan, a.NotExcluded = scan.ID, true })
	},
	"ask for the fee": step(quang, "ask_fee", "compared", "awaiting_fee"),
	"ask for a fee that is paid": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "compared")
		p.paid[c.Dossier.ID] = "c-" + key
		return taking(t, p.b, quang, c, "ask_fee", "signing")
	},
	"fee settled": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "awaiting_fee")
		return inTx(p.b.db, func(ctx context.Context, tx *sql.Tx) error {
			return p.b.SystemTx(ctx, tx, c.Dossier.ID, desk.EventFeeSettled, "charge/"+key)
		})
	},
	"certified": func(t *testing.T, p *ports, key string) sqltest.Use {
		c := p.come(t, key, "signing")
		ref, err := p.files.Put(t.Context(), strings.NewReader("certified"))
		require.NoError(t, err)
		return inTx(p.b.db, func(ctx context.Context, tx *sql.Tx) error {
			return p.b.CertifiedTx(ctx, tx, &desk.Certified{Dossier: c.Dossier.ID, Ref: ref, Size: 9, Pages: 3, Number: 1, By: unitA,
				At: *p.b.clock.Load()})
		})
	},
}

// Whatever the database refuses, the caller hears of it, and repeating helps.
func TestEveryFaultIsTold(t *testing.T) {
	t.Parallel()
	eachFaulty(t, func(t *testing.T, p *ports, f *sqltest.Faults) {
		p.sweep(t, f, writes)
		p.sweepOne(t, f, reads)
		p.sweepOne(t, f, repeated)
		if p.b.db.Dialect == sqlkit.SQLite { // the statements are the same, and the way to these steps is long
			p.sweep(t, f, late)
		}
	})
}
