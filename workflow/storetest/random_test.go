package storetest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
)

// Without randomness for its body's salt no move is recorded: an erased body could
// be guessed from a digest whose salt is known.
func TestNoMoveWithoutASalt(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.start(t, "k1")
		broken := errors.New("no randomness")
		m, err := workflow.Compile(definition(), workflow.Bindings{Effects: []string{"slip", "notify"}})
		require.NoError(t, err)
		for name, source := range map[string]io.Reader{
			"none":        iotest.ErrReader(broken),
			"a byte less": io.MultiReader(bytes.NewReader(make([]byte, 15)), iotest.ErrReader(broken)),
		} {
			e, err := workflow.New(b.db, []*workflow.Machine{m}, &workflow.Options{Random: source})
			require.NoError(t, err)
			_, err = e.Start(t.Context(), &workflow.StartCommand{Dossier: "D9", Procedure: "1.000001", Owner: "p-1", Actor: citizen, Key: "k9"})
			require.ErrorIs(t, err, broken, name)
			_, err = e.Apply(t.Context(), receive(d, "k2"))
			require.ErrorIs(t, err, broken, name)
		}
		_, err = b.Get(t.Context(), everyone, "D9")
		require.ErrorIs(t, err, workflow.ErrNotFound)
		got, err := b.Get(t.Context(), everyone, d.ID)
		require.NoError(t, err)
		assert.Equal(t, d.Version, got.Version)
		b.clean(t)
	})
}
