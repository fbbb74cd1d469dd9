package province

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcsim"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/riverjobs"
)

// lawDay is a Friday on which every form of 2020 holds.
const lawDay = "2024-11-15"

const units = `units:
  - {code: H99, name: {vi: UBND tỉnh Mẫu, en: Sample Province}, kind: committee, level: province, from: 2000-01-01}
  - code: H99.01
    name: {vi: UBND phường Bình, en: Ward One}
    kind: committee
    level: commune
    parent: H99
    from: 2000-01-01
    address: {vi: Phường Bình, en: Ward One}
    seals: [{kind: agency, name: UBND PHƯỜNG BÌNH}]
  - code: H99.02
    name: {vi: UBND phường An, en: Ward Two}
    kind: committee
    level: commune
    parent: H99
    from: 2000-01-01
    hours: |
      - weekdays: [07:30-11:30, 13:30-17:00]
    address: {vi: Phường An, en: Ward Two}
    seals: [{kind: agency, name: UBND PHƯỜNG AN}]
`

const people = `roles:
  - {id: reception_officer, name: {vi: Tiếp nhận, en: Reception officer}}
  - {id: certifier, name: {vi: Chứng thực, en: Certifier}}
  - {id: clerk, name: {vi: Văn thư, en: Clerk}}
officials:
  - id: cb-1
    name: Lê Thị Một
    login: {sub: can-bo-1}
    posts:
      - {unit: H99.02, title: {vi: Công chức, en: Officer}, roles: [reception_officer], from: 2020-01-01, decision: 1/QĐ}
  - id: cb-2
    name: Trần Văn Hai
    login: {sub: can-bo-2}
    posts:
      - {unit: H99.02, title: {vi: Phó Chủ tịch, en: Vice chairman}, roles: [certifier], from: 2020-01-01, decision: 1/QĐ}
  - id: cb-3
    name: Nguyễn Thị Ba
    login: {sub: can-bo-3}
    posts:
      - {unit: H99.02, title: {vi: Văn thư, en: Clerk}, roles: [clerk], from: 2020-01-01, decision: 1/QĐ}
  - id: cb-4
    name: Phạm Thị Bốn
    posts:
      - {unit: H99.02, title: {vi: Công chức, en: Officer}, roles: [clerk], from: 2020-01-01, to: 2021-01-01, decision: 1/QĐ}
grants:
  - {role: citizen, steps: [request, supply, withdraw], scope: all, assurance: 1, from: 2020-01-01, basis: mẫu}
  - role: reception_officer
    steps: [read, receive, refuse, ask_supplement, accept_withdrawal, stop, return_result]
    scope: own
    from: 2020-01-01
    basis: mẫu
  - {role: certifier, steps: [read, compare, ask_fee, reserve, sign, reject_withdrawal], scope: own, from: 2020-01-01, basis: mẫu}
  - {role: clerk, steps: [read, seal], scope: own, from: 2020-01-01, basis: mẫu}
`

// small is a province of two communes, one of which has staff.
func small() *Province {
	return &Province{
		Name:      procedures.Text{VI: "Tỉnh Mẫu", EN: "Sample province"},
		Program:   "mau",
		Directory: fstest.MapFS{"units.yaml": {Data: []byte(units)}, "people.yaml": {Data: []byte(people)}},
		Citizens: []oidcsim.Person{
			{Sub: "cong-dan-1", Name: "Nguyễn Thị Lan", CitizenID: "070190000001", Kind: identity.Citizen, Level: 2},
			{Sub: "cong-dan-2", Name: "Trần Văn Hùng", CitizenID: "070205000001", Kind: identity.Citizen, Level: 1},
		},
	}
}

// made keeps what went wrong and goes on with the zero value.
type made struct{ err error }

func keep[T any](m *made) func(T, error) T {
	return func(v T, err error) T {
		m.err = errors.Join(m.err, err)
		return v
	}
}

// assemble makes the parts as the generated injector does.
func assemble(ctx context.Context, s *Setup) (_ *App, _ func(), err error) {
	db, shut, err := OpenDatabase(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			shut()
		}
	}()
	m := &made{}
	machines := keep[[]*workflow.Machine](m)(Machines(s))
	store, e := OpenFiles(s)
	m.err = errors.Join(m.err, e)
	vault := keep[*identity.Vault](m)(OpenVault(s))
	gateways, e := Gateways(s)
	m.err = errors.Join(m.err, e)
	stamps, e := Timestampers(s)
	m.err = errors.Join(m.err, e)
	providers := keep[[]signin.Provider](m)(Providers(s))
	judge, e := Verify(s)
	if err := errors.Join(m.err, e); err != nil {
		return nil, nil, err
	}
	a := &App{Setup: s, DB: db, Notices: NewNotices(s)}
	a.Engine = keep[*workflow.Engine](m)(workflow.New(db, machines, WorkflowOptions(s)))
	gate, step := NewGate(), NewStep()
	a.Payments = keep[*payment.Service](m)(payment.New(db, gateways, OnSettled(gate), PaymentOptions(s, a.Notices)))
	a.Signatures = keep[*esign.Service](m)(esign.New(db, SignerSource(s), stamps, store, EsignOptions(s)))
	o := keep[*certify.Options](m)(CertifyOptions(s, store))
	if m.err != nil {
		return nil, nil, m.err
	}
	a.Register = keep[*certify.Service](m)(certify.New(db, a.Signatures, OnCertified(step), o))
	a.Desk = NewDesk(s, db, a.Engine, Policy(s), store, Scanner(), gate, a.Payments, step, a.Register)
	journal := identity.NewJournal(db, vault, JournalOptions(s))
	a.People = identity.NewPeople(db, vault, journal, PeopleOptions(s))
	pages := NewPages()
	if a.SignIn, err = signin.New(db, vault, a.People, Officials(s), PublicURLs(s), providers, SignInOptions(s, pages)); err != nil {
		return nil, nil, err
	}
	parts := PortalParts(s, a.Desk, journal, a.SignIn, Pay(gate, s), judge)
	if a.Portal, err = NewPortal(parts, PortalOptions(s, a.SignIn), pages); err != nil {
		return nil, nil, err
	}
	a.Jobs = keep[*riverjobs.Runner](m)(riverjobs.New(db, JobSources(s, a.Engine, a.Desk, a.Payments, a.Signatures, a.Register),
		JobOptions(s, a.Payments, a.Signatures, a.Register, a.SignIn)))
	return a, shut, m.err
}

func newRunner() *runner {
	return &runner{province: small(), build: assemble, machine: time.Now, log: zap.NewNop()}
}

// firstStart is what a first start leaves in a data folder. It is made once, for
// its tables and keys take longer than all that tests do with them.
var firstStart = sync.OnceValues(func() (_ fstest.MapFS, err error) {
	dir, err := os.MkdirTemp("", "province")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newRunner().start(context.Background(), &Config{Data: dir, Date: lawDay})
	if err != nil {
		return nil, err
	}
	s.setup.Folder.kept.Ports = nil // each copy chooses its own
	if err := errors.Join(s.setup.Folder.write(), s.close()); err != nil {
		return nil, err
	}
	made, root := fstest.MapFS{}, os.DirFS(dir)
	return made, fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		made[name] = &fstest.MapFile{Mode: e.Type() | 0o700}
		if e.Type().IsRegular() {
			made[name].Data, err = fs.ReadFile(root, name)
		}
		return err
	})
})

// served is a data folder after its first starts, which has chosen its addresses.
func served(t *testing.T) string {
	t.Helper()
	first, err := firstStart()
	require.NoError(t, err)
	data := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(data, first))
	s, err := newRunner().start(t.Context(), &Config{Data: data})
	require.NoError(t, err)
	require.NoError(t, s.close())
	return data
}

// started is a province that listens and does not serve yet; it ends with the
// test.
func started(t *testing.T, data string) *running {
	t.Helper()
	s, err := newRunner().start(t.Context(), &Config{Data: data, Date: lawDay})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	return s
}
