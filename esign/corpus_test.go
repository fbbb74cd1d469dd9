package esign_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/cms"
)

// corpusRow is one line of the corpus's INDEX.tsv.
type corpusRow struct{ file, class, expected string }

// corpus returns the PDF rows of the public test files, which are too large and too mixed in licence to be kept here.
func corpus(t testing.TB) (dir string, rows []corpusRow) {
	t.Helper()
	root := os.Getenv("MOTCUA_CORPUS")
	if root == "" {
		t.Skip("MOTCUA_CORPUS names no folder with the public test files; the generated cases beside this one still run")
	}
	dir = filepath.Join(root, "esign")
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if os.IsNotExist(err) {
		t.Skipf("%s holds no test files", dir)
	}
	require.NoError(t, err)
	for _, line := range strings.Split(string(index), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) >= 3 && strings.HasPrefix(f[0], "pdf/") {
			rows = append(rows, corpusRow{f[0], f[1], f[2]})
		}
	}
	require.NotEmpty(t, rows)
	return dir, rows
}

// bad says whether the index calls a file an attack or invalid.
func (r corpusRow) bad() bool {
	for _, p := range []string{"attack", "invalid", "cert-confusion", "robustness"} {
		if strings.HasPrefix(r.class, p) {
			return true
		}
	}
	return false
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	dir, rows := corpus(t)
	for _, row := range rows {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(dir, row.file))
			require.NoError(t, err)
			r := inTime(t, data, nil, row.file)
			require.NotEqual(t, esign.Valid, r.Verdict, "no root is known")
			require.NotEmpty(t, r.Reason.VI)
			if row.class == "valid" {
				require.True(t, r.Intact, "%s: %+v", row.expected, r.Reason)
				require.Equal(t, esign.Indeterminate, r.Verdict, r.Reason.EN)
			}

			// Even someone who trusts every certificate in the file at the time it was signed must not see it valid.
			if row.bad() {
				for _, at := range claimedTimes(data) {
					for _, roots := range [][]*x509.Certificate{certificatesIn(data), topsOf(certificatesIn(data))} {
						o := &esign.VerifyOptions{Roots: roots, Now: func() time.Time { return at }}
						r, err := esign.Verify(context.Background(), bytes.NewReader(data), int64(len(data)), o)
						require.NoError(t, err)
						require.NotEqual(t, esign.Valid, r.Verdict, "%s %s", row.class, row.expected)
					}
				}
			}
		})
	}
}

// TestCorpusTrusted shows that the rule above bites: with trust given, good files do become valid.
func TestCorpusTrusted(t *testing.T) {
	t.Parallel()
	dir, _ := corpus(t)
	for file, at := range map[string]string{
		"pdf/dss-pades-bes.pdf":     "2024-08-01T00:00:00Z",
		"pdf/pcpu-testPAdES_BB.pdf": "2024-03-05T00:00:00Z",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		now, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		o := &esign.VerifyOptions{Roots: topsOf(certificatesIn(data)), Now: func() time.Time { return now }}
		r, err := esign.Verify(context.Background(), bytes.NewReader(data), int64(len(data)), o)
		require.NoError(t, err)
		require.Equal(t, esign.Valid, r.Verdict, "%s: %s", file, r.Reason.EN)
	}
}

var (
	contentsPattern = regexp.MustCompile(`/Contents\s*<([0-9A-Fa-f]{64,})>`)
	yearPattern     = regexp.MustCompile(`/M\s*\(D\\?:?(?:072)?(\d{14})`)
)

// certificatesIn collects the certificates of all signatures, found in the crudest way.
func certificatesIn(data []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for _, m := range contentsPattern.FindAllSubmatch(data, -1) {
		der := make([]byte, hex.DecodedLen(len(m[1])))
		if _, err := hex.Decode(der, m[1][:len(m[1])&^1]); err != nil {
			continue
		}
		sd, err := cms.Parse(der, nil)
		if err != nil {
			continue
		}
		for _, c := range sd.Certificates {
			if c.X != nil {
				out = append(out, c.X)
			}
		}
	}
	return out
}

// topsOf keeps the certificates that no other one here issued.
func topsOf(certs []*x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range certs {
		issued := false
		for _, p := range certs {
			issued = issued || !p.Equal(c) && bytes.Equal(p.RawSubject, c.RawIssuer)
		}
		if !issued {
			out = append(out, c)
		}
	}
	return out
}

// claimedTimes returns the day after each time that the file's signatures claim, and one far in the middle of nowhere.
func claimedTimes(data []byte) []time.Time {
	out := []time.Time{time.Date(2023, 6, 1, 0, 0, 0, 0, time.UTC)}
	for _, m := range yearPattern.FindAllSubmatch(data, -1) {
		if at, err := time.Parse("20060102150405", string(m[1])); err == nil {
			out = append(out, at.Add(24*time.Hour))
		}
	}
	return out
}
