// Package storetest tests package esign on both databases, and asks pdfsig, openssl and qpdf about what it makes.
package storetest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationserifregular"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/phonesim"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// lawDay is what the law's clock shows: 08:00 on a Friday in Viet Nam.
var lawDay = time.Date(2024, 11, 15, 8, 0, 0, 0, time.FixedZone("+07", 7*3600))

// The holders of the tests: an official with a key in a file, an agency that confirms on a phone, an agency with a file.
const (
	official = "chu-tich-01"
	agency   = "con-dau-01"
	phone    = "dien-thoai-01"
)

// world is everything outside the service: files, signers, authorities. It outlives services, as it outlives processes.
type world struct {
	t      testing.TB
	db     *sqlkit.DB
	pki    *pkisim.PKI
	tsa    *httptest.Server
	remote *phonesim.Server
	phone  *httptest.Server
	files  *memory
	p12s   map[string]*pkisim.Issued
	ids    atomic.Int64
	hours  atomic.Int64 // by which the protocol's clock is ahead
	// called is told of each call that leaves the service; its error is what the call gives instead.
	called func(what string) error
	after  func(what string) error
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	sqltest.Each(t, []sqlkit.Migrations{esign.Migrations()}, func(t *testing.T, db *sqlkit.DB) { fn(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *sqlkit.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, files: &memory{content: map[string][]byte{}}, p12s: map[string]*pkisim.Issued{}}
	var err error
	w.pki, err = pkisim.New(filepath.Join(t.TempDir(), "trust"), &pkisim.Options{Now: func() time.Time { return lawDay }})
	require.NoError(t, err)
	w.tsa = httptest.NewServer(w.pki.TSAHandler())
	t.Cleanup(w.tsa.Close)
	w.remote, err = phonesim.NewServer(filepath.Join(t.TempDir(), "phone"), &phonesim.ServerOptions{Now: w.protocolNow})
	require.NoError(t, err)
	w.phone = httptest.NewServer(w.remote.Handler())
	t.Cleanup(w.phone.Close)
	for holder, r := range map[string]*pkisim.IssueRequest{
		official: {Name: "Nguyễn Thị Nghĩa", Unit: "Ủy ban nhân dân xã Lộc Thịnh", Kind: pkisim.Person},
		agency:   {Name: "Ủy ban nhân dân xã Lộc Thịnh", Kind: pkisim.Organisation, Key: pkisim.P256},
		phone:    {Name: "Đỗ Văn Ửng", Unit: "Ủy ban nhân dân xã Lộc Thịnh", Kind: pkisim.Person, Key: pkisim.P256},
	} {
		w.p12s[holder], err = w.pki.Issue(t.Context(), r)
		require.NoError(t, err)
	}
	_, err = w.remote.Enrol(phone, w.p12s[phone].PKCS12, w.p12s[phone].Password)
	require.NoError(t, err)
	return w
}

func (w *world) protocolNow() time.Time {
	return time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC).Add(time.Duration(w.hours.Load()) * time.Hour)
}

// out is a call that leaves the service: no transaction may be open, and a test may let it fail before or after.
func (w *world) out(what string, call func() error) error {
	if n := w.db.Write.Stats().InUse; n != 0 && w.called != nil {
		w.t.Errorf("%s is called with %d connections in use", what, n)
	}
	if w.called != nil {
		if err := w.called(what); err != nil {
			return err
		}
	}
	if err := call(); err != nil {
		return err
	}
	if w.after != nil {
		return w.after(what)
	}
	return nil
}

// service starts a process anew.
func (w *world) service(o *esign.Options) *esign.Service {
	w.t.Helper()
	client, err := rfc3161.New(w.tsa.URL, &rfc3161.Options{HTTPClient: w.tsa.Client(), Roots: w.pki.Roots()})
	require.NoError(w.t, err)
	return w.serviceWith(o, timestamper{w, client})
}

func (w *world) serviceWith(o *esign.Options, ts ...driver.Timestamper) *esign.Service {
	w.t.Helper()
	if o == nil {
		o = &esign.Options{}
	}
	o.Now = func() time.Time { return lawDay }
	o.ProtocolNow = w.protocolNow
	o.NewID = func() string { return fmt.Sprintf("gd-%d", w.ids.Add(1)) }
	s, err := esign.New(w.db, w.signer, ts, outer{w}, o)
	require.NoError(w.t, err)
	return s
}

func (w *world) signer(_ context.Context, holder string) (driver.Signer, error) {
	if holder == phone {
		s, err := phonesim.NewSigner(w.phone.URL, w.remote.Secret(), holder, &phonesim.SignerOptions{HTTPClient: w.phone.Client()})
		return signer{w, s}, err
	}
	i, ok := w.p12s[holder]
	if !ok {
		return nil, fmt.Errorf("%w: holder", esign.ErrNotFound)
	}
	s, err := p12.Open(i.PKCS12, i.Password, nil)
	return signer{w, s}, err
}

// decide is the phone's holder deciding on all that waits.
func (w *world) decide(yes bool) {
	w.t.Helper()
	open, err := w.remote.Open(phone)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, open)
	for _, handle := range open {
		require.NoError(w.t, w.remote.Decide(w.t.Context(), phone, handle, yes))
	}
}

// put stores a file outside the service.
func (w *world) put(b []byte) string {
	w.t.Helper()
	ref, err := w.files.Put(w.t.Context(), bytes.NewReader(b))
	require.NoError(w.t, err)
	return ref
}

// plan signs a two-page document: official first, agency's seal over the left third of the official's signature.
func (w *world) plan(key string, second string) *esign.Plan {
	w.t.Helper()
	return &esign.Plan{
		Key: key, Document: w.put(document(w.t, 2)), Purpose: "hoso/" + key, Title: "Bản sao số 1",
		Signatures: []esign.PlannedSignature{
			{
				Field: "Người ký", Holder: official, Page: 2, Rect: esign.Rect{X1: 320, Y1: 120, X2: 470, Y2: 180},
				Appearance: w.put(drawing(w.t, 150, 60, 0, 0, 200, "Nghĩa")), Reason: "Chứng thực bản sao đúng với bản chính",
				Location: "Nghĩa trang Vĩnh Long",
			},
			{
				Field: "Cơ quan", Holder: second, Page: 2, Rect: esign.Rect{X1: 270, Y1: 100, X2: 370, Y2: 200},
				Appearance: w.put(drawing(w.t, 100, 100, 200, 0, 0, "UBND XÃ LỘC THỊNH")),
			},
		},
	}
}

// document draws a document of some pages with Vietnamese text.
func document(t testing.TB, pages int) []byte {
	t.Helper()
	f := fpdf.New("P", "pt", "A4", "")
	f.SetCreationDate(lawDay)
	f.SetModificationDate(lawDay)
	f.AddUTF8FontFromBytes("serif", "", liberationserifregular.TTF)
	for i := range pages {
		f.AddPage()
		f.SetFont("serif", "", 14)
		f.Text(80, 100, fmt.Sprintf("Chứng thực bản sao đúng với bản chính, trang %d", i+1))
	}
	var b bytes.Buffer
	require.NoError(t, f.Output(&b))
	return b.Bytes()
}

// drawing draws an appearance in one colour: a frame and a line of text, transparent otherwise.
func drawing(t testing.TB, width, height float64, r, g, b int, text string) []byte {
	t.Helper()
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: width, Ht: height}})
	f.SetCreationDate(lawDay)
	f.SetModificationDate(lawDay)
	f.SetMargins(0, 0, 0)
	f.SetAutoPageBreak(false, 0)
	f.AddUTF8FontFromBytes("serif", "", liberationserifregular.TTF)
	f.AddPage()
	f.SetDrawColor(r, g, b)
	f.SetTextColor(r, g, b)
	f.SetLineWidth(3)
	f.Rect(2, 2, width-4, height-4, "D")
	f.SetFont("serif", "", 10)
	f.Text(8, height/2, text)
	var out bytes.Buffer
	require.NoError(t, f.Output(&out))
	return out.Bytes()
}

// content reads a file of the world.
func (w *world) content(ref string) []byte {
	w.t.Helper()
	r, err := w.files.Open(w.t.Context(), ref)
	require.NoError(w.t, err)
	b, err := io.ReadAll(r)
	require.NoError(w.t, err)
	return b
}

// finish advances a plan to its end.
func (w *world) finish(s *esign.Service, key string) *esign.Progress {
	w.t.Helper()
	p, err := s.Advance(w.t.Context(), &esign.AdvanceRequest{Key: key})
	require.NoError(w.t, err)
	require.Equal(w.t, esign.StageDone, p.Stage)
	return p
}

// clean checks that the audit finds nothing.
func (w *world) clean(s *esign.Service) {
	w.t.Helper()
	found, err := s.Audit(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, found)
}

// memory keeps files by hash.
type memory struct {
	mu      sync.Mutex
	content map[string][]byte
}

func (m *memory) Put(_ context.Context, r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	m.mu.Lock()
	defer m.mu.Unlock()
	ref := hex.EncodeToString(sum[:])
	m.content[ref] = b
	return ref, nil
}

func (m *memory) Open(_ context.Context, ref string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.content[ref]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// outer, signer and timestamper pass the service's calls through the world.
type outer struct{ w *world }

func (o outer) Put(ctx context.Context, r io.Reader) (ref string, err error) {
	err = o.w.out("put", func() error {
		ref, err = o.w.files.Put(ctx, r)
		return err
	})
	return ref, err
}

func (o outer) Open(ctx context.Context, ref string) (r io.ReadCloser, err error) {
	err = o.w.out("open", func() error {
		r, err = o.w.files.Open(ctx, ref)
		return err
	})
	return r, err
}

type signer struct {
	w *world
	driver.Signer
}

func (s signer) Chain(ctx context.Context) (out [][]byte, err error) {
	err = s.w.out("chain", func() error {
		out, err = s.Signer.Chain(ctx)
		return err
	})
	return out, err
}

func (s signer) Begin(ctx context.Context, r *driver.BeginRequest) (out *driver.BeginResponse, err error) {
	err = s.w.out("begin", func() error {
		out, err = s.Signer.Begin(ctx, r)
		return err
	})
	return out, err
}

func (s signer) Complete(ctx context.Context, r *driver.CompleteRequest) (out *driver.CompleteResponse, err error) {
	err = s.w.out("complete", func() error {
		out, err = s.Signer.Complete(ctx, r)
		return err
	})
	return out, err
}

func (s signer) ErrorCode(err error) driver.Code {
	if errors.Is(err, errKilled) {
		return driver.CodeUnavailable
	}
	return s.Signer.ErrorCode(err)
}

type timestamper struct {
	w *world
	driver.Timestamper
}

func (t timestamper) Timestamp(ctx context.Context, h crypto.Hash, imprint []byte) (out []byte, err error) {
	err = t.w.out("timestamp", func() error {
		out, err = t.Timestamper.Timestamp(ctx, h, imprint)
		return err
	})
	return out, err
}

// errKilled is what a call gives when a test lets the process die there.
var errKilled = errors.New("killed")
