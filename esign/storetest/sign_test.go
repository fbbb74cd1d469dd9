package storetest

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/tooltest"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

func verify(t testing.TB, w *world, doc []byte) *esign.Report {
	t.Helper()
	pem, err := os.ReadFile(w.pki.RootPath())
	require.NoError(t, err)
	roots, err := esign.LoadRoots(pem)
	require.NoError(t, err)
	r, err := esign.Verify(t.Context(), bytes.NewReader(doc), int64(len(doc)), &esign.VerifyOptions{Roots: roots})
	require.NoError(t, err)
	return r
}

func TestTwoSignatures(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		plan := w.plan("banSao-1", agency)
		prepared, err := s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		require.Equal(t, 2, prepared.Total)
		require.Equal(t, esign.Unsigned, verify(t, w, w.content(prepared.Document)).State)
		before, err := s.Get(t.Context(), plan.Key)
		require.NoError(t, err)
		require.Equal(t, esign.StageOpen, before.Stage)
		require.Equal(t, "Người ký", before.Field)

		p := w.finish(s, plan.Key)
		require.Equal(t, 2, p.Done)
		require.Len(t, p.Made, 2)
		require.Equal(t, w.p12s[official].Certificate.Raw, p.Made[0].Certificate)
		require.Equal(t, w.p12s[agency].Certificate.Raw, p.Made[1].Certificate)
		require.Equal(t, p.Made[1].Document, p.Document)
		doc := w.content(p.Document)
		require.Equal(t, hex.EncodeToString(p.SHA256), p.Document, "the memory store names files by SHA-256")

		// Each step only appends.
		first := w.content(p.Made[0].Document)
		require.True(t, bytes.HasPrefix(first, w.content(prepared.Document)))
		require.True(t, bytes.HasPrefix(doc, first))
		require.True(t, bytes.HasPrefix(doc, w.content(plan.Document)))

		report := verify(t, w, doc)
		require.Equal(t, esign.Valid, report.Verdict, "%+v", report)
		require.True(t, report.Intact)
		require.Len(t, report.Signers, 2)
		require.Equal(t, "Nguyễn Thị Nghĩa", report.Signers[0].Signer)
		require.Equal(t, esign.TimeProved, report.Signers[0].TimeSource)
		require.True(t, report.Signers[0].Time.Equal(lawDay))
		w.clean(s)
		again, err := s.Advance(t.Context(), &esign.AdvanceRequest{Key: plan.Key})
		require.NoError(t, err)
		require.Equal(t, p, again)
		tools(t, w, doc, 2)
	})
}

func TestLevelBB(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.serviceWith(nil)
		plan := w.plan("bb", agency)
		_, err := s.Prepare(t.Context(), plan)
		require.ErrorIs(t, err, esign.ErrInvalid, "no authority for B-T")
		for i := range plan.Signatures {
			plan.Signatures[i].Level = esign.LevelBB
			plan.Signatures[i].Rect, plan.Signatures[i].Appearance, plan.Signatures[i].Page = esign.Rect{}, "", 0
		}
		_, err = s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		doc := w.content(w.finish(s, plan.Key).Document)
		report := verify(t, w, doc)
		require.True(t, report.Intact)
		require.Equal(t, esign.Valid, report.Verdict, "%+v", report)
		require.Equal(t, esign.TimeClaimed, report.Signers[1].TimeSource)
		tools(t, w, doc, 0)
	})
}

// tools asks the independent ones about a document with two signatures and some time stamps.
func tools(t *testing.T, w *world, doc []byte, stamps int) {
	t.Helper()
	t.Run("tools", func(t *testing.T) {
		tooltest.Need(t, "qpdf", "pdfsig", "certutil", "openssl")
		askTools(t, w, doc, stamps)
	})
}

func askTools(t *testing.T, w *world, doc []byte, stamps int) {
	t.Helper()
	file := tooltest.File(t, "signed.pdf", doc)
	tooltest.Must(t, "qpdf", "--check", file)

	nss := t.TempDir()
	tooltest.Must(t, "certutil", "-N", "-d", "sql:"+nss, "--empty-password")
	tooltest.Must(t, "certutil", "-A", "-d", "sql:"+nss, "-n", "root", "-t", "CT,C,C", "-a", "-i", w.pki.RootPath())
	out := tooltest.Must(t, "pdfsig", "-no-ocsp", "-nssdir", nss, file)
	require.Equal(t, 2, strings.Count(out, "Signature Validation: Signature is Valid."), out)
	require.Equal(t, 2, strings.Count(out, "ETSI.CAdES.detached"), out)
	last := out[strings.LastIndex(out, "Signature #"):]
	require.Contains(t, last, "Total document signed")
	require.Contains(t, out, "Nguyễn Thị Nghĩa")

	ranges := regexp.MustCompile(`/ByteRange \[(\d+) (\d+) (\d+) (\d+) *\]`).FindAllSubmatch(doc, -1)
	require.Len(t, ranges, 2)
	for _, r := range ranges {
		cms, content := taken(t, doc, r[1:])
		sig := tooltest.File(t, "sig.der", cms)
		tooltest.Must(t, "openssl", "cms", "-verify", "-cades", "-purpose", "any", "-binary", "-inform", "DER", "-in", sig,
			"-content", tooltest.File(t, "content", content), "-CAfile", w.pki.RootPath(), "-out", os.DevNull)
		printed := tooltest.Must(t, "openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", sig, "-out", "-")
		require.NotContains(t, printed, "signingTime")
		require.Contains(t, printed, "id-smime-aa-signingCertificateV2")
		if stamps > 0 {
			token, value := tokenOf(t, cms)
			ok := tooltest.Must(t, "openssl", "ts", "-verify", "-token_in", "-in", tooltest.File(t, "token", token),
				"-data", tooltest.File(t, "value", value), "-CAfile", w.pki.RootPath())
			require.Contains(t, ok, "Verification: OK")
		}
	}
}

// No digit of the last signature, nor any other octet, can be changed, and nothing appended: all octets behind the first
// signature are tried in steps, all digits of the last one near its ends and in steps between.
func TestEveryChangeIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqltest.SQLite(t, esign.Migrations()))
	s := w.service(nil)
	plan := w.plan("p", agency)
	_, err := s.Prepare(t.Context(), plan)
	require.NoError(t, err)
	doc := w.content(w.finish(s, "p").Document)
	require.Equal(t, esign.Valid, verify(t, w, doc).Verdict)
	at := bytes.LastIndex(doc, []byte("/Contents <")) + len("/Contents <")
	end := at + bytes.IndexByte(doc[at:], '>')
	changed := func(i int, c byte) {
		bad := bytes.Clone(doc)
		bad[i] = c
		require.NotEqual(t, esign.Valid, verify(t, w, bad).Verdict, "octet %d as %q", i, c)
	}
	for i := at; i < end; i++ {
		if i-at > 200 && end-i > 50 && (i-at)%37 != 0 {
			continue
		}
		digit := byte('0')
		if doc[i] == '0' {
			digit = '1'
		}
		changed(i, digit)
		if doc[i] >= 'a' {
			changed(i, doc[i]-'a'+'A')
		}
	}
	for i := 0; i < len(doc); i += 211 {
		changed(i, doc[i]^1)
	}
	for _, more := range []string{"\n", " ", "%%EOF\n", "x"} {
		require.NotEqual(t, esign.Valid, verify(t, w, append(bytes.Clone(doc), more...)).Verdict, "%q appended", more)
	}
}

// taken cuts a signature and what it covers out of a document, by its ByteRange alone.
func taken(t testing.TB, doc []byte, numbers [][]byte) (cms, content []byte) {
	t.Helper()
	var n [4]int
	for i := range n {
		var err error
		n[i], err = strconv.Atoi(string(numbers[i]))
		require.NoError(t, err)
	}
	gap := doc[n[1]:n[2]]
	require.Equal(t, byte('<'), gap[0])
	require.Equal(t, byte('>'), gap[len(gap)-1])
	require.Equal(t, string(bytes.ToLower(gap)), string(gap), "one case")
	raw, err := hex.DecodeString(string(gap[1 : len(gap)-1]))
	require.NoError(t, err)
	length := 4 + int(raw[2])<<8 + int(raw[3]) // SEQUENCE with a length of two octets
	require.Empty(t, bytes.Trim(raw[length:], "\x00"), "padding is zero")
	return raw[:length], append(bytes.Clone(doc[n[0]:n[1]]), doc[n[2]:n[2]+n[3]]...)
}

func TestAppearancesAreDrawn(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "pdftotext", "pdftoppm")
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		plan := w.plan("hinh", agency)
		_, err := s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		file := tooltest.File(t, "signed.pdf", w.content(w.finish(s, plan.Key).Document))
		text := tooltest.Must(t, "pdftotext", file, "-")
		require.Contains(t, text, "Nghĩa")
		require.Contains(t, text, "UBND XÃ LỘC")
		prefix := filepath.Join(t.TempDir(), "page")
		tooltest.Must(t, "pdftoppm", "-r", "72", "-f", "2", "-l", "2", file, prefix)
		pages, err := filepath.Glob(prefix + "*")
		require.NoError(t, err)
		require.Len(t, pages, 1)
		blue, red := colours(t, pages[0])
		// The official's frame spans 320 to 470 pt, the seal's 270 to 370, measured at 72 dpi.
		require.InDelta(t, 470, blue, 3)
		require.InDelta(t, 272, red, 3)
	})
}

// colours returns the right edge of what is blue and the left edge of what is red in a PPM picture.
func colours(t testing.TB, path string) (blue, red int) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	head := regexp.MustCompile(`^P6\s+(\d+)\s+(\d+)\s+255\s`).FindSubmatch(b)
	require.NotNil(t, head)
	width, err := strconv.Atoi(string(head[1]))
	require.NoError(t, err)
	pixels := b[len(head[0]):]
	red = width
	for i := 0; i+2 < len(pixels); i += 3 {
		x := i / 3 % width
		switch r, g, b := pixels[i], pixels[i+1], pixels[i+2]; {
		case b > 150 && r < 100 && g < 100:
			blue = max(blue, x)
		case r > 150 && b < 100 && g < 100:
			red = min(red, x)
		}
	}
	return blue, red
}
