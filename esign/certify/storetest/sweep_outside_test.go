package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// errDown is what a call to the outside fails with.
var errDown = errors.New("it is down")

// calls counts what is asked of files and names, and has one fail. Signers and authorities are asked by package esign, whose
// own tests have them fail. The zero value lets all pass.
type calls struct {
	left int    // until one fails, 0: none does
	at   string // the one that failed
}

func (c *calls) asked(what string) error {
	if c.left == 0 {
		return nil
	}
	if c.left--; c.left > 0 {
		return nil
	}
	c.at = what
	return errDown
}

// Whatever fails outside, the caller hears of it, and repeating helps.
func TestEveryCallThatFailsIsTold(t *testing.T) {
	t.Parallel()
	b := newSwept(t, sqltest.SQLite(t, esign.Migrations(), certify.Migrations()))
	for name, u := range outsideUses {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				run := u(t, b)
				b.calls = calls{left: n}
				err := run(t.Context())
				struck := b.calls.at
				b.calls = calls{}
				if struck == "" {
					require.NoError(t, err)
					require.Greater(t, n, 1, "it asks nobody")
					break
				}
				require.ErrorIs(t, err, errDown, "call %d, %s", n, struck)
				require.NoError(t, run(t.Context()), "again, after call %d, %s", n, struck)
				b.clean()
			}
		})
	}
}

// outsideUses are what is done with the help of others.
var outsideUses = map[string]use{
	"draw":           draws,
	"seal":           signs("signed", certify.AgencySignature, certified),
	"seal, recorded": signs("made", certify.AgencySignature, certified),
	"resume":         uses["resume"],
	"resume a line":  uses["resume a line"],
	"audit": func(t *testing.T, b *swept) sqltest.Use {
		b.at("certified")
		return b.audited
	},
}
