package procedures_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
)

func TestFilesInTheirPlace(t *testing.T) {
	t.Parallel()
	overlay := "format: 1\nextends: \"2.000815\"\nvalid_from: 2024-01-01\n"
	for name, tc := range map[string]struct {
		file, text, rule string
	}{
		"deeper":             {"province/x/2.000815.yaml", overlay, "file-place"},
		"yml":                {"province/2.000815.yml", overlay, "file-place"},
		"no unit":            {"commune/2.000815.yaml", overlay, "file-place"},
		"misspelt layer":     {"provinces/2.000815.yaml", overlay, "file-place"},
		"no layer":           {"2.000815.yaml", overlay, "file-place"},
		"odd unit":           {"commune/tân phú/2.000815.yaml", overlay, "unit-form"},
		"another name":       {"province/2.000884.yaml", overlay, "file-name"},
		"national overlay":   {"national/2.000816.yaml", overlay, "file-place"},
		"neither":            {"province/2.000815.yaml", "format: 1\n", "file-form"},
		"both":               {"province/2.000815.yaml", overlay + "code: \"2.000815\"\n", "file-form"},
		"a list":             {"province/2.000815.yaml", "- a\n", "file-form"},
		"empty":              {"province/2.000815.yaml", "# nothing\n", "file-form"},
		"nothing below":      {"province/2.000884.yaml", strings.ReplaceAll(overlay, "815", "884"), "overlay-base"},
		"before its time":    {"province/2.000815.yaml", overlay + "valid_to: 2023-12-31\n", "value-date"},
		"commune definition": {"commune/H10.12/2.000815.yaml", "format: 1\ncode: \"2.000815\"\n", "file-place"},
		"overlay of the past": {
			"province/2.000815.yaml", "format: 1\nextends: \"2.000815\"\nvalid_from: 2010-01-01\nvalid_to: 2012-01-01\n", "overlay-base",
		},
		"too large":   {"province/2.000815.yaml", "# " + strings.Repeat("x", 300<<10), "yaml-limit"},
		"not UTF-8":   {"province/2.000815.yaml", "a: \xff\n", "yaml-encoding"},
		"control":     {"province/2.000815.yaml", "a: \"\x00\"\n", "yaml-encoding"},
		"deep flow":   {"province/2.000815.yaml", "a: " + strings.Repeat("[", 5000), "yaml-limit"},
		"deep dashes": {"province/2.000815.yaml", strings.Repeat("- ", 5000) + "a", "yaml-limit"},
		"many values": {"province/2.000815.yaml", "a: [" + strings.Repeat("1,", 30_000) + "1]\n", "yaml-limit"},
		"complex key": {"province/2.000815.yaml", "? [a]\n: b\n", "yaml-key"},
		"directive":   {"province/2.000815.yaml", "%YAML 1.2\n---\na: b\n", "yaml-tag"},
		"merge key":   {"province/2.000815.yaml", "<<: {a: 1}\n", "yaml-anchor"},
		"infinity":    {"province/2.000815.yaml", "a: .inf\n", "yaml-syntax"},
		"hexadecimal": {"province/2.000815.yaml", "a: 0x1F\n", "yaml-number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := procedures.Check(folder("national/2.000815.yaml", certified(t), tc.file, tc.text))
			require.NotEmpty(t, found)
			assert.Equal(t, tc.rule, found[0].Rule, "%v", found)
			assert.Equal(t, tc.file, found[0].File)
		})
	}
}

func TestEditions(t *testing.T) {
	t.Parallel()
	first := change(t, certified(t), "valid_from: 2020-04-20\n", "valid_from: 2020-04-20\nvalid_to: 2025-12-31\n")
	second := change(t, certified(t), "valid_from: 2020-04-20\n", "valid_from: 2026-01-01\n")
	second = change(t, second, "    roles: [certifier, cashier]\n", "    roles: [cashier]\n")
	c, found, err := procedures.Load(folder("national/2.000815.yaml", first+"---\n"+second))
	require.NoError(t, err)
	require.Empty(t, found)
	require.Len(t, c.Editions("2.000815"), 2)
	machines, err := c.Machines(bindings(), "certification", "payment")
	require.NoError(t, err)
	require.Len(t, machines, 2, "old dossiers keep the machine they started with")
	assert.Less(t, machines[0].Version(), machines[1].Version(), "the latest comes last")

	overlap := procedures.Check(folder("national/2.000815.yaml", certified(t)+"---\n"+second))
	require.Len(t, overlap, 1)
	assert.Equal(t, "edition-overlap", overlap[0].Rule)
}

// TestAFaultyFileHidesNoOther: what is sound can still be used.
func TestAFaultyFileHidesNoOther(t *testing.T) {
	t.Parallel()
	c, found, err := procedures.Load(folder("national/2.000815.yaml", certified(t), "national/2.000884.yaml",
		"format: 1\ncode: \"2.000884\"\n"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	assert.Equal(t, []string{"2.000815"}, c.Codes())
}

type broken struct{ fs.FS }

var errDisk = errors.New("disk is gone")

func (broken) Open(string) (fs.File, error) { return nil, errDisk }

func TestUnreadableFolder(t *testing.T) {
	t.Parallel()
	_, _, err := procedures.Load(broken{})
	require.ErrorIs(t, err, errDisk)
	found := procedures.Check(broken{})
	require.Len(t, found, 1)
	assert.Equal(t, "file-read", found[0].Rule)
}

func TestLayered(t *testing.T) {
	t.Parallel()
	base := folder("national/a.yaml", "1", "province/b.yaml", "2", "forms.yaml", "3")
	over := folder("province/c.yaml", "4", "README.md", "5")
	joined := procedures.Layered(base, over)
	read := func(name string) string {
		b, err := fs.ReadFile(joined, name)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	assert.Equal(t, "1", read("national/a.yaml"))
	assert.Contains(t, read("province/b.yaml"), "not exist", "a folder comes whole from the last that has it")
	assert.Equal(t, "4", read("province/c.yaml"))
	assert.Equal(t, "3", read("forms.yaml"))
	var names []string
	list, err := fs.ReadDir(joined, ".")
	require.NoError(t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	assert.Equal(t, []string{"README.md", "forms.yaml", "national", "province"}, names)
	_, err = joined.Open("../x")
	assert.ErrorIs(t, err, fs.ErrInvalid)
	_, err = fs.ReadDir(joined, "commune")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// FuzzLoad: no bytes make the loader panic, loop, or accept a procedure the
// engine would not run.
func FuzzLoad(f *testing.F) {
	text, err := os.ReadFile("national/2.000815.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, s := range []string{
		"", "a: b", "- - - a", "a: [1, {b: c}]", "a: |\n  x\n", "a: >-\n x", "? a\n: b", "&a a: *a",
		"---\n---\n...", "a: 'x", "a:\n\t- b", "{", "a: \"\\u00e0\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, found := procedures.ParseProcedures("x.yaml", b, nil)
		for _, p := range list {
			if _, err := p.Compile(bindings()); err != nil {
				t.Fatalf("accepted and then refused: %v", err)
			}
			_ = p.Mermaid()
		}
		for _, x := range found {
			if x.Rule == "" || x.Problem == "" || x.Remedy == "" || x.File != "x.yaml" || x.Line < 0 {
				t.Fatalf("poor finding %+v", x)
			}
		}
		if _, found := procedures.ParseOverlays("x.yaml", b, procedures.ProvinceLayer, ""); len(found) > 0 && found[0].Rule == "" {
			t.Fatal("finding without rule")
		}
	})
}

// A file may have 24 levels, the value and the mapping round it counted, and 64
// documents, whether the first has a header or not.
func TestYAMLLimits(t *testing.T) {
	t.Parallel()
	limited := func(text string) bool {
		return slices.ContainsFunc(procedures.Check(folder("national/2.000815.yaml", certified(t), "province/2.000815.yaml", text)),
			func(f procedures.Finding) bool { return f.Rule == "yaml-limit" })
	}
	for n, beyond := range map[int]bool{22: false, 23: true} {
		assert.Equal(t, beyond, limited("a: "+strings.Repeat("[", n)+"1"+strings.Repeat("]", n)+"\n"), "%d lists in brackets", n)
		assert.Equal(t, beyond, limited("a:\n  "+strings.Repeat("- ", n)+"1\n"), "%d lists in dashes", n)
	}
	for n, beyond := range map[int]bool{64: false, 65: true} {
		assert.Equal(t, beyond, limited(strings.Repeat("---\na: 1\n", n)), "%d documents", n)
		assert.Equal(t, beyond, limited("a: 1\n"+strings.Repeat("---\na: 1\n", n-1)), "%d documents, the first without a header", n)
	}
}

// A pipe in a folder is told by name; nobody waits for who writes to it.
func TestLayeredPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "statuses.yaml"), 0o600))
	joined := procedures.Layered(procedures.National(), os.DirFS(dir))
	info, err := fs.Stat(joined, "statuses.yaml")
	require.NoError(t, err)
	require.Equal(t, fs.ModeNamedPipe, info.Mode().Type())
	done := make(chan error, 1)
	go func() {
		_, _, err := procedures.Load(joined)
		done <- err
	}()
	select {
	case err := <-done:
		require.ErrorContains(t, err, "statuses.yaml is no regular file")
	case <-time.After(10 * time.Second):
		require.Fail(t, "somebody waits for the pipe")
	}
	for name, want := range map[string]error{"../x": fs.ErrInvalid, "none": fs.ErrNotExist, ".": nil, "national": nil} {
		if _, err := fs.Stat(joined, name); want != nil {
			require.ErrorIs(t, err, want, name)
		} else {
			require.NoError(t, err, name)
		}
	}
	_, err = fs.Stat(procedures.Layered(), ".")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
