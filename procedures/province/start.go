package province

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/motcua/motcua/identity/directory"
)

// running is a server that listens, with what belongs to it.
type running struct {
	app      *App
	listener net.Listener
	setup    *Setup
	undo     []func() error
}

// close undoes what was made, in reverse.
func (s *running) close() error {
	var wrong []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		wrong = append(wrong, s.undo[i]())
	}
	return errors.Join(wrong...)
}

// start makes a server ready to serve: folder, clock, directory, procedures,
// simulators, listener, parts, in this order, so that each error comes before
// anything that it would leave half done.
func (r *runner) start(ctx context.Context, c *Config) (_ *running, err error) {
	s := &running{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	folder, err := OpenFolder(c.Data)
	if err != nil {
		return nil, err
	}
	s.undo = append(s.undo, folder.Close)
	if s.setup, err = r.newSetup(c, folder); err != nil {
		return nil, err
	}
	for _, d := range disagreements(s.setup.Catalogue, s.setup.Live.Directory(), s.setup.Clock.Now()) {
		r.log.Warn(d)
	}
	if !c.NoSim {
		sims, err := StartSims(folder, r.simsOptions(s.setup))
		if err != nil {
			return nil, err
		}
		s.undo = append(s.undo, func() error {
			bound, cancel := context.WithTimeout(context.Background(), stopWithin)
			defer cancel()
			return sims.Stop(bound)
		})
		c.fill(&sims.Config)
	}
	if s.listener, err = folder.Listen("portal", c.Listen); err != nil {
		return nil, err
	}
	if host, _, err := net.SplitHostPort(s.listener.Addr().String()); !c.NoSim && !c.InsecureDemo && (err != nil || !loopback(host)) {
		return nil, errors.Join(fmt.Errorf(
			"the address kept from an earlier start, %s, can be reached from other machines, and simulators accept anybody"+
				" (give --listen 127.0.0.1:0, --no-sim, or --insecure-demo)", s.listener.Addr()), s.listener.Close())
	}
	s.undo = append(s.undo, func() error {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if c.PublicURL == "" {
		c.PublicURL = "http://" + s.listener.Addr().String()
	}
	if s.setup.PublicURL, err = url.Parse(c.PublicURL); err != nil {
		return nil, err
	}
	if err := folder.keepConfig(c); err != nil {
		return nil, err
	}
	app, cleanup, err := r.build(ctx, s.setup)
	if err != nil {
		return nil, err
	}
	s.undo = append(s.undo, func() error { cleanup(); return nil })
	s.app = app
	return s, nil
}

func (r *runner) simsOptions(s *Setup) *SimsOptions {
	return &SimsOptions{
		Citizens:  r.province.Citizens,
		Directory: s.Live.Directory(),
		Clock:     s.Clock,
		Machine:   r.machine,
		Logger:    r.log.Named("sim"),
	}
}

// newSetup reads what does not depend on addresses.
func (r *runner) newSetup(c *Config, folder *Folder) (*Setup, error) {
	clock, err := folder.Clock(c.Date, r.machine)
	if err != nil {
		return nil, err
	}
	live, err := r.openDirectory(c.Directory)
	if err != nil {
		return nil, err
	}
	source, err := ProceduresFS(c.Procedures, r.province.Procedures)
	if err != nil {
		return nil, err
	}
	catalogue, err := LoadCatalogue(source)
	if err != nil {
		return nil, err
	}
	// What is asked outside never waits for ever; gateways and providers have
	// shorter limits of their own.
	client := &http.Client{Timeout: 20 * time.Second}
	return &Setup{Province: r.province, Config: c, Folder: folder, Clock: clock, Machine: r.machine, Logger: r.log, HTTP: client,
		Catalogue: catalogue, Live: live}, nil
}

func (r *runner) openDirectory(dir string) (*directory.Live, error) {
	source := r.province.Directory
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("directory folder %s is not there", dir)
		}
		source = os.DirFS(dir)
	}
	live, found, err := directory.Open(source, &directory.Options{Log: r.log.Named("directory")})
	if err != nil {
		wrong := []error{err}
		for _, f := range found {
			if !f.Warning {
				wrong = append(wrong, errors.New(f.String()))
			}
		}
		return nil, fmt.Errorf("directory: %w", errors.Join(wrong...))
	}
	return live, nil
}

// fill takes from the simulators what the configuration leaves open. With any
// simulator everything is a trial.
func (c *Config) fill(sims *Config) {
	if c.Identity.Citizens.Issuer == "" {
		c.Identity.Citizens = sims.Identity.Citizens
	}
	if c.Identity.Officials.Issuer == "" {
		c.Identity.Officials = sims.Identity.Officials
	}
	if c.Payment.VNPAY == nil {
		c.Payment.VNPAY = sims.Payment.VNPAY
	}
	if c.Esign.Roots == "" {
		c.Esign = sims.Esign
	}
	c.Trial = true
}

// keptConfig is the configuration a folder was last served with, so that audit
// and export need no more than the folder.
const keptConfig = "served.yaml"

func (f *Folder) keepConfig(c *Config) error {
	raw, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	return WriteFile(f.Path(keptConfig), raw)
}

// reading opens a served folder for reading beside its server: no lock is taken,
// nothing is made or changed.
func (r *runner) reading(ctx context.Context, given *Config) (*running, error) {
	folder, err := ReadFolder(given.Data)
	if err != nil {
		return nil, err
	}
	c, err := ReadConfig(folder.Path(keptConfig))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data folder %s has not been served yet", given.Data)
	}
	if err != nil {
		return nil, err
	}
	c.Data = given.Data
	if given.Database != "" {
		c.Database = given.Database
	}
	c.Date = ""
	s := &running{}
	if s.setup, err = r.newSetup(c, folder); err != nil {
		return nil, err
	}
	s.setup.ReadOnly = true
	if s.setup.PublicURL, err = url.Parse(c.PublicURL); err != nil {
		return nil, err
	}
	app, cleanup, err := r.build(ctx, s.setup)
	if err != nil {
		return nil, err
	}
	s.app = app
	s.undo = append(s.undo, func() error { cleanup(); return nil })
	return s, nil
}
