package storetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// eachBench is sqltest.Each for benchmarks.
func eachBench(b *testing.B, fn func(b *testing.B, db *sqlkit.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, sqltest.SQLite(b, workflow.Migrations())) })
	b.Run("postgres", func(b *testing.B) { fn(b, sqltest.Postgres(b, workflow.Migrations())) })
}

// looping is a procedure with one move, which calls for one effect and can be
// made for ever.
func looping(b *testing.B, db *sqlkit.DB) *workflow.Engine {
	b.Helper()
	m, err := workflow.Compile(&workflow.Definition{Code: "loop", Version: "1", Initial: "open",
		States: []workflow.State{{Name: "open"}, {Name: "closed", Final: true}},
		Transitions: []workflow.Transition{
			{Event: "note", From: []string{"open"}, To: "open", Roles: []string{"reception"}, Effects: []string{"notify"}},
			{Event: "close", From: []string{"open"}, To: "closed"},
		}}, workflow.Bindings{Effects: []string{"notify"}})
	require.NoError(b, err)
	e, err := workflow.New(db, []*workflow.Machine{m}, nil)
	require.NoError(b, err)
	return e
}

// BenchmarkApply measures a move beside the same statements written by hand with
// ready arguments, in turns, so that both meet the same machine. What the engine
// adds is decisions, hashes, JSON and building SQL; "engine/hand" is the ratio.
func BenchmarkApply(b *testing.B) {
	eachBench(b, func(b *testing.B, db *sqlkit.DB) {
		e := looping(b, db)
		body := json.RawMessage(`{"note":"đã nhận đủ hồ sơ"}`)
		unit := "H10.12"
		start := func(id string) {
			_, err := e.Start(b.Context(), &workflow.StartCommand{Dossier: workflow.DossierID(id), Procedure: "loop", Owner: "p-1",
				Actor: citizen, Key: "start " + id, Set: workflow.Changes{Unit: &unit}})
			require.NoError(b, err)
		}
		start("engine")
		start("hand")
		h := newHand(db)
		var engine, hand time.Duration
		version := int64(1)
		for b.Loop() {
			key := fmt.Sprintf("%026d", version)
			t0 := time.Now()
			_, err := e.Apply(b.Context(), &workflow.Command{Dossier: "engine", Expect: workflow.Version(version), Event: "note",
				Actor: reception, Scope: desk, Key: "e" + key, Body: body})
			t1 := time.Now()
			require.NoError(b, err)
			args := h.args("hand", version, "h"+key, body)
			t2 := time.Now()
			err = h.move(b.Context(), args)
			hand += time.Since(t2)
			require.NoError(b, err)
			engine += t1.Sub(t0)
			version++
		}
		b.ReportMetric(float64(engine)/float64(b.N), "engine-ns/op")
		b.ReportMetric(float64(hand)/float64(b.N), "hand-ns/op")
		b.ReportMetric(float64(engine)/float64(hand), "engine/hand")
	})
}

// hand makes the statements of one move as somebody would who knows the tables.
type hand struct {
	db     *sqlkit.DB
	read   string
	writes []string // one on PostgreSQL
}

// The statements of a move; args has their arguments in this order.
const (
	handUpdate  = "UPDATE workflow_dossiers SET state = $1, version = $2, changed_us = $3, head = $4 WHERE id = $5 AND version = $6"
	handHistory = "INSERT INTO workflow_history (dossier_id, version, at_us, event, from_state, to_state, actor_id, actor_kind, actor_unit," +
		" on_behalf, roles, procedure, machine_version, owner, ref, unit, due_us, body_digest, prev, hash) "
	handPayload = "INSERT INTO workflow_payloads (dossier_id, version, salt, body) "
	handKey     = "INSERT INTO workflow_keys (key, dossier_id, version, result, seen, at_us) "
	handOutbox  = "INSERT INTO workflow_outbox (id, topic, payload, at_us) "
)

func newHand(db *sqlkit.DB) *hand {
	h := &hand{db: db, read: db.Dialect.SQL("SELECT d.id, d.state, d.version, d.head, k.result FROM (SELECT 1 AS one) AS o" +
		" LEFT JOIN workflow_dossiers AS d ON d.id = $1 LEFT JOIN workflow_keys AS k ON k.key = $2")}
	list := func(first, n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("$%d", first+i)
		}
		return strings.Join(out, ", ")
	}
	if db.Dialect == sqlkit.SQLite {
		h.writes = []string{db.Dialect.SQL(handUpdate), handHistory + "VALUES (?" + strings.Repeat(", ?", 19) + ")",
			handPayload + "VALUES (?, ?, ?, ?)", handKey + "VALUES (?, ?, ?, ?, ?, ?)", handOutbox + "VALUES (?, ?, ?, ?)"}
		return h
	}
	h.writes = []string{"WITH moved AS (" + handUpdate + " RETURNING id)," +
		" line AS (" + handHistory + "SELECT " + list(7, 20) + " FROM moved)," +
		" body AS (" + handPayload + "SELECT " + list(27, 4) + " FROM moved)," +
		" keyed AS (" + handKey + "SELECT " + list(31, 6) + " FROM moved)," +
		" announced AS (" + handOutbox + "SELECT " + list(37, 4) + " FROM moved) SELECT count(*) FROM moved"}
	return h
}

// args returns the arguments of each statement for a move from version v.
func (h *hand) args(id string, v int64, key string, body []byte) [][]any {
	at, b32 := time.Now().UnixMicro(), make([]byte, 32)
	result := `{"id":"hand","procedure":"loop","machine_version":"1","state":"open","version":1,"owner":"p-1","unit":"H10.12",` +
		`"created":"2024-11-15T01:00:00Z","changed":"2024-11-15T01:00:00Z"}`
	return [][]any{
		{"open", v + 1, at, b32, id, v},
		{id, v + 1, at, "note", "open", "open", "o-1", "official", "H10.12", "", `["reception"]`, "loop", "1", "p-1", "", "H10.12",
			int64(0), b32, b32, b32},
		{id, v + 1, b32[:16], body},
		{key, id, v + 1, result, int64(0), at},
		{fmt.Sprintf("%s/%d/notify", id, v+1), "notify", []byte(`{"dossier":"hand","version":1}`), at},
	}
}

func (h *hand) move(ctx context.Context, args [][]any) error {
	ctx, cancel := h.db.Bound(ctx)
	defer cancel()
	id, key := args[1][0], args[3][0]
	var gotID, state, result sql.NullString
	var version sql.NullInt64
	var head []byte
	if h.db.Dialect == sqlkit.PostgreSQL {
		if err := h.db.Write.QueryRowContext(ctx, h.read, id, key).Scan(&gotID, &state, &version, &head, &result); err != nil {
			return err
		}
		var all []any
		for _, a := range args {
			all = append(all, a...)
		}
		var n int
		return h.db.Write.QueryRowContext(ctx, h.writes[0], all...).Scan(&n)
	}
	tx, err := h.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := tx.QueryRowContext(ctx, h.read, id, key).Scan(&gotID, &state, &version, &head, &result); err != nil {
		return err
	}
	for i, q := range h.writes {
		if _, err := tx.ExecContext(ctx, q, args[i]...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// BenchmarkInbox measures a page among a thousand and among a hundred thousand
// dossiers, the first page and one from the middle, in turns; "100k/1k" is the
// ratio and stays near 1.
func BenchmarkInbox(b *testing.B) {
	eachBench(b, func(b *testing.B, small *sqlkit.DB) {
		large := sqltest.SQLite
		if small.Dialect == sqlkit.PostgreSQL {
			large = sqltest.Postgres
		}
		sizes := []*page{seeded(b, small, 1_000), seeded(b, large(b, workflow.Migrations()), 100_000)}
		for _, from := range []string{"first", "middle"} {
			b.Run(from, func(b *testing.B) {
				var took [2]time.Duration
				for b.Loop() {
					for i, p := range sizes {
						begun := time.Now()
						got, err := p.e.Inbox(b.Context(), desk, p.query(from))
						took[i] += time.Since(begun)
						require.NoError(b, err)
						require.Len(b, got.Dossiers, 20)
					}
				}
				b.ReportMetric(float64(took[0])/float64(b.N), "1k-ns/op")
				b.ReportMetric(float64(took[1])/float64(b.N), "100k-ns/op")
				b.ReportMetric(float64(took[1])/float64(took[0]), "100k/1k")
			})
		}
	})
}

// page is an engine with dossiers and the cursor of a page in their middle.
type page struct {
	e      *workflow.Engine
	middle string
}

func (p *page) query(from string) *workflow.InboxQuery {
	q := &workflow.InboxQuery{States: []string{"received", "waiting"}, Limit: 20}
	if from == "middle" {
		q.After = p.middle
	}
	return q
}

// seeded fills a database with n dossiers of ten units in four states; half of
// the desk's are in the two states it asks for.
func seeded(b *testing.B, db *sqlkit.DB, n int) *page {
	b.Helper()
	series := "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < $1)"
	err := db.InTx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, db.Dialect.SQL(series+` INSERT INTO workflow_dossiers (id, procedure, machine_version, state,
			version, owner, ref, unit, due_us, sort_us, created_us, changed_us, head)
			SELECT 'd' || i, '1.000001', '2024-01-01',
				CASE (i / 10) % 4 WHEN 0 THEN 'draft' WHEN 1 THEN 'received' WHEN 2 THEN 'waiting' ELSE 'granted' END,
				1, 'p-' || i, '', 'H10.' || (10 + i % 10), i * 7919 % 1000003, i * 7919 % 1000003, i, i, $2 FROM g`), n, make([]byte, 32))
		return err
	})
	require.NoError(b, err)
	require.NoError(b, db.InTx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "ANALYZE")
		return err
	}))
	p := &page{e: setup(b, db).Engine}
	// The middle of the desk's dossiers: walk there once.
	for range max(n/10/2/20/2, 1) { // a tenth in the desk's unit, half of it in its states, pages of 20, half of them
		got, err := p.e.Inbox(b.Context(), desk, p.query("middle"))
		require.NoError(b, err)
		p.middle = got.Next
	}
	return p
}
