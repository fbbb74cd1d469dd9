package identity

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// OpeningQuery selects openings; the zero query selects all the scope sees.
type OpeningQuery struct {
	Who, About, Ref string
	From, To        time.Time // [From, To); zero is open
	// After is Next of the page before; "" begins with the newest.
	After string
	// Limit is 1 to 200, default 50.
	Limit int
}

// OpeningPage is one page, newest first.
type OpeningPage struct {
	Openings []Opening
	// Next continues; "" at the end.
	Next string
}

// List shows openings to an auditor or to the person they are about. The scope is
// that of the audit (Policy.ScopeOf with StepAudit), not of reading dossiers: it
// sees the openings made in its units, and everybody sees those about themself.
// A page costs the same at any depth.
func (j *Journal) List(ctx context.Context, s Scope, q *OpeningQuery) (*OpeningPage, error) {
	if q == nil {
		q = &OpeningQuery{}
	}
	limit := cmp.Or(q.Limit, 50)
	if limit < 1 || limit > 200 {
		return nil, Errorf(Invalid, "a page has 1 to 200 openings")
	}
	if s.IsZero() {
		return &OpeningPage{}, nil
	}
	where, err := openingWhere(s, q)
	if err != nil {
		return nil, err
	}
	ctx, cancel := j.db.Bound(ctx)
	defer cancel()
	query := `SELECT id, who, unit, about, what, ref, purpose, at_us FROM identity_openings` + where.text() +
		` ORDER BY at_us DESC, id DESC LIMIT ` + where.arg(limit+1)
	rows, err := j.db.Read.QueryContext(ctx, j.db.Dialect.SQL(query), where.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below tells
	page := &OpeningPage{}
	for rows.Next() {
		var o Opening
		var at int64
		if err := rows.Scan(&o.ID, &o.Who, &o.Unit, &o.About, &o.What, &o.Ref, &o.Purpose, &at); err != nil {
			return nil, err
		}
		o.At = time.UnixMicro(at).UTC()
		page.Openings = append(page.Openings, o)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(page.Openings) > limit {
		page.Openings = page.Openings[:limit]
		page.Next = encodeCursor(&page.Openings[limit-1])
	}
	return page, nil
}

// conditions collects a WHERE clause with its arguments.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *conditions) add(part string) { c.parts = append(c.parts, part) }

func (c *conditions) text() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

func openingWhere(s Scope, q *OpeningQuery) (*conditions, error) {
	c := &conditions{}
	if !s.Everything {
		var sees []string
		if s.Person != "" {
			sees = append(sees, "about = "+c.arg(s.Person))
		}
		if len(s.Units) > 0 {
			marks := make([]string, len(s.Units))
			for i, u := range s.Units {
				marks[i] = c.arg(u)
			}
			sees = append(sees, "unit IN ("+strings.Join(marks, ", ")+")")
		}
		c.add("(" + strings.Join(sees, " OR ") + ")")
	}
	for _, f := range []struct{ column, value string }{{"who", q.Who}, {"about", q.About}, {"ref", q.Ref}} {
		if f.value != "" {
			c.add(f.column + " = " + c.arg(f.value))
		}
	}
	if !q.From.IsZero() {
		c.add("at_us >= " + c.arg(q.From.UnixMicro()))
	}
	if !q.To.IsZero() {
		c.add("at_us < " + c.arg(q.To.UnixMicro()))
	}
	if q.After != "" {
		at, id, err := decodeCursor(q.After)
		if err != nil {
			return nil, err
		}
		c.add("(at_us, id) < (" + c.arg(at) + ", " + c.arg(id) + ")")
	}
	return c, nil
}

func encodeCursor(o *Opening) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", o.At.UnixMicro(), o.ID))
}

func decodeCursor(s string) (at int64, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	number, id, found := strings.Cut(string(b), " ")
	if err == nil && found && len(b) <= 512 {
		if at, err = strconv.ParseInt(number, 10, 64); err == nil {
			return at, id, nil
		}
	}
	return 0, "", Errorf(Invalid, "the page mark is not one of ours")
}
