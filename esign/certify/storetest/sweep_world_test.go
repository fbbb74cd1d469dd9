package storetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// swept is a register whose database can be set back to a stage of the one line it is about, whose official does what a
// test says, and whose calls to the outside can fail.
type swept struct {
	*certify.Service
	t          testing.TB
	db         *sqlkit.DB
	signatures *esign.Service
	files      *memory
	keys       map[string]driver.Signer
	scan       string
	calls      calls
	waits      bool                        // the holder has not decided
	refuses    bool                        // the holder says no
	naming     func(context.Context) error // called while the names are looked up
	stuck      error                       // what the dossier's move fails with
}

var errRefusal = errors.New("the holder refuses")

func newSwept(t *testing.T, db *sqlkit.DB) *swept {
	t.Helper()
	now := func() time.Time { return time.Date(2024, 11, 15, 3, 0, 0, 0, time.UTC) }
	b := &swept{t: t, db: db, files: &memory{t: t, db: db, m: map[string][]byte{}}, keys: map[string]driver.Signer{}}
	pki, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), &pkisim.Options{Now: now})
	require.NoError(t, err)
	for holder, kind := range map[string]pkisim.Kind{"o-quang": pkisim.Person, "H10.12": pkisim.Organisation} {
		issued, err := pki.Issue(t.Context(), &pkisim.IssueRequest{Name: "Phường Tân Phú", Kind: kind, Key: pkisim.P256})
		require.NoError(t, err)
		b.keys[holder], err = p12.Open(issued.PKCS12, issued.Password, nil)
		require.NoError(t, err)
	}
	tsa := httptest.NewServer(pki.TSAHandler())
	t.Cleanup(tsa.Close)
	stamps, err := rfc3161.New(tsa.URL, nil)
	require.NoError(t, err)
	source := func(_ context.Context, holder string) (driver.Signer, error) {
		key, ok := b.keys[holder]
		if !ok {
			return nil, esign.ErrNotFound
		}
		return sweptSigner{key, b}, nil
	}
	b.signatures, err = esign.New(db, source, []driver.Timestamper{stamps}, b.files, &esign.Options{Now: now})
	require.NoError(t, err)
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	b.Service, err = certify.New(db, b.signatures, b.move, &certify.Options{Files: sweptFiles{b}, Key: key, Now: now, Names: b.names})
	require.NoError(t, err)
	b.scan, err = b.files.Put(t.Context(), bytes.NewReader(twoPages(t)))
	require.NoError(t, err)
	b.stages()
	return b
}

// move is the dossier's, in the transaction that completes the line.
func (b *swept) move(ctx context.Context, tx *sql.Tx, _ certify.Line) error {
	if b.stuck != nil {
		return b.stuck
	}
	_, err := tx.ExecContext(ctx, "UPDATE certify_numbers SET last = last")
	return err
}

func (b *swept) names(ctx context.Context, _, _ string, _ time.Time) (certify.Names, error) {
	if err := b.calls.asked("names"); err != nil {
		return certify.Names{}, err
	}
	if b.naming != nil {
		if err := b.naming(ctx); err != nil {
			return certify.Names{}, err
		}
	}
	return certify.Names{Unit: "UBND phường Tân Phú", Title: "Phó Chủ tịch", Name: "Trần Quang"}, nil
}

// tables are those of both modules, what others refer to last.
var tables = []string{"certify_lines", "certify_numbers", "esign_outbox", "esign_attempts", "esign_signatures", "esign_plans"}

// keep names the present content of the database a stage.
func (b *swept) keep(stage string) {
	b.t.Helper()
	for _, table := range tables {
		_, err := b.db.Write.ExecContext(b.t.Context(), "CREATE TABLE "+stage+"_"+table+" AS SELECT * FROM "+table)
		require.NoError(b.t, err)
	}
}

// at sets the database back to a stage. The files stay.
func (b *swept) at(stage string) {
	b.t.Helper()
	require.NoError(b.t, b.db.InTx(b.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range tables {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		for i := range tables {
			table := tables[len(tables)-1-i]
			if _, err := tx.ExecContext(ctx, "INSERT INTO "+table+" SELECT * FROM "+stage+"_"+table); err != nil {
				return err
			}
		}
		return nil
	}))
	b.waits, b.refuses, b.naming, b.stuck, b.calls = false, false, nil, nil, calls{}
}

// stages makes the stages: what a line can be when somebody asks for something.
func (b *swept) stages() {
	b.t.Helper()
	sign := func(official string, s certify.Signature) error {
		_, err := b.Advance(b.t.Context(), &certify.AdvanceRequest{Subject: "d1", Signature: s, Official: official})
		return err
	}
	b.keep("vacant")
	_, err := b.Reserve(b.t.Context(), b.request())
	require.NoError(b.t, err)
	b.keep("reserved")
	require.ErrorIs(b.t, sign("o-nobody", certify.OfficialSignature), esign.ErrNotFound)
	b.keep("planned") // and no signature is prepared
	b.at("reserved")
	_, err = b.Cancel(b.t.Context(), &certify.CancelRequest{Subject: "d1", Reason: "nhầm"})
	require.NoError(b.t, err)
	b.keep("cancelled")
	b.at("reserved")
	b.waits = true
	require.NoError(b.t, sign("o-quang", certify.OfficialSignature))
	b.keep("waiting")
	b.waits, b.refuses = false, true
	require.NoError(b.t, sign("o-quang", certify.OfficialSignature))
	b.keep("stopped")
	b.at("waiting")
	require.NoError(b.t, sign("o-quang", certify.OfficialSignature))
	b.keep("signed")
	b.stuck = errors.New("the dossier cannot move")
	require.ErrorIs(b.t, sign("", certify.AgencySignature), b.stuck)
	b.keep("made") // both signatures are made, the line does not know of the second
	b.stuck = nil
	require.NoError(b.t, sign("", certify.AgencySignature))
	b.keep("certified")
}

func (b *swept) request() *certify.ReserveRequest {
	return &certify.ReserveRequest{Subject: "d1", Unit: "H10.12", Official: "o-quang", Document: "Bằng tốt nghiệp", Scan: b.scan,
		Pages: 2, Copies: 1}
}

// sweptSigner is a key behind a holder.
type sweptSigner struct {
	driver.Signer
	b *swept
}

func (s sweptSigner) Complete(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	switch {
	case s.b.refuses:
		return nil, errRefusal
	case s.b.waits:
		return &driver.CompleteResponse{State: driver.Pending}, nil
	}
	return s.Signer.Complete(ctx, r)
}

func (s sweptSigner) ErrorCode(err error) driver.Code {
	if errors.Is(err, errRefusal) {
		return driver.CodeRefused
	}
	return s.Signer.ErrorCode(err)
}

// sweptFiles is the register's store of files. It can fail at any moment of a file's use.
type sweptFiles struct{ b *swept }

func (f sweptFiles) Put(ctx context.Context, r io.Reader) (string, error) {
	if err := f.b.calls.asked("put"); err != nil {
		return "", err
	}
	ref, err := f.b.files.Put(ctx, r)
	return ref, errors.Join(err, f.b.calls.asked("put, when it is done"))
}

func (f sweptFiles) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	if err := f.b.calls.asked("open"); err != nil {
		return nil, err
	}
	r, err := f.b.files.Open(ctx, ref)
	return &sweptFile{ReadCloser: r, b: f.b}, err
}

type sweptFile struct {
	io.ReadCloser
	b     *swept
	began bool
}

func (f *sweptFile) Read(p []byte) (int, error) {
	if !f.began {
		f.began = true
		if err := f.b.calls.asked("read"); err != nil {
			return 0, err
		}
	}
	return f.ReadCloser.Read(p)
}

func (f *sweptFile) Close() error { return errors.Join(f.ReadCloser.Close(), f.b.calls.asked("close")) }
