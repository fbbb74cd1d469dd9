package province

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/workflow/riverjobs"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// handlers are those of the outbox with a table.
func handlers(t *testing.T, a *App, table string) map[string]handler {
	t.Helper()
	for _, s := range JobSources(a.Setup, a.Engine, a.Desk, a.Payments, a.Signatures, a.Register) {
		if s.Outbox.Table() == table {
			return s.Handlers
		}
	}
	require.Fail(t, "no outbox "+table)
	return nil
}

// A message that cannot be read, or of something that is not there, is an error:
// it is tried again and never dropped.
func TestMessagesThatCannotBeHandled(t *testing.T) {
	t.Parallel()
	a := started(t, served(t)).app
	for _, c := range []struct{ table, topic, payload, complaint string }{
		{"payment_outbox", payment.TopicSettled, "{", "payment_outbox m-1"},
		{"payment_outbox", payment.TopicSettled, `{"charge":"none"}`, "none"},
		{"esign_outbox", esign.TopicCompleted, "{", "esign_outbox m-1"},
		{"esign_outbox", esign.TopicCompleted, `{"purpose":"none"}`, ""},
	} {
		h := handlers(t, a, c.table)[c.topic]
		require.NotNil(t, h, c.topic)
		err := h(t.Context(), sqlkit.Message{ID: "m-1", Topic: c.topic, Payload: []byte(c.payload)})
		require.ErrorContains(t, err, c.complaint, c.topic+c.payload)
	}
	for _, h := range []handler{handlers(t, a, "payment_outbox")[payment.TopicException], handlers(t, a, "esign_outbox")[esign.TopicStopped]} {
		assert.NoError(t, h(t.Context(), sqlkit.Message{Payload: []byte("{")}), "shown where it arose")
	}
}

// Each step of drawing receipts that fails is told, and drawing them again is
// drawing the same.
func TestReceiptsThatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	data, _ := told(t)
	s := started(t, data)
	var charge string
	require.NoError(t, s.app.DB.Read.QueryRowContext(t.Context(), "SELECT id FROM payment_charges").Scan(&charge))
	payload, err := json.Marshal(payment.Announcement{Charge: charge})
	require.NoError(t, err)
	message := sqlkit.Message{ID: "m-1", Payload: payload}
	draw := receipts(s.setup, s.app.Payments, s.app.Desk)
	papers := func() (n int) {
		require.NoError(t, s.app.DB.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM procedures_papers").Scan(&n))
		return n
	}
	before := papers()
	require.NoError(t, draw(t.Context(), message))
	assert.Equal(t, before, papers(), "the same paper")
	for _, name := range []string{"payment_receipts", "procedures_papers"} {
		exec(t, s.app.DB.Write, "ALTER TABLE "+name+" RENAME TO gone")
		require.ErrorContains(t, draw(t.Context(), message), name)
		exec(t, s.app.DB.Write, "ALTER TABLE gone RENAME TO "+name)
	}
	require.NoError(t, draw(t.Context(), message))

	var guard string // receipts change never: a row without lines takes a database without its guard
	require.NoError(t, s.app.DB.Read.QueryRowContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'trigger' "+
		"AND tbl_name = 'payment_receipts' AND sql LIKE '%UPDATE%'").Scan(&guard))
	exec(t, s.app.DB.Write, "DROP TRIGGER "+guard)
	exec(t, s.app.DB.Write, "UPDATE payment_receipts SET lines = '[]'")
	require.ErrorContains(t, draw(t.Context(), message), "receiptpdf")
	assert.Equal(t, before, papers())
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// Every pass runs, tells its error, and is due within seconds, but for sessions.
func TestPasses(t *testing.T) {
	t.Parallel()
	a := started(t, served(t)).app
	passes := map[string]riverjobs.Pass{}
	for _, p := range JobOptions(a.Setup, a.Payments, a.Signatures, a.Register, a.SignIn).Passes {
		passes[p.Name] = p
		assert.Positive(t, p.Every)
		require.NoError(t, p.Run(t.Context()), p.Name)
	}
	require.Len(t, passes, 4)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, p := range passes {
		require.ErrorIs(t, p.Run(ended), context.Canceled, name)
	}
}
