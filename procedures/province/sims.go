package province

import (
	"context"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/identity/oidcsim"
	"github.com/motcua/motcua/payment/vnpaysim"
)

// NoticePath is where gateways send their notices, at the public address.
const NoticePath = "/thanh-toan/thong-bao/"

// Sims are the simulators of everything outside: identity provider, payment
// gateway, certification and time-stamping authority. Each listens at an address
// of its own, which the folder keeps, and speaks the real protocol.
type Sims struct {
	servers []*http.Server
	running sync.WaitGroup
	cancel  context.CancelFunc
	// Config is how a province reaches them.
	Config Config
}

// SimsOptions say what the simulators know.
type SimsOptions struct {
	// Citizens may sign in, and every official the directory gives a login.
	Citizens  []oidcsim.Person
	Directory *directory.Directory
	Clock     *LawClock
	Machine   func() time.Time
	Logger    *zap.Logger
}

// StartSims starts them in a folder that is this process's own. They refuse any
// address that other machines could reach.
func StartSims(f *Folder, o *SimsOptions) (_ *Sims, err error) {
	s := &Sims{Config: Config{NoSim: true, Trial: true}}
	defer func() {
		if err != nil {
			bound, cancel := context.WithTimeout(context.Background(), stopWithin)
			defer cancel()
			err = errors.Join(err, s.Stop(bound))
		}
	}()
	for _, sim := range []struct {
		name string
		open func(f *Folder, o *SimsOptions, base string) (http.Handler, error)
	}{{"oidc simulator", s.openOIDC}, {"vnpay simulator", s.openVNPAY}, {"pki simulator", s.openPKI}} {
		l, err := f.Listen(sim.name, "")
		if err != nil {
			return nil, err
		}
		h, err := sim.open(f, o, "http://"+l.Addr().String())
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		s.serve(l, h, o.Logger)
	}
	return s, nil
}

func (s *Sims) serve(l net.Listener, h http.Handler, log *zap.Logger) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		ErrorLog: zap.NewStdLog(log)}
	s.servers = append(s.servers, srv)
	s.running.Go(func() { // Stop waits for it: a server stopped before it has begun closes its listener only then
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("simulator stopped", zap.Error(err))
		}
	})
}

func (s *Sims) openOIDC(f *Folder, o *SimsOptions, issuer string) (http.Handler, error) {
	citizens, err := client(f, issuer, "citizens")
	if err != nil {
		return nil, err
	}
	officials, err := client(f, issuer, "officials")
	if err != nil {
		return nil, err
	}
	d := f.Path("sim", "oidc")
	if err := os.MkdirAll(d, 0o700); err != nil {
		return nil, err
	}
	people := append([]oidcsim.Person{}, o.Citizens...)
	for _, official := range o.Directory.Officials() {
		if official.Subject != "" {
			people = append(people, oidcsim.Person{Sub: official.Subject, Name: official.Name, Kind: identity.Official, Level: 2})
		}
	}
	sim, err := oidcsim.New(oidcsim.Config{Issuer: issuer, People: people, Clients: []oidcsim.Client{
		{
			ID:     citizens.ID,
			Secret: citizens.Secret,
			Kind:   identity.Citizen,
		}, {ID: officials.ID, Secret: officials.Secret, Kind: identity.Official}}}, d, nil)
	if err != nil {
		return nil, err
	}
	s.Config.Identity = IdentityConfig{Citizens: citizens, Officials: officials}
	return sim, nil
}

func client(f *Folder, issuer, id string) (ClientConfig, error) {
	secret, err := f.Secret("oidc-"+id, 24)
	return ClientConfig{Issuer: issuer, ID: id, Secret: hex.EncodeToString(secret)}, err
}

func (s *Sims) openVNPAY(f *Folder, o *SimsOptions, base string) (http.Handler, error) {
	secret, err := f.Secret("vnpay", 24)
	if err != nil {
		return nil, err
	}
	text := hex.EncodeToString(secret)
	const terminal = "MOTCUA01"
	c := vnpaysim.Config{Terminal: terminal, Secret: []byte(text), NoticeURL: NoticePath + "vnpay"}
	sim, err := vnpaysim.New(f.Path("sim", "vnpay"), c, &http.Client{Timeout: 10 * time.Second},
		&vnpaysim.Options{Now: o.Machine, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background()) // until Stop
	s.cancel = cancel
	s.running.Go(func() {
		if err := sim.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			o.Logger.Error("payment simulator stopped", zap.Error(err))
		}
	})
	s.Config.Payment.VNPAY = &VNPAYConfig{
		Terminal: terminal,
		Secret:   text,
		PayURL:   base + vnpaysim.PayPath,
		QueryURL: base + vnpaysim.QueryPath,
	}
	return sim.Handler(), nil
}

// openPKI keeps the authorities under DIR/trust, where a person finds root.pem.
func (s *Sims) openPKI(f *Folder, o *SimsOptions, base string) (http.Handler, error) {
	const name = pkisim.RootFile
	if err := f.lost(name, f.Path("trust", name)); err != nil { // another root would verify nothing this one has certified
		return nil, err
	}
	pki, err := pkisim.New(f.Path("trust"), &pkisim.Options{Now: o.Clock.Now, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	if err := f.remember(name); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/ca/", http.StripPrefix("/ca", pki.CAHandler()))
	mux.Handle("/tsa", pki.TSAHandler())
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pki.Root().Raw})
	s.Config.Esign = EsignConfig{
		Roots:        string(root),
		Timestampers: []string{base + "/tsa"},
		CA:           &CAConfig{URL: base + "/ca", Secret: pki.Secret()},
	}
	return mux, nil
}

// Stop ends them; what they were answering they finish until ctx ends.
func (s *Sims) Stop(ctx context.Context) error {
	if s.cancel != nil {
		s.cancel()
	}
	var wrong []error
	for _, srv := range s.servers {
		if err := srv.Shutdown(ctx); err != nil {
			wrong = append(wrong, fmt.Errorf("simulator: %w", errors.Join(err, srv.Close())))
		}
	}
	s.running.Wait()
	return errors.Join(wrong...)
}
