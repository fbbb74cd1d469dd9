package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// signs makes a signature of the line at a stage.
func signs(stage string, s certify.Signature, good func(*certify.Progress) bool) use {
	return func(t *testing.T, b *swept) sqltest.Use {
		b.at(stage)
		return b.advances(t, s, good)
	}
}

func (b *swept) advances(t *testing.T, s certify.Signature, good func(*certify.Progress) bool) sqltest.Use {
	return func(ctx context.Context) error {
		p, err := b.Advance(ctx, &certify.AdvanceRequest{Subject: "d1", Signature: s, Official: "o-quang"})
		if err == nil {
			assert.True(t, good(p), "%+v", p)
		}
		return err
	}
}

func one(p *certify.Progress) bool { return p.Signed == 1 && p.State == certify.Reserved }

func certified(p *certify.Progress) bool {
	return p.Signed == 2 && p.State == certify.Certified && p.File != "" && p.Size > 0 && p.FilePages == 3
}

// signingUses are the slow ones: they draw and sign. They ask nothing of a database that the others do not, so one
// database is enough.
var signingUses = map[string]use{
	"draw":       draws,
	"sign":       signs("waiting", certify.OfficialSignature, one),
	"sign again": signs("signed", certify.OfficialSignature, one),
	"the holder waits": func(t *testing.T, b *swept) sqltest.Use {
		b.at("waiting")
		b.waits = true
		return b.advances(t, certify.OfficialSignature, func(p *certify.Progress) bool { return p.Waiting && p.Signed == 0 })
	},
	"the holder refuses": func(t *testing.T, b *swept) sqltest.Use {
		b.at("waiting")
		b.refuses = true
		return b.advances(t, certify.OfficialSignature, func(p *certify.Progress) bool { return p.Stopped != nil && p.Signed == 0 })
	},
	"resume what the holder has confirmed": func(t *testing.T, b *swept) sqltest.Use {
		b.at("waiting")
		moved := false
		return func(ctx context.Context) error {
			ok, err := b.ResumeLine(ctx, "d1")
			moved = moved || ok
			assert.Equal(t, err == nil, moved)
			return err
		}
	},
	"cancelled while it is drawn": func(t *testing.T, b *swept) sqltest.Use {
		b.at("reserved")
		b.naming = func(ctx context.Context) error { return cancel(ctx, b) }
		return func(ctx context.Context) error {
			_, err := b.Advance(ctx, &certify.AdvanceRequest{Subject: "d1", Signature: certify.OfficialSignature, Official: "o-quang"})
			return refused(t, err, certify.ErrConflict)
		}
	},
}

// draws prepares the file and plans its signatures; it ends where the first would be asked for.
func draws(t *testing.T, b *swept) sqltest.Use {
	b.at("reserved")
	return func(ctx context.Context) error {
		_, err := b.Advance(ctx, &certify.AdvanceRequest{Subject: "d1", Signature: certify.OfficialSignature, Official: "o-nobody"})
		return refused(t, err, esign.ErrNotFound)
	}
}

// Of two clicks that draw at once one wins, and both go on with its plan.
func TestSignedWhileItIsDrawn(t *testing.T) {
	t.Parallel()
	b := newSwept(t, sqltest.SQLite(t, esign.Migrations(), certify.Migrations()))
	b.at("reserved")
	sign := b.advances(t, certify.OfficialSignature, one)
	b.naming = func(ctx context.Context) error {
		b.naming = nil
		return sign(ctx)
	}
	require.NoError(t, sign(t.Context()))
	b.clean()
}
