package province

import (
	"github.com/google/wire"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/procedures/files"
)

// Set provides what the modules' own sets take: databases, clocks, stores,
// options, and what binds the modules together.
var Set = wire.NewSet(
	OpenDatabase, OpenFiles, OpenVault,
	wire.Bind(new(esign.Files), new(*files.Store)),
	Machines, WorkflowOptions, JobSources, JobOptions,
	JournalOptions, PeopleOptions, Policy, Officials, PublicURLs, Providers, SignInOptions,
	Gateways, NewGate, OnSettled, NewNotices, PaymentOptions,
	SignerSource, Timestampers, EsignOptions, NewStep, OnCertified, CertifyOptions,
	Scanner, NewDesk, Pay, Verify, PortalParts, PortalOptions, NewPages, NewPortal,
	wire.Struct(new(App), "*"),
)
