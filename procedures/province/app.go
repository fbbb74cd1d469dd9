// Package province runs a province: its configuration, its command line, its
// data folder, the simulators of everything outside, and the parts that wire
// joins into one server. A province brings names, YAML and a theme
// ([Province]), and an injector ([Build]).
package province

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/riverjobs"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// App is a running province's parts.
type App struct {
	Setup      *Setup
	DB         *sqlkit.DB
	Engine     *workflow.Engine
	Desk       *desk.Desk
	Payments   *payment.Service
	Notices    *Notices
	Signatures *esign.Service
	Register   *certify.Service
	People     *identity.People
	SignIn     *signin.SignIn
	Portal     *portal.Portal
	Jobs       *riverjobs.Runner
}

// Handler serves everything: pages, sign-in and the notices of gateways.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/auth/", a.SignIn.Routes())
	for _, name := range a.Payments.Gateways() {
		mux.Handle(NoticePath+name, a.Notices.Guard(a.Payments.Callback(name)))
	}
	mux.Handle("/", a.Portal)
	trusted, _ := parseProxies(a.Setup.Config.TrustedProxies) // they were checked with the configuration
	return trusted.handler(mux)
}

// stopWithin is how long a server may take to finish what it is doing.
const stopWithin = 10 * time.Second

// Serve runs jobs and pages until ctx ends, then stops both within ten seconds.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	log := a.Setup.Logger
	if err := a.Jobs.Start(ctx); err != nil {
		if ctx.Err() != nil { // asked to stop before it had begun
			err = nil
		}
		return errors.Join(err, l.Close())
	}
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatching()
	go func() {
		if err := a.Setup.Live.Watch(watching); err != nil {
			log.Error("the directory is no longer watched", zap.Error(err))
		}
	}()
	srv := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 5 * time.Minute,
		IdleTimeout: 2 * time.Minute, ErrorLog: zap.NewStdLog(log.Named("http"))}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if e := srv.Shutdown(bound); e != nil {
		err = errors.Join(err, e, srv.Close())
	}
	return errors.Join(err, a.Jobs.Stop(bound))
}

// Audit recounts every module's tables, then what lies between them, and names
// everything that is wrong, module by module.
func (a *App) Audit(ctx context.Context) ([]sqlkit.Problem, error) {
	var out []sqlkit.Problem
	var unread []error
	for _, m := range []struct {
		name  string
		audit func(context.Context) ([]sqlkit.Problem, error)
	}{
		{"workflow", a.Engine.Audit}, {"identity", a.People.Audit}, {"payment", a.Payments.Audit}, {"esign", a.Signatures.Audit},
		{"certify", a.Register.Audit}, {"procedures", a.Desk.Audit}, {"jobs", a.Jobs.Audit}, {"between modules", a.between},
	} {
		found, err := m.audit(ctx)
		if err != nil {
			unread = append(unread, fmt.Errorf("audit of %s: %w", m.name, err))
		}
		out = append(out, found...)
	}
	return out, errors.Join(unread...)
}

// Verify judges an uploaded file by the roots the province trusts.
func Verify(s *Setup) (portal.Verify, error) {
	roots, err := esign.LoadRoots([]byte(s.Config.Esign.Roots))
	if err != nil {
		return nil, fmt.Errorf("esign.roots: %w", err)
	}
	return func(ctx context.Context, r io.ReaderAt, size int64) (*esign.Report, error) {
		return esign.Verify(ctx, r, size, &esign.VerifyOptions{Roots: roots, Now: s.Clock.Now})
	}, nil
}

// PortalParts are what the pages stand on.
func PortalParts(
	s *Setup,
	d *desk.Desk,
	journal *identity.Journal,
	sessions *signin.SignIn,
	pay portal.Pay,
	verify portal.Verify,
) portal.Parts {
	return portal.Parts{Desk: d, Catalogue: s.Catalogue, Policy: s.Live.Policy(), Units: NewUnits(s.Live, s.Logger), Journal: journal,
		SignIn: signedIn{sessions}, Pay: pay, Verify: verify}
}

// signedIn lets the portal know who asks, where somebody does.
type signedIn struct{ *signin.SignIn }

// Identify implements portal.Identifier.
func (s signedIn) Identify(h http.Handler) http.Handler { return s.Attach(h) }

// PortalOptions are the pages' addresses, clocks and looks.
func PortalOptions(s *Setup, sessions *signin.SignIn) *portal.Options {
	origins := sessions.Origins()
	if c := s.Config.Payment.VNPAY; c != nil {
		origins = append(origins, origin(c.PayURL))
	}
	return &portal.Options{PublicURL: s.PublicURL.String(), Trial: s.Config.Trial, Now: s.Clock.Now, ProtocolNow: s.Machine,
		Logger: s.Logger.Named(
			"portal",
		), Theme: s.Province.Theme, FormOrigins: origins, LoginPath: "/auth/login", LogoutPath: sessions.LogoutPath()}
}

// between compares what two modules say of one thing, which neither can see
// alone: money that moved no dossier, a result that is in no register.
func (a *App) between(ctx context.Context) ([]sqlkit.Problem, error) {
	var out []sqlkit.Problem
	lines, err := a.Register.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		d, err := a.Engine.Get(ctx, workflow.Scope{All: true}, workflow.DossierID(l.Subject))
		switch {
		case errors.Is(err, workflow.ErrNotFound):
			out = append(out, sqlkit.Problem{Table: "certify_lines", Row: l.ID, Problem: "its dossier is not in the engine"})
		case err != nil:
			return nil, err
		case l.State == certify.Certified && d.State != "certified" && d.State != "returned":
			out = append(out, sqlkit.Problem{Table: "certify_lines", Row: l.ID, Problem: "it is certified, but its dossier is " + d.State})
		case l.State == certify.Reserved && d.State != "signing":
			out = append(out, sqlkit.Problem{Table: "certify_lines", Row: l.ID, Problem: "it is reserved, but its dossier is " + d.State})
		}
	}
	return out, nil
}
