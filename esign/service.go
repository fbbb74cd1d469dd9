package esign

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/workflow/sqlkit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the module's tables: esign_*.
func Migrations() sqlkit.Migrations {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return sqlkit.Migrations{Module: "esign", FS: sub}
}

// Files keeps contents by their hash. procedures/files has one in a folder.
type Files interface {
	// Put stores the content and returns its ref; it MUST NOT return before the content would survive a power cut. The same
	// content has the same ref, so putting it again is harmless.
	Put(ctx context.Context, r io.Reader) (ref string, err error)
	// Open reads a content; the caller closes it. For a ref the store does not hold the error wraps fs.ErrNotExist.
	Open(ctx context.Context, ref string) (io.ReadCloser, error)
}

// SignerSource finds the signer of a holder: the file, token or remote credential of an official or an agency. It is
// called before each use, outside any transaction, and may be called concurrently. A holder it does not know is an error
// that wraps ErrNotFound.
type SignerSource func(ctx context.Context, holder string) (driver.Signer, error)

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Now is the law's clock: what stands in signatures and by which certificates are valid. Defaults to time.Now.
	Now func() time.Time
	// ProtocolNow is the machine's clock, by which Resume waits. Defaults to time.Now.
	ProtocolNow func() time.Time
	// NewID names transactions: 1 to 64 letters, digits, '-' or '_', never the same twice. Defaults to 26 random characters.
	NewID func() string
	// MaxDocument is the largest document that is signed, in octets. Defaults to 128 MiB.
	MaxDocument int64
	// TokenReserve is the room kept for a time stamp, in octets; a larger one is refused. Defaults to 8 KiB, which a token
	// with a path of four RSA-2048 certificates fits.
	TokenReserve int
	// CallTimeout bounds each call of a signer, a timestamper and the files. Defaults to 20 s.
	CallTimeout time.Duration
	// PollAfter is how long Resume leaves a plan alone whose signer named no time. Defaults to 15 s.
	PollAfter time.Duration
	// Logger gets one line for each step, without personal data. Defaults to none.
	Logger *zap.Logger
}

// Service makes signatures (chữ ký số) and keeps what it needs to go on after a restart. It is safe for concurrent use by
// many goroutines and many processes on one database.
type Service struct {
	db           *sqlkit.DB
	signers      SignerSource
	timestampers []driver.Timestamper
	files        Files
	outbox       *sqlkit.Outbox
	o            Options
}

// The topics of the outbox. The payload is the JSON of an [Announcement].
const (
	// TopicCompleted: every signature of a plan is made.
	TopicCompleted = "esign.completed"
	// TopicStopped: a holder refused or let the time run out.
	TopicStopped = "esign.stopped"
)

// Announcement is the payload of both topics.
type Announcement struct {
	Key      string `json:"key"`
	Purpose  string `json:"purpose,omitempty"`
	Document string `json:"document"` // Files ref of the newest complete document
}

// New returns a service over migrated tables. The timestampers are asked in order, the next when one fails; without any,
// plans of level B-T are refused.
func New(db *sqlkit.DB, signers SignerSource, timestampers []driver.Timestamper, files Files, o *Options) (*Service, error) {
	if db == nil || db.Write == nil {
		return nil, errors.New("esign: a database is required (sqlopen.Open or sqlkit.Wrap)")
	}
	if signers == nil || files == nil {
		return nil, errors.New("esign: a source of signers and a store of files are required")
	}
	s := &Service{db: db, signers: signers, files: files}
	for i, t := range timestampers {
		if t == nil {
			return nil, fmt.Errorf("esign: timestamper %d is nil", i+1)
		}
		s.timestampers = append(s.timestampers, t)
	}
	if o != nil {
		s.o = *o
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.ProtocolNow == nil {
		s.o.ProtocolNow = time.Now
	}
	if s.o.NewID == nil {
		s.o.NewID = rand.Text
	}
	if s.o.Logger == nil {
		s.o.Logger = zap.NewNop()
	}
	s.o.MaxDocument = cmp.Or(s.o.MaxDocument, 128<<20)
	s.o.TokenReserve = cmp.Or(s.o.TokenReserve, 8<<10)
	s.o.CallTimeout = cmp.Or(s.o.CallTimeout, 20*time.Second)
	s.o.PollAfter = cmp.Or(s.o.PollAfter, 15*time.Second)
	if s.o.MaxDocument < 0 || s.o.TokenReserve < 0 || s.o.TokenReserve > 1<<20 || s.o.CallTimeout < 0 || s.o.PollAfter < 0 {
		return nil, errors.New("esign: an option is out of its range")
	}
	s.outbox = sqlkit.NewOutbox(db, "esign_outbox", &sqlkit.OutboxOptions{Now: s.o.ProtocolNow})
	return s, nil
}

// Outbox returns what the service announces: TopicCompleted and TopicStopped.
func (s *Service) Outbox() *sqlkit.Outbox { return s.outbox }

// signer finds a holder's signer.
func (s *Service) signer(ctx context.Context, holder string) (driver.Signer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	signer, err := s.signers(ctx, holder)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, failWith(CodeNotFound, err, "there is no signer for a holder of this plan; register the credential")
	case err != nil:
		return nil, failWith(CodeUnavailable, err, "the signer of a holder is not available")
	case signer == nil:
		return nil, fail(CodeNotFound, "there is no signer for a holder of this plan; register the credential")
	}
	return signer, nil
}

// credential asks a signer for its path and checks it.
func (s *Service) credential(ctx context.Context, signer driver.Signer) (*credential, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	chain, err := signer.Chain(ctx)
	if err != nil {
		return nil, signerError(signer, err)
	}
	return newCredential(chain, s.o.Now())
}

// signerError wraps what a signer returned, once, under its own code.
func signerError(signer driver.Signer, err error) error {
	code := Code(signer.ErrorCode(err))
	if code == CodeOK {
		code = CodeUnknown
	}
	return failWith(code, err, "the signer")
}

// read returns the content of a file, at most the given number of octets.
func (s *Service) read(ctx context.Context, ref string, most int64) (b []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	f, err := s.files.Open(ctx, ref)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, failWith(CodeNotFound, err, "a file of the plan is not in the store")
	case err != nil:
		return nil, failWith(CodeUnavailable, err, "the store of files")
	}
	defer func() {
		if e := f.Close(); e != nil && err == nil {
			err = failWith(CodeUnavailable, e, "the store of files")
		}
	}()
	if b, err = io.ReadAll(io.LimitReader(f, most+1)); err != nil {
		return nil, failWith(CodeUnavailable, err, "the store of files")
	}
	if int64(len(b)) > most {
		return nil, fail(CodeInvalid, "a file of the plan is over %d octets", most)
	}
	return b, nil
}

// hash reads a file through and returns its SHA-256 and size.
func (s *Service) hash(ctx context.Context, ref string) (hash []byte, size int64, err error) {
	f, err := s.files.Open(ctx, ref)
	if err != nil {
		return nil, 0, err
	}
	h := sha256.New()
	size, err = io.Copy(h, f)
	return h.Sum(nil), size, errors.Join(err, f.Close())
}

// put stores a content and returns its ref and SHA-256.
func (s *Service) put(ctx context.Context, r io.Reader) (ref string, hash []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.CallTimeout)
	defer cancel()
	h := sha256.New()
	if ref, err = s.files.Put(ctx, io.TeeReader(r, h)); err != nil {
		return "", nil, failWith(CodeUnavailable, err, "the store of files")
	}
	return ref, h.Sum(nil), nil
}
