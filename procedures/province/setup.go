package province

import (
	"context"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/identity/oidcsim"
	"github.com/motcua/motcua/procedures"
)

// Province is what one province brings: names, YAML, theme. Everything else is
// the same for all.
type Province struct {
	// Name is the province's, for pages.
	Name procedures.Text
	// Program is the command's name.
	Program string
	// Procedures has the layers of its own, Directory its units and officials,
	// Theme what it lays over the pages; nil means none.
	Procedures, Directory, Theme fs.FS
	// Citizens may sign in at the simulated provider; invented people.
	Citizens []oidcsim.Person
}

// Setup is what a start begins with: everything that is chosen before the parts
// are made.
type Setup struct {
	Province *Province
	Config   *Config
	Folder   *Folder
	Clock    *LawClock
	// Machine is the protocol's clock.
	Machine   func() time.Time
	Logger    *zap.Logger
	HTTP      *http.Client
	PublicURL *url.URL
	Catalogue *procedures.Catalogue
	Live      *directory.Live
	// ReadOnly opens the database for reading beside a running server.
	ReadOnly bool
}

// Build makes the parts of a province from a setup; wire generates one. The
// function it returns undoes what was made.
type Build func(context.Context, *Setup) (*App, func(), error)

// Modules are the procedure modules a province runs.
func Modules() []string { return []string{procedures.ModulePayment, procedures.ModuleCertification} }
