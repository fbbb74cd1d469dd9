package workflow

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// InboxQuery asks for a page of dossiers, those due first.
type InboxQuery struct {
	// States lists the states asked for. Required: an inbox is the work of
	// some step, and each state is read from its own place of an index.
	States []string
	// Unit narrows a scope of several units, or of all, to one.
	Unit string
	// DueBefore narrows to dossiers owed before a time; zero does not.
	DueBefore time.Time
	// After is the cursor of the page before; empty asks for the first.
	After string
	// Limit is the page's size, 1 to 200. Defaults to 50.
	Limit int
}

// InboxPage is one page.
type InboxPage struct {
	Dossiers []Dossier
	// Next is the cursor of the next page, empty on the last.
	Next string
}

// maxLanes bounds units × states of one query.
const maxLanes = 256

type cursor struct {
	Sort int64  `json:"s"`
	ID   string `json:"i"`
}

// Inbox returns a page of the dossiers in the caller's scope, ordered by due
// date, those without one last. A page costs the same however many dossiers
// there are: each pair of unit and state is read from its place in an index and
// the few rows found are merged.
func (e *Engine) Inbox(ctx context.Context, s Scope, q *InboxQuery) (*InboxPage, error) {
	limit := q.Limit
	if limit == 0 {
		limit = 50
	}
	if limit < 1 || limit > 200 {
		return nil, invalid("a page has 1 to 200 dossiers, not %d", limit)
	}
	if len(q.States) == 0 {
		return nil, invalid("an inbox needs the states asked for")
	}
	after := cursor{Sort: -1}
	if q.After != "" {
		raw, err := base64.RawURLEncoding.DecodeString(q.After)
		if err != nil || json.Unmarshal(raw, &after) != nil {
			return nil, invalid("the cursor is not one of ours (ask for the first page)")
		}
	}
	lanes := s.lanes(q)
	if len(lanes) == 0 {
		return &InboxPage{}, nil
	}
	if len(lanes) > maxLanes {
		return nil, invalid("%d pairs of unit and state are too many for one page, at most %d (narrow by unit)", len(lanes), maxLanes)
	}
	query, args := inboxSQL(lanes, after, q.DueBefore, limit+1)
	ctx, cancel := e.db.Bound(ctx)
	defer cancel()
	rows, err := e.db.Read.QueryContext(ctx, e.db.Dialect.SQL(query), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	page, sorts := &InboxPage{}, []int64{}
	for rows.Next() {
		var r dossierRow
		var sort int64
		if err := rows.Scan(append(r.into(), &sort)...); err != nil {
			return nil, err
		}
		page.Dossiers = append(page.Dossiers, *r.dossier())
		sorts = append(sorts, sort)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(page.Dossiers) > limit {
		page.Dossiers = page.Dossiers[:limit]
		raw, err := json.Marshal(cursor{sorts[limit-1], string(page.Dossiers[limit-1].ID)})
		if err != nil {
			return nil, err
		}
		page.Next = base64.RawURLEncoding.EncodeToString(raw)
	}
	return page, nil
}

// lane is one place in one index: rows with these equal columns lie side by
// side in the order of the inbox.
type lane struct {
	column, value, state string // column "" has no condition
}

func (s Scope) lanes(q *InboxQuery) []lane {
	var out []lane
	for _, state := range slices.Compact(slices.Sorted(slices.Values(q.States))) {
		switch {
		case s.All && q.Unit == "":
			out = append(out, lane{"", "", state})
		case s.All:
			out = append(out, lane{"unit", q.Unit, state})
		default:
			for _, u := range slices.Compact(slices.Sorted(slices.Values(s.Units))) {
				if u != "" && (q.Unit == "" || q.Unit == u) {
					out = append(out, lane{"unit", u, state})
				}
			}
			if s.Owner != "" && q.Unit == "" {
				out = append(out, lane{"owner", s.Owner, state})
			}
		}
	}
	return out
}

func inboxSQL(lanes []lane, after cursor, dueBefore time.Time, limit int) (string, []any) {
	args := []any{after.Sort, after.ID, limit}
	due := ""
	if !dueBefore.IsZero() {
		args = append(args, micros(dueBefore))
		due = " AND sort_us < $4"
	}
	var b strings.Builder
	for i, l := range lanes {
		if i > 0 {
			b.WriteString(" UNION ") // an owner's own unit would bring a row twice
		}
		args = append(args, l.state)
		fmt.Fprintf(&b, "SELECT * FROM (SELECT %s, sort_us FROM workflow_dossiers WHERE state = $%d", dossierColumns, len(args))
		if l.column != "" {
			args = append(args, l.value)
			fmt.Fprintf(&b, " AND %s = $%d", l.column, len(args))
		}
		fmt.Fprintf(&b, " AND (sort_us, id) > ($1, $2)%s ORDER BY sort_us, id LIMIT $3) AS lane%d", due, i)
	}
	b.WriteString(" ORDER BY sort_us, id LIMIT $3")
	return b.String(), args
}
