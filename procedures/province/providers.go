package province

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/esign/certify/scan"
	signdriver "github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/payment"
	paydriver "github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/vnpay"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/files"
	"github.com/motcua/motcua/procedures/paystep"
	"github.com/motcua/motcua/procedures/signstep"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/riverjobs"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// OpenDatabase opens and migrates the configured database.
func OpenDatabase(ctx context.Context, s *Setup) (*sqlkit.DB, func(), error) {
	db, err := openDatabase(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	shut := func() {
		if err := db.Close(); err != nil {
			s.Logger.Warn("database not closed cleanly", zap.Error(err))
		}
	}
	if s.ReadOnly {
		return db, shut, nil
	}
	err = errors.Join(migrate.Up(ctx, db, workflow.Migrations(), identity.Migrations(), payment.Migrations(), esign.Migrations(),
		certify.Migrations(), desk.Migrations()), riverjobs.Up(ctx, db))
	if err == nil && s.Config.Database == "" {
		err = s.Folder.rememberDatabase()
	}
	if err != nil {
		shut()
		return nil, nil, err
	}
	return db, shut, nil
}

func openDatabase(ctx context.Context, s *Setup) (*sqlkit.DB, error) {
	url := s.Config.Database
	if url == "" {
		if err := s.Folder.databaseLost(); err != nil {
			return nil, err
		}
		url = "sqlite:" + s.Folder.Path(databaseFile)
	}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		if !filepath.IsAbs(path) && s.Config.Database != "" {
			path = s.Folder.Path(path)
		}
		if s.ReadOnly {
			return sqlopen.OpenReadOnly(path)
		}
		db, err := sqlopen.Open(ctx, "sqlite:"+path, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return db, nil
	}
	return sqlopen.Open(ctx, url, nil) // the address of a server may hold a password: no error names it
}

// Bindings are what the machines of every procedure may name.
func Bindings() workflow.Bindings {
	b := workflow.Bindings{Guards: procedures.Guards()}
	for _, e := range procedures.StandardBindings().Effects {
		b.Effects = append(b.Effects, e.Name)
	}
	return b
}

// Machines compiles the procedures.
func Machines(s *Setup) ([]*workflow.Machine, error) {
	return s.Catalogue.Machines(Bindings(), Modules()...)
}

// WorkflowOptions gives the engine its clocks.
func WorkflowOptions(s *Setup) *workflow.Options {
	return &workflow.Options{Now: s.Clock.Now, ProtocolNow: s.Machine, Logger: s.Logger.Named("workflow")}
}

// OpenFiles opens the store of papers.
func OpenFiles(s *Setup) (*files.Store, error) {
	if s.ReadOnly {
		return files.OpenReadOnly(s.Folder.Path("files"), nil), nil
	}
	return files.Open(s.Folder.Path("files"), nil)
}

// OpenVault opens the keys that seal citizens' ids.
func OpenVault(s *Setup) (*identity.Vault, error) {
	const name = "identity.key"
	path := s.Folder.Path("secrets", name)
	if s.ReadOnly {
		v, err := identity.ReadVault(s.Folder.Path("secrets"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return v, nil
	}
	if err := s.Folder.lost(name, path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Folder.Path("secrets"), 0o700); err != nil {
		return nil, err
	}
	v, err := identity.OpenVault(s.Folder.Path("secrets"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, s.Folder.remember(name)
}

// JournalOptions gives the journal the law's clock.
func JournalOptions(s *Setup) *identity.JournalOptions {
	return &identity.JournalOptions{Now: s.Clock.Now}
}

// PeopleOptions gives the register of people the machine's clock.
func PeopleOptions(s *Setup) *identity.PeopleOptions {
	return &identity.PeopleOptions{Now: s.Machine, Log: s.Logger.Named("people")}
}

// Policy is the directory's permission table, which follows its files.
func Policy(s *Setup) *identity.Policy { return s.Live.Policy() }

// Officials are those of the directory.
func Officials(s *Setup) signin.Officials { return s.Live }

// PublicURLs is where browsers reach the province.
func PublicURLs(s *Setup) []*url.URL { return []*url.URL{s.PublicURL} }

// Providers are the two ways to sign in.
func Providers(s *Setup) ([]signin.Provider, error) {
	levels := []oidcrp.Level{{ACR: "LoA1", Level: 1}, {ACR: "LoA2", Level: 2}}
	var out []signin.Provider
	for _, p := range []struct {
		name   string
		kind   identity.Kind
		client ClientConfig
		label  identity.Text
	}{
		{"citizen", identity.Citizen, s.Config.Identity.Citizens, identity.Text{VI: "Đăng nhập bằng VNeID", EN: "Sign in with VNeID"}},
		{"official", identity.Official, s.Config.Identity.Officials, identity.Text{VI: "Đăng nhập dành cho cán bộ", EN: "Sign in for officials"}},
	} {
		rp, err := oidcrp.New(oidcrp.Config{Issuer: p.client.Issuer, ClientID: p.client.ID, ClientSecret: p.client.Secret, Levels: levels,
			UserInfo: true}, &oidcrp.Options{Now: s.Machine, HTTP: s.HTTP, Log: s.Logger.Named("oidc")})
		if err != nil {
			return nil, fmt.Errorf("identity.%s: %w", p.name, err)
		}
		out = append(out, signin.Provider{Name: p.name, RP: rp, Kind: p.kind, Level: 1, Label: p.label})
	}
	return out, nil
}

// SignInOptions gives the sign-in its clocks and its looks.
func SignInOptions(s *Setup, pages *Pages) *signin.Options {
	return &signin.Options{Now: s.Machine, Law: s.Clock.Now, Log: s.Logger.Named("signin"), Page: pages.say}
}

// Gateways are those the configuration has a section for.
func Gateways(s *Setup) (map[string]paydriver.Gateway, error) {
	out := map[string]paydriver.Gateway{}
	if c := s.Config.Payment.VNPAY; c != nil {
		g, err := vnpay.New(vnpay.Config{TmnCode: c.Terminal, Secret: []byte(c.Secret), PayURL: c.PayURL, QueryURL: c.QueryURL}, s.HTTP,
			&vnpay.Options{Now: s.Machine, Logger: s.Logger.Named("vnpay")})
		if err != nil {
			return nil, fmt.Errorf("payment.vnpay: %w", err)
		}
		out["vnpay"] = g
	}
	return out, nil
}

// NewGate makes the fee gate, which desk and payment share.
func NewGate() *paystep.Gate { return &paystep.Gate{} }

// OnSettled is the gate's move.
func OnSettled(g *paystep.Gate) payment.OnSettled { return g.OnSettled }

// PaymentOptions gives the payments their clocks. Gateways are asked soon, so
// that a notice which never comes costs seconds.
func PaymentOptions(s *Setup, n *Notices) *payment.Options {
	return &payment.Options{
		OnForged:    n.Forged,
		Now:         s.Clock.Now,
		ProtocolNow: s.Machine,
		PollAfter:   5 * time.Second,
		Logger:      s.Logger.Named("payment"),
	}
}

// NewStep makes the certification step, which desk and register share.
func NewStep() *signstep.Step { return &signstep.Step{} }

// OnCertified is the step's move.
func OnCertified(st *signstep.Step) certify.OnCertified { return st.OnCertified }

// SignerSource finds holders' keys.
func SignerSource(s *Setup) esign.SignerSource {
	return NewSigners(s.Config.Esign, s.Folder.Path("signers"), s.Live, s.Clock.Now, s.HTTP).Signer
}

// Timestampers are the configured authorities.
func Timestampers(s *Setup) ([]signdriver.Timestamper, error) {
	roots, err := esign.LoadRoots([]byte(s.Config.Esign.Roots))
	if err != nil {
		return nil, fmt.Errorf("esign.roots: %w", err)
	}
	var out []signdriver.Timestamper
	for _, address := range s.Config.Esign.Timestampers {
		c, err := rfc3161.New(address, &rfc3161.Options{HTTPClient: s.HTTP, Roots: pool(roots), Now: s.Clock.Now})
		if err != nil {
			return nil, fmt.Errorf("esign.timestampers: %w", err)
		}
		out = append(out, c)
	}
	return out, nil
}

// EsignOptions gives the signatures their clocks.
func EsignOptions(s *Setup) *esign.Options {
	return &esign.Options{Now: s.Clock.Now, ProtocolNow: s.Machine, Logger: s.Logger.Named("esign")}
}

// CertifyOptions gives the register its store, its names and the service key.
func CertifyOptions(s *Setup, store *files.Store) (*certify.Options, error) {
	seed, err := s.Folder.Secret("service-key", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return &certify.Options{Files: store, Key: ed25519.NewKeyFromSeed(seed), Names: names(s), Now: s.Clock.Now, Trial: s.Config.Trial,
		Logger: s.Logger.Named("certify")}, nil
}

// names says how unit and official are called on the day of a statement.
func names(s *Setup) func(context.Context, string, string, time.Time) (certify.Names, error) {
	return func(_ context.Context, code, official string, at time.Time) (certify.Names, error) {
		d := s.Live.Directory()
		heir, _ := d.Heir(code, at)
		unit, ok := d.Unit(heir, at)
		if !ok {
			return certify.Names{}, fmt.Errorf("unit %s is not in the directory on %s", code, at.Format(time.DateOnly))
		}
		person, ok := s.Live.Serving(official, at)
		if !ok {
			return certify.Names{}, fmt.Errorf("official %s does not serve on %s", official, at.Format(time.DateOnly))
		}
		n := certify.Names{Holder: unit.Code, Unit: unit.Name.VI, SealUnit: unit.Seal("agency"), Name: person.Name}
		if parent, ok := d.Unit(unit.Parent, at); ok {
			n.Agency, n.SealAgency = parent.Name.VI, parent.Name.VI
		}
		for _, p := range person.Posts {
			if p.Unit == unit.Code {
				n.Title = p.Title.VI
			}
		}
		return n, nil
	}
}

// Scanner checks scans before they are compared.
func Scanner() desk.Scanner {
	return func(ctx context.Context, r io.ReaderAt, size int64) (*desk.Scan, error) {
		s, err := scan.Check(ctx, r, size, nil)
		var refused *scan.Refused
		if errors.As(err, &refused) {
			return nil, &desk.ScanRefused{Class: string(refused.Class), Reason: workflow.Reason(refused.Reason)}
		}
		if err != nil {
			return nil, err
		}
		return &desk.Scan{Data: s.Data, Pages: s.Pages}, nil
	}
}

// NewDesk binds everything to the one-stop desk, and the gate and the step to
// the desk.
func NewDesk(s *Setup, db *sqlkit.DB, engine *workflow.Engine, policy *identity.Policy, store *files.Store, scanner desk.Scanner,
	gate *paystep.Gate, payments *payment.Service, step *signstep.Step, register *certify.Service) *desk.Desk {
	gate.Payments, step.Register = payments, register
	d := desk.New(desk.Parts{DB: db, Engine: engine, Catalogue: s.Catalogue, Policy: policy, Units: NewUnits(s.Live, s.Logger), Files: store,
		Scanner: scanner, Fees: gate, Register: step}, &desk.Options{Now: s.Clock.Now, Modules: Modules(),
		LookUpURL: s.PublicURL.JoinPath("tra-cuu").String(), Trial: s.Config.Trial, Logger: s.Logger.Named("desk")})
	gate.Mover, step.Mover = d, d
	return d
}
