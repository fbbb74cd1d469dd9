package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment"
)

// Each field is taken up to its documented limit and refused one beyond.
func TestLimitsOfACharge(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(b *bench) {
		n := 0
		create := func(change func(*payment.CreateRequest)) error {
			n++
			r := request(fmt.Sprint("limit-", n))
			change(r)
			_, err := b.s.Create(b.t.Context(), r)
			return err
		}
		long := func(n int) string { return strings.Repeat("k", n) }
		line := func(change func(*payment.FeeLine)) func(*payment.CreateRequest) {
			return func(r *payment.CreateRequest) {
				r.Lines = []payment.FeeLine{{Kind: payment.Phi, Code: "c", Name: "n", Amount: 1}}
				change(&r.Lines[0])
			}
		}
		for name, set := range map[string]func(r *payment.CreateRequest, s string){
			"key":     func(r *payment.CreateRequest, s string) { r.Key = s },
			"subject": func(r *payment.CreateRequest, s string) { r.Subject = s },
			"purpose": func(r *payment.CreateRequest, s string) { r.Purpose = s },
			"unit":    func(r *payment.CreateRequest, s string) { r.Unit = s },
			"agency":  func(r *payment.CreateRequest, s string) { r.Agency = s },
			"payer":   func(r *payment.CreateRequest, s string) { r.Payer.ID = s },
			"name":    func(r *payment.CreateRequest, s string) { r.Payer.Name = s },
			"title":   func(r *payment.CreateRequest, s string) { r.Title = s },
		} {
			require.NoError(b.t, create(func(r *payment.CreateRequest) { set(r, long(200)) }), name)
			require.ErrorIs(b.t, create(func(r *payment.CreateRequest) { set(r, long(201)) }), payment.ErrInvalid, name)
		}
		for n, ok := range map[int]bool{1: true, 50: true, 51: false, 0: false} {
			err := create(func(r *payment.CreateRequest) {
				r.Lines = nil
				for i := range n {
					r.Lines = append(r.Lines, payment.FeeLine{Kind: payment.Phi, Code: fmt.Sprint("c", i), Name: "n", Amount: 1})
				}
			})
			require.Equal(b.t, ok, err == nil, "%d lines: %v", n, err)
		}
		for name, c := range map[string]struct {
			change func(*payment.FeeLine)
			ok     bool
		}{
			"no code":       {func(l *payment.FeeLine) { l.Code = "" }, false},
			"code of 40":    {func(l *payment.FeeLine) { l.Code = long(40) }, true},
			"code of 41":    {func(l *payment.FeeLine) { l.Code = long(41) }, false},
			"capital code":  {func(l *payment.FeeLine) { l.Code = "K" }, false},
			"no name":       {func(l *payment.FeeLine) { l.Name = "" }, false},
			"name of 200":   {func(l *payment.FeeLine) { l.Name = long(200) }, true},
			"name of 201":   {func(l *payment.FeeLine) { l.Name = long(201) }, false},
			"nothing owed":  {func(l *payment.FeeLine) { l.Amount = 0 }, false},
			"the most":      {func(l *payment.FeeLine) { l.Amount = 1_000_000_000_000 }, true},
			"one đồng more": {func(l *payment.FeeLine) { l.Amount = 1_000_000_000_001 }, false},
			"unknown kind":  {func(l *payment.FeeLine) { l.Kind = "tax" }, false},
		} {
			err := create(line(c.change))
			require.Equal(b.t, c.ok, err == nil, "%s: %v", name, err)
		}
		b.sound()
	})
}

// So are those of cash and of a note.
func TestLimitsOfCash(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(b *bench) {
		long := func(n int) string { return strings.Repeat("q", n) }
		for name, c := range map[string]struct {
			change func(*payment.CashRequest)
			ok     bool
		}{
			"cashier of 200": {func(r *payment.CashRequest) { r.Cashier = long(200) }, true},
			"cashier of 201": {func(r *payment.CashRequest) { r.Cashier = long(201) }, false},
			"no cashier":     {func(r *payment.CashRequest) { r.Cashier = "" }, false},
			"till of 40":     {func(r *payment.CashRequest) { r.Till = long(40) }, true},
			"till of 41":     {func(r *payment.CashRequest) { r.Till = long(41) }, false},
			"no till":        {func(r *payment.CashRequest) { r.Till = "" }, false},
			"till with a /":  {func(r *payment.CashRequest) { r.Till = "q/1" }, false},
			"till with . -":  {func(r *payment.CashRequest) { r.Till = "H10.12-1" }, true},
		} {
			r := &payment.CashRequest{Key: name, Charge: b.create(name).ID, Scope: all, Amount: 20_000, Cashier: "o1", Till: "q1"}
			c.change(r)
			_, err := b.s.ReceiveCash(b.t.Context(), r)
			require.Equal(b.t, c.ok, err == nil, "%s: %v", name, err)
		}
		b.sound()
	})
}
