package endtoend

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// counter is a server with the people of one commune at their screens.
type counter struct {
	t    *testing.T
	srv  *server
	data string
	args []string // the database's flag, if any

	citizen, reception, certifier, clerk *browser
}

// openCounter starts a server on the law's day and signs everybody in.
func openCounter(t *testing.T, args ...string) *counter {
	t.Helper()
	c := &counter{t: t, data: filepath.Join(t.TempDir(), "data"), args: args}
	c.srv = serve(t, c.data, append(args, "--date", lawDay)...)
	c.citizen = signIn(t, c.srv.url, "citizen", citizen)
	c.reception = signIn(t, c.srv.url, "official", "Ngô Xuân Mai")
	c.certifier = signIn(t, c.srv.url, "official", "Phạm Đức Bình")
	c.clerk = signIn(t, c.srv.url, "official", "Vũ Thị Yến")
	return c
}

// close stops the server and recounts everything.
func (c *counter) close() {
	c.t.Helper()
	c.srv.stop(c.t)
	assert.JSONEq(c.t, `{"ok":true,"problems":[]}`, ok(c.t, append(c.args, "audit", "--data", c.data, "--json")...))
}

// file files a request of the citizen and returns the dossier's id.
func (c *counter) file() string {
	c.t.Helper()
	f := c.citizen.get("/ho-so/moi/2.000815").form("to-khai")
	require.Contains(c.t, f.values.Get("unit"), "H10.40.02")
	p := c.citizen.post(f, "requester_name", citizen, "phone", "0900000001", "document_kind", "diploma",
		"document_name", "Bằng tốt nghiệp", "pages", "2", "copies", "1", "language", "vi", "next", "continue")
	p = c.citizen.post(p.form("request"))
	require.Equal(c.t, http.StatusOK, p.status, p.text())
	id, _, _ := strings.Cut(strings.TrimPrefix(p.url.Path, "/ho-so/"), "/")
	require.Equal(c.t, "requested", c.state(id))
	return id
}

func mine(id string) string     { return "/ho-so/" + id }
func official(id string) string { return "/can-bo/ho-so/" + id }

func (c *counter) state(id string) string {
	c.t.Helper()
	return c.citizen.get(mine(id)).main("data-state")
}

// take has somebody take a step that must be offered.
func (c *counter) take(b *browser, id, event string, more ...string) {
	c.t.Helper()
	p := b.post(b.get(official(id)).form(event), more...)
	require.Equal(c.t, http.StatusOK, p.status, "%s: %s", event, p.text())
}

// owing takes a new dossier to the step where its fee is owed.
func (c *counter) owing() string {
	c.t.Helper()
	id := c.file()
	c.take(c.reception, id, "receive")
	f := c.certifier.get(official(id)).form("scan")
	f.content = drawn(c.t)
	require.Equal(c.t, http.StatusOK, c.certifier.post(f).status)
	c.take(c.certifier, id, "compare", "not_excluded", "1")
	c.take(c.certifier, id, "ask_fee")
	require.Equal(c.t, "awaiting_fee", c.state(id))
	return id
}

// gateway opens the payer's page at the gateway.
func (c *counter) gateway(id string) *answer {
	c.t.Helper()
	p := c.citizen.post(c.citizen.get(mine(id)).form("pay"))
	require.NotEqual(c.t, c.citizen.base.Host, p.url.Host, p.text())
	return p
}

// books opens the database beside the server, for reading.
func books(t testing.TB, data, database string) *sql.DB {
	t.Helper()
	if database == "" {
		db, err := sqlopen.OpenReadOnly(filepath.Join(data, "motcua.db"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db.Read
	}
	db, err := sqlopen.Open(context.Background(), database, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db.Read
}

// number asks for one number.
func number(t testing.TB, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRowContext(context.Background(), fmt.Sprintf(query, args...)).Scan(&n), query)
	return n
}

// texts asks for one column.
func texts(t testing.TB, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), fmt.Sprintf(query, args...))
	require.NoError(t, err, query)
	defer func() { require.NoError(t, rows.Close()) }()
	var out []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}
