// Package storetest runs the register's promises on every database, with real
// signatures and time stamps.
package storetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// memory keeps files by their hash and fails the test if it is asked while a
// transaction is open.
type memory struct {
	t  *testing.T
	db *sqlkit.DB
	mu sync.Mutex
	m  map[string][]byte
}

func (m *memory) Put(_ context.Context, r io.Reader) (string, error) {
	sqltest.Idle(m.t, m.db)
	b, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	ref := hex.EncodeToString(sum[:])
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[ref] = b
	return ref, nil
}

func (m *memory) Open(_ context.Context, ref string) (io.ReadCloser, error) {
	sqltest.Idle(m.t, m.db)
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.m[ref]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

type bundle struct {
	*certify.Service
	t     *testing.T
	db    *sqlkit.DB
	files *memory
	pki   *pkisim.PKI
	now   time.Time
	moved []certify.Line
	fail  error
	scan  string
}

func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Parallel()
	sqltest.Each(t, []sqlkit.Migrations{esign.Migrations(), certify.Migrations()}, func(t *testing.T, db *sqlkit.DB) { fn(t, setup(t, db)) })
}

func setup(t *testing.T, db *sqlkit.DB) *bundle {
	t.Helper()
	b := &bundle{t: t, db: db, now: time.Date(2024, 11, 15, 3, 0, 0, 0, time.UTC)}
	b.files = &memory{t: t, db: db, m: map[string][]byte{}}
	now := func() time.Time { return b.now }
	var err error
	b.pki, err = pkisim.New(filepath.Join(t.TempDir(), "trust"), &pkisim.Options{Now: now})
	require.NoError(t, err)
	tsa := httptest.NewServer(b.pki.TSAHandler())
	t.Cleanup(tsa.Close)
	stamper, err := rfc3161.New(tsa.URL, nil)
	require.NoError(t, err)
	signers := map[string]driver.Signer{}
	for holder, req := range map[string]*pkisim.IssueRequest{
		"o-quang": {Name: "Trần Quang", Unit: "UBND phường Tân Phú", Kind: pkisim.Person},
		"o-binh":  {Name: "Lê Bình", Kind: pkisim.Person},
		"H10.12":  {Name: "UBND phường Tân Phú", Kind: pkisim.Organisation},
	} {
		issued, err := b.pki.Issue(t.Context(), req)
		require.NoError(t, err)
		signers[holder], err = p12.Open(issued.PKCS12, issued.Password, nil)
		require.NoError(t, err)
	}
	source := func(_ context.Context, holder string) (driver.Signer, error) {
		sqltest.Idle(t, db)
		s, ok := signers[holder]
		if !ok {
			return nil, esign.ErrNotFound
		}
		return s, nil
	}
	service, err := esign.New(db, source, []driver.Timestamper{stamper}, b.files, &esign.Options{Now: now})
	require.NoError(t, err)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	b.Service, err = certify.New(db, service, func(_ context.Context, _ *sql.Tx, l certify.Line) error {
		b.moved = append(b.moved, l)
		return b.fail
	}, &certify.Options{Files: b.files, Key: key, Now: now, Trial: true,
		Names: func(_ context.Context, unit, official string, at time.Time) (certify.Names, error) {
			return certify.Names{Agency: "UBND thành phố Đồng Xoài", Unit: "UBND phường Tân Phú", Title: "Phó Chủ tịch", Name: "Trần Quang"}, nil
		}})
	require.NoError(t, err)
	b.scan, err = b.files.Put(t.Context(), bytes.NewReader(twoPages(t)))
	require.NoError(t, err)
	return b
}

// twoPages draws a scan of two pages of different sizes.
func twoPages(t *testing.T) []byte {
	t.Helper()
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetFont("Helvetica", "", 40)
	pdf.AddPage()
	pdf.Text(30, 60, "ORIGINAL 1")
	pdf.AddPageFormat("L", fpdf.SizeType{Wd: 148, Ht: 210})
	pdf.Text(30, 60, "ORIGINAL 2")
	var out bytes.Buffer
	require.NoError(t, pdf.Output(&out))
	return out.Bytes()
}

func (b *bundle) request(subject string) *certify.ReserveRequest {
	return &certify.ReserveRequest{
		Subject:  subject,
		Unit:     "H10.12",
		Official: "o-quang",
		Document: "Bằng tốt nghiệp",
		Scan:     b.scan,
		Pages:    2,
		Copies:   1,
	}
}

func (b *bundle) reserve(subject string) *certify.Line {
	b.t.Helper()
	l, err := b.Reserve(b.t.Context(), b.request(subject))
	require.NoError(b.t, err)
	return l
}

func (b *bundle) sign(subject string, s certify.Signature) (*certify.Progress, error) {
	return b.Advance(b.t.Context(), &certify.AdvanceRequest{Subject: subject, Signature: s, Official: "o-quang"})
}

func (b *bundle) certified(subject string) *certify.Progress {
	b.t.Helper()
	b.reserve(subject)
	p, err := b.sign(subject, certify.OfficialSignature)
	require.NoError(b.t, err)
	assert.Equal(b.t, certify.Reserved, p.State)
	assert.Equal(b.t, 1, p.Signed)
	p, err = b.sign(subject, certify.AgencySignature)
	require.NoError(b.t, err)
	return p
}

func (b *bundle) clean() {
	b.t.Helper()
	problems, err := b.Audit(b.t.Context())
	require.NoError(b.t, err)
	assert.Empty(b.t, problems)
}

func TestNumbers(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for want := int64(1); want <= 3; want++ {
			l := b.reserve(fmt.Sprint("d", want))
			assert.Equal(t, want, l.Number)
			assert.Equal(t, "01/2024-SCTĐT/BS", l.Book)
		}
		again := b.reserve("d2")
		assert.Equal(t, int64(2), again.Number, "one subject has one line")
		_, err := b.Cancel(t.Context(), &certify.CancelRequest{Subject: "d3", Reason: "withdrawn"})
		require.NoError(t, err)
		assert.Equal(t, int64(4), b.reserve("d4").Number, "a cancelled number stays used")
		other := b.request("d2")
		other.Pages = 3
		_, err = b.Reserve(t.Context(), other)
		require.ErrorIs(t, err, certify.ErrConflict)
		boom := errors.New("boom")
		err = b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := b.ReserveTx(ctx, tx, b.request("d5"))
			return errors.Join(err, boom)
		})
		require.ErrorIs(t, err, boom)
		assert.Equal(t, int64(5), b.reserve("d6").Number, "what rolled back has no number")
		elsewhere := b.request("d7")
		elsewhere.Unit = "H10.13"
		l, err := b.Reserve(t.Context(), elsewhere)
		require.NoError(t, err)
		assert.Equal(t, int64(1), l.Number, "each unit has its own register")
		b.now = time.Date(2024, 12, 31, 16, 59, 0, 0, time.UTC)
		assert.Equal(t, int64(6), b.reserve("d8").Number, "23:59 of the last day")
		b.now = b.now.Add(time.Minute)
		l = b.reserve("d9")
		assert.Equal(t, int64(1), l.Number, "the year begins anew at +07:00")
		assert.Equal(t, "01/2025-SCTĐT/BS", l.Book)
		b.clean()
	})
}

func TestNumbersInARace(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const n = 12
		got := make([]int64, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				l, err := b.Reserve(t.Context(), b.request(fmt.Sprint("d", i/2))) // each subject twice
				if assert.NoError(t, err) {
					got[i] = l.Number
				}
			})
		}
		wg.Wait()
		seen := map[int64]bool{}
		for i := 0; i < n; i += 2 {
			assert.Equal(t, got[i], got[i+1])
			seen[got[i]] = true
		}
		assert.Len(t, seen, n/2)
		b.clean()
	})
}

func TestRequestsRefused(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, spoil := range map[string]func(*certify.ReserveRequest){
			"subject": func(r *certify.ReserveRequest) { r.Subject = "" }, "unit": func(r *certify.ReserveRequest) { r.Unit = "xã" },
			"official": func(r *certify.ReserveRequest) { r.Official = "" }, "document": func(r *certify.ReserveRequest) { r.Document = " " },
			"scan": func(r *certify.ReserveRequest) { r.Scan = "ab" }, "pages": func(r *certify.ReserveRequest) { r.Pages = 0 },
			"copies": func(r *certify.ReserveRequest) { r.Copies = 0 },
		} {
			r := b.request("d")
			spoil(r)
			_, err := b.Reserve(t.Context(), r)
			require.ErrorIs(t, err, certify.ErrInvalid, name)
		}
		_, err := b.sign("none", certify.OfficialSignature)
		require.ErrorIs(t, err, certify.ErrNotFound)
		_, err = b.sign("none", 3)
		require.ErrorIs(t, err, certify.ErrInvalid)
		_, err = b.Cancel(t.Context(), &certify.CancelRequest{Subject: "none", Reason: "x"})
		require.ErrorIs(t, err, certify.ErrNotFound)
		b.clean()
	})
}

func TestCertified(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.reserve("d1")
		_, err := b.sign("d1", certify.AgencySignature)
		require.ErrorIs(t, err, certify.ErrConflict, "the official first, the agency second")
		p := b.certified("d1")
		assert.Equal(t, certify.Certified, p.State)
		assert.Equal(t, 3, p.FilePages, "two of the scan, one of the statement")
		require.Len(t, b.moved, 1)
		assert.Equal(t, "d1", b.moved[0].Subject)
		again, err := b.sign("d1", certify.AgencySignature)
		require.NoError(t, err)
		assert.Equal(t, p.File, again.File)
		assert.Len(t, b.moved, 1, "the move is made once")
		_, err = b.Cancel(t.Context(), &certify.CancelRequest{Subject: "d1", Reason: "late"})
		require.ErrorIs(t, err, certify.ErrConflict)
		file := b.files.m[p.File]
		scan := b.files.m[b.scan]
		assert.True(t, bytes.HasPrefix(file, scan), "not one byte of the scan changed")
		report, err := esign.Verify(
			t.Context(),
			bytes.NewReader(file),
			int64(len(file)),
			&esign.VerifyOptions{Roots: []*x509.Certificate{b.pki.Root()},
				Now: func() time.Time { return b.now }},
		)
		require.NoError(t, err)
		assert.True(t, report.Intact)
		assert.Equal(t, esign.Valid, report.Verdict, "%+v", report.Reason)
		assert.Len(t, report.Signers, 2)
		b.outside(file)
		b.clean()
	})
}

// outside asks tools written by others.
func (b *bundle) outside(file []byte) {
	b.t.Helper()
	dir := b.t.TempDir()
	name := filepath.Join(dir, "certified.pdf")
	require.NoError(b.t, os.WriteFile(name, file, 0o600))
	run := func(tool string, args ...string) string {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				b.t.Fatalf("%s is required when CI=true", tool)
			}
			b.t.Skipf("%s is not installed", tool)
		}
		cmd := exec.CommandContext(b.t.Context(), tool, args...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		require.NoError(b.t, err, "%s: %s", tool, out)
		return string(out)
	}
	out := run("pdfsig", "-nocert", name)
	assert.Equal(b.t, 2, strings.Count(out, "Signature is Valid"), out)
	assert.Equal(b.t, 2, strings.Count(out, "ETSI.CAdES.detached"), out)
	_, last, found := strings.Cut(out, "Signature #2")
	require.True(b.t, found, out)
	assert.Contains(b.t, last, "Total document signed")
	assert.Contains(b.t, run("qpdf", "--check", name), "No syntax or stream encoding errors")
	text := run("pdftotext", "-layout", name, "-")
	assert.Contains(b.t, text, "Số chứng thực: 1")
	assert.Equal(b.t, 1, strings.Count(text, certify.TrialMark), "on the statement page alone")
	run("pdftoppm", "-r", "50", "-png", name, filepath.Join(dir, "page"))
	pages, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	require.NoError(b.t, err)
	assert.Len(b.t, pages, 3)
}

// A move that fails leaves the line open, and the signatures made stay made.
// TestAnyTitleIsPrinted: what the citizen typed never stands in the way of a
// signature.
func TestAnyTitleIsPrinted(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		r := b.request("d1")
		r.Document = "Bằng 😀\u200b\U0010ffff giỏi"
		require.NoError(t, b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := b.ReserveTx(ctx, tx, r)
			return err
		}))
		assert.Equal(t, certify.Certified, b.certified("d1").State)
		b.clean()
	})
}

func TestMoveFails(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.reserve("d1")
		_, err := b.sign("d1", certify.OfficialSignature)
		require.NoError(t, err)
		b.fail = errors.New("the dossier cannot move")
		_, err = b.sign("d1", certify.AgencySignature)
		require.ErrorIs(t, err, b.fail)
		l, err := b.Get(t.Context(), "d1")
		require.NoError(t, err)
		assert.Equal(t, certify.Reserved, l.State)
		assert.Empty(t, l.File)
		b.fail = nil
		n, err := b.Resume(t.Context(), 10)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		l, err = b.Get(t.Context(), "d1")
		require.NoError(t, err)
		assert.Equal(t, certify.Certified, l.State)
		b.clean()
	})
}

// The pass begins no signature nobody asked for.
func TestResumeBeginsNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.reserve("d1")
		_, err := b.sign("d1", certify.OfficialSignature)
		require.NoError(t, err)
		n, err := b.Resume(t.Context(), 10)
		require.NoError(t, err)
		assert.Zero(t, n)
		l, err := b.Get(t.Context(), "d1")
		require.NoError(t, err)
		assert.Equal(t, 1, l.Signed)
		_, err = b.Advance(t.Context(), &certify.AdvanceRequest{Subject: "d1", Signature: certify.OfficialSignature, Official: "o-binh"})
		require.NoError(t, err, "it is signed already")
	})
}

func TestAuthorityDown(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.reserve("d1")
		b.pki.Misbehave(pkisim.Down)
		_, err := b.sign("d1", certify.OfficialSignature)
		require.ErrorIs(t, err, esign.ErrUnavailable)
		b.pki.Misbehave(pkisim.Behave)
		_, err = b.Advance(t.Context(), &certify.AdvanceRequest{Subject: "d1", Signature: certify.OfficialSignature, Official: "o-binh"})
		require.ErrorIs(t, err, certify.ErrConflict, "another official has begun")
		p, err := b.sign("d1", certify.OfficialSignature)
		require.NoError(t, err)
		assert.Equal(t, 1, p.Signed)
		b.clean()
	})
}

// A plan that was altered by hand stops its line and names it; nothing is signed.
func TestDamagedPlan(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.reserve("d1")
		_, err := b.sign("d1", certify.OfficialSignature)
		require.NoError(t, err)
		for _, plan := range []string{"{", "[]", "{}", `{"plan":{"signatures":[{}]}}`} {
			_, err := b.db.Write.ExecContext(t.Context(), "UPDATE certify_lines SET plan = '"+plan+"'")
			require.NoError(t, err)
			_, err = b.sign("d1", certify.AgencySignature)
			require.ErrorContains(t, err, "certify_lines", plan)
			_, err = b.Progress(t.Context(), "d1")
			require.ErrorContains(t, err, "certify_lines", plan)
			_, err = b.Resume(t.Context(), 10)
			require.ErrorContains(t, err, "certify_lines", plan)
			l, err := b.Get(t.Context(), "d1")
			require.NoError(t, err)
			assert.Equal(t, 1, l.Signed)
		}
	})
}

func TestAuditNames(t *testing.T) {
	for _, c := range []struct{ name, change, table, row string }{
		{"number", "UPDATE certify_lines SET number = 9", "certify_lines", "d1"},
		{"document", "UPDATE certify_lines SET document = 'x'", "certify_lines", "d1"},
		{"state", "UPDATE certify_lines SET state = 'cancelled'", "certify_lines", "d1"},
		{"file", "UPDATE certify_lines SET file = scan", "certify_lines", "d1"},
		{"line gone", "DELETE FROM certify_lines", "certify_numbers", "H10.12/2024"},
		{"counter", "UPDATE certify_numbers SET last = 7", "certify_numbers", "H10.12/2024"},
		{"counter gone", "DELETE FROM certify_numbers", "certify_numbers", "H10.12/2024"},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, b *bundle) {
				p := b.certified("d1")
				b.clean()
				require.NoError(t, b.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, c.change)
					return err
				}))
				problems, err := b.Audit(t.Context())
				require.NoError(t, err)
				require.NotEmpty(t, problems)
				assert.Equal(t, c.table, problems[0].Table)
				want := c.row
				if want == "d1" {
					want = p.ID
				}
				assert.Equal(t, want, problems[0].Row)
			})
		})
	}
}

func TestAuditFindsLostFile(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		p := b.certified("d1")
		b.files.m[p.File] = []byte("x")
		problems, err := b.Audit(t.Context())
		require.NoError(t, err)
		require.Len(t, problems, 1)
		assert.Equal(t, "certify_lines", problems[0].Table)
	})
}

// No column of the register can be changed and no line taken away unnoticed.
func TestAuditWatchesEveryColumn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.certified("d1")
		b.reserve("d2")
		_, err := b.Cancel(t.Context(), &certify.CancelRequest{Subject: "d2", Reason: "withdrawn"})
		require.NoError(t, err)
		sqltest.EachAlteration(t, b.db, []sqltest.Audited{
			{Table: "certify_lines", Key: []string{"id"}},
			{Table: "certify_numbers", Key: []string{"unit", "year"}},
		}, b.Audit)
	})
}
