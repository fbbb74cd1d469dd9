package paystep

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/procedures"
)

// A charge keeps amounts alone, so the line's name says how one comes about; a
// name is at most 200 characters long.
func TestLineName(t *testing.T) {
	t.Parallel()
	tail := " (6 × 2.000 đồng)"
	room := 200 - len([]rune(tail))
	for _, c := range []struct {
		name     string
		quantity int64
		want     string
	}{
		{"Phí chứng thực", 6, "Phí chứng thực" + tail},
		{"Phí chứng thực", 2, "Phí chứng thực (2 × 2.000 đồng)"},
		{"Phí chứng thực", 1, "Phí chứng thực"},
		{"Phí chứng thực", 0, "Phí chứng thực"},
		{strings.Repeat("ộ", room), 6, strings.Repeat("ộ", room) + tail},
		{strings.Repeat("ộ", room+1), 6, strings.Repeat("ộ", room+1)},
	} {
		l := procedures.FeeLine{Name: procedures.Text{VI: c.name}, Unit: 2_000, Quantity: c.quantity, Amount: 2_000 * c.quantity}
		assert.Equal(t, c.want, lineName(&l))
	}
}
