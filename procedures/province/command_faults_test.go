package province

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// full is a writer that has room for some writes and then for none.
type full struct{ room int }

var errFull = errors.New("no room is left")

func (f *full) Write(p []byte) (int, error) {
	if f.room == 0 {
		return 0, errFull
	}
	f.room--
	return len(p), nil
}

// ask runs a command of the small province.
func ask(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), small(), assemble, args, &out, &errs)
	return code, out.String(), errs.String()
}

// unheard runs a command once for each line it writes and has just that one, and
// those after it, not be taken: an output that is not whole is an error.
func unheard(t *testing.T, args ...string) {
	t.Helper()
	code, stdout, stderr := ask(t, args...)
	require.NotEmpty(t, stdout, "%v: %s", args, stderr)
	for room := 0; ; room++ {
		require.Less(t, room, 1000, "%v never ends", args)
		w, errs := &full{room}, bytes.Buffer{}
		got := Run(t.Context(), small(), assemble, args, w, &errs)
		if w.room > 0 {
			assert.Equal(t, code, got, "%v is whole: %s", args, errs.String())
			require.Greater(t, room, 1)
			return
		}
		if errs.Len() == 0 || !bytes.Contains(errs.Bytes(), []byte(errFull.Error())) {
			// The last line may just have fitted.
			assert.Equal(t, code, got, "%v", args)
			continue
		}
		assert.NotZero(t, got, "%v with room for %d writes", args, room)
	}
}

// told is the stopped data folder of a province that has certified one copy, and
// the copy.
func told(t *testing.T) (data, copied string) {
	t.Helper()
	dir := t.TempDir()
	data, copied = filepath.Join(dir, "data"), filepath.Join(dir, "certified.pdf")
	code, out, errs := ask(t, "demo", "--data", data, "--date", lawDay, "--out", copied)
	require.Zero(t, code, "%s%s", out, errs)
	return data, copied
}

func alter(t *testing.T, data string, statements ...string) {
	t.Helper()
	db, err := sqlopen.Open(t.Context(), "sqlite:"+filepath.Join(data, "motcua.db"), nil)
	require.NoError(t, err)
	for _, s := range statements {
		_, err = db.Write.ExecContext(context.WithoutCancel(t.Context()), s)
		require.NoError(t, err, s)
	}
	require.NoError(t, db.Close())
}

// Every command whose output is not taken says so, whichever line it is.
func TestOutputNobodyTakes(t *testing.T) {
	t.Parallel()
	data, copied := told(t)
	scan := filepath.Join(t.TempDir(), "scan.pdf")
	require.NoError(t, os.WriteFile(scan, []byte("no PDF"), 0o600))
	faulty := faultyProcedures(t)
	wrong := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(wrong, "units.yaml"), []byte("units:\n  - {code: H99}\n"), 0o600))
	for _, args := range [][]string{
		{"procedures", "bindings"}, {"procedures", "draw", "2.000815"}, {"procedures", "check", faulty},
		{"directory", "check", wrong}, {"directory", "check", idle(t)}, {"directory", "check", sound(t)},
		{"audit", "--data", data}, {"audit", "--data", data, "--json"},
		{"export", "national", "--day", lawDay, "--data", data}, {"export", "national", "--day", "2024-11-14", "--data", data},
		{"verify", copied, "--data", data}, {"verify", copied, scan, "--data", data}, {"verify", copied, "--json"},
	} {
		unheard(t, args...)
	}
	for _, args := range [][]string{{"verify", copied, "--data", data}, {"verify", copied, "--data", data, "--json"}} {
		code := Run(t.Context(), small(), assemble, args, &full{}, &full{})
		assert.Equal(t, exitUnreadable, code, "a report nobody has read is no judgement: %v", args)
	}
	alter(t, data, "UPDATE certify_lines SET pages = pages + 1", "UPDATE payment_charges SET total = total + 1")
	unheard(t, "audit", "--data", data)
	unheard(t, "audit", "--data", data, "--json")
	alter(t, data, "ALTER TABLE procedures_moves RENAME TO gone")
	code, stdout, stderr := ask(t, "export", "national", "--day", lawDay, "--data", data)
	assert.Equal(t, 1, code)
	assert.Empty(t, stdout, "a list that is not whole is none")
	assert.Contains(t, stderr, "procedures_moves")
}

// faultyProcedures is a folder with two findings: the law gives a comparison two
// working days more (Decree 23/2015/NĐ-CP, Art. 7).
func faultyProcedures(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "province"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "province", "2.000815.yaml"),
		[]byte("format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\nextension: {working_days: 9}\n"), 0o600))
	return dir
}

// unreadableProcedures is a folder whose list of statuses is a folder.
func unreadableProcedures(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "statuses.yaml"), 0o700))
	return dir
}

// idle is a directory that lets nobody take any step, which is a warning.
func idle(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "units.yaml"), []byte(units), 0o600))
	return dir
}

func sound(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "units.yaml"), []byte(units), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "people.yaml"), []byte(people), 0o600))
	return dir
}

// What commands refuse, and what they say of it.
func TestCommandsRefuse(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	faulty, empty := faultyProcedures(t), t.TempDir()
	file := written(t, "x")
	unreadable := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(unreadable, "units.yaml"), 0o600))
	for _, c := range []struct {
		args           []string
		stdout, stderr string
	}{
		{[]string{"procedures", "check", none}, "", "procedures folder " + none + " is not there"},
		{[]string{"procedures", "check", file}, "", "is not there"},
		{[]string{"procedures", "check", empty}, "", "holds none of"},
		{[]string{"procedures", "check", unreadableProcedures(t)}, "", "statuses.yaml"},
		{[]string{"procedures", "check", faulty}, "2.000815.yaml:4: term-longer", "1 findings"},
		{[]string{"procedures", "draw", "2.000815", "--procedures", none}, "", "is not there"},
		{[]string{"procedures", "draw", "2.000815", "--procedures", faulty}, "", "term-longer"},
		{[]string{"procedures", "draw", "2.000815", "--config", none}, "", none},
		{[]string{"procedures", "draw", "2.000815", "--date", "today"}, "", "today"},
		{[]string{"procedures", "draw", "2.000815", "--date", "2019-01-01"}, "", "2.000815"}, // its rules hold since April 2020
		{[]string{"procedures", "draw", "9.999999"}, "", "9.999999"},
		{[]string{"directory", "check", none}, "", "directory folder " + none + " is not there"},
		{[]string{"directory", "check", file}, "", "is not there"},
		{[]string{"directory", "check", unreadable}, "", "units.yaml is no regular file"},
		{[]string{"directory", "check", empty}, "unit/none", "1 faults"},
		{[]string{"export", "national", "--day", "2024-11-15", "--data", none}, "", "is not there"},
		{[]string{"directory", "check", sound(t), "--procedures", faulty}, "", "term-longer"},
		{[]string{"export", "national"}, "", "write 2024-11-15"},
		{[]string{"audit", "--data", none}, "", "is not there"},
		{[]string{"audit", "--public-url", "x"}, "", "public_url"},
		{[]string{"sim", "--config", none}, "", none},
		{[]string{"sim", "--data", file}, "", file},
		{[]string{"sim", "--data", filepath.Join(empty, "a"), "--directory", none}, "", "directory folder"},
		{[]string{"serve", "--data", file}, "", file},
		{[]string{"demo", "--data", file}, "", file},
		{[]string{"demo", "--in", none, "--data", none}, "", none},
		{[]string{"demo", "--url", "nowhere"}, "", "is no address of a province"},
		{[]string{"verify", file, "--trust", none, "--data", empty}, "", "give --trust or --data, not both"},
		{[]string{"verify", file, "--data", none}, "", "is not there"},
		{[]string{"verify", file, "--data", empty}, "", "served.yaml"},
		{[]string{"nothing"}, "", "nothing"},
	} {
		code, stdout, stderr := ask(t, c.args...)
		assert.NotZero(t, code, "%v", c.args)
		assert.Contains(t, stdout, c.stdout, "%v", c.args)
		assert.Contains(t, stderr, "error: ", "%v", c.args)
		assert.Contains(t, stderr, c.stderr, "%v", c.args)
		assert.NoDirExists(t, none, "%v", c.args)
		if c.stdout == "" {
			assert.Empty(t, stdout, "%v", c.args)
		}
	}
}

// What goes wrong is in the log; what is only worth knowing, where it is asked for.
func TestLogger(t *testing.T) {
	t.Parallel()
	for verbose, debug := range map[bool]bool{false: false, true: true} {
		var out bytes.Buffer
		log := newLogger(&out, verbose)
		log.Debug("small")
		log.Warn("large")
		assert.Equal(t, debug, strings.Contains(out.String(), "small"))
		assert.Contains(t, out.String(), "large")
	}
	assert.Empty(t, (&Exit{Code: 3}).Error())
	wrong := &Exit{Code: 3, Err: errFull}
	assert.Equal(t, errFull.Error(), wrong.Error())
	assert.ErrorIs(t, wrong, errFull)
}

// What is in order is said so, and a day on which nothing moved is an empty list.
func TestCommandsThatFindNothing(t *testing.T) {
	t.Parallel()
	data := served(t)
	national := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(national, "province"), 0o700))
	for want, args := range map[string][]string{
		"no faults\n": {"directory", "check", sound(t)}, "no findings\n": {"procedures", "check", national},
		"everything adds up\n": {"audit", "--data", data}, "[]\n": {"export", "national", "--day", lawDay, "--data", data},
		`{"ok":true,"problems":[]}` + "\n": {"audit", "--data", data, "--json"},
	} {
		code, stdout, stderr := ask(t, args...)
		assert.Zero(t, code, "%v: %s", args, stderr)
		assert.Equal(t, want, stdout)
	}
	code, stdout, _ := ask(t, "procedures", "draw", "2.000815", "--date", lawDay)
	assert.Zero(t, code)
	assert.Contains(t, stdout, "stateDiagram-v2")
	assert.Contains(t, stdout, "signing", "with the modules a province runs")
}

// A warning of the directory is written, but is no fault.
func TestDirectoryWarning(t *testing.T) {
	t.Parallel()
	dir := sound(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("units:\n  - {code: H99.03, name: {vi: UBND xã Cũ, en: Old}, "+
		"kind: committee, level: commune, parent: H99, from: 2000-01-01, to: 2020-01-01, address: {vi: Xã Cũ, en: Old}}\n"), 0o600))
	code, stdout, stderr := ask(t, "directory", "check", dir)
	assert.Zero(t, code, stderr)
	assert.Contains(t, stdout, "unit H99.03 ends and leaves its work to nobody")
	assert.Contains(t, stdout, "\nno faults\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wrong.yaml"), []byte("units:\n  - {code: H98}\n"), 0o600))
	code, stdout, stderr = ask(t, "directory", "check", dir)
	assert.Equal(t, 1, code)
	faults := strings.Count(stdout, "\n") - 1 // all but the warning
	assert.Contains(t, stderr, fmt.Sprintf("error: %d faults\n", faults))
}
