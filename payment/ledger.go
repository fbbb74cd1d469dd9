package payment

import (
	"context"
	"database/sql"
	"time"
)

// The accounts of the ledger. What came in stands on the gateway's account or
// the till's as a debit; why it came, on one of the others as a credit.
const (
	accountGateway  = "gateway:"
	accountCash     = "cash:"
	accountRevenue  = "revenue:" // and the fee kind and code
	accountSuspense = "suspense"
	accountOverpaid = "overpaid"
)

type posting struct {
	account string
	amount  Dong
}

// post writes a group of postings, which must add up to nothing. The group's
// name is the fact it books, so that the same fact cannot be booked twice.
func (s *Service) post(ctx context.Context, tx *sql.Tx, group, charge, attempt string, now time.Time, lines ...posting) error {
	var sum Dong
	for i, l := range lines {
		var err error
		if sum, err = sum.Add(l.amount); err != nil {
			return err
		}
		err = s.exec(ctx, tx, "INSERT INTO payment_postings (group_id, line_no, charge_id, attempt_id, account, amount, at_us)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7)", group, i+1, charge, attempt, l.account, int64(l.amount), us(now))
		if err != nil {
			return err
		}
	}
	if sum != 0 {
		return fail(CodeInternal, "postings of %s don't add up to nothing", group)
	}
	return nil
}

func groupSettled(charge string) string { return "settled:" + charge }

// Balances adds the ledger up by account, for the scope All alone. Debits are
// positive.
func (s *Service) Balances(ctx context.Context, scope Scope) (map[string]Dong, error) {
	if !scope.All {
		return nil, fail(CodeNotFound, "the ledger is not in this scope")
	}
	ctx, cancel := s.db.Bound(ctx)
	defer cancel()
	out := map[string]Dong{}
	err := s.each(ctx, s.db.Read, func(scan func(...any) error) error {
		var (
			account string
			amount  int64
		)
		if err := scan(&account, &amount); err != nil {
			return err
		}
		out[account] = Dong(amount)
		return nil
	}, "SELECT account, CAST(sum(amount) AS BIGINT) FROM payment_postings GROUP BY account")
	return out, err
}
