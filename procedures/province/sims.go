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
	pki     *pkisim.PKI
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
			err = errors.Join(err, s.Stop(context.Background()))
		}
	}()
	for _, start := range []func(*Folder, *SimsOptions) error{s.startOIDC, s.startVNPAY, s.startPKI} {
		if err := start(f, o); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// dir makes a private folder for one simulator.
func dir(f *Folder, name string) (string, error) {
	d := f.Path("sim", name)
	return d, os.MkdirAll(d, 0o700)
}

func (s *Sims) serve(l net.Listener, h http.Handler, log *zap.Logger) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		ErrorLog: zap.NewStdLog(log)}
	s.servers = append(s.servers, srv)
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("simulator stopped", zap.Error(err))
		}
	}()
}

func (s *Sims) startOIDC(f *Folder, o *SimsOptions) error {
	l, err := f.Listen("oidc simulator", "")
	if err != nil {
		return err
	}
	issuer := "http://" + l.Addr().String()
	citizens, err := client(f, issuer, "citizens")
	if err != nil {
		return err
	}
	officials, err := client(f, issuer, "officials")
	if err != nil {
		return err
	}
	d, err := dir(f, "oidc")
	if err != nil {
		return err
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
		return errors.Join(err, l.Close())
	}
	s.serve(l, sim, o.Logger)
	s.Config.Identity = IdentityConfig{Citizens: citizens, Officials: officials}
	return nil
}

func client(f *Folder, issuer, id string) (ClientConfig, error) {
	secret, err := f.Secret("oidc-"+id, 24)
	return ClientConfig{Issuer: issuer, ID: id, Secret: hex.EncodeToString(secret)}, err
}

func (s *Sims) startVNPAY(f *Folder, o *SimsOptions) error {
	l, err := f.Listen("vnpay simulator", "")
	if err != nil {
		return err
	}
	secret, err := f.Secret("vnpay", 24)
	if err != nil {
		return err
	}
	d, err := dir(f, "vnpay")
	if err != nil {
		return err
	}
	text := hex.EncodeToString(secret)
	const terminal = "MOTCUA01"
	sim, err := vnpaysim.New(d, vnpaysim.Config{Terminal: terminal, Secret: []byte(text), NoticeURL: NoticePath + "vnpay"},
		&http.Client{Timeout: 10 * time.Second}, &vnpaysim.Options{Now: o.Machine, Logger: o.Logger})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.serve(l, sim.Handler(), o.Logger)
	ctx, cancel := context.WithCancel(context.Background()) // until Stop
	s.cancel = cancel
	s.running.Go(func() {
		if err := sim.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			o.Logger.Error("payment simulator stopped", zap.Error(err))
		}
	})
	base := "http://" + l.Addr().String()
	s.Config.Payment.VNPAY = &VNPAYConfig{
		Terminal: terminal,
		Secret:   text,
		PayURL:   base + vnpaysim.PayPath,
		QueryURL: base + vnpaysim.QueryPath,
	}
	return nil
}

// startPKI keeps the authorities under DIR/trust, where a person finds root.pem.
func (s *Sims) startPKI(f *Folder, o *SimsOptions) error {
	l, err := f.Listen("pki simulator", "")
	if err != nil {
		return err
	}
	s.pki, err = pkisim.New(f.Path("trust"), &pkisim.Options{Now: o.Clock.Now, Logger: o.Logger})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/ca/", http.StripPrefix("/ca", s.pki.CAHandler()))
	mux.Handle("/tsa", s.pki.TSAHandler())
	s.serve(l, mux, o.Logger)
	base := "http://" + l.Addr().String()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.pki.Root().Raw})
	s.Config.Esign = EsignConfig{
		Roots:        string(root),
		Timestampers: []string{base + "/tsa"},
		CA:           &CAConfig{URL: base + "/ca", Secret: s.pki.Secret()},
	}
	return nil
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
