package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// What a charge was for is told as it was charged: how the amount comes about
// stands in the line's name, and no price for one is made up.
func TestOwedLines(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{payment.Migrations()}, func(t *testing.T, db *sqlkit.DB) {
		b := newBench(t, db)
		o, err := b.owed(t.Context(), "D")
		require.NoError(t, err)
		assert.Nil(t, o, "nothing is charged yet")
		b.charge("D")
		o, err = b.owed(t.Context(), "D")
		require.NoError(t, err)
		assert.Equal(t, int64(12_000), o.Total)
		assert.Equal(t, []procedures.FeeLine{
			{Fee: "chung_thuc", Kind: "phi", Name: procedures.Text{VI: "Phí chứng thực bản sao (6 × 2.000 đồng)"}, Amount: 12_000},
		}, o.Lines)
	})
}
