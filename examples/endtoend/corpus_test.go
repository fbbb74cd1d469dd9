package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCorpus takes every scan of the public collection through the demo: what may
// be certified is, what may not is refused with its class, and nothing of it is
// certified.
func TestCorpus(t *testing.T) {
	t.Parallel()
	root := os.Getenv("MOTCUA_CORPUS")
	if root == "" {
		t.Skip("MOTCUA_CORPUS names no folder with the public test files")
	}
	raw, err := os.ReadFile(filepath.Join(root, "scan", "INDEX.tsv"))
	require.NoError(t, err)
	data := filepath.Join(t.TempDir(), "data")
	srv := serving(t, plain, t.TempDir(), "--data", data, "--date", lawDay)
	db := books(t, data, "")
	certified := 0
	for _, row := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
		cell := strings.Split(row, "\t")
		require.GreaterOrEqual(t, len(cell), 4, row)
		name, class, accepted := cell[0], cell[1], strings.HasPrefix(cell[2], "accept")
		in, out := filepath.Join(root, "scan", name), filepath.Join(t.TempDir(), "certified.pdf")
		r := run(t, "demo", "--url", srv.url, "--in", in, "--out", out)
		lines := r.lines()
		if !accepted {
			// The dossier stays where the scan was refused; the next file goes on with it.
			assert.Equal(t, 4, r.code, "%s: %s", name, r.stderr)
			assert.Regexp(t, `^refused `+class+`: \S.+`, lines[len(lines)-1], name)
			assert.NoFileExists(t, out, name)
		} else if assert.Zero(t, r.code, "%s: %s%s", name, r.stdout, r.stderr) {
			certified++
			_, code := judge(t, out, "--data", data)
			assert.Zero(t, code, name)
			t.Run(name, func(t *testing.T) {
				checkClean(t, out)
				if cell[3] != "-" {
					assert.Equal(t, atoi(t, cell[3])+1, pages(t, out))
				}
				verdict, _ := tool(t, "pdfsig")(out) // its exit code tells of the roots it knows
				assert.Equal(t, 2, strings.Count(verdict, "Signature is Valid."), verdict)
				assert.Contains(t, verdict, "- Total document signed")
			})
		}
		assert.Equal(t, certified, number(t, db, "SELECT count(*) FROM certify_lines"), "after %s", name)
	}
	srv.stop(t)
	assert.Greater(t, certified, 10)
	assert.JSONEq(t, `{"ok":true,"problems":[]}`, ok(t, "audit", "--data", data, "--json"))
}
