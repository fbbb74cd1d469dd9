package scan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/certify/scan"
)

// corpusRow is one line of the corpus's INDEX.tsv.
type corpusRow struct {
	file, class string
	accept      bool
	pages       int // -1 where the index does not say
}

// corpus returns the public test files, which are too large and too mixed in licence to be kept here.
func corpus(t testing.TB) (dir string, rows []corpusRow) {
	t.Helper()
	root := os.Getenv("MOTCUA_CORPUS")
	if root == "" {
		t.Skip("MOTCUA_CORPUS names no folder with the public test files; the generated cases beside this one still run")
	}
	if filepath.Base(root) != "scan" {
		root = filepath.Join(root, "scan")
	}
	index, err := os.ReadFile(filepath.Join(root, "INDEX.tsv"))
	if os.IsNotExist(err) {
		t.Skipf("%s holds no test files", root)
	}
	require.NoError(t, err)
	for _, line := range strings.Split(string(index), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) < 4 {
			continue
		}
		row := corpusRow{file: f[0], class: f[1], accept: strings.HasPrefix(f[2], "accept"), pages: -1}
		if n, err := strconv.Atoi(f[3]); err == nil {
			row.pages = n
		}
		rows = append(rows, row)
	}
	require.NotEmpty(t, rows)
	return root, rows
}

func check(t testing.TB, data []byte) (*scan.Scan, error) {
	t.Helper()
	return scan.Check(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
}

// classOf names the class of a refusal, "accept" without, and fails on any other error.
func classOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return "accept"
	}
	var r *scan.Refused
	require.ErrorIs(t, err, scan.ErrRefused)
	require.ErrorAs(t, err, &r)
	return string(r.Class)
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	dir, rows := corpus(t)
	for _, row := range rows {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(dir, row.file))
			require.NoError(t, err)
			s, err := check(t, data)
			if !row.accept {
				assert.Equal(t, row.class, classOf(t, err))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.pages, s.Pages)
			assert.True(t, bytes.HasPrefix(s.Data, data), "the upload is the first part of the scan")
			assert.Equal(t, strings.Contains(row.file, "layer-on"), s.Normalised)
		})
	}
}
