package endtoend

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// killer runs demos in one data folder, kills them, and runs them again.
type killer struct {
	t        *testing.T
	data     string
	out      string
	args     []string
	database string
	codes    []string // of the finished dossiers, in order
}

// TestKilled kills the demo with SIGKILL once after each line it prints and at
// random moments, and runs it again: the same dossier goes on. What lies in the
// database in the end is counted.
func TestKilled(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{
		"sqlite":   func(testing.TB) string { return "" },
		"postgres": sqltest.PostgresURL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			k := &killer{t: t, data: filepath.Join(dir, "data"), out: filepath.Join(dir, "certified.pdf"), database: database(t)}
			k.args = []string{"demo", "--data", k.data, "--out", k.out}
			if k.database != "" {
				k.args = append(k.args, "--database", k.database)
			}
			kills := 10
			if n, err := strconv.Atoi(os.Getenv("MOTCUA_KILLS")); err == nil && k.database == "" {
				kills = n
			}
			began := time.Now()
			first := run(t, k.args...)
			whole := time.Since(began)
			require.Zero(t, first.code, first.stderr)
			k.finish(first.lines()[0])
			lines := len(first.lines())
			require.GreaterOrEqual(t, lines, 9)
			for n := 1; n <= lines; n++ {
				k.round("line "+strconv.Itoa(n), k.afterLine(n))
			}
			r := rand.New(rand.NewPCG(2024, 815))
			for range kills {
				at := time.Duration(r.Int64N(int64(whole)))
				k.round(at.String(), k.afterTime(at))
			}
			k.count()
		})
	}
}

// afterLine waits for the n-th line and returns the first.
func (k *killer) afterLine(n int) func(*child) string {
	return func(c *child) (code string) {
		for i := range n {
			line, more := c.line(k.t)
			if !more {
				return code
			}
			if i == 0 {
				code = line
			}
		}
		return code
	}
}

// afterTime waits and returns the first line, if it has come.
func (k *killer) afterTime(d time.Duration) func(*child) string {
	return func(c *child) (code string) {
		for now := time.After(d); ; {
			select {
			case <-now:
				return code
			case line, more := <-c.lines:
				if !more {
					return code
				}
				if code == "" {
					code = line
				}
			}
		}
	}
}

// round kills one demo and has another finish what it left.
func (k *killer) round(when string, wait func(*child) string) {
	k.t.Helper()
	c := launch(k.t, plain, k.t.TempDir(), k.args...)
	code := wait(c)
	c.kill(k.t)
	_, err := os.Stat(k.out)
	written := err == nil
	if written && c.cmd.ProcessState.ExitCode() == 0 {
		k.finish(code) // it was done already
		return
	}
	again := run(k.t, k.args...)
	require.Zero(k.t, again.code, "after a kill at %s: %s%s%s", when, c.stderr, again.stdout, again.stderr)
	switch {
	case written && again.lines()[0] != code: // killed after its last deed: it was finished, and the next one is another
		k.codes = append(k.codes, strings.TrimPrefix(code, "dossier "))
	case code != "":
		require.Equal(k.t, code, again.lines()[0], "the same dossier goes on after a kill at %s", when)
	}
	k.finish(again.lines()[0])
}

// finish notes a finished dossier and takes its file away.
func (k *killer) finish(line string) {
	k.t.Helper()
	code, is := strings.CutPrefix(line, "dossier ")
	require.True(k.t, is, line)
	require.NotContains(k.t, k.codes, code, "a finished dossier is taken up again")
	k.codes = append(k.codes, code)
	_, exit := judge(k.t, k.out, "--data", k.data)
	require.Zero(k.t, exit, "the copy of %s", code)
	require.NoError(k.t, os.Remove(k.out))
}

// count counts what is in the database: nothing is lost, nothing doubled.
func (k *killer) count() {
	t, n := k.t, len(k.codes)
	t.Helper()
	args := []string{"--data", k.data}
	if k.database != "" {
		args = append(args, "--database", k.database)
	}
	srv := serving(t, plain, t.TempDir(), args...)
	db := books(t, k.data, k.database)
	require.Eventually(t, func() bool {
		left := number(t, db, `SELECT (SELECT count(*) FROM workflow_outbox) + (SELECT count(*) FROM payment_outbox) +
			(SELECT count(*) FROM esign_outbox) + (SELECT count(*) FROM river_job WHERE kind = 'motcua_message' AND
			state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))`)
		return left == 0
	}, patience, 200*time.Millisecond, "effects are left over")
	srv.stop(t)
	assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, append(args, "audit", "--json")...))

	assert.ElementsMatch(t, k.codes, texts(t, db, "SELECT code FROM procedures_dossiers"), "each dossier was finished, and there is no other")
	assert.Equal(t, n, number(t, db, "SELECT count(*) FROM workflow_dossiers WHERE state = 'returned'"))
	for _, event := range []string{"request", "receive", "compare", "ask_fee", "fee_settled", "certified", "return_result"} {
		assert.Equal(t, n, number(t, db, "SELECT count(*) FROM workflow_history WHERE event = '%s'", event), event)
	}
	var numbers []string
	for i := range n {
		numbers = append(numbers, strconv.Itoa(i+1))
	}
	assert.Equal(t, numbers, texts(t, db, "SELECT CAST(number AS TEXT) FROM certify_lines WHERE state = 'certified' ORDER BY reserved_us"))
	assert.Equal(t, numbers, texts(t, db, "SELECT CAST(number AS TEXT) FROM payment_receipts ORDER BY issued_us"))
	assert.Equal(t, n, number(t, db, "SELECT count(DISTINCT charge_id) FROM payment_receipts"))
	assert.Equal(t, n, number(t, db, "SELECT count(*) FROM certify_lines"))
	assert.Equal(t, n, number(t, db, "SELECT count(*) FROM payment_charges WHERE settled_us > 0"))
	assert.Equal(t, n, number(t, db, "SELECT count(*) FROM payment_charges"))
	assert.Equal(t, 4000*n, number(t, db, "SELECT sum(amount) FROM payment_postings WHERE amount > 0"), "nobody paid twice")
	assert.Zero(t, number(t, db, "SELECT count(*) FROM payment_exceptions"))
	for _, kind := range []string{"receipt_slip", "e_receipt", "scan", "result"} {
		assert.Equal(t, n, number(t, db, "SELECT count(*) FROM procedures_papers WHERE kind = '%s'", kind), kind)
		assert.Equal(t, n, number(t, db, "SELECT count(DISTINCT dossier_id) FROM procedures_papers WHERE kind = '%s'", kind), kind)
	}
	assert.Equal(t, n, number(t, db, "SELECT count(*) FROM esign_plans"))
	assert.Equal(t, 2*n, number(t, db, "SELECT count(*) FROM esign_signatures"))
	assert.Zero(t, number(t, db, "SELECT count(*) FROM river_job WHERE kind = 'motcua_message' AND state IN ('discarded', 'cancelled')"),
		"no effect was given up")
	refs := "SELECT ref FROM procedures_papers UNION SELECT file FROM certify_lines UNION SELECT scan FROM certify_lines"
	for _, ref := range texts(t, db, "%s", refs) {
		assert.FileExists(t, filepath.Join(k.data, "files", "sha256", ref[:2], ref))
	}
}
