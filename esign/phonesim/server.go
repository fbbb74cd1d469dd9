package phonesim

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/loopback"
	"github.com/motcua/motcua/esign/p12"
)

// ServerOptions are the settings of the service. Nil means the defaults.
type ServerOptions struct {
	// Now is the clock transactions run out by; default time.Now.
	Now func() time.Time
	// Life is how long a holder may wait with the decision; default 24 h.
	Life time.Duration
	// Logger gets one line for each change of a transaction, without names or
	// digests; default none.
	Logger *zap.Logger
}

// Server is the simulated service. A folder belongs to one process; its methods
// may be called by several goroutines at once.
type Server struct {
	dir    string
	now    func() time.Time
	life   time.Duration
	log    *zap.Logger
	secret string
	mu     sync.Mutex // the folder
}

// NewServer opens the folder, or makes it (mode 0700) with a random secret.
func NewServer(dir string, o *ServerOptions) (*Server, error) {
	if o == nil {
		o = &ServerOptions{}
	}
	s := &Server{dir: dir, now: o.Now, life: o.Life, log: o.Logger}
	if s.now == nil {
		s.now = time.Now
	}
	if s.life <= 0 {
		s.life = 24 * time.Hour
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("phonesim: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("phonesim: %w", err)
	}
	found, err := s.read("secret.json", &s.secret)
	if err != nil || found {
		return s, err
	}
	s.secret = rand.Text()
	return s, s.write("secret.json", s.secret)
}

// Secret is what the client shows; made at random at the first start.
func (s *Server) Secret() string { return s.secret }

// CheckListen refuses an address that others than this machine could reach,
// unless insecure is set.
func CheckListen(addr string, insecure bool) error { return loopback.Check(addr, insecure) }

// Enrol puts a credential into the service and returns the PIN of the holder's
// phone. The same holder again replaces it and gets another PIN. A holder is 1
// to 64 letters, digits, '-' or '_'.
func (s *Server) Enrol(holder string, pkcs12 []byte, password string) (pin string, err error) {
	if !plainName(holder) {
		return "", errors.New("phonesim: a holder is 1 to 64 letters, digits, '-' or '_'")
	}
	if _, err := p12.Open(pkcs12, password, nil); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pin = rand.Text()
	return pin, s.write("holder-"+holder+".json", credential{pkcs12, password, pin})
}

// Enrolled says whether a holder is enrolled.
func (s *Server) Enrolled(holder string) bool {
	_, err := s.credential(holder)
	return err == nil
}

// fault is an answer other than 200.
type fault struct {
	status int
	code   driver.Code
	text   string
}

func (f *fault) Error() string { return f.text }

func (s *Server) credential(holder string) (*credential, error) {
	if !plainName(holder) {
		return nil, &fault{404, driver.CodeNotFound, "no such holder"}
	}
	var c credential
	found, err := s.read("holder-"+holder+".json", &c)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &fault{404, driver.CodeNotFound, "no such holder"}
	}
	return &c, nil
}

func (s *Server) chain(ctx context.Context, holder string) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signer, err := s.signer(holder)
	if err != nil {
		return nil, err
	}
	return signer.Chain(ctx)
}

func (s *Server) signer(holder string) (*p12.Signer, error) {
	c, err := s.credential(holder)
	if err != nil {
		return nil, err
	}
	return p12.Open(c.PKCS12, c.Password, nil)
}

// begin records a transaction, or finds it again.
func (s *Server) begin(ctx context.Context, holder string, r *driver.BeginRequest) (string, *transaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signer, err := s.signer(holder)
	if err != nil {
		return "", nil, err
	}
	if _, err := signer.Begin(ctx, r); err != nil {
		return "", nil, &fault{400, driver.CodeInvalid, "the request does not fit the holder's key, or is malformed"}
	}
	// One transaction id of one holder is one handle, known again without an index.
	id := crypto.SHA256.New()
	id.Write([]byte(holder + "\x00" + r.Transaction + "\x00" + s.secret))
	handle := hex.EncodeToString(id.Sum(nil))
	var t transaction
	found, err := s.read(transactionFile(handle), &t)
	if err != nil {
		return "", nil, err
	}
	fingerprint := hex.EncodeToString(r.Fingerprint())
	if found {
		if t.Fingerprint != fingerprint {
			return "", nil, &fault{409, driver.CodeConflict, "the transaction was begun with other items"}
		}
		return handle, &t, nil
	}
	t = transaction{
		Holder: holder, Transaction: r.Transaction, Fingerprint: fingerprint, Hash: uint(r.Hash), Scheme: int(r.Scheme),
		State: waiting, Expires: s.now().Add(s.life).UTC(),
	}
	for _, i := range r.Items {
		t.Items = append(t.Items, item{i.Name, i.Digest})
	}
	s.log.Info("transaction begun", zap.String("handle", handle))
	return handle, &t, s.write(transactionFile(handle), &t)
}

// find returns a transaction and lets it run out.
func (s *Server) find(holder, handle string) (*transaction, error) {
	var t transaction
	none := &fault{404, driver.CodeNotFound, "no such transaction"}
	if !plainName(handle) {
		return nil, none
	}
	found, err := s.read(transactionFile(handle), &t)
	if err != nil {
		return nil, err
	}
	if !found || t.Holder != holder {
		return nil, none
	}
	if t.State == waiting && !s.now().Before(t.Expires) {
		t.State = expired
		return &t, s.write(transactionFile(handle), &t)
	}
	return &t, nil
}

func (s *Server) status(holder, handle string, r *driver.BeginRequest) (*transaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.find(holder, handle)
	if err != nil {
		return nil, err
	}
	if t.Fingerprint != hex.EncodeToString(r.Fingerprint()) {
		return nil, &fault{409, driver.CodeConflict, "the handle was given for other items"}
	}
	switch t.State {
	case refused:
		return nil, &fault{410, driver.CodeRefused, "the holder said no"}
	case expired:
		return nil, &fault{410, driver.CodeExpired, "the holder did not decide in time"}
	}
	return t, nil
}

// Open lists the handles of a holder's open transactions, as the phone shows
// them.
func (s *Server) Open(holder string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.handles()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, handle := range all {
		t, err := s.find(holder, handle)
		var f *fault
		if errors.As(err, &f) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if t.State == waiting {
			out = append(out, handle)
		}
	}
	return out, nil
}

// Decide is the holder's decision on the phone: yes signs every digest of the
// transaction at once. A decision is final; the same one again is no error.
func (s *Server) Decide(ctx context.Context, holder, handle string, yes bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.find(holder, handle)
	if err != nil {
		return err
	}
	want := refused
	if yes {
		want = signed
	}
	if t.State == want {
		return nil
	}
	if t.State != waiting {
		return &fault{409, driver.CodeConflict, "the transaction is already decided or has run out"}
	}
	if yes {
		if t.Signatures, err = s.sign(ctx, t); err != nil {
			return err
		}
	}
	t.State = want
	s.log.Info("transaction decided", zap.String("handle", handle), zap.String("state", string(want)))
	return s.write(transactionFile(handle), t)
}

func (s *Server) sign(ctx context.Context, t *transaction) ([][]byte, error) {
	signer, err := s.signer(t.Holder)
	if err != nil {
		return nil, err
	}
	r := &driver.BeginRequest{Transaction: t.Transaction, Hash: crypto.Hash(t.Hash), Scheme: driver.Scheme(t.Scheme)}
	for _, i := range t.Items {
		r.Items = append(r.Items, driver.Item{Name: i.Name, Digest: i.Digest})
	}
	begun, err := signer.Begin(ctx, r)
	if err != nil {
		return nil, err
	}
	done, err := signer.Complete(ctx, &driver.CompleteRequest{Begin: r, Handle: begun.Handle})
	if err != nil {
		return nil, err
	}
	return done.Signatures, nil
}
