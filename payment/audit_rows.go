package payment

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/motcua/motcua/payment/driver"
)

func (a *auditor) readReceipts(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_receipts", 1,
		"SELECT "+receiptColumns+", digest FROM payment_receipts ORDER BY agency, series, year, number",
		func(scan func(...any) error) error {
			var digest []byte
			r, err := scanReceipt(func(into ...any) error { return scan(append(into, &digest)...) })
			if err != nil {
				return err
			}
			seal, err := r.seal()
			if err != nil {
				return err
			}
			if !bytes.Equal(seal, digest) {
				a.Bad("payment_receipts", r.ID, "receipt is not what was sealed when it was issued")
			}
			var sum Dong
			for _, l := range r.Lines {
				sum += l.Amount
			}
			if sum != r.Amount {
				a.Bad("payment_receipts", r.ID, "lines add up to %d đ, the receipt says %d đ", sum, r.Amount)
			}
			if c := a.charges[r.Charge]; c != nil {
				c.Receipts = append(c.Receipts, *r)
			} else {
				a.Bad("payment_receipts", r.ID, "receipt of a charge that is not there")
			}
			a.numbers = append(a.numbers, *r)
			return nil
		})
}

// sequences checks that numbers run from 1 to the last without a hole.
func (a *auditor) sequences(ctx context.Context, tx *sql.Tx) error {
	type series struct {
		agency, series string
		year           int
	}
	last := map[series]int64{}
	for i := range a.numbers {
		r := &a.numbers[i]
		k := series{r.Agency, r.Series, r.Year}
		if r.Number != last[k]+1 {
			a.Bad("payment_receipts", r.ID, "number %d of series %s does not follow %d", r.Number, r.Series, last[k])
		}
		last[k] = r.Number
	}
	err := a.Each(ctx, tx, "payment_sequences", 3,
		"SELECT agency, series, year, last FROM payment_sequences ORDER BY agency, series, year",
		func(scan func(...any) error) error {
			var (
				k series
				n int64
			)
			if err := scan(&k.agency, &k.series, &k.year, &n); err != nil {
				return err
			}
			if n != last[k] {
				a.Bad("payment_sequences", fmt.Sprintf("%s/%s/%d", k.agency, k.series, k.year), "last is %d, receipts end at %d", n, last[k])
			}
			delete(last, k)
			return nil
		})
	for k := range last {
		a.Bad("payment_sequences", fmt.Sprintf("%s/%s/%d", k.agency, k.series, k.year), "receipts have numbers of a series that is not there")
	}
	return err
}

func (a *auditor) exceptions(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_exceptions", 1,
		"SELECT "+exceptionColumns+" FROM payment_exceptions ORDER BY id",
		func(scan func(...any) error) error {
			e, err := scanException(scan)
			if err != nil {
				return err
			}
			const table = "payment_exceptions"
			c := a.charges[e.Charge]
			switch {
			case e.Kind.Reason().VI == "":
				a.Bad(table, e.ID, "kind %q is unknown", string(e.Kind))
			case e.Charge != "" && c == nil, e.Attempt != "" && a.attempts[e.Attempt] == nil:
				a.Bad(table, e.ID, "belongs to a charge or attempt that is not there")
			case c != nil && (c.Subject != e.Subject || c.Unit != e.Unit):
				a.Bad(table, e.ID, "subject or unit is not its charge's")
			}
			if e.Open() != (e.Resolution == "" && e.ResolvedBy == "") {
				a.Bad(table, e.ID, "time, person and note of its end don't fit together")
			}
			if e.group == "" {
				return nil
			}
			a.held[e.group] = true
			if g := a.groups[e.group]; len(g) == 0 || g[0].amount != e.Amount || g[0].charge != e.Charge {
				a.Bad(table, e.ID, "its money is not booked, or another amount")
			}
			return nil
		})
}

func (a *auditor) notices(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_notices", 2,
		"SELECT gateway, digest, source, attempt_id, verdict, seen FROM payment_notices ORDER BY gateway, digest",
		func(scan func(...any) error) error {
			var (
				gateway, source, attempt string
				digest                   []byte
				verdict, seen            int64
			)
			if err := scan(&gateway, &digest, &source, &attempt, &verdict, &seen); err != nil {
				return err
			}
			row := gateway + "/" + hex.EncodeToString(digest)
			t := a.attempts[attempt]
			switch {
			case len(digest) != 32 || seen < 1 || source != sourceNotice && source != sourcePoll && source != sourceStatement:
				a.Bad("payment_notices", row, "digest, count or source is malformed")
			case verdict <= int64(driver.Retry) || verdict >= int64(driver.Forged):
				a.Bad("payment_notices", row, "verdict %d is none that is recorded", verdict)
			case attempt != "" && (t == nil || t.Gateway != gateway):
				a.Bad("payment_notices", row, "belongs to an attempt that is not there, or of another gateway")
			}
			return nil
		})
}

func (a *auditor) keys(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_keys", 1,
		"SELECT key, digest, result FROM payment_keys ORDER BY key",
		func(scan func(...any) error) error {
			var (
				key            string
				digest, result []byte
			)
			if err := scan(&key, &digest, &result); err != nil {
				return err
			}
			call, _, _ := strings.Cut(key, ":")
			ok := len(digest) == 32
			switch call {
			case "create":
				ok = ok && a.charges[string(result)] != nil
			case "attempt", "cash":
				t := a.attempts[string(result)]
				ok = ok && t != nil && (t.Gateway == Cash) == (call == "cash")
			default:
				ok = false
			}
			if !ok {
				a.Bad("payment_keys", key, "key does not belong to a charge or attempt that is there")
			}
			return nil
		})
}

func (a *auditor) messages(ctx context.Context, tx *sql.Tx) error {
	return a.Each(ctx, tx, "payment_outbox", 1,
		"SELECT id, topic, payload FROM payment_outbox ORDER BY id",
		func(scan func(...any) error) error {
			var (
				id, topic string
				payload   []byte
				m         Announcement
			)
			if err := scan(&id, &topic, &payload); err != nil {
				return err
			}
			ok := json.Unmarshal(payload, &m) == nil
			switch topic {
			case TopicSettled:
				c := a.charges[m.Charge]
				ok = ok && c != nil && c.State == StateSettled && c.Subject == m.Subject && id == groupSettled(m.Charge)
			case TopicException:
				ok = ok && id == "exception:"+m.Exception
			default:
				ok = false
			}
			if !ok {
				a.Bad("payment_outbox", id, "message does not tell something that happened")
			}
			return nil
		})
}
