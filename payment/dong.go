package payment

import (
	"errors"
	"math"
	"strconv"
)

// Dong is an amount of money in whole đồng. Arithmetic that may overflow goes
// through Add and Times; nothing of this module uses floating point. In JSON it
// is an integer.
type Dong int64

// ErrOverflow is returned where a sum or a product does not fit a Dong.
var ErrOverflow = errors.New("payment: amount does not fit 64 bits")

// Add is d + o, or ErrOverflow.
func (d Dong) Add(o Dong) (Dong, error) {
	if o > 0 && d > math.MaxInt64-o || o < 0 && d < math.MinInt64-o {
		return 0, ErrOverflow
	}
	return d + o, nil
}

// Times is d × n, or ErrOverflow.
func (d Dong) Times(n int64) (Dong, error) {
	if d == 0 || n == 0 {
		return 0, nil
	}
	p := int64(d) * n
	if p/n != int64(d) || d == math.MinInt64 && n == -1 || n == math.MinInt64 && d == -1 {
		return 0, ErrOverflow
	}
	return Dong(p), nil
}

// Sum adds amounts up, or returns ErrOverflow.
func Sum(ds ...Dong) (Dong, error) {
	var total Dong
	for _, d := range ds {
		var err error
		if total, err = total.Add(d); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Digits is the amount with points between the thousands: 1.234.567.
func (d Dong) Digits() string {
	s := strconv.FormatInt(int64(d), 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return sign + s
}

// String is the amount as people read it: 1.234.567 đ, with a no-break space.
func (d Dong) String() string { return d.Digits() + "\u00a0đ" }
