package storetest

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// use is one use case, prepared at a stage of the line "d1".
type use func(t *testing.T, b *swept) sqltest.Use

// refused makes a use case of one that is rightly refused: any other error stays one, and none is a mistake.
func refused(t *testing.T, err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	assert.Error(t, err, "it should have been refused")
	return err
}

// reserves asks for a number, by what is the plain and the transaction's form of it.
func reserves(stage string, ask func(context.Context, *swept, *certify.ReserveRequest) (*certify.Line, error)) use {
	return func(t *testing.T, b *swept) sqltest.Use {
		b.at(stage)
		return func(ctx context.Context) error {
			l, err := ask(ctx, b, b.request())
			if err == nil {
				assert.Equal(t, int64(1), l.Number)
			}
			return err
		}
	}
}

func reserve(ctx context.Context, b *swept, r *certify.ReserveRequest) (*certify.Line, error) {
	return b.Reserve(ctx, r)
}

func reserveTx(ctx context.Context, b *swept, r *certify.ReserveRequest) (l *certify.Line, err error) {
	err = b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		l, err = b.ReserveTx(ctx, tx, r)
		return err
	})
	return l, err
}

// cancels gives the line up.
func cancels(stage string) use {
	return func(t *testing.T, b *swept) sqltest.Use {
		b.at(stage)
		return func(ctx context.Context) error {
			l, err := b.Cancel(ctx, &certify.CancelRequest{Subject: "d1", Reason: "nhầm"})
			if err == nil {
				assert.Equal(t, certify.Cancelled, l.State)
			}
			return err
		}
	}
}

// refuses asks for what the stage does not allow.
func refuses(stage string, want error, ask func(context.Context, *swept) error) use {
	return func(t *testing.T, b *swept) sqltest.Use {
		b.at(stage)
		return func(ctx context.Context) error { return refused(t, ask(ctx, b), want) }
	}
}

func cancel(ctx context.Context, b *swept) error {
	_, err := b.Cancel(ctx, &certify.CancelRequest{Subject: "d1", Reason: "nhầm"})
	return err
}

func seal(ctx context.Context, b *swept) error {
	_, err := b.Advance(ctx, &certify.AdvanceRequest{Subject: "d1", Signature: certify.AgencySignature})
	return err
}

// shows looks at the line.
func shows(stage string, good func(*certify.Progress) bool) use {
	return func(t *testing.T, b *swept) sqltest.Use {
		b.at(stage)
		return func(ctx context.Context) error {
			p, err := b.Progress(ctx, "d1")
			if err == nil {
				assert.True(t, good(p), "%+v", p)
			}
			return err
		}
	}
}

// uses are what the register can be asked for, apart from what stands in signingUses.
var uses = map[string]use{
	"reserve":                             reserves("vacant", reserve),
	"reserve in the caller's transaction": reserves("vacant", reserveTx),
	"reserve again":                       reserves("reserved", reserve),
	"reserve for another scan": refuses("reserved", certify.ErrConflict, func(ctx context.Context, b *swept) error {
		r := b.request()
		r.Pages = 3
		_, err := b.Reserve(ctx, r)
		return err
	}),
	"cancel": cancels("reserved"),
	"cancel in the caller's transaction": func(_ *testing.T, b *swept) sqltest.Use {
		b.at("reserved")
		return func(ctx context.Context) error {
			return b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := b.CancelTx(ctx, tx, &certify.CancelRequest{Subject: "d1", Reason: "nhầm"})
				return err
			})
		}
	},
	"cancel again":             cancels("cancelled"),
	"cancel a certified copy":  refuses("certified", certify.ErrConflict, cancel),
	"cancel none":              refuses("vacant", certify.ErrNotFound, cancel),
	"seal none":                refuses("vacant", certify.ErrNotFound, seal),
	"seal before the official": refuses("reserved", certify.ErrConflict, seal),
	"seal a cancelled line":    refuses("cancelled", certify.ErrConflict, seal),
	"seal again":               signs("certified", certify.AgencySignature, certified),
	"seal, recorded":           signs("made", certify.AgencySignature, certified),
	"get none": refuses("vacant", certify.ErrNotFound, func(ctx context.Context, b *swept) error {
		_, err := b.Get(ctx, "d1")
		return err
	}),
	"get": func(t *testing.T, b *swept) sqltest.Use {
		b.at("signed")
		return func(ctx context.Context) error {
			l, err := b.Get(ctx, "d1")
			assert.Equal(t, err == nil, l != nil && l.Signed == 1)
			return err
		}
	},
	"list": func(t *testing.T, b *swept) sqltest.Use {
		b.at("signed")
		return func(ctx context.Context) error {
			lines, err := b.List(ctx)
			assert.Equal(t, err == nil, len(lines) == 1)
			return err
		}
	},
	"progress":            shows("reserved", func(p *certify.Progress) bool { return p.Signed == 0 && !p.Waiting }),
	"progress, planned":   shows("planned", func(p *certify.Progress) bool { return !p.Waiting && p.Stopped == nil }),
	"progress, waiting":   shows("waiting", func(p *certify.Progress) bool { return p.Waiting }),
	"progress, stopped":   shows("stopped", func(p *certify.Progress) bool { return p.Stopped != nil }),
	"progress, certified": shows("certified", func(p *certify.Progress) bool { return p.State == certify.Certified }),
	"progress of none": refuses("vacant", certify.ErrNotFound, func(ctx context.Context, b *swept) error {
		_, err := b.Progress(ctx, "d1")
		return err
	}),
	"resume": func(t *testing.T, b *swept) sqltest.Use {
		b.at("made")
		moved := 0
		return func(ctx context.Context) error {
			n, err := b.Resume(ctx, 10)
			moved += n
			assert.Equal(t, err == nil, moved == 1)
			return err
		}
	},
	"resume nothing":       resumesNone("vacant"),
	"resume what is begun": resumesNone("planned"),
	"resume a line": func(t *testing.T, b *swept) sqltest.Use {
		b.at("made")
		moved := false
		return func(ctx context.Context) error {
			ok, err := b.ResumeLine(ctx, "d1")
			moved = moved || ok
			assert.Equal(t, err == nil, moved)
			return err
		}
	},
	"resume no line": refuses("vacant", certify.ErrNotFound, func(ctx context.Context, b *swept) error {
		_, err := b.ResumeLine(ctx, "d1")
		return err
	}),
	"audit": func(_ *testing.T, b *swept) sqltest.Use {
		b.at("certified")
		return b.audited
	},
}

// resumesNone finds nothing to go on with.
func resumesNone(stage string) use {
	return func(t *testing.T, b *swept) sqltest.Use {
		b.at(stage)
		return func(ctx context.Context) error {
			n, err := b.Resume(ctx, 10)
			assert.Zero(t, n)
			return err
		}
	}
}

// audited is the audit as a use case. A file that cannot be read it tells as a problem.
func (b *swept) audited(ctx context.Context) error {
	problems, err := b.Audit(ctx)
	for _, p := range problems {
		if b.calls.at != "" && strings.Contains(p.Problem, "certified file") {
			return errDown
		}
	}
	if err == nil {
		assert.Empty(b.t, problems)
	}
	return err
}

func (b *swept) clean() {
	b.t.Helper()
	problems, err := b.Audit(b.t.Context())
	require.NoError(b.t, err)
	require.Empty(b.t, problems)
}

// Whatever the database refuses, the caller hears of it, and repeating helps.
func TestEveryFaultIsTold(t *testing.T) {
	t.Parallel()
	ms := []sqlkit.Migrations{esign.Migrations(), certify.Migrations()}
	sqltest.EachFaulty(t, ms, func(t *testing.T, db *sqlkit.DB, f *sqltest.Faults) {
		b := newSwept(t, db)
		tables := []map[string]use{uses}
		if db.Dialect == sqlkit.SQLite {
			tables = append(tables, signingUses)
		}
		for _, table := range tables {
			for name, u := range table {
				t.Run(name, func(t *testing.T) {
					f.Sweep(t, func(t *testing.T) sqltest.Use { return u(t, b) })
					b.clean()
				})
			}
		}
	})
}
