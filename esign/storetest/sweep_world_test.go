package storetest

import (
	"context"
	"crypto"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// swept is a service of light plans, whose holder does what a test says and whose calls to the outside can fail.
type swept struct {
	*esign.Service
	t       testing.TB
	db      *sqlkit.DB
	w       *world
	key     driver.Signer
	stamps  driver.Timestamper
	doc     string
	picture string
	holder  holder
	calls   calls
	putting func(context.Context) // called while a file is put
}

// holder is what the holder does. The zero value signs at once.
type holder struct {
	waits           bool
	begin, complete error
	confirming      func(context.Context) error
}

// What a holder or a vendor may answer.
var (
	errRefusal = errors.New("the holder refuses")
	errLate    = errors.New("the holder is late")
	errGone    = errors.New("no such transaction")
)

func newSwept(t testing.TB, db *sqlkit.DB) *swept { return newSweptIn(t, newWorld(t, db)) }

func newSweptIn(t testing.TB, w *world) *swept {
	t.Helper()
	b := &swept{t: t, db: w.db, w: w, doc: w.put(blankPage()), picture: w.put(drawing(t, 100, 100, 200, 0, 0, "UBND"))}
	var err error
	b.key, err = p12.Open(w.p12s[agency].PKCS12, w.p12s[agency].Password, nil)
	require.NoError(t, err)
	b.stamps, err = rfc3161.New(w.tsa.URL, &rfc3161.Options{HTTPClient: w.tsa.Client(), Roots: w.pki.Roots()})
	require.NoError(t, err)
	b.Service, err = esign.New(w.db, func(context.Context, string) (driver.Signer, error) {
		return sweptSigner{b}, b.calls.asked("source")
	}, []driver.Timestamper{sweptStamps{b}}, sweptFiles{b}, &esign.Options{Now: lawDay.UTC, ProtocolNow: w.protocolNow})
	require.NoError(t, err)
	return b
}

// plan is one signature on an empty page.
func (b *swept) plan(key string) *esign.Plan {
	return &esign.Plan{Key: key, Document: b.doc, Purpose: "hoso/" + key,
		Signatures: []esign.PlannedSignature{{Field: "Cơ quan", Holder: agency}}}
}

func (b *swept) prepared(key string) *esign.Prepared {
	b.t.Helper()
	p, err := b.Prepare(b.t.Context(), b.plan(key))
	require.NoError(b.t, err)
	return p
}

func (b *swept) done(key string) {
	b.t.Helper()
	b.prepared(key)
	b.w.finish(b.Service, key)
}

func (b *swept) cancelled(key string) {
	b.t.Helper()
	require.NoError(b.t, b.Cancel(b.t.Context(), &esign.CancelRequest{Key: key, Reason: "nhầm"}))
}

// rest gives up whatever is open, so that nothing is due.
func (b *swept) rest() {
	b.t.Helper()
	rows, err := b.db.Write.QueryContext(b.t.Context(), "SELECT key FROM esign_plans WHERE state = 1")
	require.NoError(b.t, err)
	var open []string
	for rows.Next() {
		var key string
		require.NoError(b.t, rows.Scan(&key))
		open = append(open, key)
	}
	require.NoError(b.t, rows.Err())
	require.NoError(b.t, rows.Close())
	for _, key := range open {
		require.NoError(b.t, b.Cancel(b.t.Context(), &esign.CancelRequest{Key: key, Reason: "hết"}))
	}
}

// clear forgets every plan, so that an audit has as much to read each time.
func (b *swept) clear() {
	b.t.Helper()
	for _, table := range []string{"esign_outbox", "esign_attempts", "esign_signatures", "esign_plans"} {
		_, err := b.db.Write.ExecContext(b.t.Context(), "DELETE FROM "+table)
		require.NoError(b.t, err)
	}
}

// sweptSigner is the agency's key behind a holder.
type sweptSigner struct{ b *swept }

func (s sweptSigner) Chain(ctx context.Context) ([][]byte, error) {
	if err := s.b.calls.asked("chain"); err != nil {
		return nil, err
	}
	return s.b.key.Chain(ctx)
}

func (s sweptSigner) Begin(ctx context.Context, r *driver.BeginRequest) (*driver.BeginResponse, error) {
	if err := errors.Join(s.b.calls.asked("begin"), s.b.holder.begin); err != nil {
		return nil, err
	}
	return s.b.key.Begin(ctx, r)
}

func (s sweptSigner) Complete(ctx context.Context, r *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	h := s.b.holder
	if err := errors.Join(s.b.calls.asked("complete"), h.complete); err != nil {
		return nil, err
	}
	if h.waits {
		return &driver.CompleteResponse{State: driver.Pending}, nil
	}
	if h.confirming != nil {
		if err := h.confirming(ctx); err != nil {
			return nil, err
		}
	}
	return s.b.key.Complete(ctx, r)
}

func (s sweptSigner) ErrorCode(err error) driver.Code {
	for want, code := range map[error]driver.Code{
		errDown: driver.CodeUnauthorised, errRefusal: driver.CodeRefused, errLate: driver.CodeExpired, errGone: driver.CodeNotFound,
	} {
		if errors.Is(err, want) {
			return code
		}
	}
	return s.b.key.ErrorCode(err)
}

// sweptStamps is the authority.
type sweptStamps struct{ b *swept }

func (s sweptStamps) Timestamp(ctx context.Context, h crypto.Hash, imprint []byte) ([]byte, error) {
	if err := s.b.calls.asked("timestamp"); err != nil {
		return nil, err
	}
	return s.b.stamps.Timestamp(ctx, h, imprint)
}

// sweptFiles is the store of files. It can fail at any moment of a file's use.
type sweptFiles struct{ b *swept }

func (f sweptFiles) Put(ctx context.Context, r io.Reader) (string, error) {
	if err := f.b.calls.asked("put"); err != nil {
		return "", err
	}
	if f.b.putting != nil {
		f.b.putting(ctx)
	}
	ref, err := f.b.w.files.Put(ctx, r)
	return ref, errors.Join(err, f.b.calls.asked("put, when it is done"))
}

func (f sweptFiles) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	if err := f.b.calls.asked("open"); err != nil {
		return nil, err
	}
	r, err := f.b.w.files.Open(ctx, ref)
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
