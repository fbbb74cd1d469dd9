package payment_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/payment"
)

func ExampleDong() {
	fee, err := payment.Dong(2_000).Times(12)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fee.Digits(), fee.Words())
	// Output: 24.000 Hai mươi tư nghìn đồng
}

func ExampleDong_Words() {
	fmt.Println(payment.Dong(1_234_567).Words())
	// Output: Một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy đồng
}

func TestDongString(t *testing.T) {
	t.Parallel()
	for d, want := range map[payment.Dong]string{
		0: "0\u00a0đ", 7: "7\u00a0đ", 999: "999\u00a0đ", 1_000: "1.000\u00a0đ", 1_234_567: "1.234.567\u00a0đ",
		-1_000: "-1.000\u00a0đ", -999: "-999\u00a0đ", math.MinInt64: "-9.223.372.036.854.775.808\u00a0đ",
	} {
		assert.Equal(t, want, d.String())
	}
	data, err := json.Marshal(payment.Dong(20_000))
	require.NoError(t, err)
	assert.Equal(t, "20000", string(data))
}

// TestDongArithmetic compares with numbers that cannot overflow.
func TestDongArithmetic(t *testing.T) {
	t.Parallel()
	edges := rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MaxInt64 / 2, 1 << 32})
	number := rapid.OneOf(edges, rapid.Int64())
	same := func(t *rapid.T, got payment.Dong, err error, want *big.Int) {
		if want.IsInt64() != (err == nil) || err == nil && int64(got) != want.Int64() {
			t.Fatalf("got %d, %v, want %s", got, err, want)
		}
		if err != nil && !assert.ErrorIs(t, err, payment.ErrOverflow) {
			t.FailNow()
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, y := big.NewInt(a), big.NewInt(b)
		sum, err := payment.Dong(a).Add(payment.Dong(b))
		same(t, sum, err, new(big.Int).Add(x, y))
		product, err := payment.Dong(a).Times(b)
		same(t, product, err, new(big.Int).Mul(x, y))
	})
	for _, c := range []struct{ d, n, want int64 }{
		{5, -1, -5}, {-1, 5, -5}, {-1, -1, 1}, {math.MaxInt64, -1, -math.MaxInt64}, {-1, math.MaxInt64, -math.MaxInt64},
		{math.MinInt64, 1, math.MinInt64}, {1, math.MinInt64, math.MinInt64}, {0, math.MinInt64, 0}, {math.MinInt64, 0, 0},
	} {
		got, err := payment.Dong(c.d).Times(c.n)
		require.NoError(t, err, "%d × %d", c.d, c.n)
		assert.Equal(t, payment.Dong(c.want), got)
	}
	for _, c := range [][2]int64{
		{math.MinInt64, -1}, {-1, math.MinInt64}, {math.MaxInt64, 2}, {2, math.MaxInt64}, {math.MinInt64, math.MinInt64},
	} {
		_, err := payment.Dong(c[0]).Times(c[1])
		require.ErrorIs(t, err, payment.ErrOverflow, "%v", c)
	}
	total, err := payment.Sum(1, 2, 3)
	require.NoError(t, err)
	assert.Equal(t, payment.Dong(6), total)
	_, err = payment.Sum(math.MaxInt64, 1)
	require.ErrorIs(t, err, payment.ErrOverflow)
}

// TestWords follows how amounts are read aloud in Vietnam: linh for an empty
// ten, mốt, tư and lăm after a ten, không trăm inside a larger number.
func TestWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[payment.Dong]string{
		0:                 "Không đồng",
		1:                 "Một đồng",
		5:                 "Năm đồng",
		10:                "Mười đồng",
		11:                "Mười một đồng",
		14:                "Mười bốn đồng",
		15:                "Mười lăm đồng",
		20:                "Hai mươi đồng",
		21:                "Hai mươi mốt đồng",
		24:                "Hai mươi tư đồng",
		25:                "Hai mươi lăm đồng",
		100:               "Một trăm đồng",
		101:               "Một trăm linh một đồng",
		104:               "Một trăm linh bốn đồng",
		105:               "Một trăm linh năm đồng",
		110:               "Một trăm mười đồng",
		115:               "Một trăm mười lăm đồng",
		555:               "Năm trăm năm mươi lăm đồng",
		1_000:             "Một nghìn đồng",
		1_005:             "Một nghìn không trăm linh năm đồng",
		1_050:             "Một nghìn không trăm năm mươi đồng",
		2_000:             "Hai nghìn đồng",
		12_000:            "Mười hai nghìn đồng",
		200_000:           "Hai trăm nghìn đồng",
		1_000_005:         "Một triệu không trăm linh năm đồng",
		1_001_000:         "Một triệu không trăm linh một nghìn đồng",
		1_234_567:         "Một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy đồng",
		1_000_000_000:     "Một tỷ đồng",
		1_000_000_001:     "Một tỷ không trăm linh một đồng",
		21_000_000_000:    "Hai mươi mốt tỷ đồng",
		1_000_000_000_000: "Một nghìn tỷ đồng",
		-2_000:            "Âm hai nghìn đồng",
	} {
		assert.Equal(t, want, d.Words())
	}
	for _, d := range []payment.Dong{math.MaxInt64, math.MinInt64} {
		assert.NotEmpty(t, d.Words())
	}
}
